/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server on a simulated port, and what only gRPC can do to it: places
 * that are taken and given back, calls reset, windows that stay closed.
 * What both transports have in common is in test_server.c.
 */
#define WORLD_GRPC 1

#include "server_world.h"

static struct server_world w;
static struct peer a, b;
static struct h2_bytes out;

static void start(uint32_t number)
{
	server_world_begin(&w, number);
	server_world_start(&w);
	server_world_settle(&w);
	out.len = 0;
}

/* Sends what has been put. */
static void send_out(struct peer *peer)
{
	CHECK(peer_send(&w, peer, out.at, out.len));
	out.len = 0;
	server_world_settle(&w);
}

static struct h2_answer *answer_on(struct peer *peer, uint32_t stream)
{
	peer_settle(&w, peer);
	return h2_answer_of(peer->h2, stream);
}

static uint32_t slots_taken(void)
{
	uint32_t i, taken = 0;

	for (i = 0; i < w.config.grpc_len; i++)
		taken += w.grpc[i].connection != NULL;
	return taken;
}

/*
 * Places
 */

TEST(without_a_place_it_is_closed)
{
	server_world_begin(&w, 1);
	w.config.grpc = NULL;
	w.config.grpc_len = 0;
	server_world_start(&w);
	server_world_settle(&w);
	peer_connect(&w, &a);
	(void)peer_ask(&w, &a, "Status");
	peer_settle(&w, &a);
	CHECK(a.end != VMC_AGAIN);
	CHECK_EQ_INT(w.server.open_len, 0);
	CHECK_EQ_INT(world_logged(&w.p, VMC_EVENT_CONNECTION_BAD), 1);
}

TEST(a_place_is_given_back)
{
	unsigned i;

	server_world_begin(&w, 1);
	w.config.grpc_len = 1;
	server_world_start(&w);
	for (i = 0; i < 3; i++) {
		peer_connect(&w, &a);
		CHECK_EQ_INT(peer_call(&w, &a, "Status")->code, 0);
		CHECK_EQ_INT(slots_taken(), 1);
		peer_connect(&w, &b);
		(void)peer_ask(&w, &b, "Status");
		peer_settle(&w, &b);
		CHECK(b.end != VMC_AGAIN);
		CHECK_EQ_INT(peer_call(&w, &a, "Status")->code, 0);
		peer_close(&w, &a);
		peer_close(&w, &b);
		server_world_settle(&w);
		CHECK_EQ_INT(slots_taken(), 0);
	}
	CHECK_EQ_INT(world_logged(&w.p, VMC_EVENT_CONNECTION_BAD), 3);
}

/* Whatever is wrong with what it says. */
TEST(a_place_is_given_back_after_an_error)
{
	static const char *const wrong[] = {
		"PRI * HTTP/1.1\r\n\r\nSM\r\n\r\n",
		"POST / HTTP/1.0\r\n\r\n",
		H2_PREFACE_TEXT "\0\0\0\7\0\0\0\0\0",
		"P",
	};
	size_t i;

	server_world_begin(&w, 1);
	w.config.grpc_len = 1;
	server_world_start(&w);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		peer_connect(&w, &a);
		out.len = 0;
		h2_put(&out, wrong[i], i == 2 ? 33 : strlen(wrong[i]));
		send_out(&a);
		CHECK_EQ_INT(slots_taken(), i == 3);
		peer_close(&w, &a);
		server_world_settle(&w);
		CHECK_EQ_INT(slots_taken(), 0);
		CHECK_EQ_INT(w.server.open_len, 0);
	}
	peer_connect(&w, &a);
	CHECK_EQ_INT(peer_call(&w, &a, "Status")->code, 0);
}

/* What has begun with a P has so long to go on. */
TEST(half_a_preface_is_timed_out)
{
	server_world_begin(&w, 1);
	w.config.frame_timeout_ms = 300;
	server_world_start(&w);
	peer_connect(&w, &a);
	out.len = 0;
	h2_put(&out, "PRI", 3);
	send_out(&a);
	server_world_pass(&w, 299);
	CHECK_EQ_INT(w.server.open_len, 1);
	server_world_pass(&w, 2);
	CHECK_EQ_INT(w.server.open_len, 0);
	CHECK_EQ_INT(slots_taken(), 0);
}

