/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gRPC's engine: what a host asks of it. See vmcache/grpc.h; what its files
 * share, and its invariants, are in grpc_engine.h.
 */
#include "grpc_engine.h"

#include <string.h>

_Static_assert(sizeof(struct vmc_grpc_slot) <= 24576 ||
		       VMC_GRPC_WINDOW_SIZE > 8192 || VMC_STREAM_MAX > 64 ||
		       VMC_ERROR_TEXT_SIZE > 192,
	       "a connection of gRPC takes at most 24 KiB with the default "
	       "knobs");
_Static_assert(sizeof(struct vmc_grpc_slot) == 12288 ||
		       VMC_GRPC_WINDOW_SIZE != 4096 || VMC_STREAM_MAX != 32 ||
		       VMC_ERROR_TEXT_SIZE != 192 || sizeof(void *) < 8,
	       "with them it is three pages; of any other size, slots begin "
	       "elsewhere in theirs, and each takes one more");

/* A reply's headers and first frame, or an error's headers less its text. */
#define REPLY_MAX 128

/* The same of a request, less service and method; and what may stand before
 * one in `out`: what a client begins with, or a few answers. */
#define REQUEST_MAX 160
#define BEFORE_MAX (VMC_H2_PREFACE_SIZE + VMC_H2_HEADER_SIZE + 12)

static void init(struct vmc_grpc *g, int is_server, uint8_t *window,
		 size_t window_len, uint8_t *out, size_t out_len)
{
	memset(g, 0, offsetof(struct vmc_grpc, hpack));
	vmc_hpack_init(&g->hpack);
	g->is_server = (uint8_t)is_server;
	g->window = window;
	g->window_len = (uint32_t)window_len / 4;
	g->messages = window + g->window_len;
	g->messages_len = (uint32_t)window_len - g->window_len;
	g->out = out;
	g->out_len = (uint32_t)out_len;
	g->send_window = g->recv_window = g->peer_window = VMC_H2_WINDOW;
	g->peer_frame_max = VMC_H2_FRAME_MAX;
	g->peer_stream_max = UINT32_MAX;
	g->table_size_due = 1;
	if (is_server)
		g->preface_left = VMC_H2_PREFACE_SIZE;
	vmc_grpc_put_begin(g);
}

static void server_init(void *engine, uint8_t *window, size_t window_len,
			uint8_t *out, size_t out_len)
{
	init(engine, 1, window, window_len, out, out_len);
}

static void client_init(void *engine, uint8_t *window, size_t window_len,
			uint8_t *out, size_t out_len)
{
	init(engine, 0, window, window_len, out, out_len);
}

/*
 * Receiving
 */

static int recv_buf(void *engine, uint8_t **buf, size_t *buf_len)
{
	const struct vmc_grpc *g = engine;

	if (g->reason || g->ended || !vmc_grpc_can_answer(g))
		return 0;
	*buf = g->window + g->window_end;
	*buf_len = g->window_len - g->window_end;
	return *buf_len > 0;
}

static void recv_ack(void *engine, size_t len)
{
	struct vmc_grpc *g = engine;

	g->window_end += (uint32_t)len;
}

static void recv_end(void *engine)
{
	struct vmc_grpc *g = engine;

	g->ended = 1;
}

/* What is left is the beginning of something: it moves to the front. */
static void compact(struct vmc_grpc *g)
{
	uint32_t left = g->window_end - g->window_at;

	if (g->window_at > 0 && left > 0)
		memmove(g->window, g->window + g->window_at, left);
	g->window_at = 0;
	g->window_end = left;
}

/*
 * Replies and requests
 */

static uint32_t open_calls(const struct vmc_grpc *g)
{
	uint32_t i, open = 0;

	for (i = 0; i < g->stream_len; i++)
		open += g->stream[i].id != 0;
	return open;
}

/* A client may have as many calls as the server allows. */
static int idle(void *engine)
{
	const struct vmc_grpc *g = engine;

	if (g->message != MESSAGE_NONE || g->reports || g->reason)
		return 0;
	if (g->is_server)
		return vmc_grpc_room(g) >= REPLY_MAX + 3 * VMC_ERROR_TEXT_SIZE;
	return g->out_used <= BEFORE_MAX && open_calls(g) < VMC_STREAM_MAX &&
	       open_calls(g) < g->peer_stream_max;
}

