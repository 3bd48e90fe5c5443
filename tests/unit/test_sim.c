/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The port in memory by itself: that it behaves as an AF_UNIX stream socket
 * does, and that faults strike where they were asked for. What scenarios
 * prove rests on these.
 */
#include "test.h"
#include "vmcache_sim.h"

#define ENDPOINT "/run/cache.sock"
#define LINKS 8

static struct vmc_sim sim;
static struct vmc_sim_link links[LINKS];
static vmc_handle listener, near_end, far_end;

static const struct vmc_port_ops *const ops = &vmc_sim_port_ops;

static vmc_handle dial(void)
{
	vmc_handle stream = VMC_HANDLE_NONE;

	CHECK_EQ_INT(ops->connect(&sim, ENDPOINT, &stream, NULL), VMC_OK);
	return stream;
}

/* A listener and one connection: near_end connected, far_end accepted. */
static void begin(void)
{
	struct vmc_peer peer;

	memset(links, 0xa5, sizeof(links));
	vmc_sim_init(&sim, links, LINKS);
	CHECK_EQ_INT(ops->listen(&sim, ENDPOINT, &listener, NULL), VMC_OK);
	near_end = dial();
	CHECK_EQ_INT(ops->accept(&sim, listener, &far_end, &peer), VMC_OK);
}

static enum vmc_status send_text(vmc_handle stream, const char *text,
				 size_t *len)
{
	struct vmc_view view = vmc_view_of(text);

	*len = 0;
	return ops->send(&sim, stream, &view, 1, NULL, len);
}

/* What one recv gives, as a string; "" with the status if it gives none. */
static const char *recv_text(vmc_handle stream, enum vmc_status *status)
{
	static char text[VMC_SIM_RING_SIZE + 1];
	size_t len = 0;

	*status = ops->recv(&sim, stream, (uint8_t *)text, sizeof(text) - 1,
			    &len, NULL);
	text[len] = '\0';
	return text;
}

static void expect(vmc_handle stream, const char *text)
{
	enum vmc_status status;

	CHECK_EQ_STR(recv_text(stream, &status), text);
	CHECK_EQ_INT(status, VMC_OK);
}

static void expect_status(vmc_handle stream, enum vmc_status expected)
{
	enum vmc_status status;

	(void)recv_text(stream, &status);
	CHECK_EQ_INT(status, expected);
}

static unsigned events(vmc_handle handle)
{
	struct vmc_wait wait = { .handle = handle,
				 .want = VMC_WAIT_READ | VMC_WAIT_WRITE |
					 VMC_WAIT_RDHUP };

	(void)vmc_sim_poll(&sim, &wait, 1);
	return wait.got;
}

/*
 * Streams
 */

TEST(bytes_go_both_ways_in_order)
{
	struct vmc_view parts[3] = { vmc_view_of("one "), vmc_view_of(""),
				     vmc_view_of("two") };
	size_t len;

	begin();
	expect_status(far_end, VMC_AGAIN);
	CHECK_EQ_INT(ops->send(&sim, near_end, parts, 3, NULL, &len), VMC_OK);
	CHECK_EQ_INT(len, 7);
	CHECK_EQ_INT(send_text(far_end, "back", &len), VMC_OK);
	CHECK_EQ_INT(vmc_sim_unread(&sim, far_end), 7);
	CHECK_EQ_INT(send_text(near_end, " three", &len), VMC_OK);
	expect(far_end, "one two three");
	expect(near_end, "back");
	expect_status(near_end, VMC_AGAIN);
	CHECK_EQ_INT(sim.exchanged, 17);
	CHECK_EQ_INT(vmc_sim_sent(&sim, near_end), 17);
	CHECK_EQ_INT(sim.misused, 0);
}

