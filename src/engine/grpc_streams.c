/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gRPC's engine: calls, and the bytes that have come for each. Those stand
 * one behind the other, and move when one before them grows or goes; a
 * request of the cache is 34 bytes.
 */
#include "grpc_engine.h"

#include "../base/text.h"

#include <string.h>

/* see grpc_engine.h */
struct vmc_grpc_stream *vmc_grpc_find(struct vmc_grpc *g, uint32_t id)
{
	unsigned i;

	for (i = 0; i < g->stream_len; i++)
		if (g->stream[i].id == id)
			return &g->stream[i];
	return NULL;
}

/* see grpc_engine.h */
struct vmc_grpc_stream *vmc_grpc_open(struct vmc_grpc *g, uint32_t id)
{
	struct vmc_grpc_stream *stream = vmc_grpc_find(g, 0);

	if (!stream && g->stream_len < VMC_STREAM_MAX)
		stream = &g->stream[g->stream_len++];
	if (!stream)
		return NULL;
	memset(stream, 0, sizeof(*stream));
	stream->id = id;
	stream->at = g->messages_used;
	stream->content_length = UINT32_MAX;
	stream->send_window = g->peer_window;
	stream->recv_window = VMC_H2_WINDOW;
	stream->code = CODE_NONE;
	return stream;
}

/* What stands at `from` or behind moves by `by`. */
static void move(struct vmc_grpc *g, uint32_t from, int32_t by)
{
	unsigned i;

	memmove(g->messages + from + by, g->messages + from,
		g->messages_used - from);
	g->messages_used += (uint32_t)by;
	for (i = 0; i < g->stream_len; i++)
		if (g->stream[i].id && g->stream[i].at >= from)
			g->stream[i].at += (uint32_t)by;
}

/* see grpc_engine.h */
int vmc_grpc_keep(struct vmc_grpc *g, struct vmc_grpc_stream *stream,
		  struct vmc_view bytes)
{
	uint32_t at = stream->at, end = at + stream->len;
	uint32_t len = (uint32_t)bytes.ptr_len;

	if (len > g->messages_len - g->messages_used)
		return 0;
	if (len == 0)
		return 1;
	move(g, end, (int32_t)len);
	stream->at = at; /* an empty one has moved with those behind it */
	memcpy(g->messages + end, bytes.ptr, len);
	stream->len += len;
	return 1;
}

/* see grpc_engine.h */
void vmc_grpc_shrink(struct vmc_grpc *g, struct vmc_grpc_stream *stream,
		     size_t len)
{
	uint32_t end = stream->at + stream->len;

	stream->len -= (uint32_t)len;
	if (len > 0)
		move(g, end, -(int32_t)len);
}

/* see grpc_engine.h */
void vmc_grpc_forget(struct vmc_grpc *g, struct vmc_grpc_stream *stream)
{
	vmc_grpc_shrink(g, stream, stream->len);
	stream->head_len = 0;
}

/* see grpc_engine.h */
void vmc_grpc_free(struct vmc_grpc *g, struct vmc_grpc_stream *stream)
{
	if (!stream)
		return;
	vmc_grpc_forget(g, stream);
	stream->id = 0;
	while (g->stream_len > 0 && g->stream[g->stream_len - 1].id == 0)
		g->stream_len--;
}

/* see grpc_engine.h */
uint32_t vmc_grpc_message_max(const struct vmc_grpc *g,
			      const struct vmc_grpc_stream *stream)
{
	return g->messages_len - VMC_GRPC_PREFIX_SIZE -
	       (g->is_server ? stream->head_len : 0);
}

/*
 * Ends
 */

/* see grpc_engine.h */
void vmc_grpc_abandon(struct vmc_grpc *g, uint32_t id,
		      struct vmc_engine_event *event)
{
	struct vmc_grpc_stream *stream = vmc_grpc_find(g, id);

	vmc_grpc_strike(g);
	if (!stream)
		return;
	if (g->message != MESSAGE_NONE && g->message_stream == id) {
		vmc_grpc_break_message(g); /* which frees a server's stream */
		if (g->is_server)
			return;
	}
	if (!g->is_server) {
		vmc_grpc_fail(stream, VMC_CODE_INTERNAL,
			      "response breaks the rules of HTTP/2");
		return;
	}
	if (stream->flags & STREAM_ASKED) {
		event->type = VMC_ENGINE_CANCELLED;
		event->stream = id;
	}
	vmc_grpc_free(g, stream);
}

