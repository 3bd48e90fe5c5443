/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cursors: the only place that does arithmetic on bytes from or to a wire.
 *
 * A reader takes, a writer puts. Neither leaves its bounds: what would do
 * so sets `fail`, takes or puts nothing, and everything after it does the
 * same (a reader then yields zeros and absent views). So a whole message is
 * read or written first, and `fail` is tested once.
 */
#ifndef VMC_BASE_CURSOR_H
#define VMC_BASE_CURSOR_H

#include "vmcache/view.h"

struct vmc_reader {
	const uint8_t *at;
	size_t left;
	uint8_t fail;
};

void vmc_reader_init(struct vmc_reader *r, struct vmc_view bytes);

uint8_t vmc_take_u8(struct vmc_reader *r);
uint32_t vmc_take_be32(struct vmc_reader *r);
uint32_t vmc_take_le32(struct vmc_reader *r);
uint64_t vmc_take_le64(struct vmc_reader *r);

/* protobuf's base-128 number, at most 10 bytes; bits over 64 fail. */
uint64_t vmc_take_varint(struct vmc_reader *r);

/* `len` bytes, or all that are left. */
struct vmc_view vmc_take_bytes(struct vmc_reader *r, uint64_t len);
struct vmc_view vmc_take_rest(struct vmc_reader *r);

struct vmc_writer {
	uint8_t *begin;
	size_t cap;
	size_t len; /* bytes put so far */
	uint8_t fail;
};

void vmc_writer_init(struct vmc_writer *w, uint8_t *out, size_t cap);

void vmc_put_u8(struct vmc_writer *w, uint8_t value);
void vmc_put_be32(struct vmc_writer *w, uint32_t value);
void vmc_put_le32(struct vmc_writer *w, uint32_t value);
void vmc_put_le64(struct vmc_writer *w, uint64_t value);
void vmc_put_varint(struct vmc_writer *w, uint64_t value);
/* The bytes may lie in the same buffer, further on. */
void vmc_put_bytes(struct vmc_writer *w, struct vmc_view bytes);

/* Bytes that vmc_put_varint puts: 1..10. */
size_t vmc_varint_len(uint64_t value);

#endif
