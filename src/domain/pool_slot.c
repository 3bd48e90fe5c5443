/* SPDX-License-Identifier: Apache-2.0 */
/* One slot's life. See pool_slot.h and the diagram in vmcache/pool.h. */
#include "pool_slot.h"

#include "pool_events.h"

/* A VM that was READY for so long before it died did not fail to boot. */
#define SOUND_MS 1000

enum counted { COUNTED_NOWHERE, COUNTED_BOOTING, COUNTED_READY };

/* Nothing is in it and nothing is being made for it. */
static int is_vacant(const struct vmc_pool_slot *slot)
{
	return slot->vm.state == VMC_VM_EMPTY &&
	       slot->counted == COUNTED_NOWHERE;
}

void vmc_pool_slot_kick(struct vmc_pool *pool, struct vmc_pool_slot *slot)
{
	slot->kick = 1;
	pool->due_ms = 0;
	pool->again = 1;
}

static void count_as(struct vmc_pool *pool, struct vmc_pool_slot *slot,
		     enum counted counted)
{
	if (slot->counted == COUNTED_BOOTING)
		pool->again = 1; /* another slot may boot */
	pool->booting -= slot->counted == COUNTED_BOOTING;
	pool->ready -= slot->counted == COUNTED_READY;
	slot->counted = (uint8_t)counted;
	pool->booting += slot->counted == COUNTED_BOOTING;
	pool->ready += slot->counted == COUNTED_READY;
}

static void handles_changed(struct vmc_pool *pool, struct vmc_pool_slot *slot)
{
	slot->generation++;
	pool->waits_changed = 1;
}

/* Ends what the slot is doing, whatever it is. */
static void drop_task(struct vmc_pool *pool, struct vmc_pool_slot *slot)
{
	if (slot->task.wait_len)
		handles_changed(pool, slot);
	vmc_task_cancel(&slot->task);
}

/*
 * Records
 */

static enum vmc_status write_record(struct vmc_pool *pool,
				    struct vmc_pool_slot *slot)
{
	const struct vmc_store *store = &pool->config.store;
	const struct vmc_vm *vm = &slot->vm;
	struct vmc_record record = {
		.state = vm->state,
		.digest = pool->config.digest,
		.pid = vm->pid,
		.start_time = store->ops->start_time(store->ctx, vm->pid),
		.vcpus = vm->vcpus,
		.memory_mib = vm->memory_mib,
		.cpu_delta = vm->cpu_delta,
		.context_id = vm->context_id,
		.id = vmc_view_of(vm->id),
		.agent_url = vmc_view_of(vm->agent_url),
		.saved = { slot->saved, slot->saved_len },
	};
	size_t len;
	enum vmc_status status = vmc_record_write(&record, pool->record, &len);

	if (status)
		return status;
	return store->ops->write(store->ctx, slot->number, pool->record, len);
}

/* Puts the slot's state on record. A failure is the host's to know. */
static enum vmc_status put_on_record(struct vmc_pool *pool,
				     struct vmc_pool_slot *slot)
{
	enum vmc_status status;

	if (!pool->config.store.ops)
		return VMC_OK;
	slot->recorded = (uint8_t)slot->vm.state;
	slot->recorded_pid = slot->vm.pid;
	status = write_record(pool, slot);
	if (status)
		vmc_pool_report(pool, VMC_EVENT_RECORD_FAILED, slot,
				vmc_status_words(status));
	return status;
}

void vmc_pool_slot_strike(struct vmc_pool *pool, struct vmc_pool_slot *slot)
{
	if (pool->config.store.ops && slot->recorded != VMC_VM_EMPTY)
		pool->config.store.ops->erase(pool->config.store.ctx,
					      slot->number);
	slot->recorded = VMC_VM_EMPTY;
	slot->saved_len = 0;
}

/* What a successor, or a taker, needs of the driver. */
static enum vmc_status save(struct vmc_pool_slot *slot)
{
	struct vmc_vm *vm = &slot->vm;
	size_t saved_len = 0;
	enum vmc_status status =
		vm->hypervisor.ops->save(vm->hypervisor.ctx, vm, slot->saved,
					 sizeof(slot->saved), &saved_len);

	slot->saved_len = status == VMC_OK ? (uint32_t)saved_len : 0;
	return status;
}

/* Half made, it is on record as soon as it has a process, or another one:
 * a driver may try again within one boot. */
static void note_half_made(struct vmc_pool *pool, struct vmc_pool_slot *slot)
{
	if (slot->vm.pid == 0 || (slot->recorded_pid == slot->vm.pid &&
				  slot->recorded >= VMC_VM_BOOTING &&
				  slot->recorded <= VMC_VM_PAUSING))
		return;
	/* What cannot be saved yet is found by its pid. */
	if (save(slot) != VMC_OK)
		vmc_error_reset(&slot->vm.error);
	(void)put_on_record(pool, slot); /* reported; again when READY */
}

/*
 * Ways to STOPPING
 */

/* MMIX's generator (Knuth): spread, not secrecy. Its high bits are good. */
static uint32_t next_random(struct vmc_pool *pool)
{
	pool->random =
		pool->random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(pool->random >> 32);
}

