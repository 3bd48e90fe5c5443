/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Posix: clocks, entropy, AF_UNIX streams, records in files, and waiting by
 * poll(2), for Unix systems. Together they are all that a client needs:
 *
 *	struct vmc_posix_env_state env_state = { 0 };
 *	struct vmc_posix_waiter waiter;
 *	struct vmc_env env = vmc_posix_env(&env_state);
 *	struct vmc_channel_config config = { .port = vmc_posix_port(NULL), … };
 *
 *	vmc_posix_waiter_init(&waiter);
 *	VMC_POSIX_BLOCK(status, &waiter, env, &task,
 *			vmc_cache_fetch_status(&channel, &s, &task,
 *					       env.now_ms(env.ctx)));
 *
 * A server on Linux runs in port/linux's loop; elsewhere collect its waits
 * and give them to vmc_posix_poll.
 *
 * Handles are file descriptors. Nothing here allocates, installs a signal
 * handler or changes the process: umask, working directory, limits.
 */
#ifndef VMCACHE_POSIX_H
#define VMCACHE_POSIX_H

#include "vmcache/env.h"
#include "vmcache/port.h"
#include "vmcache/server.h"
#include "vmcache/store.h"

#include <signal.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Clocks and entropy
 */

/* Entropy of at most so many bytes comes from a store of as many as
 * getrandom(2) gives in one piece. */
#define VMC_POSIX_STORED_MAX 32
#define VMC_POSIX_STORE_SIZE 256

/* Zeroed at first; private. It keeps the clock from going back, and has
 * entropy in store. */
struct vmc_posix_env_state {
	uint64_t last_ms;
	uint32_t stored_len;
	uint8_t stored[VMC_POSIX_STORE_SIZE];
};

/*
 * now_ms:  CLOCK_MONOTONIC, which on Linux does not count time asleep.
 * wall:    CLOCK_REALTIME.
 * entropy: getrandom(2), or /dev/urandom on a kernel without it. Blocks
 *          only while the machine's own pool has never been filled, right
 *          after power-on; then it fails instead (VMC_ERR_IO). As little as
 *          a VM's id takes (up to VMC_POSIX_STORED_MAX bytes) is had for
 *          several at a time, kept in `state`, and wiped there when it is
 *          given; what is longer, a guest's seed, say, is not kept.
 *
 * `state` lives as long as the environment is used, by one thread. A process
 * that forks must not use it on both sides: they would give the same ids.
 */
struct vmc_env vmc_posix_env(struct vmc_posix_env_state *state);

/*
 * Streams
 */

/* An endpoint's path with its NUL: what sun_path holds on Linux. */
#define VMC_POSIX_ENDPOINT_SIZE 108

/* Zeroed at first; private. Of the endpoint that a port has opened: which
 * file its socket is, so that no other is ever removed. */
struct vmc_posix {
	uint64_t device, inode;
	uint8_t listening;
};

/*
 * AF_UNIX stream sockets, as vmcache/port.h says. `posix` is for one
 * endpoint at a time (a second listen is refused with VMC_ERR_BUSY) and
 * lives as long as the port; a port that never listens needs none (NULL).
 *
 * listen. Makes the directory and its parents. What is at the path already
 *   is taken over only if it is a socket of our own user that refuses
 *   connections. Servers that start at the same time on one path meet at a
 *   lock (flock(2) of PATH.lock, which exists only that long): one of them
 *   gets the endpoint, the others VMC_ERR_IN_USE.
 * accept. `peer` is what the system recorded when it connected
 *   (SO_PEERCRED).
 * connect. Besides a path it takes addresses as guests' agents have them:
 *   unix:PATH and unix://PATH, unix:@NAME for one in the abstract namespace,
 *   vsock://CID:PORT. A vsock's connection may still be under way when it is
 *   there; sending waits for it.
 * recv, send. A stream that was given (struct vmc_channel_config) need not
 *   be non-blocking; it is used as if it were.
 * wake. NULL: there is no loop in here.
 */
struct vmc_port vmc_posix_port(struct vmc_posix *posix);

extern const struct vmc_port_ops vmc_posix_port_ops;

/* The functions of that table, for ports that change some of them; `ctx` is
 * a struct vmc_posix. */
