/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing messages by nanopb, and its hook for fields that are views, texts
 * or lists of them. Only archives that have an agent's messages have it: the
 * cache's are written straight (pbio.c).
 */
#include "message_fields.h"

#include <pb_encode.h>

#include "field.h"

#include <string.h>

static bool write_view(pb_ostream_t *stream, const pb_field_t *field,
		       struct vmc_view view)
{
	return pb_encode_tag(stream, PB_WT_STRING, field->tag) &&
	       pb_encode_string(stream, view.ptr, view.ptr_len);
}

static bool write_texts(pb_ostream_t *stream, const pb_field_t *field)
{
	const char *text = field->pData;
	pb_size_t i, len = *(const pb_size_t *)field->pSize;

	for (i = 0; i < len; i++, text += field->data_size) {
		if (!write_view(stream, field, vmc_view_of(text)))
			return false;
	}
	return true;
}

static bool write_views(pb_ostream_t *stream, const pb_field_t *field)
{
	const struct vmc_view *view;
	struct vmc_message_list list;

	memcpy(&list, field->pData, sizeof(list));
	for (view = list.ptr; list.len > 0; list.len--, view++) {
		if (!write_view(stream, field, *view))
			return false;
	}
	return true;
}

static bool write_struct(pb_ostream_t *stream, const pb_field_t *field,
			 const void *from)
{
	return pb_encode_tag(stream, PB_WT_STRING, field->tag) &&
	       pb_encode_submessage(stream, field->submsg_desc, from);
}

static bool write_structs(pb_ostream_t *stream, const pb_field_t *field)
{
	const struct vmc_message *type =
		(const struct vmc_message *)field->submsg_desc;
	const uint8_t *from;
	struct vmc_message_list list;

	memcpy(&list, field->pData, sizeof(list));
	for (from = list.ptr; list.len > 0; list.len--, from += type->size) {
		if (!write_struct(stream, field, from))
			return false;
	}
	return true;
}

/* A message that is left out if it is empty. */
static bool write_part(pb_ostream_t *stream, const pb_field_t *field)
{
	size_t len;

	return pb_get_encoded_size(&len, field->submsg_desc, field->pData) &&
	       (len == 0 || write_struct(stream, field, field->pData));
}

static bool write_one(pb_ostream_t *stream, const pb_field_t *field)
{
	struct vmc_view view;

	if (PB_LTYPE(field->type) == PB_LTYPE_FIXED_LENGTH_BYTES)
		view = vmc_view_of(field->pData);
	else
		view = *(const struct vmc_view *)field->pData;
	return view.ptr_len == 0 || write_view(stream, field, view);
}

static bool is_tail(const pb_field_t *field)
{
	return PB_HTYPE(field->type) == PB_HTYPE_REQUIRED &&
	       PB_ATYPE(field->type) == PB_ATYPE_CALLBACK;
}

static bool write_field(pb_ostream_t *stream, const pb_field_t *field)
{
	bool repeated = PB_HTYPE(field->type) == PB_HTYPE_REPEATED;

	if (is_tail(field))
		return true;
	if (PB_LTYPE_IS_SUBMSG(field->type))
		return repeated ? write_structs(stream, field) :
				  write_part(stream, field);
	if (!repeated)
		return write_one(stream, field);
	return PB_LTYPE(field->type) == PB_LTYPE_STRING ?
		       write_views(stream, field) :
		       write_texts(stream, field);
}

/* see message_fields.h: one of the streams is there */
bool vmc_message_field(pb_istream_t *istream, pb_ostream_t *ostream,
		       const pb_field_t *field)
{
	return istream ? vmc_message_read_field(istream, field) :
			 write_field(ostream, field);
}

/* see message.h */
struct vmc_view vmc_message_write(struct vmc_writer *w,
				  const struct vmc_message *message,
				  const void *from)
{
	pb_ostream_t stream =
		pb_ostream_from_buffer(w->begin + w->len, w->cap - w->len);
	struct vmc_view tail = { NULL, 0 };
	pb_field_iter_t field;
	bool more = pb_field_iter_begin_const(&field, &message->fields, from);

	if (w->fail || !pb_encode(&stream, &message->fields, from))
		w->fail = 1;
	else
		w->len += stream.bytes_written;
	for (; more; more = pb_field_iter_next(&field)) {
		if (!is_tail(&field))
			continue;
		tail = *(const struct vmc_view *)field.pData;
		vmc_field_put_head(w, VMC_FIELD_TAG(field.tag, VMC_FIELD_BYTES),
				   tail.ptr_len);
	}
	return tail;
}
