/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading JSON. Invariants: begin <= at <= end; all before `at` has been
 * checked; once `fail` is set, nothing but vmc_json_reader_init changes the
 * reader. The levels that are open are a number and one bit for each, so
 * that nothing here recurs.
 */
#include "json_read.h"
#include "text.h"

#include <string.h>

#define UTF8_SIZE 4   /* a character's bytes at most */
#define WORDS_SIZE 96 /* an error's words: what, and at which byte */

/* see json_read.h */
void vmc_json_reader_init(struct vmc_json_reader *r, struct vmc_view document)
{
	if (document.ptr_len == 0)
		document = vmc_view_of("");
	memset(r, 0, sizeof(*r));
	r->begin = r->at = r->last = document.ptr;
	r->end = document.ptr + document.ptr_len;
	r->what = "no error";
}

/* ---- Bytes ---- */

/* What was taken since. */
static struct vmc_view taken_since(const struct vmc_json_reader *r,
				   const uint8_t *begin)
{
	struct vmc_view taken = { begin, (size_t)(r->at - begin) };

	return taken;
}

static int next_is(const struct vmc_json_reader *r, uint8_t byte)
{
	return r->at < r->end && *r->at == byte;
}

/* Takes that byte if it is next, and nothing has failed. */
static int take_byte(struct vmc_json_reader *r, uint8_t byte)
{
	if (r->fail || !next_is(r, byte))
		return 0;
	r->at++;
	return 1;
}

static void take_blanks(struct vmc_json_reader *r)
{
	while (take_byte(r, ' ') || take_byte(r, '\n') || take_byte(r, '\t') ||
	       take_byte(r, '\r'))
		;
}

static void fail(struct vmc_json_reader *r, enum vmc_status status,
		 const uint8_t *at, const char *what)
{
	if (r->fail)
		return;
	r->fail = status;
	r->at = at;
	r->what = what;
}

/* What is next cannot be there. */
static void unexpected(struct vmc_json_reader *r, const char *what)
{
	if (r->at == r->end)
		what = "the document ends too early";
	fail(r, VMC_ERR_MALFORMED, r->at, what);
}

/* see json_read.h */
void vmc_json_refuse(struct vmc_json_reader *r, enum vmc_status status,
		     const char *what)
{
	fail(r, status, r->last, what);
}

/* ---- Characters ---- */

