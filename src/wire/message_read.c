/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading messages by nanopb. Invariants: no view that is read points outside
 * the input that was given, no list grows beyond its room, and what is refused
 * for its size is refused by name.
 *
 * Arrays are nanopb's to fill. It stops at one that overflows, and leaves it
 * with one more than it holds: whose fault it was is looked up afterwards.
 */
#include "message_fields.h"

#include <pb_decode.h>

#include "../base/text.h"

#include <string.h>

#define WHAT_SIZE 128 /* a few words, a field's name and its knob's */

/* One vmc_message_read, from its beginning to its end. */
struct reading {
	int mark;               /* first: streams' marks point to it */
	enum vmc_status status; /* why it failed, if nobody says otherwise */
	struct vmc_message_room *room; /* may be NULL, as may be */
	struct vmc_error *error;
};

/* -- What is refused ------------------------------------------------------- */

static const struct vmc_message *message_of(const pb_field_t *field)
{
	return (const struct vmc_message *)field->descriptor;
}

/* What a field is called, up to a ':', and its knob. */
static const char *words_of(const pb_field_t *field)
{
	const char *words = message_of(field)->words;
	uint32_t i;

	for (i = 0; i <= field->index; i++)
		words += strlen(words) + 1;
	return words;
}

/* Lists in the room have the same, all of them. */
static const char *knob_of(const pb_field_t *field)
{
	const char *words = words_of(field);

	while (*words++ != ':')
		;
	if (*words)
		return words;
	return field->submsg_desc ? "SERVICE_LIST_MAX / 4" : "SERVICE_LIST_MAX";
}

/* Refuses a field by name: `before`, its name, `after`, and the knob that sets
 * the limit if that is not NULL. Returns false, as those below. */
static bool refuse(struct reading *reading, const pb_field_t *field,
		   enum vmc_status status, const char *before,
		   const char *after, const char *knob, uint64_t limit)
{
	char whole[WHAT_SIZE];
	struct vmc_text text;
	struct vmc_view name = { (const uint8_t *)words_of(field), 0 };

	while (name.ptr[name.ptr_len] != ':')
		name.ptr_len++;
	vmc_text_init(&text, whole, sizeof(whole));
	vmc_text_add(&text, before);
	vmc_text_add(&text, message_of(field)->words);
	vmc_text_add(&text, ".");
	vmc_text_add_view(&text, name);
	vmc_text_add(&text, after);
	vmc_text_add(&text, knob);
	if (status == VMC_ERR_TOO_BIG)
		vmc_error_set_number(reading->error, status, whole, limit);
	else
		vmc_error_set(reading->error, status, whole, NULL);
	reading->status = status;
	return false;
}

static bool refuse_text(struct reading *reading, const pb_field_t *field)
{
	int one = PB_HTYPE(field->type) != PB_HTYPE_REPEATED;

	return refuse(reading, field, VMC_ERR_TOO_BIG, "",
		      " is too long for VMC_AGENT_",
		      one ? knob_of(field) : "NAME_SIZE", field->data_size);
}

static bool refuse_element(struct reading *reading, const pb_field_t *field,
			   uint64_t limit)
{
	return refuse(reading, field, VMC_ERR_TOO_BIG,
		      "too many elements: ", ": VMC_AGENT_", knob_of(field),
		      limit);
}

static bool refuse_order(struct reading *reading, const pb_field_t *field)
{
	return refuse(reading, field, VMC_ERR_MALFORMED,
		      "elements with others between them: ", ": VMC_AGENT_",
		      knob_of(field), 0);
}

/* -- Texts ----------------------------------------------------------------- */

static bool keep_text(struct reading *reading, const pb_field_t *field,
		      struct vmc_view bytes, char *out)
{
	if (bytes.ptr_len >= field->data_size)
		return refuse_text(reading, field);
	if (bytes.ptr_len > 0)
		memcpy(out, bytes.ptr, bytes.ptr_len);
	out[bytes.ptr_len] = '\0';
	if (strlen(out) != bytes.ptr_len)
		return refuse(reading, field, VMC_ERR_MALFORMED, "",
			      ": it has a NUL in it", NULL, 0);
	return true;
}

static bool keep_texts(struct reading *reading, const pb_field_t *field,
		       struct vmc_view bytes)
{
	pb_size_t *len = field->pSize;

	if (*len == field->array_size)
		return refuse_element(reading, field, *len);
	return keep_text(reading, field, bytes,
			 (char *)field->pData + *len * field->data_size) &&
	       ++*len;
}

/* -- Lists in the reading's room ------------------------------------------- */

/* They grow where their others are. */
static bool keep_views(struct reading *reading, const pb_field_t *field,
		       struct vmc_view bytes)
{
	struct vmc_message_room *room = reading->room;
	struct vmc_message_list list;
	struct vmc_view *next;

