/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pool. Its invariants:
 *
 * - A slot's state is its VM's state, and `ready` and `booting` count the
 *   slots that are READY and that a factory works on.
 * - A VM leaves READY through exactly one door: taken (HANDING, or moved
 *   out), lost, or stopped. HANDING is left by handed or give_back alone.
 * - A VM is put on record as HANDING before anybody can know it.
 * - Nothing is done to a slot but in step_slot and in the doors above.
 */
#include "vmcache/pool.h"

#include "../base/options.h"
#include "pool_events.h"

#include <string.h>

/* A VM that was READY for so long before it died did not fail to boot. */
#define SOUND_MS 1000

/* see vmcache/pool.h */
uint32_t vmc_pool_ready(const struct vmc_pool *pool)
{
	return pool->ready;
}

/* see vmcache/pool.h */
uint32_t vmc_pool_booting(const struct vmc_pool *pool)
{
	return pool->booting;
}

/* see vmcache/pool.h */
const struct vmc_pool_counters *vmc_pool_counters(const struct vmc_pool *pool)
{
	return &pool->counters;
}

/* see vmcache/pool.h */
int vmc_pool_waits_changed(const struct vmc_pool *pool)
{
	return pool->waits_changed;
}

static uint32_t slot_number(const struct vmc_pool *pool,
			    const struct vmc_pool_slot *slot)
{
	return (uint32_t)(slot - pool->slot);
}

static void kick(struct vmc_pool *pool, struct vmc_pool_slot *slot)
{
	slot->kick = 1;
	pool->due_ms = 0;
}

/* Sets the state, and keeps the count of READY slots. */
static void set_state(struct vmc_pool *pool, struct vmc_pool_slot *slot,
		      enum vmc_vm_state state)
{
	pool->ready -= slot->vm.state == VMC_VM_READY && slot->listed;
	slot->vm.state = state;
	slot->listed = state == VMC_VM_READY;
	pool->ready += slot->listed;
}

/*
 * Records
 */

static enum vmc_status write_record(struct vmc_pool *pool,
				    struct vmc_pool_slot *slot)
{
	const struct vmc_store *store = &pool->config.store;
	struct vmc_record record = {
		.state = slot->vm.state,
		.digest = pool->config.digest,
		.pid = slot->vm.pid,
		.start_time = store->ops->start_time(store->ctx, slot->vm.pid),
		.vcpus = slot->vm.vcpus,
		.memory_mib = slot->vm.memory_mib,
		.cpu_delta = slot->vm.cpu_delta,
		.context_id = slot->vm.context_id,
		.id = vmc_view_of(slot->vm.id),
		.agent_url = vmc_view_of(slot->vm.agent_url),
		.saved = { slot->saved, slot->saved_len },
	};
	size_t len;
	enum vmc_status status = vmc_record_write(&record, pool->record, &len);

	if (status)
		return status;
	return store->ops->write(store->ctx, slot_number(pool, slot),
				 pool->record, len);
}

/* Puts the slot's state on record, unless it already is. */
static enum vmc_status put_on_record(struct vmc_pool *pool,
				     struct vmc_pool_slot *slot,
				     uint64_t now_ms)
{
	enum vmc_status status;

	if (!pool->config.store.ops || slot->recorded == slot->vm.state)
		return VMC_OK;
	status = write_record(pool, slot);
	if (status == VMC_OK)
		slot->recorded = (uint8_t)slot->vm.state;
	else
		vmc_pool_report(pool, VMC_EVENT_RECORD_FAILED, slot, now_ms,
				vmc_status_words(status));
	return status;
}

static void strike_record(struct vmc_pool *pool, struct vmc_pool_slot *slot)
{
	if (pool->config.store.ops)
		pool->config.store.ops->erase(pool->config.store.ctx,
					      slot_number(pool, slot));
	slot->recorded = VMC_VM_EMPTY;
	slot->saved_len = 0;
}

/* What a successor would need; a VM that cannot say it yet has none. */
static enum vmc_status save(struct vmc_pool_slot *slot)
{
	struct vmc_vm *vm = &slot->vm;
	size_t saved_len = 0;
	enum vmc_status status = vm->hypervisor.ops->save(
		vm->hypervisor.ctx, vm, slot->saved, sizeof(slot->saved),
		&saved_len);