TEST(ring_wraps_and_fills)
{
	static uint8_t out[VMC_SIM_RING_SIZE * 2], in[VMC_SIM_RING_SIZE * 2];
	struct vmc_view view = { out, sizeof(out) };
	size_t i, round, len;

	begin();
	for (i = 0; i < sizeof(out); i++)
		out[i] = (uint8_t)(i * 7 + i / 251);
	for (round = 0; round < 5; round++) {
		CHECK_EQ_INT(ops->send(&sim, near_end, &view, 1, NULL, &len),
			     VMC_OK);
		CHECK_EQ_INT(len, VMC_SIM_RING_SIZE);
		CHECK_EQ_INT(ops->send(&sim, near_end, &view, 1, NULL, &len),
			     VMC_AGAIN);
		CHECK(!(events(near_end) & VMC_WAIT_WRITE));
		CHECK_EQ_INT(ops->recv(&sim, far_end, in, 1000, &len, NULL),
			     VMC_OK);
		CHECK_EQ_INT(len, 1000);
		CHECK(events(near_end) & VMC_WAIT_WRITE);
		CHECK_EQ_INT(ops->recv(&sim, far_end, in + 1000, sizeof(in),
				       &len, NULL),
			     VMC_OK);
		CHECK_EQ_INT(len, VMC_SIM_RING_SIZE - 1000);
		CHECK_EQ_MEM(in, view.ptr, VMC_SIM_RING_SIZE);
		view.ptr = out + round; /* the ring begins elsewhere */
		view.ptr_len = sizeof(out) - round;
		CHECK_EQ_INT(send_text(near_end, "x", &len), VMC_OK);
		expect(far_end, "x");
	}
}

TEST(end_is_read_after_the_bytes)
{
	size_t len;

	begin();
	CHECK_EQ_INT(send_text(near_end, "last", &len), VMC_OK);
	ops->shutdown(&sim, near_end);
	CHECK_EQ_INT(events(far_end),
		     VMC_WAIT_READ | VMC_WAIT_WRITE | VMC_WAIT_RDHUP);
	expect(far_end, "last");
	expect_status(far_end, VMC_CLOSED);
	CHECK_EQ_INT(send_text(near_end, "more", &len), VMC_ERR_LOST);
	CHECK_EQ_INT(send_text(far_end, "answer", &len), VMC_OK);
	expect(near_end, "answer");
	ops->shutdown(&sim, far_end);
	CHECK(events(far_end) & VMC_WAIT_HUP);
	expect_status(near_end, VMC_CLOSED);
}

TEST(closed_end)
{
	size_t len;

	begin();
	CHECK_EQ_INT(send_text(near_end, "bye", &len), VMC_OK);
	ops->close(&sim, near_end);
	CHECK(events(far_end) & VMC_WAIT_HUP);
	CHECK_EQ_INT(send_text(far_end, "late", &len), VMC_ERR_LOST);
	expect(far_end, "bye");
	expect_status(far_end, VMC_CLOSED);
	ops->close(&sim, far_end);
	CHECK_EQ_INT(sim.open, 0);
	CHECK_EQ_INT(sim.misused, 0);
}

/* As the kernel says ECONNRESET. */
TEST(closed_end_that_left_bytes_unread)
{
	size_t len;

	begin();
	CHECK_EQ_INT(send_text(far_end, "never read", &len), VMC_OK);
	CHECK_EQ_INT(send_text(near_end, "bye", &len), VMC_OK);
	ops->close(&sim, near_end);
	expect(far_end, "bye");
	expect_status(far_end, VMC_ERR_LOST);
}

TEST(limits_of_one_call)
{
	size_t len;

	begin();
	sim.short_write = 3;
	CHECK_EQ_INT(send_text(near_end, "abcdef", &len), VMC_OK);
	CHECK_EQ_INT(len, 3);
	sim.short_read = 2;
	expect(far_end, "ab");
	expect(far_end, "c");
	sim.short_write = 0;
	sim.ring = 4;
	CHECK_EQ_INT(send_text(near_end, "abcdef", &len), VMC_OK);
	CHECK_EQ_INT(len, 4);
	CHECK_EQ_INT(send_text(near_end, "ef", &len), VMC_AGAIN);
}

/*
 * Listening
 */

