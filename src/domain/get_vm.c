/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making a VM ready for use: Kata's factory.GetVM, step by step. Each step
 * is one operation on get->call; what fails ends in stopping the VM, so
 * that a caller has a VM that can be used, or none.
 */
#include "vmcache/factory.h"

#include <string.h>

/* What follows the last step, and what follows a failure. */
#define PHASE_OF(step) ((step) + 1u)
#define PHASE_STOP ((uint8_t)(VMC_GET_VM_STEPS + 1))

static const char *const step_names[VMC_GET_VM_STEPS] = {
	"config", "base",  "resume", "reseed",
	"time",   "vcpus", "memory", "online",
};

/* see vmcache/factory.h */
const char *vmc_get_vm_step_name(enum vmc_get_vm_step step)
{
	return (unsigned)step < VMC_GET_VM_STEPS ? step_names[step] : "?";
}

static enum vmc_status compare(struct vmc_get_vm *get, struct vmc_vm *vm)
{
	enum vmc_status status = vmc_vm_config_compare(
		get->wanted, get->config.data, &get->reason);

	if (status == VMC_ERR_MISMATCH && get->direct.ops) {
		get->mismatch = 1;
		return VMC_OK;
	}
	if (status)
		return vmc_error_set(&vm->error, status, get->reason.text,
				     NULL);
	return VMC_OK;
}

static enum vmc_status step_config(struct vmc_get_vm *get, struct vmc_vm *vm,
				   uint64_t now_ms)
{
	enum vmc_status status;

	if (!get->wanted.ptr)
		return VMC_OK;
	status = get->base.ops->config(get->base.ctx, &get->config, &get->call,
				       now_ms);
	return status ? status : compare(get, vm);
}

static enum vmc_status step_base(struct vmc_get_vm *get, struct vmc_vm *vm,
				 uint64_t now_ms)
{
	const struct vmc_factory *from =
		get->mismatch ? &get->direct : &get->base;
	enum vmc_status status =
		from->ops->get_base_vm(from->ctx, vm, &get->call, now_ms);

	if (status)
		return status;
	return vm->agent.ops->set_agent_url(&vm->agent,
					    vmc_view_of(vm->agent_url));
}

/* On a task of its own: it may be under way before the VM runs. */
static enum vmc_status step_reseed(struct vmc_get_vm *get, struct vmc_vm *vm,
				   uint64_t now_ms)
{
	struct vmc_view entropy = { get->entropy, sizeof(get->entropy) };
	enum vmc_status status;

	if (get->reseeded)
		return VMC_OK;
	if (!vmc_task_active(&get->reseed)) {
		status = get->env.entropy(get->env.ctx, get->entropy,
					  sizeof(get->entropy));
		if (status)
			return status;
	}
	status = vm->agent.ops->reseed_rng(&vm->agent, entropy, &get->reseed,
					   now_ms);
	if (status != VMC_AGAIN)
		memset(get->entropy, 0, sizeof(get->entropy));
	get->reseeded = status == VMC_OK;
	return status;
}

/*
 * While the VM resumes, its agent is dialled and asked already: what is sent
 * lies in the VM's channel until it runs. If that fails, it may be the first
 * sign of a VM that ends, and the driver will know better why; if it has not
 * ended, the agent is asked again.
 */
static enum vmc_status step_resume(struct vmc_get_vm *get, struct vmc_vm *vm,
				   uint64_t now_ms)
{
	enum vmc_status status = vmc_vm_resume(vm, &get->call, now_ms);

	if (status == VMC_AGAIN && step_reseed(get, vm, now_ms) < 0)
		vmc_error_reset(&vm->error);
	return status;
}

static enum vmc_status step_time(struct vmc_get_vm *get, struct vmc_vm *vm,
				 uint64_t now_ms)
{
	enum vmc_status status = VMC_OK;

	if (!vmc_task_active(&get->call))
		status = get->env.wall(get->env.ctx, &get->wall);
	if (status == VMC_ERR_UNSUPPORTED)
		return VMC_OK; /* a host without a calendar */
	if (status)
		return status;
	return vm->agent.ops->set_guest_date_time(&vm->agent, &get->wall,
						  &get->call, now_ms);
}

static enum vmc_status step_vcpus(struct vmc_get_vm *get, struct vmc_vm *vm,
				  uint64_t now_ms)
{
	if (vm->vcpus >= get->vcpus)
		return VMC_OK;
	return vmc_vm_add_vcpus(vm, get->vcpus - vm->vcpus, &get->call, now_ms);
}

