/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Port: streams, as the library needs them from an operating system.
 *
 * A port is a table of functions and a context. `posix` and `linux` are for
 * Unix systems, `sim` is in memory for tests, `null` links everywhere and
 * answers "unsupported": copy it to begin a new one. What each function
 * promises is below; tests/port_check asks a port for it, promise by promise.
 *
 * - Nothing blocks. EINTR is retried inside. SIGPIPE is never raised.
 * - A handle is closed on exec where there is such a thing. Handles are 0 or
 *   more, and say nothing once they are closed.
 * - Amounts may be smaller than asked for, always at least 1 with VMC_OK, and
 *   are not written otherwise.
 * - `error` may be NULL; its text names the endpoint.
 * - One port is used by one thread at a time, `wake` excepted.
 */
#ifndef VMCACHE_PORT_H
#define VMCACHE_PORT_H

#include "task.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Who is at the other end, from the system and not from the wire. */
struct vmc_peer {
	uint8_t known; /* 0: the port cannot tell; the rest is then 0 */
	int64_t pid;
	uint32_t uid, gid;
};

/* Bytes are gathered from at most this many views in one send. */
#define VMC_PARTS_MAX 7

/* Handles that travel with one recv or send. */
#define VMC_HANDLES_MAX 4

/* Handles that come with bytes, or go with them. */
struct vmc_handles {
	vmc_handle handle[VMC_HANDLES_MAX];
	uint32_t handle_len;
};

struct vmc_port_ops {
	const char *name;

	/*
	 * Opens the endpoint: creates its directory if absent (0755, as Kata
	 * does) and a socket that only its owner may connect to (0600 before
	 * anybody can). A socket that no server listens on is taken over.
	 *
	 * VMC_ERR_IN_USE:     a server lives there; the text has its pid.
	 * VMC_ERR_TOO_BIG:    the path is too long; the text has the limit.
	 * VMC_ERR_PERMISSION: directory not writable, or not ours.
	 * VMC_ERR_IO:         what else the system says; the text has it.
	 */
	enum vmc_status (*listen)(void *ctx, const char *endpoint,
				  vmc_handle *listener,
				  struct vmc_error *error);

	/* Closes it, and removes the path if it is still the one made. Streams
	 * that were accepted stay; who was not yet finds the end. */
	void (*unlisten)(void *ctx, const char *endpoint, vmc_handle listener);

	/*
	 * Takes who has waited longest. One that has gone meanwhile may be
	 * left out, or is a stream that is read to its end. `peer` is filled;
	 * all zero where the system does not tell.
	 *
	 * VMC_AGAIN: nobody there (or gone again). VMC_ERR_FULL: the system
	 * has no descriptor left; the caller waits before it tries again.
	 * VMC_ERR_IO: what else; the same.
	 */
	enum vmc_status (*accept)(void *ctx, vmc_handle listener,
				  vmc_handle *stream, struct vmc_peer *peer);

	/*
	 * Connects, or VMC_AGAIN while the listener's backlog is full (try
	 * again in a while: there is no handle to wait on).
	 *
	 * VMC_ERR_NO_SERVER: no socket there, or nobody listens on it.
	 * VMC_ERR_TOO_BIG, VMC_ERR_PERMISSION, VMC_ERR_IO.
	 */
	enum vmc_status (*connect)(void *ctx, const char *endpoint,
				   vmc_handle *stream, struct vmc_error *error);

	/*
	 * Receives 1..cap bytes, what is left stays. VMC_AGAIN; VMC_CLOSED
	 * once all is read and the peer has ended its side, each time that it
	 * is asked; VMC_ERR_LOST when the connection is broken, also by a
	 * peer that closed it and left bytes unread. Handles that came along
	 * are added to `handles` (handle_len is 0 at first), or are closed if
	 * that is NULL or has no room.
	 */
	enum vmc_status (*recv)(void *ctx, vmc_handle stream, uint8_t *buf,
				size_t cap, size_t *len,
				struct vmc_handles *handles);

	/*
	 * Sends the parts in one go, as far as they are taken: 1 byte at
	 * least, or VMC_AGAIN. Parts may be empty, not all of them. `handles`
	 * (may be NULL) travel with the first byte and stay the caller's.
	 * VMC_ERR_LOST: nobody will read. VMC_ERR_UNSUPPORTED: there are
	 * handles, and here they do not travel; nothing was sent.
	 */
	enum vmc_status (*send)(void *ctx, vmc_handle stream,
				const struct vmc_view *parts, size_t parts_len,
				const struct vmc_handles *handles, size_t *len);

	/* Ends our side of the stream; the peer reads to the end, and can
	 * still be heard. */
	void (*shutdown)(void *ctx, vmc_handle stream);

	/* Of a stream, from either side. What was sent can still be read. */
	void (*close)(void *ctx, vmc_handle handle);

	/*
	 * Makes the wait that is under way in this port's loop, or the next
	 * one, return at once. The only function that may be called from a
	 * signal handler or another thread. NULL if the port has no loop.
	 */
	void (*wake)(void *ctx);
};

/* A port with its context. Copied freely. */
struct vmc_port {
	const struct vmc_port_ops *ops;
	void *ctx;
};

#ifdef __cplusplus
}
#endif

#endif
