/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking up a backend in the table that the archive was made with.
 */
#include "vmcache/agent.h"

/* see vmcache/agent.h */
const struct vmc_agent_ops *vmc_agent_by_name(const char *name)
{
	const struct vmc_agent_ops *const *agent = vmc_agents();

	while (*agent && !vmc_view_is(vmc_view_of((*agent)->name), name))
		agent++;
	return *agent;
}
