/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gRPC's engine: frames that come (RFC 9113, sections 4 to 6). A frame is
 * judged by its header, before anything of it is used; its payload is then
 * consumed in pieces of whatever size they come in. Numbers in comments are
 * sections of the RFC.
 */
#include "grpc_engine.h"

#include <string.h>

#define GOAWAY_HEAD_SIZE 8
#define SETTING_SIZE 6
#define PRIORITY_SIZE 5

/* The window of the connection, and of a stream, is opened again when half
 * of it is used. */
#define WINDOW_LOW (VMC_H2_WINDOW / 2)

/* see grpc_engine.h */
void vmc_grpc_break(struct vmc_grpc *g, enum vmc_h2_error error,
		    const char *why)
{
	if (g->reason)
		return;
	g->reason = why;
	vmc_grpc_put_goaway(g, error, why);
}

/* see grpc_engine.h */
void vmc_grpc_strike(struct vmc_grpc *g)
{
	if (++g->strikes >= VMC_GRPC_STRIKE_MAX)
		vmc_grpc_break(g, VMC_H2_ENHANCE_YOUR_CALM,
			       "too many useless frames or calls");
}

/*
 * Bytes
 */

static uint32_t available(const struct vmc_grpc *g)
{
	return g->window_end - g->window_at;
}

/* The next bytes of the frame, `most` at most; they count as consumed. */
static struct vmc_view take(struct vmc_grpc *g, uint32_t most)
{
	struct vmc_view bytes = { g->window + g->window_at, available(g) };

	if (bytes.ptr_len > most)
		bytes.ptr_len = most;
	g->window_at += (uint32_t)bytes.ptr_len;
	g->frame_left -= (uint32_t)bytes.ptr_len;
	return bytes;
}

/* 1 and a reader of exactly `len` bytes once they are there. */
static int take_whole(struct vmc_grpc *g, uint32_t len, struct vmc_reader *r)
{
	if (available(g) < len)
		return 0;
	vmc_reader_init(r, take(g, len));
	return 1;
}

/*
 * Flow control
 */

/* 0: more has come than was allowed. */
static int count_received(int32_t *window, uint32_t len)
{
	if (*window < 0 || len > (uint32_t)*window)
		return 0;
	*window -= (int32_t)len;
	return 1;
}

static void reopen(struct vmc_grpc *g, uint32_t stream, int32_t *window)
{
	if (*window >= WINDOW_LOW)
		return;
	vmc_grpc_put_number(g, VMC_H2_WINDOW_UPDATE, stream,
			    (uint32_t)(VMC_H2_WINDOW - *window));
	*window = VMC_H2_WINDOW;
}

/* 0: it would be over 2^31-1 (6.9.1). */
static int widen(int32_t *window, int64_t by)
{
	int64_t sum = *window + by;

	if (sum > VMC_H2_WINDOW_TOP)
		return 0;
	*window = (int32_t)sum;
	return 1;
}

/*
 * What a frame's header says
 */

/* 1 if no frame of that stream can have been sent or asked for yet (5.1). */
static int is_idle(const struct vmc_grpc *g, uint32_t stream)
{
	return stream % 2 == 0 || stream > g->last_stream;
}

static void begin_data(struct vmc_grpc *g, struct vmc_engine_event *event)
{
	struct vmc_grpc_stream *stream = vmc_grpc_find(g, g->frame_stream);

	if (is_idle(g, g->frame_stream)) {
		vmc_grpc_break(g, VMC_H2_PROTOCOL_ERROR,
			       "DATA on an idle stream");
		return;
	}
	if (!count_received(&g->recv_window, g->frame_left)) {
		vmc_grpc_break(g, VMC_H2_FLOW_CONTROL_ERROR,
			       "DATA over the connection's window");
		return;
	}
	if (g->frame_left == 0 && !(g->frame_flags & VMC_H2_END_STREAM))
		vmc_grpc_strike(g);
	if (!stream && (!g->is_server || g->frame_stream == g->last_reset))
		return; /* it was on its way when we reset it */
	if (!stream || stream->flags & STREAM_ENDED)
		vmc_grpc_reset(g, g->frame_stream, VMC_H2_STREAM_CLOSED, event);
	else if (!count_received(&stream->recv_window, g->frame_left))
		vmc_grpc_reset(g, g->frame_stream, VMC_H2_FLOW_CONTROL_ERROR,
			       event);
}

