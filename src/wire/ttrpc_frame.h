/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ttrpc on the wire (github.com/containerd/ttrpc, PROTOCOL.md 1.2): the
 * frame's header, and the two messages that travel in frames of unary
 * calls (request.proto).
 *
 *	u32 BE length of the data | u32 BE stream | u8 type | u8 flags | data
 *
 * Messages are read into views and written around a payload that is not
 * copied: a payload may be larger than any buffer that we have.
 */
#ifndef VMC_WIRE_TTRPC_FRAME_H
#define VMC_WIRE_TTRPC_FRAME_H

#include "vmcache/status.h"

#include "../base/cursor.h"

#define VMC_TTRPC_HEADER_SIZE 10

/* "The maximum length of data is 4 MiB" (PROTOCOL.md, Message Frame). */
#define VMC_TTRPC_DATA_MAX 4194304u

enum vmc_ttrpc_type {
	VMC_TTRPC_REQUEST = 1,
	VMC_TTRPC_RESPONSE = 2,
	VMC_TTRPC_DATA = 3 /* of streams, which no call of ours has */
};

struct vmc_ttrpc_header {
	uint32_t length; /* of the data */
	uint32_t stream;
	uint8_t type;
	uint8_t flags; /* 0 for unary calls; not looked at */
};

/*
 * VMC_ERR_SHORT:    less than VMC_TTRPC_HEADER_SIZE bytes.
 * VMC_ERR_PROTOCOL: 16 MiB or more of data. "The first frame byte should
 *                   always be zero" (PROTOCOL.md): not ttrpc at all.
 */
enum vmc_status vmc_ttrpc_header_read(struct vmc_ttrpc_header *header,
				      struct vmc_reader *r) VMC_CHECKED;
void vmc_ttrpc_header_write(const struct vmc_ttrpc_header *header,
			    struct vmc_writer *w);

/* Request. Metadata is read over. */
struct vmc_ttrpc_request {
	struct vmc_view service, method, payload;
	struct vmc_view tail; /* written: the payload's end, elsewhere */
	int64_t timeout_ns;   /* 0: none; negative: passed already */
};

/*
 * VMC_ERR_MALFORMED: `why` says what, in words that may go to the peer.
 */
enum vmc_status vmc_ttrpc_request_read(struct vmc_ttrpc_request *request,
				       struct vmc_view data,
				       const char **why) VMC_CHECKED;

/*
 * Writes all but the tail's own bytes, which follow from where they are: so
 * the payload comes last. `len` is of what is written.
 */
size_t vmc_ttrpc_request_len(const struct vmc_ttrpc_request *request);
void vmc_ttrpc_request_write(const struct vmc_ttrpc_request *request,
			     struct vmc_writer *w);

/* Response. OK is an absent status (Go) or one with code 0 (Rust). */
struct vmc_ttrpc_response {
	enum vmc_code code; /* read: others than 0..16 become UNKNOWN */
	struct vmc_view message, payload;
};

/* VMC_ERR_MALFORMED, as above. */
enum vmc_status vmc_ttrpc_response_read(struct vmc_ttrpc_response *response,
					struct vmc_view data,
					const char **why) VMC_CHECKED;

/*
 * Writes all but the payload's own bytes, of which only the length counts
 * here; they come last, so they can follow from where they are. Success is
 * written as Go does. `len` is of what is written.
 */
size_t vmc_ttrpc_response_head_len(const struct vmc_ttrpc_response *response);
void vmc_ttrpc_response_head_write(const struct vmc_ttrpc_response *response,
				   struct vmc_writer *w);

#endif