enum vmc_status vmc_posix_listen(void *ctx, const char *endpoint,
				 vmc_handle *listener,
				 struct vmc_error *error) VMC_CHECKED;
void vmc_posix_unlisten(void *ctx, const char *endpoint, vmc_handle listener);
enum vmc_status vmc_posix_accept(void *ctx, vmc_handle listener,
				 vmc_handle *stream,
				 struct vmc_peer *peer) VMC_CHECKED;
enum vmc_status vmc_posix_connect(void *ctx, const char *endpoint,
				  vmc_handle *stream,
				  struct vmc_error *error) VMC_CHECKED;
enum vmc_status vmc_posix_recv(void *ctx, vmc_handle stream, uint8_t *buf,
			       size_t cap, size_t *len,
			       struct vmc_handles *handles) VMC_CHECKED;
enum vmc_status vmc_posix_send(void *ctx, vmc_handle stream,
			       const struct vmc_view *parts, size_t parts_len,
			       const struct vmc_handles *handles,
			       size_t *len) VMC_CHECKED;
void vmc_posix_shutdown(void *ctx, vmc_handle stream);
void vmc_posix_close(void *ctx, vmc_handle handle);

/*
 * Waiting
 */

/*
 * Spinning: looking for a while before going to sleep. It costs so much
 * processor time at most per wait, and saves the wake-up of an idle processor,
 * which takes longer than a whole call: on a machine with nothing else to do
 * a call between two sides that spin takes a half to a tenth of the time, the
 * less the slower the processors wake.
 * It pays only if the peer runs meanwhile: with one processor it is off, and
 * each time that it was in vain it is left out for longer, up to 63 waits. Who
 * waits for nothing but sleeps on, so what is idle costs nothing.
 */
struct vmc_posix_spin {
	uint32_t us; /* 0..VMC_POSIX_SPIN_MAX_US; 0: sleep at once */

	/* Private. */
	uint32_t misses; /* in a row */
	uint32_t skip;   /* waits until it is tried again */
};

#define VMC_POSIX_SPIN_MAX_US 1000

/* For so long, or 0 if this thread may use one processor only. */
void vmc_posix_spin_init(struct vmc_posix_spin *spin, uint32_t us);

/*
 * For those who wait by other means: calls `look` until it does not return 0
 * or the time is over, and answers what it returned last; not at all if it is
 * not worth while or a timer would be late (VMC_NEVER: there is none): 0.
 */
int vmc_posix_spin(struct vmc_posix_spin *spin, int (*look)(void *ctx),
		   void *ctx, uint64_t until_ms, uint64_t now_ms);

/* How long a waiter spins by default, in microseconds. 0..1000. */
#ifndef VMC_POSIX_SPIN_US
#define VMC_POSIX_SPIN_US 50
#endif

#if VMC_POSIX_SPIN_US < 0 || VMC_POSIX_SPIN_US > VMC_POSIX_SPIN_MAX_US
#error "VMC_POSIX_SPIN_US must be 0..1000 us"
#endif

struct vmc_posix_waiter {
	/* For the caller to set, at any time. */
	struct vmc_posix_spin spin; /* init: for VMC_POSIX_SPIN_US */
	const sigset_t *signals;    /* the signal mask while it sleeps: signals
				  * that are blocked otherwise can come there
				  * and nowhere else. NULL: leave it as it is */
	const volatile sig_atomic_t *stop; /* a handler sets it to end what
					    * blocks. NULL: nothing does */
};

void vmc_posix_waiter_init(struct vmc_posix_waiter *waiter);

/*
 * Blocks until one of the task's handles has something or it is due. `now_ms`
 * is the time that its operation was given. `got` of its waits is left
 * alone: operations look for themselves (task.h).
 *
 * VMC_OK:     call the operation again.
 * VMC_AGAIN:  a signal was handled; do that too, after looking why.
 * VMC_ERR_IO: the system refuses to wait (errno has it).
 */
enum vmc_status vmc_posix_wait(struct vmc_posix_waiter *waiter,
			       const struct vmc_task *task,
			       uint64_t now_ms) VMC_CHECKED;