/* A new call, trailers, a response; or something that is only read over, so
 * that the table of HPACK stays what the peer thinks it is. */
static void begin_headers(struct vmc_grpc *g)
{
	struct vmc_grpc_stream *stream = vmc_grpc_find(g, g->frame_stream);
	int is_new = g->frame_stream > g->last_stream;

	if (g->frame_stream % 2 == 0 || (is_new && !g->is_server))
		vmc_grpc_break(g, VMC_H2_PROTOCOL_ERROR,
			       "HEADERS on a stream that cannot be");
	else if (stream && stream->flags & STREAM_ENDED)
		vmc_grpc_break(g, VMC_H2_STREAM_CLOSED,
			       "HEADERS on a stream that has ended");
	else if (!stream && !is_new && g->is_server &&
		 g->frame_stream != g->last_reset)
		vmc_grpc_break(g, VMC_H2_STREAM_CLOSED,
			       "HEADERS on a closed stream");
	else
		vmc_grpc_block_begin(g);
}

static void begin_settings(struct vmc_grpc *g)
{
	int ack = g->frame_flags & VMC_H2_ACK;

	if (ack ? g->frame_left : g->frame_left % SETTING_SIZE)
		vmc_grpc_break(g, VMC_H2_FRAME_SIZE_ERROR,
			       "SETTINGS of a wrong size");
}

static void begin_goaway(struct vmc_grpc *g)
{
	if (g->frame_left < GOAWAY_HEAD_SIZE)
		vmc_grpc_break(g, VMC_H2_FRAME_SIZE_ERROR,
			       "GOAWAY of a wrong size");
	g->frame_flags =
		0; /* it has none: one will say that its head is read */
}

static void begin_on_known(struct vmc_grpc *g)
{
	if (g->frame_stream && is_idle(g, g->frame_stream))
		vmc_grpc_break(g, VMC_H2_PROTOCOL_ERROR,
			       "WINDOW_UPDATE or RST_STREAM on an idle stream");
}

/* What each type is (6.1 to 6.10): on a stream, on the connection, or on
 * either; and its size, 0 if it varies. */
enum place { ON_STREAM = 1, ON_CONNECTION = 2 };

static const struct rule {
	uint8_t place, size;
} rules[] = {
	[VMC_H2_DATA] = { ON_STREAM, 0 },
	[VMC_H2_HEADERS] = { ON_STREAM, 0 },
	[VMC_H2_PRIORITY] = { ON_STREAM, PRIORITY_SIZE },
	[VMC_H2_RST_STREAM] = { ON_STREAM, 4 },
	[VMC_H2_SETTINGS] = { ON_CONNECTION, 0 },
	[VMC_H2_PUSH_PROMISE] = { 0, 0 },
	[VMC_H2_PING] = { ON_CONNECTION, 8 },
	[VMC_H2_GOAWAY] = { ON_CONNECTION, 0 },
	[VMC_H2_WINDOW_UPDATE] = { ON_STREAM | ON_CONNECTION, 4 },
	[VMC_H2_CONTINUATION] = { ON_STREAM, 0 },
};

#define RULES (sizeof(rules) / sizeof(rules[0]))

