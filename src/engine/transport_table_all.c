/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The transports of an archive built with TRANSPORT=all.
 */
#include "vmcache/grpc.h"
#include "vmcache/transport.h"

static const struct vmc_engine_ops *const table[] = {
	&vmc_ttrpc_engine,
	&vmc_grpc_engine,
	NULL,
};

/* see vmcache/transport.h */
const struct vmc_engine_ops *const *vmc_transports(void)
{
	return table;
}
