/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading messages by nanopb. Invariants: no view that is read points outside
 * the input that was given, no list grows beyond its room, and what is refused
 * for its size is refused by name.
 */
#include "message_list.h"

#include <pb_common.h>

#include "field.h"
#include "../base/text.h"

#include <string.h>

#define WHAT_SIZE 128 /* a few words, a field's name and its knob's */

/* -- What is refused ------------------------------------------------------- */

/* All of these return false. */
static bool refuse(struct vmc_reading *reading, enum vmc_status status,
		   const char *what, const char *detail)
{
	reading->status = vmc_error_set(reading->error, status, what, detail);
	return false;
}

/* The words are `name`, `what` and, if it is not NULL, `knob`. */
static bool refuse_size(struct vmc_reading *reading, const char *name,
			const char *what, const char *knob, uint64_t limit)
{
	char whole[WHAT_SIZE];
	struct vmc_text text;

	vmc_text_init(&text, whole, sizeof(whole));
	vmc_text_add(&text, name);
	vmc_text_add(&text, what);
	vmc_text_add(&text, knob);
	reading->status = vmc_error_set_number(reading->error, VMC_ERR_TOO_BIG,
					       whole, limit);
	return false;
}

static bool refuse_element(struct vmc_reading *reading,
			   const struct vmc_list *list, uint64_t limit)
{
	return refuse_size(reading, "too many elements: ", list->name, NULL,
			   limit);
}

static void reading_begin(struct vmc_reading *reading,
			  struct vmc_message_room *room,
			  struct vmc_error *error)
{
	reading->mark = 0;
	reading->status = VMC_ERR_MALFORMED;
	reading->room = room;
	reading->error = error;
}

/* What it has come to. What was refused by name has its words already. */
static enum vmc_status reading_end(struct vmc_reading *reading, bool ok,
				   const char *name)
{
	if (ok)
		return VMC_OK;
	return vmc_error_set(reading->error, reading->status, name,
			     "not what its description says");
}

/* -- Lists ----------------------------------------------------------------- */

/* see message_list.h */
bool vmc_message_is_list(const pb_field_t *field)
{
	return PB_HTYPE(field->type) == PB_HTYPE_REPEATED ||
	       PB_LTYPE_IS_SUBMSG(field->type);
}

static bool is_numbers(const pb_field_t *field)
{
	return PB_HTYPE(field->type) == PB_HTYPE_REPEATED &&
	       PB_ATYPE(field->type) == PB_ATYPE_CALLBACK &&
	       PB_LTYPE(field->type) <= PB_LTYPE_LAST_PACKABLE;
}

/* The next view of a list that grows in the room, where its others are. */
static void *next_in_room(struct vmc_reading *reading, struct vmc_list *list)
{
	struct vmc_message_room *room = reading->room;
	struct vmc_view *next;

	if (!room || room->len == room->cap) {
		refuse_element(reading, list, room ? room->cap : 0);
		return NULL;
	}
	next = room->views + room->len;
	if (list->len == 0)
		list->ptr = next;
	if ((struct vmc_view *)list->ptr + list->len != next) {
		refuse(reading, VMC_ERR_MALFORMED,
		       "elements with others between them", list->name);
		return NULL;
	}
	room->len++;
	list->len++;
	return next;
}

static void *next_element(struct vmc_reading *reading, struct vmc_list *list)
{
	uint8_t *next;

	if (list->type->in_room && list->cap == 0)
		return next_in_room(reading, list);
	if (list->len == list->cap) {
		refuse_element(reading, list, list->cap);
		return NULL;
	}
	next = (uint8_t *)list->ptr + (size_t)list->type->size * list->len++;
	memset(next, 0, list->type->size);
	return next;
}

/* A message that may come once is there already: it comes in parts. */
static void *only_element(struct vmc_list *list)
{
	list->len = 1;
	return list->ptr;
}

/* An element's bytes, as of a field that is a view. Kept out of line: the path
 * into nested messages needs the stack. */
static __attribute__((noinline)) bool
take(pb_istream_t *stream, const pb_field_t *field, struct vmc_view *bytes)
{
	pb_field_t view = *field;

	view.pData = bytes;
	return vmc_message_view_field(stream, NULL, &view);
}

/* see message_list.h */
bool vmc_message_read_list(pb_istream_t *stream, const pb_field_t *field,
			   struct vmc_list *list)
{
	/* the mark is its first member */
	struct vmc_reading *reading = (void *)stream->callback;
	struct vmc_view bytes;
	void *element;

	if (!list->type || list->type->numbers)
		return pb_read(stream, NULL, stream->bytes_left);
	if (!take(stream, field, &bytes))
		return false;
	if (PB_HTYPE(field->type) == PB_HTYPE_REPEATED)
		element = next_element(reading, list);
	else
		element = only_element(list);
	return element && list->type->read(reading, bytes, element);
}

/* see message_list.h */
bool vmc_message_read_field(pb_istream_t *stream, const pb_field_t *field)
{
	if (vmc_message_is_list(field))
		return vmc_message_read_list(stream, field, field->pData);
	return vmc_message_view_field(stream, NULL, field);
}

