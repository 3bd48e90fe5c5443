/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The channel, against a server made of the engine and the pump by hand,
 * over the port in memory: ttrpc, or gRPC where WORLD_GRPC is 1.
 */
#ifndef VMC_TEST_CHANNEL_WORLD_H
#define VMC_TEST_CHANNEL_WORLD_H

#include "test.h"

#include "hex.h"
#include "vmcache/client.h"
#include "vmcache/transport.h"
#include "vmcache_sim.h"
#include "../../src/engine/pump.h"
#include "../../src/rpc/channel.h"

#ifndef WORLD_GRPC
#define WORLD_GRPC 0
#endif

#if WORLD_GRPC
#define WORLD_ENGINE vmc_grpc_server
#else
#define WORLD_ENGINE vmc_ttrpc_server
#endif

#define ENDPOINT "/run/test.sock"
#define WINDOW_SIZE 512
#define SERVER_OUT_SIZE (WORLD_GRPC ? VMC_GRPC_OUT_SIZE : 256)
#define REQUEST_MAX 16

struct seen {
	uint32_t stream;
	uint64_t timeout_ns;
	char method[32];
	char payload[32];
};

struct world {
	struct vmc_sim sim;
	struct vmc_sim_link links[4];
	struct vmc_port_ops counting; /* the port's, and these count */
	struct vmc_channel channel;
	struct vmc_grpc grpc; /* the channel's */
	uint8_t window[WINDOW_SIZE];

	vmc_handle listener, stream; /* the server's */
	union {
		struct vmc_ttrpc ttrpc;
		struct vmc_grpc grpc;
	} engine;
	uint8_t server_window[1024], server_out[SERVER_OUT_SIZE];
	struct seen seen[REQUEST_MAX];
	unsigned seen_len;
	enum vmc_status ended; /* what the server's pump came to */
};

static unsigned sends, recvs, connects;

static inline enum vmc_status
count_send(void *ctx, vmc_handle stream, const struct vmc_view *parts,
	   size_t parts_len, const struct vmc_handles *handles, size_t *len)
{
	sends++;
	return vmc_sim_port_ops.send(ctx, stream, parts, parts_len, handles,
				     len);
}

static inline enum vmc_status count_recv(void *ctx, vmc_handle stream,
					 uint8_t *buf, size_t cap, size_t *len,
					 struct vmc_handles *handles)
{
	recvs++;
	return vmc_sim_port_ops.recv(ctx, stream, buf, cap, len, handles);
}

static inline enum vmc_status count_connect(void *ctx, const char *endpoint,
					    vmc_handle *stream,
					    struct vmc_error *error)
{
	connects++;
	return vmc_sim_port_ops.connect(ctx, endpoint, stream, error);
}

static inline void listen_at(struct world *w)
{
	struct vmc_error error;

	vmc_error_reset(&error);
	CHECK_EQ_INT(vmc_sim_port_ops.listen(&w->sim, ENDPOINT, &w->listener,
					     &error),
		     VMC_OK);
}

static inline struct vmc_channel_config config_of(struct world *w)
{
	struct vmc_channel_config config = {
		.port = { &w->counting, &w->sim },
		.endpoint = ENDPOINT,
		.stream = VMC_HANDLE_NONE,
		.window = w->window,
		.window_len = sizeof(w->window),
		.transport = WORLD_GRPC ? "grpc" : "ttrpc",
		.grpc = &w->grpc,
		.dial_timeout_ms = 100,
	};

	return config;
}

static inline void begin_world(struct world *w)
{
	struct vmc_channel_config config;

	memset(w, 0, sizeof(*w));
	vmc_sim_init(&w->sim, w->links, 4);
	w->counting = vmc_sim_port_ops;
	w->counting.send = count_send;
	w->counting.recv = count_recv;
	w->counting.connect = count_connect;
	w->stream = VMC_HANDLE_NONE;
	listen_at(w);
	config = config_of(w);
	CHECK_EQ_INT(vmc_channel_init(&w->channel, &config), VMC_OK);
	sends = recvs = connects = 0;
}

static inline void hang_up(struct world *w)
{
	if (w->stream != VMC_HANDLE_NONE)
		vmc_sim_port_ops.close(&w->sim, w->stream);
	w->stream = VMC_HANDLE_NONE;
}

static inline void end_world(struct world *w)
{
	vmc_channel_close(&w->channel);
	hang_up(w);
	CHECK_EQ_INT(w->sim.open, 0);
	CHECK_EQ_INT(w->sim.misused, 0);
}

/*
 * The server
 */

static inline struct vmc_pump server_pump(struct world *w)
{
	struct vmc_pump pump = { &WORLD_ENGINE, &w->engine,
				 vmc_sim_port(&w->sim), w->stream };

	return pump;
}

static inline void copy_view(char *out, size_t cap, struct vmc_view view)
{
	CHECK(view.ptr_len < cap);
	memset(out, 0, cap);
	if (view.ptr_len > 0)
		memcpy(out, view.ptr, view.ptr_len);
}

static inline void note_request(struct world *w,
				const struct vmc_engine_event *event)
{
	struct seen *seen = &w->seen[w->seen_len++];

	CHECK(w->seen_len <= REQUEST_MAX);
	seen->stream = event->stream;
	seen->timeout_ns = event->timeout_ns;
	copy_view(seen->method, sizeof(seen->method), event->method);
	copy_view(seen->payload, sizeof(seen->payload), event->payload);
}

