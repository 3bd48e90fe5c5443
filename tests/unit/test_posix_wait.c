/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting by poll, spinning before it, clocks and entropy. */
#include "test.h"

#include "vmcache_posix.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Long enough that a wait which should have ended shows. */
#define LONG_MS 20000

static struct vmc_posix_env_state env_state;
static struct vmc_posix_waiter waiter;
static struct vmc_env env;
static int both[2];

static void begin(void)
{
	env = vmc_posix_env(&env_state);
	vmc_posix_waiter_init(&waiter);
	CHECK_EQ_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, both), 0);
}

static void end(void)
{
	close(both[0]);
	close(both[1]);
}

static uint64_t now(void)
{
	return env.now_ms(env.ctx);
}

static struct vmc_task task_on(vmc_handle handle, unsigned want,
			       uint64_t until_ms)
{
	struct vmc_task task = VMC_TASK_INIT;

	vmc_task_wait(&task, handle, want);
	vmc_task_until(&task, until_ms);
	return task;
}

/*
 * Tasks
 */

TEST(what_is_there_ends_a_wait)
{
	struct vmc_task task;
	uint64_t begun_ms;

	begin();
	task = task_on(both[0], VMC_WAIT_READ, VMC_NEVER);
	CHECK_EQ_INT(write(both[1], "x", 1), 1);
	begun_ms = now();
	CHECK_EQ_INT(vmc_posix_wait(&waiter, &task, begun_ms), VMC_OK);
	CHECK(now() - begun_ms < LONG_MS);
	end();
}

TEST(a_timer_ends_a_wait_and_not_before)
{
	struct vmc_task task;
	uint64_t begun_ms;

	begin();
	for (int i = 0; i < 20; i++) {
		begun_ms = now();
		task = task_on(both[0], VMC_WAIT_READ, begun_ms + 5);
		CHECK_EQ_INT(vmc_posix_wait(&waiter, &task, begun_ms), VMC_OK);
		CHECK(now() >= begun_ms + 5);
	}
	end();
}

TEST(a_timer_without_a_handle_ends_a_wait)
{
	struct vmc_task task = VMC_TASK_INIT;
	uint64_t begun_ms;

	begin();
	begun_ms = now();
	task.until_ms = begun_ms + 3;
	CHECK_EQ_INT(vmc_posix_wait(&waiter, &task, begun_ms), VMC_OK);
	CHECK(now() >= begun_ms + 3);
	end();
}

TEST(what_is_due_does_not_wait)
{
	struct vmc_task task;

	begin();
	task = task_on(both[0], VMC_WAIT_READ, 1);
	CHECK_EQ_INT(vmc_posix_wait(&waiter, &task, 1000), VMC_OK);
	task = task_on(both[0], VMC_WAIT_READ, 1000);
	CHECK_EQ_INT(vmc_posix_wait(&waiter, &task, 1000), VMC_OK);
	end();
}

/* 2^63 ms from now: nothing overflows. */
TEST(a_timer_far_away_is_waited_for)
{
	struct vmc_task task;

	begin();
	task = task_on(both[0], VMC_WAIT_READ, VMC_NEVER - 1);
	CHECK_EQ_INT(write(both[1], "x", 1), 1);
	CHECK_EQ_INT(vmc_posix_wait(&waiter, &task, 0), VMC_OK);
	end();
}

static void on_alarm(int number)
{
	(void)number;
}

/* A signal that was blocked comes in the wait, and only there. */
TEST(a_signal_ends_a_wait)
{
	struct sigaction action = { .sa_handler = on_alarm };
	sigset_t blocked, before;
	struct vmc_task task;

	begin();
	sigaction(SIGUSR1, &action, NULL);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	raise(SIGUSR1);
	waiter.signals = &before;
	task = task_on(both[0], VMC_WAIT_READ, now() + LONG_MS);
	CHECK_EQ_INT(vmc_posix_wait(&waiter, &task, now()), VMC_AGAIN);
	sigprocmask(SIG_SETMASK, &before, NULL);
	end();
}

/*
 * Blocking
 */

static unsigned asked, given_up;

static void on_cancel(struct vmc_task *task)
{
	(void)task;
	given_up++;
}

/* An operation that is done once a byte has come. */
static enum vmc_status take_byte(struct vmc_task *task, uint64_t now_ms)
{
	char byte;

