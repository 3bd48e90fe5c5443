/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a message's fields lie in a C struct, in nanopb's terms.
 *
 * A message is bound by a list of its fields, in the order of their numbers:
 *
 *	#define ROUTE(X, S, M) \
 *		X(S, M, TEXT, dest, destination, ADDRESS_SIZE) \
 *		X(S, M, NUMBER, scope, scope, )
 *	VMC_MESSAGE_BIND(Route, struct vmc_route, ROUTE)
 *
 * makes `vmc_message_Route`. A row has the kind of the field, its name in the
 * .proto file, where its number comes from, the member that holds it, and what
 * the kind needs to know:
 *
 *	NUMBER    unsigned, of any size          SIGNED  a signed one
 *	FLAG      a bool, in a byte
 *	VIEW      a string: struct vmc_view
 *	TAIL      bytes that are not written (message.h)   TAIL_TEXT: a string
 *	TEXT      a string: char[]; the knob that it is held to
 *	PART      a message: a struct; its name. Always written, as are those
 *		  whose members are members of this struct: SELF
 *	PART_ANY  a PART, SELF_ANY a SELF that is left out when it is empty
 *	PART_HAS  a PART; the flag before it, has_MEMBER, says if it is there
 *	VIEWS     repeated strings: a pointer to views, and behind it a size_t
 *	STRUCTS   repeated messages: a pointer, and behind it a size_t; its name
 *	ARRAY     the same, in an array, and before it its length as uint32_t,
 *		  called MEMBER_len; its name and the knob
 *	NUMBERS   repeated numbers, in an array whose last element is only there
 *		  to notice that there are too many; the knob
 *	TEXTS     repeated strings: an array of char[VMC_AGENT_NAME_SIZE]; the
 *		  knob
 *
 * nanopb reads and writes numbers and messages in a struct by itself. For the
 * others it calls one hook, vmc_message_field, with a stream that holds the
 * field's bytes. Such a stream is a part of the input, unless the field came
 * as a number: then it is a copy on nanopb's stack. Who decodes puts a mark on
 * the input's stream, which is on its parts and not on that copy (`callback`,
 * which nanopb does not use for messages in memory).
 *
 * nanopb's types say more to the hook than nanopb needs: a callback that is
 * "required" is a tail, one of "fixed length" a char[].
 */
#ifndef VMC_WIRE_MESSAGE_FIELDS_H
#define VMC_WIRE_MESSAGE_FIELDS_H

#include "message.h"

#include <pb_common.h>

struct vmc_message {
	pb_msgdesc_t fields; /* first: a field's descriptor is its message */
	const char *words;   /* its name, then those of fields: "dest:KNOB",
			      * each with a NUL */
	uint32_t size;       /* of the struct */
};

/* nanopb's hook. */
bool vmc_message_field(pb_istream_t *istream, pb_ostream_t *ostream,
		       const pb_field_t *field);

/* Its reading half. */
bool vmc_message_read_field(pb_istream_t *stream, const pb_field_t *field);

/* The hook of messages that have VIEWs only, and are only read. Any mark will
 * do. */
bool vmc_message_view_field(pb_istream_t *istream, pb_ostream_t *ostream,
			    const pb_field_t *field);

/* VIEWS and STRUCTS, as they lie in a struct. */
struct vmc_message_list {
	const void *ptr;
	size_t len;
};

/* -- Kinds ----------------------------------------------------------------- */

/* Names of members, and pieces of a sum, cannot stand in parentheses.
 * NOLINTBEGIN(bugprone-macro-parentheses) */

