/* SPDX-License-Identifier: Apache-2.0 */
/* The channel. See channel_world.h. */
#include "channel_world.h"

/*
 * One call
 */

TEST(call_is_answered)
{
	struct world w;
	struct call call;

	begin_world(&w);
	begin_call(&call, "Get");
	CHECK_EQ_INT(step(&w, &call), VMC_AGAIN);
	CHECK_EQ_INT(call.task.wait_len, 1);
	CHECK_EQ_INT(call.task.wait[0].want, VMC_WAIT_READ);
	CHECK(call.task.until_ms == VMC_NEVER);
	serve(&w);
	CHECK_EQ_INT(w.seen_len, 1);
	CHECK_EQ_STR(w.seen[0].method, "Get");
	CHECK_EQ_STR(w.seen[0].payload, "payload");
	CHECK_EQ_INT(w.seen[0].timeout_ns, 0);
	CHECK_EQ_INT(poll_step(&w, &call), VMC_AGAIN);
	respond(&w, 1, VMC_CODE_OK, "a vm");
	CHECK_EQ_INT(poll_step(&w, &call), VMC_OK);
	CHECK(vmc_view_is(call.reply, "a vm"));
	CHECK(!vmc_task_active(&call.task));
	end_world(&w);
}

/* The bench counts system calls: one to send, one to receive. */
TEST(call_is_one_send_and_one_recv)
{
	struct world w;
	struct call call;
	unsigned i;

	begin_world(&w);
	begin_call(&call, "Get");
	for (i = 0; i < 10; i++) {
		CHECK_EQ_INT(step(&w, &call), VMC_AGAIN);
		serve(&w);
		respond(&w, 2 * i + 1, VMC_CODE_OK, "a vm");
		CHECK_EQ_INT(poll_step(&w, &call), VMC_OK);
	}
	CHECK_EQ_INT(sends, 10);
	CHECK_EQ_INT(recvs, 10);
	CHECK_EQ_INT(connects, 1);
	end_world(&w);
}

TEST(waking_too_often_does_no_harm)
{
	struct world w;
	struct call call;
	unsigned i;

	begin_world(&w);
	begin_call(&call, "Get");
	for (i = 0; i < 50; i++)
		CHECK_EQ_INT(step(&w, &call), VMC_AGAIN);
	serve(&w);
	CHECK_EQ_INT(w.seen_len, 1);
	respond(&w, 1, VMC_CODE_OK, NULL);
	CHECK_EQ_INT(step(&w, &call), VMC_OK);
	CHECK_EQ_INT(call.reply.ptr_len, 0);
	end_world(&w);
}

TEST(error_answers_are_told_in_the_peers_words)
{
	struct world w;
	struct call call;

	begin_world(&w);
	begin_call(&call, "GetBaseVM");
	CHECK_EQ_INT(step(&w, &call), VMC_AGAIN);
	serve(&w);
	respond(&w, 1, VMC_CODE_UNAVAILABLE, "server is stopping");
	CHECK_EQ_INT(step(&w, &call), VMC_ERR_CALL);
	CHECK_EQ_INT(vmc_channel_error(&w.channel)->status, VMC_ERR_CALL);
	CHECK_EQ_INT(vmc_channel_error(&w.channel)->code, VMC_CODE_UNAVAILABLE);
	CHECK_EQ_STR(error_text(&w),
		     "GetBaseVM: UNAVAILABLE: server is stopping");
	/* the connection goes on */
	CHECK_EQ_INT(step(&w, &call), VMC_AGAIN);
	serve(&w);
	respond(&w, 3, VMC_CODE_NOT_FOUND, NULL);
	CHECK_EQ_INT(step(&w, &call), VMC_ERR_CALL);
	CHECK_EQ_STR(error_text(&w), "GetBaseVM: NOT_FOUND");
	CHECK_EQ_INT(connects, 1);
	end_world(&w);
}

TEST(peers_deadline_is_a_timeout)
{
	struct world w;
	struct call call;

	begin_world(&w);
	begin_call(&call, "GetBaseVM");
	CHECK_EQ_INT(step(&w, &call), VMC_AGAIN);
	serve(&w);
	respond(&w, 1, VMC_CODE_DEADLINE_EXCEEDED, "no VM in time");
	CHECK_EQ_INT(step(&w, &call), VMC_ERR_TIMEOUT);
	CHECK_EQ_STR(error_text(&w),
		     "GetBaseVM: DEADLINE_EXCEEDED: no VM in time");
	end_world(&w);
}

TEST(peers_words_are_made_harmless)
{
	struct world w;
	struct call call;

	begin_world(&w);
	begin_call(&call, "Get");
	CHECK_EQ_INT(step(&w, &call), VMC_AGAIN);
	serve(&w);
	/* code 2, message ESC [ 2 J */
	send_raw(&w, WORLD_GRPC ?
			     "000025 01 05 00000001 88"
			     "000b677270632d7374617475730132"
			     "000c677270632d6d65737361676506253162 5b324a" :
			     "0000000a 00000001 02 00 0a08 0802 1204"
			     "1b5b324a");
	CHECK_EQ_INT(step(&w, &call), VMC_ERR_CALL);
	CHECK_EQ_STR(error_text(&w), "Get: UNKNOWN: ?[2J");
	end_world(&w);
}

/*
 * Deadlines
 */

TEST(deadline_travels_a_little_shortened)
{
	struct world w;
	struct call call;

	begin_world(&w);
	begin_call(&call, "Get");
	call.task.deadline_ms = w.sim.now_ms + 1600;
	CHECK_EQ_INT(step(&w, &call), VMC_AGAIN);
	CHECK_EQ_INT(call.task.until_ms, w.sim.now_ms + 1600);
	serve(&w);
	CHECK_EQ_INT(w.seen[0].timeout_ns, 1500 * 1000000ll);
	vmc_task_cancel(&call.task);
	end_world(&w);
}

