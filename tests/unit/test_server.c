/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server on a simulated port, asked by peers that speak ttrpc by hand, or
 * gRPC (test_server_grpc.c).
 * Every turn of the loop is followed by server_world_check.
 */
#include "server_world.h"

static struct server_world w;
static struct peer a, b, c;

static void start(uint32_t number)
{
	server_world_begin(&w, number);
	server_world_start(&w);
	server_world_settle(&w);
}

static const char *vm_id(const struct answer *answer)
{
	static char id[VMC_ID_SIZE];
	struct vmc_view view = pb_find(answer_view(answer), 1).bytes;

	CHECK(view.ptr_len > 0 && view.ptr_len < sizeof(id));
	memcpy(id, view.ptr, view.ptr_len);
	id[view.ptr_len] = '\0';
	return id;
}

/*
 * Calls
 */

TEST(config_is_what_was_given)
{
	const struct answer *answer;

	start(1);
	peer_connect(&w, &a);
	answer = peer_call(&w, &a, "Config");
	CHECK_EQ_INT(answer->code, 0);
	CHECK(vmc_view_is(pb_find(answer_view(answer), 1).bytes, WORLD_DATA));
	CHECK(vmc_view_is(pb_find(answer_view(answer), 2).bytes,
			  WORLD_AGENT_CONFIG));
}

TEST(big_config_goes_through_small_buffers)
{
	static uint8_t data[6000];
	const struct answer *answer;
	struct pb_field field;

	server_world_begin(&w, 1);
	memset(data, 'x', sizeof(data));
	data[0] = '"';
	data[sizeof(data) - 1] = '"';
	w.config.config.data = (struct vmc_view){ data, sizeof(data) };
	w.p.sim.ring = 512;
	server_world_start(&w);
	peer_connect(&w, &a);
	answer = peer_call(&w, &a, "Config");
	field = pb_find(answer_view(answer), 1);
	CHECK_EQ_INT(field.bytes.ptr_len, sizeof(data));
	CHECK_EQ_MEM(field.bytes.ptr, data, sizeof(data));
}

TEST(status_lists_ready_vms)
{
	const struct answer *answer;
	struct pb_field field;
	struct vmc_view in;
	unsigned vms = 0;

	start(3);
	(void)vmc_pool_ready(&w.p.pool);
	peer_connect(&w, &a);
	answer = peer_call(&w, &a, "Status");
	CHECK_EQ_INT(answer->code, 0);
	CHECK_EQ_INT(pb_find(answer_view(answer), 1).value, 77);
	in = answer_view(answer);
	while (pb_next(&in, &field)) {
		if (field.number != 2)
			continue;
		CHECK_EQ_INT(pb_find(field.bytes, 1).value, 100 + vms);
		CHECK_EQ_INT(pb_find(field.bytes, 2).value, 1);
		CHECK_EQ_INT(pb_find(field.bytes, 3).value,
			     VMC_MOCK_MEMORY_MIB);
		vms++;
	}
	CHECK_EQ_INT(vms, 3);
}

TEST(status_of_the_biggest_pool)
{
	const struct answer *answer;
	struct pb_field field;
	struct vmc_view in;
	unsigned vms = 0;

	server_world_begin(&w, VMC_VM_MAX);
	w.p.mock.pid_first = INT64_MAX - VMC_VM_MAX;
	w.p.direct.vm_config.vcpus = UINT32_MAX;
	w.p.direct.vm_config.memory_mib = UINT32_MAX;
	w.config.pid = INT64_MAX;
	server_world_start(&w);
	server_world_settle(&w);
	peer_connect(&w, &a);
	answer = peer_call(&w, &a, "Status");
	in = answer_view(answer);
	while (pb_next(&in, &field))
		vms += field.number == 2;
	CHECK_EQ_INT(vms, VMC_VM_MAX);
}

TEST(status_answers_while_nothing_is_ready)
{
	const struct answer *answer;

	server_world_begin(&w, 2);
	w.p.mock.script[VMC_MOCK_BOOT].delay_ms = 1000;
	server_world_start(&w);
	server_world_settle(&w);
	peer_connect(&w, &a);
	peer_connect(&w, &b);
	(void)peer_ask(&w, &a, "GetBaseVM");
	answer = peer_call(&w, &b, "Status");
	CHECK_EQ_INT(answer->code, 0);
	CHECK_EQ_INT(pb_find(answer_view(answer), 2).bytes.ptr_len, 0);
	CHECK_EQ_INT(a.answer_len, 0);
}

