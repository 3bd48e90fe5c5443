/* SPDX-License-Identifier: Apache-2.0 */
/* The library's server, without a program around it, and its client (see
 * bench.h). */
#include "bench.h"

#include "vmcache_mock.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define DRIVER_SIZE 4096 /* the mock's bytes for one VM, and more */

/*
 * The server
 */

static _Alignas(max_align_t) uint8_t drivers[BENCH_VMS * DRIVER_SIZE];
static struct vmc_pool pool;
static struct vmc_server server;
static struct vmc_grpc_slot slots[VMC_CONNECTION_MAX];
static struct vmc_linux_loop loop;
static struct vmc_error error;

static void make_pool(struct vmc_env pool_env)
{
	static struct vmc_mock mock = VMC_MOCK_INIT;
	static struct vmc_factory_direct direct;
	struct vmc_pool_config config = {
		.base = { &vmc_factory_direct_ops, &direct },
		.hypervisor = { &vmc_mock_ops, &mock },
		.drivers = drivers,
		.drivers_size = sizeof(drivers),
		.env = pool_env,
		.number = BENCH_VMS,
	};

	mock.pid_first = 10000;
	direct.env = pool_env;
	direct.json.data = vmc_view_of("{}");
	if (vmc_pool_init(&pool, &config, &error))
		bench_fail(error.text);
}

/* see bench.h */
void bench_library_serve(const char *endpoint)
{
	static struct vmc_posix_env_state env_state;
	struct vmc_env server_env = vmc_posix_env(&env_state);
	struct vmc_server_config config = {
		.pool = &pool,
		.port = vmc_linux_port(&loop),
		.endpoint = endpoint,
		.env = server_env,
		.grpc = slots,
		.grpc_len = VMC_CONNECTION_MAX,
		.pid = getpid(),
	};

	config.config.data = vmc_view_of("{}");
	make_pool(server_env);
	if (vmc_linux_loop_init(&loop, &error))
		bench_fail(error.text);
	if (vmc_server_init(&server, &config))
		bench_fail(vmc_server_error(&server)->text);
	if (vmc_linux_run(&loop, &server, server_env, NULL, &error))
		bench_fail(error.text);
	exit(0);
}

/*
 * The client
 */

static uint8_t window[VMC_CHANNEL_WINDOW_SIZE];
static struct vmc_grpc grpc;
static struct vmc_posix_env_state env_state;
static struct vmc_posix_waiter waiter;
static struct vmc_channel channel;
static struct vmc_env env;

static _Noreturn void give_up(void)
{
	fprintf(stderr, "bench: %s\n", vmc_channel_error(&channel)->text);
	exit(1);
}

static void open_channel(enum bench_side_index side)
{
	const char *endpoint = bench_servers[side].endpoint;
	struct vmc_channel_config config = {
		.port = vmc_posix_port(NULL),
		.endpoint = endpoint,
		.stream = bench_connect(endpoint),
		.window = window,
		.window_len = sizeof(window),
	};

	if (bench_sides[side].wire == BENCH_GRPC) {
		config.transport = "grpc";
		config.grpc = &grpc;
	}
	env = vmc_posix_env(&env_state);
	vmc_posix_waiter_init(&waiter);
	if (vmc_channel_init(&channel, &config))
		give_up();
}

static enum vmc_status step(enum bench_call call, struct vmc_task *task,
			    uint64_t now_ms)
{
	static struct vmc_cache_status status;
	static struct vmc_cached_vm vm;

	if (call == BENCH_STATUS)
		return vmc_cache_fetch_status(&channel, &status, task, now_ms);
	return vmc_cache_get_base_vm(&channel, &vm, task, now_ms);
}

static void do_call(enum bench_call call)
{
	struct vmc_task task = VMC_TASK_INIT;
	enum vmc_status status;
	uint64_t now_ms;

	do {
		now_ms = env.now_ms(env.ctx);
		status = step(call, &task, now_ms);
	} while (status == VMC_AGAIN &&
		 vmc_posix_wait(&waiter, &task, now_ms) >= 0);
	if (status)
		give_up();
}

/* see bench.h */
struct bench_result bench_ours(const struct bench_load *load, uint32_t spin_us)
{
	static uint64_t times[BENCH_LATENCY_CALLS];
	size_t warm_up = load->calls_max / 10, len = 0;
	uint64_t begun_ns, now_ns, end_ns;

	open_channel(load->side);
	/* not as it says itself: where it is pinned, the server is not */
	waiter.spin.us = spin_us;
	while (warm_up-- > 0)
		do_call(load->call);
	now_ns = bench_now_ns();
	end_ns = now_ns + load->ms_max * 1000000;
	while (len < load->calls_max && now_ns < end_ns) {
		begun_ns = now_ns;
		do_call(load->call);
		now_ns = bench_now_ns();
		times[len++] = now_ns - begun_ns;
	}
	vmc_channel_close(&channel);
	return bench_summary(times, len);
}
