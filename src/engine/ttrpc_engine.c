/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ttrpc's engine. Invariants:
 *
 * - The window begins with a frame's first byte, or `drain` bytes of an
 *   oversize frame come first.
 * - While an event with views is out, they look into window[0..frame_len);
 *   `next` drops that.
 * - One message at a time is on its way out: out[0..out_used), then the
 *   parts, `total` bytes of which `sent` are taken. 0: none.
 * - A server looks at the next frame only while nothing is on its way out.
 *   So every request can be answered at once, every refusal has room, and
 *   a flood of bad frames waits until its sender has read the answers.
 *
 * What a server refuses, and in which words, is what containerd/ttrpc 1.2.8
 * does (server.go, serverConn.run): size first, then parity of the stream's
 * number, type, order, content. What is refused concerns one call only; the
 * connection goes on.
 */
#include "vmcache/engine.h"

#include "../base/text.h"
#include "../wire/ttrpc_frame.h"

#include <string.h>

_Static_assert(sizeof(struct vmc_ttrpc) < 256, "a connection's share");

/* How far the host's reply is. Refusals and requests are not reported. */
enum reply { REPLY_NONE, REPLY_BEGUN, REPLY_STARTED };

enum report { REPORT_STARTED = 1, REPORT_DELIVERED = 2 };

/* What no frame exceeds, however large the window is. */
#define FRAME_MAX (VMC_TTRPC_HEADER_SIZE + VMC_TTRPC_DATA_MAX)

/*
 * The longest head of an error: the frame's header, the status with a tag
 * and a length, its code, its text's tag and length. Lengths are below
 * 2 MiB, since out_len is.
 */
#define ERROR_HEAD_MAX (VMC_TTRPC_HEADER_SIZE + 1 + 3 + 2 + 1 + 3)

static void init(void *engine, uint8_t *window, size_t window_len, uint8_t *out,
		 size_t out_len)
{
	struct vmc_ttrpc *t = engine;

	memset(t, 0, sizeof(*t));
	t->window = window;
	t->window_len =
		window_len < FRAME_MAX ? (uint32_t)window_len : FRAME_MAX;
	t->out = out;
	t->out_len = (uint32_t)out_len;
}

static int sending(const struct vmc_ttrpc *t)
{
	return t->total != 0;
}

/* The most data of a frame that the window holds. */
static uint32_t data_max(const struct vmc_ttrpc *t)
{
	return t->window_len - VMC_TTRPC_HEADER_SIZE;
}

/*
 * Receiving
 */

static int recv_buf(void *engine, uint8_t **buf, size_t *buf_len)
{
	const struct vmc_ttrpc *t = engine;

	if (t->reason || t->ended || t->frame_len)
		return 0;
	*buf = t->window + t->window_used;
	*buf_len = t->window_len - t->window_used;
	return *buf_len > 0;
}

static int server_recv_buf(void *engine, uint8_t **buf, size_t *buf_len)
{
	return !sending(engine) && recv_buf(engine, buf, buf_len);
}

/* Takes `len` bytes off the window's beginning. */
static void consume(struct vmc_ttrpc *t, uint32_t len)
{
	t->window_used -= len;
	if (len > 0 && t->window_used > 0)
		memmove(t->window, t->window + len, t->window_used);
}

static void skip_drained(struct vmc_ttrpc *t)
{
	uint32_t len = t->drain;

	if (len > t->window_used)
		len = t->window_used;
	t->drain -= len;
	consume(t, len);
}

static void recv_ack(void *engine, size_t len)
{
	struct vmc_ttrpc *t = engine;

	t->window_used += (uint32_t)len;
	if (t->drain)
		skip_drained(t);
}

static void recv_end(void *engine)
{
	struct vmc_ttrpc *t = engine;

	t->ended = 1;
}

/*
 * Sending
 */

static void add_part(struct vmc_view *parts, size_t *parts_len,
		     struct vmc_view part, size_t *skip)
{
	if (part.ptr_len <= *skip) {
		*skip -= part.ptr_len;
		return;
	}
	part.ptr += *skip;
	part.ptr_len -= *skip;
	*skip = 0;
	parts[(*parts_len)++] = part;
}