/* see grpc_engine.h */
void vmc_grpc_reset(struct vmc_grpc *g, uint32_t id, enum vmc_h2_error error,
		    struct vmc_engine_event *event)
{
	vmc_grpc_put_number(g, VMC_H2_RST_STREAM, id, error);
	g->last_reset = id;
	vmc_grpc_abandon(g, id, event);
}

/* see grpc_engine.h */
void vmc_grpc_refuse(struct vmc_grpc *g, struct vmc_grpc_stream *stream,
		     unsigned http_status, enum vmc_code code, const char *text)
{
	static const char encoding[] = "grpc-accept-encoding";
	struct vmc_writer w;

	vmc_grpc_open_response(g, &w, VMC_H2_END_STREAM, stream->id,
			       http_status);
	if (code == VMC_CODE_UNIMPLEMENTED)
		vmc_hpack_write_named(&w, vmc_view_of(encoding),
				      vmc_view_of("identity"));
	vmc_grpc_put_trailers(&w, code, vmc_view_of(text));
	vmc_grpc_frame_close(g, &w);
	if (!(stream->flags & STREAM_ENDED)) {
		vmc_grpc_put_number(g, VMC_H2_RST_STREAM, stream->id,
				    VMC_H2_NO_ERROR);
		g->last_reset = stream->id;
	}
	vmc_grpc_strike(g);
	vmc_grpc_free(g, stream);
}

/* see grpc_engine.h */
void vmc_grpc_fail(struct vmc_grpc_stream *stream, enum vmc_code code,
		   const char *why)
{
	stream->code = (uint8_t)code;
	stream->own.why = why;
	stream->flags |= STREAM_ENDED | STREAM_READY;
}

/*
 * Messages
 */

/* A call cannot be served, or its response not be taken. */
static void give_up(struct vmc_grpc *g, struct vmc_grpc_stream *stream,
		    enum vmc_code code, const char *why)
{
	if (g->is_server) {
		vmc_grpc_refuse(g, stream, 200, code, why);
		return;
	}
	if (!(stream->flags & STREAM_ENDED))
		vmc_grpc_put_number(g, VMC_H2_RST_STREAM, stream->id,
				    VMC_H2_CANCEL);
	vmc_grpc_fail(stream, code, why);
}

/* "message length … exceed maximum message size of …" */
#define WORDS_SIZE 80

static void give_up_oversize(struct vmc_grpc *g, struct vmc_grpc_stream *stream,
			     uint32_t length)
{
	char words[WORDS_SIZE];
	struct vmc_text text;
	struct vmc_view said;

	vmc_text_init(&text, words, sizeof(words));
	vmc_text_add(&text, "message length ");
	vmc_text_add_number(&text, length);
	vmc_text_add(&text, " exceed maximum message size of ");
	vmc_text_add_number(&text, vmc_grpc_message_max(g, stream));
	if (g->is_server) {
		give_up(g, stream, VMC_CODE_RESOURCE_EXHAUSTED, words);
		return;
	}
	give_up(g, stream, VMC_CODE_RESOURCE_EXHAUSTED, NULL);
	stream->flags |= STREAM_OVERSIZE;
	vmc_grpc_forget(g, stream);
	said.ptr = (const uint8_t *)words;
	said.ptr_len = text.len;
	if (!vmc_grpc_keep(g, stream, said))
		stream->own.why = "response is larger than its window";
}

/* The message that has come so far, prefix included. */
static struct vmc_view message_of(const struct vmc_grpc *g,
				  const struct vmc_grpc_stream *stream)
{
	struct vmc_view message = { g->messages + stream->at, stream->len };

	if (g->is_server) {
		message.ptr += stream->head_len;
		message.ptr_len -= stream->head_len;
	} else {
		message.ptr_len = stream->head_len;
	}
	return message;
}

