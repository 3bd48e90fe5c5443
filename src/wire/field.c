/* SPDX-License-Identifier: Apache-2.0 */
/*
 * protobuf's encoding (protobuf.dev/programming-guides/encoding), as far as
 * proto3 uses it. Each writer stands beside its _len twin, and they agree.
 */
#include "field.h"

/* see field.h */
int vmc_field_take(struct vmc_reader *r, struct vmc_field *field)
{
	if (r->fail || r->left == 0)
		return 0;
	field->tag = vmc_take_varint(r);
	switch (field->tag & 7) {
	case VMC_FIELD_VARINT:
		field->value = vmc_take_varint(r);
		break;
	case VMC_FIELD_BYTES:
		field->bytes = vmc_take_bytes(r, vmc_take_varint(r));
		break;
	case VMC_FIELD_FIXED64:
		field->bytes = vmc_take_bytes(r, 8);
		break;
	case VMC_FIELD_FIXED32:
		field->bytes = vmc_take_bytes(r, 4);
		break;
	default:
		r->fail = 1;
	}
	if (field->tag >> 3 == 0 || field->tag > UINT32_MAX)
		r->fail = 1;
	return !r->fail;
}

/* see field.h */
size_t vmc_field_number_len(uint64_t value)
{
	return value == 0 ? 0 : 1 + vmc_varint_len(value);
}

/* see field.h */
void vmc_field_put_number(struct vmc_writer *w, unsigned tag, uint64_t value)
{
	if (value == 0)
		return;
	vmc_put_u8(w, (uint8_t)tag);
	vmc_put_varint(w, value);
}

/* see field.h */
size_t vmc_field_head_len(size_t len)
{
	return vmc_field_number_len(len);
}

/* see field.h */
void vmc_field_put_head(struct vmc_writer *w, unsigned tag, size_t len)
{
	vmc_field_put_number(w, tag, len);
}

/* see field.h */
size_t vmc_field_bytes_len(struct vmc_view bytes)
{
	return vmc_field_head_len(bytes.ptr_len) + bytes.ptr_len;
}

/* see field.h */
void vmc_field_put_bytes(struct vmc_writer *w, unsigned tag,
			 struct vmc_view bytes)
{
	vmc_field_put_head(w, tag, bytes.ptr_len);
	vmc_put_bytes(w, bytes);
}