#define VMC_STATIC(htype, ltype)                                               \
	(PB_ATYPE_STATIC | PB_HTYPE_##htype | PB_LTYPE_##ltype)
#define VMC_HOOKED(htype, ltype)                                               \
	(PB_ATYPE_CALLBACK | PB_HTYPE_##htype | PB_LTYPE_##ltype)

/* nanopb's formats, of 1, 2 and 4 words. What does not fit is no constant
 * expression. */
#define VMC_FITS(value, bits) (0 * sizeof(char[(value) >> (bits) ? -1 : 1]))
#define VMC_INFO(tag, type, offset, size, back)                                \
	PB_FIELDINFO_1(tag, type, (offset) + VMC_FITS(offset, 8),              \
		       (size) + VMC_FITS(size, 4) + VMC_FITS(tag, 6),          \
		       (back) + VMC_FITS(back, 4), 1)
#define VMC_TEXT_INFO(tag, type, offset, size, back, count)                    \
	PB_FIELDINFO_2(tag, type, (offset) + VMC_FITS(offset, 16),             \
		       (size) + VMC_FITS(size, 12),                            \
		       (back) + VMC_FITS(back, 4),                             \
		       (count) + VMC_FITS(count, 12))
#define VMC_ARRAY_INFO(tag, type, offset, size, back, count)                   \
	PB_FIELDINFO_4(tag, type, (uint32_t)(offset),                          \
		       (uint32_t)(size) + VMC_FITS(back, 7), back,             \
		       (count) + VMC_FITS(count, 16))

#define VMC_SIZE(S, m) pb_membersize(S, m)
#define VMC_BACK(S, m) (offsetof(S, m) - offsetof(S, m##_len))

#define VMC_INFO_NUMBER(S, tag, m, x)                                          \
	VMC_INFO(tag, VMC_STATIC(SINGULAR, UVARINT), offsetof(S, m),           \
		 VMC_SIZE(S, m), 0)
#define VMC_INFO_SIGNED(S, tag, m, x)                                          \
	VMC_INFO(tag, VMC_STATIC(SINGULAR, VARINT), offsetof(S, m),            \
		 VMC_SIZE(S, m), 0)
#define VMC_INFO_FLAG(S, tag, m, x)                                            \
	VMC_INFO(tag, VMC_STATIC(SINGULAR, BOOL), offsetof(S, m),              \
		 VMC_SIZE(S, m), 0)
#define VMC_INFO_VIEW(S, tag, m, x)                                            \
	VMC_INFO(tag, VMC_HOOKED(SINGULAR, STRING), offsetof(S, m), 0, 0)
#define VMC_INFO_TAIL(S, tag, m, x)                                            \
	VMC_INFO(tag, VMC_HOOKED(REQUIRED, BYTES), offsetof(S, m), 0, 0)
#define VMC_INFO_TAIL_TEXT(S, tag, m, x)                                       \
	VMC_INFO(tag, VMC_HOOKED(REQUIRED, STRING), offsetof(S, m), 0, 0)
#define VMC_INFO_VIEWS(S, tag, m, x)                                           \
	VMC_INFO(tag, VMC_HOOKED(REPEATED, STRING), offsetof(S, m), 0, 0)
#define VMC_INFO_STRUCTS(S, tag, m, x)                                         \
	VMC_INFO(tag, VMC_HOOKED(REPEATED, SUBMESSAGE), offsetof(S, m), 0, 0)
#define VMC_INFO_PART_ANY(S, tag, m, x)                                        \
	VMC_INFO(tag, VMC_HOOKED(SINGULAR, SUBMESSAGE), offsetof(S, m), 0, 0)
#define VMC_INFO_PART(S, tag, m, x)                                            \
	VMC_INFO(tag, VMC_STATIC(REQUIRED, SUBMESSAGE), offsetof(S, m), 0, 0)
#define VMC_INFO_PART_HAS(S, tag, m, x)                                        \
	VMC_INFO(tag, VMC_STATIC(OPTIONAL, SUBMESSAGE), offsetof(S, m), 0,     \
		 offsetof(S, m) - offsetof(S, has_##m))
#define VMC_INFO_SELF(S, tag, m, x)                                            \
	VMC_INFO(tag, VMC_STATIC(REQUIRED, SUBMESSAGE), 0, 0, 0)
#define VMC_INFO_SELF_ANY(S, tag, m, x)                                        \
	VMC_INFO(tag, VMC_STATIC(SINGULAR, SUBMESSAGE), 0, 0, 0)
#define VMC_INFO_TEXT(S, tag, m, x)                                            \
	VMC_TEXT_INFO(tag, VMC_HOOKED(SINGULAR, FIXED_LENGTH_BYTES),           \
		      offsetof(S, m), VMC_SIZE(S, m), 0, 1)
#define VMC_INFO_TEXTS(S, tag, m, x)                                           \
	VMC_TEXT_INFO(tag, VMC_HOOKED(REPEATED, FIXED_LENGTH_BYTES),           \
		      offsetof(S, m), VMC_SIZE(S, m[0]), VMC_BACK(S, m),       \
		      pb_arraysize(S, m))
#define VMC_INFO_ARRAY(S, tag, m, x, knob)                                     \
	VMC_ARRAY_INFO(tag, VMC_STATIC(REPEATED, SUBMESSAGE), offsetof(S, m),  \
		       VMC_SIZE(S, m[0]), VMC_BACK(S, m), pb_arraysize(S, m))
#define VMC_INFO_NUMBERS(S, tag, m, x)                                         \
	VMC_ARRAY_INFO(tag, VMC_STATIC(REPEATED, UVARINT), offsetof(S, m),     \
		       VMC_SIZE(S, m[0]), VMC_BACK(S, m), pb_arraysize(S, m))

/* Messages in it. */
#define VMC_INNER_NUMBER(x)
#define VMC_INNER_SIGNED(x)
#define VMC_INNER_FLAG(x)
#define VMC_INNER_VIEW(x)
#define VMC_INNER_TAIL(x)
#define VMC_INNER_TAIL_TEXT(x)
#define VMC_INNER_TEXT(x)
#define VMC_INNER_VIEWS(x)
#define VMC_INNER_NUMBERS(x)
#define VMC_INNER_TEXTS(x)
#define VMC_INNER_PART(x) &vmc_message_##x.fields,
#define VMC_INNER_PART_ANY(x) &vmc_message_##x.fields,
#define VMC_INNER_SELF(x) &vmc_message_##x.fields,
#define VMC_INNER_SELF_ANY(x) &vmc_message_##x.fields,
#define VMC_INNER_PART_HAS(x) &vmc_message_##x.fields,
#define VMC_INNER_STRUCTS(x) &vmc_message_##x.fields,
#define VMC_INNER_ARRAY(x, knob) &vmc_message_##x.fields,

/* Words: of those that may be refused by name. */
#define VMC_WORD_NUMBER(field, x) "\0"
#define VMC_WORD_SIGNED(field, x) "\0"
#define VMC_WORD_FLAG(field, x) "\0"
#define VMC_WORD_VIEW(field, x) "\0"
#define VMC_WORD_TAIL(field, x) "\0"
#define VMC_WORD_TAIL_TEXT(field, x) "\0"
#define VMC_WORD_PART(field, x) "\0"
#define VMC_WORD_PART_ANY(field, x) "\0"
#define VMC_WORD_SELF(field, x) "\0"
#define VMC_WORD_SELF_ANY(field, x) "\0"
#define VMC_WORD_PART_HAS(field, x) "\0"
#define VMC_WORD_TEXT(field, x) #field ":" #x "\0"
#define VMC_WORD_TEXTS(field, x) #field ":" #x "\0"
#define VMC_WORD_NUMBERS(field, x) #field ":" #x "\0"
#define VMC_WORD_VIEWS(field, x) #field ":\0"
#define VMC_WORD_STRUCTS(field, x) #field ":\0"
#define VMC_WORD_ARRAY(field, x, knob) #field ":" #knob "\0"

/* -- Binding --------------------------------------------------------------- */

#define VMC_TAG(M, field) vmc_grpc_##M##_##field##_tag
#define VMC_ROW_INFO(S, M, KIND, field, m, ...)                                \
	VMC_INFO_##KIND(S, VMC_TAG(M, field), m, __VA_ARGS__)
#define VMC_ROW_INNER(S, M, KIND, field, m, ...) VMC_INNER_##KIND(__VA_ARGS__)
#define VMC_ROW_WORD(S, M, KIND, field, m, ...)                                \
	VMC_WORD_##KIND(field, __VA_ARGS__)
#define VMC_ROW_COUNT(S, M, KIND, field, m, ...) +1
#define VMC_ROW_LAST(S, M, KIND, field, m, ...) *0 + VMC_TAG(M, field)

/* `name` is what errors call it; `needed`, how many of its SELFs it must
 * have. FLAT: there are no messages in it. */
#define VMC_MESSAGE_BIND_TO(M, S, ROWS, name, inner, needed)                   \
	static const uint32_t info_##M[] = { ROWS(VMC_ROW_INFO, S, M) };       \
	const struct vmc_message vmc_message_##M = {                           \
		{ info_##M, inner, NULL, vmc_message_field,                    \
		  0 ROWS(VMC_ROW_COUNT, S, M), needed,                         \
		  0 ROWS(VMC_ROW_LAST, S, M) },                                \
		name "\0" ROWS(VMC_ROW_WORD, S, M),                            \
		sizeof(S)                                                      \
	}
#define VMC_MESSAGE_BIND_AS(M, S, ROWS, name, needed)                          \
	static const pb_msgdesc_t *const inner_##M[] = { ROWS(VMC_ROW_INNER,   \
							      S, M) };         \
	VMC_MESSAGE_BIND_TO(M, S, ROWS, name, inner_##M, needed)
#define VMC_MESSAGE_BIND(M, S, ROWS) VMC_MESSAGE_BIND_AS(M, S, ROWS, #M, 0)
#define VMC_MESSAGE_BIND_FLAT(M, S, ROWS)                                      \
	VMC_MESSAGE_BIND_TO(M, S, ROWS, #M, NULL, 0)

/* NOLINTEND(bugprone-macro-parentheses) */

#endif
