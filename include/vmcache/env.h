/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Environment: the clocks and the entropy that the library is given.
 */
#ifndef VMCACHE_ENV_H
#define VMCACHE_ENV_H

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The time of day, for setting a guest's clock. UTC, since 1970. */
struct vmc_wall {
	int64_t seconds;
	uint32_t microseconds; /* 0..999999 */
};

/*
 * None of these may block. `ctx` is passed on as it is.
 *
 * now_ms:  milliseconds since any fixed point. Never goes back (a port
 *          clamps a clock that does) and does not count time asleep, so
 *          that a resumed laptop does not find all its deadlines passed.
 * wall:    VMC_OK, or VMC_ERR_UNSUPPORTED where there is no calendar.
 * entropy: fills all `buf_len` bytes from a source fit for keys, or fails
 *          (VMC_ERR_IO, VMC_ERR_UNSUPPORTED) and promises nothing of them.
 */
struct vmc_env {
	void *ctx;
	uint64_t (*now_ms)(void *ctx);
	enum vmc_status (*wall)(void *ctx, struct vmc_wall *wall);
	enum vmc_status (*entropy)(void *ctx, void *buf, size_t buf_len);
};

#ifdef __cplusplus
}
#endif

#endif
