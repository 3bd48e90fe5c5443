/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Agent service: the other side of agent_kata.h. It serves any struct
 * vmc_agent_ops as grpc.AgentService and grpc.Health over ttrpc: what a
 * guest's agent is made of (port/guest), or a test's.
 *
 *	static uint8_t window[65536];
 *	static struct vmc_agent_service service;
 *	struct vmc_agent_service_config config = {
 *		.agent = VMC_AGENT_NOOP,
 *		.port = vmc_posix_port(NULL),
 *		.window = window,
 *		.window_len = sizeof(window),
 *	};
 *
 *	vmc_agent_service_init(&service, &config);
 *	vmc_agent_service_open(&service, stream, now_ms);
 *	do {
 *		vmc_agent_service_waits(&service, waits, CAP, &len, &until_ms);
 *		wait for them;
 *		now_ms = …;
 *	} while (vmc_agent_service_step(&service, now_ms) == VMC_AGAIN);
 *	vmc_agent_service_close(&service);
 *
 * One service has one connection. Calls of it are served side by side, each
 * as a task: one that waits keeps nobody else waiting, answers come in any
 * order. A call's timeout is its task's deadline: DEADLINE_EXCEEDED.
 *
 * What a peer is answered
 *   - a call that is no method, or that the agent answers with
 *     VMC_ERR_UNSUPPORTED: UNIMPLEMENTED
 *   - a request that cannot be read: INVALID_ARGUMENT, and why
 *   - one that is larger than the window, or has more in a list than
 *     VMC_AGENT_SERVICE_LIST_MAX, or one call too many: RESOURCE_EXHAUSTED,
 *     with the limit
 *   - what else fails: the code that stands for the status
 *     (vmc_status_code), or agent->error.code where the status is
 *     VMC_ERR_CALL, and the words of agent->error
 *   - the end of a process's output: OUT_OF_RANGE "read meet eof", where
 *     Kata's agent has the same words
 * Health.Version answers grpc_version "0.0.1", as Kata's does, and the
 * version of the configuration. Of a method that the library knows no more of
 * than its name, the answer is UNIMPLEMENTED.
 *
 * CreateSandbox is the agent's start_sandbox, DestroySandbox its
 * stop_sandbox.
 *
 * Requests come from a peer that may be hostile; nothing that it sends ends
 * the service. What is wrong with one message concerns that one call. Bytes
 * that are no ttrpc at all end the connection (VMC_ERR_PROTOCOL).
 */
#ifndef VMCACHE_AGENT_SERVICE_H
#define VMCACHE_AGENT_SERVICE_H

#include "agent.h"
#include "engine.h"
#include "port.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The release of Kata whose agent's API this is. */
#define VMC_AGENT_API_VERSION "4.1.0"

struct vmc_agent_service_config {
	struct vmc_agent agent;    /* what is served */
	struct vmc_port port;      /* recv, send and close of the streams */
	uint8_t *window;           /* the largest request; Kata's runtime copies
				 * files in pieces of 1 MiB and wants
				 * 1 MiB + 4 KiB */
	size_t window_len;         /* 512 at least */
	const char *version;       /* NULL: VMC_AGENT_API_VERSION */
	uint32_t frame_timeout_ms; /* 0: 5000. Half a request that is not
				    * followed by its rest is thrown away,
				    * and the connection goes on: on a byte
				    * pipe its sender may be gone without a
				    * sign */
};

/* Private: a call in flight. */
struct vmc_agent_service_call {
	struct vmc_task task;
	uint32_t stream;
	uint16_t method;
	uint16_t request_len;
	uint8_t used;
	uint8_t request[VMC_AGENT_SERVICE_CALL_SIZE];
};

/* What a call yields, until its answer is composed. Private. */
union vmc_agent_service_result {
	struct vmc_process process;
	struct vmc_interface interface;
	struct vmc_interfaces interfaces;
	struct vmc_routes routes;
	struct vmc_container_stats stats;
	struct vmc_guest_details details;
	struct vmc_oom_event oom;
	int32_t exit_status;
	size_t written;
};

