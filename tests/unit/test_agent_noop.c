/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The no-op agent: one row for each method of struct vmc_agent_ops. Each
 * calls its method with outputs full of rubbish and a task that has a
 * deadline, and checks that what comes out is what Kata's noopAgent yields.
 */
#include "test.h"
#include "vmcache/agent.h"

#include <stddef.h>

#define RUBBISH 0xa5
#define NOW_MS 1000

/* What a call is given and what it yields. */
struct fixture {
	struct vmc_agent agent;
	struct vmc_task task;
	struct vmc_sandbox sandbox;
	struct vmc_container container;
	struct vmc_view id, text;
	uint8_t bytes[16];
	struct vmc_buffer buffer;
	union {
		struct vmc_agent_state state;
		struct vmc_process process;
		struct vmc_container_stats stats;
		struct vmc_guest_details details;
		struct vmc_interface interface;
		struct vmc_interfaces interfaces;
		struct vmc_routes routes;
		struct vmc_oom_event oom;
		size_t size;
		int32_t exit_status;
		int flag;
	} out;
};

static void reset(struct fixture *f)
{
	struct vmc_agent noop = VMC_AGENT_NOOP;

	memset(f, RUBBISH, sizeof(*f));
	memset(&f->sandbox, 0, sizeof(f->sandbox));
	memset(&f->container, 0, sizeof(f->container));
	f->agent = noop;
	vmc_task_init(&f->task);
	f->task.deadline_ms = 1; /* long past: nothing waits, so no matter */
	f->id = vmc_view_of("0c5c2a4a");
	f->text = vmc_view_of("text");
	f->buffer.ptr = f->bytes;
	f->buffer.ptr_cap = sizeof(f->bytes);
	f->buffer.ptr_len = sizeof(f->bytes);
}

/* It succeeded, and its task can be given to any operation. */
static void check_ended(const struct fixture *f, enum vmc_status status)
{
	CHECK_EQ_INT(status, VMC_OK);
	CHECK(!vmc_task_active(&f->task));
	CHECK(f->task.deadline_ms == VMC_NEVER);
	CHECK(f->task.until_ms == VMC_NEVER);
	CHECK_EQ_INT(f->task.wait_len, 0);
}

static void check_zeroed(const void *out, size_t out_len)
{
	const uint8_t *byte = out;
	size_t i;

	for (i = 0; i < out_len; i++)
		CHECK_EQ_INT(byte[i], 0);
}

/* No bytes came, and none were written. */
static void check_no_bytes(const struct fixture *f)
{
	size_t i;

	CHECK_EQ_INT(f->buffer.ptr_len, 0);
	CHECK(f->buffer.ptr == f->bytes);
	for (i = 0; i < sizeof(f->bytes); i++)
		CHECK_EQ_INT(f->bytes[i], RUBBISH);
}

/* The body of a row: `OPS->method(&f->agent, …)` and what it must yield. */
#define CALL(method) static void call_##method(struct fixture *f)
#define OPS (f->agent.ops)
#define TASK &f->task, NOW_MS

/* A method that takes a task and yields nothing. */
#define CALL_NOTHING(method, ...)                                              \
	CALL(method)                                                           \
	{                                                                      \
		check_ended(f, OPS->method(&f->agent, __VA_ARGS__));           \
	}

/* A method that takes a task and yields no bytes in f->buffer. */
#define CALL_NO_BYTES(method, ...)                                             \
	CALL(method)                                                           \
	{                                                                      \
		check_ended(f, OPS->method(&f->agent, __VA_ARGS__));           \
		check_no_bytes(f);                                             \
	}

/* A method that takes a task and yields a zeroed struct. */
#define CALL_ZEROED(method, member, ...)                                       \
	CALL(method)                                                           \
	{                                                                      \
		check_ended(f, OPS->method(&f->agent, __VA_ARGS__));           \
		check_zeroed(&f->out.member, sizeof(f->out.member));           \
	}

/* ---- The agent itself ---- */

CALL(init)
{
	CHECK_EQ_INT(OPS->init(&f->agent, &f->sandbox, &f->out.flag), VMC_OK);
	CHECK_EQ_INT(f->out.flag, 0);
}

CALL(capabilities)
{
	CHECK_EQ_INT(OPS->capabilities(&f->agent), 0);
}

CALL_NOTHING(check, TASK)

CALL(disconnect)
{
	OPS->disconnect(&f->agent);
	OPS->disconnect(&f->agent);
}