TEST(hand_out_is_complete_and_refills)
{
	const struct answer *answer;
	struct vmc_mock_machine *machine;
	struct vmc_view saved;

	server_world_begin(&w, 2);
	w.p.mock.agent_url = "vsock://3:1024";
	w.p.direct.vm_config.vcpus = 2;
	w.p.direct.vm_config.memory_mib = 512;
	server_world_start(&w);
	peer_connect(&w, &a);
	answer = peer_call(&w, &a, "GetBaseVM");
	CHECK_EQ_INT(answer->code, 0);
	machine = vmc_mock_find(&w.p.mock, vm_id(answer));
	CHECK(machine != NULL);
	CHECK_EQ_INT(machine->released, 1);
	CHECK_EQ_INT(machine->held, 0);
	CHECK_EQ_INT(machine->paused, 1);
	saved = pb_find(answer_view(answer), 2).bytes;
	CHECK(memmem(saved.ptr, saved.ptr_len, machine->id, 36) != NULL);
	CHECK(vmc_view_is(pb_find(answer_view(answer), 4).bytes,
			  "vsock://3:1024"));
	CHECK_EQ_INT(pb_find(answer_view(answer), 5).value, 2);
	CHECK_EQ_INT(pb_find(answer_view(answer), 6).value, 512);
	CHECK_EQ_INT(pb_find(answer_view(answer), 7).value, 0);
	CHECK_EQ_INT(vmc_pool_ready(&w.p.pool), 2);
	CHECK_EQ_INT(vmc_pool_counters(&w.p.pool)->handed, 1);
	CHECK_EQ_INT(world_event(&w.p, VMC_EVENT_VM_HANDED)->peer.pid, 4242);
}

TEST(every_hand_out_is_another_vm)
{
	char seen[40][VMC_ID_SIZE];
	unsigned i, j;

	start(2);
	peer_connect(&w, &a);
	for (i = 0; i < 40; i++) {
		strcpy(seen[i], vm_id(peer_call(&w, &a, "GetBaseVM")));
		for (j = 0; j < i; j++)
			CHECK(strcmp(seen[i], seen[j]) != 0);
	}
	CHECK_EQ_INT(vmc_pool_counters(&w.p.pool)->handed, 40);
}

TEST(detach_comes_before_the_first_byte)
{
	start(1);
	w.p.sim.short_write = 1;
	peer_connect(&w, &a);
	(void)peer_ask(&w, &a, "GetBaseVM");
	while (vmc_sim_unread(&w.p.sim, a.stream) == 0)
		server_world_step(&w);
	CHECK_EQ_INT(w.p.machine[0].held, 0);
}

TEST(unknown_names_are_unimplemented)
{
	uint8_t frame[REQUEST_ROOM];
	const struct answer *answer;

	start(1);
	peer_connect(&w, &a);
	answer = peer_call(&w, &a, "Resurrect");
	CHECK_EQ_INT(answer->code, VMC_CODE_UNIMPLEMENTED);
	CHECK(strstr(answer->message, "Resurrect") != NULL);
	CHECK(peer_send(&w, &a, frame,
			make_request(frame, a.next_stream, "cache.Other",
				     "Status", 0)));
	a.next_stream += 2;
	answer = peer_answer(&w, &a);
	CHECK_EQ_INT(answer->code, VMC_CODE_UNIMPLEMENTED);
	CHECK(strstr(answer->message, "cache.Other") != NULL);
	CHECK_EQ_INT(peer_call(&w, &a, "status")->code, VMC_CODE_UNIMPLEMENTED);
	CHECK_EQ_INT(peer_call(&w, &a, "Status")->code, 0);
}

TEST(calls_of_one_connection_are_answered_in_any_order)
{
	const struct answer *answer;
	uint32_t get, status;

	server_world_begin(&w, 1);
	w.p.mock.script[VMC_MOCK_BOOT].delay_ms = 50;
	server_world_start(&w);
	peer_connect(&w, &a);
	get = peer_ask(&w, &a, "GetBaseVM");
	status = peer_ask(&w, &a, "Status");
	answer = peer_answer(&w, &a);
	CHECK_EQ_INT(answer->stream, status);
	server_world_pass(&w, 50);
	answer = peer_answer(&w, &a);
	CHECK_EQ_INT(answer->stream, get);
	CHECK_EQ_INT(answer->code, 0);
}

TEST(many_calls_in_one_write)
{
	uint8_t frames[4 * REQUEST_ROOM];
	size_t len = 0;
	unsigned i;

	start(2);
	peer_connect(&w, &a);
	for (i = 0; i < 4; i++)
		len += make_request(frames + len, 1 + 2 * i,
				    "cache.CacheService", "Status", 0);
	CHECK(peer_send(&w, &a, frames, len));
	for (i = 0; i < 4; i++)
		CHECK_EQ_INT(peer_answer(&w, &a)->stream, 1 + 2 * i);
}

