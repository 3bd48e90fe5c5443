/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pool: its slots (pool_slot.c), the line of those who wait, and the
 * ways out. Who is first in line, or comes while there is no line, gets the
 * first READY VM that is found alive.
 */
#include "vmcache/pool.h"

#include "../base/options.h"
#include "pool_events.h"
#include "pool_slot.h"

#include <string.h>

#define BOOT_PARALLEL 2
#define BOOT_TIMEOUT_MS 60000
#define STEP_TIMEOUT_MS 10000
#define RETRY_MIN_MS 500
#define RETRY_MAX_MS 30000

/*
 * Set-up
 */

static void set_default(uint32_t *value, uint32_t default_value)
{
	if (*value == 0)
		*value = default_value;
}

static void set_defaults(struct vmc_pool_config *config)
{
	set_default(&config->boot_parallel, BOOT_PARALLEL);
	set_default(&config->boot_timeout_ms, BOOT_TIMEOUT_MS);
	set_default(&config->step_timeout_ms, STEP_TIMEOUT_MS);
	set_default(&config->retry_min_ms, RETRY_MIN_MS);
	set_default(&config->retry_max_ms, RETRY_MAX_MS);
	if (!config->agent_ops)
		config->agent_ops = &vmc_agent_noop_ops;
}

static enum vmc_status check_array(struct vmc_error *error, const char *what,
				   const void *array, size_t array_size,
				   size_t needed, size_t align)
{
	if (needed == 0)
		return VMC_OK;
	if (!array || (uintptr_t)array & (align - 1))
		return vmc_error_set(error, VMC_ERR_ARGUMENT, what,
				     "absent or not aligned");
	if (array_size < needed)
		return vmc_error_set_number(error, VMC_ERR_TOO_BIG, what,
					    needed);
	return VMC_OK;
}

static const char *what_is_missing(const struct vmc_pool_config *config)
{
	if (!config->base.ops)
		return "pool: base: no factory";
	if (!config->hypervisor.ops)
		return "pool: hypervisor: no driver";
	if (!config->env.entropy)
		return "pool: env: no entropy";
	if (config->number < 1)
		return "pool: number: at least 1";
	return NULL;
}

static enum vmc_status check_config(const struct vmc_pool_config *config,
				    struct vmc_error *error)
{
	const struct vmc_hypervisor_ops *driver = config->hypervisor.ops;
	const struct vmc_agent_ops *agent = config->agent_ops;
	const char *missing = what_is_missing(config);
	enum vmc_status status;

	if (missing)
		return vmc_error_set(error, VMC_ERR_ARGUMENT, missing, NULL);
	if (config->number > VMC_VM_MAX)
		return vmc_error_set_number(error, VMC_ERR_TOO_BIG,
					    "pool: number: at most VMC_VM_MAX",
					    VMC_VM_MAX);
	status =
		check_array(error, "pool: drivers: bytes needed",
			    config->drivers, config->drivers_size,
			    config->number * driver->vm_size, driver->vm_align);
	if (status)
		return status;
	return check_array(error, "pool: agents: bytes needed", config->agents,
			   config->agents_size,
			   config->number * agent->state_size,
			   agent->state_align);
}

static void *element(void *array, size_t size, uint32_t index)
{
	return size ? (uint8_t *)array + size * index : NULL;
}

static void init_slot(struct vmc_pool *pool, uint32_t number)
{
	const struct vmc_pool_config *config = &pool->config;
	struct vmc_pool_slot *slot = &pool->slot[number];
	struct vmc_agent agent = {
		.ops = config->agent_ops,
		.state = element(config->agents, config->agent_ops->state_size,
				 number),
		.config = config->agent_config,
	};

	memset(slot, 0, offsetof(struct vmc_pool_slot, saved));
	slot->number = (uint16_t)number;
	vmc_task_init(&slot->task);
	vmc_vm_init(&slot->vm, config->hypervisor,
		    element(config->drivers, config->hypervisor.ops->vm_size,
			    number),
		    agent);
}

/* see vmcache/pool.h */
enum vmc_status vmc_pool_init_checked(struct vmc_pool *pool,
				      const struct vmc_pool_config *config,
				      struct vmc_error *error, size_t pool_size,
				      unsigned options)
{
	enum vmc_status status;
	uint32_t i;

	if (error)
		vmc_error_reset(error);
	status = vmc_options_check(error, pool_size, options, sizeof(*pool));
	if (status)
		return status;
	memset(pool, 0, offsetof(struct vmc_pool, event));
	pool->config = *config;
	set_defaults(&pool->config);
	status = check_config(&pool->config, error);
	if (status)
		return status;
	status = config->env.entropy(config->env.ctx, &pool->random,
				     sizeof(pool->random));
	if (status)
		return vmc_error_set(error, status, "pool: entropy",
				     vmc_status_words(status));
	pool->waits_changed = 1;
	for (i = 0; i < config->number; i++)
		init_slot(pool, i);
	return VMC_OK;
}

/*
 * Going on
 */