static inline void accept_one(struct world *w)
{
	struct vmc_peer peer;

	if (vmc_sim_port_ops.accept(&w->sim, w->listener, &w->stream, &peer))
		return;
	WORLD_ENGINE.init(&w->engine, w->server_window,
			  sizeof(w->server_window), w->server_out,
			  sizeof(w->server_out));
}

/* Takes what has come, and notes the requests. */
static inline void serve(struct world *w)
{
	struct vmc_engine_event event;
	struct vmc_pump pump;

	if (w->stream == VMC_HANDLE_NONE)
		accept_one(w);
	if (w->stream == VMC_HANDLE_NONE)
		return;
	pump = server_pump(w);
	do {
		while ((w->ended = vmc_pump_next(&pump, &event)) == VMC_OK)
			if (event.type == VMC_ENGINE_REQUEST)
				note_request(w, &event);
		if (w->ended == VMC_AGAIN)
			w->ended = vmc_pump_recv(&pump);
	} while (w->ended == VMC_OK);
}

/* Answers; several answers may be under way before the client looks. */
static inline void respond(struct world *w, uint32_t stream, enum vmc_code code,
			   const char *text)
{
	struct vmc_view part = vmc_view_of(text);
	struct vmc_engine_reply reply = { .stream = stream,
					  .code = code,
					  .message = text,
					  .parts = &part,
					  .parts_len = 1 };
	struct vmc_engine_event event;
	struct vmc_pump pump = server_pump(w);

	CHECK_EQ_INT(WORLD_ENGINE.reply(&w->engine, &reply), VMC_OK);
	while (vmc_pump_next(&pump, &event) == VMC_OK)
		if (event.type == VMC_ENGINE_REQUEST)
			note_request(w, &event);
}

static inline void send_bytes(struct world *w, const uint8_t *bytes,
			      size_t bytes_len)
{
	struct vmc_view part = { bytes, bytes_len };
	size_t len;

	CHECK_EQ_INT(
		vmc_sim_port_ops.send(&w->sim, w->stream, &part, 1, NULL, &len),
		VMC_OK);
	CHECK_EQ_INT(len, part.ptr_len);
}

static inline void send_raw(struct world *w, const char *hex)
{
	uint8_t bytes[1024];

	send_bytes(w, bytes, from_hex(hex, bytes));
}

/* A response with that payload, by hand: ttrpc's */
static inline size_t put_ttrpc(uint8_t *out, uint8_t stream,
			       const uint8_t *payload, size_t len)
{
	size_t at = from_hex("00000000 00000000 02 00 1200", out);

	if (len == 0)
		at -= 2;
	out[3] = (uint8_t)(len ? len + 2 : 0);
	out[7] = stream;
	if (len > 0)
		out[at - 1] = (uint8_t)len;
	memcpy(out + at, payload, len);
	return at + len;
}

/* and gRPC's: headers, a message, trailers. */
static inline size_t put_grpc(uint8_t *out, uint8_t stream,
			      const uint8_t *payload, size_t len)
{
	size_t head = from_hex("000014 01 04 00000000 88 0f1010"
			       "6170706c69636174696f6e2f67727063"
			       "000000 00 00 00000000 0000000000",
			       out);
	size_t at = head + len;

	out[8] = stream;
	out[head - 12] = (uint8_t)(len + 5);
	out[head - 6] = stream;
	out[head - 1] = (uint8_t)len;
	memcpy(out + head, payload, len);
	out += at;
	at += from_hex("00000f 01 05 00000000 000b"
		       "677270632d7374617475730130",
		       out);
	out[8] = stream;
	return at;
}

/* The payload has less than 120 bytes. */
static inline void send_payload(struct world *w, uint32_t stream,
				const char *hex)
{
	uint8_t payload[256], bytes[512];
	size_t len = from_hex(hex, payload);

	CHECK(len < 120);
	len = (WORLD_GRPC ? put_grpc : put_ttrpc)(bytes, (uint8_t)stream,
						  payload, len);
	send_bytes(w, bytes, len);
}

/*
 * The client
 */

struct call {
	struct vmc_task task;
	const char *method;
	struct vmc_view reply;
};

static inline void begin_call(struct call *call, const char *method)
{
	vmc_task_init(&call->task);
	call->method = method;
	call->reply = vmc_view_of("nothing");
}

static inline enum vmc_status step(struct world *w, struct call *call)
{
	return vmc_channel_call(&w->channel, "test.Service", call->method,
				vmc_view_of("payload"), &call->reply,
				&call->task, w->sim.now_ms);
}

/* What a loop does: steps it only if it is due, or its wait has come. */
static inline enum vmc_status poll_step(struct world *w, struct call *call)
{
	size_t i;

	vmc_sim_poll(&w->sim, call->task.wait, call->task.wait_len);
	if (call->task.until_ms <= w->sim.now_ms)
		return step(w, call);
	for (i = 0; i < call->task.wait_len; i++)
		if (call->task.wait[i].got)
			return step(w, call);
	return VMC_AGAIN;
}

static inline const char *error_text(const struct world *w)
{
	return vmc_channel_error(&w->channel)->text;
}

static inline void check_text_has(const struct world *w, const char *what)
{
	if (!strstr(error_text(w), what))
		CHECK_EQ_STR(error_text(w), what);
}

#endif
