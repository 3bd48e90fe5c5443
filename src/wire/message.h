/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages by nanopb: generated structs in and out, without copies.
 *
 * A generated struct (*.pb.h) has a `struct vmc_view` for a string or bytes,
 * and a `struct vmc_list` for a repeated field; both are read and written by
 * one function, vmc_message_field, which the .options files name. Only
 * message_*.c, agent_pbio*.c and pbio.c see nanopb's encoder and decoder; what
 * is above them fills in generated structs, and looks into them.
 *
 * Reading. Views point into the input. As protobuf has it: unknown fields
 *   are skipped, an absent field is its zero value, of a field that comes
 *   twice the last counts. Refused are a field of another wire type than its
 *   own, a string that is not UTF-8, and bytes that end inside a field.
 *
 * Writing. Goes to a writer (../base/cursor.h), which remembers when its
 *   buffer was too small. Zero values are left out.
 */
#ifndef VMC_WIRE_MESSAGE_H
#define VMC_WIRE_MESSAGE_H

#include "vmcache/status.h"
#include "vmcache/view.h"
#include "../base/cursor.h"

struct pb_msgdesc_s;
struct vmc_list_type;

/*
 * A repeated field. To be written: ptr[0..len). To be read: an empty list
 * with room for `cap` elements at ptr; an element more is VMC_ERR_TOO_BIG, by
 * `name`. A list that is zeroed is read over, and writes nothing.
 *
 * Elements are what the type says (agent_pbio.h). A list of views may be read
 * without room of its own (cap 0, ptr NULL): it then grows in the reading's
 * room.
 */
struct vmc_list {
	const struct vmc_list_type *type;
	void *ptr;
	uint32_t len, cap;
	const char *name; /* "Interfaces.Interfaces: VMC_AGENT_INTERFACE_MAX" */
};

/*
 * Room for the lists of views of one message that is being read, nested ones
 * included: views[0..cap), of which `len` are taken.
 */
struct vmc_message_room {
	struct vmc_view *views;
	uint32_t cap, len;
};

/*
 * Reads `bytes` as the message that `fields` describes, into `message`, whose
 * lists were given their types and rooms; everything else in it must be
 * zeroed. `name` is the message's, for errors. `room` and `error` may be NULL.
 *
 * VMC_ERR_MALFORMED: it is not such a message; or elements of a list that
 *                    grows in the room came with others between them, which
 *                    no encoder does (by name).
 * VMC_ERR_TOO_BIG:   a list or a text does not fit; `error` names the field
 *                    and the knob.
 */
enum vmc_status vmc_message_read(struct vmc_view bytes, const char *name,
				 const struct pb_msgdesc_s *fields,
				 void *message, struct vmc_message_room *room,
				 struct vmc_error *error) VMC_CHECKED;

/* Writes it. */
void vmc_message_write(struct vmc_writer *w, const struct pb_msgdesc_s *fields,
		       const void *message);

#endif