CALL(configure)
{
	CHECK_EQ_INT(OPS->configure(&f->agent, NULL, f->id, f->text, 1),
		     VMC_OK);
}

CALL(configure_from_grpc)
{
	CHECK_EQ_INT(OPS->configure_from_grpc(&f->agent, NULL, f->id, 1),
		     VMC_OK);
}

CALL(get_agent_url)
{
	CHECK_EQ_INT(OPS->get_agent_url(&f->agent, &f->buffer), VMC_OK);
	check_no_bytes(f);
}

CALL(set_agent_url)
{
	CHECK_EQ_INT(OPS->set_agent_url(&f->agent, f->text), VMC_OK);
	CHECK_EQ_INT(OPS->get_agent_url(&f->agent, &f->buffer), VMC_OK);
	check_no_bytes(f);
}

CALL(reuse_agent)
{
	struct vmc_agent other = VMC_AGENT_NOOP;

	CHECK_EQ_INT(OPS->reuse_agent(&f->agent, &other), VMC_OK);
}

CALL(long_live_conn)
{
	CHECK_EQ_INT(OPS->long_live_conn(&f->agent), 0);
}

CALL(mark_dead)
{
	OPS->mark_dead(&f->agent);
	CHECK_EQ_INT(OPS->check(&f->agent, TASK), VMC_OK);
}

CALL(save)
{
	OPS->save(&f->agent, &f->out.state);
	check_zeroed(&f->out.state, sizeof(f->out.state));
}

CALL(load)
{
	struct vmc_agent_state state = { 7, "unix:///run/proxy.sock" };

	OPS->load(&f->agent, &state);
	OPS->save(&f->agent, &f->out.state);
	check_zeroed(&f->out.state, sizeof(f->out.state));
}

CALL(cleanup)
{
	OPS->cleanup(&f->agent, f->id);
}

/* ---- Kata 1.x: a proxy between runtime and agent ---- */

CALL_NOTHING(start_proxy, &f->sandbox, TASK)

CALL(set_proxy)
{
	CHECK_EQ_INT(OPS->set_proxy(&f->agent, &f->sandbox,
				    vmc_view_of("kataProxy"), 7, f->text),
		     VMC_OK);
}

CALL(set_proxy_from_grpc)
{
	OPS->set_proxy_from_grpc(&f->agent, vmc_view_of("noProxy"), 7, f->text);
	CHECK_EQ_INT(OPS->get_agent_url(&f->agent, &f->buffer), VMC_OK);
	check_no_bytes(f);
}

CALL(get_vm_path)
{
	CHECK_EQ_INT(OPS->get_vm_path(&f->agent, f->id, &f->buffer), VMC_OK);
	check_no_bytes(f);
}

CALL(get_share_path)
{
	CHECK_EQ_INT(OPS->get_share_path(&f->agent, f->id, &f->buffer), VMC_OK);
	check_no_bytes(f);
}

/* ---- The sandbox ---- */

CALL_NOTHING(create_sandbox, &f->sandbox, TASK)
CALL_NOTHING(start_sandbox, &f->sandbox, TASK)
CALL_NOTHING(stop_sandbox, &f->sandbox, TASK)

/* ---- Containers ---- */

CALL(create_container)
{
	check_ended(f,
		    OPS->create_container(&f->agent, &f->sandbox, &f->container,
					  &f->out.process, TASK));
	CHECK_EQ_INT(f->out.process.present, 1);
	f->out.process.present = 0;
	check_zeroed(&f->out.process, sizeof(f->out.process));
}

CALL_NOTHING(start_container, f->id, TASK)
CALL_NOTHING(stop_container, f->id, TASK)
CALL_NOTHING(pause_container, f->id, TASK)
CALL_NOTHING(resume_container, f->id, TASK)
CALL_NOTHING(update_container, f->id, f->text, TASK)

CALL(stats_container)
{
	check_ended(
		f, OPS->stats_container(&f->agent, f->id, &f->out.stats, TASK));
	CHECK_EQ_INT(f->out.stats.present, 1);
	f->out.stats.present = 0;
	check_zeroed(&f->out.stats, sizeof(f->out.stats));
}

CALL_NO_BYTES(process_list_container, f->id, vmc_view_of("json"), &f->text, 1,
	      &f->buffer, TASK)
CALL_NOTHING(update_ephemeral_mounts, NULL, 0, TASK)
CALL_NOTHING(remove_stale_virtiofs_share_mounts, TASK)

