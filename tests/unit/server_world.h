/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server over a pool over the mock driver, on a simulated port, and peers
 * that speak ttrpc to it by hand, or gRPC where WORLD_GRPC is 1.
 * server_world_check holds after every step, on top of pool_world_check:
 *
 * - a VM that is HANDING is one open connection's, and the other way round;
 * - a reply buffer that is taken is one open connection's;
 * - calls that wait belong to open connections, which count them;
 * - each open connection has its end of a stream, and nothing else does;
 * - a slot for gRPC that is taken is one open connection's.
 */
#ifndef VMC_TEST_SERVER_WORLD_H
#define VMC_TEST_SERVER_WORLD_H

#include "pool_world.h"

#include "h2_peer.h"

#ifndef WORLD_GRPC
#define WORLD_GRPC 0
#endif

#ifndef WORLD_GRPC_SLOTS
#define WORLD_GRPC_SLOTS VMC_CONNECTION_MAX
#endif

#define WORLD_ENDPOINT "/run/vmcache/cache.sock"
#define WORLD_DATA "{\"HypervisorType\":\"mock\",\"HypervisorConfig\":{}}"
#define WORLD_AGENT_CONFIG "{\"LongLiveConn\":true}"

struct server_world {
	struct pool_world p;
	struct vmc_server_config config;
	struct vmc_server server;
	struct vmc_grpc_slot grpc[WORLD_GRPC_SLOTS];
	struct vmc_wait waits[VMC_SERVER_WAIT_MAX];
	size_t waits_len;
	uint8_t waits_stale; /* collected by somebody else meanwhile */
};

static inline void server_world_begin(struct server_world *w, uint32_t number)
{
	pool_world_begin(&w->p, number);
	w->p.sim.client = (struct vmc_peer){
		.known = 1, .pid = 4242, .uid = 1000, .gid = 1000
	};
	w->config = (struct vmc_server_config){
		.pool = &w->p.pool,
		.port = vmc_sim_port(&w->p.sim),
		.endpoint = WORLD_ENDPOINT,
		.config = { vmc_view_of(WORLD_DATA),
			    vmc_view_of(WORLD_AGENT_CONFIG) },
		.env = vmc_sim_env(&w->p.sim),
		.pid = 77,
		.grpc = w->grpc,
		.grpc_len = WORLD_GRPC_SLOTS,
	};
	memset(w->grpc, 0, sizeof(w->grpc));
}

static inline void server_world_start(struct server_world *w)
{
	pool_world_start(&w->p);
	w->waits_stale = 1;
	CHECK_EQ_INT(vmc_server_init(&w->server, &w->config), VMC_OK);
}

/*
 * Invariants
 */

static inline void
world_check_connection(const struct server_world *w,
		       const struct vmc_connection *connection, uint32_t *calls)
{
	*calls += connection->calls;
	CHECK(connection->pump.stream != VMC_HANDLE_NONE);
	CHECK(vmc_sim_connection(&w->p.sim, connection->pump.stream) != 0);
	if (connection->slot >= 0)
		CHECK_EQ_INT(w->p.pool.slot[connection->slot].vm.state,
			     VMC_VM_HANDING);
	if (connection->reply)
		CHECK(connection->reply->connection == connection);
}

static inline void server_world_check(const struct server_world *w)
{
	uint32_t i, calls = 0, handing = 0, replies = 0, slots = 0, taken = 0;
	uint32_t grpc = 0;

	for (i = 0; i < w->server.open_len; i++) {
		const struct vmc_connection *connection = w->server.open[i];

		world_check_connection(w, connection, &calls);
		slots += connection->slot >= 0;
		replies += connection->reply != NULL;
		grpc += connection->grpc != NULL;
		if (connection->grpc)
			CHECK(connection->grpc->connection == connection);
	}
	for (i = 0; i < WORLD_GRPC_SLOTS; i++)
		grpc -= w->grpc[i].connection != NULL;
	CHECK_EQ_INT(grpc, 0);
	for (i = 0; i < w->p.pool.config.number; i++)
		handing += w->p.pool.slot[i].vm.state == VMC_VM_HANDING;
	for (i = 0; i < VMC_REPLY_MAX; i++)
		taken += w->server.reply[i].connection != NULL;
	CHECK_EQ_INT(w->server.call_len, calls);
	CHECK_EQ_INT(slots, handing);
	CHECK_EQ_INT(replies, taken);
	CHECK(w->p.pool.line_len <= calls);
	pool_world_check(&w->p);
}

/*
 * Going on
 */