/* 0: more than any message has. */
static int begin_message(struct vmc_grpc *g, uint32_t stream,
			 const struct vmc_view *parts, size_t parts_len)
{
	size_t i;

	g->payload_len = g->payload_at = g->chunk_len = 0;
	g->message_end = 0;
	g->message_broken = 0;
	g->message_stream = stream;
	g->parts_len = (uint8_t)parts_len;
	if (parts_len > VMC_ENGINE_PARTS_MAX)
		return 0;
	for (i = 0; i < parts_len; i++) {
		if (parts[i].ptr_len > VMC_GRPC_MESSAGE_MAX - g->payload_len)
			return 0;
		g->parts[i] = parts[i];
		g->payload_len += (uint32_t)parts[i].ptr_len;
	}
	return 1;
}

static void reply_payload(struct vmc_grpc *g)
{
	struct vmc_writer w;

	vmc_grpc_open_response(g, &w, 0, g->message_stream, 200);
	vmc_grpc_frame_close(g, &w);
	g->message = MESSAGE_BEGUN;
	vmc_grpc_pour(g);
}

/* A text is cut before an error's words are lost altogether. */
static void reply_error(struct vmc_grpc *g, enum vmc_code code,
			const char *message)
{
	struct vmc_view text = vmc_view_of(message);
	struct vmc_writer w;

	if (text.ptr_len > VMC_ERROR_TEXT_SIZE)
		text.ptr_len = VMC_ERROR_TEXT_SIZE;
	if ((unsigned)code > VMC_CODE_UNAUTHENTICATED)
		code = VMC_CODE_UNKNOWN;
	vmc_grpc_open_response(g, &w, VMC_H2_END_STREAM, g->message_stream,
			       200);
	vmc_grpc_put_trailers(&w, code, text);
	vmc_grpc_frame_close(g, &w);
	g->message = MESSAGE_BEGUN;
	g->message_end = g->out_used;
}

static enum vmc_status reply(void *engine, const struct vmc_engine_reply *reply)
{
	struct vmc_grpc *g = engine;
	struct vmc_grpc_stream *stream = vmc_grpc_find(g, reply->stream);

	if (!idle(g))
		return VMC_ERR_BUSY;
	if (reply->stream == 0 || !stream || !(stream->flags & STREAM_ASKED))
		return VMC_ERR_STATE;
	if (!begin_message(g, reply->stream, reply->parts, reply->parts_len))
		return VMC_ERR_TOO_BIG;
	stream->flags &= (uint8_t)~STREAM_ASKED;
	if (reply->code == VMC_CODE_OK)
		reply_payload(g);
	else
		reply_error(g, reply->code, reply->message);
	return VMC_OK;
}

static void put_request(struct vmc_grpc *g,
			const struct vmc_engine_request *request,
			struct vmc_writer *w)
{
	struct vmc_view service = vmc_view_of(request->service);
	struct vmc_view method = vmc_view_of(request->method);
	uint8_t digits[VMC_GRPC_TIMEOUT_SIZE];
	struct vmc_writer timeout;
	struct vmc_view value = { digits, 0 };

	if (g->table_size_due)
		vmc_hpack_write_table_size(w, 0);
	vmc_hpack_write_indexed(w, VMC_HPACK_METHOD_POST);
	vmc_hpack_write_indexed(w, VMC_HPACK_SCHEME_HTTP);
	vmc_hpack_write_literal_head(w, VMC_HPACK_PATH,
				     service.ptr_len + method.ptr_len + 2);
	vmc_put_u8(w, '/');
	vmc_put_bytes(w, service);
	vmc_put_u8(w, '/');
	vmc_put_bytes(w, method);
	vmc_hpack_write_literal(w, VMC_HPACK_AUTHORITY,
				vmc_view_of("localhost"));
	vmc_hpack_write_literal(w, VMC_HPACK_CONTENT_TYPE,
				vmc_view_of("application/grpc"));
	vmc_hpack_write_named(w, vmc_view_of("te"), vmc_view_of("trailers"));
	if (request->timeout_ns == 0)
		return;
	vmc_writer_init(&timeout, digits, sizeof(digits));
	vmc_grpc_timeout_write(&timeout, request->timeout_ns);
	value.ptr_len = timeout.len;
	vmc_hpack_write_named(w, vmc_view_of("grpc-timeout"), value);
}

/* The payload may wait for the peer's window: it is kept at the end. */
static void copy_payload(struct vmc_grpc *g, struct vmc_view *payload)
{
	g->copied_len = (uint32_t)payload->ptr_len;
	g->out_len -= g->copied_len;
	if (g->copied_len > 0)
		memmove(g->out + g->out_len, payload->ptr, g->copied_len);
	payload->ptr = g->out + g->out_len;
}