TEST(endpoint_is_one_servers)
{
	struct vmc_error error;
	vmc_handle second;
	char path[VMC_SIM_ENDPOINT_SIZE + 1];

	begin();
	vmc_error_reset(&error);
	CHECK_EQ_INT(ops->listen(&sim, ENDPOINT, &second, &error),
		     VMC_ERR_IN_USE);
	CHECK(strstr(error.text, ENDPOINT) != NULL);
	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	vmc_error_reset(&error);
	CHECK_EQ_INT(ops->listen(&sim, path, &second, &error), VMC_ERR_TOO_BIG);
	CHECK(strstr(error.text, "107") != NULL);
	path[sizeof(path) - 2] = '\0';
	CHECK_EQ_INT(ops->listen(&sim, path, &second, NULL), VMC_OK);
	CHECK_EQ_INT(ops->connect(&sim, "/elsewhere", &second, NULL),
		     VMC_ERR_NO_SERVER);
	ops->unlisten(&sim, ENDPOINT, listener);
	CHECK_EQ_INT(ops->connect(&sim, ENDPOINT, &second, NULL),
		     VMC_ERR_NO_SERVER);
	CHECK_EQ_INT(ops->listen(&sim, ENDPOINT, &listener, NULL), VMC_OK);
	CHECK_EQ_INT(sim.misused, 0);
}

TEST(accept_is_first_come_first_served)
{
	struct vmc_peer peer;
	vmc_handle end;
	size_t len;

	begin();
	CHECK_EQ_INT(ops->accept(&sim, listener, &end, &peer), VMC_AGAIN);
	CHECK_EQ_INT(events(listener), 0);
	sim.client = (struct vmc_peer){ .known = 1, .pid = 11, .uid = 5 };
	CHECK_EQ_INT(send_text(dial(), "b", &len), VMC_OK);
	sim.client.pid = 12;
	CHECK_EQ_INT(send_text(dial(), "c", &len), VMC_OK);
	CHECK_EQ_INT(events(listener), VMC_WAIT_READ);
	sim.accept_full = 1;
	CHECK_EQ_INT(ops->accept(&sim, listener, &end, &peer), VMC_ERR_FULL);
	CHECK_EQ_INT(ops->accept(&sim, listener, &end, &peer), VMC_OK);
	CHECK_EQ_INT(peer.pid, 11);
	expect(end, "b");
	CHECK_EQ_INT(ops->accept(&sim, listener, &end, &peer), VMC_OK);
	CHECK_EQ_INT(peer.pid, 12);
	CHECK_EQ_INT(vmc_sim_connection(&sim, end), 3);
	expect(end, "c");
}

TEST(backlog_and_connections_are_bounded)
{
	struct vmc_error error;
	vmc_handle stream;
	unsigned i;

	begin();
	sim.backlog = 2;
	(void)dial();
	(void)dial();
	CHECK_EQ_INT(ops->connect(&sim, ENDPOINT, &stream, NULL), VMC_AGAIN);
	sim.backlog = 0;
	for (i = 3; i < LINKS; i++)
		(void)dial();
	vmc_error_reset(&error);
	CHECK_EQ_INT(ops->connect(&sim, ENDPOINT, &stream, &error), VMC_ERR_IO);
	CHECK(error.text[0] != '\0');
	ops->close(&sim, near_end);
	ops->close(&sim, far_end);
	(void)dial();
}

TEST(who_waits_to_be_accepted_when_the_listener_goes)
{
	vmc_handle waiting;
	size_t len;

	begin();
	waiting = dial();
	CHECK_EQ_INT(send_text(waiting, "hello", &len), VMC_OK);
	ops->unlisten(&sim, ENDPOINT, listener);
	CHECK(events(waiting) & VMC_WAIT_HUP);
	expect_status(waiting, VMC_ERR_LOST);
	CHECK_EQ_INT(send_text(waiting, "hello", &len), VMC_ERR_LOST);
	ops->close(&sim, waiting);
	CHECK_EQ_INT(sim.open, 2);
}