/* Which frame may come now? */
static void judge_order(struct vmc_grpc *g)
{
	int continues = g->frame_type == VMC_H2_CONTINUATION;

	if (!g->settings_seen &&
	    (g->frame_type != VMC_H2_SETTINGS || g->frame_flags & VMC_H2_ACK))
		vmc_grpc_break(g, VMC_H2_PROTOCOL_ERROR,
			       "first frame is not SETTINGS");
	else if (g->block_open != continues ||
		 (continues && g->frame_stream != g->block_stream))
		vmc_grpc_break(g, VMC_H2_PROTOCOL_ERROR,
			       "CONTINUATION is missing, or is none");
}

static void judge_shape(struct vmc_grpc *g)
{
	const struct rule *rule = &rules[g->frame_type];
	int place = g->frame_stream ? ON_STREAM : ON_CONNECTION;

	if (!(rule->place & place))
		vmc_grpc_break(g, VMC_H2_PROTOCOL_ERROR,
			       "frame is not for this stream");
	else if (rule->size && g->frame_left != rule->size)
		vmc_grpc_break(g, VMC_H2_FRAME_SIZE_ERROR,
			       "frame of a wrong size");
}

/* Padding is of DATA and HEADERS, a priority of HEADERS (6.1, 6.2); flags
 * of other frames mean nothing. */
static void mask_flags(struct vmc_grpc *g)
{
	if (g->frame_type > VMC_H2_HEADERS)
		g->frame_flags &=
			(uint8_t) ~(VMC_H2_PADDED | VMC_H2_HAS_PRIORITY);
	if (g->frame_type == VMC_H2_DATA)
		g->frame_flags &= (uint8_t)~VMC_H2_HAS_PRIORITY;
}

static void begin_type(struct vmc_grpc *g, struct vmc_engine_event *event)
{
	switch (g->frame_type) {
	case VMC_H2_DATA:
		begin_data(g, event);
		break;
	case VMC_H2_HEADERS:
		begin_headers(g);
		break;
	case VMC_H2_SETTINGS:
		begin_settings(g);
		break;
	case VMC_H2_GOAWAY:
		begin_goaway(g);
		break;
	case VMC_H2_WINDOW_UPDATE:
	case VMC_H2_RST_STREAM:
		begin_on_known(g);
		break;
	case VMC_H2_CONTINUATION:
		if (++g->block_continuations > VMC_GRPC_CONTINUATION_MAX)
			vmc_grpc_break(g, VMC_H2_ENHANCE_YOUR_CALM,
				       "too many CONTINUATION frames");
		break;
	default:
		break;
	}
}

/* Of a frame of an unknown type only the place counts (5.5). */
static int begin_frame(struct vmc_grpc *g, struct vmc_engine_event *event)
{
	struct vmc_h2_header header;
	struct vmc_reader r;

	if (!take_whole(g, VMC_H2_HEADER_SIZE, &r))
		return 0;
	vmc_h2_header_read(&header, &r);
	g->frame_left = header.length;
	g->frame_stream = header.stream;
	g->frame_type = header.type;
	g->frame_flags = header.flags;
	g->frame_padding = 0;
	g->frame_begun = 1;
	mask_flags(g);
	judge_order(g);
	if (!g->reason && header.length > VMC_H2_FRAME_MAX)
		vmc_grpc_break(g, VMC_H2_FRAME_SIZE_ERROR,
			       "frame is larger than 16384 bytes");
	if (!g->reason && g->frame_type < RULES)
		judge_shape(g);
	if (!g->reason)
		begin_type(g, event);
	return 1;
}

/*
 * What is in it
 */

/* The length of the padding, or a priority, which is ignored (5.3.2). */
static int take_prelude(struct vmc_grpc *g)
{
	int padded = g->frame_flags & VMC_H2_PADDED;
	uint32_t len = padded ? 1 : PRIORITY_SIZE;
	struct vmc_reader r;

	if (g->frame_left < len) {
		vmc_grpc_break(g, VMC_H2_FRAME_SIZE_ERROR,
			       "frame ends before its padding or priority");
		return 1;
	}
	if (!take_whole(g, len, &r))
		return 0;
	g->frame_flags &=
		(uint8_t) ~(padded ? VMC_H2_PADDED : VMC_H2_HAS_PRIORITY);
	if (!padded)
		return 1;
	g->frame_padding = vmc_take_u8(&r);
	if (g->frame_padding > g->frame_left)
		vmc_grpc_break(g, VMC_H2_PROTOCOL_ERROR,
			       "padding is longer than its frame");
	return 1;
}