/* ---- Processes of a container ---- */

CALL(exec)
{
	struct vmc_exec exec = { .container_id = f->id };

	check_ended(f, OPS->exec(&f->agent, &exec, &f->out.process, TASK));
	check_zeroed(&f->out.process, sizeof(f->out.process));
}

CALL_NOTHING(signal_process, f->id, f->id, 15, 1, TASK)

CALL(wait_process)
{
	check_ended(f, OPS->wait_process(&f->agent, f->id, f->id,
					 &f->out.exit_status, TASK));
	CHECK_EQ_INT(f->out.exit_status, 0);
}

CALL_NOTHING(winsize_process, f->id, f->id, 24, 80, TASK)

CALL(write_process_stdin)
{
	check_ended(f, OPS->write_process_stdin(&f->agent, f->id, f->id,
						f->text, &f->out.size, TASK));
	CHECK_EQ_INT(f->out.size, 0);
}

CALL_NOTHING(close_process_stdin, f->id, f->id, TASK)
CALL_NO_BYTES(read_process_stdout, f->id, f->id, &f->buffer, TASK)
CALL_NO_BYTES(read_process_stderr, f->id, f->id, &f->buffer, TASK)

/* ---- The guest ---- */

CALL_NOTHING(online_cpu_mem, 4, 3, 0, TASK)
CALL_NOTHING(mem_hotplug_by_probe, 0x100000000u, 1024, 128, TASK)
CALL_NOTHING(reseed_rng, f->text, TASK)

CALL(set_guest_date_time)
{
	struct vmc_wall wall = { 1545264000, 999999 };

	check_ended(f, OPS->set_guest_date_time(&f->agent, &wall, TASK));
}

CALL_ZEROED(get_guest_details, details, 1, 1, &f->out.details, TASK)

CALL(copy_file)
{
	struct vmc_file_piece piece = { .path = f->text, .data = f->text };

	check_ended(f, OPS->copy_file(&f->agent, &piece, TASK));
}

CALL_ZEROED(get_oom_event, oom, &f->out.oom, TASK)
CALL_NO_BYTES(get_agent_metrics, &f->buffer, TASK)
CALL_NOTHING(add_swap, vmc_view_of("02/03"), TASK)
CALL_NOTHING(set_policy, f->text, TASK)
CALL_NO_BYTES(get_diagnostic_data, f->text, f->id, &f->buffer, TASK)

/* ---- Its network and volumes ---- */

CALL(update_interface)
{
	static const struct vmc_interface eth0 = { .present = 1,
						   .name = "eth0" };

	check_ended(f, OPS->update_interface(&f->agent, &eth0,
					     &f->out.interface, TASK));
	check_zeroed(&f->out.interface, sizeof(f->out.interface));
}

CALL_ZEROED(list_interfaces, interfaces, &f->out.interfaces, TASK)

CALL(update_routes)
{
	static const struct vmc_route routes[] = { { .device = "eth0" } };

	check_ended(f, OPS->update_routes(&f->agent, routes, 1, &f->out.routes,
					  TASK));
	check_zeroed(&f->out.routes, sizeof(f->out.routes));
}

CALL_ZEROED(list_routes, routes, &f->out.routes, TASK)
CALL_NO_BYTES(get_iptables, 1, &f->buffer, TASK)
CALL_NOTHING(set_iptables, 0, f->text, TASK)
CALL_NO_BYTES(get_guest_volume_stats, f->text, &f->buffer, TASK)
CALL_NOTHING(resize_guest_volume, f->text, 1 << 30, TASK)

/* ---- The table ---- */

struct row {
	size_t offset; /* of the method in the struct */
	void (*call)(struct fixture *f);
	const char *name;
	unsigned since; /* first release of Kata with it: 106 is 1.6 */
};

#define ROW(method, since)                                                     \
	{                                                                      \
		offsetof(struct vmc_agent_ops, method), call_##method,         \
			#method, since                                         \
	}

#define SEED 106

