/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A loop over epoll, level triggered. loop->known[i] is the wait of index i
 * that is registered; its key is what epoll gives back. A handle with a new
 * key is registered anew even if its number is the old one: the old one was
 * closed, and the system forgot it then.
 */
#include "vmcache_linux.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define BATCH_MAX 64
#define WAKE_KEY UINT64_MAX

/* see vmcache_linux.h */
enum vmc_status vmc_linux_loop_init(struct vmc_linux_loop *loop,
				    struct vmc_error *error)
{
	struct epoll_event wake = { .events = EPOLLIN };

	memset(loop, 0, offsetof(struct vmc_linux_loop, waits));
	wake.data.u64 = WAKE_KEY;
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	loop->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (loop->epoll >= 0 && loop->event >= 0 &&
	    epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->event, &wake) == 0)
		return VMC_OK;
	vmc_linux_loop_close(loop);
	return vmc_error_set(error, VMC_ERR_IO, "cannot make an epoll loop",
			     strerror(errno));
}

/* see vmcache_linux.h */
void vmc_linux_loop_close(struct vmc_linux_loop *loop)
{
	if (loop->epoll >= 0)
		close(loop->epoll);
	if (loop->event >= 0)
		close(loop->event);
	loop->epoll = loop->event = -1;
}

/* see vmcache_linux.h */
void vmc_linux_wake(void *ctx)
{
	const struct vmc_linux_loop *loop = ctx;
	uint64_t one = 1;
	int number = errno;

	/* It can only fail when it is at its limit: awake already. */
	while (write(loop->event, &one, sizeof(one)) < 0 && errno == EINTR)
		continue;
	errno = number;
}

/*
 * Registering
 */

static uint32_t epoll_events(unsigned want)
{
	uint32_t events = 0;

	if (want & VMC_WAIT_READ)
		events |= EPOLLIN;
	if (want & VMC_WAIT_WRITE)
		events |= EPOLLOUT;
	if (want & VMC_WAIT_RDHUP)
		events |= EPOLLRDHUP;
	return events;
}

static uint16_t got_of(uint32_t events)
{
	unsigned got = 0;

	if (events & EPOLLIN)
		got |= VMC_WAIT_READ;
	if (events & EPOLLOUT)
		got |= VMC_WAIT_WRITE;
	if (events & EPOLLRDHUP)
		got |= VMC_WAIT_RDHUP;
	if (events & (EPOLLHUP | EPOLLERR))
		got |= VMC_WAIT_HUP;
	return (uint16_t)got;
}

static int control(struct vmc_linux_loop *loop, int operation,
		   const struct vmc_wait *wait)
{
	struct epoll_event event = { .events = epoll_events(wait->want) };

	event.data.u64 = wait->key;
	return epoll_ctl(loop->epoll, operation, (int)wait->handle, &event);
}

/* What was closed is gone already, and its number may be another's. */
static void forget(struct vmc_linux_loop *loop, uint32_t index)
{
	if (loop->known[index].round)
		epoll_ctl(loop->epoll, EPOLL_CTL_DEL,
			  (int)loop->known[index].handle, NULL);
	loop->known[index].round = 0;
}

static int learn(struct vmc_linux_loop *loop, const struct vmc_wait *wait)
{
	uint32_t index = VMC_WAIT_INDEX(wait->key);
	int failed = 0;

	if (loop->known[index].round == 0 ||
	    loop->known[index].key != wait->key ||
	    loop->known[index].handle != wait->handle) {
		forget(loop, index);
		failed = control(loop, EPOLL_CTL_ADD, wait);
	} else if (loop->known[index].want != wait->want) {
		failed = control(loop, EPOLL_CTL_MOD, wait);
	}
	loop->known[index].handle = wait->handle;
	loop->known[index].key = wait->key;
	loop->known[index].want = wait->want;
	loop->known[index].round = failed ? 0 : loop->round;
	return failed;
}

static enum vmc_status register_all(struct vmc_linux_loop *loop,
				    struct vmc_server *server)
{
	uint64_t until_ms;
	size_t waits_len, i;
	enum vmc_status status =
		vmc_server_waits(server, loop->waits, VMC_SERVER_WAIT_MAX,
				 &waits_len, &until_ms);

	if (status)
		return status;
	if (++loop->round == 0)
		loop->round = 1;
	/* First what ends: a number that another wait uses now must be free
	 * before that one is registered. */
	for (i = 0; i < waits_len; i++) {
		uint32_t index = VMC_WAIT_INDEX(loop->waits[i].key);

		if (loop->known[index].round &&
		    loop->known[index].key == loop->waits[i].key)
			loop->known[index].round = loop->round;
	}
	for (i = 0; i < VMC_SERVER_WAIT_MAX; i++)
		if (loop->known[i].round != loop->round)
			forget(loop, (uint32_t)i);
	for (i = 0; i < waits_len; i++)
		if (learn(loop, &loop->waits[i]))
			return VMC_ERR_IO;
	return VMC_OK;
}

/*
 * Waiting
 */

static int timeout_ms(const struct vmc_server *server)
{
	const struct vmc_env *env = &server->config.env;
	uint64_t until_ms = vmc_server_until(server);
	uint64_t now_ms;

	if (until_ms == VMC_NEVER)
		return -1;
	now_ms = env->now_ms(env->ctx);
	if (until_ms <= now_ms)
		return 0;
	return until_ms - now_ms > INT_MAX ? INT_MAX : (int)(until_ms - now_ms);
}

static void drain_wakes(const struct vmc_linux_loop *loop)
{
	uint64_t count;

	while (read(loop->event, &count, sizeof(count)) < 0 && errno == EINTR)
		continue;
}

/* see vmcache_linux.h */
enum vmc_status vmc_linux_step(struct vmc_linux_loop *loop,
			       struct vmc_server *server)
{
	const struct vmc_env *env = &server->config.env;
	struct epoll_event batch[BATCH_MAX];
	size_t waits_len = 0;
	enum vmc_status status;
	int i, len;

	if (vmc_server_waits_changed(server)) {
		status = register_all(loop, server);
		if (status)
			return status;
	}
	len = epoll_wait(loop->epoll, batch, BATCH_MAX, timeout_ms(server));
	for (i = 0; i < len; i++) {
		struct vmc_wait *wait = &loop->waits[waits_len];

		if (batch[i].data.u64 == WAKE_KEY) {
			drain_wakes(loop);
			continue;
		}
		wait->key = (uint32_t)batch[i].data.u64;
		wait->handle = loop->known[VMC_WAIT_INDEX(wait->key)].handle;
		wait->want = loop->known[VMC_WAIT_INDEX(wait->key)].want;
		wait->got = got_of(batch[i].events);
		waits_len++;
	}
	vmc_server_step(server, loop->waits, waits_len, env->now_ms(env->ctx));
	return VMC_OK;
}
