/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hand-over, and the same with a fault at every byte of it.
 *
 * The scenario runs once without a fault and counts the bytes that the
 * client and the server exchange. Then it runs again for each of them and
 * each kind of fault. Every run ends with the same questions: is each VM in
 * the pool, stopped, or somebody's; has nobody been given a VM that he does
 * not know to be his; is the pool full again; did another connection notice
 * anything; does anything still hang on the connection.
 */
#include "client_world.h"

#define NUMBER 2

/* The client whose connection suffers, and one that must not notice. */
#define VICTIM 0
#define OTHER 1
#define VICTIM_CONNECTION 1

static const enum client_call whole[] = { CLIENT_STATUS, CLIENT_CONFIG,
					  CLIENT_GET,    CLIENT_ATTACH,
					  CLIENT_QUIT,   CLIENT_END };
static const enum client_call looks[] = { CLIENT_STATUS, CLIENT_CONFIG,
					  CLIENT_END };
static const enum client_call takes[] = { CLIENT_STATUS, CLIENT_GET,
					  CLIENT_ATTACH, CLIENT_END };

static struct server_world w;
static struct client client[2];

/* Bytes of the run without a fault. */
static uint64_t all;       /* on the victim's connection */
static uint64_t asked;     /* up to the end of the request for a VM */
static uint64_t known;     /* up to the first byte that tells of the VM */
static uint64_t delivered; /* up to the last byte of the VM */

static void begin(void)
{
	server_world_begin(&w, NUMBER);
	w.p.mock.script[VMC_MOCK_BOOT].delay_ms = 3;
	w.p.mock.script[VMC_MOCK_ATTACH].delay_ms = 2;
	w.p.mock.script[VMC_MOCK_STOP].delay_ms = 1;
	server_world_start(&w);
	server_world_pass(&w, 10);
	client_begin(&w, &client[VICTIM], whole);
	client_begin(&w, &client[OTHER], looks);
}

/* The victim first, so that its connection is number 1; the other asks at
 * the same time. */
static void run(void)
{
	clients_pass(&w, client, 2, 60000);
}

/*
 * What holds at the end of every run
 */

static void check_given(void)
{
	const struct client *victim = &client[VICTIM];
	const struct vmc_mock_machine *machine;

	if (!victim->has)
		return;
	machine = vmc_mock_find(&w.p.mock, victim->got.id);
	CHECK(machine != NULL);
	CHECK(world_is_alive(machine));
	CHECK_EQ_INT(machine->released, 1);
	CHECK_EQ_INT(machine->held, victim->vm.state == VMC_VM_READY);
	CHECK_EQ_INT(vmc_pool_counters(&w.p.pool)->handed, 1);
}

/* Every VM ever booted is READY, handed or stopped. */
static void check_machines(void)
{
	uint64_t handed = vmc_pool_counters(&w.p.pool)->handed;
	uint32_t i, stopped = 0, released = 0;

	for (i = 0; i < w.p.mock.machine_len; i++) {
		stopped += w.p.machine[i].stopped;
		released += w.p.machine[i].released;
	}
	CHECK_EQ_INT(released, handed);
	CHECK_EQ_INT(stopped + released + vmc_pool_ready(&w.p.pool),
		     w.p.mock.machine_len);
	CHECK(handed <= 1);
}

static void check_nothing_hangs(void)
{
	uint32_t i;

	client_close(&client[VICTIM]);
	client_close(&client[OTHER]);
	server_world_pass(&w, 1);
	CHECK_EQ_INT(w.server.open_len, 0);
	CHECK_EQ_INT(w.server.call_len, 0);
	CHECK_EQ_INT(w.p.sim.open, 0);
	CHECK_EQ_INT(w.p.pool.line_len, 0);
	for (i = 0; i < VMC_REPLY_MAX; i++)
		CHECK(!w.server.reply[i].connection);
}

static void check_stopped(void)
{
	CHECK(vmc_server_stopped(&w.server));
	CHECK_EQ_INT(vmc_mock_alive(&w.p.mock),
		     vmc_pool_counters(&w.p.pool)->handed);
	CHECK_EQ_INT(w.p.sim.listener[0].open, 0);
}

/* The pool is full, and somebody else is served as ever. */
static void check_goes_on(void)
{
	static struct client late;

	CHECK_EQ_INT(vmc_pool_ready(&w.p.pool), NUMBER);
	client_begin(&w, &late, takes);
	clients_pass(&w, &late, 1, 100);
	CHECK_EQ_INT(late.failed, VMC_OK);
	CHECK_EQ_INT(late.done, 3);
	CHECK_EQ_INT(late.status.vm_len, NUMBER);
	if (client[VICTIM].has)
		CHECK(strcmp(late.got.id, client[VICTIM].got.id) != 0);
	client_close(&late);
	server_world_pass(&w, 10);
	CHECK_EQ_INT(vmc_pool_ready(&w.p.pool), NUMBER);
}

