/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fields of a protobuf message, one by one: for messages that are written
 * and read straight, because they are in every call (ttrpc's envelopes) or
 * are sent often (the cache's replies).
 *
 * A message is a row of fields. Each begins with a tag, its number and how
 * the rest is encoded; ours have numbers up to 15, so that a tag is a byte.
 * proto3 leaves out what is empty or zero, and so do all of these: their
 * length is then 0.
 */
#ifndef VMC_WIRE_FIELD_H
#define VMC_WIRE_FIELD_H

#include "../base/cursor.h"

enum vmc_field_encoding {
	VMC_FIELD_VARINT = 0,
	VMC_FIELD_FIXED64 = 1,
	VMC_FIELD_BYTES = 2, /* a length and so many bytes */
	VMC_FIELD_FIXED32 = 5
};

#define VMC_FIELD_TAG(number, encoding) ((number) << 3 | (encoding))

/* A field that was read. */
struct vmc_field {
	uint64_t tag;          /* at most UINT32_MAX, its number not 0 */
	uint64_t value;        /* of VMC_FIELD_VARINT */
	struct vmc_view bytes; /* of the others; points into the message */
};

/* Reads the next field: 1, or 0 at the end and when the reader has failed
 * (broken, or a group, which proto3 has not). */
int vmc_field_take(struct vmc_reader *r, struct vmc_field *field);

/* A number; negative ones are their 64 bits, ten bytes. */
size_t vmc_field_number_len(uint64_t value);
void vmc_field_put_number(struct vmc_writer *w, unsigned tag, uint64_t value);

/* What stands before `len` bytes: tag and length. */
size_t vmc_field_head_len(size_t len);
void vmc_field_put_head(struct vmc_writer *w, unsigned tag, size_t len);

/* Bytes, with what stands before them. */
size_t vmc_field_bytes_len(struct vmc_view bytes);
void vmc_field_put_bytes(struct vmc_writer *w, unsigned tag,
			 struct vmc_view bytes);

#endif
