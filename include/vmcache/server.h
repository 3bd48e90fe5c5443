/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Server: cache.CacheService on an endpoint, in front of a pool.
 *
 * It does not run by itself. Its host collects what it waits for, waits,
 * and steps it; a port's run function (vmc_linux_run) is ten lines on top.
 *
 *	while (!vmc_server_stopped(&server)) {
 *		vmc_server_waits(&server, waits, CAP, &len, &until_ms);
 *		poll them until until_ms;
 *		vmc_server_step(&server, waits, len, now_ms);
 *		while (vmc_server_next_event(&server, &event) == VMC_OK)
 *			log it;
 *	}
 *
 * Besides the cache's, it answers grpc.health.v1.Health/Check: SERVING, for
 * the whole ("") and for "cache.CacheService".
 *
 * What a peer meets, in gRPC's codes:
 *	UNIMPLEMENTED       no such service or method
 *	NOT_FOUND           health of a service that is not here
 *	RESOURCE_EXHAUSTED  request over VMC_WINDOW_SIZE; more than
 *	                    VMC_CALL_MAX waiting
 *	DEADLINE_EXCEEDED   no VM before the caller's deadline
 *	PERMISSION_DENIED   Quit by somebody else than the owner or root
 *	UNAVAILABLE         the server is stopping
 */
#ifndef VMCACHE_SERVER_H
#define VMCACHE_SERVER_H

#include "grpc.h"
#include "pool.h"
#include "transport.h"

