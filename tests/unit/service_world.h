/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An agent service on a simulated port, and a peer that speaks ttrpc to it by
 * hand. service_world_check holds after every step:
 *
 * - calls in flight are those whose tasks are, and nothing else is;
 * - without a connection there is none.
 */
#ifndef VMC_TEST_SERVICE_WORLD_H
#define VMC_TEST_SERVICE_WORLD_H

#include "test.h"

#include "vmcache/agent_service.h"
#include "vmcache_sim.h"

#define WORLD_ENDPOINT "/run/agent.sock"
#define WORLD_WINDOW_SIZE 16384
#define WORLD_ANSWER_MAX 64
#define WORLD_STEPS_MAX 100000

/* Bytes that are written down: requests, and what is expected. */
#define LITERAL(text)                                                          \
	((struct vmc_view){ (const uint8_t *)(text), sizeof(text) - 1 })
#define NOTHING ((struct vmc_view){ NULL, 0 })

struct answer {
	uint32_t stream;
	int code;
	char message[256];
	struct vmc_view payload;
};

struct service_world {
	struct vmc_sim sim;
	struct vmc_sim_link links[8];
	vmc_handle listener;
	struct vmc_agent_service_config config;
	struct vmc_agent_service service;
	uint8_t window[WORLD_WINDOW_SIZE];
	vmc_handle stream;   /* the service's */
	enum vmc_status end; /* what its last step came to */

	vmc_handle peer;
	uint32_t next_stream;
	uint8_t deaf; /* the peer does not read */
	uint8_t bytes[1 << 17];
	size_t bytes_len;
	struct answer answer[WORLD_ANSWER_MAX];
	unsigned answer_len;
	uint8_t payloads[1 << 22];
	size_t payloads_len;
};

/*
 * Beginning and ending
 */

static inline void service_world_begin(struct service_world *w,
				       struct vmc_agent agent)
{
	struct vmc_error error;

	memset(w, 0, offsetof(struct service_world, service));
	vmc_sim_init(&w->sim, w->links, sizeof(w->links) / sizeof(w->links[0]));
	vmc_error_reset(&error);
	CHECK_EQ_INT(vmc_sim_port_ops.listen(&w->sim, WORLD_ENDPOINT,
					     &w->listener, &error),
		     VMC_OK);
	w->config = (struct vmc_agent_service_config){
		.agent = agent,
		.port = vmc_sim_port(&w->sim),
		.window = w->window,
		.window_len = sizeof(w->window),
	};
	memset(&w->service, 0xa5, sizeof(w->service));
	CHECK_EQ_INT(vmc_agent_service_init(&w->service, &w->config), VMC_OK);
	w->stream = w->peer = VMC_HANDLE_NONE;
	w->end = VMC_CLOSED;
}

static inline void close_end(struct service_world *w, vmc_handle *end)
{
	if (*end != VMC_HANDLE_NONE)
		vmc_sim_port_ops.close(&w->sim, *end);
	*end = VMC_HANDLE_NONE;
}

/* A pair of connected ends. */
static inline void connect_ends(struct service_world *w, vmc_handle *outer,
				vmc_handle *inner)
{
	struct vmc_error error;
	struct vmc_peer who;

	vmc_error_reset(&error);
	CHECK_EQ_INT(vmc_sim_port_ops.connect(&w->sim, WORLD_ENDPOINT, outer,
					      &error),
		     VMC_OK);
	CHECK_EQ_INT(vmc_sim_port_ops.accept(&w->sim, w->listener, inner, &who),
		     VMC_OK);
}

/* A new peer begins; what the one before had is forgotten. */
static inline void service_world_forget(struct service_world *w)
{
	w->next_stream = 1;
	w->bytes_len = w->answer_len = w->payloads_len = 0;
	w->deaf = 0;
}