/*
 * Blocking, for hosts that do one thing at a time: any operation that takes
 * a task (of an agent, a VM, a factory, a channel) becomes a function that
 * returns when it has ended.
 *
 *	VMC_POSIX_BLOCK(status, &waiter, env, &task,
 *			agent.ops->check(&agent, &task, env.now_ms(env.ctx)));
 *
 * `call` is written as it is called, and evaluated until it does not return
 * VMC_AGAIN; a deadline is the task's. It ends with the operation's status,
 * or, the task cancelled:
 *
 * VMC_ERR_CANCELLED: *waiter->stop is set.
 * VMC_ERR_IO:        the system refuses to wait (errno has it).
 */
#define VMC_POSIX_BLOCK(status, waiter, env, task, call)                       \
	do                                                                     \
		(status) = (call);                                             \
	while (vmc_posix_again((waiter), (env), (task), &(status)))

/*
 * One round of that: blocks if `*status` is VMC_AGAIN, until the task is due
 * or a signal was handled, and answers 1: call the operation again. 0: it has
 * ended, `*status` says how. `waiter` may be NULL: no spinning, no signals.
 */
int vmc_posix_again(struct vmc_posix_waiter *waiter, struct vmc_env env,
		    struct vmc_task *task, enum vmc_status *status);

/*
 * The same as vmc_posix_wait for a list that a pool or a server collected: fills in `got` of
 * all. `waiter` may be NULL: no spinning, no signals.
 *
 * VMC_ERR_TOO_BIG: more than VMC_SERVER_WAIT_MAX waits; and as above.
 */
enum vmc_status vmc_posix_poll(struct vmc_posix_waiter *waiter,
			       struct vmc_wait *waits, size_t waits_len,
			       uint64_t until_ms, uint64_t now_ms) VMC_CHECKED;

/*
 * Records
 */

/* Private. */
struct vmc_posix_store {
	int directory;
};

/*
 * Opens a directory for a pool's records; makes it, with its parents, if it
 * is absent (0700). One pool has it at a time.
 *
 * Each record is a file, SLOT.record. It is written under another name
 * (`draft`) and renamed, so that whoever is killed at any moment leaves the
 * old record or the new one. Nothing is synced: a record need not outlive
 * the machine.
 *
 * VMC_ERR_PERMISSION: not ours, open to others, or not writable.
 * VMC_ERR_IN_USE:     another pool has it.
 * VMC_ERR_IO:         what else the system says. `error` (may be NULL) has
 *                     the path and the reason.
 */
enum vmc_status vmc_posix_store_open(struct vmc_posix_store *store,
				     const char *directory,
				     struct vmc_error *error) VMC_CHECKED;

/* Lets go of the directory. What is on record stays. */
void vmc_posix_store_close(struct vmc_posix_store *store);

/*
 * Removes the directory as well if nothing is on record in it; close it
 * afterwards. `directory` is as it was opened.
 */
void vmc_posix_store_remove(struct vmc_posix_store *store,
			    const char *directory);

/*
 * It as vmcache/store.h wants it. start_time is 0 here; port/linux has one
 * that knows it.
 */
struct vmc_store vmc_posix_store(struct vmc_posix_store *store);

extern const struct vmc_store_ops vmc_posix_store_ops;

/* The functions of that table; `ctx` is a struct vmc_posix_store. */
enum vmc_status vmc_posix_store_write(void *ctx, uint32_t slot,
				      const uint8_t *bytes,
				      size_t bytes_len) VMC_CHECKED;
enum vmc_status vmc_posix_store_next(void *ctx, uint32_t *cursor,
				     uint32_t *slot, uint8_t *out,
				     size_t *out_len) VMC_CHECKED;
void vmc_posix_store_erase(void *ctx, uint32_t slot);

/*
 * Makes the directory `path` with that mode, and its parents with 0755.
 * VMC_OK if it is there already.
 *
 * VMC_ERR_PERMISSION, VMC_ERR_NOT_FOUND, VMC_ERR_TOO_BIG, VMC_ERR_IO: `error`
 * (may be NULL) has the path and the reason.
 */
enum vmc_status vmc_posix_make_directory(const char *path, unsigned mode,
					 struct vmc_error *error) VMC_CHECKED;

#ifdef __cplusplus
}
#endif

#endif