	slot->saved_len = status == VMC_OK ? (uint32_t)saved_len : 0;
	return status;
}

/*
 * Leaving a state
 */

/* xorshift64 (Marsaglia 2003): spread, not secrecy. */
static uint64_t next_random(struct vmc_pool *pool)
{
	pool->random ^= pool->random << 13;
	pool->random ^= pool->random >> 7;
	pool->random ^= pool->random << 17;
	return pool->random;
}

/* Between half and all of a time that doubles with each failure. */
static uint64_t retry_wait(struct vmc_pool *pool, uint32_t failures)
{
	uint64_t wait = pool->config.retry_min_ms;

	while (--failures > 0 && wait < pool->config.retry_max_ms)
		wait *= 2;
	if (wait > pool->config.retry_max_ms)
		wait = pool->config.retry_max_ms;
	return wait / 2 + next_random(pool) % (wait / 2 + 1);
}

static void begin_stop(struct vmc_pool *pool, struct vmc_pool_slot *slot,
		       uint64_t now_ms)
{
	vmc_task_cancel(&slot->task);
	set_state(pool, slot, VMC_VM_STOPPING);
	(void)put_on_record(pool, slot, now_ms);
	kick(pool, slot);
}

/* Stops what the slot has; it boots again after a wait that grows. */
static void fail_slot(struct vmc_pool *pool, struct vmc_pool_slot *slot,
		      enum vmc_event_type type, uint64_t now_ms)
{
	uint64_t wait = retry_wait(pool, ++slot->failures);
	struct vmc_vm *vm = &slot->vm;
	struct vmc_view console;

	slot->retry_ms = now_ms + wait;
	vmc_pool_report(pool, type, slot, now_ms, vm->error.text)->ms = wait;
	console = vm->hypervisor.ops->console(vm->hypervisor.ctx, vm);
	if (console.ptr_len)
		vmc_pool_report_console(pool, slot, now_ms, console);
	begin_stop(pool, slot, now_ms);
}

static void lose_slot(struct vmc_pool *pool, struct vmc_pool_slot *slot,
		      uint64_t now_ms)
{
	pool->counters.lost++;
	if (now_ms - slot->since_ms < SOUND_MS) {
		fail_slot(pool, slot, VMC_EVENT_VM_LOST, now_ms);
		return;
	}
	slot->failures = 0;
	slot->retry_ms = now_ms;
	vmc_pool_report(pool, VMC_EVENT_VM_LOST, slot, now_ms,
			slot->vm.error.text);
	begin_stop(pool, slot, now_ms);
}

/*
 * What a slot does in each state. Each returns 1 if the state has changed,
 * so that there may be more to do at once.
 */

static int may_boot(const struct vmc_pool *pool,
		    const struct vmc_pool_slot *slot, uint64_t now_ms)
{
	return !pool->stopping && slot->retry_ms <= now_ms &&
	       pool->booting < pool->config.boot_parallel;
}

static void begin_boot(struct vmc_pool *pool, struct vmc_pool_slot *slot,
		       uint64_t now_ms)
{
	vmc_error_reset(&slot->vm.error);
	slot->vm.begun_ms = now_ms;
	slot->task.deadline_ms = now_ms + pool->config.boot_timeout_ms;
	slot->vm.state = VMC_VM_BOOTING;
	pool->booting++;
}

/* Half made, it is on record as soon as it has a process. */
static void note_half_made(struct vmc_pool *pool, struct vmc_pool_slot *slot,
			   uint64_t now_ms)
{
	if (slot->vm.pid == 0 || slot->recorded != VMC_VM_EMPTY)
		return;
	(void)save(slot);
	(void)put_on_record(pool, slot, now_ms);
}

static int become_ready(struct vmc_pool *pool, struct vmc_pool_slot *slot,
			uint64_t now_ms)
{
	enum vmc_status status = save(slot);

	if (status == VMC_OK) {
		set_state(pool, slot, VMC_VM_READY);
		status = put_on_record(pool, slot, now_ms);
	}
	if (status) {
		pool->counters.failed++;
		(void)vmc_error_set(&slot->vm.error, status,
				    "VM cannot be put on record", NULL);
		fail_slot(pool, slot, VMC_EVENT_VM_FAILED, now_ms);
		return 1;
	}
	slot->since_ms = now_ms;
	return 1;
}