	if (!room || room->len == room->cap)
		return refuse_element(reading, field, room ? room->cap : 0);
	memcpy(&list, field->pData, sizeof(list));
	next = room->views + room->len;
	if (list.len == 0)
		list.ptr = next;
	if ((const struct vmc_view *)list.ptr + list.len != next)
		return refuse_order(reading, field);
	*next = bytes;
	room->len++;
	list.len++;
	memcpy(field->pData, &list, sizeof(list));
	return true;
}

/* Room for a whole list; NULL if there is none. */
static void *take_structs(struct vmc_message_room *room, size_t size)
{
	uint8_t *structs;

	if (!room || room->structs_size - room->structs_len < size)
		return NULL;
	structs = (uint8_t *)room->structs + room->structs_len;
	room->structs_len += size;
	return structs;
}

/* The next element, zeroed; NULL if it was refused. */
static void *next_struct(struct reading *reading, const pb_field_t *field)
{
	const struct vmc_message *type =
		(const struct vmc_message *)field->submsg_desc;
	size_t max = reading->room ? reading->room->structs_max : 0;
	struct vmc_message_list list;
	uint8_t *element;

	memcpy(&list, field->pData, sizeof(list));
	if (list.len == 0)
		list.ptr = take_structs(reading->room, max * type->size);
	if (!list.ptr || list.len == max) {
		refuse_element(reading, field, max);
		return NULL;
	}
	element = (uint8_t *)list.ptr + list.len++ * type->size;
	memcpy(field->pData, &list, sizeof(list));
	return memset(element, 0, type->size);
}

/* -- The hook -------------------------------------------------------------- */

static bool keep(struct reading *reading, const pb_field_t *field,
		 struct vmc_view bytes)
{
	bool repeated = PB_HTYPE(field->type) == PB_HTYPE_REPEATED;

	if (PB_LTYPE(field->type) != PB_LTYPE_BYTES && !vmc_utf8_valid(bytes))
		return false;
	if (PB_LTYPE(field->type) == PB_LTYPE_FIXED_LENGTH_BYTES)
		return repeated ?
			       keep_texts(reading, field, bytes) :
			       keep_text(reading, field, bytes, field->pData);
	if (repeated)
		return keep_views(reading, field, bytes);
	*(struct vmc_view *)field->pData = bytes;
	return true;
}

static bool read_inner(struct reading *reading, pb_istream_t *stream,
		       const pb_field_t *field)
{
	void *out = field->pData;

	if (PB_HTYPE(field->type) == PB_HTYPE_REPEATED)
		out = next_struct(reading, field);
	return out &&
	       pb_decode_ex(stream, field->submsg_desc, out, PB_DECODE_NOINIT);
}

/* see message_fields.h */
bool vmc_message_read_field(pb_istream_t *stream, const pb_field_t *field)
{
	struct reading *reading = (struct reading *)stream->callback;
	struct vmc_view bytes = { stream->state, stream->bytes_left };

	if (!reading)
		return false; /* it came as a number */
	if (PB_LTYPE_IS_SUBMSG(field->type))
		return read_inner(reading, stream, field);
	return keep(reading, field, bytes) &&
	       pb_read(stream, NULL, bytes.ptr_len);
}

/* -- Messages -------------------------------------------------------------- */

/* Refuses an array that has overflowed. What comes behind one does not, so
 * only the last element can have one in it. */
static bool arrays_fit(struct reading *reading, const pb_msgdesc_t *fields,
		       void *message)
{
	pb_field_iter_t field;
	bool more = pb_field_iter_begin(&field, fields, message);
	pb_size_t len, max;

	for (; more; more = pb_field_iter_next(&field)) {
		if (PB_ATYPE(field.type) != PB_ATYPE_STATIC)
			continue;
		len = 1;
		if (PB_HTYPE(field.type) == PB_HTYPE_REPEATED) {
			len = *(pb_size_t *)field.pSize;
			max = field.array_size - !field.submsg_desc;
			if (len > max)
				return refuse_element(reading, &field, max);
		}
		if (!field.submsg_desc || len == 0)
			continue;
		if (!arrays_fit(reading, field.submsg_desc,
				(char *)field.pData +
					(len - 1) * field.data_size))
			return false;
	}
	return true;
}

/* see message.h */
enum vmc_status vmc_message_read(struct vmc_view bytes,
				 const struct vmc_message *message, void *out,
				 struct vmc_message_room *room,
				 struct vmc_error *error)
{
	struct reading reading = { 0, VMC_ERR_MALFORMED, room, error };
	pb_istream_t stream = pb_istream_from_buffer(bytes.ptr, bytes.ptr_len);
	bool ok;

	stream.callback = &reading.mark;
	memset(out, 0, message->size);
	ok = pb_decode_ex(&stream, &message->fields, out, PB_DECODE_NOINIT);
	if (arrays_fit(&reading, &message->fields, out) && ok)
		return VMC_OK;
	return vmc_error_set(error, reading.status, message->words,
			     "not what its description says");
}