TEST(gone_before_it_was_accepted)
{
	struct vmc_peer peer;
	vmc_handle waiting, end;
	size_t len;

	begin();
	waiting = dial();
	CHECK_EQ_INT(send_text(waiting, "quick", &len), VMC_OK);
	ops->close(&sim, waiting);
	CHECK_EQ_INT(ops->accept(&sim, listener, &end, &peer), VMC_OK);
	expect(end, "quick");
	expect_status(end, VMC_CLOSED);
	ops->close(&sim, end);
	CHECK_EQ_INT(sim.open, 2);
}

TEST(misuse_is_counted)
{
	uint8_t byte;
	size_t len;

	begin();
	ops->close(&sim, near_end);
	ops->close(&sim, near_end);
	CHECK_EQ_INT(sim.misused, 1);
	CHECK_EQ_INT(ops->recv(&sim, near_end, &byte, 1, &len, NULL),
		     VMC_ERR_ARGUMENT);
	CHECK_EQ_INT(send_text(near_end, "x", &len), VMC_ERR_ARGUMENT);
	CHECK_EQ_INT(ops->recv(&sim, far_end, &byte, 0, &len, NULL),
		     VMC_ERR_ARGUMENT);
	(void)events(near_end);
	ops->shutdown(&sim, near_end);
	ops->unlisten(&sim, "/other", listener);
	CHECK_EQ_INT(sim.misused, 7);
}

/*
 * Faults
 */

static void fault_at(enum vmc_sim_fault_type type, uint64_t at, int received)
{
	begin();
	sim.fault = (struct vmc_sim_fault){ .type = type,
					    .connection = 1,
					    .received = (uint8_t)received,
					    .at = at };
}

TEST(lost_at_each_byte_sent)
{
	size_t at, len;

	for (at = 0; at <= 6; at++) {
		fault_at(VMC_SIM_LOST, at, 0);
		CHECK_EQ_INT(send_text(near_end, "abcdef", &len),
			     at ? VMC_OK : VMC_ERR_LOST);
		CHECK_EQ_INT(len, at);
		CHECK_EQ_INT(sim.struck, 1);
		/* What was on its way is gone. */
		expect_status(far_end, VMC_ERR_LOST);
		expect_status(near_end, VMC_ERR_LOST);
		CHECK(events(far_end) & VMC_WAIT_HUP);
		CHECK_EQ_INT(send_text(near_end, "x", &len), VMC_ERR_LOST);
		CHECK_EQ_INT(send_text(far_end, "x", &len), VMC_ERR_LOST);
	}
}

TEST(lost_at_each_byte_received)
{
	size_t at, len;
	enum vmc_status status;

	for (at = 0; at <= 6; at++) {
		fault_at(VMC_SIM_LOST, at, 1);
		CHECK_EQ_INT(send_text(near_end, "abcdef", &len), VMC_OK);
		CHECK_EQ_INT(len, 6);
		CHECK_EQ_INT(strlen(recv_text(far_end, &status)), at);
		CHECK_EQ_INT(status, at ? VMC_OK : VMC_ERR_LOST);
		expect_status(far_end, VMC_ERR_LOST);
	}
}

TEST(counts_both_directions)
{
	size_t len;

	fault_at(VMC_SIM_LOST, 5, 0);
	CHECK_EQ_INT(send_text(near_end, "abc", &len), VMC_OK);
	expect(far_end, "abc");
	CHECK_EQ_INT(send_text(far_end, "def", &len), VMC_OK);
	CHECK_EQ_INT(len, 2);
	CHECK_EQ_INT(sim.struck, 1);
}

TEST(strikes_only_its_connection)
{
	struct vmc_peer peer;
	vmc_handle other, end;
	size_t len;

	fault_at(VMC_SIM_LOST, 1, 0);
	other = dial();
	CHECK_EQ_INT(ops->accept(&sim, listener, &end, &peer), VMC_OK);
	CHECK_EQ_INT(send_text(other, "abc", &len), VMC_OK);
	expect(end, "abc");
	CHECK_EQ_INT(sim.struck, 0);
}