/* A connection that says nothing between its calls is not. */
TEST(idle_connection_lives)
{
	server_world_begin(&w, 1);
	w.config.frame_timeout_ms = w.config.write_timeout_ms = 300;
	server_world_start(&w);
	peer_connect(&w, &a);
	CHECK_EQ_INT(peer_call(&w, &a, "Status")->code, 0);
	server_world_pass(&w, 100000);
	CHECK_EQ_INT(peer_call(&w, &a, "Status")->code, 0);
	CHECK_EQ_INT(w.server.open_len, 1);
}

TEST(half_a_request_is_timed_out)
{
	server_world_begin(&w, 1);
	w.config.frame_timeout_ms = 300;
	server_world_start(&w);
	peer_connect(&w, &a);
	CHECK_EQ_INT(peer_call(&w, &a, "Status")->code, 0);
	h2_put_headers(&out, 3, "/cache.CacheService/Status", NULL);
	send_out(&a);
	server_world_pass(&w, 301);
	CHECK_EQ_INT(w.server.open_len, 0);
}

/*
 * A VM's hand-over
 */

static void ask_for_vm(uint32_t stream, uint32_t window)
{
	start(1);
	peer_connect(&w, &a);
	h2_put_preface(&out);
	h2_put_setting(&out, 4, window);
	h2_put_request(&out, stream, "/cache.CacheService/GetBaseVM", NULL, "",
		       0);
	send_out(&a);
}

static unsigned stopped(void)
{
	unsigned i, count = 0;

	for (i = 0; i < w.p.mock.machine_len; i++)
		count += w.p.machine[i].stopped;
	return count;
}

/* Nothing of it was sent: it is the next one's. */
TEST(vm_that_was_not_seen_goes_back)
{
	static char id[VMC_ID_SIZE];
	uint32_t window;

	for (window = 0; window <= 5; window += 5) {
		ask_for_vm(1, window);
		CHECK_EQ_INT(vmc_pool_ready(&w.p.pool), 0);
		memcpy(id, w.p.pool.slot[0].vm.id, sizeof(id));
		h2_put_number(&out, T_RST, 1, 8);
		send_out(&a);
		CHECK_EQ_INT(vmc_pool_ready(&w.p.pool), 1);
		CHECK_EQ_STR(w.p.pool.slot[0].vm.id, id);
		CHECK_EQ_INT(stopped(), 0);
		CHECK_EQ_INT(vmc_pool_counters(&w.p.pool)->dropped, 0);
		peer_settle(&w, &a);
		CHECK_EQ_INT(h2_payload_taken(a.h2, 1), 0);
		h2_put_setting(&out, 4, 65535);
		h2_put_request(&out, 3, "/cache.CacheService/GetBaseVM", NULL,
			       "", 0);
		a.h2->answer[0].stream = 0;
		send_out(&a);
		CHECK_EQ_INT(answer_on(&a, 3)->stream, 3);
		CHECK_EQ_INT(a.answer_len, 1);
		CHECK_EQ_INT(a.answer[0].code, 0);
		CHECK(vmc_view_is(pb_find(answer_view(&a.answer[0]), 1).bytes,
				  id));
		CHECK_EQ_INT(vmc_pool_counters(&w.p.pool)->handed, 1);
		peer_close(&w, &a);
	}
}

/* Somebody may know it: it is nobody's any more. */
TEST(vm_that_was_seen_in_part_is_stopped)
{
	static char id[VMC_ID_SIZE];
	uint32_t window;

	for (window = 6; window < 50; window += 7) {
		ask_for_vm(1, window);
		memcpy(id, w.p.pool.slot[0].vm.id, sizeof(id));
		h2_put_number(&out, T_RST, 1, 8);
		send_out(&a);
		CHECK_EQ_INT(stopped(), 1);
		CHECK_EQ_INT(vmc_pool_counters(&w.p.pool)->dropped, 1);
		CHECK_EQ_INT(vmc_pool_counters(&w.p.pool)->handed, 0);
		CHECK_EQ_INT(vmc_pool_ready(&w.p.pool), 1);
		CHECK(strcmp(w.p.pool.slot[0].vm.id, id) != 0);
		peer_settle(&w, &a);
		CHECK_EQ_INT(h2_payload_taken(a.h2, 1), window - 5);
		peer_close(&w, &a);
	}
}