TEST(far_deadline_does_not_wrap)
{
	struct world w;
	struct call call;

	begin_world(&w);
	begin_call(&call, "Get");
	call.task.deadline_ms = VMC_NEVER - 1;
	CHECK_EQ_INT(step(&w, &call), VMC_AGAIN);
	serve(&w);
	CHECK(w.seen[0].timeout_ns > (uint64_t)INT64_MAX / 2);
	CHECK(w.seen[0].timeout_ns <= INT64_MAX);
	vmc_task_cancel(&call.task);
	end_world(&w);
}

TEST(deadline_is_kept_here_too)
{
	struct world w;
	struct call call;

	begin_world(&w);
	begin_call(&call, "Get");
	call.task.deadline_ms = w.sim.now_ms + 100;
	CHECK_EQ_INT(step(&w, &call), VMC_AGAIN);
	w.sim.now_ms += 99;
	CHECK_EQ_INT(step(&w, &call), VMC_AGAIN);
	w.sim.now_ms += 1;
	CHECK_EQ_INT(step(&w, &call), VMC_ERR_TIMEOUT);
	CHECK_EQ_STR(error_text(&w), "Get: no answer before the deadline");
	CHECK(!vmc_task_active(&call.task));
	end_world(&w);
}

TEST(answer_that_is_there_counts_though_late)
{
	struct world w;
	struct call call;

	begin_world(&w);
	begin_call(&call, "Get");
	call.task.deadline_ms = w.sim.now_ms + 100;
	CHECK_EQ_INT(step(&w, &call), VMC_AGAIN);
	serve(&w);
	respond(&w, 1, VMC_CODE_OK, "a vm");
	w.sim.now_ms += 500;
	CHECK_EQ_INT(step(&w, &call), VMC_OK);
	CHECK(vmc_view_is(call.reply, "a vm"));
	end_world(&w);
}

TEST(deadline_that_has_passed_asks_nobody)
{
	struct world w;
	struct call call;

	begin_world(&w);
	begin_call(&call, "Get");
	call.task.deadline_ms = w.sim.now_ms;
	CHECK_EQ_INT(step(&w, &call), VMC_ERR_TIMEOUT);
	CHECK_EQ_INT(connects, 0);
	CHECK_EQ_INT(sends, 0);
	end_world(&w);
}

/* A late answer to one call is not taken for that of the next. */
TEST(late_answers_are_nobodys)
{
	struct world w;
	struct call call;

	begin_world(&w);
	begin_call(&call, "Get");
	call.task.deadline_ms = w.sim.now_ms + 100;
	CHECK_EQ_INT(step(&w, &call), VMC_AGAIN);
	serve(&w);
	w.sim.now_ms += 100;
	CHECK_EQ_INT(step(&w, &call), VMC_ERR_TIMEOUT);
	CHECK_EQ_INT(step(&w, &call), VMC_AGAIN);
	respond(&w, 1, VMC_CODE_OK, "first");
	CHECK_EQ_INT(poll_step(&w, &call), VMC_AGAIN);
	serve(&w);
	respond(&w, 3, VMC_CODE_OK, "second");
	CHECK_EQ_INT(poll_step(&w, &call), VMC_OK);
	CHECK(vmc_view_is(call.reply, "second"));
	CHECK_EQ_INT(connects, 1);
	end_world(&w);
}

/*
 * Several calls
 */

TEST(answers_come_in_any_order)
{
	struct world w;
	struct call a, b, c;

	begin_world(&w);
	begin_call(&a, "A");
	begin_call(&b, "B");
	begin_call(&c, "C");
	CHECK_EQ_INT(step(&w, &a), VMC_AGAIN);
	CHECK_EQ_INT(step(&w, &b), VMC_AGAIN);
	CHECK_EQ_INT(step(&w, &c), VMC_AGAIN);
	serve(&w);
	CHECK_EQ_INT(w.seen_len, 3);
	CHECK_EQ_INT(w.seen[2].stream, 5);
	respond(&w, 5, VMC_CODE_OK, "c");
	CHECK_EQ_INT(poll_step(&w, &a), VMC_AGAIN);
	CHECK_EQ_INT(c.task.until_ms, 0);
	CHECK_EQ_INT(poll_step(&w, &b), VMC_AGAIN);
	CHECK_EQ_INT(poll_step(&w, &c), VMC_OK);
	CHECK(vmc_view_is(c.reply, "c"));
	CHECK_EQ_INT(poll_step(&w, &a), VMC_AGAIN);
	respond(&w, 1, VMC_CODE_OK, "a");
	CHECK_EQ_INT(poll_step(&w, &b), VMC_AGAIN);
	CHECK_EQ_INT(poll_step(&w, &a), VMC_OK);
	CHECK(vmc_view_is(a.reply, "a"));
	respond(&w, 3, VMC_CODE_OK, "b");
	CHECK_EQ_INT(poll_step(&w, &b), VMC_OK);
	CHECK(vmc_view_is(b.reply, "b"));
	end_world(&w);
}

/* All answers in one read: those behind the first are in the window, where
 * no wait finds them. */