/* What of the frame stands before its padding. */
static uint32_t content_left(const struct vmc_grpc *g)
{
	return g->frame_left > g->frame_padding ?
		       g->frame_left - g->frame_padding :
		       0;
}

static void data_piece(struct vmc_grpc *g, struct vmc_engine_event *event)
{
	struct vmc_grpc_stream *stream = vmc_grpc_find(g, g->frame_stream);
	uint32_t left = content_left(g);
	struct vmc_view bytes = take(g, left ? left : g->frame_left);

	reopen(g, 0, &g->recv_window);
	if (!stream || stream->flags & STREAM_ENDED)
		return; /* refused, or reset */
	reopen(g, stream->id, &stream->recv_window);
	if (left)
		vmc_grpc_data(g, stream, bytes, event);
}

static void read_fields(struct vmc_grpc *g, struct vmc_view bytes)
{
	struct vmc_hpack_field field;
	enum vmc_status status;
	struct vmc_reader r;
	const char *why;

	vmc_reader_init(&r, bytes);
	while ((status = vmc_hpack_read(&g->hpack, &r, &field, &why)) == VMC_OK)
		vmc_grpc_block_field(g, &field);
	if (status < 0)
		vmc_grpc_break(g, VMC_H2_COMPRESSION_ERROR, why);
}

static void headers_piece(struct vmc_grpc *g)
{
	uint32_t left = content_left(g);
	struct vmc_view bytes = take(g, left ? left : g->frame_left);
	int whole = g->block_len == 0 && bytes.ptr_len == left &&
		    g->frame_flags & VMC_H2_END_HEADERS;

	if (!left)
		return;
	g->block_len += (uint32_t)bytes.ptr_len;
	if (g->block_len > VMC_GRPC_BLOCK_MAX) {
		vmc_grpc_break(g, VMC_H2_ENHANCE_YOUR_CALM,
			       "header block is too long");
		return;
	}
	if (whole && vmc_grpc_block_known(g, bytes))
		return;
	read_fields(g, bytes);
	if (g->hpack.changed)
		g->known.len = 0;
	else if (whole)
		vmc_grpc_block_learn(g, bytes);
	g->hpack.changed = 0;
}

static void window_piece(struct vmc_grpc *g, struct vmc_reader *r,
			 struct vmc_engine_event *event)
{
	struct vmc_grpc_stream *stream = vmc_grpc_find(g, g->frame_stream);
	uint32_t by = vmc_take_be32(r) & VMC_H2_WINDOW_TOP;
	enum vmc_h2_error error =
		by == 0 ? VMC_H2_PROTOCOL_ERROR : VMC_H2_FLOW_CONTROL_ERROR;

	if (g->frame_stream == 0) {
		if (by == 0 || !widen(&g->send_window, by))
			vmc_grpc_break(g, error,
				       "WINDOW_UPDATE by 0, or over 2^31-1");
	} else if (stream && (by == 0 || !widen(&stream->send_window, by))) {
		vmc_grpc_reset(g, stream->id, error, event);
	}
}

static void reset_piece(struct vmc_grpc *g, struct vmc_reader *r,
			struct vmc_engine_event *event)
{
	struct vmc_grpc_stream *stream = vmc_grpc_find(g, g->frame_stream);
	uint32_t error = vmc_take_be32(r);
	int complete = stream && stream->flags & STREAM_READY;

