/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A loop over epoll(7), level triggered (see vmcache_linux.h).
 *
 * Invariant: entry[i] is what epoll watches on behalf of the wait whose key
 * has index i. A handle that was closed epoll has forgotten by itself, and
 * its number may be another's by now; a new key says so. So whatever is not
 * in the list any more is taken out before anything is put in: later it
 * could be the number of a newcomer.
 */
#include "vmcache_linux.h"

#include "../../src/base/options.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* What epoll gives back for the eventfd; keys have 32 bits. */
#define WAKE UINT64_MAX

/*
 * Opening and waking
 */

static int open_both(struct vmc_linux_loop *loop)
{
	struct epoll_event wake = { .events = EPOLLIN, .data.u64 = WAKE };

	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	loop->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return loop->epoll >= 0 && loop->event >= 0 &&
	       epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->event, &wake) == 0;
}

/* see vmcache_linux.h */
enum vmc_status vmc_linux_loop_init_checked(struct vmc_linux_loop *loop,
					    struct vmc_error *error,
					    size_t loop_size, unsigned options)
{
	enum vmc_status status =
		vmc_options_check(error, loop_size, options, sizeof(*loop));
	size_t i;

	if (status)
		return status;
	loop->posix.listening = 0;
	vmc_posix_spin_init(&loop->spin, 0);
	loop->mark = 0;
	for (i = 0; i < VMC_SERVER_WAIT_MAX; i++)
		loop->entry[i].handle = -1;
	if (open_both(loop))
		return VMC_OK;
	status = vmc_error_set(error, VMC_ERR_IO, "cannot open an epoll loop",
			       strerror(errno));
	vmc_linux_loop_end(loop);
	return status;
}

/* see vmcache_linux.h */
void vmc_linux_loop_end(struct vmc_linux_loop *loop)
{
	if (loop->epoll >= 0)
		close(loop->epoll);
	if (loop->event >= 0)
		close(loop->event);
	loop->epoll = loop->event = -1;
}

/* see vmcache_linux.h */
vmc_handle vmc_linux_loop_handle(const struct vmc_linux_loop *loop)
{
	return loop->epoll;
}

/* Fails only when it was called 2^64 - 2 times and nobody looked. A signal
 * handler leaves errno as it was. see vmcache_linux.h */
void vmc_linux_loop_wake(struct vmc_linux_loop *loop)
{
	uint64_t one = 1;
	int number = errno;

	while (write(loop->event, &one, sizeof(one)) < 0 && errno == EINTR)
		continue;
	errno = number;
}

static void wake(void *ctx)
{
	vmc_linux_loop_wake(ctx);
}

const struct vmc_port_ops vmc_linux_port_ops = {
	.name = "linux",
	.listen = vmc_posix_listen,
	.unlisten = vmc_posix_unlisten,
	.accept = vmc_posix_accept,
	.connect = vmc_posix_connect,
	.recv = vmc_posix_recv,
	.send = vmc_posix_send,
	.shutdown = vmc_posix_shutdown,
	.close = vmc_posix_close,
	.wake = wake,
};

_Static_assert(offsetof(struct vmc_linux_loop, posix) == 0,
	       "the posix port's functions take the loop as their context");

/* see vmcache_linux.h */
struct vmc_port vmc_linux_port(struct vmc_linux_loop *loop)
{
	struct vmc_port port = { &vmc_linux_port_ops, loop };

	return port;
}

/*
 * Registering
 */

static uint32_t events_of(unsigned want)
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

static int control(struct vmc_linux_loop *loop, int operation,
		   const struct vmc_wait *wait)
{
	struct epoll_event event = { .events = events_of(wait->want),
				     .data.u64 = wait->key };

	return epoll_ctl(loop->epoll, operation, (int)wait->handle, &event);
}

static int is_of(const struct vmc_linux_entry *entry,
		 const struct vmc_wait *wait)
{
	return entry->handle == wait->handle && entry->key == wait->key;
}

/* Marks what stays as it is or only wants something else. */
static enum vmc_status mark(struct vmc_linux_loop *loop,
			    const struct vmc_wait *waits, size_t waits_len)
{
	size_t i;

	loop->mark++;
	for (i = 0; i < waits_len; i++) {
		uint32_t index = VMC_WAIT_INDEX(waits[i].key);

		if (index >= VMC_SERVER_WAIT_MAX)
			return VMC_ERR_TOO_BIG;
		if (is_of(&loop->entry[index], &waits[i]))
			loop->entry[index].mark = loop->mark;
	}
	return VMC_OK;
}

/* What was closed meanwhile is not there any more: that is no failure. */
static void remove_unmarked(struct vmc_linux_loop *loop)
{
	struct vmc_linux_entry *entry;
	size_t i;

	for (i = 0; i < VMC_SERVER_WAIT_MAX; i++) {
		entry = &loop->entry[i];
		if (entry->handle < 0 || entry->mark == loop->mark)
			continue;
		epoll_ctl(loop->epoll, EPOLL_CTL_DEL, entry->handle, NULL);
		entry->handle = -1;
	}
}

/* 0, or -1 with errno. */
static int put(struct vmc_linux_loop *loop, const struct vmc_wait *wait)
{
	struct vmc_linux_entry *entry = &loop->entry[VMC_WAIT_INDEX(wait->key)];
	int known = is_of(entry, wait);

	if (known && entry->want == wait->want)
		return 0;
	if (control(loop, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, wait) != 0)
		return -1;
	entry->handle = (int32_t)wait->handle;
	entry->key = wait->key;
	entry->want = wait->want;
	entry->mark = loop->mark;
	return 0;
}

