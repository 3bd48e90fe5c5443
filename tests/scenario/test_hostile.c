/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Peers that mean harm, or are broken: whatever one does, its connection
 * ends in bounded time, it costs no VM, and others are served meanwhile.
 */
#include "server_world.h"

#define FRAME_TIMEOUT_MS 10000
#define WRITE_TIMEOUT_MS 10000

static struct server_world w;
static struct peer good, bad;

/* A server with a peer that has been served, and one that is to misbehave. */
static void begin(void)
{
	server_world_begin(&w, 2);
	server_world_start(&w);
	peer_connect(&w, &good);
	CHECK_EQ_INT(peer_call(&w, &good, "Status")->code, 0);
	peer_connect(&w, &bad);
	server_world_settle(&w);
	CHECK_EQ_INT(w.server.open_len, 2);
}

/* The other was not harmed, and no VM was spent. */
static void check_good(void)
{
	CHECK_EQ_INT(peer_call(&w, &good, "Status")->code, 0);
	CHECK_EQ_INT(peer_call(&w, &good, "Config")->code, 0);
	CHECK_EQ_INT(vmc_pool_ready(&w.p.pool), 2);
}

static void check_closed(struct peer *peer)
{
	peer_settle(&w, peer);
	CHECK(peer->end != VMC_AGAIN);
	peer_close(&w, peer);
	server_world_settle(&w);
	CHECK_EQ_INT(w.server.open_len, 1);
	check_good();
	CHECK_EQ_INT(w.p.mock.called[VMC_MOCK_BOOT], 2);
}

static void say(struct peer *peer, const void *bytes, size_t len)
{
	(void)peer_send(&w, peer, bytes, len);
	server_world_settle(&w);
}

/*
 * What is no transport
 */

TEST(first_byte_that_begins_no_transport)
{
	for (unsigned byte = 1; byte < 256; byte++) {
		uint8_t bytes[2] = { (uint8_t)byte, 0 };

		if (vmc_transport_by_first_byte(bytes[0]))
			continue;
		begin();
		say(&bad, bytes, sizeof(bytes));
		CHECK(world_event(&w.p, VMC_EVENT_CONNECTION_BAD)->text[0] !=
		      '\0');
		CHECK_EQ_INT(
			world_event(&w.p, VMC_EVENT_CONNECTION_BAD)->peer.pid,
			4242);
		check_closed(&bad);
	}
}

TEST(http_request)
{
	static const char get[] = "GET / HTTP/1.1\r\nHost: cache\r\n\r\n";

	begin();
	say(&bad, get, sizeof(get) - 1);
	check_closed(&bad);
}

TEST(garbage_after_a_good_call)
{
	static const char garbage[] = "\xff\xff\xff\xff garbage garbage";

	begin();
	CHECK_EQ_INT(peer_call(&w, &bad, "Status")->code, 0);
	say(&bad, garbage, sizeof(garbage));
	CHECK_EQ_INT(world_logged(&w.p, VMC_EVENT_CONNECTION_BAD), 1);
	check_closed(&bad);
}

/*
 * What is not complete
 */

TEST(silence_is_given_a_while)
{
	begin();
	server_world_pass(&w, FRAME_TIMEOUT_MS - 1);
	CHECK_EQ_INT(w.server.open_len, 2);
	server_world_pass(&w, 1);
	CHECK_EQ_INT(w.server.open_len, 1);
	check_closed(&bad);
}

TEST(idle_after_a_call_may_stay)
{
	begin();
	CHECK_EQ_INT(peer_call(&w, &bad, "Status")->code, 0);
	server_world_pass(&w, 100 * FRAME_TIMEOUT_MS);
	CHECK_EQ_INT(w.server.open_len, 2);
	CHECK_EQ_INT(peer_call(&w, &bad, "Status")->code, 0);
	check_good();
}

/* Each length of a request that is cut short: it stays until its time is
 * over; with the peer's end, at once. */