/* Between half and all of a time that doubles with each failure. */
static uint64_t retry_wait(struct vmc_pool *pool, struct vmc_pool_slot *slot)
{
	uint64_t wait = pool->config.retry_min_ms;
	uint32_t failures = ++slot->failures;

	while (--failures > 0 && wait < pool->config.retry_max_ms)
		wait *= 2;
	if (wait > pool->config.retry_max_ms)
		wait = pool->config.retry_max_ms;
	wait /= 2;
	return wait + (next_random(pool) * (wait + 1) >> 32);
}

/*
 * What is on record of a VM that was handed out before says nothing of this
 * one, which is put on record if it has a process. A record that cannot be
 * renewed still names the VM.
 */
static void record_stop(struct vmc_pool *pool, struct vmc_pool_slot *slot)
{
	int is_another = slot->recorded == VMC_VM_EMPTY ||
			 slot->recorded == VMC_VM_HANDED;

	if (is_another && slot->vm.pid == 0)
		return;
	if (is_another)
		(void)save(slot); /* or its pid must do */
	(void)put_on_record(pool, slot);
}

static void begin_stop(struct vmc_pool *pool, struct vmc_pool_slot *slot)
{
	drop_task(pool, slot);
	count_as(pool, slot, COUNTED_NOWHERE);
	slot->vm.state = VMC_VM_STOPPING;
	record_stop(pool, slot);
	vmc_pool_slot_kick(pool, slot);
}

void vmc_pool_slot_stop(struct vmc_pool *pool, struct vmc_pool_slot *slot)
{
	if (is_vacant(slot))
		vmc_pool_slot_strike(pool, slot);
	else if (slot->vm.state != VMC_VM_STOPPING)
		begin_stop(pool, slot);
}

/* Stops what the slot has; it boots again after `wait`. */
static void fail_slot(struct vmc_pool *pool, struct vmc_pool_slot *slot,
		      enum vmc_event_type type, uint64_t wait)
{
	struct vmc_vm *vm = &slot->vm;

	slot->retry_ms = pool->now_ms + wait;
	vmc_pool_report(pool, type, slot, vm->error.text)->ms = wait;
	vmc_pool_report_console(
		pool, slot,
		vm->hypervisor.ops->console(vm->hypervisor.ctx, vm));
	begin_stop(pool, slot);
}

static void lose_slot(struct vmc_pool *pool, struct vmc_pool_slot *slot)
{
	uint64_t wait = 0;

	pool->counters.lost++;
	if (pool->now_ms - slot->since_ms < SOUND_MS)
		wait = retry_wait(pool, slot);
	else
		slot->failures = 0;
	fail_slot(pool, slot, VMC_EVENT_VM_LOST, wait);
}

/*
 * What a slot does in each state. Each returns 1 if the state has changed,
 * so that there may be more to do at once.
 */

static int may_boot(const struct vmc_pool *pool)
{
	return !pool->stopping && pool->booting < pool->config.boot_parallel;
}

/* A slot that nothing has failed in does not let those in line wait. */
static uint64_t boots_at(const struct vmc_pool *pool,
			 const struct vmc_pool_slot *slot)
{
	if (!may_boot(pool))
		return VMC_NEVER;
	return slot->failures == 0 && pool->line_len ? 0 : slot->retry_ms;
}

static int step_empty(struct vmc_pool *pool, struct vmc_pool_slot *slot)
{
	if (boots_at(pool, slot) > pool->now_ms)
		return 0;
	slot->vm.begun_ms = pool->now_ms;
	slot->task.deadline_ms = pool->now_ms + pool->config.boot_timeout_ms;
	count_as(pool, slot, COUNTED_BOOTING);
	return 1;
}

static enum vmc_status enter_ready(struct vmc_pool *pool,
				   struct vmc_pool_slot *slot)
{
	enum vmc_status status = save(slot);

	if (status == VMC_OK)
		status = put_on_record(pool, slot);
	if (status)
		return vmc_error_set(&slot->vm.error, status,
				     "VM cannot be put on record",
				     vmc_status_words(status));
	slot->since_ms = pool->now_ms;
	count_as(pool, slot, COUNTED_READY);
	return VMC_OK;
}

static int step_boot(struct vmc_pool *pool, struct vmc_pool_slot *slot)
{
	const struct vmc_factory *base = &pool->config.base;
	int begins = !vmc_task_active(&slot->task);
	enum vmc_status status = base->ops->get_base_vm(
		base->ctx, &slot->vm, &slot->task, pool->now_ms);

	if (begins)
		vmc_pool_report(pool, VMC_EVENT_VM_BOOTING, slot, NULL);
	if (status == VMC_AGAIN) {
		note_half_made(pool, slot);
		return 0;
	}
	count_as(pool, slot, COUNTED_NOWHERE);
	if (status == VMC_OK)
		status = enter_ready(pool, slot);
	if (status) {
		pool->counters.failed++;
		fail_slot(pool, slot, VMC_EVENT_VM_FAILED,
			  retry_wait(pool, slot));
		return 1;
	}
	pool->counters.booted++;
	vmc_pool_report(pool, VMC_EVENT_VM_READY, slot, NULL)->ms =
		pool->now_ms - slot->vm.begun_ms;
	return 1;
}