/* Why no further call can be made on this connection now. */
static enum vmc_status judge_next(struct vmc_grpc *g)
{
	if (g->goodbye || g->last_stream >= VMC_H2_WINDOW_TOP - 1)
		return VMC_ERR_FULL;
	return idle(g) ? VMC_OK : VMC_ERR_BUSY;
}

static enum vmc_status request(void *engine,
			       const struct vmc_engine_request *request,
			       uint32_t *stream)
{
	struct vmc_grpc *g = engine;
	struct vmc_view parts[] = { request->payload, request->tail };
	enum vmc_status status = judge_next(g);
	size_t names_len = vmc_view_of(request->service).ptr_len +
			   vmc_view_of(request->method).ptr_len;
	struct vmc_writer w;
	uint32_t id;

	if (status)
		return status;
	id = g->last_stream + (g->last_stream ? 2 : 1);
	if (BEFORE_MAX + REQUEST_MAX + names_len + parts[0].ptr_len >
		    g->out_len ||
	    !begin_message(g, id, parts, sizeof(parts) / sizeof(parts[0])))
		return VMC_ERR_TOO_BIG;
	if (!vmc_grpc_open(g, id))
		return VMC_ERR_BUSY; /* idle has said that there is room */
	copy_payload(g, &g->parts[0]);
	g->last_stream = *stream = id;
	vmc_grpc_frame_open(g, &w, VMC_H2_HEADERS, VMC_H2_END_HEADERS, id);
	put_request(g, request, &w);
	vmc_grpc_frame_close(g, &w);
	g->table_size_due = 0;
	g->message = MESSAGE_BEGUN;
	vmc_grpc_pour(g);
	return VMC_OK;
}

/* What of its request is not sent is not sent any more. */
static void end_call(struct vmc_grpc *g, struct vmc_grpc_stream *stream)
{
	int unsent = g->message != MESSAGE_NONE && !g->message_broken &&
		     g->message_stream == stream->id && !g->message_end;

	if (unsent || !(stream->flags & STREAM_ENDED))
		vmc_grpc_put_number(g, VMC_H2_RST_STREAM, stream->id,
				    VMC_H2_CANCEL);
	stream->flags |= STREAM_ENDED | STREAM_SHOWN;
	if (unsent)
		vmc_grpc_break_message(g);
}

static void cancel(void *engine, uint32_t id)
{
	struct vmc_grpc *g = engine;
	struct vmc_grpc_stream *stream = vmc_grpc_find(g, id);

	if (stream && id)
		end_call(g, stream);
}

static void goodbye(void *engine)
{
	struct vmc_grpc *g = engine;

	if (!g->goodbye && !g->reason)
		vmc_grpc_put_goaway(g, VMC_H2_NO_ERROR, NULL);
	g->goodbye = 1;
}

/*
 * Events
 */

static int next_report(struct vmc_grpc *g, struct vmc_engine_event *event)
{
	if (!g->reports)
		return 0;
	event->stream = g->message_stream;
	if (g->reports & REPORT_STARTED) {
		g->reports &= (uint8_t)~REPORT_STARTED;
		event->type = VMC_ENGINE_STARTED;
		return 1;
	}
	event->type = g->reports & REPORT_BROKEN ? VMC_ENGINE_CANCELLED :
						   VMC_ENGINE_DELIVERED;
	g->reports = 0;
	return 1;
}

static void drop(struct vmc_grpc *g, struct vmc_grpc_stream *stream)
{
	stream->flags &= (uint8_t)~STREAM_SHOWN;
	if (g->is_server) {
		vmc_grpc_forget(g, stream);
		return;
	}
	end_call(g, stream);
	vmc_grpc_free(g, stream);
}

/* What the last event showed is not needed any more. */
static void drop_shown(struct vmc_grpc *g)
{
	unsigned i;

	for (i = 0; i < g->stream_len; i++)
		if (g->stream[i].id && g->stream[i].flags & STREAM_SHOWN)
			drop(g, &g->stream[i]);
}

/* The complete one that came first. */
static struct vmc_grpc_stream *find_ready(struct vmc_grpc *g)
{
	struct vmc_grpc_stream *found = NULL;
	unsigned i;

	for (i = 0; i < g->stream_len; i++) {
		struct vmc_grpc_stream *stream = &g->stream[i];

		if (stream->id && stream->flags & STREAM_READY &&
		    (!found || stream->id < found->id))
			found = stream;
	}
	return found;
}

