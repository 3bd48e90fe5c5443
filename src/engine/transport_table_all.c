/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The transports of an archive built with TRANSPORT=all.
 */
#include "vmcache/grpc.h"
#include "vmcache/transport.h"

/* see vmcache/transport.h */
const struct vmc_engine_ops *const vmc_transport_servers[] = {
	&vmc_ttrpc_server,
	&vmc_grpc_server,
	NULL,
};

/* see vmcache/transport.h */
const struct vmc_engine_ops *const vmc_transport_clients[] = {
	&vmc_ttrpc_client,
	&vmc_grpc_client,
	NULL,
};
