/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gRPC's engine: what goes out. Headers are literals without Huffman code
 * or table entries, which everybody reads; never padded, since not everybody
 * reads that (gRPC C-core 1.51 does not).
 */
#include "grpc_engine.h"

#include "../base/text.h"

#include <string.h>

/* What one frame of the peer makes us put at most: a refusal of a few words
 * (a server's), RST_STREAM, two WINDOW_UPDATEs, GOAWAY. */
#define ANSWER_SERVER_MAX 240
#define ANSWER_CLIENT_MAX 64

/* A frame of DATA with its prefix, and the trailers of an OK. */
#define POUR_MAX                                                               \
	(VMC_H2_HEADER_SIZE + VMC_GRPC_PREFIX_SIZE + VMC_H2_HEADER_SIZE + 16)

/* see grpc_engine.h */
size_t vmc_grpc_room(const struct vmc_grpc *g)
{
	return g->out_len - g->out_used;
}

/* see grpc_engine.h */
int vmc_grpc_can_answer(const struct vmc_grpc *g)
{
	return vmc_grpc_room(g) >=
	       (g->is_server ? ANSWER_SERVER_MAX : ANSWER_CLIENT_MAX);
}

/* see grpc_engine.h. The length is written when it is known. */
void vmc_grpc_frame_open(struct vmc_grpc *g, struct vmc_writer *w,
			 enum vmc_h2_type type, unsigned flags, uint32_t stream)
{
	struct vmc_h2_header header = {
		.stream = stream,
		.type = (uint8_t)type,
		.flags = (uint8_t)flags,
	};

	vmc_writer_init(w, g->out + g->out_used, vmc_grpc_room(g));
	vmc_h2_header_write(&header, w);
}

/* see grpc_engine.h */
void vmc_grpc_frame_close(struct vmc_grpc *g, struct vmc_writer *w)
{
	size_t length = w->len - VMC_H2_HEADER_SIZE;

	if (w->fail)
		return;
	w->begin[1] = (uint8_t)(length >> 8);
	w->begin[2] = (uint8_t)length;
	g->out_used += (uint32_t)w->len;
}

/* see grpc_engine.h */
void vmc_grpc_put_number(struct vmc_grpc *g, enum vmc_h2_type type,
			 uint32_t stream, uint32_t number)
{
	struct vmc_writer w;

	vmc_grpc_frame_open(g, &w, type, 0, stream);
	vmc_put_be32(&w, number);
	vmc_grpc_frame_close(g, &w);
}

/*
 * What a connection begins with. Neither a table size is announced, which
 * there are peers that ignore, nor a window: what HTTP/2 begins with will do.
 */
void vmc_grpc_put_begin(struct vmc_grpc *g)
{
	struct vmc_writer w;

	if (!g->is_server) {
		memcpy(g->out, VMC_H2_PREFACE, VMC_H2_PREFACE_SIZE);
		g->out_used = VMC_H2_PREFACE_SIZE;
	}
	vmc_grpc_frame_open(g, &w, VMC_H2_SETTINGS, 0, 0);
	if (g->is_server)
		vmc_h2_setting_write(&w, VMC_H2_SETTING_STREAM_MAX,
				     VMC_STREAM_MAX);
	else
		vmc_h2_setting_write(&w, VMC_H2_SETTING_PUSH, 0);
	vmc_h2_setting_write(&w, VMC_H2_SETTING_HEADER_LIST_SIZE,
			     VMC_HEADER_LIST_SIZE);
	vmc_grpc_frame_close(g, &w);
}

/* see grpc_engine.h */
void vmc_grpc_put_goaway(struct vmc_grpc *g, enum vmc_h2_error error,
			 const char *why)
{
	struct vmc_view words = vmc_view_of(why);
	size_t room = vmc_grpc_room(g);
	struct vmc_writer w;

	vmc_grpc_frame_open(g, &w, VMC_H2_GOAWAY, 0, 0);
	vmc_put_be32(&w, g->is_server ? g->last_stream : 0);
	vmc_put_be32(&w, error);
	if (words.ptr_len + w.len <= room)
		vmc_put_bytes(&w, words);
	vmc_grpc_frame_close(g, &w);
}

/* A number of 32 bits, and a NUL. */
#define DECIMAL_SIZE 12

static struct vmc_view decimal(char text[DECIMAL_SIZE], uint32_t number)
{
	struct vmc_text out;

	vmc_text_init(&out, text, DECIMAL_SIZE);
	vmc_text_add_number(&out, number);
	return vmc_view_of(text);
}

