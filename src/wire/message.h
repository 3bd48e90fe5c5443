/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages by nanopb, straight from and to public structs.
 *
 * A `struct vmc_message` describes a message: nanopb's description of its
 * fields, bound to the C struct that holds them (message_fields.h), and the
 * words that an error names them by. The agent's are in agent_messages.h.
 * Only message_*.c, agent_messages.c and pbio.c see nanopb.
 *
 * Reading. Views point into the input. As protobuf has it: unknown fields
 *   are skipped, an absent field is its zero value, of a field that comes
 *   twice the last counts, nested messages are joined. Refused are a field of
 *   another wire type than its own, a string that is not UTF-8, and bytes that
 *   end inside a field.
 *
 * Writing. Goes to a writer (../base/cursor.h), which remembers when its
 *   buffer was too small. Zero values are left out.
 */
#ifndef VMC_WIRE_MESSAGE_H
#define VMC_WIRE_MESSAGE_H

#include "vmcache/status.h"
#include "vmcache/view.h"
#include "../base/cursor.h"

struct vmc_message;

/*
 * Room for the lists of one message that is being read, nested ones included:
 * views[0..cap), of which `len` are taken, and `structs_size` bytes for lists
 * of structs, each of which takes as much as `structs_max` of its elements
 * need.
 */
struct vmc_message_room {
	struct vmc_view *views;
	uint32_t cap, len;
	void *structs; /* aligned for any of them */
	size_t structs_size, structs_len;
	uint32_t structs_max;
};

/*
 * Reads `bytes` into `out`, the struct that the message is bound to, which is
 * overwritten as a whole. `room` and `error` may be NULL.
 *
 * VMC_ERR_MALFORMED: it is not such a message; or texts of a list came with
 *                    others between them, which no encoder does (by name).
 * VMC_ERR_TOO_BIG:   a list or a text does not fit; `error` names the field
 *                    and the knob.
 */
enum vmc_status vmc_message_read(struct vmc_view bytes,
				 const struct vmc_message *message, void *out,
				 struct vmc_message_room *room,
				 struct vmc_error *error) VMC_CHECKED;

/*
 * Writes it. What may be long is its tail: only what stands before that is
 * written, and its bytes follow from where they are. Returns them; empty if
 * the message has no tail. `from` may be NULL for a message without fields.
 */
struct vmc_view vmc_message_write(struct vmc_writer *w,
				  const struct vmc_message *message,
				  const void *from);

#endif