TEST(every_half_frame)
{
	uint8_t frame[300];
	size_t frame_len =
		make_request(frame, 1, "cache.CacheService", "GetBaseVM", 0);

	for (size_t len = 1; len < frame_len; len++) {
		begin();
		say(&bad, frame, len);
		server_world_pass(&w, FRAME_TIMEOUT_MS - 1);
		CHECK_EQ_INT(w.server.open_len, 2);
		server_world_pass(&w, 1);
		CHECK_EQ_INT(world_logged(&w.p, VMC_EVENT_CONNECTION_BAD), 1);
		check_closed(&bad);

		begin();
		say(&bad, frame, len);
		vmc_sim_port_ops.shutdown(&w.p.sim, bad.stream);
		server_world_settle(&w);
		CHECK_EQ_INT(w.server.open_len, 1);
		CHECK_EQ_INT(world_logged(&w.p, VMC_EVENT_CONNECTION_BAD), 1);
		check_closed(&bad);
	}
}

/* One byte a second is too slow, for the first frame and for later ones. */
TEST(slow_frames)
{
	uint8_t frame[300];
	size_t len, sent, calls;

	for (calls = 0; calls < 2; calls++) {
		begin();
		if (calls)
			CHECK_EQ_INT(peer_call(&w, &bad, "Status")->code, 0);
		len = make_request(frame, 3, "cache.CacheService", "GetBaseVM",
				   0);
		for (sent = 0; sent < len && w.server.open_len == 2; sent++) {
			say(&bad, frame + sent, 1);
			server_world_pass(&w, 1000);
		}
		CHECK_EQ_INT(sent, 10);
		check_closed(&bad);
	}
}

TEST(call_that_waits_has_no_frame_timeout)
{
	begin();
	w.p.mock.script[VMC_MOCK_BOOT].wrong_from = 1;
	CHECK_EQ_INT(peer_call(&w, &bad, "GetBaseVM")->code, 0);
	CHECK_EQ_INT(peer_call(&w, &bad, "GetBaseVM")->code, 0);
	(void)peer_ask(&w, &bad, "GetBaseVM");
	server_world_pass(&w, 20 * FRAME_TIMEOUT_MS);
	w.p.mock.script[VMC_MOCK_BOOT].wrong_from = 0;
	server_world_pass(&w, 30000);
	CHECK_EQ_INT(peer_answer(&w, &bad)->code, 0);
}

/*
 * What is not read
 */

TEST(status_that_nobody_reads_makes_room)
{
	static struct peer deaf[VMC_REPLY_MAX + 3];
	size_t i;

	begin();
	w.p.sim.ring = 64;
	for (i = 0; i < VMC_REPLY_MAX + 3; i++) {
		peer_connect(&w, &deaf[i]);
		w.p.sim.ring = 64;
		(void)peer_ask(&w, &deaf[i], "Status");
		w.p.sim.ring = 4;
		server_world_settle(&w);
		w.p.sim.now_ms += 10;
	}
	/* Those that have been deaf for longest had to go. */
	w.p.sim.ring = 0;
	for (i = 0; i < VMC_REPLY_MAX + 3; i++) {
		peer_settle(&w, &deaf[i]);
		CHECK_EQ_INT(deaf[i].end, i < 3 ? VMC_CLOSED : VMC_AGAIN);
		CHECK_EQ_INT(deaf[i].answer_len, i >= 3);
	}
	CHECK_EQ_INT(world_logged(&w.p, VMC_EVENT_CONNECTION_BAD), 3);
	check_good();
}

static void deaf_to(const char *method)
{
	begin();
	w.p.sim.ring = 60; /* the request fits */
	(void)peer_ask(&w, &bad, method);
	w.p.sim.ring = 3; /* the answer does not */
	server_world_pass(&w, WRITE_TIMEOUT_MS - 1);
	CHECK_EQ_INT(w.server.open_len, 2);
	server_world_pass(&w, 1);
	CHECK_EQ_INT(w.server.open_len, 1);
	CHECK_EQ_INT(world_logged(&w.p, VMC_EVENT_CONNECTION_BAD), 1);
	w.p.sim.ring = 0;
	server_world_pass(&w, 1000);
	check_closed(&bad);
}