#ifdef __cplusplus
extern "C" {
#endif

struct vmc_server_config {
	struct vmc_pool *pool; /* prepared; the server steps it */
	struct vmc_port port;
	const char *endpoint;           /* lives as the server */
	struct vmc_cache_config config; /* what Config answers; lives too */
	struct vmc_env env;
	int64_t pid;                /* what Status says of the server */
	struct vmc_grpc_slot *grpc; /* for connections that speak gRPC; they */
	uint32_t grpc_len;          /* live as the server. One more than
	                             * these is closed; 0: each is */
	uint32_t frame_timeout_ms;  /* 0: 10 000. A connection that has
	                             * begun a request, or never did, has so
	                             * long to complete it */
	uint32_t write_timeout_ms;  /* 0: 10 000. A reply that is not read */
	uint32_t owner;             /* uid that may Quit, besides root */
	uint8_t owner_only;         /* 1: the above is enforced */
};

/* Private: a call that waits for a VM. A value, never a pointer. */
struct vmc_server_call {
	uint64_t deadline_ms;
	struct vmc_connection *connection;
	struct vmc_pool_ticket ticket;
	uint32_t stream;
	uint8_t told; /* the log knows that it waits */
};

/* A Status reply at most: the server's pid, and for each VM a pid, vCPUs and
 * MiB, each number with its tag (11 and 25 bytes, rounded up). */
#define VMC_STATUS_SIZE (16 + 28 * VMC_VM_MAX)

/* Private: what holds a reply under way. */
struct vmc_server_reply {
	uint64_t since_ms;
	struct vmc_connection *connection; /* NULL: it is free */
	uint8_t bytes[VMC_STATUS_SIZE];
};

/* A VM on the wire at most: all fields of GrpcVM but `hypervisor`, each with
 * a tag and a length or a number (48 in all). */
#define VMC_HANDING_SIZE (48 + VMC_ID_SIZE + VMC_URL_SIZE)

/* Private: a VM being handed over. */
struct vmc_server_handing {
	uint8_t bytes[VMC_HANDING_SIZE];
};

/* Bytes that a connection's engine composes at once: a header of 10, an
 * envelope and an error's text. */
#define VMC_CONNECTION_OUT_SIZE (48 + VMC_ERROR_TEXT_SIZE)

/* Private. At most 1 KiB with the default knobs. */
struct vmc_connection {
	struct vmc_pump pump;       /* no engine until the first byte */
	uint16_t generation;        /* changes whenever it is another's */
	uint16_t want;              /* what it waits for */
	uint8_t started;            /* somebody may know the VM in `slot` */
	uint8_t ended;              /* the peer sends no more */
	uint8_t gone;               /* nor does it read */
	struct vmc_grpc_slot *grpc; /* that it holds, or NULL */
	uint64_t frame_until_ms;    /* the request under way is complete by */
	uint64_t write_until_ms;    /* the reply under way is read by */
	struct vmc_server_reply *reply; /* that it holds, or NULL */
	struct vmc_peer peer;
	uint32_t calls;  /* waiting for a VM */
	uint32_t stream; /* of the reply under way, or 0 */
	int32_t slot;    /* of the pool, being delivered; -1 */
	union {
		struct vmc_ttrpc ttrpc;
	} engine;
	uint8_t window[VMC_WINDOW_SIZE];
	uint8_t out[VMC_CONNECTION_OUT_SIZE];
};

/* The Config reply: two fields, each a tag and a length, then its bytes. */
#define VMC_CONFIG_PARTS_MAX 4
#define VMC_CONFIG_HEADS_SIZE 24

/* Complete so that it can be placed anywhere; private. */
struct vmc_server {
	vmc_handle listener;
	uint8_t stopping, stopped, waits_changed;
	uint16_t generation;      /* of the connection that was opened last */
	uint64_t now_ms;          /* of the step under way */
	uint64_t due_ms;          /* no connection or call is due before */
	uint64_t accept_again_ms; /* out of descriptors until */
	uint32_t call_len;
	uint32_t open_len;
	struct vmc_view config_parts[VMC_CONFIG_PARTS_MAX];
	struct vmc_server_config config;
	struct vmc_error error;
	uint8_t config_heads[VMC_CONFIG_HEADS_SIZE];
	/* in use, then the free ones */
	struct vmc_connection *open[VMC_CONNECTION_MAX];
	struct vmc_server_call call[VMC_CALL_MAX]; /* first come first */
	struct vmc_server_reply reply[VMC_REPLY_MAX];
	struct vmc_server_handing handing[VMC_VM_MAX];
	struct vmc_connection connection[VMC_CONNECTION_MAX];
};

/*
 * Opens the endpoint. From here on peers can connect; they are served by
 * vmc_server_step. On failure vmc_server_error says why.
 *
 * VMC_ERR_OPTIONS (of a server that was built otherwise nothing is touched
 * and vmc_server_error is not to be asked), VMC_ERR_ARGUMENT; and what the
 * port's listen returns: VMC_ERR_IN_USE, VMC_ERR_TOO_BIG,
 * VMC_ERR_PERMISSION, VMC_ERR_IO, VMC_ERR_UNSUPPORTED.
 */
#define vmc_server_init(server, config)                                        \
	vmc_server_init_checked(server, config, sizeof(struct vmc_server),     \
				VMC_OPTIONS)
enum vmc_status vmc_server_init_checked(struct vmc_server *server,
					const struct vmc_server_config *config,
					size_t server_size,
					unsigned options) VMC_CHECKED;

/* Handles that a server, with its pool, waits for at most. */
#define VMC_SERVER_WAIT_MAX (1 + VMC_CONNECTION_MAX + VMC_POOL_WAIT_MAX)

/*
 * What the server and its pool wait for now. The index of each wait's key
 * (task.h) is below VMC_SERVER_WAIT_MAX.
 * VMC_ERR_TOO_BIG if `cap` does not hold them all.
 */
enum vmc_status vmc_server_waits(struct vmc_server *server,
				 struct vmc_wait *out, size_t cap,
				 size_t *out_len,
				 uint64_t *until_ms) VMC_CHECKED;

/*
 * 1 if what vmc_server_waits answers may have changed since it was called:
 * a loop that keeps handles registered (epoll) asks only then. The time of
 * the next timer is always in vmc_server_until.
 */
int vmc_server_waits_changed(const struct vmc_server *server);
uint64_t vmc_server_until(const struct vmc_server *server);

/*
 * Serves what has come: `in` are waits with something in `got`, as they
 * were collected (others are ignored), and all that is due at `now_ms`.
 */
void vmc_server_step(struct vmc_server *server, const struct vmc_wait *in,
		     size_t in_len, uint64_t now_ms);

/* Takes the oldest event of server and pool: VMC_OK, or VMC_AGAIN. */
enum vmc_status vmc_server_next_event(struct vmc_server *server,
				      struct vmc_event *event) VMC_CHECKED;

/*
 * Begins to stop: with the next step the endpoint is removed, who waits is
 * answered with UNAVAILABLE, cached VMs are stopped; VMs handed out live
 * on. `who` goes to the log ("SIGTERM"). Idempotent. Not for signal handlers: set a flag
 * there and call vmc_server_wake.
 */
void vmc_server_stop(struct vmc_server *server, const char *who,
		     uint64_t now_ms);

/* 1 once it was told to stop, no VM is left and every answer is sent. */
int vmc_server_stopped(const struct vmc_server *server);

/* Makes the port's loop return. From any thread or signal handler. */
void vmc_server_wake(struct vmc_server *server);

/* Why init failed. */
const struct vmc_error *vmc_server_error(const struct vmc_server *server);

#ifdef __cplusplus
}
#endif

#endif
