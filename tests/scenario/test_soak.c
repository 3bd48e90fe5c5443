/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random lives of a server: clients that come, wait, give up and vanish,
 * VMs that are slow, fail and die, records that cannot be written, streams
 * that are short, slow and break, peers that send noise. Each life has a
 * seed, which is printed when it fails, so that it can be lived again:
 *
 *	VMC_SOAK_SEED=17 build/tests/test_soak
 *
 * After every step the invariants of server_world.h hold. Each life ends
 * with the faults taken away: then the pool must fill, everybody who still
 * waits must be served, and Quit must leave nothing behind.
 */
#include <stdlib.h>

#include "client_world.h"

#ifndef LIVES
#define LIVES 200
#endif
#define STEPS 500
#define CLIENTS 16
#define GIVEN_MAX 20000

static struct server_world w;
static struct client client[CLIENTS];
static uint8_t in_use[CLIENTS];
static uint64_t random_state;
static uint64_t steps_done, faults_struck;
static struct vmc_pool_counters total; /* of all lives */

/* Ids that some client has read to the end, in this life. */
static char given[GIVEN_MAX][VMC_ID_SIZE];
static size_t given_len;

static uint32_t below(uint32_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 32) % limit;
}

/*
 * Clients
 */

static const enum client_call scripts[][6] = {
	{ CLIENT_STATUS, CLIENT_END },
	{ CLIENT_CONFIG, CLIENT_STATUS, CLIENT_END },
	{ CLIENT_GET, CLIENT_END },
	{ CLIENT_GET, CLIENT_ATTACH, CLIENT_END },
	{ CLIENT_STATUS, CLIENT_CONFIG, CLIENT_GET, CLIENT_ATTACH, CLIENT_END },
};

static void open_client(unsigned i)
{
	if (in_use[i])
		return;
	client_begin(&w, &client[i], scripts[below(5)]);
	client[i].timeout_ms = below(3) ? 0 : 1 + below(3000);
	in_use[i] = 1;
}

/* It is closed whatever it was doing. What it was given must have been
 * nobody's, and handed over. */
static void close_client(unsigned i)
{
	const struct vmc_mock_machine *machine;

	if (!in_use[i])
		return;
	in_use[i] = 0;
	client_close(&client[i]);
	if (!client[i].has)
		return;
	for (size_t j = 0; j < given_len; j++)
		CHECK(strcmp(given[j], client[i].got.id) != 0);
	CHECK(given_len < GIVEN_MAX);
	strcpy(given[given_len++], client[i].got.id);
	machine = vmc_mock_find(&w.p.mock, client[i].got.id);
	CHECK(machine != NULL);
	CHECK_EQ_INT(machine->released, 1);
	CHECK_EQ_INT(machine->stopped, 0);
}

static void step_clients(void)
{
	for (unsigned i = 0; i < CLIENTS; i++) {
		if (!in_use[i])
			continue;
		if (client_is_due(&w, &client[i]))
			(void)client_step(&w, &client[i]);
		if (client_ended(&client[i]) && below(3) == 0)
			close_client(i);
	}
}

/*
 * Mischief
 */

static void script_driver(void)
{
	static const enum vmc_status how[] = { VMC_OK, VMC_ERR_VM, VMC_ERR_IO,
					       VMC_AGAIN };
	struct vmc_mock_script *script =
		&w.p.mock.script[below(VMC_MOCK_SAVE + 1)];
	enum vmc_mock_op op = (enum vmc_mock_op)(script - w.p.mock.script);

	script->delay_ms = below(2) ? below(200) : 0;
	script->wrong_from = below(2) ? w.p.mock.called[op] + 1 + below(4) : 0;
	script->wrong_len = 1 + below(3);
	script->status = how[below(4)];
}

static void kill_machine(void)
{
	if (w.p.mock.machine_len == 0)
		return;
	for (unsigned tries = 0; tries < 10; tries++) {
		uint32_t back = below(20);
		struct vmc_mock_machine *machine;

		if (back >= w.p.mock.machine_len)
			continue;
		machine = &w.p.machine[w.p.mock.machine_len - 1 - back];
		if (machine->stopped || machine->released)
			continue;
		vmc_mock_kill(machine);
		return;
	}
}

