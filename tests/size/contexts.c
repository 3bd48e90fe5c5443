/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a host places: the size of each context, one a line, for make size.
 */
#include <stdio.h>

#include "vmcache.h"

#define SHOW(type) printf("%s %zu\n", #type, sizeof(struct type))

int main(void)
{
	SHOW(vmc_server);
	SHOW(vmc_connection);
	SHOW(vmc_server_call);
	SHOW(vmc_server_reply);
	SHOW(vmc_pool);
	SHOW(vmc_pool_slot);
	SHOW(vmc_vm);
	SHOW(vmc_channel);
	SHOW(vmc_agent_kata);
	SHOW(vmc_agent_service);
	SHOW(vmc_ttrpc);
	SHOW(vmc_task);
	SHOW(vmc_error);
	SHOW(vmc_event);
	return 0;
}
