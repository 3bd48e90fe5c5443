/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The events of a pool and of the server in front of it, in one ring. When
 * it is full the oldest makes room and is counted.
 */
#ifndef VMC_POOL_EVENTS_H
#define VMC_POOL_EVENTS_H

#include "vmcache/pool.h"

/*
 * The newest event. Its text is `what`, then ": " and `detail`, of which
 * each may be NULL; what does not fit ends in "...". All else is zero.
 */
struct vmc_event *vmc_pool_say(struct vmc_pool *pool, enum vmc_event_type type,
			       const char *what, const char *detail);

/* The same about a slot's VM. */
struct vmc_event *vmc_pool_report(struct vmc_pool *pool,
				  enum vmc_event_type type,
				  const struct vmc_pool_slot *slot,
				  const char *text);

/* The last bytes of a VM's console, as many as an event holds. */
void vmc_pool_report_console(struct vmc_pool *pool,
			     const struct vmc_pool_slot *slot,
			     struct vmc_view console);

#endif
