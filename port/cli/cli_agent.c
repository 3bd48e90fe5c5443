/* SPDX-License-Identifier: Apache-2.0 */
/* The agents that the program talks to (see cli_agent.h). */
#include "cli_agent.h"

#include <string.h>

#include "vmcache_posix.h"

/* see cli_agent.h */
enum vmc_status cli_agent_init(struct cli_agent *agent, const char *name,
			       struct vmc_error *error)
{
	memset(agent, 0, sizeof(*agent));
	agent->ops = &vmc_agent_noop_ops;
	if (!name || strcmp(name, "kata") != 0)
		return VMC_OK;
	agent->kata.port = vmc_posix_port(NULL);
	agent->ops = vmc_agent_by_name(name);
	if (!agent->ops)
		return vmc_error_set(error, VMC_ERR_UNSUPPORTED,
				     "this program was built without the agent "
				     "kata (make AGENT=all)",
				     NULL);
	if (agent->ops->state_size > sizeof(struct vmc_agent_kata))
		return vmc_error_set(error, VMC_ERR_OPTIONS,
				     "the agent kata was built with other "
				     "sizes",
				     NULL);
	return VMC_OK;
}

/* see cli_agent.h */
int cli_agent_answers(const struct cli_agent *agent)
{
	return agent->ops != &vmc_agent_noop_ops;
}

/* see cli_agent.h */
struct vmc_agent cli_agent_of(const struct cli_agent *agent,
			      struct vmc_agent_kata *state)
{
	struct vmc_agent one = {
		.ops = agent->ops,
		.state = agent->ops->state_size ? state : NULL,
		.config = &agent->kata,
	};

	return one;
}
