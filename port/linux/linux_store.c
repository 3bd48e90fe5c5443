/* SPDX-License-Identifier: Apache-2.0 */
/* The posix store, with start times (see vmcache_linux.h). */
#include "vmcache_linux.h"

static uint64_t start_time(void *ctx, int64_t pid)
{
	(void)ctx;
	return vmc_linux_start_time(pid);
}

const struct vmc_store_ops vmc_linux_store_ops = {
	.write = vmc_posix_store_write,
	.next = vmc_posix_store_next,
	.erase = vmc_posix_store_erase,
	.start_time = start_time,
};

/* see vmcache_linux.h */
struct vmc_store vmc_linux_store(struct vmc_posix_store *store)
{
	struct vmc_store it = { &vmc_linux_store_ops, store };

	return it;
}