static int step_ready(struct vmc_pool *pool, struct vmc_pool_slot *slot)
{
	struct vmc_vm *vm = &slot->vm;
	enum vmc_status status = vm->hypervisor.ops->watch(
		vm->hypervisor.ctx, vm, &slot->task, pool->now_ms);

	if (status == VMC_AGAIN)
		return 0;
	lose_slot(pool, slot);
	return 1;
}

static int step_adopting(struct vmc_pool *pool, struct vmc_pool_slot *slot)
{
	struct vmc_view none = { NULL, 0 };
	enum vmc_status status =
		vmc_vm_attach(&slot->vm, none, &slot->task, pool->now_ms);

	if (status == VMC_AGAIN)
		return 0;
	if (status == VMC_OK)
		status = enter_ready(pool, slot);
	if (status) {
		lose_slot(pool, slot);
		return 1;
	}
	pool->counters.returned++;
	vmc_pool_report(pool, VMC_EVENT_VM_RETURNED, slot, NULL);
	return 1;
}

static int step_stopping(struct vmc_pool *pool, struct vmc_pool_slot *slot)
{
	int64_t pid = slot->vm.pid;
	enum vmc_status status =
		vmc_vm_stop(&slot->vm, &slot->task, pool->now_ms);

	if (status == VMC_AGAIN)
		return 0;
	vmc_pool_slot_strike(pool, slot);
	vmc_pool_report(pool, VMC_EVENT_VM_STOPPED, slot, NULL)->pid = pid;
	return 1;
}

static int step_state(struct vmc_pool *pool, struct vmc_pool_slot *slot)
{
	if (slot->counted == COUNTED_BOOTING)
		return step_boot(pool, slot);
	switch (slot->vm.state) {
	case VMC_VM_EMPTY:
		return step_empty(pool, slot);
	case VMC_VM_READY:
		return step_ready(pool, slot);
	case VMC_VM_ADOPTING:
		return step_adopting(pool, slot);
	case VMC_VM_STOPPING:
		return step_stopping(pool, slot);
	default:
		return 0; /* HANDING: its taker's move */
	}
}

void vmc_pool_slot_step(struct vmc_pool *pool, struct vmc_pool_slot *slot)
{
	int waited = slot->task.wait_len > 0;

	slot->kick = 0;
	while (step_state(pool, slot))
		continue;
	if (waited || slot->task.wait_len)
		handles_changed(pool, slot);
}

uint64_t vmc_pool_slot_until(const struct vmc_pool *pool,
			     const struct vmc_pool_slot *slot)
{
	if (slot->kick)
		return 0;
	if (is_vacant(slot))
		return boots_at(pool, slot);
	return slot->task.until_ms;
}

/*
 * The doors
 */

enum vmc_status vmc_pool_slot_take(struct vmc_pool *pool,
				   struct vmc_pool_slot *slot)
{
	struct vmc_vm *vm = &slot->vm;
	struct vmc_vm_probe probe = { 0, 0, 0 };
	enum vmc_status status;

	vm->hypervisor.ops->probe(vm->hypervisor.ctx, vm, &probe);
	if (!probe.alive) {
		status = vmc_error_set(&vm->error, VMC_ERR_VM, "VM is gone",
				       NULL);
		lose_slot(pool, slot);
		return status;
	}
	vm->state = VMC_VM_HANDING;
	status = put_on_record(pool, slot);
	if (status) {
		vm->state = VMC_VM_READY;
		return VMC_ERR_IO;
	}
	drop_task(pool, slot);
	count_as(pool, slot, COUNTED_NOWHERE);
	slot->failures = 0;
	slot->retry_ms = pool->now_ms + pool->config.refill_ms;
	vmc_pool_report(pool, VMC_EVENT_VM_TAKEN, slot, NULL)->ms =
		pool->now_ms - slot->since_ms;
	return VMC_OK;
}

void vmc_pool_slot_vacate(struct vmc_pool *pool, struct vmc_pool_slot *slot)
{
	pool->counters.handed++;
	vmc_pool_slot_kick(pool, slot);
}

void vmc_pool_slot_hand(struct vmc_pool *pool, struct vmc_pool_slot *slot)
{
	slot->vm.state = VMC_VM_HANDED;
	/* HANDING on record is safe too: a successor looks before it acts. */
	(void)put_on_record(pool, slot);
	slot->saved_len = 0;
	vmc_vm_release(&slot->vm);
	vmc_pool_slot_vacate(pool, slot);
}

void vmc_pool_slot_take_back(struct vmc_pool *pool, struct vmc_pool_slot *slot)
{
	slot->vm.state = VMC_VM_ADOPTING;
	slot->task.deadline_ms = pool->now_ms + pool->config.step_timeout_ms;
	vmc_pool_slot_kick(pool, slot);
}