static int send_buf(void *engine, struct vmc_view *parts, size_t *parts_len)
{
	const struct vmc_ttrpc *t = engine;
	struct vmc_view composed = { t->out, t->out_used };
	size_t skip = t->sent;
	unsigned i;

	*parts_len = 0;
	if (!sending(t))
		return 0;
	add_part(parts, parts_len, composed, &skip);
	for (i = 0; i < t->parts_len; i++)
		add_part(parts, parts_len, t->parts[i], &skip);
	return 1;
}

static void send_ack(void *engine, size_t len)
{
	struct vmc_ttrpc *t = engine;
	int complete;

	t->sent += (uint32_t)len;
	complete = t->sent == t->total;
	if (t->reply == REPLY_BEGUN && (t->sent > t->out_used || complete)) {
		t->reply = REPLY_STARTED;
		t->reports |= REPORT_STARTED;
	}
	if (!complete)
		return;
	if (t->reply == REPLY_STARTED)
		t->reports |= REPORT_DELIVERED;
	t->reply = REPLY_NONE;
	t->total = 0;
	t->parts_len = 0;
}

/* What is composed in `out`, and the parts that follow, go on their way. */
static void begin_message(struct vmc_ttrpc *t, size_t out_used,
			  size_t parts_size)
{
	t->out_used = (uint32_t)out_used;
	t->total = (uint32_t)(out_used + parts_size);
	t->sent = 0;
}

/* Composes a response up to its payload's first byte. */
static void compose_response(struct vmc_ttrpc *t, uint32_t stream,
			     const struct vmc_ttrpc_response *response)
{
	size_t payload_len = response->payload.ptr_len;
	size_t head_len = vmc_ttrpc_response_head_len(response);
	struct vmc_ttrpc_header header = {
		.length = (uint32_t)(head_len + payload_len),
		.stream = stream,
		.type = VMC_TTRPC_RESPONSE,
	};
	struct vmc_writer w;

	vmc_writer_init(&w, t->out, t->out_len);
	vmc_ttrpc_header_write(&header, &w);
	vmc_ttrpc_response_head_write(response, &w);
	begin_message(t, w.len, payload_len);
}

/*
 * An error's text is written into `out` behind the room that its head needs
 * at most; composing moves it down to where it belongs.
 */
static void begin_error(struct vmc_ttrpc *t, struct vmc_text *text)
{
	vmc_text_init(text, (char *)t->out + ERROR_HEAD_MAX,
		      t->out_len - ERROR_HEAD_MAX);
}

static void compose_error(struct vmc_ttrpc *t, uint32_t stream,
			  enum vmc_code code, const struct vmc_text *text)
{
	struct vmc_ttrpc_response response = {
		.code = code,
		.message = { (const uint8_t *)text->begin, text->len },
	};

	compose_response(t, stream, &response);
}

/* One of 1..16 that may travel for whatever an error says. */
static enum vmc_code travelling(enum vmc_code code)
{
	if ((unsigned)code > VMC_CODE_UNAUTHENTICATED)
		return VMC_CODE_UNKNOWN;
	return code;
}

static int idle(void *engine)
{
	const struct vmc_ttrpc *t = engine;

	return !sending(t) && !t->reports;
}

static enum vmc_status begin_parts(struct vmc_ttrpc *t,
				   const struct vmc_engine_reply *reply,
				   struct vmc_view *payload)
{
	size_t i;

	if (reply->parts_len > VMC_ENGINE_PARTS_MAX)
		return VMC_ERR_TOO_BIG;
	for (i = 0; i < reply->parts_len; i++) {
		t->parts[i] = reply->parts[i];
		payload->ptr_len += reply->parts[i].ptr_len;
		if (reply->parts[i].ptr_len > VMC_TTRPC_DATA_MAX)
			return VMC_ERR_TOO_BIG;
	}
	return VMC_OK;
}

