/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing JSON. Invariant: `comma` is 1 exactly when the level that is open
 * has a complete member or element, so that the next one needs a comma.
 * Escapes are those of Go's encoding/json with HTML escaping on, its
 * default (encodeState.string).
 */
#include "json_write.h"
#include "divide.h"
#include "text.h"

#include <string.h>

/* Digits of UINT64_MAX. */
#define DIGITS_MAX 20

/* see json_write.h */
void vmc_json_writer_init(struct vmc_json_writer *w, uint8_t *out, size_t cap)
{
	vmc_writer_init(&w->out, out, cap);
	w->comma = 0;
}

/* Before each value and each key. */
static void begin_item(struct vmc_json_writer *w)
{
	if (w->comma)
		vmc_put_u8(&w->out, ',');
	w->comma = 1;
}

static void open_level(struct vmc_json_writer *w, uint8_t bracket)
{
	begin_item(w);
	vmc_put_u8(&w->out, bracket);
	w->comma = 0;
}

static void close_level(struct vmc_json_writer *w, uint8_t bracket)
{
	vmc_put_u8(&w->out, bracket);
	w->comma = 1;
}

/* see json_write.h */
void vmc_json_begin_object(struct vmc_json_writer *w)
{
	open_level(w, '{');
}

/* see json_write.h */
void vmc_json_end_object(struct vmc_json_writer *w)
{
	close_level(w, '}');
}

/* see json_write.h */
void vmc_json_begin_array(struct vmc_json_writer *w)
{
	open_level(w, '[');
}

/* see json_write.h */
void vmc_json_end_array(struct vmc_json_writer *w)
{
	close_level(w, ']');
}

static void put_literal(struct vmc_json_writer *w, const char *literal)
{
	vmc_put_bytes(&w->out, vmc_view_of(literal));
}

static void put_escape(struct vmc_json_writer *w, uint32_t code)
{
	static const char digit[] = "0123456789abcdef";
	unsigned shift = 16;

	put_literal(w, "\\u");
	while (shift > 0) {
		shift -= 4;
		vmc_put_u8(&w->out, (uint8_t)digit[code >> shift & 0xf]);
	}
}

/* One of ASCII that does not stand as it is. */
static void put_ascii(struct vmc_json_writer *w, uint8_t byte)
{
	static const char special[] = "\"\\\n\r\t";
	static const char letter[] = "\"\\nrt";
	unsigned i = 0;

	while (special[i] && (uint8_t)special[i] != byte)
		i++;
	if (!special[i]) {
		put_escape(w, byte);
		return;
	}
	vmc_put_u8(&w->out, '\\');
	vmc_put_u8(&w->out, (uint8_t)letter[i]);
}

/* 1 for U+2028 and U+2029, which end a line in JavaScript. */
static int ends_line(struct vmc_view character)
{
	return character.ptr_len == 3 && character.ptr[0] == 0xe2 &&
	       character.ptr[1] == 0x80 && (character.ptr[2] & 0xfe) == 0xa8;
}

static void put_wide(struct vmc_json_writer *w, struct vmc_view character)
{
	if (ends_line(character))
		put_escape(w, 0x2000u + (character.ptr[2] & 0x3fu));
	else
		vmc_put_bytes(&w->out, character);
}

/* 1 if it stands in a string as it is: nearly all there is, in the way of
 * every VM. */
static int is_plain(uint8_t byte)
{
	static const uint32_t marks = 1u << ('"' - 0x20) | 1u << ('&' - 0x20) |
				      1u << ('<' - 0x20) | 1u << ('>' - 0x20);

	if (byte < 0x40)
		return byte >= 0x20 && !(marks >> (byte - 0x20) & 1);
	return byte < 0x80 && byte != '\\';
}

/* How many plain bytes come first. */
static size_t plain_len(struct vmc_view bytes)
{
	size_t len = 0;

	while (len < bytes.ptr_len && is_plain(bytes.ptr[len]))
		len++;
	return len;
}

/* One that is not plain; its length. */
static size_t put_character(struct vmc_json_writer *w, struct vmc_view bytes)
{
	struct vmc_view character = { bytes.ptr, vmc_utf8_sequence(bytes) };

	if (character.ptr_len > 1) {
		put_wide(w, character);
	} else if (character.ptr_len == 1) {
		put_ascii(w, bytes.ptr[0]);
	} else {
		put_escape(w, 0xfffd);
		return 1;
	}
	return character.ptr_len;
}

static void put_quoted(struct vmc_json_writer *w, struct vmc_view bytes)
{
	struct vmc_view plain;
	size_t len;

	vmc_put_u8(&w->out, '"');
	while (bytes.ptr_len > 0) {
		plain.ptr = bytes.ptr;
		plain.ptr_len = len = plain_len(bytes);
		if (len > 0)
			vmc_put_bytes(&w->out, plain);
		else
			len = put_character(w, bytes);
		bytes.ptr += len;
		bytes.ptr_len -= len;
	}
	vmc_put_u8(&w->out, '"');
}

/* see json_write.h */
void vmc_json_put_key(struct vmc_json_writer *w, const char *key)
{
	vmc_json_put_text(w, key);
	vmc_put_u8(&w->out, ':');
	w->comma = 0;
}

/* see json_write.h */
void vmc_json_put_text(struct vmc_json_writer *w, const char *string)
{
	vmc_json_put_bytes(w, vmc_view_of(string));
}

/* see json_write.h */
void vmc_json_put_bytes(struct vmc_json_writer *w, struct vmc_view bytes)
{
	begin_item(w);
	put_quoted(w, bytes);
}

static void put_digits(struct vmc_json_writer *w, uint64_t number)
{
	uint8_t digits[DIGITS_MAX];
	struct vmc_view view = { digits + sizeof(digits), 0 };

	do {
		view.ptr_len++;
		view.ptr--;
		digits[sizeof(digits) - view.ptr_len] =
			(uint8_t)('0' + vmc_divide(&number, 10));
	} while (number > 0);
	vmc_put_bytes(&w->out, view);
}

/* see json_write.h */
void vmc_json_put_u64(struct vmc_json_writer *w, uint64_t number)
{
	begin_item(w);
	put_digits(w, number);
}

/* see json_write.h */
void vmc_json_put_i64(struct vmc_json_writer *w, int64_t number)
{
	begin_item(w);
	if (number < 0)
		vmc_put_u8(&w->out, '-');
	put_digits(w, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
}

/* see json_write.h */
void vmc_json_put_null(struct vmc_json_writer *w)
{
	begin_item(w);
	put_literal(w, "null");
}

/* see json_write.h */
void vmc_json_put_raw(struct vmc_json_writer *w, struct vmc_view json)
{
	begin_item(w);
	vmc_put_bytes(&w->out, json);
}

/* see json_write.h */
enum vmc_status vmc_json_writer_end(const struct vmc_json_writer *w,
				    size_t *out_len)
{
	if (w->out.fail)
		return VMC_ERR_TOO_BIG;
	*out_len = w->out.len;
	return VMC_OK;
}