TEST(answers_that_came_together_are_all_found)
{
	struct call calls[VMC_CHANNEL_CALL_MAX];
	struct world w;
	unsigned i, round, done = 0, mask = 0;
	char text[2] = "0";

	begin_world(&w);
	for (i = 0; i < VMC_CHANNEL_CALL_MAX; i++) {
		begin_call(&calls[i], "Get");
		CHECK_EQ_INT(step(&w, &calls[i]), VMC_AGAIN);
	}
	serve(&w);
	CHECK_EQ_INT(w.seen_len, VMC_CHANNEL_CALL_MAX);
	for (i = 0; i < VMC_CHANNEL_CALL_MAX; i++)
		send_payload(&w, 1, "61");
	/* the streams are all 1 there: nobody's, but the first */
	for (round = 0; round < 4; round++)
		for (i = 0; i < VMC_CHANNEL_CALL_MAX; i++)
			if (vmc_task_active(&calls[i].task) &&
			    poll_step(&w, &calls[i]) == VMC_OK)
				done++;
	CHECK_EQ_INT(done, 1);
	for (i = VMC_CHANNEL_CALL_MAX; i-- > 1;) {
		text[0] = (char)('0' + i);
		respond(&w, 2 * i + 1, VMC_CODE_OK, text);
	}
	for (round = 0; round < 2 * VMC_CHANNEL_CALL_MAX; round++) {
		for (i = 0; i < VMC_CHANNEL_CALL_MAX; i++) {
			if (!vmc_task_active(&calls[i].task) ||
			    poll_step(&w, &calls[i]) != VMC_OK)
				continue;
			CHECK_EQ_INT(calls[i].reply.ptr[0], '0' + i);
			mask |= 1u << i;
		}
	}
	CHECK_EQ_INT(mask, (1u << VMC_CHANNEL_CALL_MAX) - 2);
	end_world(&w);
}

TEST(one_call_too_many_is_refused)
{
	struct call calls[VMC_CHANNEL_CALL_MAX + 1];
	struct world w;
	unsigned i;

	begin_world(&w);
	for (i = 0; i < VMC_CHANNEL_CALL_MAX; i++) {
		begin_call(&calls[i], "Get");
		CHECK_EQ_INT(step(&w, &calls[i]), VMC_AGAIN);
	}
	begin_call(&calls[i], "Get");
	CHECK_EQ_INT(step(&w, &calls[i]), VMC_ERR_FULL);
	check_text_has(&w, "calls in flight");
	vmc_task_cancel(&calls[3].task);
	CHECK_EQ_INT(step(&w, &calls[i]), VMC_AGAIN);
	for (i = 0; i <= VMC_CHANNEL_CALL_MAX; i++)
		vmc_task_cancel(&calls[i].task);
	end_world(&w);
}

TEST(cancelled_call_is_forgotten)
{
	struct world w;
	struct call a, b;

	begin_world(&w);
	begin_call(&a, "A");
	begin_call(&b, "B");
	CHECK_EQ_INT(step(&w, &a), VMC_AGAIN);
	CHECK_EQ_INT(step(&w, &b), VMC_AGAIN);
	serve(&w);
	respond(&w, 1, VMC_CODE_OK, "a");
	CHECK_EQ_INT(poll_step(&w, &b), VMC_AGAIN); /* holds a's */
	vmc_task_cancel(&a.task);
	CHECK_EQ_INT(poll_step(&w, &b), VMC_AGAIN);
	respond(&w, 3, VMC_CODE_OK, "b");
	CHECK_EQ_INT(poll_step(&w, &b), VMC_OK);
	CHECK(vmc_view_is(b.reply, "b"));
	end_world(&w);
}

/* While a's answer is held, a new call may not break what holds it. */
TEST(held_answer_is_safe)
{
	struct world w;
	struct call a, b, c;

	begin_world(&w);
	begin_call(&a, "A");
	begin_call(&b, "B");
	begin_call(&c, "C");
	CHECK_EQ_INT(step(&w, &a), VMC_AGAIN);
	CHECK_EQ_INT(step(&w, &b), VMC_AGAIN);
	serve(&w);
	respond(&w, 1, VMC_CODE_OK, "a");
	CHECK_EQ_INT(poll_step(&w, &b), VMC_AGAIN);
	hang_up(&w);
	CHECK_EQ_INT(step(&w, &c), VMC_AGAIN);
	CHECK_EQ_INT(step(&w, &b), VMC_AGAIN);
	CHECK_EQ_INT(poll_step(&w, &a), VMC_OK);
	CHECK(vmc_view_is(a.reply, "a"));
	CHECK_EQ_INT(poll_step(&w, &c), VMC_ERR_LOST);
	CHECK_EQ_INT(poll_step(&w, &b), VMC_ERR_LOST);
	end_world(&w);
}

/* Small pieces, and no room in between: requests wait for each other. */
TEST(requests_queue_behind_a_slow_server)
{
	struct call calls[3];
	struct world w;
	unsigned i, round, sent = 0;

	begin_world(&w);
	w.sim.ring = 7;
	for (i = 0; i < 3; i++) {
		begin_call(&calls[i], "Get");
		CHECK_EQ_INT(step(&w, &calls[i]), VMC_AGAIN);
	}
	CHECK(calls[1].task.wait[0].want & VMC_WAIT_WRITE);
	for (round = 0; round < 100; round++) {
		serve(&w);
		for (i = 0; i < 3; i++)
			CHECK_EQ_INT(poll_step(&w, &calls[i]), VMC_AGAIN);
	}
	CHECK_EQ_INT(w.seen_len, 3);
	w.sim.ring = 0;
	for (i = 0; i < 3; i++)
		respond(&w, 2 * i + 1, VMC_CODE_OK, "x");
	for (round = 0; round < 4; round++)
		for (i = 0; i < 3; i++)
			if (vmc_task_active(&calls[i].task))
				sent += poll_step(&w, &calls[i]) == VMC_OK;
	CHECK_EQ_INT(sent, 3);
	end_world(&w);
}

/*
 * Connecting
 */

TEST(nobody_listens)
{
	struct world w;
	struct call call;

	begin_world(&w);
	vmc_sim_port_ops.unlisten(&w.sim, ENDPOINT, w.listener);
	begin_call(&call, "Get");
	CHECK_EQ_INT(step(&w, &call), VMC_ERR_NO_SERVER);
	check_text_has(&w, ENDPOINT);
	/* and once somebody does */
	listen_at(&w);
	CHECK_EQ_INT(step(&w, &call), VMC_AGAIN);
	serve(&w);
	respond(&w, 1, VMC_CODE_OK, NULL);
	CHECK_EQ_INT(step(&w, &call), VMC_OK);
	end_world(&w);
}

