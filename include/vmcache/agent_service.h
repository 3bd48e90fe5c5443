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
 * A connection that its peer ends is over at once: what can be answered is
 * answered, calls that wait for something are cancelled.
 *
 * What a peer is answered
 *   - a call that is no method, or that the agent answers with
 *     VMC_ERR_UNSUPPORTED: UNIMPLEMENTED
 *   - a request that cannot be read: INVALID_ARGUMENT, and why
 *   - one that is larger than the window, or has more in its lists than
 *     VMC_AGENT_SERVICE_LIST_MAX, or one call too many: RESOURCE_EXHAUSTED,
 *     with the limit; so is one that cannot be answered at once and is
 *     longer than VMC_AGENT_SERVICE_CALL_SIZE
 *   - what else fails: the code that stands for the status
 *     (vmc_status_code), or agent->error.code where the status is
 *     VMC_ERR_CALL, and the words of agent->error
 *   - the end of a process's output: OUT_OF_RANGE "read meet eof", where
 *     Kata's agent has the same words
 * Health.Version answers grpc_version "0.0.1", as Kata's does, and the
 * version of the configuration. Of a method that the library knows no more of
 * than its name, the answer is UNIMPLEMENTED.
 *
 * Some requests are not quite what the agent is asked
 *   - CreateSandbox is its start_sandbox, DestroySandbox its stop_sandbox,
 *     which is told an empty one, as create_container is.
 *   - OnlineCPUMem's nb_cpus is both `cpus` and `added`: who made the
 *     request decided which; the agent brings up what is there. It is
 *     answered when they are there, whatever `wait` says.
 *   - MemHotplugByProbe is one mem_hotplug_by_probe for each address.
 *   - RemoveContainer's timeout shortens the deadline of stop_container.
 *   - SignalProcess without an exec_id is for `all`.
 *   - WriteStdin whose bytes cannot be taken now waits with as many of them
 *     as VMC_AGENT_SERVICE_CALL_SIZE holds, and the answer says how many
 *     were taken.
 *   - ReadStdout and ReadStderr fetch VMC_AGENT_SERVICE_DATA_SIZE bytes at
 *     most. To ask for none is INVALID_ARGUMENT: an answer without bytes
 *     would look like the end.
 *
 * What an agent may rely on (agent.h), served here. Bytes of a request stay
 * where they are from a call's first step to its last. Structs and lists are
 * made anew for each step, with the same values: it must not look at them
 * outside of a step of their call. Outputs are shared by all calls: it
 * writes them in the step that ends its call, and not before. Its `error` is
 * the service's.
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
	struct vmc_port port;      /* recv and send of the streams */
	uint8_t *window;           /* the largest request; Kata's runtime copies
				 * files in pieces of 1 MiB and wants
				 * 1 MiB + 4 KiB */
	size_t window_len;         /* VMC_AGENT_SERVICE_WINDOW_MIN at least */
	const char *version;       /* NULL: VMC_AGENT_API_VERSION */
	uint32_t frame_timeout_ms; /* 0: 5000. Half a request of which no
				    * further byte comes for so long is
				    * thrown away: on a byte pipe its sender
				    * may be gone without a sign. Whoever is
				    * there next begins anew, with stream 1,
				    * so the connection does: calls in
				    * flight are cancelled */
};

/* The shortest window: an envelope, and a request of a few words. */
#define VMC_AGENT_SERVICE_WINDOW_MIN 512

struct vmc_agent_call;

/* Private: a call in flight. */
struct vmc_agent_service_call {
	struct vmc_task task;
	const struct vmc_agent_call *method;
	uint32_t stream;
	uint32_t done; /* of what one request asks for several times */
	uint32_t request_len;
	uint8_t request[VMC_AGENT_SERVICE_CALL_SIZE];
};

/* Slots of a PCI path, each two digits and a '/' or the NUL. */
#define VMC_AGENT_SERVICE_SLOT_MAX (VMC_AGENT_ADDRESS_SIZE / 3)

/*
 * Requests that are no struct of the agent's, as they are read and written.
 * All of them private.
 */

/* Of a container, or of one of its processes. */
struct vmc_request {
	struct vmc_view container_id;
	struct vmc_view exec_id;
	struct vmc_view data;
	uint32_t a, b;
};

struct vmc_routes_request {
	const struct vmc_route *routes;
	size_t routes_len;
};

struct vmc_storages_request {
	const struct vmc_storage *storages;
	size_t storages_len;
};

struct vmc_online_request {
	uint32_t cpus;
	uint8_t wait, cpu_only;
};