static void mark(struct vmc_pool *pool, const struct vmc_wait *in,
		 size_t in_len)
{
	size_t i;

	for (i = 0; i < in_len; i++) {
		uint32_t number = VMC_WAIT_INDEX(in[i].key) / VMC_TASK_WAIT_MAX;

		if (in[i].got && number < pool->config.number)
			vmc_pool_slot_kick(pool, &pool->slot[number]);
	}
}

static void scan(struct vmc_pool *pool)
{
	uint32_t i;

	pool->again = 0;
	for (i = 0; i < pool->config.number; i++)
		if (vmc_pool_slot_until(pool, &pool->slot[i]) <= pool->now_ms)
			vmc_pool_slot_step(pool, &pool->slot[i]);
	pool->due_ms = VMC_NEVER;
	for (i = 0; i < pool->config.number; i++) {
		uint64_t until_ms = vmc_pool_slot_until(pool, &pool->slot[i]);

		if (until_ms < pool->due_ms)
			pool->due_ms = until_ms;
	}
}

/* see vmcache/pool.h */
void vmc_pool_step(struct vmc_pool *pool, const struct vmc_wait *in,
		   size_t in_len, uint64_t now_ms)
{
	pool->now_ms = now_ms;
	mark(pool, in, in_len);
	if (pool->due_ms > now_ms)
		return;
	do
		scan(pool);
	while (pool->again);
}

/* see vmcache/pool.h */
enum vmc_status vmc_pool_waits(struct vmc_pool *pool, struct vmc_wait *out,
			       size_t cap, size_t *out_len, uint64_t *until_ms)
{
	size_t len = 0;
	uint32_t i, j;

	for (i = 0; i < pool->config.number; i++) {
		const struct vmc_pool_slot *slot = &pool->slot[i];

		for (j = 0; j < slot->task.wait_len; j++) {
			if (len == cap)
				return VMC_ERR_TOO_BIG;
			out[len] = slot->task.wait[j];
			out[len].got = 0;
			out[len++].key = (uint32_t)slot->generation << 16 |
					 (i * VMC_TASK_WAIT_MAX + j);
		}
	}
	pool->waits_changed = 0;
	*out_len = len;
	*until_ms = pool->due_ms;
	return VMC_OK;
}

/* see vmcache/pool.h */
uint64_t vmc_pool_until(const struct vmc_pool *pool)
{
	return pool->due_ms;
}

/*
 * The line
 */

static void leave_line(struct vmc_pool *pool, uint32_t ticket)
{
	uint32_t i = 0;

	while (i < pool->line_len && pool->line[i] != ticket)
		i++;
	if (i == pool->line_len)
		return;
	pool->line_len--;
	memmove(&pool->line[i], &pool->line[i + 1],
		(pool->line_len - i) * sizeof(pool->line[0]));
}

/* see vmcache/pool.h */
void vmc_pool_leave(struct vmc_pool *pool, struct vmc_pool_ticket *ticket)
{
	if (ticket->number)
		leave_line(pool, ticket->number);
	ticket->number = 0;
}

static enum vmc_status stay_in_line(struct vmc_pool *pool,
				    struct vmc_pool_ticket *ticket)
{
	if (ticket->number)
		return VMC_AGAIN;
	if (pool->line_len == VMC_CALL_MAX)
		return VMC_ERR_FULL;
	if (++pool->last_ticket == 0)
		pool->last_ticket = 1; /* 0 is no ticket */
	ticket->number = pool->last_ticket;
	pool->due_ms = 0; /* slots that take their time are due now */
	pool->line[pool->line_len++] = ticket->number;
	return VMC_AGAIN;
}

static enum vmc_status take_ready(struct vmc_pool *pool, uint32_t *number)
{
	enum vmc_status status;
	uint32_t i;

	for (i = 0; i < pool->config.number && pool->ready; i++) {
		if (pool->slot[i].vm.state != VMC_VM_READY)
			continue;
		status = vmc_pool_slot_take(pool, &pool->slot[i]);
		*number = i;
		if (status != VMC_ERR_VM)
			return status;
	}
	return VMC_AGAIN;
}

static enum vmc_status take_in_turn(struct vmc_pool *pool,
				    struct vmc_pool_ticket *ticket,
				    uint32_t *slot, uint64_t now_ms)
{
	enum vmc_status status = VMC_AGAIN;

	pool->now_ms = now_ms;
	if (pool->stopping)
		status = VMC_ERR_UNAVAILABLE;
	else if (pool->line_len == 0 || pool->line[0] == ticket->number)
		status = take_ready(pool, slot);
	if (status == VMC_AGAIN)
		return stay_in_line(pool, ticket);
	vmc_pool_leave(pool, ticket);
	return status;
}

/*
 * Ways out
 */

/* see vmcache/pool.h */
enum vmc_status vmc_pool_take(struct vmc_pool *pool,
			      struct vmc_pool_ticket *ticket, uint32_t *slot,
			      uint64_t now_ms)
{
	enum vmc_status status = take_in_turn(pool, ticket, slot, now_ms);

	if (status == VMC_OK) {
		struct vmc_vm *vm = &pool->slot[*slot].vm;

		vm->hypervisor.ops->detach(vm->hypervisor.ctx, vm);
	}
	return status;
}

