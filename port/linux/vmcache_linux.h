/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Linux: a loop over epoll(7) for a server or a pool, on top of the posix
 * port.
 *
 *	static struct vmc_linux_loop loop;
 *	struct vmc_server_config config = { … };
 *
 *	vmc_linux_loop_init(&loop, &error);
 *	config.port = vmc_linux_port(&loop);
 *	vmc_server_init(&server, &config);
 *	vmc_linux_run(&loop, &server, config.env, &host, &error);
 *	vmc_linux_loop_end(&loop);
 *
 * A host with a loop of its own waits for one handle, vmc_linux_loop_handle,
 * until vmc_server_until; it is readable when there is something to do, and
 * vmc_linux_turn then does it without waiting.
 *
 * A call costs three system calls: one wait, one read, one write; under load
 * a wait serves many. Handles stay registered for as long as they have the
 * same key.
 */
#ifndef VMCACHE_LINUX_H
#define VMCACHE_LINUX_H

#include "vmcache_posix.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What one wait brings at most; more wait for the next turn. 1..1024. RAM:
 * 40 bytes each, on the stack of vmc_linux_turn.
 */
#ifndef VMC_LINUX_GOT_MAX
#define VMC_LINUX_GOT_MAX 32
#endif

#if VMC_LINUX_GOT_MAX < 1 || VMC_LINUX_GOT_MAX > 1024
#error "VMC_LINUX_GOT_MAX must be 1..1024"
#endif

/* Private: what is registered under an index (VMC_WAIT_INDEX of the key). */
struct vmc_linux_entry {
	int32_t handle; /* of the kernel's; -1: nothing */
	uint32_t key;
	uint16_t want;
	uint16_t mark; /* the list that it was last seen in */
};

/* Complete so that it can be placed anywhere; private but for `spin`. */
struct vmc_linux_loop {
	struct vmc_posix posix;

	/*
	 * How long a wait looks before it sleeps: nothing unless the host says
	 * vmc_posix_spin_init(&loop.spin, us) after init. Each call that is
	 * not followed by another one that soon costs so much more processor
	 * time, until it backs off.
	 */
	struct vmc_posix_spin spin;

	int epoll, event;
	uint16_t mark;
	struct vmc_linux_entry entry[VMC_SERVER_WAIT_MAX];
	struct vmc_wait waits[VMC_SERVER_WAIT_MAX]; /* being collected */
};

/*
 * Opens a loop.
 *
 * VMC_ERR_OPTIONS: the application was built with other knobs.
 * VMC_ERR_IO:      no descriptors; `error` (may be NULL) has the reason.
 */
#define vmc_linux_loop_init(loop, error)                                       \
	vmc_linux_loop_init_checked(                                           \
		loop, error, sizeof(struct vmc_linux_loop), VMC_OPTIONS)
enum vmc_status vmc_linux_loop_init_checked(struct vmc_linux_loop *loop,
					    struct vmc_error *error,
					    size_t loop_size,
					    unsigned options) VMC_CHECKED;

/* Closes it; nothing that was registered is closed. */
void vmc_linux_loop_end(struct vmc_linux_loop *loop);

/* The posix port, with `wake` of this loop. For one endpoint at a time. */
struct vmc_port vmc_linux_port(struct vmc_linux_loop *loop);

extern const struct vmc_port_ops vmc_linux_port_ops;

/* What the host of a server adds. Zeroed: nothing. */
struct vmc_linux_host {
	void *ctx;

	/* Takes an event, for a log. */
	void (*event)(void *ctx, const struct vmc_event *event);

	/*
	 * Called after each wait and before the server is stepped: here the
	 * host looks at what its signal handlers left, and may call
	 * vmc_server_stop.
	 */
	void (*turn)(void *ctx, struct vmc_server *server, uint64_t now_ms);
};

/*
 * Serves until the server has stopped.
 *
 * VMC_OK:     it has.
 * VMC_ERR_IO: a handle cannot be waited for; `error` (may be NULL) says
 *             which and why. The server is as it was; stop its VMs.
 */
enum vmc_status vmc_linux_run(struct vmc_linux_loop *loop,
			      struct vmc_server *server, struct vmc_env env,
			      const struct vmc_linux_host *host,
			      struct vmc_error *error) VMC_CHECKED;

/*
 * The parts of it.
 *
 * turn: registers what the server waits for if that has changed, waits until
 *       there is something to do or `until_ms` at the latest (a time that
 *       has passed: does not wait), steps the server. Events stay for the
 *       host to pull. VMC_OK, or VMC_ERR_IO as above.
 */
enum vmc_status vmc_linux_turn(struct vmc_linux_loop *loop,
			       struct vmc_server *server, struct vmc_env env,
			       uint64_t until_ms,
			       const struct vmc_linux_host *host,
			       struct vmc_error *error) VMC_CHECKED;

/* Readable when vmc_linux_turn has something to do. The loop's: it is not
 * the caller's to close. */
vmc_handle vmc_linux_loop_handle(const struct vmc_linux_loop *loop);

/*
 * For a pool without a server, or anything else that has waits with keys.
 *
 * register: makes what is waited for what is in the list. Indexes of keys
 *           are below VMC_SERVER_WAIT_MAX (VMC_ERR_TOO_BIG), a handle is in
 *           it once. Do this before every wait that follows a change.
 * wait:     blocks until something has come, vmc_linux_loop_wake, a signal,
 *           or `until_ms`; fills out[0..out_len), at most `cap`, with those
 *           that have something in `got`. Ready for vmc_pool_step.
 */
enum vmc_status vmc_linux_loop_register(struct vmc_linux_loop *loop,
					const struct vmc_wait *waits,
					size_t waits_len,
					struct vmc_error *error) VMC_CHECKED;
void vmc_linux_loop_wait(struct vmc_linux_loop *loop, struct vmc_wait *out,
			 size_t cap, size_t *out_len, uint64_t until_ms,
			 uint64_t now_ms);

/* Makes the wait that is under way, or the next one, return at once. From
 * any thread or signal handler. */
void vmc_linux_loop_wake(struct vmc_linux_loop *loop);

/*
 * Records
 */

/*
 * Clock ticks from the machine's start to the process's (field 22 of
 * /proc/PID/stat): with the pid, it tells the process from any other since.
 * 0 if there is no such process.
 */
uint64_t vmc_linux_start_time(int64_t pid);

/* The posix store, with start_time. */
struct vmc_store vmc_linux_store(struct vmc_posix_store *store);

extern const struct vmc_store_ops vmc_linux_store_ops;

#ifdef __cplusplus
}
#endif

#endif