/* A port that says nothing is spoken for. */
static enum vmc_status refuse_silently(void *ctx, const char *endpoint,
				       vmc_handle *stream,
				       struct vmc_error *error)
{
	(void)ctx;
	(void)endpoint;
	(void)stream;
	(void)error;
	return VMC_ERR_NO_SERVER;
}

TEST(error_names_the_endpoint_whatever_the_port_says)
{
	struct world w;
	struct call call;

	begin_world(&w);
	w.counting.connect = refuse_silently;
	begin_call(&call, "Get");
	CHECK_EQ_INT(step(&w, &call), VMC_ERR_NO_SERVER);
	CHECK_EQ_STR(error_text(&w), "no server at the endpoint: " ENDPOINT);
	end_world(&w);
}

TEST(full_backlog_is_tried_again)
{
	struct world w;
	struct call call;
	vmc_handle other;

	begin_world(&w);
	w.sim.backlog = 1;
	CHECK_EQ_INT(vmc_sim_port_ops.connect(&w.sim, ENDPOINT, &other, NULL),
		     VMC_OK);
	begin_call(&call, "Get");
	CHECK_EQ_INT(step(&w, &call), VMC_AGAIN);
	CHECK_EQ_INT(call.task.wait_len, 0);
	CHECK(call.task.until_ms > w.sim.now_ms);
	CHECK(call.task.until_ms <= w.sim.now_ms + 50);
	serve(&w); /* accepts the other */
	hang_up(&w);
	w.sim.now_ms = call.task.until_ms;
	CHECK_EQ_INT(poll_step(&w, &call), VMC_AGAIN);
	serve(&w);
	respond(&w, 1, VMC_CODE_OK, NULL);
	CHECK_EQ_INT(poll_step(&w, &call), VMC_OK);
	vmc_sim_port_ops.close(&w.sim, other);
	end_world(&w);
}

TEST(dialling_ends_some_day)
{
	struct world w;
	struct call call;
	vmc_handle other;
	enum vmc_status status;
	uint64_t begun;
	unsigned again;

	begin_world(&w);
	w.sim.backlog = 1;
	CHECK_EQ_INT(vmc_sim_port_ops.connect(&w.sim, ENDPOINT, &other, NULL),
		     VMC_OK);
	begin_call(&call, "Get");
	for (again = 0; again < 2; again++) {
		begun = w.sim.now_ms;
		while ((status = step(&w, &call)) == VMC_AGAIN)
			w.sim.now_ms = call.task.until_ms;
		CHECK_EQ_INT(status, VMC_ERR_NO_SERVER);
		CHECK_EQ_STR(error_text(&w),
			     "server accepts no connection: " ENDPOINT);
		CHECK_EQ_INT(w.sim.now_ms - begun, 100);
	}
	/* giving up early leaves the next its full time */
	CHECK_EQ_INT(step(&w, &call), VMC_AGAIN);
	vmc_task_cancel(&call.task);
	w.sim.now_ms += 500;
	CHECK_EQ_INT(step(&w, &call), VMC_AGAIN);
	vmc_task_cancel(&call.task);
	vmc_sim_port_ops.close(&w.sim, other);
	serve(&w);
	end_world(&w);
}

/* A server that was started anew: the old connection has long ended. */
TEST(idle_connection_that_ended_is_dialled_again)
{
	struct world w;
	struct call call;

	begin_world(&w);
	begin_call(&call, "Get");
	CHECK_EQ_INT(step(&w, &call), VMC_AGAIN);
	serve(&w);
	respond(&w, 1, VMC_CODE_OK, NULL);
	CHECK_EQ_INT(step(&w, &call), VMC_OK);
	hang_up(&w);
	CHECK_EQ_INT(step(&w, &call), VMC_AGAIN);
	CHECK_EQ_INT(connects, 2);
	serve(&w);
	CHECK_EQ_INT(w.seen[1].stream, 1);
	respond(&w, 1, VMC_CODE_OK, "new");
	CHECK_EQ_INT(step(&w, &call), VMC_OK);
	CHECK(vmc_view_is(call.reply, "new"));
	/* and if there is no server any more, it says so */
	hang_up(&w);
	vmc_sim_port_ops.unlisten(&w.sim, ENDPOINT, w.listener);
	CHECK_EQ_INT(step(&w, &call), VMC_ERR_NO_SERVER);
	end_world(&w);
}

/* But not for ever: what breaks at once is no idle connection. */
TEST(new_connection_that_breaks_is_a_loss)
{
	struct world w;
	struct call call;

	begin_world(&w);
	w.sim.fault.type = VMC_SIM_SERVER_GONE;
	w.sim.fault.connection = 1;
	begin_call(&call, "Get");
	CHECK_EQ_INT(step(&w, &call), VMC_ERR_LOST);
	CHECK_EQ_INT(w.sim.struck, 1);
	CHECK_EQ_INT(connects, 1);
	end_world(&w);
}

TEST(given_stream_is_not_dialled)
{
	struct vmc_channel_config config;
	struct world w;
	struct call call;
	vmc_handle stream;

	begin_world(&w);
	CHECK_EQ_INT(vmc_sim_port_ops.connect(&w.sim, ENDPOINT, &stream, NULL),
		     VMC_OK);
	config = config_of(&w);
	config.stream = stream;
	config.endpoint = NULL;
	CHECK_EQ_INT(vmc_channel_init(&w.channel, &config), VMC_OK);
	begin_call(&call, "Get");
	CHECK_EQ_INT(step(&w, &call), VMC_AGAIN);
	CHECK_EQ_INT(connects, 0);
	serve(&w);
	respond(&w, 1, VMC_CODE_OK, "x");
	CHECK_EQ_INT(step(&w, &call), VMC_OK);
	hang_up(&w);
	CHECK_EQ_INT(step(&w, &call), VMC_ERR_LOST);
	CHECK_EQ_INT(step(&w, &call), VMC_ERR_LOST);
	check_text_has(&w, "the given stream");
	CHECK_EQ_INT(connects, 0);
	end_world(&w);
}

