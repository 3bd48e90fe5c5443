/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop over epoll: what is registered is what was asked for last,
 * whatever was closed and opened in between; waking; a server run by it.
 */
#include "test.h"

#include "vmcache/client.h"
#include "vmcache_linux.h"
#include "vmcache_mock.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LONG_MS 20000

static struct vmc_linux_loop loop;
static struct vmc_posix_env_state env_state;
static struct vmc_env env;
static struct vmc_error error;

static void begin(void)
{
	vmc_error_reset(&error);
	env = vmc_posix_env(&env_state);
	CHECK_EQ_INT(vmc_linux_loop_init(&loop, &error), VMC_OK);
}

static void end(void)
{
	vmc_linux_loop_end(&loop);
}

static uint64_t now(void)
{
	return env.now_ms(env.ctx);
}

static struct vmc_wait wait_on(int handle, uint32_t key, unsigned want)
{
	struct vmc_wait wait = { handle, key, (uint16_t)want, 0 };

	return wait;
}

static void watch(const struct vmc_wait *waits, size_t waits_len)
{
	CHECK_EQ_INT(vmc_linux_loop_register(&loop, waits, waits_len, &error),
		     VMC_OK);
}

/* What has come, without waiting. */
static size_t look(struct vmc_wait *out, size_t cap)
{
	size_t len = 77;

	vmc_linux_loop_wait(&loop, out, cap, &len, 0, 0);
	return len;
}

/*
 * Registering
 */

TEST(another_build_is_refused)
{
	CHECK_EQ_INT(vmc_linux_loop_init_checked(&loop, &error,
						 sizeof(loop) + 8, VMC_OPTIONS),
		     VMC_ERR_OPTIONS);
	CHECK_EQ_INT(vmc_linux_loop_init_checked(&loop, &error, sizeof(loop),
						 VMC_OPTIONS + 1),
		     VMC_ERR_OPTIONS);
}

TEST(what_has_come_is_told_with_its_key)
{
	struct vmc_wait waits[2], got[4];
	int a[2], b[2];

	begin();
	CHECK_EQ_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, a), 0);
	CHECK_EQ_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, b), 0);
	waits[0] = wait_on(a[0], 0x50007, VMC_WAIT_READ);
	waits[1] = wait_on(b[0], 3, VMC_WAIT_READ | VMC_WAIT_WRITE);
	watch(waits, 2);
	CHECK_EQ_INT(look(got, 4), 1);
	CHECK_EQ_INT(got[0].handle, b[0]);
	CHECK_EQ_INT(got[0].got, VMC_WAIT_WRITE);
	CHECK_EQ_INT(write(a[1], "x", 1), 1);
	waits[1].want = VMC_WAIT_READ;
	watch(waits, 2);
	CHECK_EQ_INT(look(got, 4), 1);
	CHECK_EQ_INT(got[0].handle, a[0]);
	CHECK_EQ_INT(got[0].key, 0x50007);
	CHECK_EQ_INT(got[0].want, VMC_WAIT_READ);
	CHECK_EQ_INT(got[0].got, VMC_WAIT_READ);
	close(a[0]), close(a[1]), close(b[0]), close(b[1]);
	end();
}

TEST(a_half_close_is_told_from_a_hang_up)
{
	struct vmc_wait wait, got[2];
	int a[2];

	begin();
	CHECK_EQ_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, a), 0);
	wait = wait_on(a[0], 1, VMC_WAIT_RDHUP);
	watch(&wait, 1);
	CHECK_EQ_INT(look(got, 2), 0);
	shutdown(a[1], SHUT_WR);
	CHECK_EQ_INT(look(got, 2), 1);
	CHECK_EQ_INT(got[0].got, VMC_WAIT_RDHUP);
	wait.want = 0;
	watch(&wait, 1);
	CHECK_EQ_INT(look(got, 2), 0);
	close(a[1]);
	CHECK_EQ_INT(look(got, 2), 1);
	CHECK_EQ_INT(got[0].got, VMC_WAIT_HUP);
	close(a[0]);
	end();
}