	asked++;
	if (vmc_task_begin(task, now_ms))
		return vmc_task_end(task, VMC_ERR_TIMEOUT);
	task->phase = 1;
	task->cancel = on_cancel;
	if (recv(both[0], &byte, 1, MSG_DONTWAIT) == 1)
		return vmc_task_end(task, VMC_OK);
	vmc_task_wait(task, both[0], VMC_WAIT_READ);
	return vmc_task_again(task);
}

static enum vmc_status block(uint64_t deadline_ms)
{
	struct vmc_task task = VMC_TASK_INIT;
	enum vmc_status status;

	task.deadline_ms = deadline_ms;
	asked = given_up = 0;
	VMC_POSIX_BLOCK(status, &waiter, env, &task, take_byte(&task, now()));
	CHECK(!vmc_task_active(&task));
	return status;
}

TEST(a_blocked_operation_goes_to_its_end)
{
	pid_t pid;

	begin();
	pid = fork();
	if (pid == 0) {
		poll(NULL, 0, 20);
		_exit(write(both[1], "x", 1) != 1);
	}
	CHECK_EQ_INT(block(now() + LONG_MS), VMC_OK);
	CHECK(asked > 1);
	CHECK_EQ_INT(waitpid(pid, NULL, 0), pid);
	end();
}

TEST(a_blocked_operation_keeps_its_deadline)
{
	uint64_t begun_ms;

	begin();
	begun_ms = now();
	CHECK_EQ_INT(block(begun_ms + 10), VMC_ERR_TIMEOUT);
	CHECK(now() >= begun_ms + 10);
	CHECK_EQ_INT(given_up, 0);
	end();
}

static volatile sig_atomic_t stop;

static void on_stop(int number)
{
	stop = number;
}

/* The signal comes while it sleeps; or has come before it would. */
TEST(a_signal_can_end_a_blocked_operation)
{
	struct sigaction action = { .sa_handler = on_stop };
	sigset_t blocked, before;

	begin();
	sigaction(SIGUSR1, &action, NULL);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	waiter.signals = &before;
	waiter.stop = &stop;
	raise(SIGUSR1);
	CHECK_EQ_INT(block(now() + LONG_MS), VMC_ERR_CANCELLED);
	CHECK_EQ_INT(given_up, 1);
	CHECK_EQ_INT(block(now() + LONG_MS), VMC_ERR_CANCELLED);
	CHECK_EQ_INT(asked, 1);
	stop = 0;
	CHECK_EQ_INT(write(both[1], "x", 1), 1);
	CHECK_EQ_INT(block(now() + LONG_MS), VMC_OK);
	sigprocmask(SIG_SETMASK, &before, NULL);
	end();
}

/*
 * Spinning
 */

TEST(one_processor_does_not_spin)
{
	cpu_set_t before, one;
	int cpu = 0;

	CHECK_EQ_INT(sched_getaffinity(0, sizeof(before), &before), 0);
	while (!CPU_ISSET(cpu, &before))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	CHECK_EQ_INT(sched_setaffinity(0, sizeof(one), &one), 0);
	vmc_posix_waiter_init(&waiter);
	CHECK_EQ_INT(waiter.spin.us, 0);
	CHECK_EQ_INT(sched_setaffinity(0, sizeof(before), &before), 0);
	vmc_posix_waiter_init(&waiter);
	CHECK_EQ_INT(waiter.spin.us,
		     CPU_COUNT(&before) > 1 ? VMC_POSIX_SPIN_US : 0);
}

/* Each miss doubles the waits that go without, to 63; a hit forgets them. */
TEST(spinning_in_vain_backs_off)
{
	static const uint32_t expected[] = { 1, 3, 7, 15, 31, 63, 63 };
	struct vmc_task task;
	uint64_t begun;
	uint32_t waits;

	begin();
	waiter.spin.us = 1;
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		begun = now();
		task = task_on(both[0], VMC_WAIT_READ, begun + 1);
		CHECK_EQ_INT(vmc_posix_wait(&waiter, &task, begun), VMC_OK);
		CHECK_EQ_INT(waiter.spin.skip, expected[i]);
		CHECK_EQ_INT(write(both[1], "x", 1), 1);
		for (waits = 0; waiter.spin.skip > 0; waits++)
			CHECK_EQ_INT(vmc_posix_wait(&waiter, &task, 0), VMC_OK);
		CHECK_EQ_INT(waits, expected[i]);
		CHECK_EQ_INT(read(both[0], &waits, 1), 1);
	}
	CHECK_EQ_INT(write(both[1], "x", 1), 1);
	CHECK_EQ_INT(vmc_posix_wait(&waiter, &task, 0), VMC_OK);
	CHECK_EQ_INT(waiter.spin.misses, 0);
	CHECK_EQ_INT(waiter.spin.skip, 0);
	end();
}

