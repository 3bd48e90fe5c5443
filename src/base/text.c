/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts for people. Invariant: begin[0..len) is valid UTF-8 without control
 * characters, begin[len] is NUL, and len < cap.
 */
#include "text.h"

#include "divide.h"

#include <string.h>

#define ELLIPSIS "..."
#define ELLIPSIS_LEN 3

/* Digits of UINT64_MAX. */
#define DIGITS_MAX 20

/* see text.h */
void vmc_text_init(struct vmc_text *text, char *out, size_t cap)
{
	text->begin = out;
	text->cap = cap;
	text->len = 0;
	text->cut = 0;
	out[0] = '\0';
}

/* see text.h */
void vmc_text_append_to(struct vmc_text *text, char *out, size_t cap)
{
	text->begin = out;
	text->cap = cap;
	text->len = strlen(out);
	text->cut = 0;
}

static int continues(uint8_t byte)
{
	return (byte & 0xc0) == 0x80;
}

/* What the second byte must lie in, by the first (RFC 3629, section 4). */
static int second_fits(uint8_t first, uint8_t second)
{
	switch (first) {
	case 0xe0:
		return second >= 0xa0;
	case 0xed:
		return second <= 0x9f;
	case 0xf0:
		return second >= 0x90;
	case 0xf4:
		return second <= 0x8f;
	default:
		return 1;
	}
}

static size_t announced_len(uint8_t first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xc2)
		return 0;
	if (first < 0xe0)
		return 2;
	if (first < 0xf0)
		return 3;
	return first < 0xf5 ? 4 : 0;
}

/* see text.h */
size_t vmc_utf8_sequence(struct vmc_view view)
{
	size_t len = announced_len(view.ptr[0]);
	size_t i;

	if (len > view.ptr_len)
		return 0;
	for (i = 1; i < len; i++)
		if (!continues(view.ptr[i]))
			return 0;
	if (len > 1 && !second_fits(view.ptr[0], view.ptr[1]))
		return 0;
	return len;
}

/* see text.h */
int vmc_utf8_valid(struct vmc_view view)
{
	size_t len;

	for (; view.ptr_len > 0; view.ptr += len, view.ptr_len -= len) {
		/* nearly all there is, in the way of every call */
		len = view.ptr[0] < 0x80 ? 1 : vmc_utf8_sequence(view);
		if (len == 0)
			return 0;
	}
	return 1;
}

/* Takes whole characters off the end until "..." fits behind the rest. */
static void cut_short(struct vmc_text *text)
{
	size_t len = text->len;

	while (len + ELLIPSIS_LEN >= text->cap)
		do
			len--;
		while (continues((uint8_t)text->begin[len]));
	memcpy(text->begin + len, ELLIPSIS, sizeof(ELLIPSIS));
	text->len = len + ELLIPSIS_LEN;
	text->cut = 1;
}

static void add_character(struct vmc_text *text, const uint8_t *bytes,
			  size_t len)
{
	if (text->cut)
		return;
	if (len >= text->cap - text->len) {
		cut_short(text);
		return;
	}
	memcpy(text->begin + text->len, bytes, len);
	text->len += len;
	text->begin[text->len] = '\0';
}

/* What is shown for a byte that is a character of its own. */
static uint8_t shown(uint8_t byte)
{
	if (byte == '\n' || byte == '\t' || byte == '\r')
		return ' ';
	return byte < 0x20 || byte == 0x7f ? '?' : byte;
}

/* see text.h */
void vmc_text_add_view(struct vmc_text *text, struct vmc_view view)
{
	uint8_t single;
	size_t len;

	while (view.ptr_len > 0 && !text->cut) {
		len = vmc_utf8_sequence(view);
		if (len > 1) {
			add_character(text, view.ptr, len);
		} else {
			single = len == 0 ? '?' : shown(view.ptr[0]);
			len = 1;
			add_character(text, &single, 1);
		}
		view.ptr += len;
		view.ptr_len -= len;
	}
}

/* see text.h */
void vmc_text_add(struct vmc_text *text, const char *string)
{
	vmc_text_add_view(text, vmc_view_of(string));
}

/* see text.h */
void vmc_text_add_number(struct vmc_text *text, uint64_t number)
{
	uint8_t digits[DIGITS_MAX];
	struct vmc_view view = { digits + sizeof(digits), 0 };

	do {
		view.ptr--;
		view.ptr_len++;
		digits[sizeof(digits) - view.ptr_len] =
			(uint8_t)('0' + vmc_divide(&number, 10));
	} while (number > 0);
	vmc_text_add_view(text, view);
}

/* see text.h */
void vmc_text_compose(char *out, size_t cap, const char *what,
		      const char *detail)
{
	struct vmc_text text;

	vmc_text_init(&text, out, cap);
	vmc_text_add(&text, what);
	if (detail)
		vmc_text_add(&text, ": ");
	vmc_text_add(&text, detail);
}