static const struct row rows[] = {
	ROW(init, SEED),
	ROW(capabilities, SEED),
	ROW(check, SEED),
	ROW(disconnect, SEED),
	ROW(configure, SEED),
	ROW(configure_from_grpc, SEED),
	ROW(get_agent_url, SEED),
	ROW(set_agent_url, 200),
	ROW(reuse_agent, SEED),
	ROW(long_live_conn, 110),
	ROW(mark_dead, 109),
	ROW(save, 109),
	ROW(load, 109),
	ROW(cleanup, SEED),
	ROW(start_proxy, SEED),
	ROW(set_proxy, SEED),
	ROW(set_proxy_from_grpc, SEED),
	ROW(get_vm_path, SEED),
	ROW(get_share_path, SEED),
	ROW(create_sandbox, SEED),
	ROW(start_sandbox, SEED),
	ROW(stop_sandbox, SEED),
	ROW(create_container, SEED),
	ROW(start_container, SEED),
	ROW(stop_container, SEED),
	ROW(pause_container, SEED),
	ROW(resume_container, SEED),
	ROW(update_container, SEED),
	ROW(stats_container, SEED),
	ROW(process_list_container, SEED),
	ROW(update_ephemeral_mounts, 302),
	ROW(remove_stale_virtiofs_share_mounts, 302),
	ROW(exec, SEED),
	ROW(signal_process, SEED),
	ROW(wait_process, SEED),
	ROW(winsize_process, SEED),
	ROW(write_process_stdin, SEED),
	ROW(close_process_stdin, SEED),
	ROW(read_process_stdout, SEED),
	ROW(read_process_stderr, SEED),
	ROW(online_cpu_mem, SEED),
	ROW(mem_hotplug_by_probe, 107),
	ROW(reseed_rng, SEED),
	ROW(set_guest_date_time, SEED),
	ROW(get_guest_details, SEED),
	ROW(copy_file, SEED),
	ROW(get_oom_event, 112),
	ROW(get_agent_metrics, 200),
	ROW(add_swap, 202),
	ROW(set_policy, 303),
	ROW(get_diagnostic_data, 329),
	ROW(update_interface, SEED),
	ROW(list_interfaces, SEED),
	ROW(update_routes, SEED),
	ROW(list_routes, SEED),
	ROW(get_iptables, 205),
	ROW(set_iptables, 205),
	ROW(get_guest_volume_stats, 204),
	ROW(resize_guest_volume, 204),
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))
#define FIRST offsetof(struct vmc_agent_ops, init)

_Static_assert(ROWS == VMC_AGENT_CALLS, "a row for each method");
_Static_assert(sizeof(struct vmc_agent_ops) ==
		       FIRST + VMC_AGENT_CALLS * sizeof(void (*)(void)),
	       "the struct has so many methods and nothing behind them");

/* Row n is about the struct's n-th method: none is missing or twice there. */
TEST(table_is_whole)
{
	size_t i;

	for (i = 0; i < ROWS; i++)
		CHECK_EQ_INT(rows[i].offset,
			     FIRST + i * sizeof(void (*)(void)));
}

/* The seed has 42, and 17 came later (Kata 1.7 to 3.29). */
TEST(seed_has_42)
{
	size_t i, seed = 0;

	for (i = 0; i < ROWS; i++)
		seed += rows[i].since == SEED;
	CHECK_EQ_INT(seed, 42);
	CHECK_EQ_INT(ROWS - seed, 17);
}

TEST(every_method)
{
	static struct fixture f;
	size_t i;

	for (i = 0; i < ROWS; i++) {
		reset(&f);
		rows[i].call(&f);
		CHECK(f.agent.ops == &vmc_agent_noop_ops);
		CHECK(!f.agent.state && !f.agent.config && !f.agent.error);
	}
	printf("# %u methods\n", (unsigned)i);
}

TEST(has_no_state)
{
	CHECK_EQ_STR(vmc_agent_noop_ops.name, "noop");
	CHECK_EQ_INT(vmc_agent_noop_ops.state_size, 0);
	CHECK_EQ_INT(vmc_agent_noop_ops.state_align, 1);
}

TEST(by_name)
{
	CHECK(vmc_agent_by_name("noop") == &vmc_agent_noop_ops);
	CHECK(vmc_agent_by_name("hyperstart") == NULL);
	CHECK(vmc_agent_by_name("noo") == NULL);
	CHECK(vmc_agent_by_name("noopp") == NULL);
	CHECK(vmc_agent_by_name("") == NULL);
}

TEST(in_the_table)
{
	const struct vmc_agent_ops *const *agents = vmc_agents();
	size_t found = 0;

	for (; *agents; agents++)
		found += *agents == &vmc_agent_noop_ops;
	CHECK_EQ_INT(found, 1);
}

TESTS(RUN(table_is_whole)
      RUN(seed_has_42)
      RUN(every_method)
      RUN(has_no_state)
      RUN(by_name)
      RUN(in_the_table));
