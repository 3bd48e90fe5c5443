/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading JSON (RFC 8259) where it lies: a scanner that is asked for what
 * is expected next. It copies nothing, allocates nothing and never recurs.
 *
 *	struct vmc_json_reader r;
 *
 *	vmc_json_reader_init(&r, document);
 *	vmc_json_enter_object(&r);
 *	while (vmc_json_next_member(&r, &key)) {
 *		if (vmc_json_text_is(key, "cpus"))
 *			cpus = vmc_json_take_u64(&r, UINT32_MAX);
 *		else
 *			vmc_json_skip(&r);
 *	}
 *	if (vmc_json_end(&r))
 *		return vmc_json_explain(&r, "status", error);
 *
 * Like a cursor (cursor.h) it remembers failure: what is not there as asked
 * fails, everything after it takes nothing and yields 0, "" or an end. So a
 * whole document is read first, and the end is tested once.
 *
 * Each member or element that is announced must be taken, or skipped, before
 * the next. A key that stands twice is announced twice.
 *
 * Strict: UTF-8 (RFC 3629), escapes with paired surrogates, numbers without
 * superfluous zeros or signs, nothing behind the value but blanks. What
 * nests deeper than VMC_JSON_DEPTH_MAX is refused. Keys are compared exactly
 * (Kata has keys that differ only in case).
 */
#ifndef VMC_BASE_JSON_READ_H
#define VMC_BASE_JSON_READ_H

#include "vmcache/status.h"

enum vmc_json_type {
	VMC_JSON_INVALID = 0, /* the document's end, or no value begins so */
	VMC_JSON_OBJECT,
	VMC_JSON_ARRAY,
	VMC_JSON_STRING,
	VMC_JSON_NUMBER,
	VMC_JSON_BOOL,
	VMC_JSON_NULL
};

struct vmc_json_reader {
	const uint8_t *begin, *end; /* of the document */
	const uint8_t *at;          /* what is next; once it failed, where */
	const uint8_t *last;        /* where the value taken last begins */
	uint64_t objects; /* bit n: the level n is an object, not an array */
	uint8_t depth;    /* levels entered and not left */
	uint8_t fresh;    /* nothing of this level was announced yet */
	enum vmc_status fail; /* VMC_OK, or what vmc_json_end will return */
	const char *what;     /* then in words: "string expected" */
};

_Static_assert(VMC_JSON_DEPTH_MAX <= 64, "one bit in `objects` for each");

void vmc_json_reader_init(struct vmc_json_reader *r, struct vmc_view document);

/* What kind of value is next. Takes nothing and never fails. */
enum vmc_json_type vmc_json_peek(const struct vmc_json_reader *r);

/*
 * Goes into the object or array that is next, and through it. next_* give 0
 * at its end, which is left then, and after a failure. A key is raw: see
 * the functions for texts below.
 */
void vmc_json_enter_object(struct vmc_json_reader *r);
int vmc_json_next_member(struct vmc_json_reader *r, struct vmc_view *key);
void vmc_json_enter_array(struct vmc_json_reader *r);
int vmc_json_next_element(struct vmc_json_reader *r);

/* A string, raw: checked, without its quotes, escapes as they stand. */
struct vmc_view vmc_json_take_string(struct vmc_json_reader *r);

/*
 * A string, decoded, as a C string; its length is given back. Fails with
 * VMC_ERR_TOO_BIG if it does not fit in `cap` bytes with its NUL, and with
 * VMC_ERR_MALFORMED if it has a NUL in it. `out` is then "" (cap > 0).
 */
size_t vmc_json_take_text(struct vmc_json_reader *r, char *out, size_t cap);

/* A number, as it stands: checked, of any size. */
struct vmc_view vmc_json_take_number(struct vmc_json_reader *r);

/* An integer (no sign, no point, no exponent) within 0..max. What is beyond
 * fails with VMC_ERR_TOO_BIG. */
uint64_t vmc_json_take_u64(struct vmc_json_reader *r, uint64_t max);

int vmc_json_take_bool(struct vmc_json_reader *r);
void vmc_json_take_null(struct vmc_json_reader *r);

/* A value of any kind, checked: left out, or as it stands. */
void vmc_json_skip(struct vmc_json_reader *r);
struct vmc_view vmc_json_take_value(struct vmc_json_reader *r);

/*
 * Fails now, at the value that was taken last, for a reason of the caller's:
 * a value that it cannot use. Does nothing after a failure.
 */
void vmc_json_refuse(struct vmc_json_reader *r, enum vmc_status status,
		     const char *what);

/*
 * Whether all went well and nothing is left.
 *
 * VMC_ERR_MALFORMED: it is not JSON, or not what was asked for.
 * VMC_ERR_TOO_BIG:   nesting, a text or a number beyond its limit.
 */
enum vmc_status vmc_json_end(struct vmc_json_reader *r) VMC_CHECKED;

/*
 * Says of a failed reader "NAME: WHAT at byte N" in `error`, N counted from
 * 0, and returns the failure.
 */
enum vmc_status vmc_json_explain(const struct vmc_json_reader *r,
				 const char *name, struct vmc_error *error);

/*
 * Raw texts (of take_string and next_member) compared by what they mean: 1
 * if they are equal, else 0. `string` is raw too, so it has no quote,
 * backslash or control character.
 */
int vmc_json_text_is(struct vmc_view raw, const char *string);
int vmc_json_text_equal(struct vmc_view a, struct vmc_view b);

/*
 * Takes the next character of a raw text: its UTF-8 bytes, 1 to 4. 0 at the
 * end.
 */
size_t vmc_json_text_next(struct vmc_view *raw, uint8_t out[4]);

/*
 * Numbers (of take_number) compared by value: 1, 1.0 and 1.00 are equal.
 * Signs and exponents are compared as they stand: 0 differs from -0, and 1
 * from 1e0.
 */
int vmc_json_number_equal(struct vmc_view a, struct vmc_view b);

#endif