static int step_boot(struct vmc_pool *pool, struct vmc_pool_slot *slot,
		     uint64_t now_ms)
{
	const struct vmc_factory *base = &pool->config.base;
	int begins = !vmc_task_active(&slot->task);
	enum vmc_status status = base->ops->get_base_vm(
		base->ctx, &slot->vm, &slot->task, now_ms);

	if (begins)
		vmc_pool_report(pool, VMC_EVENT_VM_BOOTING, slot, now_ms,
				NULL);
	if (status == VMC_AGAIN) {
		note_half_made(pool, slot, now_ms);
		return 0;
	}
	pool->booting--;
	pool->due_ms = 0; /* another slot may begin */
	if (status) {
		pool->counters.failed++;
		fail_slot(pool, slot, VMC_EVENT_VM_FAILED, now_ms);
		return 1;
	}
	pool->counters.booted++;
	vmc_pool_report(pool, VMC_EVENT_VM_READY, slot, now_ms, NULL)->ms =
		now_ms - slot->vm.begun_ms;
	return become_ready(pool, slot, now_ms);
}

static int step_empty(struct vmc_pool *pool, struct vmc_pool_slot *slot,
		      uint64_t now_ms)
{
	if (!may_boot(pool, slot, now_ms))
		return 0;
	begin_boot(pool, slot, now_ms);
	return 1;
}

static int step_ready(struct vmc_pool *pool, struct vmc_pool_slot *slot,
		      uint64_t now_ms)
{
	struct vmc_vm *vm = &slot->vm;
	enum vmc_status status = vm->hypervisor.ops->watch(
		vm->hypervisor.ctx, vm, &slot->task, now_ms);

	if (status == VMC_AGAIN)
		return 0;
	lose_slot(pool, slot, now_ms);
	return 1;
}

static int step_adopting(struct vmc_pool *pool, struct vmc_pool_slot *slot,
			 uint64_t now_ms)
{
	struct vmc_vm *vm = &slot->vm;
	struct vmc_view none = { NULL, 0 };
	enum vmc_status status = vm->hypervisor.ops->attach(
		vm->hypervisor.ctx, vm, none, &slot->task, now_ms);

	if (status == VMC_AGAIN)
		return 0;
	if (status) {
		lose_slot(pool, slot, now_ms);
		return 1;
	}
	pool->counters.returned++;
	vmc_pool_report(pool, VMC_EVENT_VM_RETURNED, slot, now_ms, NULL);
	return become_ready(pool, slot, now_ms);
}

static int step_stopping(struct vmc_pool *pool, struct vmc_pool_slot *slot,
			 uint64_t now_ms)
{
	struct vmc_vm *vm = &slot->vm;
	struct vmc_event gone;
	enum vmc_status status;

	vmc_pool_describe(pool, &gone, VMC_EVENT_VM_STOPPED, slot, now_ms);
	status = vmc_vm_stop(vm, &slot->task, now_ms);
	if (status == VMC_AGAIN)
		return 0;
	strike_record(pool, slot);
	*vmc_pool_push(pool) = gone;
	pool->due_ms = 0;
	return 1;
}

static int step_state(struct vmc_pool *pool, struct vmc_pool_slot *slot,
		      uint64_t now_ms)
{
	switch (slot->vm.state) {
	case VMC_VM_EMPTY:
		return step_empty(pool, slot, now_ms);
	case VMC_VM_BOOTING:
	case VMC_VM_CHECKING:
	case VMC_VM_PAUSING:
		return step_boot(pool, slot, now_ms);
	case VMC_VM_READY:
		return step_ready(pool, slot, now_ms);
	case VMC_VM_ADOPTING:
		return step_adopting(pool, slot, now_ms);
	case VMC_VM_STOPPING:
		return step_stopping(pool, slot, now_ms);
	default:
		return 0; /* HANDING: its taker's move */
	}
}