/* -- Lists of numbers ------------------------------------------------------ */

/*
 * nanopb hands out a number that comes alone as a copy, from which one cannot
 * see the reading, nor that it was of another wire type. So the fields are
 * gone through once more.
 */

static bool read_number(struct vmc_reading *reading, struct vmc_list *list,
			uint64_t value)
{
	void *element;

	if (list->type->size == sizeof(uint32_t) && value > UINT32_MAX)
		return false;
	element = next_element(reading, list);
	if (!element)
		return false;
	if (list->type->size == sizeof(uint32_t))
		*(uint32_t *)element = (uint32_t)value;
	else
		*(uint64_t *)element = value;
	return true;
}

static bool read_packed(struct vmc_reading *reading, struct vmc_list *list,
			struct vmc_view bytes)
{
	struct vmc_reader r;
	uint64_t value;

	vmc_reader_init(&r, bytes);
	while (r.left > 0) {
		value = vmc_take_varint(&r);
		if (r.fail || !read_number(reading, list, value))
			return false;
	}
	return true;
}

static bool read_numbers(struct vmc_reading *reading, struct vmc_list *list,
			 const struct vmc_field *field)
{
	switch (field->tag & 7) {
	case VMC_FIELD_VARINT:
		return read_number(reading, list, field->value);
	case VMC_FIELD_BYTES:
		return read_packed(reading, list, field->bytes);
	default:
		return false;
	}
}

static bool find_numbers(struct vmc_reading *reading, struct vmc_view bytes,
			 uint32_t number, struct vmc_list *list)
{
	struct vmc_reader r;
	struct vmc_field field;

	vmc_reader_init(&r, bytes);
	while (vmc_field_take(&r, &field)) {
		if (field.tag >> 3 == number &&
		    !read_numbers(reading, list, &field))
			return false;
	}
	return !r.fail;
}

/* Those of each list in a message. Out of line as well. */
static __attribute__((noinline)) bool
find_all_numbers(struct vmc_reading *reading, struct vmc_view bytes,
		 const pb_msgdesc_t *fields, void *message)
{
	pb_field_iter_t field;
	struct vmc_list *list;
	bool more = pb_field_iter_begin(&field, fields, message);

	for (; more; more = pb_field_iter_next(&field)) {
		list = field.pData;
		if (is_numbers(&field) && list->type &&
		    !find_numbers(reading, bytes, field.tag, list))
			return false;
	}
	return true;
}

/* -- Messages -------------------------------------------------------------- */

/* see message_list.h */
bool vmc_message_read_inner(struct vmc_reading *reading, struct vmc_view bytes,
			    const pb_msgdesc_t *fields, void *message)
{
	pb_istream_t stream = pb_istream_from_buffer(bytes.ptr, bytes.ptr_len);

	stream.callback = &reading->mark;
	return pb_decode_ex(&stream, fields, message, PB_DECODE_NOINIT) &&
	       find_all_numbers(reading, bytes, fields, message);
}

/* see message_list.h */
enum vmc_status vmc_message_read_element(struct vmc_view bytes,
					 const char *name,
					 const struct vmc_list_type *type,
					 void *element, struct vmc_error *error)
{
	struct vmc_reading reading;

	memset(element, 0, type->size);
	reading_begin(&reading, NULL, error);
	return reading_end(&reading, type->read(&reading, bytes, element),
			   name);
}

/* see message.h */
enum vmc_status vmc_message_read(struct vmc_view bytes, const char *name,
				 const struct pb_msgdesc_s *fields,
				 void *message, struct vmc_message_room *room,
				 struct vmc_error *error)
{
	struct vmc_reading reading;

	reading_begin(&reading, room, error);
	return reading_end(
		&reading,
		vmc_message_read_inner(&reading, bytes, fields, message), name);
}

/* -- Texts ----------------------------------------------------------------- */

/* see message_list.h */
bool vmc_message_keep_text(struct vmc_reading *reading,
			   const struct vmc_message_text *text,
			   struct vmc_view bytes, char *out)
{
	if (bytes.ptr_len >= text->size)
		return refuse_size(reading, text->name, " is too long for ",
				   text->knob, text->size);
	if (bytes.ptr_len > 0)
		memmove(out, bytes.ptr, bytes.ptr_len);
	out[bytes.ptr_len] = '\0';
	if (strlen(out) != bytes.ptr_len)
		return refuse(reading, VMC_ERR_MALFORMED, text->name,
			      "it has a NUL in it");
	return true;
}

/* see message_list.h */
bool vmc_message_keep_texts(struct vmc_reading *reading,
			    const struct vmc_message_text *texts,
			    size_t texts_len, const void *message, void *out)
{
	const struct vmc_view *view;
	size_t i;

	for (i = 0; i < texts_len; i++) {
		view = (const void *)((const char *)message + texts[i].from);
		if (!vmc_message_keep_text(reading, texts + i, *view,
					   (char *)out + texts[i].to))
			return false;
	}
	return true;
}