TEST(what_is_not_asked_for_any_more_is_silent)
{
	struct vmc_wait wait, got[2];
	int a[2];

	begin();
	CHECK_EQ_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, a), 0);
	wait = wait_on(a[0], 9, VMC_WAIT_READ);
	watch(&wait, 1);
	CHECK_EQ_INT(write(a[1], "x", 1), 1);
	CHECK_EQ_INT(look(got, 2), 1);
	watch(NULL, 0);
	CHECK_EQ_INT(look(got, 2), 0);
	watch(&wait, 1);
	CHECK_EQ_INT(look(got, 2), 1);
	close(a[0]), close(a[1]);
	end();
}

/*
 * The trap of epoll: a descriptor is closed, its number is given out again,
 * and what was registered under it is gone without a word.
 */
TEST(a_number_that_is_used_again_is_registered_again)
{
	struct vmc_wait wait, got[2];
	int a[2], again[2];

	begin();
	CHECK_EQ_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, a), 0);
	wait = wait_on(a[0], 0x10004, VMC_WAIT_READ);
	watch(&wait, 1);
	close(a[0]), close(a[1]);
	CHECK_EQ_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, again), 0);
	CHECK_EQ_INT(again[0], a[0]);
	wait.key = 0x20004;
	watch(&wait, 1);
	CHECK_EQ_INT(write(again[1], "x", 1), 1);
	CHECK_EQ_INT(look(got, 2), 1);
	CHECK_EQ_INT(got[0].key, 0x20004);
	close(again[0]), close(again[1]);
	end();
}

/* The number goes to another index, before and behind the one it had. */
static void move_number(uint32_t from, uint32_t to)
{
	struct vmc_wait waits[2], got[2];
	int a[2], again[2], other[2];

	begin();
	CHECK_EQ_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, other), 0);
	CHECK_EQ_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, a), 0);
	waits[0] = wait_on(a[0], from, VMC_WAIT_READ);
	watch(waits, 1);
	close(a[0]), close(a[1]);
	CHECK_EQ_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, again), 0);
	waits[0] = wait_on(again[0], to, VMC_WAIT_READ);
	waits[1] = wait_on(other[0], 0x30000 | from, VMC_WAIT_READ);
	watch(waits, 2);
	CHECK_EQ_INT(write(again[1], "x", 1), 1);
	CHECK_EQ_INT(look(got, 2), 1);
	CHECK_EQ_INT(got[0].key, to);
	CHECK_EQ_INT(write(other[1], "x", 1), 1);
	CHECK_EQ_INT(look(got, 2), 2);
	close(again[0]), close(again[1]), close(other[0]), close(other[1]);
	end();
}

TEST(a_number_that_moves_on_is_registered_there)
{
	move_number(3, 7);
	move_number(7, 3);
}

TEST(a_key_out_of_range_is_refused)
{
	struct vmc_wait wait;
	int a[2];

	begin();
	CHECK_EQ_INT(pipe(a), 0);
	wait = wait_on(a[0], VMC_SERVER_WAIT_MAX, VMC_WAIT_READ);
	CHECK_EQ_INT(vmc_linux_loop_register(&loop, &wait, 1, &error),
		     VMC_ERR_TOO_BIG);
	wait.key--;
	watch(&wait, 1);
	close(a[0]), close(a[1]);
	end();
}

TEST(what_cannot_be_waited_for_is_named)
{
	struct vmc_wait wait = wait_on(-1, 0, VMC_WAIT_READ);

	begin();
	CHECK_EQ_INT(vmc_linux_loop_register(&loop, &wait, 1, &error),
		     VMC_ERR_IO);
	CHECK(error.text[0] != '\0');
	end();
}

