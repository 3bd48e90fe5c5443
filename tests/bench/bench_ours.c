/* SPDX-License-Identifier: Apache-2.0 */
/* Our server and our client (see bench.h). */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DRIVER_SIZE 4096 /* the mock's bytes for one VM, and more */

/*
 * The server
 */

static _Alignas(max_align_t) uint8_t drivers[BENCH_VMS * DRIVER_SIZE];
static struct vmc_pool pool;
static struct vmc_server server;
static struct vmc_linux_loop loop;
static struct vmc_error error;

static _Noreturn void give_up(const struct vmc_error *why)
{
	fprintf(stderr, "bench: %s\n", why->text);
	exit(1);
}

static void make_pool(struct vmc_env env)
{
	static struct vmc_mock mock = VMC_MOCK_INIT;
	static struct vmc_factory_direct direct;
	struct vmc_pool_config config = {
		.base = { &vmc_factory_direct_ops, &direct },
		.hypervisor = { &vmc_mock_ops, &mock },
		.drivers = drivers,
		.drivers_size = sizeof(drivers),
		.env = env,
		.number = BENCH_VMS,
	};

	mock.pid_first = 10000;
	direct.env = env;
	direct.json.data = vmc_view_of("{}");
	if (vmc_pool_init(&pool, &config, &error))
		give_up(&error);
}

/* see bench.h */
void bench_ours_serve(const char *endpoint, uint32_t spin_us)
{
	static struct vmc_posix_clock clock;
	struct vmc_env env = vmc_posix_env(&clock);
	struct vmc_server_config config = {
		.pool = &pool,
		.port = vmc_linux_port(&loop),
		.endpoint = endpoint,
		.env = env,
		.pid = getpid(),
	};

	config.config.data = vmc_view_of("{}");
	make_pool(env);
	if (vmc_linux_loop_init(&loop, &error))
		give_up(&error);
	loop.spin.us = spin_us;
	if (vmc_server_init(&server, &config))
		give_up(vmc_server_error(&server));
	if (vmc_linux_run(&loop, &server, env, NULL, &error))
		give_up(&error);
	exit(0);
}

/*
 * The client
 */

static uint8_t window[VMC_CHANNEL_WINDOW_SIZE];
static struct vmc_posix_clock clock_state;
static struct vmc_posix_waiter waiter;
static struct vmc_channel channel;
static struct vmc_env env;

static void open_channel(const char *endpoint, struct vmc_port port)
{
	struct vmc_channel_config config = {
		.port = port,
		.endpoint = endpoint,
		.stream = bench_connect(endpoint),
		.window = window,
		.window_len = sizeof(window),
	};

	env = vmc_posix_env(&clock_state);
	vmc_posix_waiter_init(&waiter);
	if (vmc_channel_init(&channel, &config))
		give_up(vmc_channel_error(&channel));
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
		give_up(vmc_channel_error(&channel));
}

/* see bench.h */
struct bench_result bench_ours_latency(const char *endpoint,
				       enum bench_call call, uint32_t spin_us)
{
	static uint64_t times[BENCH_LATENCY_CALLS];
	uint64_t begun_ns;
	size_t i;

	open_channel(endpoint, vmc_posix_port(NULL));
	waiter.spin.us = spin_us;
	for (i = 0; i < BENCH_LATENCY_CALLS / 10; i++)
		do_call(call);
	for (i = 0; i < BENCH_LATENCY_CALLS; i++) {
		begun_ns = bench_now_ns();
		do_call(call);
		times[i] = bench_now_ns() - begun_ns;
	}
	vmc_channel_close(&channel);
	return bench_summary(times, BENCH_LATENCY_CALLS);
}

/*
 * Bytes on the wire, counted by a port
 */

static struct bench_sizes counted;

static enum vmc_status count_recv(void *ctx, vmc_handle stream, uint8_t *buf,
				  size_t cap, size_t *len,
				  struct vmc_handles *handles)
{
	enum vmc_status status =
		vmc_posix_recv(ctx, stream, buf, cap, len, handles);

	if (status == VMC_OK)
		counted.response += (uint32_t)*len;
	return status;
}

static enum vmc_status
count_send(void *ctx, vmc_handle stream, const struct vmc_view *parts,
	   size_t parts_len, const struct vmc_handles *handles, size_t *len)
{
	enum vmc_status status =
		vmc_posix_send(ctx, stream, parts, parts_len, handles, len);

	if (status == VMC_OK)
		counted.request += (uint32_t)*len;
	return status;
}

/* see bench.h */
struct bench_sizes bench_ours_sizes(const char *endpoint, enum bench_call call)
{
	struct vmc_port_ops counting = vmc_posix_port_ops;
	struct vmc_port port = { &counting, NULL };

	counting.recv = count_recv;
	counting.send = count_send;
	open_channel(endpoint, port);
	do_call(call); /* sizes change with the numbers in it, a little */
	memset(&counted, 0, sizeof(counted));
	do_call(call);
	vmc_channel_close(&channel);
	return counted;
}