/* 1 if what has come can be the beginning of one message. */
static int judge_message(struct vmc_grpc *g, struct vmc_grpc_stream *stream)
{
	struct vmc_view message = message_of(g, stream);
	struct vmc_reader r;
	unsigned flag;
	uint32_t length;

	vmc_reader_init(&r, message);
	flag = vmc_take_u8(&r);
	length = vmc_take_be32(&r);
	if (r.fail)
		return 1;
	if (flag != 0)
		give_up(g, stream, VMC_CODE_INTERNAL,
			"message is compressed, without a grpc-encoding");
	else if (length > vmc_grpc_message_max(g, stream))
		give_up_oversize(g, stream, length);
	else if (r.left > length)
		give_up(g, stream, VMC_CODE_UNIMPLEMENTED,
			"more than one message in a unary call");
	else
		return 1;
	return 0;
}

/* 1 if it is kept, and may go on. */
static int keep_message(struct vmc_grpc *g, struct vmc_grpc_stream *stream,
			struct vmc_view bytes)
{
	if (!vmc_grpc_keep(g, stream, bytes)) {
		give_up(g, stream, VMC_CODE_RESOURCE_EXHAUSTED,
			"too many messages at once");
		return 0;
	}
	if (!g->is_server)
		stream->head_len = stream->len;
	return judge_message(g, stream);
}

/* see grpc_engine.h. The length is judged before what it announces is kept. */
void vmc_grpc_data(struct vmc_grpc *g, struct vmc_grpc_stream *stream,
		   struct vmc_view bytes, struct vmc_engine_event *event)
{
	size_t have = message_of(g, stream).ptr_len;
	struct vmc_view prefix = { bytes.ptr, 0 };

	stream->content_len += (uint32_t)bytes.ptr_len;
	if (stream->content_len > stream->content_length) {
		vmc_grpc_reset(g, stream->id, VMC_H2_PROTOCOL_ERROR, event);
		return;
	}
	if (have < VMC_GRPC_PREFIX_SIZE)
		prefix.ptr_len = VMC_GRPC_PREFIX_SIZE - have;
	if (prefix.ptr_len > bytes.ptr_len)
		prefix.ptr_len = bytes.ptr_len;
	bytes.ptr += prefix.ptr_len;
	bytes.ptr_len -= prefix.ptr_len;
	if (keep_message(g, stream, prefix))
		(void)keep_message(g, stream, bytes);
}

/* 1 if a whole message is there. */
static int is_complete(const struct vmc_grpc *g,
		       const struct vmc_grpc_stream *stream)
{
	struct vmc_reader r;
	unsigned flag;
	uint32_t length;

	vmc_reader_init(&r, message_of(g, stream));
	flag = vmc_take_u8(&r);
	length = vmc_take_be32(&r);
	return !r.fail && flag == 0 && r.left == length;
}

static void end_request(struct vmc_grpc *g, struct vmc_grpc_stream *stream)
{
	if (is_complete(g, stream))
		stream->flags |= STREAM_READY;
	else if (stream->content_len == 0)
		vmc_grpc_refuse(g, stream, 200, VMC_CODE_UNIMPLEMENTED,
				"no message in a unary call");
	else
		vmc_grpc_refuse(g, stream, 200, VMC_CODE_INTERNAL,
				"message ends before it is complete");
}

static void end_response(const struct vmc_grpc *g,
			 struct vmc_grpc_stream *stream)
{
	if (stream->code == CODE_NONE && stream->http_status != 200)
		vmc_grpc_fail(stream,
			      vmc_grpc_code_of_http(stream->http_status),
			      "response is none of gRPC: no grpc-status");
	else if (stream->code == CODE_NONE)
		vmc_grpc_fail(stream, VMC_CODE_INTERNAL,
			      "response ends without a grpc-status");
	else if (stream->code == VMC_CODE_OK && !is_complete(g, stream))
		vmc_grpc_fail(stream, VMC_CODE_INTERNAL,
			      "response ends without a whole message");
	stream->flags |= STREAM_READY;
}

/* see grpc_engine.h */
void vmc_grpc_end(struct vmc_grpc *g, struct vmc_grpc_stream *stream,
		  struct vmc_engine_event *event)
{
	stream->flags |= STREAM_ENDED;
	if (stream->content_length != UINT32_MAX &&
	    stream->content_len != stream->content_length)
		vmc_grpc_reset(g, stream->id, VMC_H2_PROTOCOL_ERROR, event);
	else if (g->is_server)
		end_request(g, stream);
	else
		end_response(g, stream);
}