/* What the server waits for, and what has come of it. */
static inline size_t server_world_poll(struct server_world *w,
				       struct vmc_wait *waits, size_t *len,
				       uint64_t *until_ms)
{
	w->waits_stale = 1;
	CHECK_EQ_INT(vmc_server_waits(&w->server, waits, VMC_SERVER_WAIT_MAX,
				      len, until_ms),
		     VMC_OK);
	return vmc_sim_poll(&w->p.sim, waits, *len) +
	       vmc_mock_poll(&w->p.mock, waits, *len);
}

/* As a loop does it that keeps handles registered: collects them only when
 * it is told that they have changed. */
static inline size_t server_world_wait(struct server_world *w)
{
	uint64_t until_ms;

	if (w->waits_stale || vmc_server_waits_changed(&w->server))
		CHECK_EQ_INT(vmc_server_waits(&w->server, w->waits,
					      VMC_SERVER_WAIT_MAX,
					      &w->waits_len, &until_ms),
			     VMC_OK);
	w->waits_stale = 0;
	return vmc_sim_poll(&w->p.sim, w->waits, w->waits_len) +
	       vmc_mock_poll(&w->p.mock, w->waits, w->waits_len);
}

/* One turn of a loop. Returns when the next is due. */
static inline uint64_t server_world_step(struct server_world *w)
{
	(void)server_world_wait(w);
	vmc_server_step(&w->server, w->waits, w->waits_len, w->p.sim.now_ms);
	pool_world_log(&w->p);
	server_world_check(w);
	return server_world_wait(w) ? 0 : vmc_server_until(&w->server);
}

static inline void server_world_settle(struct server_world *w)
{
	unsigned steps = 0;

	while (server_world_step(w) <= w->p.sim.now_ms)
		CHECK(++steps < 100000);
}

static inline void server_world_pass(struct server_world *w, uint64_t ms)
{
	uint64_t end_ms = w->p.sim.now_ms + ms;
	unsigned steps = 0;

	for (;;) {
		uint64_t until_ms = server_world_step(w);

		CHECK(++steps < 100000);
		if (until_ms <= w->p.sim.now_ms)
			continue;
		if (w->p.sim.now_ms == end_ms)
			return;
		w->p.sim.now_ms = until_ms < end_ms ? until_ms : end_ms;
	}
}

/*
 * Peers. A peer sends whole frames and reads whatever comes, without any of
 * the library's code.
 */

struct answer {
	uint32_t stream;
	int code;
	char message[256];
	uint8_t payload[16384];
	size_t payload_len;
};

struct peer {
	vmc_handle stream;
	uint32_t next_stream;
	enum vmc_status end; /* why nothing more will come; VMC_AGAIN */
	uint8_t bytes[32768];
	size_t bytes_len;
	struct answer answer[4];
	size_t answer_len;
	struct h2_reader *h2; /* gRPC: what reads */
};

/* It is kept from one connection to the next. */
static inline void peer_begin_h2(struct peer *peer)
{
	if (!peer->h2)
		peer->h2 = malloc(sizeof(*peer->h2));
	CHECK(peer->h2 != NULL);
	h2_reader_init(peer->h2);
}

static inline void peer_connect(struct server_world *w, struct peer *peer)
{
	struct vmc_error error;

	vmc_error_reset(&error);
	peer->next_stream = 1;
	peer->end = VMC_AGAIN;
	peer->bytes_len = peer->answer_len = 0;
	if (WORLD_GRPC)
		peer_begin_h2(peer);
	CHECK_EQ_INT(vmc_sim_port_ops.connect(&w->p.sim, w->config.endpoint,
					      &peer->stream, &error),
		     VMC_OK);
}

static inline void peer_close(struct server_world *w, struct peer *peer)
{
	vmc_sim_port_ops.close(&w->p.sim, peer->stream);
	peer->stream = VMC_HANDLE_NONE;
}

/* Sends all of it, letting the server read where that is needed; 0 if the
 * connection broke. */
static inline int peer_send(struct server_world *w, struct peer *peer,
			    const void *bytes, size_t bytes_len)
{
	struct vmc_view view = { bytes, bytes_len };
	unsigned tries = 0;
	size_t len;

	while (view.ptr_len > 0) {
		enum vmc_status status = vmc_sim_port_ops.send(
			&w->p.sim, peer->stream, &view, 1, NULL, &len);

		CHECK(++tries < 100000);
		if (status < 0)
			return 0;
		if (status == VMC_AGAIN) {
			server_world_step(w);
			continue;
		}
		view.ptr += len;
		view.ptr_len -= len;
	}
	return 1;
}

static inline uint8_t *put_u32(uint8_t *at, uint32_t value)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		*at++ = (uint8_t)(value >> shift);
	return at;
}

/* A field with a length, below 128 bytes. */
static inline uint8_t *put_field(uint8_t *at, unsigned number,
				 const void *bytes, size_t len)
{
	*at++ = (uint8_t)(number << 3 | 2);
	*at++ = (uint8_t)len;
	memcpy(at, bytes, len);
	return at + len;
}

