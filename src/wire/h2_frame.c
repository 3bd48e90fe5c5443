/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/2's framing. Length and type share the first word, the first bit of
 * the stream's number is reserved and ignored (RFC 9113, 4.1).
 */
#include "h2_frame.h"

/* see h2_frame.h */
void vmc_h2_header_read(struct vmc_h2_header *header, struct vmc_reader *r)
{
	uint32_t word = vmc_take_be32(r);

	header->length = word >> 8;
	header->type = (uint8_t)word;
	header->flags = vmc_take_u8(r);
	header->stream = vmc_take_be32(r) & VMC_H2_WINDOW_TOP;
}

/* see h2_frame.h */
void vmc_h2_header_write(const struct vmc_h2_header *header,
			 struct vmc_writer *w)
{
	vmc_put_be32(w, header->length << 8 | header->type);
	vmc_put_u8(w, header->flags);
	vmc_put_be32(w, header->stream);
}

/* see h2_frame.h */
void vmc_h2_setting_write(struct vmc_writer *w, enum vmc_h2_setting id,
			  uint32_t value)
{
	vmc_put_u8(w, 0);
	vmc_put_u8(w, (uint8_t)id);
	vmc_put_be32(w, value);
}

/* see h2_frame.h */
uint16_t vmc_h2_take_be16(struct vmc_reader *r)
{
	unsigned high = vmc_take_u8(r);

	return (uint16_t)(high << 8 | vmc_take_u8(r));
}
