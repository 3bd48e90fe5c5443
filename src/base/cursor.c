/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cursors. Invariants: a reader's at[0..left) is what may be read; a
 * writer's len <= cap; both hold after a failure too.
 */
#include "cursor.h"

#include <string.h>

/* see cursor.h */
void vmc_reader_init(struct vmc_reader *r, struct vmc_view bytes)
{
	r->at = bytes.ptr;
	r->left = bytes.ptr_len;
	r->fail = 0;
}

/* The next `len` bytes, or NULL and the reader has failed. */
static const uint8_t *take(struct vmc_reader *r, uint64_t len)
{
	const uint8_t *bytes = r->at;

	if (len > r->left)
		r->fail = 1;
	if (r->fail)
		return NULL;
	r->at += len;
	r->left -= (size_t)len;
	return bytes;
}

/* see cursor.h */
uint8_t vmc_take_u8(struct vmc_reader *r)
{
	const uint8_t *p = take(r, 1);

	return p ? p[0] : 0;
}

/* see cursor.h */
uint32_t vmc_take_be32(struct vmc_reader *r)
{
	const uint8_t *p = take(r, 4);

	if (!p)
		return 0;
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

/* see cursor.h */
uint32_t vmc_take_le32(struct vmc_reader *r)
{
	const uint8_t *p = take(r, 4);

	if (!p)
		return 0;
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[1] << 8 | p[0];
}

/* see cursor.h */
uint64_t vmc_take_le64(struct vmc_reader *r)
{
	const uint8_t *p = take(r, 8);
	uint64_t value = 0;
	unsigned i;

	for (i = 8; p && i > 0; i--)
		value = value << 8 | p[i - 1];
	return value;
}

/* see cursor.h */
uint64_t vmc_take_varint(struct vmc_reader *r)
{
	uint64_t value = 0;
	unsigned shift;
	uint8_t byte;

	for (shift = 0; shift < 64; shift += 7) {
		byte = vmc_take_u8(r);
		if (shift == 63 && byte > 1)
			break;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return r->fail ? 0 : value;
	}
	r->fail = 1;
	return 0;
}

/* see cursor.h */
struct vmc_view vmc_take_bytes(struct vmc_reader *r, uint64_t len)
{
	struct vmc_view view = { take(r, len), 0 };

	if (view.ptr)
		view.ptr_len = (size_t)len;
	return view;
}

/* see cursor.h */
struct vmc_view vmc_take_rest(struct vmc_reader *r)
{
	return vmc_take_bytes(r, r->left);
}

/* see cursor.h */
void vmc_writer_init(struct vmc_writer *w, uint8_t *out, size_t cap)
{
	w->begin = out;
	w->cap = cap;
	w->len = 0;
	w->fail = 0;
}

/* Room for `len` bytes, or NULL and the writer has failed. */
static uint8_t *put(struct vmc_writer *w, size_t len)
{
	uint8_t *room = w->begin + w->len;

	if (len > w->cap - w->len)
		w->fail = 1;
	if (w->fail)
		return NULL;
	w->len += len;
	return room;
}

/* see cursor.h */
void vmc_put_u8(struct vmc_writer *w, uint8_t value)
{
	uint8_t *p = put(w, 1);

	if (p)
		p[0] = value;
}

/* see cursor.h */
void vmc_put_be32(struct vmc_writer *w, uint32_t value)
{
	uint8_t *p = put(w, 4);

	if (!p)
		return;
	p[0] = (uint8_t)(value >> 24);
	p[1] = (uint8_t)(value >> 16);
	p[2] = (uint8_t)(value >> 8);
	p[3] = (uint8_t)value;
}

static void put_le(struct vmc_writer *w, uint64_t value, unsigned len)
{
	uint8_t *p = put(w, len);
	unsigned i;

	for (i = 0; p && i < len; i++)
		p[i] = (uint8_t)(value >> 8 * i);
}

/* see cursor.h */
void vmc_put_le32(struct vmc_writer *w, uint32_t value)
{
	put_le(w, value, 4);
}

/* see cursor.h */
void vmc_put_le64(struct vmc_writer *w, uint64_t value)
{
	put_le(w, value, 8);
}

/* see cursor.h */
size_t vmc_varint_len(uint64_t value)
{
	size_t len = 1;

	while (value >>= 7)
		len++;
	return len;
}

/* see cursor.h */
void vmc_put_varint(struct vmc_writer *w, uint64_t value)
{
	uint8_t *p = put(w, vmc_varint_len(value));

	if (!p)
		return;
	for (; value >= 0x80; value >>= 7)
		*p++ = (uint8_t)(value | 0x80);
	*p = (uint8_t)value;
}

/* see cursor.h */
void vmc_put_bytes(struct vmc_writer *w, struct vmc_view bytes)
{
	uint8_t *p;

	if (bytes.ptr_len == 0)
		return;
	p = put(w, bytes.ptr_len);
	if (p)
		memmove(p, bytes.ptr, bytes.ptr_len);
}