/* see grpc_engine.h */
void vmc_grpc_open_response(struct vmc_grpc *g, struct vmc_writer *w,
			    unsigned flags, uint32_t stream,
			    unsigned http_status)
{
	char text[DECIMAL_SIZE];

	vmc_grpc_frame_open(g, w, VMC_H2_HEADERS, VMC_H2_END_HEADERS | flags,
			    stream);
	if (g->table_size_due)
		vmc_hpack_write_table_size(w, 0);
	g->table_size_due = 0;
	if (http_status == 200)
		vmc_hpack_write_indexed(w, VMC_HPACK_STATUS_200);
	else
		vmc_hpack_write_literal(w, VMC_HPACK_STATUS,
					decimal(text, http_status));
	vmc_hpack_write_literal(w, VMC_HPACK_CONTENT_TYPE,
				vmc_view_of("application/grpc"));
}

/* see grpc_engine.h */
void vmc_grpc_put_trailers(struct vmc_writer *w, enum vmc_code code,
			   struct vmc_view text)
{
	char number[DECIMAL_SIZE];

	vmc_hpack_write_named(w, vmc_view_of("grpc-status"),
			      decimal(number, code));
	if (text.ptr_len == 0)
		return;
	vmc_hpack_write_named_head(w, vmc_view_of("grpc-message"),
				   vmc_grpc_percent_len(text));
	vmc_grpc_percent_write(w, text);
}

/*
 * The message on its way
 */

/* How much of it the peer takes in one frame now. */
static uint32_t may_pour(struct vmc_grpc *g)
{
	struct vmc_grpc_stream *stream = vmc_grpc_find(g, g->message_stream);
	uint32_t len = VMC_GRPC_PREFIX_SIZE + g->payload_len - g->payload_at;
	int32_t window = g->send_window;

	if (!stream || g->message_broken)
		return 0;
	if (stream->send_window < window)
		window = stream->send_window;
	if (window <= 0)
		return 0;
	if (len > (uint32_t)window)
		len = (uint32_t)window;
	if (len > g->peer_frame_max)
		len = g->peer_frame_max;
	stream->send_window -= (int32_t)len;
	g->send_window -= (int32_t)len;
	return len;
}

static void put_prefix(struct vmc_grpc *g, struct vmc_writer *w, uint32_t len)
{
	uint8_t prefix[VMC_GRPC_PREFIX_SIZE] = {
		0,
		(uint8_t)(g->payload_len >> 24),
		(uint8_t)(g->payload_len >> 16),
		(uint8_t)(g->payload_len >> 8),
		(uint8_t)g->payload_len,
	};
	struct vmc_view part = { &prefix[g->payload_at], len };

	vmc_put_bytes(w, part);
}

/* The header of a frame, what of the prefix is in it, and the payload to
 * come in between. */
static void put_chunk(struct vmc_grpc *g, uint32_t len, unsigned flags)
{
	struct vmc_h2_header header = {
		.length = len,
		.stream = g->message_stream,
		.type = VMC_H2_DATA,
		.flags = (uint8_t)flags,
	};
	uint32_t prefix_len = 0;
	struct vmc_writer w;

	if (g->payload_at < VMC_GRPC_PREFIX_SIZE) {
		prefix_len = VMC_GRPC_PREFIX_SIZE - g->payload_at;
		if (prefix_len > len)
			prefix_len = len;
	}
	vmc_writer_init(&w, g->out + g->out_used, vmc_grpc_room(g));
	vmc_h2_header_write(&header, &w);
	if (prefix_len > 0)
		put_prefix(g, &w, prefix_len);
	g->out_used += (uint32_t)w.len;
	g->payload_at += len;
	g->chunk_at = g->out_used;
	g->chunk_len = len - prefix_len;
	g->chunk_sent = 0;
}

/* A server's message is followed by its trailers. */
static void put_end(struct vmc_grpc *g)
{
	static const struct vmc_view nothing = { NULL, 0 };
	struct vmc_writer w;

	if (g->is_server) {
		vmc_grpc_frame_open(g, &w, VMC_H2_HEADERS,
				    VMC_H2_END_HEADERS | VMC_H2_END_STREAM,
				    g->message_stream);
		vmc_grpc_put_trailers(&w, VMC_CODE_OK, nothing);
		vmc_grpc_frame_close(g, &w);
	}
	g->message_end = g->out_used;
}