	if (g->is_server) {
		vmc_grpc_abandon(g, g->frame_stream, event);
	} else if (stream && !complete) {
		vmc_grpc_abandon(g, g->frame_stream, event);
		vmc_grpc_fail(stream, vmc_grpc_code_of_reset(error),
			      error == VMC_H2_REFUSED_STREAM ?
				      "stream was refused" :
				      "stream was reset by the peer");
	}
}

/* 6.9.2: what is open already moves by the difference. */
static void set_window(struct vmc_grpc *g, uint32_t value)
{
	int64_t by = (int64_t)value - g->peer_window;
	int fits = value <= VMC_H2_WINDOW_TOP;
	unsigned i;

	for (i = 0; fits && i < g->stream_len; i++)
		if (g->stream[i].id)
			fits = widen(&g->stream[i].send_window, by);
	if (fits)
		g->peer_window = (int32_t)value;
	else
		vmc_grpc_break(g, VMC_H2_FLOW_CONTROL_ERROR,
			       "SETTINGS_INITIAL_WINDOW_SIZE is over 2^31-1");
}

static void settings_piece(struct vmc_grpc *g, struct vmc_reader *r)
{
	unsigned id = vmc_h2_take_be16(r);
	uint32_t value = vmc_take_be32(r);

	if (id == VMC_H2_SETTING_WINDOW)
		set_window(g, value);
	if (id == VMC_H2_SETTING_STREAM_MAX)
		g->peer_stream_max = value;
	if (id == VMC_H2_SETTING_PUSH && value > (g->is_server ? 1 : 0))
		vmc_grpc_break(g, VMC_H2_PROTOCOL_ERROR,
			       "SETTINGS_ENABLE_PUSH is out of range");
	if (id != VMC_H2_SETTING_FRAME_MAX)
		return;
	if (value < VMC_H2_FRAME_MAX || value > VMC_H2_FRAME_TOP)
		vmc_grpc_break(g, VMC_H2_PROTOCOL_ERROR,
			       "SETTINGS_MAX_FRAME_SIZE is out of range");
	else
		g->peer_frame_max = value;
}

static void ping_piece(struct vmc_grpc *g, struct vmc_reader *r)
{
	struct vmc_writer w;

	if (g->frame_flags & VMC_H2_ACK)
		return;
	vmc_grpc_frame_open(g, &w, VMC_H2_PING, VMC_H2_ACK, 0);
	vmc_put_bytes(&w, vmc_take_rest(r));
	vmc_grpc_frame_close(g, &w);
}

/* A client's calls that the server has not seen fail, and may be made
 * anew on another connection (6.8). */
static void goaway_piece(struct vmc_grpc *g, struct vmc_reader *r)
{
	uint32_t last = vmc_take_be32(r) & VMC_H2_WINDOW_TOP;
	unsigned i;

	g->frame_flags |= VMC_H2_END_HEADERS; /* its head is read */
	if (g->is_server)
		return;
	g->goodbye = 1;
	for (i = 0; i < g->stream_len; i++)
		if (g->stream[i].id > last &&
		    !(g->stream[i].flags & STREAM_READY))
			vmc_grpc_fail(&g->stream[i], VMC_CODE_UNAVAILABLE,
				      "server has gone away");
}

/* A part of a frame that is used only when it is whole: its size. */
static uint32_t unit_of(const struct vmc_grpc *g)
{
	if (g->frame_type == VMC_H2_SETTINGS)
		return SETTING_SIZE;
	if (g->frame_type == VMC_H2_GOAWAY)
		return g->frame_flags & VMC_H2_END_HEADERS ? 0 :
							     GOAWAY_HEAD_SIZE;
	return g->frame_type < RULES ? rules[g->frame_type].size : 0;
}

static int unit_piece(struct vmc_grpc *g, uint32_t unit,
		      struct vmc_engine_event *event)
{
	struct vmc_reader r;