static void cancel_get(struct vmc_task *task)
{
	leave_line(task->owner, (uint32_t)task->mark);
}

/* see vmcache/pool.h */
enum vmc_status vmc_pool_get(struct vmc_pool *pool, struct vmc_vm *vm,
			     struct vmc_task *task, uint64_t now_ms)
{
	struct vmc_pool_ticket ticket = { 0 };
	struct vmc_pool_slot *slot;
	uint32_t number;
	enum vmc_status status;

	if (vmc_task_active(task))
		ticket.number = (uint32_t)task->mark;
	if (vmc_task_begin(task, now_ms)) {
		vmc_pool_leave(pool, &ticket);
		return vmc_task_end(task, VMC_ERR_TIMEOUT);
	}
	status = take_in_turn(pool, &ticket, &number, now_ms);
	if (status == VMC_AGAIN) {
		task->phase = 1;
		task->owner = pool;
		task->mark = ticket.number;
		task->cancel = cancel_get;
		return vmc_task_again(task);
	}
	if (status == VMC_OK) {
		slot = &pool->slot[number];
		slot->vm.state = VMC_VM_READY;
		vmc_vm_move(vm, &slot->vm);
		vmc_pool_report(pool, VMC_EVENT_VM_HANDED, slot, NULL)->pid =
			vm->pid;
		vmc_pool_slot_strike(pool, slot);
		vmc_pool_slot_vacate(pool, slot);
	}
	return vmc_task_end(task, status);
}

/* see vmcache/pool.h */
const struct vmc_vm *vmc_pool_vm(const struct vmc_pool *pool, uint32_t slot)
{
	return &pool->slot[slot].vm;
}

/* see vmcache/pool.h */
struct vmc_view vmc_pool_saved(const struct vmc_pool *pool, uint32_t slot)
{
	struct vmc_view saved = { pool->slot[slot].saved,
				  pool->slot[slot].saved_len };

	return saved;
}

/* see vmcache/pool.h */
void vmc_pool_handed(struct vmc_pool *pool, uint32_t number,
		     const struct vmc_peer *peer, uint64_t now_ms)
{
	struct vmc_pool_slot *slot = &pool->slot[number];

	pool->now_ms = now_ms;
	vmc_pool_report(pool, VMC_EVENT_VM_HANDED, slot, NULL)->peer = *peer;
	vmc_pool_slot_hand(pool, slot);
}

/* see vmcache/pool.h */
void vmc_pool_give_back(struct vmc_pool *pool, uint32_t number, int started,
			uint64_t now_ms)
{
	struct vmc_pool_slot *slot = &pool->slot[number];

	pool->now_ms = now_ms;
	if (started) {
		pool->counters.dropped++;
		vmc_pool_report(pool, VMC_EVENT_VM_DROPPED, slot, NULL);
	}
	if (started || pool->stopping)
		vmc_pool_slot_stop(pool, slot);
	else
		vmc_pool_slot_take_back(pool, slot);
}

/*
 * The end
 */

/* see vmcache/pool.h */
void vmc_pool_stop(struct vmc_pool *pool, uint64_t now_ms)
{
	uint32_t i;

	if (pool->stopping)
		return;
	pool->stopping = 1;
	pool->now_ms = now_ms;
	for (i = 0; i < pool->config.number; i++)
		if (pool->slot[i].vm.state != VMC_VM_HANDING)
			vmc_pool_slot_stop(pool, &pool->slot[i]);
}

/* see vmcache/pool.h */
int vmc_pool_stopped(const struct vmc_pool *pool)
{
	uint32_t i;

	if (!pool->stopping)
		return 0;
	for (i = 0; i < pool->config.number; i++)
		if (pool->slot[i].vm.state != VMC_VM_EMPTY)
			return 0;
	return 1;
}

/*
 * Looking
 */

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

/*
 * The pool as a factory
 */

static enum vmc_status get_base_vm(void *ctx, struct vmc_vm *vm,
				   struct vmc_task *task, uint64_t now_ms)
{
	enum vmc_status status;

	if (!vmc_task_active(task))
		vmc_error_reset(&vm->error);
	status = vmc_pool_get(ctx, vm, task, now_ms);
	if (status < 0)
		return vmc_error_set(&vm->error, status, "pool",
				     vmc_status_words(status));
	return status;
}

static enum vmc_status get_config(void *ctx, struct vmc_cache_config *config,
				  struct vmc_task *task, uint64_t now_ms)
{
	const struct vmc_pool *pool = ctx;
	const struct vmc_factory *base = &pool->config.base;

	return base->ops->config(base->ctx, config, task, now_ms);
}

const struct vmc_factory_ops vmc_factory_pool_ops = {
	.name = "pool",
	.get_base_vm = get_base_vm,
	.config = get_config,
};