/* see grpc_engine.h */
void vmc_grpc_pour(struct vmc_grpc *g)
{
	unsigned flags = g->is_server ? 0 : VMC_H2_END_STREAM;
	uint32_t total = VMC_GRPC_PREFIX_SIZE + g->payload_len, len;

	if (g->message == MESSAGE_NONE || g->message_end || g->chunk_len ||
	    vmc_grpc_room(g) < POUR_MAX)
		return;
	len = may_pour(g);
	if (len == 0)
		return;
	put_chunk(g, len, g->payload_at + len == total ? flags : 0);
	if (g->payload_at == total)
		put_end(g);
}

/* The message has been sent, or is given up: a client's is forgotten. */
static void end_message(struct vmc_grpc *g, unsigned report)
{
	g->message = MESSAGE_NONE;
	g->message_end = 0;
	g->out_len += g->copied_len;
	g->copied_len = 0;
	if (!g->message_broken)
		g->strikes -= g->strikes < 16 ? g->strikes : 16;
	if (!g->is_server)
		return;
	g->reports |= (uint8_t)report;
	vmc_grpc_free(g, vmc_grpc_find(g, g->message_stream));
}

static void look_at_message(struct vmc_grpc *g)
{
	if (g->message == MESSAGE_NONE || g->chunk_len)
		return;
	if (g->message_end && g->out_sent >= g->message_end)
		end_message(g, g->message_broken ? REPORT_BROKEN :
						   REPORT_DELIVERED);
	else if (g->message_broken && !g->message_end)
		end_message(g, REPORT_BROKEN);
}

/* see grpc_engine.h */
void vmc_grpc_break_message(struct vmc_grpc *g)
{
	g->message_broken = 1;
	look_at_message(g);
}

/*
 * Sending
 */

/* see grpc_engine.h */
int vmc_grpc_sends(const struct vmc_grpc *g)
{
	return g->out_sent < g->out_used || g->chunk_len > 0;
}

/* Bytes `begin` to `end` of a row of views, where the row's first is 0. */
static void cut(struct vmc_view *parts, size_t *parts_len,
		const struct vmc_view *row, size_t row_len, size_t begin,
		size_t end)
{
	size_t i, at = 0;

	for (i = 0; i < row_len; at += row[i++].ptr_len) {
		size_t from = begin > at ? begin - at : 0;
		size_t to = end - at;

		if (end <= at)
			return;
		if (to > row[i].ptr_len)
			to = row[i].ptr_len;
		if (from >= to)
			continue;
		parts[*parts_len].ptr = row[i].ptr + from;
		parts[(*parts_len)++].ptr_len = to - from;
	}
}

/* see vmcache/engine.h */
int vmc_grpc_send_buf(void *engine, struct vmc_view *parts, size_t *parts_len)
{
	const struct vmc_grpc *g = engine;
	struct vmc_view out = { g->out, g->out_used };
	size_t middle = g->chunk_len ? g->chunk_at : g->out_used;
	size_t chunk_end = g->payload_at - VMC_GRPC_PREFIX_SIZE;

	*parts_len = 0;
	if (!vmc_grpc_sends(g))
		return 0;
	cut(parts, parts_len, &out, 1, g->out_sent, middle);
	if (g->chunk_len)
		cut(parts, parts_len, g->parts, g->parts_len,
		    chunk_end - g->chunk_len + g->chunk_sent, chunk_end);
	if (g->out_sent < middle || g->chunk_len)
		cut(parts, parts_len, &out, 1, middle, g->out_used);
	return 1;
}

static void take_out(struct vmc_grpc *g, uint32_t until, size_t *len)
{
	uint32_t n = until - g->out_sent;

	if (n > *len)
		n = (uint32_t)*len;
	g->out_sent += n;
	*len -= n;
}

static void take_chunk(struct vmc_grpc *g, size_t *len)
{
	uint32_t n = g->chunk_len - g->chunk_sent;

	if (n > *len)
		n = (uint32_t)*len;
	g->chunk_sent += n;
	*len -= n;
	if (n > 0 && g->message == MESSAGE_BEGUN) {
		g->message = MESSAGE_STARTED;
		g->reports |= g->is_server ? REPORT_STARTED : 0;
	}
	if (g->chunk_sent == g->chunk_len)
		g->chunk_len = 0;
}

/* see vmcache/engine.h */
void vmc_grpc_send_ack(void *engine, size_t len)
{
	struct vmc_grpc *g = engine;

	if (g->chunk_len) {
		take_out(g, g->chunk_at, &len);
		if (g->out_sent == g->chunk_at)
			take_chunk(g, &len);
	}
	if (!g->chunk_len)
		take_out(g, g->out_used, &len);
	look_at_message(g);
	if (!vmc_grpc_sends(g))
		g->out_sent = g->out_used = 0;
	vmc_grpc_pour(g);
}
