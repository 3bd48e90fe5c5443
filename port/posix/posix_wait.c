/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting with poll. */
#include "vmcache_posix.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>

static short events_of(unsigned want)
{
	short events = 0;

	if (want & VMC_WAIT_READ)
		events |= POLLIN;
	if (want & VMC_WAIT_WRITE)
		events |= POLLOUT;
#ifdef POLLRDHUP
	if (want & VMC_WAIT_RDHUP)
		events |= POLLRDHUP;
#endif
	return events;
}

static uint16_t got_of(short events)
{
	unsigned got = 0;

	if (events & POLLIN)
		got |= VMC_WAIT_READ;
	if (events & POLLOUT)
		got |= VMC_WAIT_WRITE;
#ifdef POLLRDHUP
	if (events & POLLRDHUP)
		got |= VMC_WAIT_RDHUP;
#endif
	if (events & (POLLHUP | POLLERR | POLLNVAL))
		got |= VMC_WAIT_HUP;
	return (uint16_t)got;
}

/* Rounded up: to wake too early would mean to ask again at once. */
static int timeout_ms(uint64_t until_ms)
{
	uint64_t now_ms = vmc_posix_now_ms();

	if (until_ms == VMC_NEVER)
		return -1;
	if (until_ms <= now_ms)
		return 0;
	if (until_ms - now_ms > INT_MAX)
		return INT_MAX;
	return (int)(until_ms - now_ms);
}

static enum vmc_status poll_once(struct vmc_wait *waits, size_t waits_len,
				 int timeout)
{
	struct pollfd fds[VMC_POSIX_POLL_MAX];
	size_t i;

	if (waits_len > VMC_POSIX_POLL_MAX)
		return VMC_ERR_TOO_BIG;
	for (i = 0; i < waits_len; i++) {
		fds[i].fd = (int)waits[i].handle;
		fds[i].events = events_of(waits[i].want);
		fds[i].revents = 0;
	}
	if (poll(fds, (nfds_t)waits_len, timeout) < 0 && errno != EINTR)
		return VMC_ERR_IO;
	for (i = 0; i < waits_len; i++)
		waits[i].got = got_of(fds[i].revents);
	return VMC_OK;
}

/* see vmcache_posix.h */
enum vmc_status vmc_posix_poll(struct vmc_wait *waits, size_t waits_len,
			       uint64_t until_ms)
{
	return poll_once(waits, waits_len, timeout_ms(until_ms));
}

static int any_got(const struct vmc_task *task)
{
	unsigned i;

	for (i = 0; i < task->wait_len; i++)
		if (task->wait[i].got)
			return 1;
	return 0;
}

/* see vmcache_posix.h */
void vmc_posix_wait(struct vmc_task *task, unsigned spin_us)
{
	uint64_t end_us = spin_us ? vmc_posix_now_us() + spin_us : 0;
	enum vmc_status status;

	while (end_us && task->wait_len) {
		status = poll_once(task->wait, task->wait_len, 0);
		if (status || any_got(task))
			return;
		if (vmc_posix_now_us() >= end_us)
			break;
	}
	status = poll_once(task->wait, task->wait_len,
			   timeout_ms(task->until_ms));
	if (status) /* out of memory, say: whoever asks again finds out */
		return;
}