static void check_end(void)
{
	/* A Quit whose answer was lost may have been heard. */
	int quit = world_logged(&w.p, VMC_EVENT_STOPPING) > 0;

	CHECK(quit || !client[VICTIM].quit);
	if (!quit || client[OTHER].failed == VMC_OK) {
		CHECK_EQ_INT(client[OTHER].failed, VMC_OK);
		CHECK_EQ_INT(client[OTHER].done, 2);
	}
	check_given();
	check_machines();
	if (quit)
		check_stopped();
	else
		check_goes_on();
	check_nothing_hangs();
}

/*
 * Without a fault
 */

TEST(without_a_fault)
{
	const struct client *victim = &client[VICTIM];

	begin();
	run();
	CHECK_EQ_INT(victim->failed, VMC_OK);
	CHECK_EQ_INT(victim->done, 5);
	CHECK_EQ_INT(victim->status.vm_len, NUMBER);
	CHECK_EQ_INT(victim->status.pid, 77);
	CHECK(victim->has);
	CHECK(victim->quit);
	CHECK_EQ_INT(w.p.mock.called[VMC_MOCK_BOOT], NUMBER + 1);
	all = victim->sent[4];
	delivered = victim->sent[2];
	CHECK(all > delivered);
	check_end();
}

/* Where the VM's connection is in its hand-over; NULL before it is. */
static const struct vmc_connection *handing(void)
{
	for (uint32_t i = 0; i < w.server.open_len; i++) {
		const struct vmc_connection *connection = w.server.open[i];

		if (connection->slot >= 0)
			return connection;
	}
	return NULL;
}

/* What follows the payload: over gRPC, the trailers. */
#define TAIL_LEN (WORLD_GRPC ? 24 : 0)

/* What precedes the payload of the answer that carries the VM: the frame's
 * header and the beginning of the envelope. */
static uint64_t head_of_answer(void)
{
	static struct peer peer;

	begin();
	peer_connect(&w, &peer);
	return delivered - TAIL_LEN - asked -
	       peer_call(&w, &peer, "GetBaseVM")->payload_len;
}

/* With room for one byte on its way, each border can be seen. */
TEST(borders_are_found)
{
	begin();
	w.p.sim.ring = 1;
	asked = known = 0;
	while (known == 0) {
		const struct vmc_connection *connection;
		vmc_handle stream = client[VICTIM].channel.pump.stream;

		server_world_step(&w);
		connection = handing();
		if (connection && connection->started)
			known = vmc_sim_sent(&w.p.sim, stream);
		(void)client_step(&w, &client[VICTIM]);
		stream = client[VICTIM].channel.pump.stream;
		if (!connection && stream != VMC_HANDLE_NONE)
			asked = vmc_sim_sent(&w.p.sim, stream);
	}
	CHECK(asked > 0 && asked < known && known < delivered);
	printf("# hand-over: %llu bytes; the VM is asked for with byte %llu, "
	       "known from byte %llu, delivered with byte %llu\n",
	       (unsigned long long)all, (unsigned long long)asked,
	       (unsigned long long)known, (unsigned long long)delivered);
	run();
	CHECK_EQ_INT(client[VICTIM].done, 5);
	check_end();
	CHECK_EQ_INT(known, asked + head_of_answer() + 1);
}

/*
 * With one
 */

/* What the pool must have counted after the victim's connection broke when
 * `at` bytes had been sent on it. */
static void check_counted(uint64_t at)
{
	const struct vmc_pool_counters *counters = vmc_pool_counters(&w.p.pool);
	int half = at >= known && at < delivered;

	CHECK_EQ_INT(counters->dropped, half);
	/* A victim that had no call in flight may have connected again. */
	if (at < delivered)
		CHECK_EQ_INT(counters->handed, client[VICTIM].has);
	else
		CHECK_EQ_INT(counters->handed, 1);
	if (half)
		CHECK(!client[VICTIM].has);
}

/* From here on, a VM that came back must not have been stopped. */
static void check_untouched(uint64_t at)
{
	uint32_t i;

	if (at >= known || client[VICTIM].has ||
	    world_logged(&w.p, VMC_EVENT_STOPPING))
		return;
	CHECK_EQ_INT(w.p.mock.machine_len, NUMBER);
	for (i = 0; i < NUMBER; i++)
		CHECK_EQ_INT(w.p.machine[i].stopped, 0);
}

static void run_with(enum vmc_sim_fault_type type, int received, uint64_t at)
{
	begin();
	w.p.sim.fault = (struct vmc_sim_fault){
		.type = type,
		.connection = VICTIM_CONNECTION,
		.received = (uint8_t)received,
		.at = at,
	};
	run();
	CHECK_EQ_INT(w.p.sim.struck, 1);
}

