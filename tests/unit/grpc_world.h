/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gRPC's engine with a peer by hand at its other end, nothing in between.
 *
 * Each step is followed by sane(): the invariants of grpc_engine.h. Whatever
 * only asks (recv_buf, send_buf, idle, partial, failed) is seen to change
 * nothing. Window and `out` are on the heap, exactly as large as they say.
 */
#ifndef VMC_TEST_GRPC_WORLD_H
#define VMC_TEST_GRPC_WORLD_H

#include "h2_peer.h"
#include "vmcache/grpc.h"

#include "../../src/engine/grpc_engine.h"

struct end {
	const struct vmc_engine_ops *ops; /* a server's or a client's */
	struct vmc_grpc engine;
	uint8_t *window, *out;
	size_t window_len, out_len;
	struct h2_reader reader; /* the other end */
	struct h2_bytes in;      /* what it will send */
};

static inline void begin_end_of(struct end *end,
				const struct vmc_engine_ops *ops,
				size_t window_len, size_t out_len)
{
	free(end->window);
	free(end->out);
	end->ops = ops;
	end->window = malloc(window_len);
	end->out = malloc(out_len);
	H2_MUST(end->window && end->out);
	end->window_len = window_len;
	end->out_len = out_len;
	memset(end->window, 0xee, window_len);
	memset(end->out, 0xee, out_len);
	memset(&end->engine, 0xee, sizeof(end->engine));
	h2_reader_init(&end->reader);
	end->in.len = 0;
	if (ops == &vmc_grpc_client)
		end->reader.preface_left = H2_PREFACE_LEN;
	ops->init(&end->engine, end->window, window_len, end->out, out_len);
}

/*
 * Invariants
 */

static inline void sane_stream(const struct vmc_grpc *g,
			       const struct vmc_grpc_stream *a)
{
	H2_MUST(a->id % 2 == 1 && a->id <= g->last_stream);
	H2_MUST(a->head_len <= a->len);
	H2_MUST(a->at <= g->messages_used &&
		a->len <= g->messages_used - a->at);
	H2_MUST(a->recv_window >= 0);
}

static inline void sane_streams(const struct vmc_grpc *g)
{
	const struct vmc_grpc_stream *open[VMC_STREAM_MAX];
	unsigned i, j, count = 0;
	uint64_t used = 0;

	for (i = 0; i < VMC_STREAM_MAX; i++)
		if (g->stream[i].id)
			open[count++] = &g->stream[i];
	for (i = 0; i < count; i++) {
		const struct vmc_grpc_stream *a = open[i];

		sane_stream(g, a);
		used += a->len;
		for (j = 0; j < i; j++) {
			H2_MUST(a->id != open[j]->id);
			H2_MUST(!a->len || !open[j]->len ||
				a->at + a->len <= open[j]->at ||
				open[j]->at + open[j]->len <= a->at);
		}
	}
	H2_MUST(used == g->messages_used); /* without gaps */
}

static inline void sane(const struct end *end)
{
	const struct vmc_grpc *g = &end->engine;

	H2_MUST(g->window == end->window);
	H2_MUST(g->window_at <= g->window_end);
	H2_MUST(g->window_end <= g->window_len);
	H2_MUST(g->messages == end->window + g->window_len);
	H2_MUST(g->messages_len + g->window_len == end->window_len);
	H2_MUST(g->messages_used <= g->messages_len);
	H2_MUST(g->out_sent <= g->out_used);
	H2_MUST(g->out_used <= g->out_len);
	H2_MUST(g->out_len + g->copied_len == end->out_len);
	H2_MUST(g->recv_window >= 0);
	H2_MUST(g->message <= MESSAGE_STARTED);
	if (g->message == MESSAGE_NONE)
		H2_MUST(!g->chunk_len && !g->message_end && !g->copied_len);
	if (g->chunk_len) {
		H2_MUST(g->chunk_at >= g->out_sent);
		H2_MUST(g->chunk_at <= g->out_used);
		H2_MUST(g->chunk_sent < g->chunk_len);
		H2_MUST(g->chunk_len <= g->payload_len);
	}
	sane_streams(g);
}

/* What only asks changes nothing. */
#ifndef WORLD_ASKED_SIZE
#define WORLD_ASKED_SIZE sizeof(struct vmc_grpc)
#endif

struct asked {
	uint8_t before[WORLD_ASKED_SIZE];
};

static inline void ask(const struct end *end, struct asked *asked)
{
	sane(end);
	memcpy(asked->before, &end->engine, sizeof(asked->before));
}

static inline void answered(const struct end *end, const struct asked *asked)
{
	H2_MUST(memcmp(asked->before, &end->engine, sizeof(asked->before)) ==
		0);
}

static inline int idle(struct end *end)
{
	struct asked asked;
	int is;

	ask(end, &asked);
	is = end->ops->idle(&end->engine);
	answered(end, &asked);
	return is;
}

static inline int partial(struct end *end)
{
	struct asked asked;
	int is;

	ask(end, &asked);
	is = end->ops->partial(&end->engine);
	answered(end, &asked);
	return is;
}