TEST(answers_that_nobody_reads)
{
	deaf_to("Status");
	deaf_to("Config");
	deaf_to("NoSuchMethod");
	/* Not a byte that tells of the VM has left: it is READY again. */
	deaf_to("GetBaseVM");
	CHECK_EQ_INT(vmc_pool_counters(&w.p.pool)->returned, 1);
	CHECK_EQ_INT(vmc_pool_counters(&w.p.pool)->dropped, 0);
}

TEST(vm_that_nobody_reads_to_its_end)
{
	begin();
	(void)peer_ask(&w, &bad, "GetBaseVM");
	w.p.sim.ring = 40;
	server_world_pass(&w, WRITE_TIMEOUT_MS);
	CHECK_EQ_INT(w.server.open_len, 1);
	CHECK_EQ_INT(vmc_pool_counters(&w.p.pool)->dropped, 1);
	CHECK_EQ_INT(w.p.machine[0].stopped + w.p.machine[1].stopped, 1);
	w.p.sim.ring = 0;
	check_good();
}

/* Each answer has its own time, also if the next is due at once. */
TEST(slow_but_steady_reader)
{
	unsigned i;

	begin();
	for (i = 0; i < 5; i++)
		(void)peer_ask(&w, &bad, "Status");
	w.p.sim.ring = 4;
	for (i = 0; i < 5; i++) {
		server_world_pass(&w, WRITE_TIMEOUT_MS / 10 * 7);
		CHECK_EQ_INT(w.server.open_len, 2);
		while (bad.answer_len == 0) {
			(void)peer_read(&w, &bad);
			server_world_settle(&w);
		}
		bad.answer_len = 0;
	}
	w.p.sim.ring = 0;
	check_good();
}

/* So has each frame, also if the next has begun already. */
TEST(always_in_the_middle_of_a_frame)
{
	uint8_t frames[600];
	unsigned i;
	size_t len, begun;

	begin();
	for (i = 0; i < 5; i++) {
		len = make_request(frames, 1 + 2 * i, "cache.CacheService",
				   "Status", 0);
		(void)make_request(frames + len, 3 + 2 * i,
				   "cache.CacheService", "Status", 0);
		/* the end of one and the beginning of the next, at once */
		begun = i == 0 ? 0 : 3;
		say(&bad, frames + begun, len + 3 - begun);
		server_world_pass(&w, FRAME_TIMEOUT_MS / 10 * 7);
		CHECK_EQ_INT(w.server.open_len, 2);
	}
	check_good();
}

/* Thousands of requests from somebody who never reads: what he can make us
 * hold is one answer and one window. */
TEST(requests_without_end_from_the_deaf)
{
	uint8_t frame[300];
	struct vmc_view view = { frame, 0 };
	enum vmc_status status;
	unsigned sent = 0, steps;
	size_t len;

	begin();
	w.p.sim.ring = 256;
	view.ptr_len =
		make_request(frame, 1, "cache.CacheService", "GetBaseVM", 0);
	for (steps = 0; steps < 2000; steps++) {
		put_u32(frame + 4, 2 * sent + 1);
		status = vmc_sim_port_ops.send(&w.p.sim, bad.stream, &view, 1,
					       NULL, &len);
		if (status < 0)
			break;
		if (status == VMC_OK)
			sent++;
		server_world_step(&w);
	}
	CHECK(sent < 30);
	CHECK(w.server.call_len < 10);
	server_world_pass(&w, WRITE_TIMEOUT_MS);
	CHECK_EQ_INT(w.server.open_len, 1);
	CHECK_EQ_INT(w.server.call_len, 0);
	w.p.sim.ring = 0;
	server_world_pass(&w, 1000);
	check_good();
}

/*
 * What is too large, or against the rules
 */

static void send_header(uint32_t length, uint32_t stream, uint8_t type)
{
	uint8_t header[10];

	put_u32(put_u32(header, length), stream);
	header[8] = type;
	header[9] = 0;
	CHECK(peer_send(&w, &bad, header, sizeof(header)));
}

