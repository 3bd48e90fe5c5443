/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gRPC's engine, shared by its files:
 *
 *	grpc_engine.c   what vmcache/engine.h asks for: requests and replies
 *	grpc_frames.c   frames that come
 *	grpc_fields.c   header fields that come, and what they make of a call
 *	grpc_streams.c  calls and the bytes of their messages
 *	grpc_output.c   frames that go
 *
 * Invariants:
 * - window[window_at..window_end) is received and not consumed; of a frame
 *   that has begun, frame_left bytes are still to be consumed.
 * - messages[0..messages_used) holds what has come for each stream, without
 *   gaps: stream.at, stream.len.
 * - out[out_sent..out_used) goes out; chunk_len bytes of the payload come at
 *   out[chunk_at], of which chunk_sent are taken. Frames are put whole, so
 *   whatever is put last may be sent after whatever stands there.
 * - One message (a server's reply, a client's request) is on its way at a
 *   time. It ends when its last byte is taken, or, if the peer does not want
 *   the rest, when no frame of it is half sent.
 */
#ifndef VMC_GRPC_ENGINE_H
#define VMC_GRPC_ENGINE_H

#include "vmcache/grpc.h"

#include "../wire/grpc_frame.h"
#include "../wire/h2_frame.h"
#include "../wire/hpack.h"

/* stream.flags */
enum {
	STREAM_ENDED = 1,     /* the peer sends no more on it */
	STREAM_READY = 2,     /* complete: its event is due */
	STREAM_ASKED = 4,     /* server: the host has it, and is to answer */
	STREAM_HEADERS = 8,   /* client: response headers have come */
	STREAM_OVERSIZE = 16, /* client: the response is thrown away */
	STREAM_SHOWN = 32     /* an event shows its bytes; or, a client's, it
			       * was cancelled. Until the next event is asked
			       * for, nothing moves */
};

/* g->message */
enum { MESSAGE_NONE, MESSAGE_BEGUN, MESSAGE_STARTED };

/* g->reports */
enum { REPORT_STARTED = 1, REPORT_DELIVERED = 2, REPORT_BROKEN = 4 };

/* No grpc-status has come. */
#define CODE_NONE 0xff

/*
 * Output
 */

/* A frame is put between these two; what does not fit leaves nothing. */
void vmc_grpc_frame_open(struct vmc_grpc *g, struct vmc_writer *w,
			 enum vmc_h2_type type, unsigned flags,
			 uint32_t stream);
void vmc_grpc_frame_close(struct vmc_grpc *g, struct vmc_writer *w);

/* A frame whose payload is a number of 4 bytes. */
void vmc_grpc_put_number(struct vmc_grpc *g, enum vmc_h2_type type,
			 uint32_t stream, uint32_t number);

/* Bytes that can still be put. */
size_t vmc_grpc_room(const struct vmc_grpc *g);

/* 1 if whatever a frame from the peer asks for could be put. */
int vmc_grpc_can_answer(const struct vmc_grpc *g);

void vmc_grpc_put_begin(struct vmc_grpc *g);
void vmc_grpc_put_goaway(struct vmc_grpc *g, enum vmc_h2_error error,
			 const char *why);

/* Opens the frame of a response's headers, with what is always there. */
void vmc_grpc_open_response(struct vmc_grpc *g, struct vmc_writer *w,
			    unsigned flags, uint32_t stream,
			    unsigned http_status);
void vmc_grpc_put_trailers(struct vmc_writer *w, enum vmc_code code,
			   struct vmc_view text);

/* Puts as much of the message on its way into frames as may go. */
void vmc_grpc_pour(struct vmc_grpc *g);

/* Nobody wants the rest of the message. */
void vmc_grpc_break_message(struct vmc_grpc *g);

/* 1 if there is something to send now. */
int vmc_grpc_sends(const struct vmc_grpc *g);