static void script_fault(void)
{
	w.p.sim.fault = (struct vmc_sim_fault){
		.type = (enum vmc_sim_fault_type)(1 + below(6)),
		.connection = w.p.sim.connected + 1,
		.received = (uint8_t)below(2),
		.at = below(300),
	};
}

/* Noise from somebody who does not stay. */
static void send_noise(void)
{
	static struct peer peer;
	uint8_t bytes[200];
	uint32_t len = 1 + below(sizeof(bytes));
	struct vmc_view view = { bytes, 0 };
	size_t sent;

	if (w.p.sim.open > WORLD_LINK_MAX - 4)
		return;
	peer_connect(&w, &peer);
	if (below(2))
		len = (uint32_t)make_request(bytes, 1 + 2 * below(3),
					     "cache.CacheService", "GetBaseVM",
					     0);
	else
		for (uint32_t i = 0; i < len; i++)
			bytes[i] = (uint8_t)(below(3) ? 0 : below(256));
	view.ptr_len = 1 + below(len);
	(void)vmc_sim_port_ops.send(&w.p.sim, peer.stream, &view, 1, NULL,
				    &sent);
	for (uint32_t turns = below(4); turns > 0; turns--)
		server_world_step(&w);
	peer_close(&w, &peer);
}

static void make_mischief(void)
{
	switch (below(16)) {
	case 0:
		script_driver();
		break;
	case 1:
		kill_machine();
		break;
	case 2:
	case 10:
	case 11:
		script_fault();
		break;
	case 3:
		w.p.sim.short_read = below(2) ? 0 : 1 + below(9);
		w.p.sim.short_write = below(2) ? 0 : 1 + below(9);
		break;
	case 4:
		w.p.sim.ring = below(2) ? 0 : 1 + below(100);
		break;
	case 5:
		w.p.store.fail_from = w.p.store.writes + 1 + below(5);
		w.p.store.fail_len = 1 + below(3);
		break;
	case 6:
		w.p.sim.accept_full = below(3);
		w.p.sim.entropy_fails = below(2);
		break;
	case 7:
		send_noise();
		break;
	case 8:
	case 9:
		close_client(below(CLIENTS));
		break;
	default:
		open_client(below(CLIENTS));
		break;
	}
}

/*
 * A life
 */

static void begin(void)
{
	server_world_begin(&w, 1 + below(6));
	w.p.config.boot_parallel = 1 + below(4);
	w.p.config.retry_min_ms = 20;
	w.p.config.retry_max_ms = 300;
	w.p.config.boot_timeout_ms = 700;
	w.p.config.step_timeout_ms = 100;
	w.config.frame_timeout_ms = 400;
	w.config.write_timeout_ms = 300;
	memset(in_use, 0, sizeof(in_use));
	given_len = 0;
	server_world_start(&w);
}

static void live(void)
{
	for (unsigned step = 0; step < STEPS; step++) {
		if (below(3) == 0)
			make_mischief();
		(void)server_world_step(&w);
		step_clients();
		if (below(4) == 0)
			w.p.sim.now_ms += below(60);
		w.p.log_len = 0;
		steps_done++;
	}
}

static void forgive(void)
{
	faults_struck += w.p.sim.struck;
	memset(w.p.mock.script, 0, sizeof(w.p.mock.script));
	w.p.sim.fault.type = VMC_SIM_NO_FAULT;
	w.p.sim.short_read = w.p.sim.short_write = w.p.sim.ring = 0;
	w.p.sim.accept_full = w.p.sim.entropy_fails = 0;
	w.p.store.fail_from = 0;
}

/* A client that breaks off in the middle of a life may have left nobody
 * with a VM that was delivered; but each that somebody has read was. */