/* With its last byte gone, a reset comes too late. */
TEST(vm_that_was_delivered_stays_so)
{
	ask_for_vm(1, 65535);
	h2_put_number(&out, T_RST, 1, 8);
	send_out(&a);
	CHECK_EQ_INT(vmc_pool_counters(&w.p.pool)->handed, 1);
	CHECK_EQ_INT(stopped(), 0);
	CHECK_EQ_INT(vmc_pool_counters(&w.p.pool)->dropped, 0);
}

/* The connection's own window, and a peer that goes meanwhile. */
TEST(vm_behind_a_closed_window_and_the_peer_goes)
{
	uint32_t window;

	for (window = 0; window < 20; window += 3) {
		ask_for_vm(1, window);
		peer_close(&w, &a);
		server_world_settle(&w);
		CHECK_EQ_INT(w.server.open_len, 0);
		CHECK_EQ_INT(stopped(), window > 5);
		CHECK_EQ_INT(vmc_pool_ready(&w.p.pool), 1);
		CHECK_EQ_INT(vmc_pool_counters(&w.p.pool)->handed, 0);
	}
}

/* As it is with a peer that ends its side: no window opens any more. */
TEST(vm_behind_a_closed_window_and_half_a_close)
{
	ask_for_vm(1, 3);
	vmc_sim_port_ops.shutdown(&w.p.sim, a.stream);
	server_world_settle(&w);
	CHECK_EQ_INT(w.server.open_len, 0);
	CHECK_EQ_INT(vmc_pool_ready(&w.p.pool), 1);
	CHECK_EQ_INT(stopped(), 0);
}

/* Whoever keeps its window shut holds a VM as long as any reader may. */
TEST(shut_window_is_timed_out)
{
	uint32_t window;

	for (window = 0; window < 30; window += 10) {
		server_world_begin(&w, 1);
		w.config.write_timeout_ms = 300;
		server_world_start(&w);
		server_world_settle(&w);
		peer_connect(&w, &a);
		out.len = 0;
		h2_put_preface(&out);
		h2_put_setting(&out, 4, window);
		h2_put_request(&out, 1, "/cache.CacheService/GetBaseVM", NULL,
			       "", 0);
		send_out(&a);
		peer_settle(&w, &a);
		server_world_pass(&w, 299);
		CHECK_EQ_INT(vmc_pool_ready(&w.p.pool), 0);
		CHECK_EQ_INT(w.server.open_len, 1);
		server_world_pass(&w, 2);
		CHECK_EQ_INT(w.server.open_len, 0);
		CHECK_EQ_INT(vmc_pool_ready(&w.p.pool), 1);
		CHECK_EQ_INT(stopped(), window > 5);
		peer_close(&w, &a);
	}
}

/* Nor do PINGs make it last longer. */
TEST(shut_window_is_timed_out_with_pings_too)
{
	unsigned i;

	server_world_begin(&w, 1);
	w.config.write_timeout_ms = 300;
	w.config.frame_timeout_ms = 300;
	server_world_start(&w);
	server_world_settle(&w);
	peer_connect(&w, &a);
	out.len = 0;
	h2_put_preface(&out);
	h2_put_setting(&out, 4, 10);
	h2_put_request(&out, 1, "/cache.CacheService/GetBaseVM", NULL, "", 0);
	send_out(&a);
	for (i = 0; i < 31 && w.server.open_len > 0; i++) {
		h2_put_frame(&out, T_PING, 0, 0, "12345678", 8);
		send_out(&a);
		peer_settle(&w, &a);
		server_world_pass(&w, 10);
	}
	CHECK_EQ_INT(w.server.open_len, 0);
	CHECK(i >= 29);
	CHECK_EQ_INT(a.h2->pongs, i);
}

