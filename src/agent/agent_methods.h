/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The methods of grpc.AgentService and grpc.Health, as a service of them
 * serves them (vmcache/agent_service.h): how the request of each is read and
 * asked of the agent, and how the answer is written.
 */
#ifndef VMC_AGENT_METHODS_H
#define VMC_AGENT_METHODS_H

#include "vmcache/agent_service.h"
#include "../base/cursor.h"

/* One step of a call. */
struct vmc_agent_step {
	struct vmc_agent_service *service;
	struct vmc_agent_service_call *call;
	struct vmc_view request; /* the same bytes at each step */
	uint64_t now_ms;
};

struct vmc_agent_method {
	const char *name;

	/*
	 * Reads the request and steps the agent's call. What that yields is
	 * in service->result; why it failed in service->error, if it is said.
	 */
	enum vmc_status (*call)(struct vmc_agent_step *step);

	/* Writes the answer; NULL: nothing is written, as for an Empty. */
	void (*write)(struct vmc_writer *w,
		      const struct vmc_agent_service *service);

	/* 1: result.data follows what is written, which is a few bytes. */
	uint8_t data;

	/*
	 * Shortens a request that cannot wait at its length: a part of it is
	 * put into call->request. VMC_ERR_TOO_BIG: even that is too long. NULL:
	 * a part makes no sense.
	 */
	enum vmc_status (*cut)(struct vmc_agent_step *step);
};

/* The methods of a service; the last one has no name. NULL: it is none. */
const struct vmc_agent_method *vmc_agent_methods(struct vmc_view service);

#endif