/* Each point, and says how many there were: as many as bytes. */
static void sweep(enum vmc_sim_fault_type type, int received, const char *name,
		  void (*check)(uint64_t at))
{
	uint64_t at, points = 0;

	CHECK(all > 0);
	for (at = 0; at < all; at++) {
		run_with(type, received, at);
		if (check)
			check(at);
		check_end();
		points++;
	}
	CHECK_EQ_INT(points, all);
	printf("# %s: %llu fault points\n", name, (unsigned long long)points);
}

static void check_broken(uint64_t at)
{
	check_counted(at);
	check_untouched(at);
}

TEST(connection_lost_at_every_byte)
{
	sweep(VMC_SIM_LOST, 0, "connection lost", check_broken);
}

TEST(connection_lost_with_bytes_on_their_way)
{
	sweep(VMC_SIM_LOST, 1, "connection lost on the way", NULL);
}

TEST(client_gone_at_every_byte)
{
	sweep(VMC_SIM_GONE, 0, "client gone", check_broken);
}

TEST(client_gone_having_read_every_byte)
{
	sweep(VMC_SIM_GONE, 1, "client gone after reading", NULL);
}

TEST(server_gone_at_every_byte)
{
	sweep(VMC_SIM_SERVER_GONE, 0, "server's end gone", check_broken);
}

/* Who ends its side is still answered. */
static void check_half(uint64_t at)
{
	CHECK_EQ_INT(vmc_pool_counters(&w.p.pool)->dropped, 0);
	if (at >= asked)
		CHECK(client[VICTIM].has);
}

TEST(half_close_at_every_byte)
{
	sweep(VMC_SIM_HALF_CLOSE, 0, "half close", check_half);
}

static void check_all_done(uint64_t at)
{
	(void)at;
	CHECK_EQ_INT(client[VICTIM].failed, VMC_OK);
	CHECK_EQ_INT(client[VICTIM].done, 5);
	CHECK_EQ_INT(client[VICTIM].sent[4], all);
}

TEST(short_read_at_every_byte)
{
	sweep(VMC_SIM_SHORT_READ, 1, "short read", check_all_done);
}

TEST(short_write_at_every_byte)
{
	sweep(VMC_SIM_SHORT_WRITE, 0, "short write", check_all_done);
}

/* The client gives up, while its process and its end of the stream live on:
 * between two bytes, whatever its call is then. */
TEST(client_cancels_at_every_byte)
{
	struct client *victim = &client[VICTIM];
	uint64_t at, points = 0;

	for (at = 0; at < delivered; at++) {
		uint64_t sent = 0;

		begin();
		w.p.sim.ring = 1;
		while (sent < at || !vmc_task_active(&victim->task)) {
			server_world_step(&w);
			(void)client_step(&w, victim);
			if (victim->channel.pump.stream != VMC_HANDLE_NONE)
				sent = vmc_sim_sent(
					&w.p.sim, victim->channel.pump.stream);
		}
		client_close(victim);
		victim->failed = VMC_ERR_CANCELLED;
		run();
		if (sent < delivered)
			check_broken(sent);
		check_end();
		points++;
	}
	CHECK_EQ_INT(points, delivered);
	printf("# client cancels: %llu points\n", (unsigned long long)points);
}

/*
 * Narrow all the way
 */

static void run_narrow(uint32_t read, uint32_t write, uint32_t ring)
{
	begin();
	w.p.sim.short_read = read;
	w.p.sim.short_write = write;
	w.p.sim.ring = ring;
	run();
	check_all_done(0);
	check_end();
}

TEST(one_byte_at_a_time)
{
	run_narrow(1, 0, 0);
	run_narrow(0, 1, 0);
	run_narrow(1, 1, 0);
	run_narrow(0, 0, 1);
	run_narrow(1, 1, 1);
	run_narrow(3, 2, 7);
}

/* The two together: a broken connection among single bytes. */
TEST(lost_while_one_byte_at_a_time)
{
	uint64_t at;

	for (at = 0; at < all; at++) {
		begin();
		w.p.sim.ring = 1;
		w.p.sim.fault = (struct vmc_sim_fault){
			.type = VMC_SIM_LOST,
			.connection = VICTIM_CONNECTION,
			.at = at,
		};
		run();
		CHECK_EQ_INT(w.p.sim.struck, 1);
		check_broken(at);
		check_end();
	}
}

TESTS(RUN(without_a_fault)
      RUN(borders_are_found)
      RUN(connection_lost_at_every_byte)
      RUN(connection_lost_with_bytes_on_their_way)
      RUN(client_gone_at_every_byte)
      RUN(client_gone_having_read_every_byte)
      RUN(server_gone_at_every_byte)
      RUN(half_close_at_every_byte)
      RUN(short_read_at_every_byte)
      RUN(short_write_at_every_byte)
      RUN(client_cancels_at_every_byte)
      RUN(one_byte_at_a_time)
      RUN(lost_while_one_byte_at_a_time));
