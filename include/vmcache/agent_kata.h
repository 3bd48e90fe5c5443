/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The backend `kata`: the Kata agent's API as a client, over ttrpc.
 *
 *	static struct vmc_agent_kata state;
 *	struct vmc_agent_kata_config config = { .port = vmc_posix_port(NULL) };
 *	struct vmc_agent agent = {
 *		.ops = &vmc_agent_kata_ops, .state = &state, .config = &config,
 *	};
 *
 *	agent.ops->set_agent_url(&agent, vmc_view_of("unix:/run/agent.sock"));
 *	while ((status = agent.ops->check(&agent, &task, now_ms)) == VMC_AGAIN)
 *		… wait for what the task names
 *
 * It connects with the first call, and anew with the first call after the
 * connection was lost. One connection carries several calls, at most
 * VMC_CHANNEL_CALL_MAX: one that waits in the guest (wait_process,
 * get_oom_event, a read) keeps nobody else waiting.
 *
 * Addresses
 *
 *	unix:PATH              a stream socket; unix://PATH is the same
 *	unix:@NAME             one in Linux's abstract namespace
 *	vsock://CID:PORT       AF_VSOCK, as Kata's QEMU VMs have it; port 1024
 *	hvsock://PATH:PORT     a socket at PATH that passes on to the guest's
 *	                       port: "CONNECT PORT\n" is sent, and a line with
 *	                       "OK" in it comes back (Firecracker's and Cloud
 *	                       Hypervisor's hybrid vsock)
 *	PATH                   as unix:PATH, if it begins with '/'
 *	vmc_agent_kata_give    a stream that is there already
 *
 * Dialling. While nobody listens there, the backlog is full, or a hybrid
 * vsock answers something else than OK or nothing, it is tried again every
 * 10 ms (a handshake waits 10 s), until dial_timeout_ms have passed or the
 * call's deadline: then VMC_ERR_NO_SERVER, or VMC_ERR_TIMEOUT.
 *
 * Deadlines. A call whose task has none gets the one that Kata's runtime
 * gives it: 30 s for check, none for wait_process, get_oom_event and reads
 * of a process's output, 60 s for the others. What is left travels with the
 * request.
 *
 * Methods that have no call in the guest answer as the no-op agent does:
 * init, configure, configure_from_grpc, create_sandbox, start_proxy,
 * set_proxy, set_proxy_from_grpc, get_vm_path, get_share_path and cleanup.
 * VMC_ERR_UNSUPPORTED, because an empty answer would be a lie:
 * process_list_container (gone with Kata 2.1) and get_diagnostic_data.
 * capabilities: BLOCK_DEVICE, as Kata's. init: the VM does not end by itself.
 * start_sandbox is Check, then CreateSandbox.
 *
 * online_cpu_mem asks the agent's version first, once for an address, and
 * says how many vCPUs are new to one before 3.2.0, how many there are in all
 * to others. Of methods that take two calls (this and start_sandbox) one is
 * in flight at a time: VMC_ERR_BUSY.
 *
 * Reads: at most what VMC_AGENT_WINDOW_SIZE holds comes at once.
 * Kata's agent tells the end of a stream by an error that ends in "eof"; that
 * is VMC_OK with no bytes here.
 *
 * After mark_dead every call fails with VMC_ERR_LOST until set_agent_url.
 *
 * agent->error says which call failed, and why: "Check: connection lost:
 * unix:/run/agent.sock", "ExecProcess: NOT_FOUND: no such program: /bin/x".
 */
#ifndef VMCACHE_AGENT_KATA_H
#define VMCACHE_AGENT_KATA_H

#include "agent.h"
#include "client.h"
#include "port.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Zeroed fields mean their defaults. Lives as long as the agent. */
struct vmc_agent_kata_config {
	struct vmc_port port;      /* how to connect; must be there */
	uint32_t dial_timeout_ms;  /* 0: 30 000 */
	uint32_t check_timeout_ms; /* 0: 30 000 */
	uint32_t call_timeout_ms;  /* 0: 60 000 */
	const char *version;       /* the agent's; NULL: it is asked */
};

/*
 * What it keeps for one VM: `state` of a struct vmc_agent, zeroed at first.
 * Complete so that it can be placed anywhere; private.
 */
struct vmc_agent_kata {
	uint8_t begun; /* it has an address or a stream */
	uint8_t dead;
	uint8_t version_known; /* of the agent that is talked to */
	uint8_t counts_new;    /* it wants to know how many vCPUs are new */
	struct vmc_task inner; /* of a method that takes two calls */
	struct vmc_channel channel;
	char url[VMC_URL_SIZE];
	char dial[VMC_URL_SIZE]; /* as the port takes it */
	uint8_t out[VMC_AGENT_REQUEST_SIZE];
	uint8_t window[VMC_AGENT_WINDOW_SIZE];
};

extern const struct vmc_agent_ops vmc_agent_kata_ops;

/*
 * Speaks on that stream instead of connecting; once it has ended, calls fail
 * with VMC_ERR_LOST until set_agent_url or another one is given. It is the
 * agent's to close.
 *
 * VMC_ERR_ARGUMENT: the configuration has no port.
 */
enum vmc_status vmc_agent_kata_give(struct vmc_agent *agent,
				    vmc_handle stream) VMC_CHECKED;

#ifdef __cplusplus
}
#endif

#endif