static enum vmc_status step_memory(struct vmc_get_vm *get, struct vmc_vm *vm,
				   uint64_t now_ms)
{
	enum vmc_status status;

	if (vm->memory_mib >= get->memory_mib)
		return VMC_OK;
	status = vmc_vm_add_memory(vm, get->memory_mib - vm->memory_mib,
				   &get->call, now_ms);
	if (status == VMC_OK)
		get->memory_added = 1;
	return status;
}

static enum vmc_status step_online(struct vmc_get_vm *get, struct vmc_vm *vm,
				   uint64_t now_ms)
{
	enum vmc_status status;

	if (vm->cpu_delta == 0 && !get->memory_added)
		return VMC_OK;
	status = vm->agent.ops->online_cpu_mem(
		&vm->agent, vm->vcpus, vm->cpu_delta, !get->memory_added,
		&get->call, now_ms);
	if (status == VMC_OK)
		vm->cpu_delta = 0;
	return status;
}

static enum vmc_status (*const steps[VMC_GET_VM_STEPS])(struct vmc_get_vm *get,
							struct vmc_vm *vm,
							uint64_t now_ms) = {
	[VMC_GET_VM_CONFIG] = step_config, [VMC_GET_VM_BASE] = step_base,
	[VMC_GET_VM_RESUME] = step_resume, [VMC_GET_VM_RESEED] = step_reseed,
	[VMC_GET_VM_TIME] = step_time,     [VMC_GET_VM_VCPUS] = step_vcpus,
	[VMC_GET_VM_MEMORY] = step_memory, [VMC_GET_VM_ONLINE] = step_online,
};

static void begin_step(struct vmc_get_vm *get, struct vmc_task *task,
		       enum vmc_get_vm_step step, uint64_t now_ms)
{
	get->step = step;
	get->step_begun_ms = now_ms;
	get->reseed.deadline_ms = task->deadline_ms;
	vmc_task_enter(task, PHASE_OF(step), &get->call);
}

static void cancel_get(struct vmc_task *task)
{
	struct vmc_get_vm *get = task->owner;

	vmc_task_cancel(&get->call);
	vmc_task_cancel(&get->reseed);
	memset(get->entropy, 0, sizeof(get->entropy));
}

static void begin(struct vmc_get_vm *get, struct vmc_vm *vm,
		  struct vmc_task *task, uint64_t now_ms)
{
	vmc_error_reset(&vm->error);
	vmc_error_reset(&get->reason);
	memset(get->step_ms, 0, sizeof(get->step_ms));
	get->mismatch = 0;
	get->memory_added = 0;
	get->reseeded = 0;
	vmc_task_init(&get->reseed);
	task->owner = get;
	task->cancel = cancel_get;
	begin_step(get, task, VMC_GET_VM_CONFIG, now_ms);
}

/* From here on the VM is being stopped; the error is the step's. */
static void fail(struct vmc_get_vm *get, struct vmc_vm *vm,
		 struct vmc_task *task, enum vmc_status status)
{
	get->result = vmc_error_set(&vm->error, status,
				    vmc_get_vm_step_name(get->step),
				    vmc_status_words(status));
	cancel_get(task);
	task->deadline_ms = VMC_NEVER;
	task->phase = PHASE_STOP;
}

/* Goes through the steps; VMC_OK when the last is done. */
static enum vmc_status do_steps(struct vmc_get_vm *get, struct vmc_vm *vm,
				struct vmc_task *task, uint64_t now_ms)
{
	enum vmc_status status;

	for (;;) {
		status = steps[get->step](get, vm, now_ms);
		if (status)
			return status;
		get->step_ms[get->step] = now_ms - get->step_begun_ms;
		if (get->step + 1 == VMC_GET_VM_STEPS)
			return VMC_OK;
		begin_step(get, task, get->step + 1, now_ms);
	}
}

/* see vmcache/factory.h */
enum vmc_status vmc_factory_get_vm(struct vmc_get_vm *get, struct vmc_vm *vm,
				   struct vmc_task *task, uint64_t now_ms)
{
	int late = vmc_task_begin(task, now_ms);
	enum vmc_status status = VMC_ERR_TIMEOUT;

	if (!vmc_task_active(task))
		begin(get, vm, task, now_ms);
	if (task->phase != PHASE_STOP) {
		if (!late)
			status = do_steps(get, vm, task, now_ms);
		if (status == VMC_OK)
			return vmc_task_end(task, VMC_OK);
		if (status != VMC_AGAIN)
			fail(get, vm, task, status);
	}
	if (task->phase == PHASE_STOP) {
		status = vmc_vm_stop(vm, &get->call, now_ms);
		if (status == VMC_OK)
			return vmc_task_end(task, get->result);
	}
	vmc_task_show(task, &get->reseed);
	return vmc_task_forward(task, &get->call);
}