/*
 * Calls that wait
 */

TEST(reset_call_leaves_the_line)
{
	server_world_begin(&w, 1);
	w.p.mock.script[VMC_MOCK_BOOT].delay_ms = 50;
	server_world_start(&w);
	peer_connect(&w, &a);
	(void)peer_ask(&w, &a, "GetBaseVM");
	(void)peer_ask(&w, &a, "GetBaseVM");
	(void)peer_ask(&w, &a, "GetBaseVM");
	server_world_settle(&w);
	CHECK_EQ_INT(w.server.call_len, 3);
	out.len = 0;
	h2_put_number(&out, T_RST, 3, 8);
	send_out(&a);
	CHECK_EQ_INT(w.server.call_len, 2);
	server_world_pass(&w, 200);
	CHECK_EQ_INT(peer_answer(&w, &a)->stream, 1);
	CHECK_EQ_INT(peer_answer(&w, &a)->stream, 5);
	CHECK_EQ_INT(a.answer_len, 0);
	CHECK_EQ_INT(vmc_pool_counters(&w.p.pool)->handed, 2);
	CHECK_EQ_INT(w.p.mock.called[VMC_MOCK_BOOT], 3);
}

/* As many as may be open wait; one more is refused, and may come again. */
TEST(more_calls_than_streams)
{
	unsigned i, most = VMC_STREAM_MAX;

	if (most > VMC_CALL_MAX || most > H2_ANSWERS - 1)
		SKIP("calls and answers are fewer than streams");
	server_world_begin(&w, 1);
	w.p.mock.script[VMC_MOCK_BOOT].delay_ms = 1000;
	server_world_start(&w);
	peer_connect(&w, &a);
	for (i = 0; i < most; i++)
		(void)peer_ask(&w, &a, "GetBaseVM");
	server_world_settle(&w);
	CHECK_EQ_INT(w.server.call_len, most);
	(void)peer_ask(&w, &a, "Status");
	CHECK_EQ_INT(answer_on(&a, 1 + 2 * most)->reset, 7);
	CHECK_EQ_INT(w.server.call_len, most);
	out.len = 0;
	h2_put_number(&out, T_RST, 1, 8);
	send_out(&a);
	CHECK_EQ_INT(w.server.call_len, most - 1);
	h2_forget(a.h2, 1 + 2 * most);
	CHECK_EQ_INT(peer_call(&w, &a, "Status")->code, 0);
	for (i = 1; i < most; i++)
		h2_put_number(&out, T_RST, 1 + 2 * i, 8);
	send_out(&a);
	CHECK_EQ_INT(w.server.call_len, 0);
	CHECK_EQ_INT(peer_call(&w, &a, "Status")->code, 0);
}

/* A reply behind a shut window holds up the others of its connection, and
 * nobody else. */
TEST(shut_window_holds_up_its_own_connection)
{
	start(2);
	peer_connect(&w, &a);
	h2_put_preface(&out);
	h2_put_setting(&out, 4, 7);
	h2_put_request(&out, 1, "/cache.CacheService/GetBaseVM", NULL, "", 0);
	h2_put_request(&out, 3, "/cache.CacheService/GetBaseVM", NULL, "", 0);
	send_out(&a);
	peer_settle(&w, &a);
	CHECK_EQ_INT(a.answer_len, 0);
	peer_connect(&w, &b);
	CHECK_EQ_INT(peer_call(&w, &b, "GetBaseVM")->code, 0);
	h2_put_setting(&out, 4, 65535);
	send_out(&a);
	server_world_pass(&w, 1000);
	CHECK_EQ_INT(peer_answer(&w, &a)->code, 0);
	CHECK_EQ_INT(peer_answer(&w, &a)->code, 0);
	CHECK_EQ_INT(vmc_pool_counters(&w.p.pool)->handed, 3);
}

/*
 * The end
 */