static unsigned looks;

static int look_in_vain(void *ctx)
{
	(void)ctx;
	looks++;
	return 0;
}

/* Nor is it late for a timer, or for what it would not wait for. */
TEST(spinning_does_not_delay_a_timer)
{
	struct vmc_posix_spin spin = { 1000, 0, 0 };

	looks = 0;
	CHECK_EQ_INT(vmc_posix_spin(&spin, look_in_vain, NULL, 100, 100), 0);
	CHECK_EQ_INT(vmc_posix_spin(&spin, look_in_vain, NULL, 101, 100), 0);
	CHECK_EQ_INT(looks, 0);
	CHECK_EQ_INT(vmc_posix_spin(&spin, look_in_vain, NULL, 102, 100), 0);
	CHECK(looks > 0);
	CHECK_EQ_INT(spin.misses, 1);
	spin.us = 0;
	CHECK_EQ_INT(vmc_posix_spin(&spin, look_in_vain, NULL, VMC_NEVER, 0),
		     0);
	CHECK_EQ_INT(spin.misses, 1);
}

/*
 * Lists
 */

static struct vmc_wait wait_on(int handle, unsigned want)
{
	struct vmc_wait wait = { handle, 0, (uint16_t)want, 0xffff };

	return wait;
}

TEST(each_wait_gets_its_own)
{
	struct vmc_wait waits[3];
	int other[2];

	begin();
	CHECK_EQ_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, other), 0);
	CHECK_EQ_INT(write(other[1], "x", 1), 1);
	waits[0] = wait_on(both[0], VMC_WAIT_READ);
	waits[1] = wait_on(other[0], VMC_WAIT_READ);
	waits[2] = wait_on(other[1], VMC_WAIT_WRITE | VMC_WAIT_READ);
	CHECK_EQ_INT(vmc_posix_poll(NULL, waits, 3, VMC_NEVER, now()), VMC_OK);
	CHECK_EQ_INT(waits[0].got, 0);
	CHECK_EQ_INT(waits[1].got, VMC_WAIT_READ);
	CHECK_EQ_INT(waits[2].got, VMC_WAIT_WRITE);
	close(other[0]);
	close(other[1]);
	end();
}

TEST(a_half_close_is_told_from_a_hang_up)
{
	struct vmc_wait wait;

	begin();
	shutdown(both[1], SHUT_WR);
	wait = wait_on(both[0], VMC_WAIT_RDHUP);
	CHECK_EQ_INT(vmc_posix_poll(NULL, &wait, 1, VMC_NEVER, now()), VMC_OK);
	CHECK_EQ_INT(wait.got, VMC_WAIT_RDHUP);
	wait = wait_on(both[0], 0); /* nor is it reported unasked */
	CHECK_EQ_INT(vmc_posix_poll(NULL, &wait, 1, 0, 0), VMC_OK);
	CHECK_EQ_INT(wait.got, 0);
	close(both[1]);
	CHECK_EQ_INT(vmc_posix_poll(NULL, &wait, 1, VMC_NEVER, now()), VMC_OK);
	CHECK_EQ_INT(wait.got, VMC_WAIT_HUP); /* that one always is */
	both[1] = dup(both[0]);
	end();
}

TEST(no_handle_is_waited_for_with_none)
{
	struct vmc_wait wait = wait_on(-1, VMC_WAIT_READ);

	begin();
	CHECK_EQ_INT(vmc_posix_poll(NULL, &wait, 1, 0, 0), VMC_OK);
	CHECK_EQ_INT(wait.got, 0);
	end();
}

