/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one slot of a pool does by itself. The invariants:
 *
 * - A slot's state is its VM's state. `counted` says where the slot is
 *   counted (pool.ready, pool.booting); count_as alone changes it.
 * - A VM leaves READY through one of three doors: taken, lost, stopped.
 *   HANDING is left through vmc_pool_handed and vmc_pool_give_back alone.
 * - A slot's handles change only while it is stepped, and where its
 *   operation is dropped; both change its generation.
 */
#ifndef VMC_POOL_SLOT_H
#define VMC_POOL_SLOT_H

#include "vmcache/pool.h"

/* Goes on with it as far as it goes now. */
void vmc_pool_slot_step(struct vmc_pool *pool, struct vmc_pool_slot *slot);

/* When it has something to do next. */
uint64_t vmc_pool_slot_until(const struct vmc_pool *pool,
			     const struct vmc_pool_slot *slot);

/* Makes it due at once. */
void vmc_pool_slot_kick(struct vmc_pool *pool, struct vmc_pool_slot *slot);

/*
 * READY to HANDING, on record as such. VMC_ERR_VM: it was found dead, and
 * is being replaced. VMC_ERR_IO: it cannot be put on record; still READY.
 */
enum vmc_status vmc_pool_slot_take(struct vmc_pool *pool,
				   struct vmc_pool_slot *slot) VMC_CHECKED;

/* HANDING to EMPTY: somebody else's now; the VM was moved or released. */
void vmc_pool_slot_vacate(struct vmc_pool *pool, struct vmc_pool_slot *slot);

/* HANDING to HANDED, on record, and let go of. */
void vmc_pool_slot_hand(struct vmc_pool *pool, struct vmc_pool_slot *slot);

/* HANDING to ADOPTING: attached again, then READY. */
void vmc_pool_slot_take_back(struct vmc_pool *pool, struct vmc_pool_slot *slot);

/* From any state to STOPPING; an EMPTY slot loses its record. */
void vmc_pool_slot_stop(struct vmc_pool *pool, struct vmc_pool_slot *slot);

/* Removes what is on record of it. */
void vmc_pool_slot_strike(struct vmc_pool *pool, struct vmc_pool_slot *slot);

#endif