static enum vmc_status reply_payload(struct vmc_ttrpc *t,
				     const struct vmc_engine_reply *reply)
{
	struct vmc_ttrpc_response response = { .code = VMC_CODE_OK };
	enum vmc_status status = begin_parts(t, reply, &response.payload);
	size_t len = response.payload.ptr_len;

	if (status)
		return status;
	if (len + vmc_ttrpc_response_head_len(&response) > VMC_TTRPC_DATA_MAX)
		return VMC_ERR_TOO_BIG;
	t->parts_len = (uint8_t)reply->parts_len;
	compose_response(t, reply->stream, &response);
	return VMC_OK;
}

static void reply_error(struct vmc_ttrpc *t,
			const struct vmc_engine_reply *reply)
{
	struct vmc_text text;

	begin_error(t, &text);
	vmc_text_add(&text, reply->message);
	compose_error(t, reply->stream, travelling(reply->code), &text);
}

static enum vmc_status reply(void *engine, const struct vmc_engine_reply *reply)
{
	struct vmc_ttrpc *t = engine;
	enum vmc_status status = VMC_OK;

	if (!idle(t))
		return VMC_ERR_BUSY;
	if (reply->code == VMC_CODE_OK)
		status = reply_payload(t, reply);
	else
		reply_error(t, reply);
	if (status)
		return status;
	t->stream = reply->stream;
	t->reply = REPLY_BEGUN;
	return VMC_OK;
}

static enum vmc_status request(void *engine,
			       const struct vmc_engine_request *request,
			       uint32_t *stream)
{
	struct vmc_ttrpc *t = engine;
	struct vmc_ttrpc_request message = {
		.service = vmc_view_of(request->service),
		.method = vmc_view_of(request->method),
		.payload = request->payload,
		.tail = request->tail,
		.timeout_ns = request->timeout_ns < INT64_MAX ?
				      (int64_t)request->timeout_ns :
				      INT64_MAX,
	};
	struct vmc_ttrpc_header header = { .type = VMC_TTRPC_REQUEST };
	size_t len = vmc_ttrpc_request_len(&message);
	struct vmc_writer w;

	if (!idle(t))
		return VMC_ERR_BUSY;
	if (request->tail.ptr_len > VMC_TTRPC_DATA_MAX - len ||
	    len > t->out_len - VMC_TTRPC_HEADER_SIZE)
		return VMC_ERR_TOO_BIG;
	if (t->last_stream == UINT32_MAX)
		return VMC_ERR_FULL;
	t->last_stream += t->last_stream == 0 ? 1 : 2;
	header.stream = *stream = t->last_stream;
	header.length = (uint32_t)(len + request->tail.ptr_len);
	vmc_writer_init(&w, t->out, t->out_len);
	vmc_ttrpc_header_write(&header, &w);
	vmc_ttrpc_request_write(&message, &w);
	t->parts[0] = request->tail;
	t->parts_len = 1;
	begin_message(t, w.len, request->tail.ptr_len);
	return VMC_OK;
}

/* ttrpc has no word for it: a response that comes yet is the host's to
 * ignore. */
static void cancel(void *engine, uint32_t stream)
{
	(void)engine;
	(void)stream;
}

/* Nor for this. */
static void goodbye(void *engine)
{
	(void)engine;
}

/*
 * Events
 */

static int next_report(struct vmc_ttrpc *t, struct vmc_engine_event *event)
{
	if (!t->reports)
		return 0;
	event->stream = t->stream;
	if (t->reports & REPORT_STARTED) {
		t->reports &= (uint8_t)~REPORT_STARTED;
		event->type = VMC_ENGINE_STARTED;
	} else {
		t->reports = 0;
		event->type = VMC_ENGINE_DELIVERED;
	}
	return 1;
}

/* 1 if the window begins with a whole header. */
static int peek_header(const struct vmc_ttrpc *t,
		       struct vmc_ttrpc_header *header)
{
	struct vmc_view window = { t->window, t->window_used };
	struct vmc_reader r;

	vmc_reader_init(&r, window);
	return vmc_ttrpc_header_read(header, &r) == VMC_OK;
}

/* 1 if what the window begins with may be a frame of ttrpc. */
static int may_be_frame(struct vmc_ttrpc *t)
{
	if (t->window_used > 0 && t->window[0] != 0)
		t->reason = "first byte of a ttrpc frame is not 0";
	return !t->reason;
}