static void send_filler(size_t len)
{
	static const uint8_t filler[1000];

	while (len > 0) {
		size_t part = len < sizeof(filler) ? len : sizeof(filler);

		CHECK(peer_send(&w, &bad, filler, part));
		len -= part;
	}
}

TEST(oversize_frame_is_drained_and_answered)
{
	static const uint32_t sizes[] = { VMC_WINDOW_SIZE - 9,
					  VMC_WINDOW_SIZE + 1, 5000, 1 << 20,
					  4 << 20 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		const struct answer *answer;

		begin();
		send_header(sizes[i], 1, 1);
		send_filler(sizes[i]);
		answer = peer_answer(&w, &bad);
		CHECK_EQ_INT(answer->stream, 1);
		CHECK_EQ_INT(answer->code, VMC_CODE_RESOURCE_EXHAUSTED);
		bad.next_stream = 3;
		CHECK_EQ_INT(peer_call(&w, &bad, "Status")->code, 0);
		check_good();
	}
}

/* Over what the protocol allows: the connection may end, nothing else. */
TEST(frames_larger_than_any)
{
	begin();
	send_header((4 << 20) + 1, 1, 1);
	server_world_settle(&w);
	server_world_pass(&w, FRAME_TIMEOUT_MS);
	check_closed(&bad);
	begin();
	send_header(0x00ffffff, 1, 1);
	server_world_pass(&w, FRAME_TIMEOUT_MS);
	check_closed(&bad);
}

TEST(oversize_frame_that_never_ends)
{
	unsigned second;

	begin();
	send_header(4 << 20, 1, 1);
	for (second = 0; w.server.open_len == 2; second++) {
		uint8_t byte = 0;

		CHECK(second < 60);
		(void)peer_send(&w, &bad, &byte, 1);
		(void)peer_read(&w, &bad);
		server_world_pass(&w, 1000);
	}
	check_closed(&bad);
}

/* Frames that break a rule each, in a flood that is never read. */
static void flood(uint32_t length, uint32_t stream, uint8_t type)
{
	uint8_t frame[64] = { 0 };
	struct vmc_view view = { frame, 10 + length };
	unsigned steps;
	size_t len;

	begin();
	put_u32(put_u32(frame, length), stream);
	frame[8] = type;
	for (steps = 0; steps < 20000; steps++) {
		if (vmc_sim_port_ops.send(&w.p.sim, bad.stream, &view, 1, NULL,
					  &len) < 0)
			break;
		if (steps % 16 == 0)
			server_world_step(&w);
		w.p.sim.now_ms += steps % 100 == 0;
	}
	CHECK_EQ_INT(peer_call(&w, &good, "Status")->code, 0);
	peer_close(&w, &bad);
	server_world_settle(&w);
	CHECK_EQ_INT(w.server.open_len, 1);
	check_good();
}

TEST(floods_of_bad_frames)
{
	flood(0, 2, 1);  /* even stream */
	flood(0, 0, 1);  /* no stream */
	flood(0, 1, 1);  /* a stream again and again */
	flood(0, 1, 2);  /* a response */
	flood(0, 1, 3);  /* data */
	flood(0, 1, 77); /* no such type */
	flood(20, 1, 1); /* a message that is none */
	flood(0, 0xffffffff, 1);
}

/* A flood that is read: each is answered, none is forgotten. */
TEST(bad_frames_are_answered_one_by_one)
{
	unsigned i;

	begin();
	for (i = 0; i < 1000; i++) {
		send_header(0, 2, 1);
		CHECK_EQ_INT(peer_answer(&w, &bad)->code,
			     VMC_CODE_INVALID_ARGUMENT);
	}
	CHECK_EQ_INT(peer_call(&w, &bad, "Status")->code, 0);
	check_good();
}

TEST(request_that_is_not_empty)
{
	uint8_t frame[300];
	size_t len;

	begin();
	len = make_request(frame, 1, "cache.CacheService", "Status", 0);
	len += (size_t)(put_field(frame + len, 3, "\xff\xff\xff", 3) -
			(frame + len));
	put_u32(frame, (uint32_t)(len - 10));
	say(&bad, frame, len);
	CHECK_EQ_INT(peer_answer(&w, &bad)->code, VMC_CODE_INVALID_ARGUMENT);
	bad.next_stream = 3;
	CHECK_EQ_INT(peer_call(&w, &bad, "Status")->code, 0);
	check_good();
}

