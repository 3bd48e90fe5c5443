/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One call of the guest's agent, for the kata backend's methods, which are
 * made of such calls (agent_kata.c).
 */
#ifndef VMC_AGENT_KATA_CALL_H
#define VMC_AGENT_KATA_CALL_H

#include "vmcache/agent_kata.h"

#include "../base/cursor.h"

struct pb_msgdesc_s;

/* How long a call may take whose task does not say. */
enum kata_timeout { KATA_CALL = 0, KATA_CHECK, KATA_FOREVER };

/*
 * A method of grpc.AgentService, or of grpc.Health. Its request is written by
 * `write` if there is one, else as `fields` describe it; without either it is
 * an empty one.
 */
struct kata_method {
	const char *name;
	const struct pb_msgdesc_s *fields;
	void (*write)(struct vmc_writer *w, const void *message);
	uint8_t tail_tag; /* 0: none; what stands before the tail, with its
			   * length */
	uint8_t health;
	uint8_t timeout; /* enum kata_timeout */
};

/* What it is asked: a message, and bytes that end it. */
struct kata_call {
	const struct kata_method *method;
	const void *message;
	struct vmc_view tail;
};

static inline struct vmc_agent_kata *kata_state(const struct vmc_agent *agent)
{
	return (struct vmc_agent_kata *)agent->state;
}

/*
 * Makes the call. The answer's bytes live until the next call on this agent.
 * `ask` says nothing of why it failed, but the channel's error does; `call`
 * says it in agent->error; `tell` wants no more than an empty answer.
 */
enum vmc_status vmc_kata_ask(struct vmc_agent *agent,
			     const struct kata_call *call,
			     struct vmc_view *reply, struct vmc_task *task,
			     uint64_t now_ms) VMC_CHECKED;
enum vmc_status vmc_kata_call(struct vmc_agent *agent,
			      const struct kata_call *call,
			      struct vmc_view *reply, struct vmc_task *task,
			      uint64_t now_ms) VMC_CHECKED;
enum vmc_status vmc_kata_tell(struct vmc_agent *agent,
			      const struct kata_call *call,
			      struct vmc_task *task,
			      uint64_t now_ms) VMC_CHECKED;

/* Says in agent->error why a call failed, and returns `status`. */
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