/*
 * Waiting
 */

TEST(deadline_passes)
{
	const struct answer *answer;
	uint64_t asked_ms;

	server_world_begin(&w, 1);
	w.p.mock.script[VMC_MOCK_BOOT].delay_ms = 1000;
	server_world_start(&w);
	peer_connect(&w, &a);
	(void)peer_ask_within(&w, &a, "GetBaseVM", 200500000);
	asked_ms = w.p.sim.now_ms;
	server_world_pass(&w, 900);
	CHECK_EQ_INT(world_event(&w.p, VMC_EVENT_CALL_FAILED)->at_ms,
		     asked_ms + 201);
	answer = peer_answer(&w, &a);
	CHECK_EQ_INT(answer->code, VMC_CODE_DEADLINE_EXCEEDED);
	CHECK(answer->message[0] != '\0');
	server_world_pass(&w, 2000);
	CHECK_EQ_INT(vmc_pool_ready(&w.p.pool), 1);
	CHECK_EQ_INT(w.p.mock.called[VMC_MOCK_BOOT], 1);
}

TEST(huge_deadline_is_one_that_never_comes)
{
	server_world_begin(&w, 1);
	w.p.mock.script[VMC_MOCK_BOOT].delay_ms = 1000;
	server_world_start(&w);
	peer_connect(&w, &a);
	(void)peer_ask_within(&w, &a, "GetBaseVM", INT64_MAX);
	server_world_pass(&w, 1000);
	CHECK_EQ_INT(peer_answer(&w, &a)->code, 0);
}

TEST(waiting_peers_are_served_in_order)
{
	server_world_begin(&w, 1);
	w.p.mock.script[VMC_MOCK_BOOT].delay_ms = 10;
	server_world_start(&w);
	peer_connect(&w, &a);
	peer_connect(&w, &b);
	peer_connect(&w, &c);
	(void)peer_ask(&w, &b, "GetBaseVM");
	server_world_settle(&w);
	(void)peer_ask(&w, &c, "GetBaseVM");
	server_world_settle(&w);
	(void)peer_ask(&w, &a, "GetBaseVM");
	server_world_pass(&w, 10);
	peer_settle(&w, &a);
	peer_settle(&w, &c);
	CHECK_EQ_INT(a.answer_len + c.answer_len, 0);
	CHECK_EQ_INT(peer_answer(&w, &b)->code, 0);
	server_world_pass(&w, 10);
	peer_settle(&w, &a);
	CHECK_EQ_INT(a.answer_len, 0);
	CHECK_EQ_INT(peer_answer(&w, &c)->code, 0);
	server_world_pass(&w, 10);
	CHECK_EQ_INT(peer_answer(&w, &a)->code, 0);
}

TEST(waiting_peer_that_goes_costs_nothing)
{
	server_world_begin(&w, 1);
	w.p.mock.script[VMC_MOCK_BOOT].delay_ms = 10;
	server_world_start(&w);
	peer_connect(&w, &a);
	(void)peer_ask(&w, &a, "GetBaseVM");
	(void)peer_ask(&w, &a, "GetBaseVM");
	server_world_settle(&w);
	CHECK_EQ_INT(w.server.call_len, 2);
	peer_close(&w, &a);
	server_world_settle(&w);
	CHECK_EQ_INT(w.server.call_len, 0);
	CHECK_EQ_INT(w.server.open_len, 0);
	CHECK_EQ_INT(w.p.sim.open, 0);
	server_world_pass(&w, 100);
	CHECK_EQ_INT(vmc_pool_ready(&w.p.pool), 1);
	CHECK_EQ_INT(w.p.mock.called[VMC_MOCK_BOOT], 1);
}

TEST(half_closed_peer_is_still_answered)
{
	server_world_begin(&w, 1);
	w.p.mock.script[VMC_MOCK_BOOT].delay_ms = 10;
	server_world_start(&w);
	peer_connect(&w, &a);
	(void)peer_ask(&w, &a, "GetBaseVM");
	vmc_sim_port_ops.shutdown(&w.p.sim, a.stream);
	server_world_settle(&w);
	CHECK_EQ_INT(w.server.call_len, 1);
	server_world_pass(&w, 10);
	CHECK_EQ_INT(peer_answer(&w, &a)->code, 0);
	CHECK_EQ_INT(a.end, VMC_CLOSED);
	CHECK_EQ_INT(w.server.open_len, 0);
	peer_close(&w, &a);
}

