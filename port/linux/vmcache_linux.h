/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Linux: a loop over epoll, and what only Linux can tell of processes.
 *
 *	struct vmc_linux_loop loop;
 *
 *	status = vmc_linux_loop_init(&loop, &error);
 *	posix.peer = vmc_linux_peer;
 *	posix.wake = vmc_linux_wake;
 *	posix.wake_ctx = &loop;
 *	… vmc_pool_init, vmc_server_init …
 *	while (!vmc_server_stopped(&server)) {
 *		status = vmc_linux_step(&loop, &server);
 *		if (a signal has come)
 *			vmc_server_stop(&server, "SIGTERM", vmc_posix_now_ms());
 *		while (vmc_server_next_event(&server, &event) == VMC_OK)
 *			log it;
 *	}
 */
#ifndef VMCACHE_LINUX_H
#define VMCACHE_LINUX_H

#include "vmcache/server.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A loop for one server. It keeps the server's handles registered with
 * epoll, so that a step costs one system call however many there are.
 * Private.
 */
struct vmc_linux_loop {
	int epoll;
	int event; /* an eventfd: somebody woke us */
	uint32_t round;
	struct {
		vmc_handle handle;
		uint32_t key;
		uint32_t round; /* when it was last wanted; 0: not known */
		uint16_t want;
	} known[VMC_SERVER_WAIT_MAX];
	struct vmc_wait waits[VMC_SERVER_WAIT_MAX];
};

/* VMC_ERR_IO: out of descriptors, say. */
enum vmc_status vmc_linux_loop_init(struct vmc_linux_loop *loop,
				    struct vmc_error *error) VMC_CHECKED;
void vmc_linux_loop_close(struct vmc_linux_loop *loop);

/*
 * Waits for what the server waits for, or a timer, or a wake-up, or a
 * signal that is caught, then steps the server once.
 *
 * VMC_ERR_IO: epoll refuses a handle, which is a defect of whose it is.
 */
enum vmc_status vmc_linux_step(struct vmc_linux_loop *loop,
			       struct vmc_server *server) VMC_CHECKED;

/* Makes the step under way, or the next one, return at once. From any
 * thread or signal handler. `loop` is a struct vmc_linux_loop. */
void vmc_linux_wake(void *loop);

/* Who is at the other end of a connected AF_UNIX socket: SO_PEERCRED. */
void vmc_linux_peer(int fd, struct vmc_peer *peer);

/* When a process began, in clock ticks since boot: field 22 of
 * /proc/PID/stat (proc(5)). 0 if there is none. */
uint64_t vmc_linux_start_time(int64_t pid);

/* CPUs that this process may run on, at least 1. */
unsigned vmc_linux_cpus(void);

#ifdef __cplusplus
}
#endif

#endif
