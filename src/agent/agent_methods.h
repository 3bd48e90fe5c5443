/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a service (vmcache/agent_service.h) serves each of the methods
 * (agent_calls.h): its request is read, and asked of the agent.
 */
#ifndef VMC_AGENT_METHODS_H
#define VMC_AGENT_METHODS_H

#include "vmcache/agent_service.h"
#include "agent_calls.h"

/* One step of a call. */
struct vmc_agent_step {
	struct vmc_agent_service *service;
	struct vmc_agent_service_call *call;
	struct vmc_view request; /* the same bytes at each step */
	uint64_t now_ms;
};

/*
 * Reads the request and steps the agent's call. What that yields is in
 * service->result; why it failed in service->error, if it is said.
 */
enum vmc_status vmc_agent_step(struct vmc_agent_step *step) VMC_CHECKED;

/*
 * Shortens a request that cannot wait at its length: a part of it is put into
 * call->request. VMC_ERR_TOO_BIG: even that is too long, or a part makes no
 * sense.
 */
enum vmc_status vmc_agent_cut(struct vmc_agent_step *step) VMC_CHECKED;

#endif