struct frame {
	struct vmc_ttrpc_header header;
	struct vmc_view data; /* NULL: more than the window holds, and
			       * thrown away */
};

/* All of the window is the beginning of a frame that it does not hold. */
static void begin_drain(struct vmc_ttrpc *t, uint32_t length)
{
	t->drain = VMC_TTRPC_HEADER_SIZE + length - t->window_used;
	t->window_used = 0;
}

/* The frame after the last one, and its stream as the event's. 0: it is not
 * there, or not whole. */
static int next_frame(struct vmc_ttrpc *t, struct frame *frame,
		      struct vmc_engine_event *event)
{
	uint32_t length;

	consume(t, t->frame_len);
	t->frame_len = 0;
	if (!may_be_frame(t) || !peek_header(t, &frame->header))
		return 0;
	length = frame->header.length;
	memset(event, 0, sizeof(*event));
	event->stream = frame->header.stream;
	frame->data.ptr = NULL;
	if (length > data_max(t)) {
		begin_drain(t, length);
		return 1;
	}
	if (length > t->window_used - VMC_TTRPC_HEADER_SIZE)
		return 0;
	frame->data.ptr = t->window + VMC_TTRPC_HEADER_SIZE;
	frame->data.ptr_len = length;
	t->frame_len = VMC_TTRPC_HEADER_SIZE + length;
	return 1;
}

static void say_oversize(const struct vmc_ttrpc *t, const struct frame *frame,
			 struct vmc_text *text)
{
	vmc_text_add(text, "message length ");
	vmc_text_add_number(text, frame->header.length);
	vmc_text_add(text, " exceed maximum message size of ");
	vmc_text_add_number(text, data_max(t));
}

/*
 * What a server makes of a frame: 1, and the event; 0: it is passed over.
 */

static int refuse(struct vmc_ttrpc *t, struct vmc_engine_event *event,
		  const char *what, const char *why)
{
	struct vmc_text text;

	begin_error(t, &text);
	vmc_text_add(&text, what);
	vmc_text_add(&text, why);
	compose_error(t, event->stream, VMC_CODE_INVALID_ARGUMENT, &text);
	event->type = VMC_ENGINE_CANCELLED;
	return 1;
}

static int refuse_oversize(struct vmc_ttrpc *t, const struct frame *frame,
			   struct vmc_engine_event *event)
{
	struct vmc_text text;

	begin_error(t, &text);
	say_oversize(t, frame, &text);
	compose_error(t, event->stream, VMC_CODE_RESOURCE_EXHAUSTED, &text);
	event->type = VMC_ENGINE_CANCELLED;
	return 1;
}

static int server_request(struct vmc_ttrpc *t, struct vmc_view data,
			  struct vmc_engine_event *event)
{
	struct vmc_ttrpc_request request;
	const char *why;

	if (event->stream <= t->last_stream)
		return refuse(t, event,
			      "StreamID cannot be re-used and must increment",
			      NULL);
	t->last_stream = event->stream;
	if (vmc_ttrpc_request_read(&request, data, &why))
		return refuse(t, event, "unmarshal request error: ", why);
	event->type = VMC_ENGINE_REQUEST;
	event->service = request.service;
	event->method = request.method;
	event->payload = request.payload;
	/* negative: passed already, so as little as can be said */
	event->timeout_ns =
		request.timeout_ns < 0 ? 1 : (uint64_t)request.timeout_ns;
	return 1;
}

static int server_frame(struct vmc_ttrpc *t, const struct frame *frame,
			struct vmc_engine_event *event)
{
	if (!frame->data.ptr)
		return refuse_oversize(t, frame, event);
	if (event->stream % 2 == 0)
		return refuse(t, event,
			      "StreamID must be odd for client initiated "
			      "streams",
			      NULL);
	if (frame->header.type == VMC_TTRPC_DATA)
		return refuse(t, event, "StreamID is no longer active", NULL);
	if (frame->header.type == VMC_TTRPC_REQUEST)
		return server_request(t, frame->data, event);
	return 0; /* of a later version of the protocol, or not for us */
}