/* In the smallest unit that has it in 8 digits. */
static inline void make_timeout(char *out, size_t cap, uint64_t ns)
{
	static const uint64_t unit[] = {
		1, 1000, 1000000, 1000000000, 60000000000, 3600000000000,
	};
	unsigned i = 0;

	while (i < 5 && ns / unit[i] > 99999999)
		i++;
	snprintf(out, cap, "grpc-timeout: %llu%c\n",
		 (unsigned long long)(ns / unit[i]), "numSMH"[i]);
}

/* Over gRPC, with the preface if it is the first on a connection. */
static inline size_t make_h2_request(uint8_t *out, uint32_t stream,
				     const char *service, const char *method,
				     uint64_t timeout_ns)
{
	static struct h2_bytes b;
	char path[128], timeout[64] = "";

	b.len = 0;
	if (stream == 1)
		h2_put_preface(&b);
	snprintf(path, sizeof(path), "/%s/%s", service, method);
	if (timeout_ns)
		make_timeout(timeout, sizeof(timeout), timeout_ns);
	h2_put_request(&b, stream, path, timeout, "", 0);
	memcpy(out, b.at, b.len);
	return b.len;
}

/* A request at most: over gRPC, the preface, headers, and no payload. */
#define REQUEST_ROOM 300

/* A request; returns its length. */
static inline size_t make_request(uint8_t *out, uint32_t stream,
				  const char *service, const char *method,
				  uint64_t timeout_ns)
{
	uint8_t *at = out + 10;

	if (WORLD_GRPC)
		return make_h2_request(out, stream, service, method,
				       timeout_ns);
	at = put_field(at, 1, service, strlen(service));
	at = put_field(at, 2, method, strlen(method));
	if (timeout_ns) {
		*at++ = 4 << 3;
		for (; timeout_ns > 127; timeout_ns >>= 7)
			*at++ = (uint8_t)(timeout_ns | 128);
		*at++ = (uint8_t)timeout_ns;
	}
	put_u32(out, (uint32_t)(at - out - 10));
	put_u32(out + 4, stream);
	out[8] = 1;
	out[9] = 0;
	return (size_t)(at - out);
}

/* Asks for a method of the cache; returns the stream. */
static inline uint32_t peer_ask_within(struct server_world *w,
				       struct peer *peer, const char *method,
				       uint64_t timeout_ns)
{
	uint8_t frame[REQUEST_ROOM];
	uint32_t stream = peer->next_stream;

	peer->next_stream += 2;
	CHECK(peer_send(w, peer, frame,
			make_request(frame, stream, "cache.CacheService",
				     method, timeout_ns)));
	return stream;
}

static inline uint32_t peer_ask(struct server_world *w, struct peer *peer,
				const char *method)
{
	return peer_ask_within(w, peer, method, 0);
}

/* A protobuf message's fields, one by one. 0 at the end. */
struct pb_field {
	unsigned number;
	uint64_t value;
	struct vmc_view bytes;
};

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

static inline int pb_next(struct vmc_view *in, struct pb_field *field)
{
	uint64_t tag;

	memset(field, 0, sizeof(*field));
	if (in->ptr_len == 0)
		return 0;
	tag = pb_varint(in);
	field->number = (unsigned)(tag >> 3);
	CHECK((tag & 7) == 0 || (tag & 7) == 2);
	field->value = pb_varint(in);
	if ((tag & 7) == 0)
		return 1;
	CHECK(field->value <= in->ptr_len);
	field->bytes.ptr = in->ptr;
	field->bytes.ptr_len = (size_t)field->value;
	in->ptr += field->value;
	in->ptr_len -= (size_t)field->value;
	return 1;
}

/* The field of that number, or an empty one. */
static inline struct pb_field pb_find(struct vmc_view in, unsigned number)
{
	struct pb_field field, found = { 0, 0, { NULL, 0 } };

	while (pb_next(&in, &field))
		if (field.number == number)
			found = field;
	return found;
}

static inline void peer_take_response(struct peer *peer, uint32_t stream,
				      struct vmc_view data)
{
	struct answer *answer = &peer->answer[peer->answer_len++];
	struct vmc_view status = pb_find(data, 1).bytes;
	struct vmc_view payload = pb_find(data, 2).bytes;
	struct vmc_view message = pb_find(status, 2).bytes;