TEST(gone_lets_what_was_sent_be_read)
{
	size_t len;

	fault_at(VMC_SIM_GONE, 3, 0);
	CHECK_EQ_INT(send_text(near_end, "abcdef", &len), VMC_OK);
	CHECK_EQ_INT(len, 3);
	CHECK(events(far_end) & VMC_WAIT_HUP);
	CHECK_EQ_INT(send_text(far_end, "x", &len), VMC_ERR_LOST);
	expect(far_end, "abc");
	expect_status(far_end, VMC_CLOSED);
	/* The dead one's own calls fail, and it may still be closed. */
	expect_status(near_end, VMC_ERR_LOST);
	ops->close(&sim, near_end);
	ops->close(&sim, far_end);
	CHECK_EQ_INT(sim.open, 0);
	CHECK_EQ_INT(sim.misused, 0);
}

TEST(server_gone)
{
	size_t len;

	fault_at(VMC_SIM_SERVER_GONE, 3, 0);
	CHECK_EQ_INT(send_text(near_end, "ab", &len), VMC_OK);
	CHECK_EQ_INT(send_text(far_end, "xyz", &len), VMC_OK);
	CHECK_EQ_INT(len, 1);
	expect(near_end, "x");
	expect_status(near_end, VMC_ERR_LOST); /* "ab" was not read */
	expect_status(far_end, VMC_ERR_LOST);
}

TEST(half_close)
{
	size_t len;

	fault_at(VMC_SIM_HALF_CLOSE, 3, 0);
	CHECK_EQ_INT(send_text(near_end, "abcdef", &len), VMC_OK);
	CHECK_EQ_INT(len, 3);
	CHECK_EQ_INT(send_text(near_end, "def", &len), VMC_ERR_LOST);
	CHECK(!(events(far_end) & VMC_WAIT_HUP));
	CHECK(events(far_end) & VMC_WAIT_RDHUP);
	expect(far_end, "abc");
	expect_status(far_end, VMC_CLOSED);
	CHECK_EQ_INT(send_text(far_end, "yes", &len), VMC_OK);
	expect(near_end, "yes");
}

TEST(short_read_stops_once)
{
	size_t len;

	fault_at(VMC_SIM_SHORT_READ, 2, 0);
	CHECK_EQ_INT(send_text(near_end, "abcdef", &len), VMC_OK);
	CHECK_EQ_INT(len, 6);
	expect(far_end, "ab");
	CHECK(events(far_end) & VMC_WAIT_READ);
	expect_status(far_end, VMC_AGAIN);
	expect(far_end, "c");
	expect(far_end, "def");
}

TEST(short_write_stops_once)
{
	size_t len;

	fault_at(VMC_SIM_SHORT_WRITE, 2, 0);
	CHECK_EQ_INT(send_text(near_end, "abcdef", &len), VMC_OK);
	CHECK_EQ_INT(len, 2);
	CHECK_EQ_INT(send_text(near_end, "cdef", &len), VMC_AGAIN);
	CHECK_EQ_INT(send_text(near_end, "cdef", &len), VMC_OK);
	CHECK_EQ_INT(len, 1);
	CHECK_EQ_INT(send_text(near_end, "def", &len), VMC_OK);
	CHECK_EQ_INT(len, 3);
	expect(far_end, "abcdef");
}

/*
 * The rest of the world
 */

TEST(clock_entropy_and_wall)
{
	struct vmc_env env = vmc_sim_env(&sim);
	struct vmc_wall wall;
	uint8_t a[32], b[32];

	begin();
	CHECK_EQ_INT(env.now_ms(env.ctx), 1000);
	sim.now_ms = 61001;
	CHECK_EQ_INT(env.now_ms(env.ctx), 61001);
	CHECK_EQ_INT(env.wall(env.ctx, &wall), VMC_OK);
	CHECK_EQ_INT(wall.seconds, 1552003200 + 61);
	CHECK_EQ_INT(wall.microseconds, 1000);
	sim.no_wall = 1;
	CHECK_EQ_INT(env.wall(env.ctx, &wall), VMC_ERR_UNSUPPORTED);
	sim.seed = 5;
	CHECK_EQ_INT(env.entropy(env.ctx, a, sizeof(a)), VMC_OK);
	CHECK_EQ_INT(env.entropy(env.ctx, b, sizeof(b)), VMC_OK);
	CHECK(memcmp(a, b, sizeof(a)) != 0);
	sim.seed = 5;
	CHECK_EQ_INT(env.entropy(env.ctx, b, sizeof(b)), VMC_OK);
	CHECK_EQ_MEM(a, b, sizeof(a));
	sim.entropy_fails = 1;
	CHECK_EQ_INT(env.entropy(env.ctx, a, sizeof(a)), VMC_ERR_IO);
	CHECK_EQ_INT(env.entropy(env.ctx, a, sizeof(a)), VMC_OK);
}

