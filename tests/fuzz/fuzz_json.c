/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON documents, read in every way there is, and VMConfigs compared. A
 * document equals itself; comparing says the same in both directions.
 */
#include "fuzz.h"

#include "vmcache/vm.h"
#include "../../src/base/json_read.h"
#include "../../src/base/json_write.h"
#include "../../src/base/text.h"

/* Takes what is next as what it is. */
static void take_any(struct vmc_json_reader *r)
{
	struct vmc_view view;
	char text[32];

	switch (vmc_json_peek(r)) {
	case VMC_JSON_STRING:
		MUST(vmc_json_take_text(r, text, sizeof(text)) < sizeof(text));
		MUST(strlen(text) < sizeof(text));
		break;
	case VMC_JSON_NUMBER:
		view = vmc_json_take_number(r);
		must_lie_in(view, r->begin, (size_t)(r->end - r->begin));
		MUST(r->fail || vmc_json_number_equal(view, view));
		break;
	default:
		vmc_json_skip(r);
	}
}

static void walk(struct vmc_view document)
{
	struct vmc_json_reader r;
	struct vmc_view key;
	struct vmc_error error;

	vmc_json_reader_init(&r, document);
	if (vmc_json_peek(&r) == VMC_JSON_ARRAY) {
		vmc_json_enter_array(&r);
		while (vmc_json_next_element(&r))
			take_any(&r);
	} else {
		vmc_json_enter_object(&r);
		while (vmc_json_next_member(&r, &key)) {
			must_lie_in(key, document.ptr, document.ptr_len);
			MUST(vmc_json_text_equal(key, key));
			take_any(&r);
		}
	}
	vmc_error_reset(&error);
	if (vmc_json_end(&r)) {
		MUST(vmc_json_explain(&r, "input", &error) < 0);
		MUST(error.text[0] != '\0');
	}
}

/* What one reader takes for a value, another reads to its end. */
static void check_value(struct vmc_view document)
{
	struct vmc_json_reader r, inner;
	struct vmc_view value;

	vmc_json_reader_init(&r, document);
	value = vmc_json_take_value(&r);
	if (vmc_json_end(&r))
		return;
	must_lie_in(value, document.ptr, document.ptr_len);
	vmc_json_reader_init(&inner, value);
	vmc_json_skip(&inner);
	MUST(vmc_json_end(&inner) == VMC_OK);
}

/* A text that was read, written and read again is the same. */
static void round_trip(struct vmc_view document)
{
	static uint8_t out[8192];
	static char text[1024];
	struct vmc_json_reader r, again;
	struct vmc_json_writer w;
	struct vmc_view raw, written = { out, 0 };

	vmc_json_reader_init(&r, document);
	raw = vmc_json_take_string(&r);
	if (vmc_json_end(&r))
		return;
	vmc_json_reader_init(&r, document);
	if (vmc_json_take_text(&r, text, sizeof(text)) == 0 || r.fail)
		return;
	MUST(vmc_utf8_valid(vmc_view_of(text)));
	vmc_json_writer_init(&w, out, sizeof(out));
	vmc_json_put_text(&w, text);
	MUST(vmc_json_writer_end(&w, &written.ptr_len) == VMC_OK);
	vmc_json_reader_init(&again, written);
	MUST(vmc_json_text_equal(vmc_json_take_string(&again), raw));
	MUST(vmc_json_end(&again) == VMC_OK);
}

static void compare(struct vmc_view a, struct vmc_view b)
{
	struct vmc_error error;
	enum vmc_status there, back;

	vmc_error_reset(&error);
	there = vmc_vm_config_compare(a, b, &error);
	MUST((there == VMC_OK) == (error.text[0] == '\0'));
	back = vmc_vm_config_compare(b, a, NULL);
	MUST((there == VMC_OK) == (back == VMC_OK));
	MUST((there == VMC_ERR_MISMATCH) == (back == VMC_ERR_MISMATCH));
}

/* The input is two documents, at the first NUL. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *cut = size ? memchr(data, 0, size) : NULL;
	struct vmc_view a = { data, cut ? (size_t)(cut - data) : size };
	struct vmc_view b = a;
	enum vmc_status status;

	if (cut) {
		b.ptr = cut + 1;
		b.ptr_len = size - a.ptr_len - 1;
	}
	walk(a);
	check_value(a);
	round_trip(a);
	status = vmc_vm_config_compare(a, a, NULL);
	MUST(status == VMC_OK || status == VMC_ERR_MALFORMED ||
	     status == VMC_ERR_TOO_BIG);
	compare(a, b);
	return 0;
}