static void show_request(struct vmc_grpc *g, struct vmc_grpc_stream *stream,
			 struct vmc_engine_event *event)
{
	size_t head_len = stream->head_len + VMC_GRPC_PREFIX_SIZE;

	if (!vmc_grpc_names(g, stream, event))
		return; /* it was judged before */
	event->type = VMC_ENGINE_REQUEST;
	event->timeout_ns = stream->own.timeout_ns;
	event->payload.ptr = g->messages + stream->at + head_len;
	event->payload.ptr_len = stream->len - head_len;
	stream->flags |= STREAM_ASKED;
}

static void show_response(struct vmc_grpc *g, struct vmc_grpc_stream *stream,
			  struct vmc_engine_event *event)
{
	const uint8_t *bytes = g->messages + stream->at;

	event->type = stream->flags & STREAM_OVERSIZE ? VMC_ENGINE_OVERSIZE :
							VMC_ENGINE_RESPONSE;
	event->code = (enum vmc_code)stream->code;
	event->message.ptr = bytes + stream->head_len;
	event->message.ptr_len = stream->len - stream->head_len;
	if (stream->own.why)
		event->message = vmc_view_of(stream->own.why);
	if (stream->code != VMC_CODE_OK)
		return;
	event->payload.ptr = bytes + VMC_GRPC_PREFIX_SIZE;
	event->payload.ptr_len = stream->head_len - VMC_GRPC_PREFIX_SIZE;
}

static int show_ready(struct vmc_grpc *g, struct vmc_engine_event *event)
{
	struct vmc_grpc_stream *stream;

	if (g->is_server && !idle(g))
		return 0;
	stream = find_ready(g);
	if (!stream)
		return 0;
	memset(event, 0, sizeof(*event));
	stream->flags ^= STREAM_READY | STREAM_SHOWN;
	event->stream = stream->id;
	if (g->is_server)
		show_request(g, stream, event);
	else
		show_response(g, stream, event);
	return 1;
}

static int next(void *engine, struct vmc_engine_event *event)
{
	struct vmc_grpc *g = engine;
	int sent = vmc_grpc_sends(g);

	if (next_report(g, event))
		return 1;
	drop_shown(g);
	event->type = VMC_ENGINE_NONE;
	do {
		if (show_ready(g, event))
			return 1;
	} while (vmc_grpc_step(g, event) && event->type == VMC_ENGINE_NONE &&
		 !g->reports);
	compact(g);
	vmc_grpc_pour(g);
	if (event->type != VMC_ENGINE_NONE || next_report(g, event))
		return 1;
	return !sent && vmc_grpc_sends(g);
}

/*
 * State
 */

/* 1 if something that has begun to arrive is not complete. */
static int partial(void *engine)
{
	struct vmc_grpc *g = engine;
	unsigned i;

	if (g->preface_left || !g->settings_seen || g->frame_begun ||
	    g->block_open || g->window_end > g->window_at)
		return 1;
	for (i = 0; i < g->stream_len; i++)
		if (g->stream[i].id && !(g->stream[i].flags & STREAM_ENDED))
			return 1;
	return 0;
}

static enum vmc_status failed(void *engine, const char **reason)
{
	struct vmc_grpc *g = engine;

	*reason = g->reason;
	if (g->reason)
		return VMC_ERR_PROTOCOL;
	if (!g->ended || find_ready(g))
		return VMC_OK;
	if (g->is_server && partial(g)) {
		*reason = "ended inside a request";
		return VMC_ERR_LOST;
	}
	*reason = "ended";
	return VMC_CLOSED;
}

const struct vmc_engine_ops vmc_grpc_server = {
	.name = "grpc",
	.first_byte = 'P',
	.size = sizeof(struct vmc_grpc),
	.init = server_init,
	.recv_buf = recv_buf,
	.recv_ack = recv_ack,
	.recv_end = recv_end,
	.send_buf = vmc_grpc_send_buf,
	.send_ack = vmc_grpc_send_ack,
	.next = next,
	.idle = idle,
	.partial = partial,
	.failed = failed,
	.reply = reply,
	.goodbye = goodbye,
};

const struct vmc_engine_ops vmc_grpc_client = {
	.name = "grpc",
	.first_byte = 'P',
	.size = sizeof(struct vmc_grpc),
	.init = client_init,
	.recv_buf = recv_buf,
	.recv_ack = recv_ack,
	.recv_end = recv_end,
	.send_buf = vmc_grpc_send_buf,
	.send_ack = vmc_grpc_send_ack,
	.next = next,
	.idle = idle,
	.partial = partial,
	.failed = failed,
	.request = request,
	.cancel = cancel,
};