static int hex_digit(uint8_t byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	byte |= 0x20;
	return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* The value of \uxxxx, 6 bytes; -1 if that is not what is there. */
static int32_t hex_escape(struct vmc_view raw)
{
	int32_t value = 0;
	unsigned i;
	int digit;

	if (raw.ptr_len < 6 || raw.ptr[0] != '\\' || raw.ptr[1] != 'u')
		return -1;
	for (i = 2; i < 6; i++) {
		digit = hex_digit(raw.ptr[i]);
		if (digit < 0)
			return -1;
		value = value << 4 | digit;
	}
	return value;
}

/* A character beyond U+FFFF is two escapes (RFC 8259, section 7). */
static size_t unicode_escape(struct vmc_view raw, uint32_t *code)
{
	int32_t high = hex_escape(raw);
	int32_t low;

	if (high < 0 || (high & 0xfc00) == 0xdc00)
		return 0;
	*code = (uint32_t)high;
	if ((high & 0xfc00) != 0xd800)
		return 6;
	raw.ptr += 6;
	raw.ptr_len -= 6;
	low = hex_escape(raw);
	if (low < 0 || (low & 0xfc00) != 0xdc00)
		return 0;
	*code = 0x10000u + ((uint32_t)(high & 0x3ff) << 10) +
		(uint32_t)(low & 0x3ff);
	return 12;
}

/* Bytes of the escape that a raw text begins with, and the character that
 * it stands for; 0 if it is none. */
static size_t escape(struct vmc_view raw, uint32_t *code)
{
	static const char letter[] = "\"\\/bfnrt";
	static const char meaning[] = "\"\\/\b\f\n\r\t";
	unsigned i;

	if (raw.ptr_len < 2)
		return 0;
	if (raw.ptr[1] == 'u')
		return unicode_escape(raw, code);
	for (i = 0; i < sizeof(letter) - 1; i++) {
		if (raw.ptr[1] != (uint8_t)letter[i])
			continue;
		*code = (uint8_t)meaning[i];
		return 2;
	}
	return 0;
}

/*
 * Bytes of the character, plain or escaped, that a text begins with; 0 if
 * none does: its end, the closing quote, or what must not be in it. `code`
 * is set if it is escaped.
 */
static size_t character(struct vmc_view raw, uint32_t *code)
{
	if (raw.ptr_len == 0 || raw.ptr[0] == '"' || raw.ptr[0] < 0x20)
		return 0;
	return raw.ptr[0] == '\\' ? escape(raw, code) : vmc_utf8_sequence(raw);
}

static size_t utf8_encode(uint32_t code, uint8_t out[4])
{
	/* What the first byte of 1, 2, 3 or 4 begins with. */
	static const uint8_t lead[] = { 0x00, 0xc0, 0xe0, 0xf0 };
	size_t len = 1u + (code > 0x7f) + (code > 0x7ff) + (code > 0xffff);
	size_t i;

	for (i = len - 1; i > 0; i--) {
		out[i] = (uint8_t)(0x80 | (code & 0x3f));
		code >>= 6;
	}
	out[0] = (uint8_t)(lead[len - 1] | code);
	return len;
}

/* see json_read.h */
size_t vmc_json_text_next(struct vmc_view *raw, uint8_t out[4])
{
	uint32_t code = 0;
	size_t len = character(*raw, &code);
	size_t out_len = len;

	if (len == 0)
		return 0;
	if (raw->ptr[0] == '\\')
		out_len = utf8_encode(code, out);
	else
		memcpy(out, raw->ptr, len);
	raw->ptr += len;
	raw->ptr_len -= len;
	return out_len;
}

/* see json_read.h */
int vmc_json_text_equal(struct vmc_view a, struct vmc_view b)
{
	uint8_t a_bytes[UTF8_SIZE], b_bytes[UTF8_SIZE];
	size_t a_len, b_len;

	do {
		a_len = vmc_json_text_next(&a, a_bytes);
		b_len = vmc_json_text_next(&b, b_bytes);
		if (a_len != b_len || memcmp(a_bytes, b_bytes, a_len) != 0)
			return 0;
	} while (a_len > 0);
	return 1;
}

/* see json_read.h */
int vmc_json_text_is(struct vmc_view raw, const char *string)
{
	return vmc_json_text_equal(raw, vmc_view_of(string));
}

/* ---- Scalars ---- */

/* see json_read.h */
enum vmc_json_type vmc_json_peek(const struct vmc_json_reader *r)
{
	static const char begins[] = "{[\"tfn-0123456789";
	static const uint8_t type[] = {
		VMC_JSON_OBJECT, VMC_JSON_ARRAY, VMC_JSON_STRING,
		VMC_JSON_BOOL,   VMC_JSON_BOOL,  VMC_JSON_NULL,
	};
	struct vmc_json_reader ahead = *r;
	size_t i = 0;

	take_blanks(&ahead);
	while (begins[i] && !next_is(&ahead, (uint8_t)begins[i]))
		i++;
	if (r->fail || !begins[i])
		return VMC_JSON_INVALID;
	return i < sizeof(type) ? type[i] : VMC_JSON_NUMBER;
}

/* 1 if a value of that type is next: then it is at `at`. */
static int begin_value(struct vmc_json_reader *r, enum vmc_json_type type,
		       const char *what)
{
	if (r->fail)
		return 0;
	take_blanks(r);
	r->last = r->at;
	if (vmc_json_peek(r) == type)
		return 1;
	unexpected(r, what);
	return 0;
}

/* A string whose first quote is next. */
static struct vmc_view scan_string(struct vmc_json_reader *r)
{
	const uint8_t *begin = ++r->at;
	struct vmc_view text;
	uint32_t code;
	size_t len;

	do {
		text.ptr = r->at;
		text.ptr_len = (size_t)(r->end - r->at);
		len = character(text, &code);
		r->at += len;
	} while (len > 0);
	text = taken_since(r, begin);
	if (take_byte(r, '"'))
		return text;
	unexpected(r, next_is(r, '\\') ? "bad escape in a string" :
					 "bad character in a string");
	return vmc_view_of(NULL);
}

/* see json_read.h */
struct vmc_view vmc_json_take_string(struct vmc_json_reader *r)
{
	if (!begin_value(r, VMC_JSON_STRING, "string expected"))
		return vmc_view_of(NULL);
	return scan_string(r);
}

/* see json_read.h */
size_t vmc_json_take_text(struct vmc_json_reader *r, char *out, size_t cap)
{
	struct vmc_view raw = vmc_json_take_string(r);
	uint8_t bytes[UTF8_SIZE];
	size_t used = 0;
	size_t len;

	out[0] = '\0';
	while ((len = vmc_json_text_next(&raw, bytes)) > 0) {
		if (len >= cap - used) {
			vmc_json_refuse(r, VMC_ERR_TOO_BIG, "string too long");
			break;
		}
		if (bytes[0] == '\0') {
			vmc_json_refuse(r, VMC_ERR_MALFORMED,
					"NUL in a string");
			break;
		}
		memcpy(out + used, bytes, len);
		used += len;
	}
	if (r->fail)
		used = 0;
	out[used] = '\0';
	return used;
}

static int is_digit(uint8_t byte)
{
	return byte >= '0' && byte <= '9';
}

/* One digit and all that follow. */
static void take_digits(struct vmc_json_reader *r)
{
	const uint8_t *begin = r->at;

	while (!r->fail && r->at < r->end && is_digit(*r->at))
		r->at++;
	if (r->at == begin)
		unexpected(r, "digit expected");
}

/* see json_read.h */
struct vmc_view vmc_json_take_number(struct vmc_json_reader *r)
{
	if (!begin_value(r, VMC_JSON_NUMBER, "number expected"))
		return vmc_view_of(NULL);
	take_byte(r, '-');
	if (!take_byte(r, '0'))
		take_digits(r);
	if (take_byte(r, '.'))
		take_digits(r);
	if (take_byte(r, 'e') || take_byte(r, 'E')) {
		if (!take_byte(r, '+'))
			take_byte(r, '-');
		take_digits(r);
	}
	if (r->fail)
		return vmc_view_of(NULL);
	return taken_since(r, r->last);
}

/* see json_read.h */
uint64_t vmc_json_take_u64(struct vmc_json_reader *r, uint64_t max)
{
	struct vmc_view number = vmc_json_take_number(r);
	uint64_t value = 0;
	uint8_t digit;
	size_t i;

	for (i = 0; i < number.ptr_len; i++) {
		digit = (uint8_t)(number.ptr[i] - '0');
		if (!is_digit(number.ptr[i])) {
			vmc_json_refuse(r, VMC_ERR_MALFORMED,
					"integer from 0 expected");
			return 0;
		}
		if (digit > max || __builtin_mul_overflow(value, 10u, &value) ||
		    value > max - digit) {
			vmc_json_refuse(r, VMC_ERR_TOO_BIG,
					"number out of range");
			return 0;
		}
		value += digit;
	}
	return value;
}

static void take_word(struct vmc_json_reader *r, const char *word)
{
	for (; *word; word++)
		if (!take_byte(r, (uint8_t)*word))
			vmc_json_refuse(r, VMC_ERR_MALFORMED, "value expected");
}

/* see json_read.h */
int vmc_json_take_bool(struct vmc_json_reader *r)
{
	int truth;

	if (!begin_value(r, VMC_JSON_BOOL, "true or false expected"))
		return 0;
	truth = next_is(r, 't');
	take_word(r, truth ? "true" : "false");
	return truth && !r->fail;
}

/* see json_read.h */
void vmc_json_take_null(struct vmc_json_reader *r)
{
	if (begin_value(r, VMC_JSON_NULL, "null expected"))
		take_word(r, "null");
}

/* ---- Objects and arrays ---- */

static int in_object(const struct vmc_json_reader *r)
{
	return r->depth > 0 && (r->objects >> (r->depth - 1) & 1);
}

static void enter(struct vmc_json_reader *r, uint64_t is_object)
{
	if (r->depth == VMC_JSON_DEPTH_MAX) {
		vmc_json_refuse(r, VMC_ERR_TOO_BIG,
				"nested deeper than VMC_JSON_DEPTH_MAX");
		return;
	}
	r->at++;
	r->objects &= ~((uint64_t)1 << r->depth);
	r->objects |= is_object << r->depth;
	r->depth++;
	r->fresh = 1;
}

/* see json_read.h */
void vmc_json_enter_object(struct vmc_json_reader *r)
{
	if (begin_value(r, VMC_JSON_OBJECT, "object expected"))
		enter(r, 1);
}

/* see json_read.h */
void vmc_json_enter_array(struct vmc_json_reader *r)
{
	if (begin_value(r, VMC_JSON_ARRAY, "array expected"))
		enter(r, 0);
}

/* Goes to what comes next on this level, past the comma; 0 at its end. */
static int next_on_level(struct vmc_json_reader *r, uint8_t close)
{
	if (r->fail)
		return 0;
	take_blanks(r);
	if (take_byte(r, close)) {
		r->depth--;
		r->fresh = 0;
		return 0;
	}
	if (!r->fresh && !take_byte(r, ',')) {
		unexpected(r, close == '}' ? "',' or '}' expected" :
					     "',' or ']' expected");
		return 0;
	}
	r->fresh = 0;
	return 1;
}

/* see json_read.h */
int vmc_json_next_member(struct vmc_json_reader *r, struct vmc_view *key)
{
	*key = vmc_view_of(NULL);
	if (!in_object(r))
		fail(r, VMC_ERR_STATE, r->at, "not in an object");
	if (!next_on_level(r, '}'))
		return 0;
	*key = vmc_json_take_string(r);
	take_blanks(r);
	if (!r->fail && !take_byte(r, ':'))
		unexpected(r, "':' expected");
	return !r->fail;
}

/* see json_read.h */
int vmc_json_next_element(struct vmc_json_reader *r)
{
	if (r->depth == 0 || in_object(r))
		fail(r, VMC_ERR_STATE, r->at, "not in an array");
	return next_on_level(r, ']');
}

/* Takes a scalar, or goes into an object or array. */
static void step_into(struct vmc_json_reader *r)
{
	switch (vmc_json_peek(r)) {
	case VMC_JSON_OBJECT:
		vmc_json_enter_object(r);
		break;
	case VMC_JSON_ARRAY:
		vmc_json_enter_array(r);
		break;
	case VMC_JSON_STRING:
		vmc_json_take_string(r);
		break;
	case VMC_JSON_NUMBER:
		vmc_json_take_number(r);
		break;
	case VMC_JSON_BOOL:
		vmc_json_take_bool(r);
		break;
	default:
		if (begin_value(r, VMC_JSON_NULL, "value expected"))
			vmc_json_take_null(r);
	}
}

/* see json_read.h */
struct vmc_view vmc_json_take_value(struct vmc_json_reader *r)
{
	const uint8_t depth = r->depth;
	const uint8_t *begin;
	struct vmc_view key;
	int more = 1;

	take_blanks(r);
	begin = r->at;
	do {
		if (more)
			step_into(r);
		more = r->depth > depth &&
		       (in_object(r) ? vmc_json_next_member(r, &key) :
				       vmc_json_next_element(r));
	} while (r->depth > depth && !r->fail);
	if (r->fail)
		return vmc_view_of(NULL);
	r->last = begin;
	return taken_since(r, begin);
}

/* see json_read.h */
void vmc_json_skip(struct vmc_json_reader *r)
{
	vmc_json_take_value(r);
}

/* ---- The end ---- */

/* see json_read.h */
enum vmc_status vmc_json_end(struct vmc_json_reader *r)
{
	if (r->fail)
		return r->fail;
	take_blanks(r);
	if (r->depth > 0)
		fail(r, VMC_ERR_STATE, r->at, "not read to its end");
	else if (r->at < r->end)
		unexpected(r, "more than one value");
	return r->fail;
}

/* see json_read.h */
enum vmc_status vmc_json_explain(const struct vmc_json_reader *r,
				 const char *name, struct vmc_error *error)
{
	char words[WORDS_SIZE];
	struct vmc_text text;

	vmc_text_init(&text, words, sizeof(words));
	vmc_text_add(&text, r->what);
	vmc_text_add(&text, " at byte ");
	vmc_text_add_number(&text, (uint64_t)(r->at - r->begin));
	return vmc_error_set(error, r->fail, name, words);
}

/* ---- Numbers compared ---- */

/* Takes "1.50" off the front of "1.50e7", as 1.5. */
static struct vmc_view take_mantissa(struct vmc_view *number)
{
	struct vmc_view mantissa = { number->ptr, 0 };
	int fraction = 0;

	for (; number->ptr_len > 0 && (number->ptr[0] | 0x20) != 'e';
	     number->ptr_len--)
		fraction |= *number->ptr++ == '.';
	mantissa.ptr_len = (size_t)(number->ptr - mantissa.ptr);
	while (fraction && mantissa.ptr[mantissa.ptr_len - 1] == '0')
		mantissa.ptr_len--;
	if (fraction && mantissa.ptr[mantissa.ptr_len - 1] == '.')
		mantissa.ptr_len--;
	return mantissa;
}

/* see json_read.h */
int vmc_json_number_equal(struct vmc_view a, struct vmc_view b)
{
	return vmc_view_equal(take_mantissa(&a), take_mantissa(&b)) &&
	       vmc_view_equal(a, b);
}