TEST(wrong_configurations_are_refused)
{
	struct vmc_channel_config config;
	struct world w;

	begin_world(&w);
	config = config_of(&w);
	config.window = NULL;
	CHECK_EQ_INT(vmc_channel_init(&w.channel, &config), VMC_ERR_ARGUMENT);
	check_text_has(&w, "no window");
	config = config_of(&w);
	config.window_len = 255;
	CHECK_EQ_INT(vmc_channel_init(&w.channel, &config), VMC_ERR_ARGUMENT);
	config = config_of(&w);
	config.endpoint = NULL;
	CHECK_EQ_INT(vmc_channel_init(&w.channel, &config), VMC_ERR_ARGUMENT);
	check_text_has(&w, "endpoint");
	config = config_of(&w);
	config.transport = "smoke";
	CHECK_EQ_INT(vmc_channel_init(&w.channel, &config),
		     VMC_ERR_UNSUPPORTED);
	check_text_has(&w, "smoke");
	config = config_of(&w);
	CHECK_EQ_INT(vmc_channel_init_checked(&w.channel, &config,
					      sizeof(w.channel) - 8,
					      VMC_OPTIONS),
		     VMC_ERR_OPTIONS);
	CHECK_EQ_INT(vmc_channel_init_checked(&w.channel, &config,
					      sizeof(w.channel),
					      VMC_OPTIONS ^ 1),
		     VMC_ERR_OPTIONS);
}

/*
 * What goes wrong on the way
 */

TEST(server_that_dies_fails_all_calls)
{
	struct world w;
	struct call a, b;

	begin_world(&w);
	begin_call(&a, "A");
	begin_call(&b, "B");
	CHECK_EQ_INT(step(&w, &a), VMC_AGAIN);
	CHECK_EQ_INT(step(&w, &b), VMC_AGAIN);
	serve(&w);
	hang_up(&w);
	CHECK_EQ_INT(poll_step(&w, &b), VMC_ERR_LOST);
	check_text_has(&w, ENDPOINT);
	CHECK_EQ_INT(a.task.until_ms, 0);
	CHECK_EQ_INT(poll_step(&w, &a), VMC_ERR_LOST);
	check_text_has(&w, ENDPOINT);
	/* the next call connects anew */
	CHECK_EQ_INT(step(&w, &a), VMC_AGAIN);
	serve(&w);
	respond(&w, 1, VMC_CODE_OK, NULL);
	CHECK_EQ_INT(step(&w, &a), VMC_OK);
	end_world(&w);
}

TEST(half_an_answer_is_a_loss)
{
	struct world w;
	struct call call;

	begin_world(&w);
	begin_call(&call, "Get");
	CHECK_EQ_INT(step(&w, &call), VMC_AGAIN);
	serve(&w);
	send_raw(&w, WORLD_GRPC ? "00001401 04 00000001 88" :
				  "00000003 00000001 02 00 12");
	CHECK_EQ_INT(poll_step(&w, &call), VMC_AGAIN);
	hang_up(&w);
	CHECK_EQ_INT(poll_step(&w, &call), VMC_ERR_LOST);
	end_world(&w);
}

TEST(peer_that_speaks_something_else)
{
	static const struct {
		const char *hex, *text;
	} rows_of
		[2]
		[3] = { {
				{ "485454502f312e31",
				  "peer does not speak: ttrpc: first byte of a ttrpc frame "
				  "is not 0" },
				{ "00000002 00000001 02 00 ffff",
				  "peer does not speak: ttrpc: broken protobuf" },
				{ "00000000 00000001 03 00",
				  "peer does not speak: ttrpc: stream data for a call that "
				  "is none" },
			},
			{
				{ "485454502f312e31 20",
				  "peer does not speak: grpc: frame is larger than 16384 "
				  "bytes" },
				{ "000001 01 04 00000001 80",
				  "peer does not speak: grpc: " },
				{ "000000 00 01 00000005",
				  "peer does not speak: grpc: DATA on an idle stream" },
			} },
      *rows = rows_of[WORLD_GRPC];
	struct world w;
	struct call a, b;
	size_t i;

	for (i = 0; i < 3; i++) {
		begin_world(&w);
		begin_call(&a, "A");
		begin_call(&b, "B");
		CHECK_EQ_INT(step(&w, &a), VMC_AGAIN);
		CHECK_EQ_INT(step(&w, &b), VMC_AGAIN);
		serve(&w);
		send_raw(&w, rows[i].hex);
		CHECK_EQ_INT(poll_step(&w, &a), VMC_ERR_PROTOCOL);
		check_text_has(&w, rows[i].text);
		CHECK_EQ_INT(poll_step(&w, &b), VMC_ERR_PROTOCOL);
		end_world(&w);
	}
}

/* What it has said counts more than that it does not hear our last word. */
TEST(peer_that_speaks_something_else_and_hangs_up)
{
	struct world w;
	struct call call;

	begin_world(&w);
	begin_call(&call, "Get");
	CHECK_EQ_INT(step(&w, &call), VMC_AGAIN);
	serve(&w);
	send_raw(&w, "485454502f312e31 20");
	hang_up(&w);
	CHECK_EQ_INT(poll_step(&w, &call), VMC_ERR_PROTOCOL);
	check_text_has(&w, "peer does not speak: ");
	end_world(&w);
}

