/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Client: the caller's end of cache.CacheService.
 *
 * A channel is one connection with several calls in flight; the cache's
 * calls, and those of a guest's agent, are made on it.
 */
#ifndef VMCACHE_CLIENT_H
#define VMCACHE_CLIENT_H

#include "grpc.h"
#include "transport.h"
#include "vm.h"

#ifdef __cplusplus
extern "C" {
#endif

struct vmc_channel;

struct vmc_channel_config {
	struct vmc_port port;
	const char *endpoint;  /* where to connect; lives as the channel */
	vmc_handle stream;     /* or a connection that is there already;
	                          * then endpoint is only for messages.
	                          * VMC_HANDLE_NONE to connect */
	const char *transport; /* NULL: the archive's first, "ttrpc" if
	                          * it is there */
	struct vmc_grpc *grpc; /* with "grpc": its engine; lives as the
	                          * channel. NULL otherwise */
	uint8_t *window;       /* holds the largest response, and lives as */
	size_t window_len;     /* the channel; VMC_CHANNEL_WINDOW_SIZE does */
	uint8_t *out;          /* requests are composed in it; NULL: in */
	size_t out_len;        /* VMC_REQUEST_SIZE bytes of the channel's */
	uint32_t dial_timeout_ms; /* 0: 10 000. A full backlog is retried, */
	uint8_t patient;          /* and with this also that nobody is there */

	/* Private, agent_kata.h's: what agents speak, whatever `transport` says;
	 * NULL: that. */
	const struct vmc_engine_ops *engine;

	/*
	 * Private, agent_kata.h's: what is said on a new connection before the
	 * transport is spoken there; NULL: nothing. Asked until it is VMC_OK;
	 * VMC_AGAIN: more has to come from the peer; else the connection is
	 * closed and dialled again.
	 */
	enum vmc_status (*greet)(struct vmc_channel *channel,
				 struct vmc_task *task, uint64_t now_ms);
	uint32_t greet_port;
};

/* A response of each cache call but Config fits easily; Config carries
 * Kata's VMConfig, about 4 KiB today, so most callers want 16 KiB. */
#define VMC_CHANNEL_WINDOW_SIZE 16384

/* Private. */
struct vmc_channel_call {
	struct vmc_task *task;  /* NULL: free */
	uint32_t stream;        /* 0 until its request is composed */
	enum vmc_status failed; /* what it ends with when it is stepped */
	uint8_t takes;          /* giving it up closes the connection */
};

/* Private: how far config.greet has come. */
struct vmc_channel_greeting {
	uint64_t until_ms;
	uint16_t len; /* bytes of the answer */
	uint8_t done;
};

/* A connection. Complete so that it can be placed anywhere; private. */
struct vmc_channel {
	struct vmc_pump pump; /* its stream is NONE while not connected */
	uint64_t dial_until_ms;
	struct vmc_channel_greeting greeting;
	uint8_t response_held;
	uint8_t proven; /* this connection has brought a response */
	struct vmc_engine_event response; /* arrived, waiting for its task */
	struct vmc_channel_config config;
	union {
		struct vmc_ttrpc ttrpc;
	} engine;
	struct vmc_error error;
	struct vmc_channel_call *sends; /* whose tail is being sent */
	struct vmc_channel_call call[VMC_CHANNEL_CALL_MAX];
	uint8_t out[VMC_REQUEST_SIZE];
};

/*
 * Prepares a channel; connects with the first call.
 *
 * VMC_ERR_OPTIONS: the application was built with other knobs. Nothing is
 *                  touched, and vmc_channel_error is not to be asked.
 * VMC_ERR_UNSUPPORTED: that transport is not in the archive.
 * VMC_ERR_ARGUMENT: no window, or one of less than 256 bytes; no endpoint;
 *                   no engine for "grpc".
 */
#define vmc_channel_init(channel, config)                                      \
	vmc_channel_init_checked(channel, config, sizeof(struct vmc_channel),  \
				 VMC_OPTIONS)
enum vmc_status
vmc_channel_init_checked(struct vmc_channel *channel,
			 const struct vmc_channel_config *config,
			 size_t channel_size, unsigned options) VMC_CHECKED;

/*
 * Makes one call. The task's deadline is kept here, and sent along as the
 * call's timeout, a little shortened so that the peer's verdict comes
 * before ours. The reply's bytes live in the window until the next function
 * is called on this channel with any task. With several calls in flight each
 * is to be stepped when its task is due: an answer waits for its own task,
 * and what comes behind it waits too. A call that is cancelled is forgotten
 * here; its response is thrown away when it comes.
 *
 * VMC_ERR_CALL:      the peer answered with an error; see vmc_channel_error
 *                    for its code and text. The connection goes on.
 * VMC_ERR_NO_SERVER: nobody listens at the endpoint.
 * VMC_ERR_LOST:      the connection broke before the answer was complete.
 * VMC_ERR_PROTOCOL:  the peer does not speak the transport.
 * VMC_ERR_TIMEOUT:   the deadline passed, here or, by its answer, there.
 * VMC_ERR_TOO_BIG:   the request is over VMC_REQUEST_SIZE (or out_len), or
 *                    the response over the window.
 * VMC_ERR_FULL:      VMC_CHANNEL_CALL_MAX calls are in flight.
 * VMC_ERR_PERMISSION, VMC_ERR_IO: connecting failed.
 *
 * After NO_SERVER, LOST and PROTOCOL all calls in flight fail alike, and
 * the next call connects anew (unless the stream was given). A connection
 * that the server has ended while no call was in flight is no failure.
 */
enum vmc_status vmc_channel_call(struct vmc_channel *channel,
				 const char *service, const char *method,
				 struct vmc_view payload,
				 struct vmc_view *reply, struct vmc_task *task,
				 uint64_t now_ms) VMC_CHECKED;

/* Closes the connection. Calls in flight fail with VMC_ERR_CANCELLED. */
void vmc_channel_close(struct vmc_channel *channel);

/* Of the operation that failed last on this channel. */
const struct vmc_error *vmc_channel_error(const struct vmc_channel *channel);

/* One VM in a Status reply (GrpcVMStatus). */
struct vmc_vm_status {
	int64_t pid;
	uint32_t vcpus, memory_mib;
};

/* GrpcStatus. */
struct vmc_cache_status {
	int64_t pid;     /* the server's */
	uint32_t vm_len; /* VMs that are READY */
	struct vmc_vm_status vm[VMC_VM_MAX];
};

/* GrpcVMConfig: what the cached VMs were made with. Views as `reply`. */
struct vmc_cache_config {
	struct vmc_view data;         /* VMConfig JSON */
	struct vmc_view agent_config; /* the agent's configuration, JSON */
};

/* GrpcVM: a VM that was handed over. `hypervisor` as `reply`. */
struct vmc_cached_vm {
	char id[VMC_ID_SIZE];
	struct vmc_view hypervisor;   /* the driver's `save` */
	int64_t proxy_pid;            /* Kata 1.x only */
	char proxy_url[VMC_URL_SIZE]; /* the agent's URL */
	uint32_t vcpus, memory_mib, cpu_delta;
};

/*
 * The four calls of cache.CacheService. Return what vmc_channel_call does,
 * and VMC_ERR_MALFORMED when the reply cannot be read (a field too long
 * for its knob is named).
 *
 * A get_base_vm that is cancelled or times out closes the connection, and
 * other calls in flight on it fail with VMC_ERR_LOST. It costs the server no
 * VM unless the whole reply is on its way already: the protocol knows no
 * acknowledgement, so what is in a socket's buffer counts as delivered.
 */
enum vmc_status vmc_cache_fetch_status(struct vmc_channel *channel,
				       struct vmc_cache_status *status,
				       struct vmc_task *task,
				       uint64_t now_ms) VMC_CHECKED;
enum vmc_status vmc_cache_fetch_config(struct vmc_channel *channel,
				       struct vmc_cache_config *config,
				       struct vmc_task *task,
				       uint64_t now_ms) VMC_CHECKED;
enum vmc_status vmc_cache_get_base_vm(struct vmc_channel *channel,
				      struct vmc_cached_vm *vm,
				      struct vmc_task *task,
				      uint64_t now_ms) VMC_CHECKED;
enum vmc_status vmc_cache_quit(struct vmc_channel *channel,
			       struct vmc_task *task,
			       uint64_t now_ms) VMC_CHECKED;

#ifdef __cplusplus
}
#endif

#endif