TEST(store_keeps_and_fails)
{
	static struct vmc_sim_store store;
	const struct vmc_store_ops *keep = &vmc_sim_store_ops;
	uint8_t out[VMC_RECORD_SIZE];
	uint32_t cursor = 0, slot;
	size_t len;

	memset(&store, 0, sizeof(store));
	CHECK_EQ_INT(keep->next(&store, &cursor, &slot, out, &len), VMC_CLOSED);
	CHECK_EQ_INT(keep->write(&store, 3, (const uint8_t *)"three", 5),
		     VMC_OK);
	CHECK_EQ_INT(keep->write(&store, 1, (const uint8_t *)"one", 3), VMC_OK);
	CHECK_EQ_INT(keep->write(&store, 3, (const uint8_t *)"3", 1), VMC_OK);
	CHECK_EQ_INT(keep->write(&store, VMC_VM_MAX, out, 1), VMC_ERR_ARGUMENT);
	cursor = 0;
	CHECK_EQ_INT(keep->next(&store, &cursor, &slot, out, &len), VMC_OK);
	CHECK(slot == 1 && len == 3 && !memcmp(out, "one", 3));
	CHECK_EQ_INT(keep->next(&store, &cursor, &slot, out, &len), VMC_OK);
	CHECK(slot == 3 && len == 1 && out[0] == '3');
	CHECK_EQ_INT(keep->next(&store, &cursor, &slot, out, &len), VMC_CLOSED);
	store.fail_from = store.writes + 2;
	store.fail_len = 1;
	CHECK_EQ_INT(keep->write(&store, 1, out, 1), VMC_OK);
	CHECK_EQ_INT(keep->write(&store, 1, out, 2), VMC_ERR_IO);
	CHECK_EQ_INT(store.bytes_len[1], 1);
	CHECK_EQ_INT(keep->write(&store, 1, out, 2), VMC_OK);
	keep->erase(&store, 3);
	keep->erase(&store, 3);
	cursor = 2;
	CHECK_EQ_INT(keep->next(&store, &cursor, &slot, out, &len), VMC_CLOSED);
	CHECK(keep->start_time(&store, 7) != keep->start_time(&store, 8));
	CHECK_EQ_INT(keep->start_time(&store, 0), 0);
}

TESTS(RUN(bytes_go_both_ways_in_order)
      RUN(ring_wraps_and_fills)
      RUN(end_is_read_after_the_bytes)
      RUN(closed_end)
      RUN(closed_end_that_left_bytes_unread)
      RUN(limits_of_one_call)
      RUN(endpoint_is_one_servers)
      RUN(accept_is_first_come_first_served)
      RUN(backlog_and_connections_are_bounded)
      RUN(who_waits_to_be_accepted_when_the_listener_goes)
      RUN(gone_before_it_was_accepted)
      RUN(misuse_is_counted)
      RUN(lost_at_each_byte_sent)
      RUN(lost_at_each_byte_received)
      RUN(counts_both_directions)
      RUN(strikes_only_its_connection)
      RUN(gone_lets_what_was_sent_be_read)
      RUN(server_gone)
      RUN(half_close)
      RUN(short_read_stops_once)
      RUN(short_write_stops_once)
      RUN(clock_entropy_and_wall)
      RUN(store_keeps_and_fails));