static inline void service_world_connect(struct service_world *w)
{
	close_end(w, &w->peer);
	close_end(w, &w->stream);
	service_world_forget(w);
	connect_ends(w, &w->peer, &w->stream);
	vmc_agent_service_open(&w->service, w->stream, w->sim.now_ms);
	w->end = VMC_AGAIN;
}

static inline void service_world_end(struct service_world *w)
{
	vmc_agent_service_close(&w->service);
	CHECK_EQ_INT(w->service.call_len, 0);
	close_end(w, &w->peer);
	close_end(w, &w->stream);
	CHECK_EQ_INT(w->sim.open, 0);
	CHECK_EQ_INT(w->sim.misused, 0);
}

/*
 * Going on
 */

static inline void service_world_check(const struct service_world *w)
{
	const struct vmc_agent_service *service = &w->service;
	uint8_t seen[VMC_AGENT_SERVICE_CALL_MAX] = { 0 };
	uint32_t i;

	CHECK(service->call_len <= VMC_AGENT_SERVICE_CALL_MAX);
	for (i = 0; i < VMC_AGENT_SERVICE_CALL_MAX; i++) {
		CHECK(service->order[i] < VMC_AGENT_SERVICE_CALL_MAX);
		CHECK(!seen[service->order[i]]++);
		if (i < service->call_len)
			CHECK(vmc_task_active(
				&service->call[service->order[i]].task));
	}
	if (service->pump.stream == VMC_HANDLE_NONE)
		CHECK_EQ_INT(service->call_len, 0);
}

/* 1 if a loop would step it now. */
static inline int service_world_due(struct service_world *w, uint64_t *until_ms)
{
	struct vmc_wait waits[VMC_AGENT_SERVICE_WAIT_MAX];
	size_t len;

	CHECK_EQ_INT(vmc_agent_service_waits(&w->service, waits,
					     VMC_AGENT_SERVICE_WAIT_MAX, &len,
					     until_ms),
		     VMC_OK);
	return vmc_sim_poll(&w->sim, waits, len) > 0 ||
	       *until_ms <= w->sim.now_ms;
}

static inline void service_world_step(struct service_world *w)
{
	w->end = vmc_agent_service_step(&w->service, w->sim.now_ms);
	CHECK(w->end == VMC_AGAIN || w->end == VMC_CLOSED ||
	      w->end == VMC_ERR_LOST || w->end == VMC_ERR_PROTOCOL);
	service_world_check(w);
}

/*
 * The peer
 */

static inline uint32_t take_u32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
	       (uint32_t)at[2] << 8 | at[3];
}

static inline uint8_t *put_u32(uint8_t *at, uint32_t value)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		*at++ = (uint8_t)(value >> shift);
	return at;
}

static inline uint8_t *put_varint(uint8_t *at, uint64_t value)
{
	for (; value > 127; value >>= 7)
		*at++ = (uint8_t)(value | 128);
	*at++ = (uint8_t)value;
	return at;
}

static inline uint8_t *put_bytes(uint8_t *at, unsigned number,
				 struct vmc_view bytes)
{
	*at++ = (uint8_t)(number << 3 | 2);
	at = put_varint(at, bytes.ptr_len);
	if (bytes.ptr_len)
		memcpy(at, bytes.ptr, bytes.ptr_len);
	return at + bytes.ptr_len;
}

static inline uint64_t pb_varint(struct vmc_view *in)
{
	uint64_t value = 0;
	unsigned shift = 0;

	do {
		CHECK(in->ptr_len > 0 && shift < 64);
		value |= (uint64_t)(*in->ptr & 127) << shift;
		shift += 7;
		in->ptr_len--;
	} while (*in->ptr++ & 128);
	return value;
}