/* More has come than there is room for: none is forgotten. */
TEST(the_rest_comes_with_the_next_wait)
{
	enum { MANY = VMC_LINUX_GOT_MAX + 8 };
	struct vmc_wait waits[MANY], got[MANY];
	uint8_t seen[MANY] = { 0 };
	int pipes[MANY][2];
	size_t len, total = 0;

	begin();
	for (uint32_t i = 0; i < MANY; i++) {
		CHECK_EQ_INT(pipe(pipes[i]), 0);
		CHECK_EQ_INT(write(pipes[i][1], "x", 1), 1);
		waits[i] = wait_on(pipes[i][0], i, VMC_WAIT_READ);
	}
	watch(waits, MANY);
	CHECK_EQ_INT(look(got, 5), 5);
	while (total < MANY) {
		len = look(got, MANY);
		CHECK(len > 0 && len <= VMC_LINUX_GOT_MAX);
		for (size_t i = 0; i < len; i++) {
			total += !seen[got[i].key];
			seen[got[i].key] = 1;
			waits[got[i].key].want = 0;
		}
		watch(waits, MANY);
	}
	for (int i = 0; i < MANY; i++)
		close(pipes[i][0]), close(pipes[i][1]);
	end();
}

/*
 * Waking and waiting
 */

TEST(a_timer_ends_a_wait_and_not_before)
{
	struct vmc_wait got[1];
	uint64_t begun_ms;
	size_t len;

	begin();
	begun_ms = now();
	vmc_linux_loop_wait(&loop, got, 1, &len, begun_ms + 5, begun_ms);
	CHECK_EQ_INT(len, 0);
	CHECK(now() >= begun_ms + 5);
	end();
}

static uint64_t cpu_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

static void wait_ms(unsigned ms)
{
	struct vmc_wait got[1];
	uint64_t begun_ms = now();
	size_t len;

	vmc_linux_loop_wait(&loop, got, 1, &len, begun_ms + ms, begun_ms);
	CHECK_EQ_INT(len, 0);
}

/* Six looks of a millisecond in 64 waits, not 64. */
TEST(a_loop_spins_and_idle_it_costs_nothing)
{
	uint64_t begun_ms;

	begin();
	CHECK_EQ_INT(loop.spin.us, 0);
	wait_ms(3);
	CHECK_EQ_INT(loop.spin.misses, 0);
	loop.spin.us = 1000;
	begun_ms = cpu_ms();
	for (int i = 0; i < 64; i++)
		wait_ms(3);
	CHECK_EQ_INT(loop.spin.misses, 6);
	CHECK(cpu_ms() - begun_ms < 32);
	begun_ms = cpu_ms();
	wait_ms(300);
	CHECK(cpu_ms() - begun_ms < 32);
	end();
}

/* What comes while it looks is told as ever, and the next wait looks too. */
TEST(what_comes_while_it_spins_is_told)
{
	struct vmc_wait waits[1], got[1];
	size_t len;
	int a[2];

	begin();
	loop.spin.us = 1000;
	loop.spin.misses = 3;
	CHECK_EQ_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, a), 0);
	waits[0] = wait_on(a[0], 0x50007, VMC_WAIT_READ);
	watch(waits, 1);
	CHECK_EQ_INT(write(a[1], "x", 1), 1);
	vmc_linux_loop_wait(&loop, got, 1, &len, VMC_NEVER, 0);
	CHECK_EQ_INT(len, 1);
	CHECK_EQ_INT(got[0].got, VMC_WAIT_READ);
	CHECK_EQ_INT(loop.spin.misses, 0);
	CHECK_EQ_INT(loop.spin.skip, 0);
	close(a[0]), close(a[1]);
	end();
}

static void wait_long(void)
{
	struct vmc_wait got[1];
	uint64_t begun_ms = now();
	size_t len;

	vmc_linux_loop_wait(&loop, got, 1, &len, begun_ms + LONG_MS, begun_ms);
	CHECK_EQ_INT(len, 0);
	CHECK(now() - begun_ms < LONG_MS);
}

/* Any number of wakes before a wait end one of them. */
TEST(a_wake_before_the_wait_ends_it)
{
	struct vmc_wait got[1];
	uint64_t begun_ms;
	size_t len;

	begin();
	vmc_linux_loop_wake(&loop);
	vmc_linux_loop_wake(&loop);
	wait_long();
	begun_ms = now();
	vmc_linux_loop_wait(&loop, got, 1, &len, begun_ms + 3, begun_ms);
	CHECK(now() >= begun_ms + 3);
	end();
}

static void *wake_from_thread(void *ctx)
{
	vmc_linux_loop_wake(ctx);
	return NULL;
}