static void check_accounts(void)
{
	uint64_t handed = vmc_pool_counters(&w.p.pool)->handed;
	uint32_t i, stopped = 0, released = 0;

	for (i = 0; i < w.p.mock.machine_len; i++) {
		stopped += w.p.machine[i].stopped;
		released += w.p.machine[i].released;
	}
	CHECK_EQ_INT(released, handed);
	CHECK(given_len <= handed);
	CHECK_EQ_INT(stopped + released + vmc_pool_ready(&w.p.pool),
		     w.p.mock.machine_len);
}

static void end_well(void)
{
	unsigned i;

	forgive();
	for (i = 0; i < 40; i++) {
		(void)clients_settle(&w, client, 0);
		for (unsigned turns = 0; turns < 200; turns++) {
			(void)server_world_step(&w);
			step_clients();
		}
		w.p.sim.now_ms += 100;
		w.p.log_len = 0;
	}
	for (i = 0; i < CLIENTS; i++) {
		CHECK(!in_use[i] || client_ended(&client[i]));
		close_client(i);
	}
	server_world_settle(&w);
	CHECK_EQ_INT(vmc_pool_ready(&w.p.pool), w.p.config.number);
	CHECK_EQ_INT(w.server.open_len, 0);
	CHECK_EQ_INT(w.server.call_len, 0);
	CHECK_EQ_INT(w.p.sim.open, 0);
	check_accounts();
}

static void end_all(void)
{
	uint64_t handed = vmc_pool_counters(&w.p.pool)->handed;
	uint32_t i, killed = 0;

	vmc_server_stop(&w.server, "SIGTERM", w.p.sim.now_ms);
	server_world_settle(&w);
	CHECK(vmc_server_stopped(&w.server));
	for (i = 0; i < w.p.mock.machine_len; i++)
		killed += w.p.machine[i].killed && w.p.machine[i].released;
	CHECK_EQ_INT(vmc_mock_alive(&w.p.mock), handed - killed);
	for (i = 0; i < VMC_VM_MAX; i++) {
		struct vmc_view bytes = { w.p.store.bytes[i],
					  w.p.store.bytes_len[i] };
		struct vmc_record record;

		if (bytes.ptr_len == 0)
			continue;
		CHECK_EQ_INT(vmc_record_read(&record, bytes), VMC_OK);
		CHECK_EQ_INT(record.state, VMC_VM_HANDED);
	}
}

static void add_counters(void)
{
	const struct vmc_pool_counters *counters = vmc_pool_counters(&w.p.pool);

	total.booted += counters->booted;
	total.failed += counters->failed;
	total.lost += counters->lost;
	total.handed += counters->handed;
	total.returned += counters->returned;
	total.dropped += counters->dropped;
}

static uint64_t seed;

static void one_life(void)
{
	random_state = (seed + 1) * 0x9e3779b97f4a7c15u;
	begin();
	live();
	end_well();
	end_all();
}

/* The last seed that is printed is the one that failed. */
TEST(random_lives)
{
	const char *only = getenv("VMC_SOAK_SEED");
	uint64_t first = only ? strtoull(only, NULL, 10) : 0;
	uint64_t lives = only ? 1 : LIVES;

	for (seed = first; seed < first + lives; seed++) {
		printf("# seed %llu\n", (unsigned long long)seed);
		one_life();
		add_counters();
	}
	printf("# %llu lives, %llu steps, %llu faults struck; VMs: %llu "
	       "booted, %llu failed, %llu lost, %llu handed, %llu returned, "
	       "%llu dropped\n",
	       (unsigned long long)lives, (unsigned long long)steps_done,
	       (unsigned long long)faults_struck,
	       (unsigned long long)total.booted,
	       (unsigned long long)total.failed, (unsigned long long)total.lost,
	       (unsigned long long)total.handed,
	       (unsigned long long)total.returned,
	       (unsigned long long)total.dropped);
	/* A life in which nothing happens proves nothing. */
	CHECK(only ||
	      (total.failed > lives && total.lost > lives / 4 &&
	       total.handed > lives && total.returned > lives / 20 &&
	       total.dropped > lives / 20 && faults_struck > lives / 2));
}

TESTS(RUN(random_lives));
