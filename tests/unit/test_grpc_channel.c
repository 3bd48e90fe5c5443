/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The channel over gRPC, and what only that has: calls that are reset,
 * servers that go away in order, or allow fewer calls than there are. What
 * both transports have in common is in test_channel.c.
 */
#define WORLD_GRPC 1

#include "channel_world.h"

static struct world w;

/* Steps it as a loop does, until it has ended. */
static enum vmc_status finish(struct call *call)
{
	enum vmc_status status;
	unsigned steps = 0;

	do {
		serve(&w);
		CHECK(++steps < 100);
		status = poll_step(&w, call);
	} while (status == VMC_AGAIN);
	return status;
}

static void begin(struct call *calls, unsigned count)
{
	unsigned i;

	begin_world(&w);
	for (i = 0; i < count; i++) {
		begin_call(&calls[i], "Get");
		CHECK_EQ_INT(step(&w, &calls[i]), VMC_AGAIN);
	}
	serve(&w);
	CHECK_EQ_INT(w.seen_len, count);
}

TEST(needs_an_engine)
{
	struct vmc_channel_config config;

	begin_world(&w);
	config = config_of(&w);
	config.grpc = NULL;
	CHECK_EQ_INT(vmc_channel_init(&w.channel, &config), VMC_ERR_ARGUMENT);
	check_text_has(&w, "grpc");
}

/* The server hears of it, and the connection goes on. */
TEST(cancelled_call_is_reset)
{
	struct call calls[2];

	begin(calls, 2);
	vmc_task_cancel(&calls[0].task);
	serve(&w);
	CHECK_EQ_INT(w.engine.grpc.stream[0].id == 1 ||
			     w.engine.grpc.stream[1].id == 1,
		     0);
	respond(&w, 3, VMC_CODE_OK, "b");
	CHECK_EQ_INT(finish(&calls[1]), VMC_OK);
	CHECK(vmc_view_is(calls[1].reply, "b"));
	CHECK_EQ_INT(connects, 1);
	end_world(&w);
}

/* A's half has come before B's answer, which is held; A gives up. */
TEST(held_answer_outlives_a_cancelled_one)
{
	struct call calls[3];

	begin(calls, 3);
	send_raw(&w, "000014 01 04 00000001 88 0f1010"
		     "6170706c69636174696f6e2f67727063"
		     "00000a 00 00 00000001 0000000014 6161616161");
	send_payload(&w, 3, "6265686f6c64");
	CHECK_EQ_INT(poll_step(&w, &calls[2]), VMC_AGAIN); /* holds it */
	CHECK_EQ_INT(poll_step(&w, &calls[2]), VMC_AGAIN);
	vmc_task_cancel(&calls[0].task);
	CHECK_EQ_INT(poll_step(&w, &calls[1]), VMC_OK);
	CHECK(vmc_view_is(calls[1].reply, "behold"));
	respond(&w, 5, VMC_CODE_OK, "last");
	CHECK_EQ_INT(finish(&calls[2]), VMC_OK);
	end_world(&w);
}

TEST(call_that_is_refused)
{
	struct call call;

	begin(&call, 1);
	send_raw(&w, "000004 03 00 00000001 00000007");
	CHECK_EQ_INT(finish(&call), VMC_ERR_CALL);
	CHECK_EQ_INT(vmc_channel_error(&w.channel)->code, VMC_CODE_UNAVAILABLE);
	CHECK_EQ_STR(error_text(&w), "Get: UNAVAILABLE: stream was refused");
	end_world(&w);
}

/* As many as the server allows; the others wait for their turn. */
TEST(calls_wait_for_their_turn)
{
	struct call calls[4];
	unsigned i, done = 0, round;

	begin(calls, 1);
	send_raw(&w, "000006 04 00 00000000 0003 00000001");
	CHECK_EQ_INT(poll_step(&w, &calls[0]), VMC_AGAIN);
	for (i = 1; i < 4; i++) {
		begin_call(&calls[i], "Get");
		CHECK_EQ_INT(step(&w, &calls[i]), VMC_AGAIN);
	}
	serve(&w);
	CHECK_EQ_INT(w.seen_len, 1);
	for (round = 0; round < 40; round++) {
		if (done < w.seen_len)
			respond(&w, w.seen[done].stream, VMC_CODE_OK, "x");
		for (i = 0; i < 4; i++)
			if (vmc_task_active(&calls[i].task) &&
			    poll_step(&w, &calls[i]) == VMC_OK)
				done++;
		serve(&w);
		CHECK(w.seen_len <= done + 1);
	}
	CHECK_EQ_INT(done, 4);
	CHECK_EQ_INT(connects, 1);
	end_world(&w);
}

/*
 * GOAWAY
 */

static void say_goodbye(uint32_t last)
{
	char hex[64];

	snprintf(hex, sizeof(hex), "000008 07 00 00000000 %08x 00000000", last);
	send_raw(&w, hex);
}

