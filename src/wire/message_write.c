/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing messages by nanopb, and its hook for fields that are views or
 * lists. Only archives that have an agent's messages have it: the cache's are
 * written straight (pbio.c).
 */
#include "message_list.h"

#include <pb_encode.h>

static bool write_view(pb_ostream_t *stream, const pb_field_t *field,
		       const struct vmc_view *view)
{
	if (view->ptr_len == 0)
		return true;
	return pb_encode_tag(stream, PB_WT_STRING, field->tag) &&
	       pb_encode_string(stream, view->ptr, view->ptr_len);
}

/* Tag, length and bytes of an element. It is measured first, and of a stream
 * that only measures that is all it needs. */
static bool write_element(pb_ostream_t *stream, const pb_field_t *field,
			  const struct vmc_list_type *type, const void *element)
{
	pb_ostream_t measure = PB_OSTREAM_SIZING;

	if (!type->write(&measure, element) ||
	    !pb_encode_tag(stream, PB_WT_STRING, field->tag) ||
	    !pb_encode_varint(stream, measure.bytes_written))
		return false;
	if (!stream->callback)
		return pb_write(stream, NULL, measure.bytes_written);
	return type->write(stream, element);
}

/* see message_list.h */
bool vmc_message_write_list(pb_ostream_t *stream, const pb_field_t *field,
			    const struct vmc_list *list)
{
	const uint8_t *element = list->ptr;
	uint32_t i;

	if (list->len > 0 && list->type->numbers)
		return write_element(stream, field, list->type, list);
	for (i = 0; i < list->len; i++) {
		if (!write_element(stream, field, list->type, element))
			return false;
		element += list->type->size;
	}
	return true;
}

/* nanopb's hook: one of the streams is there. */
bool vmc_message_field(pb_istream_t *istream, pb_ostream_t *ostream,
		       const pb_field_t *field);

bool vmc_message_field(pb_istream_t *istream, pb_ostream_t *ostream,
		       const pb_field_t *field)
{
	if (istream)
		return vmc_message_read_field(istream, field);
	if (vmc_message_is_list(field))
		return vmc_message_write_list(ostream, field, field->pData);
	return write_view(ostream, field, field->pData);
}

/* What the writer has room for. */
static pb_ostream_t stream_to(const struct vmc_writer *w)
{
	return pb_ostream_from_buffer(w->begin + w->len, w->cap - w->len);
}

/* see message.h */
void vmc_message_write(struct vmc_writer *w, const struct pb_msgdesc_s *fields,
		       const void *message)
{
	pb_ostream_t stream = stream_to(w);

	if (w->fail || !pb_encode(&stream, fields, message))
		w->fail = 1;
	else
		w->len += stream.bytes_written;
}

/* see message_list.h */
void vmc_message_write_element(struct vmc_writer *w,
			       const struct vmc_list_type *type,
			       const void *element)
{
	pb_ostream_t stream = stream_to(w);

	if (w->fail || !type->write(&stream, element))
		w->fail = 1;
	else
		w->len += stream.bytes_written;
}

/* see message_list.h */
void vmc_message_fill_texts(void *message, const struct vmc_message_text *texts,
			    size_t texts_len, const void *from)
{
	struct vmc_view *view;
	size_t i;

	for (i = 0; i < texts_len; i++) {
		view = (void *)((char *)message + texts[i].from);
		*view = vmc_view_of((const char *)from + texts[i].to);
	}
}