TEST(goodbye_comes_after_the_answers)
{
	server_world_begin(&w, 1);
	w.p.mock.script[VMC_MOCK_BOOT].delay_ms = 100;
	server_world_start(&w);
	peer_connect(&w, &a);
	(void)peer_ask(&w, &a, "GetBaseVM");
	(void)peer_ask(&w, &a, "GetBaseVM");
	server_world_settle(&w);
	peer_connect(&w, &b);
	(void)peer_ask(&w, &b, "Quit");
	server_world_pass(&w, 1000);
	CHECK(vmc_server_stopped(&w.server));
	CHECK_EQ_INT(peer_answer(&w, &a)->code, VMC_CODE_UNAVAILABLE);
	CHECK_EQ_INT(peer_answer(&w, &a)->code, VMC_CODE_UNAVAILABLE);
	CHECK_EQ_INT(a.h2->goaways, 1);
	CHECK_EQ_INT(a.h2->goaway_error, 0);
	CHECK_EQ_INT(a.h2->goaway_last, 3);
	CHECK_EQ_INT(a.end, VMC_CLOSED);
	CHECK_EQ_INT(peer_answer(&w, &b)->code, 0);
	CHECK_EQ_INT(b.h2->goaways, 1);
}

/* To one that never called as well, but not before its transport is known. */
TEST(goodbye_to_who_is_silent)
{
	start(1);
	peer_connect(&w, &a);
	h2_put_preface(&out);
	send_out(&a);
	peer_connect(&w, &b);
	server_world_settle(&w);
	vmc_server_stop(&w.server, "SIGTERM", w.p.sim.now_ms);
	server_world_pass(&w, 100);
	CHECK(vmc_server_stopped(&w.server));
	peer_settle(&w, &a);
	CHECK_EQ_INT(a.h2->goaways, 1);
	CHECK_EQ_INT(a.h2->goaway_last, 0);
	peer_settle(&w, &b);
	CHECK_EQ_INT(b.h2->goaways, 0);
	CHECK_EQ_INT(b.h2->frames, 0);
}

/*
 * grpc.health.v1
 */

static void check_health(uint32_t stream, const char *method,
			 const char *request, size_t len, int code)
{
	h2_put_request(&out, stream, method, NULL, request, len);
	send_out(&a);
	CHECK_EQ_INT(answer_on(&a, stream + 2)->code, -1);
	CHECK_EQ_INT(a.answer_len, 1);
	CHECK_EQ_INT(a.answer[0].code, code);
	if (code == 0)
		CHECK(vmc_view_is(answer_view(&a.answer[0]), "\x08\x01"));
	a.answer_len = 0;
}

TEST(health)
{
	static const char check[] = "/grpc.health.v1.Health/Check";

	start(1);
	peer_connect(&w, &a);
	h2_put_preface(&out);
	check_health(1, check, "", 0, 0);
	check_health(3, check,
		     "\x0a\x12"
		     "cache.CacheService",
		     20, 0);
	check_health(5, check, "\x0a\x01x", 3, VMC_CODE_NOT_FOUND);
	check_health(7, check, "\x0a\x05x", 3, VMC_CODE_INVALID_ARGUMENT);
	check_health(9, "/grpc.health.v1.Health/Watch", "", 0,
		     VMC_CODE_UNIMPLEMENTED);
	check_health(11, check, "\x10\x01\x0a\0", 4, 0);
}

TESTS(RUN(without_a_place_it_is_closed)
      RUN(a_place_is_given_back)
      RUN(a_place_is_given_back_after_an_error)
      RUN(half_a_preface_is_timed_out)
      RUN(idle_connection_lives)
      RUN(half_a_request_is_timed_out)
      RUN(vm_that_was_not_seen_goes_back)
      RUN(vm_that_was_seen_in_part_is_stopped)
      RUN(vm_that_was_delivered_stays_so)
      RUN(vm_behind_a_closed_window_and_the_peer_goes)
      RUN(vm_behind_a_closed_window_and_half_a_close)
      RUN(shut_window_is_timed_out)
      RUN(shut_window_is_timed_out_with_pings_too)
      RUN(reset_call_leaves_the_line)
      RUN(more_calls_than_streams)
      RUN(shut_window_holds_up_its_own_connection)
      RUN(goodbye_comes_after_the_answers)
      RUN(goodbye_to_who_is_silent)
      RUN(health));