	answer->stream = stream;
	answer->code = (int)pb_find(status, 1).value;
	CHECK(answer->code >= 0 && answer->code <= 16);
	CHECK(message.ptr_len < sizeof(answer->message));
	memset(answer->message, 0, sizeof(answer->message));
	if (message.ptr_len)
		memcpy(answer->message, message.ptr, message.ptr_len);
	CHECK(payload.ptr_len <= sizeof(answer->payload));
	answer->payload_len = payload.ptr_len;
	if (payload.ptr_len)
		memcpy(answer->payload, payload.ptr, payload.ptr_len);
}

static inline void peer_take_h2_answer(struct peer *peer, struct h2_answer *a)
{
	struct answer *answer = &peer->answer[peer->answer_len++];
	struct vmc_view payload = { NULL, 0 };

	if (a->data_len > 0)
		payload = h2_message_of(peer->h2, a->stream);
	answer->stream = a->stream;
	answer->code = a->code;
	CHECK(answer->code >= 0 && answer->code <= 16);
	CHECK(answer->code || a->data_len > 0);
	snprintf(answer->message, sizeof(answer->message), "%.255s",
		 a->message);
	CHECK(payload.ptr_len <= sizeof(answer->payload));
	answer->payload_len = payload.ptr_len;
	if (payload.ptr_len)
		memcpy(answer->payload, payload.ptr, payload.ptr_len);
	a->stream = 0;
}

static inline int peer_take_h2_frame(struct peer *peer)
{
	struct h2_reader *h2 = peer->h2;
	unsigned i;

	CHECK(peer->bytes_len <= sizeof(h2->bytes) - h2->bytes_len);
	memcpy(h2->bytes + h2->bytes_len, peer->bytes, peer->bytes_len);
	h2->bytes_len += peer->bytes_len;
	peer->bytes_len = 0;
	if (peer->answer_len == 4 || !h2_take_one(h2))
		return 0;
	for (i = 0; i < H2_ANSWERS; i++)
		if (h2->answer[i].stream && h2->answer[i].ended)
			peer_take_h2_answer(peer, &h2->answer[i]);
	return 1;
}

/* Takes one whole frame off the bytes that have come; 0 if there is none. */
static inline int peer_take_frame(struct peer *peer)
{
	const uint8_t *b = peer->bytes;
	size_t len;

	if (WORLD_GRPC)
		return peer_take_h2_frame(peer);
	if (peer->bytes_len < 10 || peer->answer_len == 4)
		return 0;
	len = (size_t)b[0] << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 |
	      b[3];
	CHECK(len + 10 <= sizeof(peer->bytes));
	if (peer->bytes_len < len + 10)
		return 0;
	CHECK_EQ_INT(b[8], 2);
	CHECK_EQ_INT(b[9], 0);
	peer_take_response(peer,
			   (uint32_t)b[4] << 24 | (uint32_t)b[5] << 16 |
				   (uint32_t)b[6] << 8 | b[7],
			   (struct vmc_view){ b + 10, len });
	peer->bytes_len -= len + 10;
	memmove(peer->bytes, b + len + 10, peer->bytes_len);
	return 1;
}

/* Reads once; 1 if something came, be it the end. */
static inline int peer_read(struct server_world *w, struct peer *peer)
{
	size_t room = sizeof(peer->bytes) - peer->bytes_len, len;
	enum vmc_status status;

	if (peer->end != VMC_AGAIN || room == 0)
		return 0;
	status = vmc_sim_port_ops.recv(&w->p.sim, peer->stream,
				       peer->bytes + peer->bytes_len, room,
				       &len, NULL);
	if (status == VMC_AGAIN)
		return 0;
	if (status == VMC_OK)
		peer->bytes_len += len;
	else
		peer->end = status;
	while (peer_take_frame(peer))
		continue;
	return 1;
}

/* Lets the server and a peer run until neither has anything to do. */
static inline void peer_settle(struct server_world *w, struct peer *peer)
{
	do
		server_world_settle(w);
	while (peer_read(w, peer));
}

/* The next answer, which must be there already. */
static inline const struct answer *peer_answer(struct server_world *w,
					       struct peer *peer)
{
	static struct answer answer;

	peer_settle(w, peer);
	CHECK(peer->answer_len > 0);
	answer = peer->answer[0];
	peer->answer_len--;
	memmove(&peer->answer[0], &peer->answer[1],
		peer->answer_len * sizeof(answer));
	while (peer_take_frame(peer))
		continue;
	return &answer;
}

/* Asks, and gets the answer at once. */
static inline const struct answer *
peer_call(struct server_world *w, struct peer *peer, const char *method)
{
	uint32_t stream = peer_ask(w, peer, method);
	const struct answer *answer = peer_answer(w, peer);

	CHECK_EQ_INT(answer->stream, stream);
	return answer;
}

static inline struct vmc_view answer_view(const struct answer *answer)
{
	return (struct vmc_view){ answer->payload, answer->payload_len };
}

#endif