TEST(requests_and_answers_that_are_too_big)
{
	static uint8_t bytes[2 * WINDOW_SIZE];
	struct vmc_view big = { bytes, VMC_REQUEST_SIZE };
	struct world w;
	struct call call;

	begin_world(&w);
	begin_call(&call, "Get");
	CHECK_EQ_INT(vmc_channel_call(&w.channel, "s", "m", big, &call.reply,
				      &call.task, w.sim.now_ms),
		     VMC_ERR_TOO_BIG);
	check_text_has(&w, "VMC_REQUEST_SIZE");
	CHECK_EQ_INT(sends, 0);

	CHECK_EQ_INT(step(&w, &call), VMC_AGAIN);
	serve(&w);
	memset(bytes, 'x', sizeof(bytes) - 1);
	respond(&w, 1, VMC_CODE_OK, (const char *)bytes);
	CHECK_EQ_INT(poll_step(&w, &call), VMC_ERR_TOO_BIG);
	CHECK_EQ_STR(error_text(&w),
		     WORLD_GRPC ?
			     "Get: RESOURCE_EXHAUSTED: message length 1023 "
			     "exceed maximum message size of 379" :
			     "Get: RESOURCE_EXHAUSTED: message length 1026 "
			     "exceed maximum message size of 502");
	/* the rest of it is drained, and the connection goes on */
	CHECK_EQ_INT(step(&w, &call), VMC_AGAIN);
	serve(&w);
	respond(&w, 3, VMC_CODE_OK, "small");
	while (poll_step(&w, &call) == VMC_AGAIN)
		;
	CHECK(vmc_view_is(call.reply, "small"));
	CHECK_EQ_INT(connects, 1);
	end_world(&w);
}

TEST(stream_numbers_run_out_and_begin_again)
{
	struct world w;
	struct call call;

	begin_world(&w);
	begin_call(&call, "Get");
	CHECK_EQ_INT(step(&w, &call), VMC_AGAIN);
	serve(&w);
	respond(&w, 1, VMC_CODE_OK, NULL);
	CHECK_EQ_INT(step(&w, &call), VMC_OK);
	if (WORLD_GRPC)
		w.grpc.last_stream = 0x7fffffff;
	else
		w.channel.engine.ttrpc.last_stream = UINT32_MAX;
	CHECK_EQ_INT(step(&w, &call), VMC_AGAIN); /* on a new connection */
	CHECK_EQ_INT(connects, 2);
	hang_up(&w);
	serve(&w);
	CHECK_EQ_INT(w.seen[1].stream, 1);
	vmc_task_cancel(&call.task);
	end_world(&w);
}

TEST(close_fails_calls_in_flight)
{
	struct world w;
	struct call call;

	begin_world(&w);
	begin_call(&call, "Get");
	CHECK_EQ_INT(step(&w, &call), VMC_AGAIN);
	vmc_channel_close(&w.channel);
	CHECK_EQ_INT(call.task.until_ms, 0);
	CHECK_EQ_INT(poll_step(&w, &call), VMC_ERR_CANCELLED);
	CHECK_EQ_STR(error_text(&w), "Get: connection was closed");
	serve(&w);
	end_world(&w);
}

/*
 * Calls that take something
 */

static enum vmc_status take(struct world *w, struct call *call)
{
	struct vmc_channel_request request = {
		.asked = { .service = "test.Service", .method = call->method },
		.takes = 1,
	};

	return vmc_channel_request(&w->channel, &request, &call->reply,
				   &call->task, w->sim.now_ms);
}

TEST(giving_up_a_taking_call_hangs_up)
{
	struct world w;
	struct call a, b;
	int by_deadline;

	for (by_deadline = 0; by_deadline < 2; by_deadline++) {
		begin_world(&w);
		begin_call(&a, "Take");
		begin_call(&b, "B");
		a.task.deadline_ms = w.sim.now_ms + 100;
		CHECK_EQ_INT(take(&w, &a), VMC_AGAIN);
		CHECK_EQ_INT(step(&w, &b), VMC_AGAIN);
		serve(&w);
		CHECK_EQ_INT(w.ended, VMC_AGAIN);
		w.sim.now_ms += 100;
		if (by_deadline)
			CHECK_EQ_INT(take(&w, &a), VMC_ERR_TIMEOUT);
		else
			vmc_task_cancel(&a.task);
		serve(&w);
		CHECK(w.ended == VMC_CLOSED || w.ended == VMC_ERR_LOST);
		CHECK_EQ_INT(poll_step(&w, &b), VMC_ERR_LOST);
		hang_up(&w);
		end_world(&w);
	}
}

/* What the server cannot have heard of costs nobody a connection. */
TEST(taking_call_that_was_not_sent_can_be_given_up)
{
	struct world w;
	struct call a, b;

	begin_world(&w);
	w.sim.ring = 8;
	begin_call(&a, "A");
	begin_call(&b, "Take");
	CHECK_EQ_INT(step(&w, &a), VMC_AGAIN);
	CHECK_EQ_INT(take(&w, &b), VMC_AGAIN);
	vmc_task_cancel(&b.task);
	w.sim.ring = 0;
	serve(&w);
	CHECK_EQ_INT(poll_step(&w, &a), VMC_AGAIN);
	serve(&w);
	CHECK_EQ_INT(w.seen_len, 1);
	respond(&w, 1, VMC_CODE_OK, "a");
	CHECK_EQ_INT(poll_step(&w, &a), VMC_OK);
	end_world(&w);
}

TEST(peers_deadline_leaves_the_connection)
{
	struct world w;
	struct call call;

	begin_world(&w);
	begin_call(&call, "Take");
	CHECK_EQ_INT(take(&w, &call), VMC_AGAIN);
	serve(&w);
	respond(&w, 1, VMC_CODE_DEADLINE_EXCEEDED, NULL);
	CHECK_EQ_INT(take(&w, &call), VMC_ERR_TIMEOUT);
	serve(&w);
	CHECK_EQ_INT(w.ended, VMC_AGAIN);
	end_world(&w);
}