/* see vmcache_linux.h */
enum vmc_status vmc_linux_loop_register(struct vmc_linux_loop *loop,
					const struct vmc_wait *waits,
					size_t waits_len,
					struct vmc_error *error)
{
	enum vmc_status status = mark(loop, waits, waits_len);
	size_t i;

	if (status)
		return vmc_error_set(error, status,
				     "a wait's key is out of range", NULL);
	remove_unmarked(loop);
	for (i = 0; i < waits_len; i++)
		if (put(loop, &waits[i]) != 0)
			return vmc_error_set(error, VMC_ERR_IO,
					     "cannot wait for a handle",
					     strerror(errno));
	return VMC_OK;
}

/*
 * Waiting
 */

static int timeout(uint64_t until_ms, uint64_t now_ms)
{
	if (until_ms == VMC_NEVER)
		return -1;
	if (until_ms <= now_ms)
		return 0;
	return until_ms - now_ms > INT_MAX ? INT_MAX : (int)(until_ms - now_ms);
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

/* 1 if it is of something that is registered now. */
static int take(struct vmc_linux_loop *loop, const struct epoll_event *event,
		struct vmc_wait *out)
{
	uint32_t key = (uint32_t)event->data.u64;
	const struct vmc_linux_entry *entry;
	uint64_t count;

	if (event->data.u64 == WAKE) {
		while (read(loop->event, &count, sizeof(count)) < 0 &&
		       errno == EINTR)
			continue;
		return 0;
	}
	entry = &loop->entry[VMC_WAIT_INDEX(key)];
	if (entry->handle < 0 || entry->key != key)
		return 0; /* closed, but a child still holds it */
	out->handle = entry->handle;
	out->key = key;
	out->want = entry->want;
	out->got = got_of(event->events);
	return 1;
}

struct look {
	int epoll, max;
	struct epoll_event *events;
};

static int look(void *ctx)
{
	const struct look *at = ctx;
	int events_len = epoll_wait(at->epoll, at->events, at->max, 0);

	return events_len > 0 ? events_len : 0;
}

/* see vmcache_linux.h */
void vmc_linux_loop_wait(struct vmc_linux_loop *loop, struct vmc_wait *out,
			 size_t cap, size_t *out_len, uint64_t until_ms,
			 uint64_t now_ms)
{
	struct epoll_event events[VMC_LINUX_GOT_MAX];
	int max = cap < VMC_LINUX_GOT_MAX ? (int)cap : VMC_LINUX_GOT_MAX;
	struct look at = { loop->epoll, max, events };
	int events_len =
		vmc_posix_spin(&loop->spin, look, &at, until_ms, now_ms);
	size_t len = 0;
	int i;

	if (events_len == 0)
		events_len = epoll_wait(loop->epoll, events, max,
					timeout(until_ms, now_ms));
	for (i = 0; i < events_len; i++)
		len += (size_t)take(loop, &events[i], &out[len]);
	*out_len = len;
}

/*
 * A server
 */

static enum vmc_status collect(struct vmc_linux_loop *loop,
			       struct vmc_server *server,
			       struct vmc_error *error)
{
	enum vmc_status status;
	uint64_t until_ms;
	size_t len;

	if (!vmc_server_waits_changed(server))
		return VMC_OK;
	status = vmc_server_waits(server, loop->waits, VMC_SERVER_WAIT_MAX,
				  &len, &until_ms);
	if (status)
		return vmc_error_set(error, status, "a server's waits", NULL);
	return vmc_linux_loop_register(loop, loop->waits, len, error);
}

/* see vmcache_linux.h */
enum vmc_status vmc_linux_turn(struct vmc_linux_loop *loop,
			       struct vmc_server *server, struct vmc_env env,
			       uint64_t until_ms,
			       const struct vmc_linux_host *host,
			       struct vmc_error *error)
{
	enum vmc_status status = collect(loop, server, error);
	uint64_t due_ms = vmc_server_until(server);
	struct vmc_wait got[VMC_LINUX_GOT_MAX];
	uint64_t now_ms = 0;
	size_t got_len;

	if (status)
		return status;
	if (due_ms > until_ms)
		due_ms = until_ms;
	if (due_ms != VMC_NEVER)
		now_ms = env.now_ms(env.ctx);
	vmc_linux_loop_wait(loop, got, VMC_LINUX_GOT_MAX, &got_len, due_ms,
			    now_ms);
	now_ms = env.now_ms(env.ctx);
	if (host && host->turn)
		host->turn(host->ctx, server, now_ms);
	vmc_server_step(server, got, got_len, now_ms);
	return VMC_OK;
}

static void hear(struct vmc_server *server, const struct vmc_linux_host *host)
{
	struct vmc_event event;

	if (!host || !host->event)
		return;
	while (vmc_server_next_event(server, &event) == VMC_OK)
		host->event(host->ctx, &event);
}

/* see vmcache_linux.h */
enum vmc_status vmc_linux_run(struct vmc_linux_loop *loop,
			      struct vmc_server *server, struct vmc_env env,
			      const struct vmc_linux_host *host,
			      struct vmc_error *error)
{
	enum vmc_status status = VMC_OK;

	hear(server, host);
	while (status == VMC_OK && !vmc_server_stopped(server)) {
		status = vmc_linux_turn(loop, server, env, VMC_NEVER, host,
					error);
		hear(server, host);
	}
	return status;
}