#define VMC_AGENT_SERVICE_STRUCTS (VMC_AGENT_SERVICE_LIST_MAX / 4)

/* The lists of a request while it is read. Private. */
struct vmc_agent_service_room {
	struct vmc_view views[VMC_AGENT_SERVICE_LIST_MAX];
	union {
		struct {
			struct vmc_storage storages[VMC_AGENT_SERVICE_STRUCTS];
			struct vmc_device devices[VMC_AGENT_SERVICE_STRUCTS];
			struct vmc_shared_mount
				shared_mounts[VMC_AGENT_SERVICE_STRUCTS];
		} container;
		struct vmc_kernel_module
			kernel_modules[VMC_AGENT_SERVICE_STRUCTS];
		struct vmc_route routes[VMC_AGENT_SERVICE_STRUCTS];
		struct vmc_interface interface;
	} list;
};

/* Complete so that it can be placed anywhere; private. */
struct vmc_agent_service {
	struct vmc_agent_service_config config;
	struct vmc_pump pump; /* its stream is NONE while there is none */
	struct vmc_ttrpc engine;
	struct vmc_error error; /* of the call that is being answered */
	uint64_t frame_until_ms;
	uint8_t ended; /* the peer sends no more */
	uint32_t call_len;
	struct vmc_agent_service_call call[VMC_AGENT_SERVICE_CALL_MAX];
	union vmc_agent_service_result result;
	struct vmc_agent_service_room room;
	uint8_t out[VMC_REQUEST_SIZE];             /* heads and errors */
	uint8_t data[VMC_AGENT_SERVICE_DATA_SIZE]; /* of the answer under way */
};

/*
 * Prepares it.
 *
 * VMC_ERR_OPTIONS:  the application was built with other knobs.
 * VMC_ERR_ARGUMENT: no agent, no port or too short a window.
 */
#define vmc_agent_service_init(service, config)                                \
	vmc_agent_service_init_checked(service, config,                        \
				       sizeof(struct vmc_agent_service),       \
				       VMC_OPTIONS)
enum vmc_status
vmc_agent_service_init_checked(struct vmc_agent_service *service,
			       const struct vmc_agent_service_config *config,
			       size_t service_size,
			       unsigned options) VMC_CHECKED;

/*
 * Begins a connection on that stream. What was left of the one before is
 * forgotten: calls in flight are cancelled, half a request and half an answer
 * thrown away. A stream stays the caller's; one that is a byte pipe is opened
 * again after each hang-up at its other end.
 */
void vmc_agent_service_open(struct vmc_agent_service *service,
			    vmc_handle stream, uint64_t now_ms);

/* Ends the connection: cancels all calls. The stream is not closed. */
void vmc_agent_service_close(struct vmc_agent_service *service);

/* Waits that a service has at most. */
#define VMC_AGENT_SERVICE_WAIT_MAX                                             \
	(1 + VMC_AGENT_SERVICE_CALL_MAX * VMC_TASK_WAIT_MAX)

/*
 * What it waits for: fills out[0..out_len). Keys are 0. A handle may be there
 * twice. VMC_ERR_TOO_BIG if `cap` does not hold them all.
 */
enum vmc_status vmc_agent_service_waits(struct vmc_agent_service *service,
					struct vmc_wait *out, size_t cap,
					size_t *out_len,
					uint64_t *until_ms) VMC_CHECKED;

/*
 * Goes on with all that has come.
 *
 * VMC_AGAIN:        the connection lives.
 * VMC_CLOSED:       the peer has ended it, in order, and all it asked for is
 *                   answered.
 * VMC_ERR_LOST:     it broke.
 * VMC_ERR_PROTOCOL: what came is not ttrpc.
 */
enum vmc_status vmc_agent_service_step(struct vmc_agent_service *service,
				       uint64_t now_ms) VMC_CHECKED;

#ifdef __cplusplus
}
#endif

#endif