/* What a peer calls a method does not reach the log or a peer unchecked. */
TEST(names_with_control_characters)
{
	const struct answer *answer;
	const struct vmc_event *event;

	begin();
	answer = peer_call(&w, &bad, "\x1b[2J\n\x7f");
	CHECK_EQ_INT(answer->code, VMC_CODE_UNIMPLEMENTED);
	CHECK(strpbrk(answer->message, "\x1b\n\x7f") == NULL);
	event = world_event(&w.p, VMC_EVENT_CALL_FAILED);
	CHECK(strpbrk(event->text, "\x1b\n\x7f") == NULL);
	answer = peer_call(&w, &bad, "\xff\xfe");
	CHECK_EQ_INT(answer->code, VMC_CODE_INVALID_ARGUMENT);
	CHECK(strpbrk(answer->message, "\xff\xfe") == NULL);
	check_good();
}

/* xorshift64 */
static uint64_t random_state;

static uint32_t random_below(uint32_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 32) % limit;
}

/* A good frame of which some bytes are not. */
static void send_damaged(void)
{
	static const char *const methods[] = { "Status", "Config", "Nothing" };
	uint8_t frame[300];
	uint32_t damage = random_below(4);
	size_t len = make_request(frame, 2 * random_below(20) + 1,
				  "cache.CacheService",
				  methods[random_below(3)], random_below(3));

	while (damage-- > 0)
		frame[random_below((uint32_t)len)] = (uint8_t)random_below(256);
	say(&bad, frame, len);
	peer_settle(&w, &bad);
	bad.answer_len = 0;
}

TEST(random_damage)
{
	unsigned i, frames;

	for (i = 1; i <= 400; i++) {
		random_state = i * 0x9e3779b97f4a7c15u;
		begin();
		w.p.sim.short_read = random_below(20);
		for (frames = 0; frames < 20 && bad.end == VMC_AGAIN; frames++)
			send_damaged();
		server_world_pass(&w, FRAME_TIMEOUT_MS);
		peer_close(&w, &bad);
		server_world_settle(&w);
		CHECK_EQ_INT(w.server.open_len, 1);
		CHECK_EQ_INT(peer_call(&w, &good, "Config")->code, 0);
	}
}

/*
 * Too many
 */

#ifndef HOSTILE_CROWD /* where memory is short it is smaller */
#define HOSTILE_CROWD 4096
#endif
#define CROWD HOSTILE_CROWD

static struct vmc_sim_link crowd_links[CROWD + 8];
static vmc_handle crowd[CROWD];

static void begin_crowd(void)
{
	struct vmc_error error;

	server_world_begin(&w, 2);
	vmc_sim_init(&w.p.sim, crowd_links, CROWD + 8);
	server_world_start(&w);
	peer_connect(&w, &good);
	CHECK_EQ_INT(peer_call(&w, &good, "Status")->code, 0);
	for (unsigned i = 0; i < CROWD; i++) {
		vmc_error_reset(&error);
		CHECK_EQ_INT(vmc_sim_port_ops.connect(&w.p.sim, WORLD_ENDPOINT,
						      &crowd[i], &error),
			     VMC_OK);
	}
	server_world_settle(&w);
	CHECK_EQ_INT(w.server.open_len, VMC_CONNECTION_MAX);
}

TEST(thousands_who_say_nothing)
{
	unsigned i, waited = 0;

	begin_crowd();
	CHECK_EQ_INT(peer_call(&w, &good, "Status")->code, 0);
	/* Who comes last is heard when those before have had their time. */
	peer_connect(&w, &bad);
	(void)peer_ask(&w, &bad, "Status");
	while (peer_read(&w, &bad) == 0) {
		server_world_pass(&w, FRAME_TIMEOUT_MS);
		CHECK(++waited < CROWD / (VMC_CONNECTION_MAX - 1) + 3);
	}
	CHECK_EQ_INT(bad.answer_len, 1);
	for (i = 0; i < CROWD; i++)
		vmc_sim_port_ops.close(&w.p.sim, crowd[i]);
	server_world_settle(&w);
	CHECK_EQ_INT(w.server.open_len, 2);
	check_good();
}

