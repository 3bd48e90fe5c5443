/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a host places: the size of each context, as that of a symbol of its
 * name. It is compiled and read, never run: it is of any target.
 */
#include "vmcache.h"

#define SHOW(type)                                                             \
	extern char type[];                                                    \
	char type[sizeof(struct type)] = { 1 }

SHOW(vmc_server);
SHOW(vmc_connection);
SHOW(vmc_grpc_slot);
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
