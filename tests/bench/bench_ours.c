/* SPDX-License-Identifier: Apache-2.0 */
/* The library's client (see bench.h). */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>

static uint8_t window[VMC_CHANNEL_WINDOW_SIZE];
static struct vmc_grpc grpc;
static struct vmc_posix_clock clock_state;
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
	env = vmc_posix_env(&clock_state);
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