/* What it asked for before is sent to the end, however slowly it reads. */
TEST(half_closed_peer_gets_all_of_its_answer)
{
	start(2);
	w.p.sim.ring = 60;
	peer_connect(&w, &a);
	(void)peer_ask(&w, &a, "Status");
	w.p.sim.ring = 5;
	vmc_sim_port_ops.shutdown(&w.p.sim, a.stream);
	server_world_settle(&w);
	CHECK_EQ_INT(peer_answer(&w, &a)->code, 0);
	CHECK_EQ_INT(a.end, VMC_CLOSED);
	CHECK_EQ_INT(w.server.open_len, 0);
}

TEST(half_closed_waiter_gets_all_of_its_vm)
{
	server_world_begin(&w, 1);
	w.p.mock.script[VMC_MOCK_BOOT].delay_ms = 10;
	server_world_start(&w);
	peer_connect(&w, &a);
	(void)peer_ask(&w, &a, "GetBaseVM");
	vmc_sim_port_ops.shutdown(&w.p.sim, a.stream);
	server_world_settle(&w);
	w.p.sim.ring = 5;
	server_world_pass(&w, 10);
	CHECK_EQ_INT(peer_answer(&w, &a)->code, 0);
	CHECK_EQ_INT(vmc_pool_counters(&w.p.pool)->handed, 1);
	CHECK_EQ_INT(a.end, VMC_CLOSED);
}

TEST(who_asks_and_goes_takes_nothing)
{
	uint32_t writes;

	start(2);
	peer_connect(&w, &a);
	server_world_settle(&w);
	writes = w.p.store.writes;
	(void)peer_ask(&w, &a, "GetBaseVM");
	peer_close(&w, &a);
	server_world_settle(&w);
	CHECK_EQ_INT(w.server.open_len, 0);
	CHECK_EQ_INT(world_logged(&w.p, VMC_EVENT_VM_TAKEN), 0);
	CHECK_EQ_INT(w.p.store.writes, writes);
	CHECK_EQ_INT(vmc_pool_ready(&w.p.pool), 2);
}

TEST(half_closed_and_then_gone)
{
	server_world_begin(&w, 1);
	w.p.mock.script[VMC_MOCK_BOOT].delay_ms = 10;
	server_world_start(&w);
	peer_connect(&w, &a);
	(void)peer_ask(&w, &a, "GetBaseVM");
	vmc_sim_port_ops.shutdown(&w.p.sim, a.stream);
	server_world_settle(&w);
	peer_close(&w, &a);
	server_world_settle(&w);
	CHECK_EQ_INT(w.server.call_len, 0);
	CHECK_EQ_INT(w.server.open_len, 0);
}

/* As many as one connection may have open over gRPC are each one's. */
#define WAITERS (2 + VMC_CALL_MAX / VMC_STREAM_MAX)

TEST(more_calls_than_may_wait)
{
	static struct peer peer[WAITERS];
	const struct answer *answer;
	unsigned i;

	server_world_begin(&w, 1);
	w.p.mock.script[VMC_MOCK_BOOT].delay_ms = 10;
	server_world_start(&w);
	for (i = 0; i < WAITERS; i++)
		peer_connect(&w, &peer[i]);
	for (i = 0; i < VMC_CALL_MAX; i++)
		(void)peer_ask(&w, &peer[i % WAITERS], "GetBaseVM");
	server_world_settle(&w);
	CHECK_EQ_INT(w.server.call_len, VMC_CALL_MAX);
	peer_connect(&w, &a);
	answer = peer_call(&w, &a, "GetBaseVM");
	CHECK_EQ_INT(answer->code, VMC_CODE_RESOURCE_EXHAUSTED);
	CHECK(strstr(answer->message, "VMC_CALL_MAX calls") != NULL);
	server_world_pass(&w, 10);
	CHECK_EQ_INT(w.server.call_len, VMC_CALL_MAX - 1);
	(void)peer_ask(&w, &a, "GetBaseVM");
	server_world_settle(&w);
	CHECK_EQ_INT(w.server.call_len, VMC_CALL_MAX);
}

TEST(record_that_cannot_be_written_is_told)
{
	const struct answer *answer;

	start(1);
	w.p.store.fail_from = w.p.store.writes + 1;
	w.p.store.fail_len = 1;
	peer_connect(&w, &a);
	answer = peer_call(&w, &a, "GetBaseVM");
	CHECK(answer->code != 0);
	CHECK(strstr(answer->message, "record") != NULL);
	CHECK_EQ_INT(peer_call(&w, &a, "GetBaseVM")->code, 0);
	CHECK_EQ_INT(w.p.mock.called[VMC_MOCK_BOOT], 2);
}