/* What the server has not seen fails as unavailable; the rest is answered. */
TEST(calls_in_flight_at_a_goodbye)
{
	struct call calls[2];

	begin(calls, 2);
	say_goodbye(1);
	CHECK_EQ_INT(finish(&calls[1]), VMC_ERR_CALL);
	check_text_has(&w, "UNAVAILABLE");
	respond(&w, 1, VMC_CODE_OK, "a");
	CHECK_EQ_INT(finish(&calls[0]), VMC_OK);
	CHECK(vmc_view_is(calls[0].reply, "a"));
	end_world(&w);
}

/* A call that crosses it was not seen, and says so; the next is dialled. */
TEST(next_call_after_a_goodbye_is_dialled_anew)
{
	struct call call;

	begin(&call, 1);
	respond(&w, 1, VMC_CODE_OK, "a");
	say_goodbye(1);
	CHECK_EQ_INT(finish(&call), VMC_OK);
	CHECK_EQ_INT(step(&w, &call), VMC_ERR_CALL);
	CHECK_EQ_STR(error_text(&w), "Get: UNAVAILABLE: server has gone away");
	CHECK_EQ_INT(connects, 1);
	CHECK_EQ_INT(step(&w, &call), VMC_AGAIN);
	CHECK_EQ_INT(connects, 2);
	hang_up(&w);
	serve(&w);
	respond(&w, 1, VMC_CODE_OK, "b");
	CHECK_EQ_INT(finish(&call), VMC_OK);
	CHECK(vmc_view_is(call.reply, "b"));
	end_world(&w);
}

/* Those that wait while the last one is answered there are dialled together. */
TEST(calls_that_wait_at_a_goodbye_are_dialled_anew)
{
	struct call calls[3];
	unsigned i, round, done = 0;

	begin(calls, 1);
	respond(&w, 1, VMC_CODE_OK, "first");
	CHECK_EQ_INT(finish(&calls[0]), VMC_OK);
	CHECK_EQ_INT(step(&w, &calls[0]), VMC_AGAIN);
	serve(&w);
	say_goodbye(3);
	CHECK_EQ_INT(poll_step(&w, &calls[0]), VMC_AGAIN);
	for (i = 1; i < 3; i++) {
		begin_call(&calls[i], "Get");
		CHECK_EQ_INT(step(&w, &calls[i]), VMC_AGAIN);
	}
	respond(&w, 3, VMC_CODE_OK, "second");
	CHECK_EQ_INT(finish(&calls[0]), VMC_OK);
	CHECK_EQ_INT(w.seen_len, 2);
	for (round = 0; round < 20 && done < 2; round++) {
		for (i = 1; i < 3; i++)
			if (vmc_task_active(&calls[i].task) &&
			    poll_step(&w, &calls[i]) == VMC_OK)
				done++;
		if (connects == 2 && w.seen_len == 2)
			hang_up(&w); /* the old one */
		for (i = w.seen_len, serve(&w); i < w.seen_len; i++)
			respond(&w, w.seen[i].stream, VMC_CODE_OK, "new");
	}
	CHECK_EQ_INT(done, 2);
	CHECK_EQ_INT(connects, 2);
	end_world(&w);
}

/*
 * Windows
 */

/* A window that stays shut: the deadline ends it. */
TEST(request_behind_a_shut_window)
{
	struct call call;

	begin(&call, 1);
	send_raw(&w, "000006 04 00 00000000 0004 00000000");
	respond(&w, 1, VMC_CODE_OK, "x");
	CHECK_EQ_INT(finish(&call), VMC_OK);
	begin_call(&call, "Get");
	call.task.deadline_ms = w.sim.now_ms + 100;
	CHECK_EQ_INT(step(&w, &call), VMC_AGAIN);
	serve(&w);
	CHECK_EQ_INT(poll_step(&w, &call), VMC_AGAIN);
	CHECK_EQ_INT(w.seen_len, 1);
	w.sim.now_ms += 100;
	CHECK_EQ_INT(poll_step(&w, &call), VMC_ERR_TIMEOUT);
	/* and the next one, once it is open */
	send_raw(&w, "000006 04 00 00000000 0004 0000ffff");
	begin_call(&call, "Get");
	CHECK_EQ_INT(step(&w, &call), VMC_AGAIN);
	while (w.seen_len == 1) {
		serve(&w);
		CHECK_EQ_INT(poll_step(&w, &call), VMC_AGAIN);
	}
	CHECK_EQ_INT(w.seen[1].stream, 5);
	respond(&w, 5, VMC_CODE_OK, "open");
	CHECK_EQ_INT(finish(&call), VMC_OK);
	CHECK(vmc_view_is(call.reply, "open"));
	CHECK_EQ_INT(connects, 1);
	end_world(&w);
}

TESTS(RUN(needs_an_engine)
      RUN(cancelled_call_is_reset)
      RUN(held_answer_outlives_a_cancelled_one)
      RUN(call_that_is_refused)
      RUN(calls_wait_for_their_turn)
      RUN(calls_in_flight_at_a_goodbye)
      RUN(next_call_after_a_goodbye_is_dialled_anew)
      RUN(calls_that_wait_at_a_goodbye_are_dialled_anew)
      RUN(request_behind_a_shut_window));