/*
 * A fault at every byte
 */

/* Two calls after each other. 1 if both were answered. */
static int two_calls(struct world *w)
{
	struct call call;
	enum vmc_status status = VMC_OK;
	unsigned answered = 0, round, i;

	for (i = 0; i < 2; i++) {
		begin_call(&call, "Get");
		status = step(w, &call);
		for (round = 0; status == VMC_AGAIN; round++) {
			CHECK(round < 200);
			serve(w);
			if (w->ended < 0 || w->ended == VMC_CLOSED)
				hang_up(w);
			if (w->stream == VMC_HANDLE_NONE)
				answered = w->seen_len;
			for (; answered < w->seen_len; answered++)
				respond(w, w->seen[answered].stream,
					VMC_CODE_OK, "answer");
			status = poll_step(w, &call);
		}
		if (status != VMC_OK)
			break;
		CHECK(vmc_view_is(call.reply, "answer"));
	}
	if (status != VMC_OK) {
		CHECK_EQ_INT(status, VMC_ERR_LOST);
		check_text_has(w, ENDPOINT);
	}
	return status == VMC_OK;
}

static uint64_t run_two_calls(struct vmc_sim_fault fault, int *both)
{
	struct world w;
	uint64_t exchanged;

	begin_world(&w);
	w.sim.fault = fault;
	*both = two_calls(&w);
	exchanged = w.sim.exchanged;
	if (fault.type != VMC_SIM_NO_FAULT)
		CHECK_EQ_INT(w.sim.struck, 1);
	end_world(&w);
	return exchanged;
}

TEST(fault_at_every_byte)
{
	static const enum vmc_sim_fault_type faults[] = { VMC_SIM_LOST,
							  VMC_SIM_SERVER_GONE,
							  VMC_SIM_SHORT_READ,
							  VMC_SIM_SHORT_WRITE };
	struct vmc_sim_fault fault = { .type = VMC_SIM_NO_FAULT };
	uint64_t bytes, points = 0;
	unsigned i;
	int both;

	bytes = run_two_calls(fault, &both);
	CHECK(both);
	CHECK(bytes > 60);
	for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		for (fault.at = 0; fault.at < bytes; fault.at++, points++) {
			fault.type = faults[i];
			fault.connection = 1;
			(void)run_two_calls(fault, &both);
			if (faults[i] == VMC_SIM_SHORT_READ ||
			    faults[i] == VMC_SIM_SHORT_WRITE)
				CHECK(both);
		}
	}
	CHECK_EQ_INT(points, 4 * bytes);
}

TEST(one_byte_at_a_time)
{
	struct world w;

	begin_world(&w);
	w.sim.short_read = w.sim.short_write = 1;
	CHECK(two_calls(&w));
	end_world(&w);
}

/*
 * The cache's calls
 */

TEST(status_is_read)
{
	struct vmc_cache_status status;
	struct vmc_task task = VMC_TASK_INIT;
	struct world w;

	begin_world(&w);
	CHECK_EQ_INT(vmc_cache_fetch_status(&w.channel, &status, &task, 0),
		     VMC_AGAIN);
	serve(&w);
	CHECK_EQ_STR(w.seen[0].method, "Status");
	/* as containerd/ttrpc's server sent it */
	send_payload(&w, 1, "089221 1208 08f721 1001 188010");
	CHECK_EQ_INT(vmc_cache_fetch_status(&w.channel, &status, &task, 0),
		     VMC_OK);
	CHECK_EQ_INT(status.pid, 4242);
	CHECK_EQ_INT(status.vm_len, 1);
	CHECK_EQ_INT(status.vm[0].pid, 4343);
	CHECK_EQ_INT(status.vm[0].vcpus, 1);
	CHECK_EQ_INT(status.vm[0].memory_mib, 2048);
	end_world(&w);
}

TEST(status_that_cannot_be_read)
{
	struct vmc_cache_status status;
	struct vmc_task task = VMC_TASK_INIT;
	struct world w;

	begin_world(&w);
	CHECK_EQ_INT(vmc_cache_fetch_status(&w.channel, &status, &task, 0),
		     VMC_AGAIN);
	serve(&w);
	send_payload(&w, 1, "08");
	CHECK_EQ_INT(vmc_cache_fetch_status(&w.channel, &status, &task, 0),
		     VMC_ERR_MALFORMED);
	check_text_has(&w, "GrpcStatus");
	/* framed well: the connection goes on */
	CHECK_EQ_INT(vmc_cache_fetch_status(&w.channel, &status, &task, 0),
		     VMC_AGAIN);
	serve(&w);
	send_payload(&w, 3, "");
	CHECK_EQ_INT(vmc_cache_fetch_status(&w.channel, &status, &task, 0),
		     VMC_OK);
	CHECK_EQ_INT(status.vm_len, 0);
	CHECK_EQ_INT(connects, 1);
	end_world(&w);
}

TEST(config_is_read)
{
	struct vmc_cache_config config;
	struct vmc_task task = VMC_TASK_INIT;
	struct world w;

	begin_world(&w);
	CHECK_EQ_INT(vmc_cache_fetch_config(&w.channel, &config, &task, 0),
		     VMC_AGAIN);
	serve(&w);
	CHECK_EQ_STR(w.seen[0].method, "Config");
	send_payload(&w, 1, "0a07 7b2261223a317d 1202 7b7d");
	CHECK_EQ_INT(vmc_cache_fetch_config(&w.channel, &config, &task, 0),
		     VMC_OK);
	CHECK(vmc_view_is(config.data, "{\"a\":1}"));
	CHECK(vmc_view_is(config.agent_config, "{}"));
	end_world(&w);
}

/* The bytes that Kata's own code made of this VM. */
#define KATA_VM "0a026964 12027b7d 1801 220175 2801 308010"