TEST(a_list_that_is_too_long_is_refused)
{
	static struct vmc_wait waits[VMC_SERVER_WAIT_MAX + 1];

	begin();
	for (size_t i = 0; i <= VMC_SERVER_WAIT_MAX; i++)
		waits[i] = wait_on(both[1], VMC_WAIT_WRITE);
	CHECK_EQ_INT(vmc_posix_poll(NULL, waits, VMC_SERVER_WAIT_MAX + 1, 0, 0),
		     VMC_ERR_TOO_BIG);
	CHECK_EQ_INT(vmc_posix_poll(NULL, waits, VMC_SERVER_WAIT_MAX, 0, 0),
		     VMC_OK);
	CHECK_EQ_INT(waits[VMC_SERVER_WAIT_MAX - 1].got, VMC_WAIT_WRITE);
	end();
}

/*
 * The environment
 */

TEST(the_clock_never_goes_back)
{
	struct vmc_posix_env_state ahead = { 0 };
	struct vmc_env other = vmc_posix_env(&ahead);
	uint64_t last = 0;

	begin();
	for (int i = 0; i < 1000; i++) {
		CHECK(now() >= last);
		last = now();
	}
	ahead.last_ms = last + 1000000; /* as if it had been there already */
	CHECK_EQ_INT(other.now_ms(other.ctx), last + 1000000);
	end();
}

TEST(the_wall_is_todays)
{
	struct vmc_wall wall = { 0, 0xffffffff };

	begin();
	CHECK_EQ_INT(env.wall(env.ctx, &wall), VMC_OK);
	CHECK(wall.seconds > 1700000000);
	CHECK(wall.microseconds < 1000000);
	end();
}

/* Longer than what getrandom gives at once without a signal's leave. */
TEST(entropy_fills_all_bytes)
{
	static uint8_t once[5000], twice[5000];
	size_t zeroes = 0;

	begin();
	CHECK_EQ_INT(env.entropy(env.ctx, once, sizeof(once)), VMC_OK);
	CHECK_EQ_INT(env.entropy(env.ctx, twice, sizeof(twice)), VMC_OK);
	CHECK(memcmp(once, twice, sizeof(once)) != 0);
	for (size_t i = 0; i < sizeof(once); i++)
		zeroes += once[i] == 0;
	CHECK(zeroes < 100); /* 20 are expected */
	CHECK(memcmp(once + 4984, once + 4968, 16) != 0);
	end();
}

/* What a VM's id takes: had for several at once, given once and wiped. */
TEST(little_entropy_comes_from_a_store)
{
	struct vmc_posix_env_state own = { 0 };
	struct vmc_env other = vmc_posix_env(&own);
	static const uint8_t zeros[sizeof(own.stored)];
	uint8_t got[100][16], seed[VMC_POSIX_STORED_MAX + 1];
	uint32_t left;

	for (int i = 0; i < 100; i++) {
		CHECK_EQ_INT(other.entropy(&own, got[i], 16), VMC_OK);
		CHECK_EQ_INT(own.stored_len % 16, 0);
		CHECK_EQ_MEM(own.stored + own.stored_len, zeros,
			     sizeof(own.stored) - own.stored_len);
		CHECK(memcmp(got[i], zeros, 16) != 0);
		for (int j = 0; j < i; j++)
			CHECK(memcmp(got[i], got[j], 16) != 0);
	}
	left = own.stored_len;
	CHECK_EQ_INT(other.entropy(&own, seed, sizeof(seed)), VMC_OK);
	CHECK_EQ_INT(own.stored_len, left);
	CHECK_EQ_INT(other.entropy(&own, seed, 0), VMC_OK);
	CHECK_EQ_INT(own.stored_len, left);
}

TESTS(RUN(what_is_there_ends_a_wait)
      RUN(a_timer_ends_a_wait_and_not_before)
      RUN(a_timer_without_a_handle_ends_a_wait)
      RUN(what_is_due_does_not_wait)
      RUN(a_timer_far_away_is_waited_for)
      RUN(a_signal_ends_a_wait)
      RUN(a_blocked_operation_goes_to_its_end)
      RUN(a_blocked_operation_keeps_its_deadline)
      RUN(a_signal_can_end_a_blocked_operation)
      RUN(one_processor_does_not_spin)
      RUN(spinning_in_vain_backs_off)
      RUN(spinning_does_not_delay_a_timer)
      RUN(each_wait_gets_its_own)
      RUN(a_half_close_is_told_from_a_hang_up)
      RUN(no_handle_is_waited_for_with_none)
      RUN(a_list_that_is_too_long_is_refused)
      RUN(the_clock_never_goes_back)
      RUN(the_wall_is_todays)
      RUN(entropy_fills_all_bytes)
      RUN(little_entropy_comes_from_a_store));