/* The last field of that number: its bytes, or its number in `value`. */
static inline struct vmc_view pb_find(struct vmc_view in, unsigned number,
				      uint64_t *value)
{
	struct vmc_view found = NOTHING, bytes;
	uint64_t tag, number_or_len, ignored;

	value = value ? value : &ignored;
	*value = 0;
	while (in.ptr_len > 0) {
		tag = pb_varint(&in);
		number_or_len = pb_varint(&in);
		CHECK((tag & 7) == 0 || (tag & 7) == 2);
		bytes = (struct vmc_view){ in.ptr, 0 };
		if ((tag & 7) == 2) {
			CHECK(number_or_len <= in.ptr_len);
			bytes.ptr_len = (size_t)number_or_len;
			in.ptr += number_or_len;
			in.ptr_len -= (size_t)number_or_len;
		}
		if (tag >> 3 == number) {
			found = bytes;
			*value = number_or_len;
		}
	}
	return found;
}

static inline void take_response(struct service_world *w, uint32_t stream,
				 struct vmc_view data)
{
	struct answer *answer = &w->answer[w->answer_len++];
	struct vmc_view status = pb_find(data, 1, NULL);
	struct vmc_view payload = pb_find(data, 2, NULL);
	struct vmc_view message = pb_find(status, 2, NULL);
	uint64_t code;

	CHECK(w->answer_len <= WORLD_ANSWER_MAX);
	pb_find(status, 1, &code);
	CHECK(code <= 16);
	answer->stream = stream;
	answer->code = (int)code;
	CHECK(message.ptr_len < sizeof(answer->message));
	memset(answer->message, 0, sizeof(answer->message));
	if (message.ptr_len)
		memcpy(answer->message, message.ptr, message.ptr_len);
	CHECK(payload.ptr_len <= sizeof(w->payloads) - w->payloads_len);
	answer->payload.ptr = w->payloads + w->payloads_len;
	answer->payload.ptr_len = payload.ptr_len;
	if (payload.ptr_len)
		memcpy(w->payloads + w->payloads_len, payload.ptr,
		       payload.ptr_len);
	w->payloads_len += payload.ptr_len;
}

/* Takes one whole frame off what has come; 0 if there is none. */
static inline int take_frame(struct service_world *w)
{
	uint32_t len;

	if (w->bytes_len < 10)
		return 0;
	len = take_u32(w->bytes);
	CHECK(len + 10 <= sizeof(w->bytes));
	if (w->bytes_len < len + 10)
		return 0;
	CHECK_EQ_INT(w->bytes[8], 2);
	CHECK_EQ_INT(w->bytes[9], 0);
	take_response(w, take_u32(w->bytes + 4),
		      (struct vmc_view){ w->bytes + 10, len });
	w->bytes_len -= len + 10;
	memmove(w->bytes, w->bytes + len + 10, w->bytes_len);
	return 1;
}

/* Reads what is there; 1 if something was. */
static inline int peer_read(struct service_world *w)
{
	size_t len;

	if (w->deaf || w->peer == VMC_HANDLE_NONE ||
	    vmc_sim_port_ops.recv(&w->sim, w->peer, w->bytes + w->bytes_len,
				  sizeof(w->bytes) - w->bytes_len, &len,
				  NULL) != VMC_OK)
		return 0;
	w->bytes_len += len;
	while (take_frame(w))
		;
	return 1;
}

/* Goes on, at this point in time, until nothing is left to be done. */
static inline void service_world_settle(struct service_world *w)
{
	unsigned steps = 0;
	uint64_t until_ms;
	int some = 1;

	while (some) {
		some = w->end == VMC_AGAIN && service_world_due(w, &until_ms);
		if (some)
			service_world_step(w);
		some |= peer_read(w) ||
			(!w->deaf && vmc_sim_unread(&w->sim, w->peer) > 0);
		CHECK(++steps < WORLD_STEPS_MAX);
	}
}

/* Lets time pass, from one timer to the next. */
static inline void service_world_pass(struct service_world *w, uint64_t ms)
{
	uint64_t end_ms = w->sim.now_ms + ms, until_ms;

	for (;;) {
		service_world_settle(w);
		if (w->sim.now_ms == end_ms)
			return;
		until_ms = VMC_NEVER;
		if (w->end == VMC_AGAIN)
			service_world_due(w, &until_ms);
		w->sim.now_ms = until_ms < end_ms ? until_ms : end_ms;
	}
}