/* A connection that reads nothing, with a deadline long passed, must not
 * keep the loop busy. */
TEST(passed_deadline_of_who_does_not_read_is_no_busy_loop)
{
	static uint8_t data[VMC_SIM_RING_SIZE * 2];

	server_world_begin(&w, 1);
	memset(data, ' ', sizeof(data));
	w.config.config.data = (struct vmc_view){ data, sizeof(data) };
	w.p.mock.script[VMC_MOCK_BOOT].delay_ms = 5000;
	server_world_start(&w);
	peer_connect(&w, &a);
	(void)peer_ask_within(&w, &a, "GetBaseVM", 1000000);
	(void)peer_ask(&w, &a, "Config");
	server_world_settle(&w);
	w.p.sim.now_ms += 10;
	CHECK(server_world_step(&w) > w.p.sim.now_ms ||
	      server_world_step(&w) > w.p.sim.now_ms);
	CHECK_EQ_INT(peer_answer(&w, &a)->code, 0);
	CHECK_EQ_INT(peer_answer(&w, &a)->code, VMC_CODE_DEADLINE_EXCEEDED);
}

/*
 * The end
 */

TEST(quit_answers_then_ends_all)
{
	start(3);
	peer_connect(&w, &a);
	peer_connect(&w, &b);
	CHECK_EQ_INT(peer_call(&w, &b, "Status")->code, 0);
	CHECK_EQ_INT(peer_call(&w, &a, "Quit")->code, 0);
	CHECK(vmc_server_stopped(&w.server));
	CHECK_EQ_INT(vmc_mock_alive(&w.p.mock), 0);
	CHECK_EQ_INT(w.server.open_len, 0);
	CHECK_EQ_INT(w.p.sim.open, 2);
	CHECK(strstr(world_event(&w.p, VMC_EVENT_STOPPING)->text, "4242") !=
	      NULL);
	CHECK_EQ_INT(world_logged(&w.p, VMC_EVENT_STOPPED), 1);
	while (peer_read(&w, &b))
		continue;
	CHECK_EQ_INT(b.end, VMC_CLOSED);
}

TEST(quit_twice_and_a_signal)
{
	start(2);
	w.p.mock.script[VMC_MOCK_STOP].delay_ms = 30;
	peer_connect(&w, &a);
	peer_connect(&w, &b);
	CHECK_EQ_INT(peer_call(&w, &a, "Quit")->code, 0);
	CHECK_EQ_INT(peer_call(&w, &b, "Quit")->code, 0);
	vmc_server_stop(&w.server, "SIGTERM", w.p.sim.now_ms);
	vmc_server_stop(&w.server, "SIGINT", w.p.sim.now_ms);
	server_world_settle(&w);
	CHECK(!vmc_server_stopped(&w.server));
	server_world_pass(&w, 30);
	CHECK(vmc_server_stopped(&w.server));
	CHECK_EQ_INT(world_logged(&w.p, VMC_EVENT_STOPPING), 1);
	CHECK_EQ_INT(world_logged(&w.p, VMC_EVENT_STOPPED), 1);
	vmc_server_stop(&w.server, "SIGTERM", w.p.sim.now_ms);
	server_world_settle(&w);
	CHECK_EQ_INT(world_logged(&w.p, VMC_EVENT_STOPPED), 1);
}

TEST(quit_is_the_owners)
{
	server_world_begin(&w, 1);
	w.config.owner_only = 1;
	w.config.owner = 500;
	server_world_start(&w);
	peer_connect(&w, &a);
	CHECK_EQ_INT(peer_call(&w, &a, "Quit")->code,
		     VMC_CODE_PERMISSION_DENIED);
	CHECK_EQ_INT(peer_call(&w, &a, "Status")->code, 0);
	w.p.sim.client.known = 0;
	w.p.sim.client.uid = 0;
	peer_connect(&w, &b);
	CHECK_EQ_INT(peer_call(&w, &b, "Quit")->code,
		     VMC_CODE_PERMISSION_DENIED);
	CHECK(!vmc_server_stopped(&w.server));
	w.p.sim.client.known = 1;
	w.p.sim.client.uid = 500;
	peer_connect(&w, &c);
	CHECK_EQ_INT(peer_call(&w, &c, "Quit")->code, 0);
	CHECK(vmc_server_stopped(&w.server));
}