static int server_next(void *engine, struct vmc_engine_event *event)
{
	struct vmc_ttrpc *t = engine;
	struct frame frame;

	if (next_report(t, event))
		return 1;
	if (sending(t))
		return 0;
	while (next_frame(t, &frame, event))
		if (server_frame(t, &frame, event))
			return 1;
	return 0;
}

/*
 * What a client makes of one
 */

/* The text takes the place of the bytes that are thrown away. */
static int report_oversize(struct vmc_ttrpc *t, const struct frame *frame,
			   struct vmc_engine_event *event)
{
	struct vmc_text text;

	vmc_text_init(&text, (char *)t->window, t->window_len);
	say_oversize(t, frame, &text);
	t->window_used = t->frame_len = (uint32_t)text.len;
	event->type = VMC_ENGINE_OVERSIZE;
	event->code = VMC_CODE_RESOURCE_EXHAUSTED;
	event->message.ptr = t->window;
	event->message.ptr_len = text.len;
	return 1;
}

static int client_frame(struct vmc_ttrpc *t, const struct frame *frame,
			struct vmc_engine_event *event)
{
	struct vmc_ttrpc_response response;

	if (!frame->data.ptr)
		return report_oversize(t, frame, event);
	if (frame->header.type == VMC_TTRPC_DATA)
		t->reason = "stream data for a call that is none";
	if (frame->header.type != VMC_TTRPC_RESPONSE)
		return 0;
	if (vmc_ttrpc_response_read(&response, frame->data, &t->reason))
		return 0;
	t->reason = NULL;
	event->type = VMC_ENGINE_RESPONSE;
	event->code = response.code;
	event->message = response.message;
	event->payload = response.payload;
	return 1;
}

static int client_next(void *engine, struct vmc_engine_event *event)
{
	struct vmc_ttrpc *t = engine;
	struct frame frame;

	while (next_frame(t, &frame, event))
		if (client_frame(t, &frame, event))
			return 1;
	return 0;
}

/*
 * How a connection ends
 */

/* 1 if the window begins with a whole frame, whose turn is still to come. */
static int frame_waits(const struct vmc_ttrpc *t)
{
	struct vmc_ttrpc_header header;

	return peek_header(t, &header) &&
	       header.length <= t->window_used - VMC_TTRPC_HEADER_SIZE;
}

static int partial(void *engine)
{
	const struct vmc_ttrpc *t = engine;

	return t->drain > 0 ||
	       (t->window_used > t->frame_len && !frame_waits(t));
}

static enum vmc_status failed(void *engine, const char **reason)
{
	struct vmc_ttrpc *t = engine;

	*reason = t->reason;
	if (t->reason)
		return VMC_ERR_PROTOCOL;
	if (!t->ended || frame_waits(t))
		return VMC_OK;
	if (t->window_used > t->frame_len || t->drain) {
		*reason = "ended inside a frame";
		return VMC_ERR_LOST;
	}
	*reason = "ended";
	return VMC_CLOSED;
}

const struct vmc_engine_ops vmc_ttrpc_server = {
	.name = "ttrpc",
	.first_byte = 0,
	.size = sizeof(struct vmc_ttrpc),
	.init = init,
	.recv_buf = server_recv_buf,
	.recv_ack = recv_ack,
	.recv_end = recv_end,
	.send_buf = send_buf,
	.send_ack = send_ack,
	.next = server_next,
	.idle = idle,
	.partial = partial,
	.failed = failed,
	.reply = reply,
	.goodbye = goodbye,
};

const struct vmc_engine_ops vmc_ttrpc_client = {
	.name = "ttrpc",
	.first_byte = 0,
	.size = sizeof(struct vmc_ttrpc),
	.init = init,
	.recv_buf = recv_buf,
	.recv_ack = recv_ack,
	.recv_end = recv_end,
	.send_buf = send_buf,
	.send_ack = send_ack,
	.next = client_next,
	.idle = idle,
	.partial = partial,
	.failed = failed,
	.request = request,
	.cancel = cancel,
};