/* Sends all of it, letting the service read where that is needed; 0 if the
 * connection broke. */
static inline int peer_send(struct service_world *w, struct vmc_view bytes)
{
	unsigned tries = 0;
	size_t len;

	while (bytes.ptr_len > 0) {
		enum vmc_status status = vmc_sim_port_ops.send(
			&w->sim, w->peer, &bytes, 1, NULL, &len);

		CHECK(++tries < WORLD_STEPS_MAX);
		if (status < 0)
			return 0;
		if (status == VMC_AGAIN) {
			service_world_settle(w);
			continue;
		}
		bytes.ptr += len;
		bytes.ptr_len -= len;
	}
	return 1;
}

/* A request's frame. */
static inline struct vmc_view
make_request(uint8_t *out, uint32_t stream, const char *service,
	     const char *method, struct vmc_view payload, uint64_t timeout_ns)
{
	uint8_t *at = out + 10;

	at = put_bytes(at, 1, vmc_view_of(service));
	at = put_bytes(at, 2, vmc_view_of(method));
	at = put_bytes(at, 3, payload);
	if (timeout_ns) {
		*at++ = 4 << 3;
		at = put_varint(at, timeout_ns);
	}
	put_u32(out, (uint32_t)(at - out - 10));
	put_u32(out + 4, stream);
	out[8] = 1;
	out[9] = 0;
	return (struct vmc_view){ out, (size_t)(at - out) };
}

static inline uint32_t ask_within(struct service_world *w, const char *service,
				  const char *method, struct vmc_view payload,
				  uint64_t timeout_ns)
{
	static uint8_t frame[1 << 17];
	uint32_t stream = w->next_stream;

	w->next_stream += 2;
	CHECK(peer_send(w, make_request(frame, stream, service, method, payload,
					timeout_ns)));
	return stream;
}

static inline uint32_t ask(struct service_world *w, const char *method,
			   struct vmc_view payload)
{
	return ask_within(w, "grpc.AgentService", method, payload, 0);
}

/* The answer to that stream; NULL if it has not come. */
static inline const struct answer *answer_to(const struct service_world *w,
					     uint32_t stream)
{
	unsigned i;

	for (i = 0; i < w->answer_len; i++)
		if (w->answer[i].stream == stream)
			return &w->answer[i];
	return NULL;
}

static inline const struct answer *call_of(struct service_world *w,
					   const char *service,
					   const char *method,
					   struct vmc_view payload)
{
	uint32_t stream;
	const struct answer *answer;

	if (w->answer_len > WORLD_ANSWER_MAX / 2)
		w->answer_len = w->payloads_len = 0;
	stream = ask_within(w, service, method, payload, 0);
	service_world_settle(w);
	answer = answer_to(w, stream);
	CHECK(answer != NULL);
	return answer;
}

static inline const struct answer *
call(struct service_world *w, const char *method, struct vmc_view payload)
{
	return call_of(w, "grpc.AgentService", method, payload);
}

/* It works: asked anything, it answers. */
static inline void check_alive(struct service_world *w)
{
	const struct answer *answer =
		call_of(w, "grpc.Health", "Check", NOTHING);

	CHECK_EQ_INT(answer->code, 0);
	CHECK_EQ_INT(answer->payload.ptr_len, 2);
	CHECK_EQ_MEM(answer->payload.ptr, "\010\001", 2);
}

static inline void check_has(const char *text, const char *what)
{
	if (!strstr(text, what))
		CHECK_EQ_STR(text, what);
}

static inline void check_failed(const struct answer *answer, int code,
				const char *what)
{
	CHECK_EQ_INT(answer->code, code);
	CHECK_EQ_INT(answer->payload.ptr_len, 0);
	check_has(answer->message, what);
}

#endif