TEST(root_may_quit)
{
	server_world_begin(&w, 1);
	w.config.owner_only = 1;
	w.config.owner = 500;
	server_world_start(&w);
	w.p.sim.client.uid = 0;
	peer_connect(&w, &a);
	CHECK_EQ_INT(peer_call(&w, &a, "Quit")->code, 0);
}

TEST(who_waits_is_told_that_the_server_stops)
{
	server_world_begin(&w, 1);
	w.p.mock.script[VMC_MOCK_BOOT].delay_ms = 100;
	w.p.mock.script[VMC_MOCK_STOP].delay_ms = 100;
	server_world_start(&w);
	peer_connect(&w, &a);
	peer_connect(&w, &b);
	(void)peer_ask(&w, &a, "GetBaseVM");
	(void)peer_ask(&w, &a, "GetBaseVM");
	(void)peer_ask(&w, &b, "GetBaseVM");
	server_world_pass(&w, 10);
	vmc_server_stop(&w.server, "SIGTERM", w.p.sim.now_ms);
	CHECK_EQ_INT(peer_answer(&w, &a)->code, VMC_CODE_UNAVAILABLE);
	CHECK_EQ_INT(peer_answer(&w, &a)->code, VMC_CODE_UNAVAILABLE);
	CHECK_EQ_INT(peer_answer(&w, &b)->code, VMC_CODE_UNAVAILABLE);
	CHECK(!vmc_server_stopped(&w.server));
	/* Those who ask meanwhile are told too. */
	CHECK_EQ_INT(peer_call(&w, &b, "GetBaseVM")->code,
		     VMC_CODE_UNAVAILABLE);
	server_world_pass(&w, 100);
	CHECK(vmc_server_stopped(&w.server));
}

TEST(endpoint_is_gone_once_it_stops)
{
	struct vmc_error error;
	vmc_handle stream;

	start(1);
	w.p.mock.script[VMC_MOCK_STOP].delay_ms = 100;
	vmc_server_stop(&w.server, "SIGTERM", w.p.sim.now_ms);
	server_world_settle(&w);
	vmc_error_reset(&error);
	CHECK_EQ_INT(vmc_sim_port_ops.connect(&w.p.sim, WORLD_ENDPOINT, &stream,
					      &error),
		     VMC_ERR_NO_SERVER);
}

TEST(who_connected_before_the_end_is_answered)
{
	start(1);
	w.p.mock.script[VMC_MOCK_STOP].delay_ms = 100;
	peer_connect(&w, &a);
	(void)peer_ask(&w, &a, "GetBaseVM");
	vmc_server_stop(&w.server, "SIGTERM", w.p.sim.now_ms);
	CHECK_EQ_INT(peer_answer(&w, &a)->code, VMC_CODE_UNAVAILABLE);
}

/* Also if the loop did not know of it yet. */
TEST(who_connected_unnoticed_is_answered)
{
	start(1);
	w.p.mock.script[VMC_MOCK_STOP].delay_ms = 100;
	peer_connect(&w, &a);
	(void)peer_ask(&w, &a, "GetBaseVM");
	vmc_server_stop(&w.server, "SIGTERM", w.p.sim.now_ms);
	vmc_server_step(&w.server, NULL, 0, w.p.sim.now_ms);
	CHECK_EQ_INT(peer_answer(&w, &a)->code, VMC_CODE_UNAVAILABLE);
}

TEST(any_answer_under_way_is_finished_before_the_end)
{
	start(2);
	w.p.sim.ring = 60;
	peer_connect(&w, &a);
	(void)peer_ask(&w, &a, "Status");
	w.p.sim.ring = 5;
	server_world_settle(&w);
	vmc_server_stop(&w.server, "SIGTERM", w.p.sim.now_ms);
	server_world_settle(&w);
	CHECK(vmc_pool_stopped(&w.p.pool));
	CHECK(!vmc_server_stopped(&w.server));
	CHECK_EQ_INT(peer_answer(&w, &a)->code, 0);
	server_world_settle(&w);
	CHECK(vmc_server_stopped(&w.server));
}

TEST(handed_vms_live_on)
{
	char id[VMC_ID_SIZE];

	start(2);
	peer_connect(&w, &a);
	strcpy(id, vm_id(peer_call(&w, &a, "GetBaseVM")));
	CHECK_EQ_INT(peer_call(&w, &a, "Quit")->code, 0);
	CHECK(vmc_server_stopped(&w.server));
	CHECK_EQ_INT(vmc_mock_alive(&w.p.mock), 1);
	CHECK(world_is_alive(vmc_mock_find(&w.p.mock, id)));
}

