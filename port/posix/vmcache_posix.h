/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Posix: streams over AF_UNIX, clocks, entropy, records in files, and
 * waiting with poll, for any Unix system.
 *
 *	struct vmc_posix posix = { 0 };
 *	struct vmc_port port = { &vmc_posix_port_ops, &posix };
 *	struct vmc_env env = vmc_posix_env();
 *
 * What only Linux can tell (who is at the other end, when a process began)
 * comes from port/linux through the members that are named so below.
 */
#ifndef VMCACHE_POSIX_H
#define VMCACHE_POSIX_H

#include "vmcache/env.h"
#include "vmcache/port.h"
#include "vmcache/store.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Clocks and entropy. now_ms is CLOCK_MONOTONIC, which does not count time
 * asleep. Entropy comes from /dev/urandom, opened for each request.
 */
struct vmc_env vmc_posix_env(void);

/*
 * A port's context: of one endpoint that it listens on, and of any number
 * of connections. Zeroed is valid.
 */
struct vmc_posix {
	/* Fills `peer` for a connected socket, or leaves it zeroed. NULL:
	 * nobody is known. vmc_linux_peer is one. */
	void (*peer)(int fd, struct vmc_peer *peer);
	/* Makes the host's loop return; ctx of the port's wake. NULL: no
	 * loop. vmc_linux_wake is one. */
	void (*wake)(void *wake_ctx);
	void *wake_ctx;

	/* Private: the socket file that listen made. */
	uint64_t device, inode;
};

/* The longest path of an endpoint, in bytes without its NUL (sun_path). */
#define VMC_POSIX_ENDPOINT_MAX 107

/*
 * The functions of vmcache/port.h over AF_UNIX streams.
 *
 * listen: the directory and its parents are made if absent (0755). Servers
 *   that start on one endpoint at the same time take turns by a lock on the
 *   directory; a socket that nobody listens on is removed meanwhile. The
 *   socket is 0600 before it listens, so that nobody else can ever connect.
 *   Something else than a socket is left alone: VMC_ERR_IN_USE.
 */
extern const struct vmc_port_ops vmc_posix_port_ops;

/*
 * Records as files of one directory, SLOT.record each, written whole under
 * another name and renamed. Not synced to disk: VMs do not outlive a crash
 * of the machine either.
 */
struct vmc_posix_store {
	/* When the process `pid` began; NULL: always 0. vmc_linux_start_time
	 * is one. */
	uint64_t (*start_time)(int64_t pid);

	int directory; /* private: its descriptor */
};

/*
 * Opens the directory, making it and its parents if absent (0700). `store`
 * has been set up but for `directory`. vmc_posix_store_close lets go of it;
 * records stay.
 *
 * VMC_ERR_PERMISSION, VMC_ERR_IO, VMC_ERR_TOO_BIG: `error` has the path.
 */
enum vmc_status vmc_posix_store_open(struct vmc_posix_store *store,
				     const char *path,
				     struct vmc_error *error) VMC_CHECKED;
void vmc_posix_store_close(struct vmc_posix_store *store);

/* Also removes the directory, if nothing is in it. */
void vmc_posix_store_remove(struct vmc_posix_store *store, const char *path);

extern const struct vmc_store_ops vmc_posix_store_ops;

/*
 * Makes the directory `path` with that mode, and its parents with 0755.
 * VMC_OK if it is there already.
 *
 * VMC_ERR_PERMISSION, VMC_ERR_IO, VMC_ERR_TOO_BIG: `error` has the path.
 */
enum vmc_status vmc_posix_make_directory(const char *path, unsigned mode,
					 struct vmc_error *error) VMC_CHECKED;

/*
 * Waits until one of the handles is ready or until_ms is reached, and fills
 * `got` of each wait. At most VMC_POSIX_POLL_MAX of them, else
 * VMC_ERR_TOO_BIG. Returns early when a signal is caught.
 */
#define VMC_POSIX_POLL_MAX 512
enum vmc_status vmc_posix_poll(struct vmc_wait *waits, size_t waits_len,
			       uint64_t until_ms) VMC_CHECKED;

/*
 * Waits for what a task waits for. A blocking call is
 *
 *	while ((status = op(…, &task, vmc_posix_now_ms())) == VMC_AGAIN)
 *		vmc_posix_wait(&task, spin_us);
 *
 * For up to `spin_us` microseconds it looks without sleeping: while the
 * other side answers on another core within that time, no wake-up has to be
 * paid for, which on an idle machine costs ten times the call itself. 0
 * when there is one core only; VMC_POSIX_SPIN_US is a good value else.
 */
#define VMC_POSIX_SPIN_US 50
void vmc_posix_wait(struct vmc_task *task, unsigned spin_us);

/* The clock of vmc_posix_env, and a finer one for measuring. */
uint64_t vmc_posix_now_ms(void);
uint64_t vmc_posix_now_us(void);

#ifdef __cplusplus
}
#endif

#endif