TEST(base_vm_is_read)
{
	struct vmc_cached_vm vm;
	struct vmc_task task = VMC_TASK_INIT;
	struct world w;

	begin_world(&w);
	CHECK_EQ_INT(vmc_cache_get_base_vm(&w.channel, &vm, &task, 0),
		     VMC_AGAIN);
	serve(&w);
	CHECK_EQ_STR(w.seen[0].method, "GetBaseVM");
	send_payload(&w, 1, KATA_VM);
	CHECK_EQ_INT(vmc_cache_get_base_vm(&w.channel, &vm, &task, 0), VMC_OK);
	CHECK_EQ_STR(vm.id, "id");
	CHECK(vmc_view_is(vm.hypervisor, "{}"));
	CHECK_EQ_INT(vm.proxy_pid, 1);
	CHECK_EQ_STR(vm.proxy_url, "u");
	CHECK_EQ_INT(vm.vcpus, 1);
	CHECK_EQ_INT(vm.memory_mib, 2048);
	CHECK_EQ_INT(vm.cpu_delta, 0);
	end_world(&w);
}

TEST(field_that_exceeds_its_knob_is_named)
{
	struct vmc_cached_vm vm;
	struct vmc_task task = VMC_TASK_INIT;
	char hex[1024];
	struct world w;
	enum vmc_status status;
	unsigned i, steps = 0;

	begin_world(&w);
	CHECK_EQ_INT(vmc_cache_get_base_vm(&w.channel, &vm, &task, 0),
		     VMC_AGAIN);
	serve(&w);
	snprintf(hex, sizeof(hex), "0a%02x", VMC_ID_SIZE);
	for (i = 0; i < VMC_ID_SIZE; i++)
		strcat(hex, "61");
	send_payload(&w, 1, hex);
	do
		status = vmc_cache_get_base_vm(&w.channel, &vm, &task, 0);
	while (status == VMC_AGAIN && ++steps < 3);
	CHECK_EQ_INT(status, VMC_ERR_MALFORMED);
	check_text_has(&w, "VMC_ID_SIZE");
	end_world(&w);
}

TEST(cancelled_get_base_vm_hangs_up)
{
	struct vmc_cached_vm vm;
	struct vmc_task task = VMC_TASK_INIT;
	struct world w;

	begin_world(&w);
	CHECK_EQ_INT(vmc_cache_get_base_vm(&w.channel, &vm, &task, 0),
		     VMC_AGAIN);
	serve(&w);
	vmc_task_cancel(&task);
	serve(&w);
	CHECK(w.ended == VMC_CLOSED || w.ended == VMC_ERR_LOST);
	end_world(&w);
}

TEST(quit_is_answered)
{
	struct vmc_task task = VMC_TASK_INIT;
	struct world w;

	begin_world(&w);
	CHECK_EQ_INT(vmc_cache_quit(&w.channel, &task, 0), VMC_AGAIN);
	serve(&w);
	CHECK_EQ_STR(w.seen[0].method, "Quit");
	respond(&w, 1, VMC_CODE_OK, NULL);
	CHECK_EQ_INT(vmc_cache_quit(&w.channel, &task, 0), VMC_OK);
	CHECK_EQ_INT(vmc_cache_quit(&w.channel, &task, 0), VMC_AGAIN);
	serve(&w);
	respond(&w, 3, VMC_CODE_OK, "\xff");
	CHECK_EQ_INT(vmc_cache_quit(&w.channel, &task, 0), VMC_ERR_MALFORMED);
	check_text_has(&w, "Quit");
	end_world(&w);
}

TESTS(RUN(call_is_answered)
      RUN(call_is_one_send_and_one_recv)
      RUN(waking_too_often_does_no_harm)
      RUN(error_answers_are_told_in_the_peers_words)
      RUN(peers_deadline_is_a_timeout)
      RUN(peers_words_are_made_harmless)
      RUN(deadline_travels_a_little_shortened)
      RUN(far_deadline_does_not_wrap)
      RUN(deadline_is_kept_here_too)
      RUN(answer_that_is_there_counts_though_late)
      RUN(deadline_that_has_passed_asks_nobody)
      RUN(late_answers_are_nobodys)
      RUN(answers_come_in_any_order)
      RUN(answers_that_came_together_are_all_found)
      RUN(one_call_too_many_is_refused)
      RUN(cancelled_call_is_forgotten)
      RUN(held_answer_is_safe)
      RUN(requests_queue_behind_a_slow_server)
      RUN(nobody_listens)
      RUN(error_names_the_endpoint_whatever_the_port_says)
      RUN(full_backlog_is_tried_again)
      RUN(dialling_ends_some_day)
      RUN(idle_connection_that_ended_is_dialled_again)
      RUN(new_connection_that_breaks_is_a_loss)
      RUN(given_stream_is_not_dialled)
      RUN(wrong_configurations_are_refused)
      RUN(server_that_dies_fails_all_calls)
      RUN(half_an_answer_is_a_loss)
      RUN(peer_that_speaks_something_else)
      RUN(peer_that_speaks_something_else_and_hangs_up)
      RUN(requests_and_answers_that_are_too_big)
      RUN(stream_numbers_run_out_and_begin_again)
      RUN(close_fails_calls_in_flight)
      RUN(giving_up_a_taking_call_hangs_up)
      RUN(taking_call_that_was_not_sent_can_be_given_up)
      RUN(peers_deadline_leaves_the_connection)
      RUN(fault_at_every_byte)
      RUN(one_byte_at_a_time)
      RUN(status_is_read)
      RUN(status_that_cannot_be_read)
      RUN(config_is_read)
      RUN(base_vm_is_read)
      RUN(field_that_exceeds_its_knob_is_named)
      RUN(cancelled_get_base_vm_hangs_up)
      RUN(quit_is_answered));