static inline enum vmc_status failed_why(struct end *end, const char **reason)
{
	struct asked asked;
	enum vmc_status status;

	ask(end, &asked);
	status = end->ops->failed(&end->engine, reason);
	answered(end, &asked);
	return status;
}

static inline enum vmc_status failed(struct end *end)
{
	const char *reason;

	return failed_why(end, &reason);
}

static inline int wants(struct end *end, uint8_t **buf, size_t *room)
{
	struct asked asked;
	int is;

	ask(end, &asked);
	is = end->ops->recv_buf(&end->engine, buf, room);
	answered(end, &asked);
	if (!is)
		return 0;
	H2_MUST(*room > 0);
	H2_MUST(*buf >= end->window);
	H2_MUST(*buf + *room <= end->window + end->window_len);
	return 1;
}

static inline int sends(struct end *end, struct vmc_view *parts,
			size_t *parts_len)
{
	struct asked asked;
	size_t i;
	int is;

	ask(end, &asked);
	is = end->ops->send_buf(&end->engine, parts, parts_len);
	answered(end, &asked);
	if (!is)
		return 0;
	H2_MUST(*parts_len >= 1 && *parts_len <= VMC_PARTS_MAX);
	for (i = 0; i < *parts_len; i++)
		H2_MUST(parts[i].ptr_len > 0);
	return 1;
}

/*
 * Going on
 */

/* Gives what it takes of the bytes; the number taken. */
static inline size_t give_some(struct end *end, const uint8_t *bytes,
			       size_t len)
{
	uint8_t *buf;
	size_t room;

	if (len == 0 || !wants(end, &buf, &room))
		return 0;
	if (room > len)
		room = len;
	memcpy(buf, bytes, room);
	end->ops->recv_ack(&end->engine, room);
	sane(end);
	return room;
}

/* Takes at most `most` bytes of what is to be sent, and has them read; 0 if
 * there is nothing. */
static inline size_t take_some(struct end *end, size_t most)
{
	struct vmc_view parts[VMC_PARTS_MAX];
	static uint8_t bytes[40000];
	size_t parts_len, taken = 0, i;

	if (!sends(end, parts, &parts_len))
		return 0;
	for (i = 0; i < parts_len && taken < most; i++) {
		size_t n = parts[i].ptr_len;

		if (n > most - taken)
			n = most - taken;
		if (n > sizeof(bytes) - taken)
			n = sizeof(bytes) - taken;
		memcpy(bytes + taken, parts[i].ptr, n);
		taken += n;
	}
	end->ops->send_ack(&end->engine, taken);
	sane(end);
	h2_read(&end->reader, bytes, taken);
	return taken;
}

static inline void take_all(struct end *end)
{
	while (take_some(end, SIZE_MAX))
		continue;
}

static inline int next(struct end *end, struct vmc_engine_event *event)
{
	int is;

	memset(event, 0xee, sizeof(*event));
	is = end->ops->next(&end->engine, event);
	sane(end);
	return is;
}

/* Asks for the next event, sending what there is meanwhile; 0 if there is
 * none. */
static inline int pump(struct end *end, struct vmc_engine_event *event)
{
	unsigned turns = 0;

	do {
		H2_MUST(++turns < 1000);
		take_all(end);
		if (!next(end, event))
			return 0;
	} while (event->type == VMC_ENGINE_NONE);
	return 1;
}

/* Gives all of `in`; it must not lead to an event. */
static inline void give_quietly(struct end *end)
{
	struct vmc_engine_event event;
	size_t at = 0, n;

	while (at < end->in.len) {
		H2_MUST(!pump(end, &event));
		n = give_some(end, end->in.at + at, end->in.len - at);
		H2_MUST(n > 0);
		at += n;
	}
	H2_MUST(!pump(end, &event));
	end->in.len = 0;
}

/* Gives what is in `in` up to the next event, which must come. */
static inline struct vmc_engine_event give_until_event(struct end *end)
{
	struct vmc_engine_event event;
	size_t at = 0;

	while (!pump(end, &event)) {
		size_t n = give_some(end, end->in.at + at, end->in.len - at);

		H2_MUST(n > 0);
		at += n;
	}
	end->in.len -= at;
	memmove(end->in.at, end->in.at + at, end->in.len);
	return event;
}

static inline struct vmc_engine_event
give_until(struct end *end, enum vmc_engine_event_type type)
{
	struct vmc_engine_event event = give_until_event(end);

	H2_MUST(event.type == type);
	return event;
}

static inline enum vmc_status answer_with(struct end *end, uint32_t stream,
					  const void *bytes, size_t len)
{
	struct vmc_view part = { bytes, len };
	struct vmc_engine_reply reply = { .stream = stream,
					  .parts = &part,
					  .parts_len = 1 };
	enum vmc_status status = end->ops->reply(&end->engine, &reply);

	sane(end);
	return status;
}

static inline enum vmc_status answer(struct end *end, uint32_t stream,
				     const char *text)
{
	return answer_with(end, stream, text, strlen(text));
}

/* A fast pseudo-random number below `below`; the same each time. */
static inline uint32_t roll(uint32_t *seed, uint32_t below)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (*seed >> 8) % below;
}

#endif
