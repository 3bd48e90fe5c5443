/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The backends of an archive made with AGENT=kata. One such file is linked:
 * agent_table_<AGENT>.c.
 */
#include "vmcache/agent_kata.h"

/* see vmcache/agent.h */
const struct vmc_agent_ops *const *vmc_agents(void)
{
	static const struct vmc_agent_ops *const agents[] = {
		&vmc_agent_kata_ops,
		&vmc_agent_noop_ops,
		NULL,
	};

	return agents;
}
