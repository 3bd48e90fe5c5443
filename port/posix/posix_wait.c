/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting by poll(2): looking for a while without sleeping, then sleeping
 * (see vmcache_posix.h).
 */
#include "vmcache_posix.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/time.h>
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
	waiter->posix = NULL;
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

/*
 * Waiting in recv
 */

static int make_blocking(struct vmc_posix *posix)
{
	int flags = fcntl(posix->stream, F_GETFL);

	if (flags < 0 ||
	    fcntl(posix->stream, F_SETFL, flags & ~O_NONBLOCK) != 0)
		return 0;
	posix->stream_state = VMC_POSIX_STREAM_BLOCKS;
	posix->recv_most_ms = 0;
	return 1;
}

/* The system's timer stays as it is if it is not late and not far too early:
 * who wakes early waits again. */
static int set_timer(struct vmc_posix *posix, uint64_t left_ms)
{
	struct timeval time;

	if (left_ms > INT_MAX)
		left_ms = INT_MAX;
	if (posix->recv_most_ms <= left_ms && posix->recv_most_ms > left_ms / 2)
		return 1;
	posix->recv_most_ms = (uint32_t)(left_ms - left_ms / 16);
	time.tv_sec = (time_t)(posix->recv_most_ms / 1000);
	time.tv_usec = (suseconds_t)(posix->recv_most_ms % 1000) * 1000;
	return setsockopt(posix->stream, SOL_SOCKET, SO_RCVTIMEO, &time,
			  sizeof(time)) == 0;
}

/* 1 if the recv that follows will wait. If none has followed the last time,
 * there is another port behind the task: poll. */
static int wait_in_recv(const struct vmc_posix_waiter *waiter,
			const struct vmc_task *task, uint64_t now_ms)
{
	struct vmc_posix *posix = waiter->posix;

	if (waiter->signals || posix->stream_state == VMC_POSIX_STREAM_NONE ||
	    task->wait_len != 1 || task->wait[0].handle != posix->stream ||
	    task->wait[0].want != VMC_WAIT_READ || task->until_ms <= now_ms)
		return 0;
	if (posix->stream_state == VMC_POSIX_STREAM_SENT ||
	    posix->recv_blocks) {
		posix->recv_blocks = 0;
		posix->stream_state = VMC_POSIX_STREAM_WAITED;
		return 0;
	}
	posix->recv_blocks = (posix->stream_state == VMC_POSIX_STREAM_BLOCKS ||
			      make_blocking(posix)) &&
			     set_timer(posix, task->until_ms - now_ms);
	return posix->recv_blocks;
}

/*
 * Waiting
 */

/* How many of the list have something, after spinning. */
static int spin_for(struct vmc_posix_waiter *waiter, struct list *list,
		    uint64_t until_ms, uint64_t now_ms)
{
	if (!waiter || list->fds_len == 0)
		return 0;
	return vmc_posix_spin(&waiter->spin, look, list, until_ms, now_ms);
}

static enum vmc_status sleep_for(const struct vmc_posix_waiter *waiter,
				 struct list *list, uint64_t until_ms,
				 uint64_t now_ms)
{
	if (sleep_until(waiter ? waiter->signals : NULL, list->fds,
			list->fds_len, until_ms, now_ms) >= 0)
		return VMC_OK;
	return errno == EINTR ? VMC_AGAIN : VMC_ERR_IO;
}

/* see vmcache_posix.h */
enum vmc_status vmc_posix_wait(struct vmc_posix_waiter *waiter,
			       const struct vmc_task *task, uint64_t now_ms)
{
	struct pollfd fds[VMC_TASK_WAIT_MAX];
	struct list list = { fds, task->wait_len };

	put_fds(fds, task->wait, task->wait_len);
	if (spin_for(waiter, &list, task->until_ms, now_ms) > 0)
		return VMC_OK;
	if (waiter && waiter->posix && wait_in_recv(waiter, task, now_ms))
		return VMC_OK;
	return sleep_for(waiter, &list, task->until_ms, now_ms);
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
	struct list list = { fds, (nfds_t)waits_len };
	enum vmc_status status = VMC_OK;
	size_t i;

	if (waits_len > VMC_SERVER_WAIT_MAX)
		return VMC_ERR_TOO_BIG;
	put_fds(fds, waits, waits_len);
	if (spin_for(waiter, &list, until_ms, now_ms) == 0)
		status = sleep_for(waiter, &list, until_ms, now_ms);
	for (i = 0; i < waits_len; i++)
		waits[i].got = status ? 0 : got_of(fds[i].revents);
	return status;
}