TEST(reply_under_way_is_finished_before_the_end)
{
	start(1);
	w.p.sim.ring = 16;
	peer_connect(&w, &a);
	(void)peer_ask(&w, &a, "GetBaseVM");
	server_world_settle(&w);
	vmc_server_stop(&w.server, "SIGTERM", w.p.sim.now_ms);
	server_world_settle(&w);
	CHECK(!vmc_server_stopped(&w.server));
	CHECK_EQ_INT(peer_answer(&w, &a)->code, 0);
	server_world_settle(&w);
	CHECK(vmc_server_stopped(&w.server));
	CHECK_EQ_INT(vmc_pool_counters(&w.p.pool)->handed, 1);
	CHECK_EQ_INT(vmc_mock_alive(&w.p.mock), 1);
}

TEST(stopping_does_not_wait_for_ever_for_who_does_not_read)
{
	server_world_begin(&w, 1);
	w.config.write_timeout_ms = 300;
	server_world_start(&w);
	server_world_settle(&w);
	w.p.sim.ring = 16;
	peer_connect(&w, &a);
	(void)peer_ask(&w, &a, "GetBaseVM");
	server_world_settle(&w);
	vmc_server_stop(&w.server, "SIGTERM", w.p.sim.now_ms);
	server_world_pass(&w, 300);
	CHECK(vmc_server_stopped(&w.server));
	CHECK_EQ_INT(vmc_mock_alive(&w.p.mock), 0);
}

/*
 * Set-up
 */

TEST(endpoint_in_use_is_told)
{
	static struct vmc_server second;
	static struct vmc_pool pool;
	struct vmc_server_config config;

	start(1);
	config = w.config;
	pool = w.p.pool;
	config.pool = &pool;
	CHECK_EQ_INT(vmc_server_init(&second, &config), VMC_ERR_IN_USE);
	CHECK(strstr(vmc_server_error(&second)->text, WORLD_ENDPOINT) != NULL);
}

TEST(init_names_what_is_wrong)
{
	server_world_begin(&w, 1);
	pool_world_start(&w.p);
	w.config.endpoint = NULL;
	CHECK_EQ_INT(vmc_server_init(&w.server, &w.config), VMC_ERR_ARGUMENT);
	CHECK(strstr(vmc_server_error(&w.server)->text, "endpoint") != NULL);
	w.config.endpoint = WORLD_ENDPOINT;
	w.config.pool = NULL;
	CHECK_EQ_INT(vmc_server_init(&w.server, &w.config), VMC_ERR_ARGUMENT);
	w.config.pool = &w.p.pool;
	w.config.port.ops = NULL;
	CHECK_EQ_INT(vmc_server_init(&w.server, &w.config), VMC_ERR_ARGUMENT);
	w.config.port = vmc_sim_port(&w.p.sim);
	w.p.sim.listen_fails = 1;
	CHECK_EQ_INT(vmc_server_init(&w.server, &w.config), VMC_ERR_IO);
	CHECK(vmc_server_error(&w.server)->text[0] != '\0');
	CHECK_EQ_INT(vmc_server_init_checked(&w.server, &w.config,
					     sizeof(w.server), 1),
		     VMC_ERR_OPTIONS);
}

TEST(waits_change_only_when_they_do)
{
	struct vmc_wait waits[VMC_SERVER_WAIT_MAX];
	uint64_t until_ms;
	size_t len;

	start(2);
	CHECK(!vmc_server_waits_changed(&w.server));
	peer_connect(&w, &a);
	(void)server_world_poll(&w, waits, &len, &until_ms);
	vmc_server_step(&w.server, waits, len, w.p.sim.now_ms);
	CHECK(vmc_server_waits_changed(&w.server));
	CHECK_EQ_INT(vmc_server_waits(&w.server, waits, VMC_SERVER_WAIT_MAX,
				      &len, &until_ms),
		     VMC_OK);
	CHECK_EQ_INT(len, 1 + 2 + 1);
	CHECK(!vmc_server_waits_changed(&w.server));
	CHECK_EQ_INT(vmc_server_waits(&w.server, waits, 3, &len, &until_ms),
		     VMC_ERR_TOO_BIG);
	CHECK_EQ_INT(vmc_server_waits(&w.server, waits, VMC_SERVER_WAIT_MAX,
				      &len, &until_ms),
		     VMC_OK);
	/* A call that is answered at once changes nothing. */
	(void)peer_ask(&w, &a, "Status");
	vmc_sim_poll(&w.p.sim, waits, len);
	vmc_server_step(&w.server, waits, len, w.p.sim.now_ms);
	CHECK(!vmc_server_waits_changed(&w.server));
}