	if (!take_whole(g, unit, &r))
		return 0;
	switch (g->frame_type) {
	case VMC_H2_SETTINGS:
		settings_piece(g, &r);
		break;
	case VMC_H2_PING:
		ping_piece(g, &r);
		break;
	case VMC_H2_GOAWAY:
		goaway_piece(g, &r);
		break;
	case VMC_H2_WINDOW_UPDATE:
		window_piece(g, &r, event);
		break;
	case VMC_H2_RST_STREAM:
		reset_piece(g, &r, event);
		break;
	default: /* PRIORITY is ignored */
		break;
	}
	return 1;
}

static int take_piece(struct vmc_grpc *g, struct vmc_engine_event *event)
{
	uint32_t unit = unit_of(g);

	if (unit)
		return unit_piece(g, unit, event);
	if (available(g) == 0)
		return 0;
	if (g->frame_type == VMC_H2_DATA)
		data_piece(g, event);
	else if (g->frame_type == VMC_H2_HEADERS ||
		 g->frame_type == VMC_H2_CONTINUATION)
		headers_piece(g);
	else
		(void)take(g, g->frame_left);
	return 1;
}

/*
 * Its end
 */

static void end_headers(struct vmc_grpc *g, struct vmc_engine_event *event)
{
	const char *why;

	if (!(g->frame_flags & VMC_H2_END_HEADERS))
		return;
	g->block_open = 0;
	if (vmc_hpack_end(&g->hpack, &why))
		vmc_grpc_break(g, VMC_H2_COMPRESSION_ERROR, why);
	else
		vmc_grpc_block_end(g, event);
}

static int end_frame(struct vmc_grpc *g, struct vmc_engine_event *event)
{
	struct vmc_grpc_stream *stream = vmc_grpc_find(g, g->frame_stream);
	struct vmc_writer w;

	g->frame_begun = 0;
	switch (g->frame_type) {
	case VMC_H2_DATA:
		if (stream && g->frame_stream &&
		    !(stream->flags & STREAM_ENDED) &&
		    g->frame_flags & VMC_H2_END_STREAM)
			vmc_grpc_end(g, stream, event);
		break;
	case VMC_H2_HEADERS:
	case VMC_H2_CONTINUATION:
		end_headers(g, event);
		break;
	case VMC_H2_SETTINGS:
		g->settings_seen = 1;
		if (g->frame_flags & VMC_H2_ACK)
			break;
		vmc_grpc_frame_open(g, &w, VMC_H2_SETTINGS, VMC_H2_ACK, 0);
		vmc_grpc_frame_close(g, &w);
		break;
	default:
		break;
	}
	return 1;
}

/* What a client begins with (3.4). */
static int take_preface(struct vmc_grpc *g)
{
	struct vmc_view bytes = { g->window + g->window_at, available(g) };
	const char *expected =
		&VMC_H2_PREFACE[VMC_H2_PREFACE_SIZE - g->preface_left];

	if (bytes.ptr_len > g->preface_left)
		bytes.ptr_len = g->preface_left;
	if (memcmp(bytes.ptr, expected, bytes.ptr_len) != 0)
		vmc_grpc_break(g, VMC_H2_PROTOCOL_ERROR,
			       "preface is not HTTP/2's");
	g->window_at += (uint32_t)bytes.ptr_len;
	g->preface_left -= (uint8_t)bytes.ptr_len;
	return bytes.ptr_len > 0;
}

/* see grpc_engine.h */
int vmc_grpc_step(struct vmc_grpc *g, struct vmc_engine_event *event)
{
	if (g->reason || !vmc_grpc_can_answer(g))
		return 0;
	if (g->preface_left)
		return take_preface(g);
	if (!g->frame_begun)
		return begin_frame(g, event);
	if (g->frame_flags & (VMC_H2_PADDED | VMC_H2_HAS_PRIORITY))
		return take_prelude(g);
	if (g->frame_left == 0)
		return end_frame(g, event);
	return take_piece(g, event);
}
