/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transport: looks things up in whichever table was linked.
 */
#include "vmcache/transport.h"

/* see vmcache/transport.h */
const struct vmc_engine_ops *vmc_transport_by_first_byte(uint8_t byte)
{
	const struct vmc_engine_ops *const *ops;

	for (ops = vmc_transport_servers; *ops; ops++)
		if ((*ops)->first_byte == byte)
			break;
	return *ops;
}

/* see vmcache/transport.h */
const struct vmc_engine_ops *vmc_transport_by_name(const char *name)
{
	const struct vmc_engine_ops *const *ops;

	for (ops = vmc_transport_clients; *ops; ops++)
		if (vmc_view_is(vmc_view_of((*ops)->name), name))
			break;
	return *ops;
}