/* Goes on with waits as they were, whatever has become of their handles. */
static void step_with(struct vmc_wait *waits, size_t len)
{
	for (size_t i = 0; i < len; i++)
		waits[i].got = VMC_WAIT_READ | VMC_WAIT_HUP;
	vmc_server_step(&w.server, waits, len, w.p.sim.now_ms);
	server_world_check(&w);
}

static vmc_handle only_stream(void)
{
	CHECK_EQ_INT(w.server.open_len, 1);
	return w.server.open[0]->pump.stream;
}

TEST(stale_waits_are_ignored)
{
	struct vmc_wait waits[VMC_SERVER_WAIT_MAX];
	vmc_handle stream;
	uint64_t until_ms;
	unsigned tries = 0;
	size_t len;

	start(1);
	peer_connect(&w, &a);
	server_world_settle(&w);
	stream = only_stream();
	(void)server_world_poll(&w, waits, &len, &until_ms);
	peer_close(&w, &a);
	server_world_settle(&w);
	peer_connect(&w, &b);
	CHECK_EQ_INT(peer_call(&w, &b, "Status")->code, 0);
	CHECK(only_stream() != stream);
	step_with(waits, len);
	CHECK_EQ_INT(w.server.open_len, 1);

	/* The same, when the handle's number has come again. */
	do {
		peer_close(&w, &b);
		server_world_settle(&w);
		peer_connect(&w, &b);
		CHECK_EQ_INT(peer_call(&w, &b, "Status")->code, 0);
		CHECK(++tries <= WORLD_LINK_MAX);
	} while (only_stream() != stream);
	step_with(waits, len);
	CHECK_EQ_INT(w.server.open_len, 1);
	CHECK_EQ_INT(peer_call(&w, &b, "Status")->code, 0);
}

TEST(wake_reaches_the_port)
{
	start(1);
	vmc_server_wake(&w.server);
	CHECK_EQ_INT(w.p.sim.woken, 1);
}

TEST(out_of_descriptors_waits_a_while)
{
	start(1);
	w.p.sim.accept_full = 2;
	peer_connect(&w, &a);
	CHECK(server_world_step(&w) > w.p.sim.now_ms);
	CHECK_EQ_INT(w.server.open_len, 0);
	server_world_pass(&w, 1000);
	CHECK_EQ_INT(w.server.open_len, 1);
	CHECK_EQ_INT(peer_call(&w, &a, "Status")->code, 0);
}

TESTS(RUN(config_is_what_was_given)
      RUN(big_config_goes_through_small_buffers)
      RUN(status_lists_ready_vms)
      RUN(status_of_the_biggest_pool)
      RUN(status_answers_while_nothing_is_ready)
      RUN(hand_out_is_complete_and_refills)
      RUN(every_hand_out_is_another_vm)
      RUN(detach_comes_before_the_first_byte)
      RUN(unknown_names_are_unimplemented)
      RUN(calls_of_one_connection_are_answered_in_any_order)
      RUN(many_calls_in_one_write)
      RUN(deadline_passes)
      RUN(huge_deadline_is_one_that_never_comes)
      RUN(waiting_peers_are_served_in_order)
      RUN(waiting_peer_that_goes_costs_nothing)
      RUN(half_closed_peer_is_still_answered)
      RUN(half_closed_peer_gets_all_of_its_answer)
      RUN(half_closed_waiter_gets_all_of_its_vm)
      RUN(who_asks_and_goes_takes_nothing)
      RUN(half_closed_and_then_gone)
      RUN(more_calls_than_may_wait)
      RUN(record_that_cannot_be_written_is_told)
      RUN(passed_deadline_of_who_does_not_read_is_no_busy_loop)
      RUN(quit_answers_then_ends_all)
      RUN(quit_twice_and_a_signal)
      RUN(quit_is_the_owners)
      RUN(root_may_quit)
      RUN(who_waits_is_told_that_the_server_stops)
      RUN(endpoint_is_gone_once_it_stops)
      RUN(who_connected_before_the_end_is_answered)
      RUN(who_connected_unnoticed_is_answered)
      RUN(any_answer_under_way_is_finished_before_the_end)
      RUN(handed_vms_live_on)
      RUN(reply_under_way_is_finished_before_the_end)
      RUN(stopping_does_not_wait_for_ever_for_who_does_not_read)
      RUN(endpoint_in_use_is_told)
      RUN(init_names_what_is_wrong)
      RUN(waits_change_only_when_they_do)
      RUN(stale_waits_are_ignored)
      RUN(wake_reaches_the_port)
      RUN(out_of_descriptors_waits_a_while));
