/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agents that the program talks to, by name: "noop", and "kata" if the
 * archive was made with it. Only agent_kata.h's types are used of that, so
 * that a program without it links.
 */
#ifndef CLI_AGENT_H
#define CLI_AGENT_H

#include "vmcache/agent_kata.h"

struct cli_agent {
	const struct vmc_agent_ops *ops;
	struct vmc_agent_kata_config kata;
};

/*
 * Makes it the agent of that name, with Kata's time limits; NULL and "" are
 * the no-op agent, as are names that Kata itself would not know.
 *
 * VMC_ERR_UNSUPPORTED: the program was built without it.
 */
enum vmc_status cli_agent_init(struct cli_agent *agent, const char *name,
			       struct vmc_error *error) VMC_CHECKED;

/* 1 if something answers in the guest. */
int cli_agent_answers(const struct cli_agent *agent);

/* For one VM, whose state that is. */
struct vmc_agent cli_agent_of(const struct cli_agent *agent,
			      struct vmc_agent_kata *state);

#endif
