/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The transports of an archive built with TRANSPORT=grpc.
 */
#include "vmcache/grpc.h"
#include "vmcache/transport.h"

static const struct vmc_engine_ops *const servers[] = {
	&vmc_grpc_server,
	NULL,
};

static const struct vmc_engine_ops *const clients[] = {
	&vmc_grpc_client,
	NULL,
};

/* see vmcache/transport.h */
const struct vmc_engine_ops *const *vmc_transport_servers(void)
{
	return servers;
}

/* see vmcache/transport.h */
const struct vmc_engine_ops *const *vmc_transport_clients(void)
{
	return clients;
}
