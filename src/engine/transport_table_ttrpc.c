/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The transports of an archive built with TRANSPORT=ttrpc.
 */
#include "vmcache/transport.h"

/* see vmcache/transport.h */
const struct vmc_engine_ops *const vmc_transport_servers[] = {
	&vmc_ttrpc_server,
	NULL,
};

/* see vmcache/transport.h */
const struct vmc_engine_ops *const vmc_transport_clients[] = {
	&vmc_ttrpc_client,
	NULL,
};