/* see vmcache/engine.h */
int vmc_grpc_send_buf(void *engine, struct vmc_view *parts, size_t *parts_len);
void vmc_grpc_send_ack(void *engine, size_t len);

/*
 * Streams
 */

/* NULL: it is not there. Of 0, a free one before the last that is used. */
struct vmc_grpc_stream *vmc_grpc_find(struct vmc_grpc *g, uint32_t id);

/* NULL: VMC_STREAM_MAX are there. */
struct vmc_grpc_stream *vmc_grpc_open(struct vmc_grpc *g, uint32_t id);

void vmc_grpc_free(struct vmc_grpc *g, struct vmc_grpc_stream *stream);

/* Adds to the stream's bytes; 0 if there is no room. */
int vmc_grpc_keep(struct vmc_grpc *g, struct vmc_grpc_stream *stream,
		  struct vmc_view bytes);

/* The last `len` of the stream's bytes were too many. */
void vmc_grpc_shrink(struct vmc_grpc *g, struct vmc_grpc_stream *stream,
		     size_t len);

/* Lets go of the stream's bytes. */
void vmc_grpc_forget(struct vmc_grpc *g, struct vmc_grpc_stream *stream);

/* The largest message of a stream. */
uint32_t vmc_grpc_message_max(const struct vmc_grpc *g,
			      const struct vmc_grpc_stream *stream);

/* The stream is over, and the peer is told why by RST_STREAM. The event says
 * that no answer is wanted, if one was being waited for. */
void vmc_grpc_reset(struct vmc_grpc *g, uint32_t id, enum vmc_h2_error error,
		    struct vmc_engine_event *event);

/* The same, without a word: the peer has ended it. */
void vmc_grpc_abandon(struct vmc_grpc *g, uint32_t id,
		      struct vmc_engine_event *event);

/* Server: answers at once with an error; the stream is over. */
void vmc_grpc_refuse(struct vmc_grpc *g, struct vmc_grpc_stream *stream,
		     unsigned http_status, enum vmc_code code,
		     const char *text);

/* Client: the call has come to its end without a response of its own. */
void vmc_grpc_fail(struct vmc_grpc_stream *stream, enum vmc_code code,
		   const char *why);

/* DATA of a stream has come, and its end. */
void vmc_grpc_data(struct vmc_grpc *g, struct vmc_grpc_stream *stream,
		   struct vmc_view bytes, struct vmc_engine_event *event);
void vmc_grpc_end(struct vmc_grpc *g, struct vmc_grpc_stream *stream,
		  struct vmc_engine_event *event);

/*
 * Input
 */

/* Something of no use has come, or was caused. */
void vmc_grpc_strike(struct vmc_grpc *g);

/* The connection cannot go on: GOAWAY, and `why` as the reason. */
void vmc_grpc_break(struct vmc_grpc *g, enum vmc_h2_error error,
		    const char *why);

/* Acts on a piece of what has come. 0: nothing more can be done now. */
int vmc_grpc_step(struct vmc_grpc *g, struct vmc_engine_event *event);

/* A header block: begins, has a field, has ended. The middle may be known: 1
 * if all bytes of the block are those of one that was learnt, whose fields
 * need not be read again. It is learnt once its fields have been read, if they
 * did not change HPACK's table; whatever does makes it unknown. */
void vmc_grpc_block_begin(struct vmc_grpc *g);
void vmc_grpc_block_field(struct vmc_grpc *g,
			  const struct vmc_hpack_field *field);
int vmc_grpc_block_known(struct vmc_grpc *g, struct vmc_view bytes);
void vmc_grpc_block_learn(struct vmc_grpc *g, struct vmc_view bytes);
void vmc_grpc_block_end(struct vmc_grpc *g, struct vmc_engine_event *event);

/* Service and method of a request, out of its path; 0 if it is no path of
 * gRPC's. */
int vmc_grpc_names(const struct vmc_grpc *g,
		   const struct vmc_grpc_stream *stream,
		   struct vmc_engine_event *event);

#endif