TEST(thousands_who_go_at_once)
{
	begin_crowd();
	for (unsigned i = 0; i < CROWD; i++)
		vmc_sim_port_ops.close(&w.p.sim, crowd[i]);
	server_world_settle(&w);
	CHECK_EQ_INT(w.server.open_len, 1);
	CHECK_EQ_INT(w.p.sim.open, 2);
	check_good();
}

TEST(stopping_with_thousands_connected)
{
	begin_crowd();
	vmc_server_stop(&w.server, "SIGTERM", w.p.sim.now_ms);
	server_world_settle(&w);
	CHECK(vmc_server_stopped(&w.server));
	CHECK_EQ_INT(w.p.sim.open, CROWD + 1);
	CHECK_EQ_INT(vmc_mock_alive(&w.p.mock), 0);
}

/*
 * Connections that end at once, and never cease: whenever one is accepted,
 * the next has come already.
 */

static unsigned accepted;

static enum vmc_status accept_in_a_flood(void *ctx, vmc_handle listener,
					 vmc_handle *stream,
					 struct vmc_peer *peer)
{
	struct vmc_error error;
	vmc_handle next;

	CHECK(++accepted <= 2 * VMC_CONNECTION_MAX);
	vmc_error_reset(&error);
	CHECK_EQ_INT(
		vmc_sim_port_ops.connect(ctx, WORLD_ENDPOINT, &next, &error),
		VMC_OK);
	vmc_sim_port_ops.close(ctx, next);
	return vmc_sim_port_ops.accept(ctx, listener, stream, peer);
}

TEST(connections_without_end)
{
	struct vmc_port_ops flood = vmc_sim_port_ops;
	unsigned steps = 0;

	flood.accept = accept_in_a_flood;
	server_world_begin(&w, 2);
	w.config.port.ops = &flood;
	server_world_start(&w);
	peer_connect(&w, &good);
	(void)peer_ask(&w, &good, "Status");
	while (peer_read(&w, &good) == 0) {
		accepted = 0;
		(void)server_world_step(&w);
		CHECK(++steps < 10);
	}
	CHECK_EQ_INT(good.answer_len, 1);
	vmc_server_stop(&w.server, "SIGTERM", w.p.sim.now_ms);
	for (steps = 0; !vmc_server_stopped(&w.server); steps++) {
		CHECK(steps < 10);
		accepted = 0;
		(void)server_world_step(&w);
	}
	CHECK_EQ_INT(vmc_mock_alive(&w.p.mock), 0);
}

TESTS(RUN(first_byte_that_begins_no_transport)
      RUN(http_request)
      RUN(garbage_after_a_good_call)
      RUN(silence_is_given_a_while)
      RUN(idle_after_a_call_may_stay)
      RUN(every_half_frame)
      RUN(slow_frames)
      RUN(call_that_waits_has_no_frame_timeout)
      RUN(status_that_nobody_reads_makes_room)
      RUN(answers_that_nobody_reads)
      RUN(vm_that_nobody_reads_to_its_end)
      RUN(slow_but_steady_reader)
      RUN(always_in_the_middle_of_a_frame)
      RUN(requests_without_end_from_the_deaf)
      RUN(oversize_frame_is_drained_and_answered)
      RUN(frames_larger_than_any)
      RUN(oversize_frame_that_never_ends)
      RUN(floods_of_bad_frames)
      RUN(bad_frames_are_answered_one_by_one)
      RUN(request_that_is_not_empty)
      RUN(names_with_control_characters)
      RUN(random_damage)
      RUN(thousands_who_say_nothing)
      RUN(thousands_who_go_at_once)
      RUN(stopping_with_thousands_connected)
      RUN(connections_without_end));