struct vmc_probe_request {
	uint32_t address_len;
	uint64_t address[VMC_AGENT_SERVICE_LIST_MAX + 1];
};

struct vmc_details_request {
	uint8_t memory_block_size, memory_hotplug_probe;
};

struct vmc_swap_request {
	uint32_t slot_len;
	uint32_t slot[VMC_AGENT_SERVICE_SLOT_MAX + 1];
};

struct vmc_volume_request {
	struct vmc_view path;
	uint64_t size;
};

struct vmc_iptables_request {
	struct vmc_view data;
	uint8_t ipv6;
};

/* Answers that are none. Private. */
struct vmc_health {
	uint32_t status; /* 1: serving */
};

struct vmc_version {
	struct vmc_view grpc, agent;
};

/* What a request says, while a step of its call runs. Private. */
union vmc_agent_service_request {
	struct vmc_view view;
	struct vmc_request process;
	struct vmc_routes_request routes;
	struct vmc_storages_request storages;
	struct vmc_online_request online;
	struct vmc_probe_request probe;
	struct vmc_details_request details;
	struct vmc_swap_request swap;
	struct vmc_volume_request volume;
	struct vmc_iptables_request iptables;
	struct vmc_sandbox sandbox;
	struct vmc_container container;
	struct vmc_exec exec;
	struct vmc_wall wall;
	struct vmc_file_piece piece;
	struct vmc_interface interface;
};

/* Lists of structs that one request may have. Private. */
union vmc_agent_service_structs {
	struct {
		struct vmc_storage storage;
		struct vmc_kernel_module kernel_module;
	} sandbox;
	struct {
		struct vmc_storage storage;
		struct vmc_device device;
		struct vmc_shared_mount shared_mount;
	} container;
	struct vmc_route route;
};

#define VMC_AGENT_SERVICE_STRUCTS (VMC_AGENT_SERVICE_LIST_MAX / 4)

/* Private. */
struct vmc_agent_service_room {
	union vmc_agent_service_request request;
	struct vmc_view views[VMC_AGENT_SERVICE_LIST_MAX];
	union vmc_agent_service_structs structs[VMC_AGENT_SERVICE_STRUCTS];
	char swap_path[VMC_AGENT_ADDRESS_SIZE];
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
	struct vmc_buffer data;
	struct vmc_health health;
	struct vmc_version version;
	int32_t exit_status;
	size_t written;
};

/* Before bytes of an answer: a tag and a length of at most 4 MiB, rounded up.
 * Private. */
#define VMC_AGENT_SERVICE_HEAD_SIZE 8

/* Complete so that it can be placed anywhere; private. */
struct vmc_agent_service {
	struct vmc_agent_service_config config;
	struct vmc_pump pump; /* its stream is NONE while there is none */
	struct vmc_ttrpc engine;
	struct vmc_error error; /* of the call that is being answered */
	uint64_t frame_until_ms;
	struct vmc_sandbox none; /* the sandbox that an agent is told */
	union vmc_agent_service_result result;
	struct vmc_agent_service_room room;
	uint8_t out[VMC_REQUEST_SIZE]; /* heads and errors */

	/* call[order[0..call_len)] are in flight, first come first; the
	 * others are free. */
	uint32_t call_len;
	uint8_t order[VMC_AGENT_SERVICE_CALL_MAX];
	struct vmc_agent_service_call call[VMC_AGENT_SERVICE_CALL_MAX];

	/* Of the answer under way. */
	uint8_t data[VMC_AGENT_SERVICE_HEAD_SIZE + VMC_AGENT_SERVICE_DATA_SIZE];
};

/*
 * Prepares it. It has no connection yet. Memory that no call ever needed is
 * never touched.
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
 * twice. While the peer does not take an answer, calls in flight wait for
 * nothing else. VMC_ERR_TOO_BIG if `cap` does not hold them all.
 */
enum vmc_status vmc_agent_service_waits(struct vmc_agent_service *service,
					struct vmc_wait *out, size_t cap,
					size_t *out_len,
					uint64_t *until_ms) VMC_CHECKED;

/*
 * Goes on with what has come. With anything but VMC_AGAIN the connection has
 * ended, as by close.
 *
 * VMC_AGAIN:        the connection lives.
 * VMC_CLOSED:       the peer has ended it, in order; or there is none.
 * VMC_ERR_LOST:     it broke, or ended inside a request.
 * VMC_ERR_PROTOCOL: what came is not ttrpc.
 */
enum vmc_status vmc_agent_service_step(struct vmc_agent_service *service,
				       uint64_t now_ms) VMC_CHECKED;

#ifdef __cplusplus
}
#endif

#endif
