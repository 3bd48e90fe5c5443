/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One call of the guest's agent, for the kata backend's methods, which are
 * made of such calls (agent_kata.c).
 */
#ifndef VMC_AGENT_KATA_CALL_H
#define VMC_AGENT_KATA_CALL_H

#include "vmcache/agent_kata.h"

#include "../base/cursor.h"
#include "agent_calls.h"

static inline struct vmc_agent_kata *kata_state(const struct vmc_agent *agent)
{
	return (struct vmc_agent_kata *)agent->state;
}

/*
 * Makes the call: `request` and `answer` are what agent_calls.h names for it.
 * A request that is NULL is an empty one, an answer that is NULL is not read.
 * Says in agent->error why it failed. Views of the answer live until the next
 * call on this agent.
 */
enum vmc_status vmc_kata_call(struct vmc_agent *agent, enum vmc_call_id id,
			      const void *request, void *answer,
			      struct vmc_task *task,
			      uint64_t now_ms) VMC_CHECKED;

/*
 * The parts of it, for calls that are more than that. A message that `write`
 * is there for is written by it. `ask` says nothing of why it failed, but the
 * channel's error does; `fail` says it in agent->error, and returns `status`.
 */
struct kata_call {
	const struct vmc_agent_call *method;
	const void *request;
	void (*write)(struct vmc_writer *w, const void *request);
};

enum vmc_status vmc_kata_ask(struct vmc_agent *agent,
			     const struct kata_call *call,
			     struct vmc_view *reply, struct vmc_task *task,
			     uint64_t now_ms) VMC_CHECKED;
enum vmc_status vmc_kata_fail(struct vmc_agent *agent, const char *method,
			      enum vmc_status status) VMC_CHECKED;

/*
 * What the agent is itself (agent_kata.c); vmc_agent_kata_ops points here.
 */
enum vmc_status vmc_kata_set_agent_url(struct vmc_agent *agent,
				       struct vmc_view url) VMC_CHECKED;
enum vmc_status vmc_kata_get_agent_url(struct vmc_agent *agent,
				       struct vmc_buffer *url) VMC_CHECKED;
enum vmc_status vmc_kata_reuse_agent(struct vmc_agent *agent,
				     struct vmc_agent *other) VMC_CHECKED;
void vmc_kata_disconnect(struct vmc_agent *agent);
void vmc_kata_mark_dead(struct vmc_agent *agent);
void vmc_kata_save(struct vmc_agent *agent, struct vmc_agent_state *state);
void vmc_kata_load(struct vmc_agent *agent,
		   const struct vmc_agent_state *state);

/* Puts an answer's bytes into the caller's memory. VMC_ERR_TOO_BIG. */
enum vmc_status vmc_kata_give(struct vmc_agent *agent, const char *method,
			      struct vmc_view bytes,
			      struct vmc_buffer *buffer) VMC_CHECKED;

#endif
