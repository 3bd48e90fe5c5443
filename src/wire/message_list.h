/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files that see nanopb share: its hooks, how the elements of a list
 * are read and written, and how texts get into fixed fields of public structs
 * and out of them.
 *
 * nanopb knows neither lists nor views of ours: it calls a hook for each, with
 * a stream that holds the field's bytes. Such a stream is a part of the input,
 * unless the field came as a number: then it is a copy on nanopb's stack. Who
 * decodes puts a mark on the input's stream, which is on its parts and not on
 * that copy (`callback`, which nanopb does not use for messages in memory).
 */
#ifndef VMC_WIRE_MESSAGE_LIST_H
#define VMC_WIRE_MESSAGE_LIST_H

#include "message.h"

#include <pb_decode.h>

/* nanopb's hook for messages that have views but no lists, and are only
 * read. Any mark will do. */
bool vmc_message_view_field(pb_istream_t *istream, pb_ostream_t *ostream,
			    const pb_field_t *field);

/* One vmc_message_read, from its beginning to its end. */
struct vmc_reading {
	int mark;               /* first: streams' marks point to it */
	enum vmc_status status; /* why it failed, if nobody says otherwise */
	struct vmc_message_room *room; /* may be NULL, as may be */
	struct vmc_error *error;
};

/*
 * What the elements of a list are: messages, strings, bytes or numbers. Of
 * numbers, `write` is given the list itself, which travels packed.
 */
struct vmc_list_type {
	uint32_t size;   /* of an element in memory */
	uint8_t numbers; /* uint32_t or uint64_t, as the size says; no `read` */
	uint8_t in_room; /* views: a list without room grows in the reading's */
	/* Reads an element: a zeroed one, or that of a field which may come
	 * once and came again; then what is there stays if it is not in
	 * `bytes`. */
	bool (*read)(struct vmc_reading *reading, struct vmc_view bytes,
		     void *element);
	/* Writes its bytes, without what stands before them. */
	bool (*write)(pb_ostream_t *stream, const void *element);
};

/* 1 if a field is kept as a list: a repeated one, or a message, which then is
 * a list of one. */
bool vmc_message_is_list(const pb_field_t *field);

/* -- Reading --------------------------------------------------------------- */

/* The reading half of vmc_message_field; and of a field that is a list. */
bool vmc_message_read_field(pb_istream_t *stream, const pb_field_t *field);
bool vmc_message_read_list(pb_istream_t *stream, const pb_field_t *field,
			   struct vmc_list *list);

/*
 * Reads a message within a reading. Lists of numbers must be in a message that
 * is read by this, not in one that nanopb nests in it.
 */
bool vmc_message_read_inner(struct vmc_reading *reading, struct vmc_view bytes,
			    const pb_msgdesc_t *fields, void *message);

/* vmc_message_read of what may be an element, too. It is zeroed first. */
enum vmc_status vmc_message_read_element(struct vmc_view bytes,
					 const char *name,
					 const struct vmc_list_type *type,
					 void *element,
					 struct vmc_error *error) VMC_CHECKED;

/* -- Writing --------------------------------------------------------------- */

bool vmc_message_write_list(pb_ostream_t *stream, const pb_field_t *field,
			    const struct vmc_list *list);

/* vmc_message_write of what may be an element, too. */
void vmc_message_write_element(struct vmc_writer *w,
			       const struct vmc_list_type *type,
			       const void *element);

/* -- Texts ----------------------------------------------------------------- */

/* A string of a message that is a C string in a public struct. */
struct vmc_message_text {
	const char *name, *knob; /* "Interface.name", "VMC_AGENT_NAME_SIZE" */
	uint16_t size;           /* what the knob says */
	uint16_t from, to;       /* where the view is, and the C string */
};

#define VMC_MESSAGE_TEXT(message, member, type, field, knob)                   \
	{                                                                      \
#message "." #member, #knob, knob,                             \
			offsetof(vmc_grpc_##message, member),                  \
			offsetof(struct type, field)                           \
	}

#define VMC_MESSAGE_TEXTS(texts) (sizeof(texts) / sizeof(*(texts)))

/* Copies one to `out`; refuses what is too long, or has a NUL in it. */
bool vmc_message_keep_text(struct vmc_reading *reading,
			   const struct vmc_message_text *text,
			   struct vmc_view bytes, char *out);

/* Copies those of a message that was read to the public struct `out`. */
bool vmc_message_keep_texts(struct vmc_reading *reading,
			    const struct vmc_message_text *texts,
			    size_t texts_len, const void *message, void *out);

/* Gives a message views of those of the public struct `from`. */
void vmc_message_fill_texts(void *message, const struct vmc_message_text *texts,
			    size_t texts_len, const void *from);

#endif
