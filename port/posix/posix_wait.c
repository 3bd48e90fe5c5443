/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting by poll(2): looking for a while without sleeping, then sleeping
 * (see vmcache_posix.h).
 */
#include "vmcache_posix.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <time.h>

/* After so many misses in a row, looking is tried at every 64th wait. */
#define MISSES_MAX 6

static uint64_t now_us(void)
{
	struct timespec time = { 0, 0 };

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

static int one_processor(void)
{
	cpu_set_t allowed;

	CPU_ZERO(&allowed);
	return sched_getaffinity(0, sizeof(allowed), &allowed) != 0 ||
	       CPU_COUNT(&allowed) < 2;
}

/* see vmcache_posix.h */
void vmc_posix_spin_init(struct vmc_posix_spin *spin, uint32_t us)
{
	spin->us = one_processor() ? 0 : us;
	spin->misses = 0;
	spin->skip = 0;
}

/* Whether it is the turn to look, and there is the time. */
static int may_spin(struct vmc_posix_spin *spin, uint64_t until_ms,
		    uint64_t now_ms)
{
	if (spin->us == 0 || until_ms <= now_ms ||
	    until_ms - now_ms <= spin->us / 1000)
		return 0;
	if (spin->skip == 0)
		return 1;
	spin->skip--;
	return 0;
}

/* see vmcache_posix.h */
int vmc_posix_spin(struct vmc_posix_spin *spin, int (*look)(void *ctx),
		   void *ctx, uint64_t until_ms, uint64_t now_ms)
{
	uint64_t end_us;
	int found;

	if (!may_spin(spin, until_ms, now_ms))
		return 0;
	end_us = now_us() + spin->us;
	do
		found = look(ctx);
	while (found == 0 && now_us() < end_us);
	if (found) {
		spin->misses = 0;
		return found;
	}
	if (spin->misses < MISSES_MAX)
		spin->misses++;
	spin->skip = (1u << spin->misses) - 1;
	return 0;
}

/* see vmcache_posix.h */
void vmc_posix_waiter_init(struct vmc_posix_waiter *waiter)
{
	vmc_posix_spin_init(&waiter->spin, VMC_POSIX_SPIN_US);
	waiter->signals = NULL;
	waiter->stop = NULL;
}

static short events_of(unsigned want)
{
	short events = 0;

	if (want & VMC_WAIT_READ)
		events |= POLLIN;
	if (want & VMC_WAIT_WRITE)
		events |= POLLOUT;
	if (want & VMC_WAIT_RDHUP)
		events |= POLLRDHUP;
	return events;
}

static uint16_t got_of(short events)
{
	unsigned got = 0;

	if (events & POLLIN)
		got |= VMC_WAIT_READ;
	if (events & POLLOUT)
		got |= VMC_WAIT_WRITE;
	if (events & POLLRDHUP)
		got |= VMC_WAIT_RDHUP;
	if (events & (POLLHUP | POLLERR | POLLNVAL))
		got |= VMC_WAIT_HUP;
	return (uint16_t)got;
}

static void put_fds(struct pollfd *fds, const struct vmc_wait *waits,
		    size_t waits_len)
{
	size_t i;

	for (i = 0; i < waits_len; i++) {
		fds[i].fd = (int)waits[i].handle;
		fds[i].events = events_of(waits[i].want);
		fds[i].revents = 0;
	}
}

struct list {
	struct pollfd *fds;
	nfds_t fds_len;
};

/* How many have something. What cannot be looked at is not waited for
 * either, and that will say so. */
static int look(void *ctx)
{
	const struct list *list = ctx;
	int ready = poll(list->fds, list->fds_len, 0);

	return ready > 0 ? ready : 0;
}

/* As poll(2) answers. A timer that is far away comes early: whoever is
 * woken looks at the time. */
static int sleep_until(const sigset_t *signals, struct pollfd *fds,
		       nfds_t fds_len, uint64_t until_ms, uint64_t now_ms)
{
	uint64_t left_ms = until_ms > now_ms ? until_ms - now_ms : 0;
	struct timespec left;

	if (left_ms > INT_MAX)
		left_ms = INT_MAX;
	left.tv_sec = (time_t)(left_ms / 1000);
	left.tv_nsec = (long)(left_ms % 1000) * 1000000;
	return ppoll(fds, fds_len, until_ms == VMC_NEVER ? NULL : &left,
		     signals);
}

static enum vmc_status wait_for(struct vmc_posix_waiter *waiter,
				struct pollfd *fds, nfds_t fds_len,
				uint64_t until_ms, uint64_t now_ms)
{
	const sigset_t *signals = waiter ? waiter->signals : NULL;
	struct list list = { fds, fds_len };
	int ready = 0;

	if (waiter && fds_len > 0)
		ready = vmc_posix_spin(&waiter->spin, look, &list, until_ms,
				       now_ms);
	if (ready == 0)
		ready = sleep_until(signals, fds, fds_len, until_ms, now_ms);
	if (ready >= 0)
		return VMC_OK;
	return errno == EINTR ? VMC_AGAIN : VMC_ERR_IO;
}

/* see vmcache_posix.h */
enum vmc_status vmc_posix_wait(struct vmc_posix_waiter *waiter,
			       const struct vmc_task *task, uint64_t now_ms)
{
	struct pollfd fds[VMC_TASK_WAIT_MAX];

	put_fds(fds, task->wait, task->wait_len);
	return wait_for(waiter, fds, task->wait_len, task->until_ms, now_ms);
}

/* see vmcache_posix.h */
int vmc_posix_again(struct vmc_posix_waiter *waiter, struct vmc_env env,
		    struct vmc_task *task, enum vmc_status *status)
{
	if (*status != VMC_AGAIN)
		return 0;
	if (waiter && waiter->stop && *waiter->stop)
		*status = VMC_ERR_CANCELLED;
	else if (vmc_posix_wait(waiter, task, env.now_ms(env.ctx)) < 0)
		*status = VMC_ERR_IO;
	if (*status == VMC_AGAIN)
		return 1;
	vmc_task_cancel(task);
	return 0;
}

/* see vmcache_posix.h */
enum vmc_status vmc_posix_poll(struct vmc_posix_waiter *waiter,
			       struct vmc_wait *waits, size_t waits_len,
			       uint64_t until_ms, uint64_t now_ms)
{
	struct pollfd fds[VMC_SERVER_WAIT_MAX];
	enum vmc_status status;
	size_t i;

	if (waits_len > VMC_SERVER_WAIT_MAX)
		return VMC_ERR_TOO_BIG;
	put_fds(fds, waits, waits_len);
	status = wait_for(waiter, fds, (nfds_t)waits_len, until_ms, now_ms);
	for (i = 0; i < waits_len; i++)
		waits[i].got = status ? 0 : got_of(fds[i].revents);
	return status;
}