TEST(another_thread_ends_a_wait)
{
	pthread_t thread;

	begin();
	CHECK_EQ_INT(pthread_create(&thread, NULL, wake_from_thread, &loop), 0);
	wait_long();
	CHECK_EQ_INT(pthread_join(thread, NULL), 0);
	end();
}

static void wake_from_handler(int number)
{
	(void)number;
	vmc_linux_loop_wake(&loop);
}

/* It may come before the wait, as here, or in it: both end it. */
TEST(a_signal_handler_ends_a_wait)
{
	struct sigaction action = { .sa_handler = wake_from_handler };

	begin();
	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	wait_long();
	end();
}

TEST(the_port_wakes_its_loop)
{
	struct vmc_port port;

	begin();
	port = vmc_linux_port(&loop);
	port.ops->wake(port.ctx);
	wait_long();
	end();
}

/*
 * A server
 */

#define VMS 2

static struct vmc_pool pool;
static struct vmc_server server;
static struct vmc_mock mock;
static _Alignas(max_align_t) uint8_t drivers[VMS * 4096];
static struct vmc_factory_direct direct;
static char directory[64], endpoint[80];
static volatile sig_atomic_t signalled;

static void make_pool(void)
{
	struct vmc_pool_config config = {
		.base = { &vmc_factory_direct_ops, &direct },
		.hypervisor = { &vmc_mock_ops, &mock },
		.drivers = drivers,
		.drivers_size = sizeof(drivers),
		.env = env,
		.number = VMS,
	};

	mock = (struct vmc_mock)VMC_MOCK_INIT;
	direct = (struct vmc_factory_direct){ .env = env };
	direct.json.data = vmc_view_of("{}");
	CHECK_EQ_INT(vmc_pool_init(&pool, &config, &error), VMC_OK);
}

static void make_server(void)
{
	struct vmc_server_config config = {
		.pool = &pool,
		.port = vmc_linux_port(&loop),
		.endpoint = endpoint,
		.env = env,
		.pid = 77,
	};

	strcpy(directory, "/tmp/vmcache-loop-XXXXXX");
	CHECK(mkdtemp(directory) != NULL);
	snprintf(endpoint, sizeof(endpoint), "%s/sock", directory);
	config.config.data = vmc_view_of("{}");
	CHECK_EQ_INT(vmc_server_init(&server, &config), VMC_OK);
}

static void begin_server(void)
{
	begin();
	signalled = 0;
	make_pool();
	make_server();
}

static void end_server(void)
{
	CHECK(vmc_server_stopped(&server));
	CHECK_EQ_INT(mock.misused, 0);
	CHECK_EQ_INT(rmdir(directory), 0); /* the endpoint is gone */
	end();
}

struct host {
	int ready, stopped, turns;
};

static void on_event(void *ctx, const struct vmc_event *event)
{
	struct host *host = ctx;

	host->ready += event->type == VMC_EVENT_VM_READY;
	host->stopped += event->type == VMC_EVENT_STOPPED;
	if (host->ready == VMS && !signalled)
		raise(SIGTERM);
}

static void on_turn(void *ctx, struct vmc_server *self, uint64_t now_ms)
{
	struct host *host = ctx;

	host->turns++;
	if (signalled)
		vmc_server_stop(self, "SIGTERM", now_ms);
}

static void on_signal(int number)
{
	signalled = number;
	vmc_server_wake(&server);
}

TEST(a_server_runs_until_a_signal)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct host seen = { 0, 0, 0 };
	const struct vmc_linux_host host = { &seen, on_event, on_turn };

	begin_server();
	sigaction(SIGTERM, &action, NULL);
	CHECK_EQ_INT(vmc_linux_run(&loop, &server, env, &host, &error), VMC_OK);
	CHECK_EQ_INT(signalled, SIGTERM);
	CHECK_EQ_INT(seen.ready, VMS);
	CHECK_EQ_INT(seen.stopped, 1);
	CHECK(seen.turns >= 2);
	end_server();
}

static struct vmc_channel channel;
static uint8_t window[VMC_CHANNEL_WINDOW_SIZE];

static void open_channel(void)
{
	struct vmc_channel_config config = {
		.port = vmc_posix_port(NULL),
		.endpoint = endpoint,
		.stream = VMC_HANDLE_NONE,
		.window = window,
		.window_len = sizeof(window),
	};

	CHECK_EQ_INT(vmc_channel_init(&channel, &config), VMC_OK);
}

static void turn(void)
{
	CHECK_EQ_INT(vmc_linux_turn(&loop, &server, env, now(), NULL, &error),
		     VMC_OK);
}

/* Client and server in one thread: a host's own loop, by turns. */
static void fetch_status(struct vmc_cache_status *status)
{
	struct vmc_task task = VMC_TASK_INIT;
	enum vmc_status result;
	int turns = 0;

	while ((result = vmc_cache_fetch_status(&channel, status, &task,
						now())) == VMC_AGAIN) {
		turn();
		CHECK(++turns < 1000);
	}
	CHECK_EQ_INT(result, VMC_OK);
}

static void stop_server(void)
{
	struct vmc_event event;

	vmc_server_stop(&server, "test", now());
	while (!vmc_server_stopped(&server))
		turn();
	while (vmc_server_next_event(&server, &event) == VMC_OK)
		continue;
}

TEST(a_host_takes_turns)
{
	struct vmc_cache_status status;

	begin_server();
	turn();
	open_channel();
	for (int i = 0; i < 50; i++) {
		fetch_status(&status);
		CHECK_EQ_INT(status.pid, 77);
		CHECK_EQ_INT(status.vm_len, VMS);
		if (i % 5 == 4) { /* another connection, the same number */
			vmc_channel_close(&channel);
			turn();
		}
	}
	vmc_channel_close(&channel);
	stop_server();
	end_server();
}

/* The one handle that a loop of the host's own waits for. */
TEST(the_loops_handle_is_readable_when_there_is_something_to_do)
{
	struct vmc_posix_waiter waiter;
	struct vmc_wait wait;
	vmc_handle client;

	begin_server();
	vmc_posix_waiter_init(&waiter);
	for (int i = 0; i < 3; i++)
		turn();
	wait = wait_on((int)vmc_linux_loop_handle(&loop), 0, VMC_WAIT_READ);
	CHECK_EQ_INT(vmc_posix_poll(&waiter, &wait, 1, 0, 0), VMC_OK);
	CHECK_EQ_INT(wait.got, 0);
	CHECK_EQ_INT(vmc_posix_connect(NULL, endpoint, &client, NULL), VMC_OK);
	CHECK_EQ_INT(vmc_posix_poll(&waiter, &wait, 1, VMC_NEVER, now()),
		     VMC_OK);
	CHECK_EQ_INT(wait.got, VMC_WAIT_READ);
	turn();
	turn();
	CHECK_EQ_INT(vmc_posix_poll(&waiter, &wait, 1, 0, 0), VMC_OK);
	CHECK_EQ_INT(wait.got, 0);
	close((int)client);
	stop_server();
	end_server();
}

TESTS(RUN(another_build_is_refused)
      RUN(what_has_come_is_told_with_its_key)
      RUN(a_half_close_is_told_from_a_hang_up)
      RUN(what_is_not_asked_for_any_more_is_silent)
      RUN(a_number_that_is_used_again_is_registered_again)
      RUN(a_number_that_moves_on_is_registered_there)
      RUN(a_key_out_of_range_is_refused)
      RUN(what_cannot_be_waited_for_is_named)
      RUN(the_rest_comes_with_the_next_wait)
      RUN(a_loop_spins_and_idle_it_costs_nothing) RUN(what_comes_while_it_spins_is_told) RUN(a_timer_ends_a_wait_and_not_before)
      RUN(a_wake_before_the_wait_ends_it)
      RUN(another_thread_ends_a_wait)
      RUN(a_signal_handler_ends_a_wait)
      RUN(the_port_wakes_its_loop)
      RUN(a_server_runs_until_a_signal)
      RUN(a_host_takes_turns)
      RUN(the_loops_handle_is_readable_when_there_is_something_to_do));
