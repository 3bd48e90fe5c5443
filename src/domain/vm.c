/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One VM: a driver's operations, with the description and the state kept
 * true. An operation that is made of several driver operations runs them
 * one after another on vm->step and shows that task's waits as its own.
 */
#include "vmcache/vm.h"

#include <string.h>

/* Where id, agent_url and error begin, the last of a VM. */
#define TEXTS offsetof(struct vmc_vm, id)

/* An agent whose connection was lost. */
#define ASK_AGAIN_MS 10

/*
 * The agent is checked twice, each time on a connection of its own: so a guest
 * whose agent does not get over a hang-up is none that anybody is given, and
 * what the taker's connection will need has been gone through once.
 */
enum boot_phase {
	BOOT_DRIVER = 1,
	BOOT_READY,
	BOOT_CHECK,
	BOOT_CHECK_AGAIN,
	BOOT_PAUSE
};

static const char *const state_names[] = {
	"EMPTY",   "BOOTING", "CHECKING", "PAUSING",  "READY",
	"HANDING", "HANDED",  "RUNNING",  "STOPPING", "ADOPTING",
};

/* see vmcache/vm.h */
const char *vmc_vm_state_name(enum vmc_vm_state state)
{
	if ((unsigned)state >= sizeof(state_names) / sizeof(state_names[0]))
		return "?";
	return state_names[state];
}

/* Empties it; which one it was and what went wrong can still be read. */
static void forget(struct vmc_vm *vm)
{
	memset(vm->agent_url, 0, sizeof(vm->agent_url));
	vm->pid = 0;
	vm->vcpus = vm->memory_mib = vm->cpu_delta = vm->context_id = 0;
	vm->state = VMC_VM_EMPTY;
	vm->agent.ops->disconnect(&vm->agent);
	vmc_task_init(&vm->step);
	vmc_task_init(&vm->guard);
	if (vm->hypervisor.ops->vm_size)
		memset(vm->driver, 0, vm->hypervisor.ops->vm_size);
}

/* see vmcache/vm.h */
void vmc_vm_init(struct vmc_vm *vm, struct vmc_hypervisor hypervisor,
		 void *driver, struct vmc_agent agent)
{
	vmc_error_reset(&vm->error);
	vm->hypervisor = hypervisor;
	vm->driver = driver;
	vm->agent = agent;
	vm->agent.error = &vm->error;
	vm->begun_ms = 0;
	memset(vm->id, 0, sizeof(vm->id));
	forget(vm);
}

static enum vmc_status set_id(struct vmc_vm *vm, const char *id)
{
	size_t id_len = strlen(id);

	if (id_len == 0 || id_len >= sizeof(vm->id))
		return vmc_error_set_number(&vm->error, VMC_ERR_ARGUMENT,
					    "VM id: bytes allowed: 1 to",
					    sizeof(vm->id) - 1);
	memcpy(vm->id, id, id_len + 1);
	return VMC_OK;
}

static void cancel_step(struct vmc_task *task)
{
	struct vmc_vm *vm = task->owner;

	vmc_task_cancel(&vm->step);
	vmc_task_cancel(&vm->guard);
	vm->state = VMC_VM_STOPPING;
}

static enum vmc_status ask_agent(struct vmc_vm *vm, uint64_t now_ms)
{
	struct vmc_agent *agent = &vm->agent;
	enum vmc_status status = VMC_OK;

	if (!vmc_task_active(&vm->step))
		status = agent->ops->set_agent_url(agent,
						   vmc_view_of(vm->agent_url));
	if (status)
		return status;
	return agent->ops->check(agent, &vm->step, now_ms);
}

/*
 * The agent is asked; meanwhile the driver sees to the VM. A connection that
 * is lost may be the first sign of a VM that ends, and the driver will know
 * better why; if it has not ended, the agent is asked again.
 */
static enum vmc_status check(struct vmc_vm *vm, uint64_t now_ms)
{
	uint64_t deadline_ms = vm->step.deadline_ms;
	enum vmc_status status = ask_agent(vm, now_ms);

	if (status == VMC_ERR_LOST) {
		vmc_error_reset(&vm->error);
		vm->step.deadline_ms = deadline_ms;
		vmc_task_until(&vm->step, now_ms + ASK_AGAIN_MS);
		status = VMC_AGAIN;
	}
	if (status == VMC_AGAIN)
		return vm->hypervisor.ops->watch(vm->hypervisor.ctx, vm,
						 &vm->guard, now_ms);
	vmc_task_cancel(&vm->guard);
	return status;
}

static enum vmc_status boot_step(struct vmc_vm *vm,
				 const struct vmc_vm_config *config,
				 unsigned phase, uint64_t now_ms)
{
	const struct vmc_hypervisor_ops *ops = vm->hypervisor.ops;
	void *ctx = vm->hypervisor.ctx;

	if (phase == BOOT_DRIVER)
		return ops->boot(ctx, vm, config, &vm->step, now_ms);
	if (phase == BOOT_CHECK || phase == BOOT_CHECK_AGAIN)
		return check(vm, now_ms);
	return (phase == BOOT_READY ? ops->ready :
				      ops->pause)(ctx, vm, &vm->step, now_ms);
}

/* The state that shows while a phase of booting goes on. */
static const uint8_t boot_states[] = {
	[BOOT_DRIVER] = VMC_VM_BOOTING, [BOOT_READY] = VMC_VM_CHECKING,
	[BOOT_CHECK] = VMC_VM_CHECKING, [BOOT_CHECK_AGAIN] = VMC_VM_CHECKING,
	[BOOT_PAUSE] = VMC_VM_PAUSING,
};

static enum vmc_status boot_fail(struct vmc_vm *vm, struct vmc_task *task,
				 enum vmc_status status)
{
	status = vmc_error_set(&vm->error, status, vmc_status_words(status),
			       vmc_vm_state_name(vm->state));
	cancel_step(task);
	vm->agent.ops->disconnect(&vm->agent);
	return vmc_task_end(task, status);
}

static enum vmc_status boot_begin(struct vmc_vm *vm, const char *id,
				  const struct vmc_vm_config *config,
				  struct vmc_task *task)
{
	enum vmc_status status;

	if (vm->state != VMC_VM_EMPTY)
		return vmc_error_set(&vm->error, VMC_ERR_STATE,
				     "VM is not empty", vm->id);
	vmc_error_reset(&vm->error);
	status = set_id(vm, id);
	if (status)
		return status;
	vm->vcpus = config->vcpus ? config->vcpus : 1;
	vm->memory_mib = config->memory_mib;
	vm->state = VMC_VM_BOOTING;
	task->owner = vm;
	task->cancel = cancel_step;
	vmc_task_enter(task, BOOT_DRIVER, &vm->step);
	return VMC_OK;
}

/* see vmcache/vm.h */
enum vmc_status vmc_vm_boot(struct vmc_vm *vm, const char *id,
			    const struct vmc_vm_config *config,
			    struct vmc_task *task, uint64_t now_ms)
{
	enum vmc_status status;
	int late = vmc_task_begin(task, now_ms);

	if (task->phase == 0) {
		status = boot_begin(vm, id, config, task);
		if (status)
			return vmc_task_end(task, status);
	}
	/* Once more when it is late: the driver knows what it waits for. */
	do {
		vm->state = boot_states[task->phase];
		status = boot_step(vm, config, task->phase, now_ms);
		if (status == VMC_AGAIN && late)
			break;
		if (status == VMC_AGAIN) {
			vmc_task_show(task, &vm->guard);
			return vmc_task_forward(task, &vm->step);
		}
		if (status)
			return boot_fail(vm, task, status);
		if (task->phase == BOOT_CHECK ||
		    task->phase == BOOT_CHECK_AGAIN)
			vm->agent.ops->disconnect(&vm->agent);
		if (task->phase == BOOT_PAUSE) {
			vm->state = VMC_VM_READY;
			return vmc_task_end(task, VMC_OK);
		}
		vmc_task_enter(task, task->phase + 1u, &vm->step);
	} while (!late);
	return boot_fail(vm, task, VMC_ERR_TIMEOUT);
}

/* see vmcache/vm.h */
enum vmc_status vmc_vm_attach(struct vmc_vm *vm, struct vmc_view saved,
			      struct vmc_task *task, uint64_t now_ms)
{
	enum vmc_status status;

	if (vm->state == VMC_VM_EMPTY)
		vm->state = VMC_VM_ADOPTING;
	status = vm->hypervisor.ops->attach(vm->hypervisor.ctx, vm, saved, task,
					    now_ms);
	if (status == VMC_OK)
		vm->state = VMC_VM_READY;
	return status;
}

/* see vmcache/vm.h */
enum vmc_status vmc_vm_resume(struct vmc_vm *vm, struct vmc_task *task,
			      uint64_t now_ms)
{
	enum vmc_status status = vm->hypervisor.ops->resume(vm->hypervisor.ctx,
							    vm, task, now_ms);

	if (status == VMC_OK)
		vm->state = VMC_VM_RUNNING;
	return status;
}

/* see vmcache/vm.h */
enum vmc_status vmc_vm_pause(struct vmc_vm *vm, struct vmc_task *task,
			     uint64_t now_ms)
{
	enum vmc_status status =
		vm->hypervisor.ops->pause(vm->hypervisor.ctx, vm, task, now_ms);

	if (status == VMC_OK)
		vm->state = VMC_VM_READY;
	return status;
}

/* see vmcache/vm.h */
enum vmc_status vmc_vm_add_vcpus(struct vmc_vm *vm, uint32_t count,
				 struct vmc_task *task, uint64_t now_ms)
{
	enum vmc_status status;

	if (count == 0)
		return VMC_OK;
	status = vm->hypervisor.ops->add_vcpus(vm->hypervisor.ctx, vm, count,
					       task, now_ms);
	if (status == VMC_OK) {
		vm->vcpus += count;
		vm->cpu_delta += count;
	}
	return status;
}

/* see vmcache/vm.h */
enum vmc_status vmc_vm_add_memory(struct vmc_vm *vm, uint32_t mib,
				  struct vmc_task *task, uint64_t now_ms)
{
	enum vmc_status status;

	if (mib == 0)
		return VMC_OK;
	status = vm->hypervisor.ops->add_memory(vm->hypervisor.ctx, vm, mib,
						task, now_ms);
	if (status == VMC_OK)
		vm->memory_mib += mib;
	return status;
}

/* see vmcache/vm.h */
enum vmc_status vmc_vm_stop(struct vmc_vm *vm, struct vmc_task *task,
			    uint64_t now_ms)
{
	enum vmc_status status;

	if (vm->state == VMC_VM_EMPTY)
		return VMC_OK;
	vm->state = VMC_VM_STOPPING;
	status = vm->hypervisor.ops->stop(vm->hypervisor.ctx, vm, task, now_ms);
	if (status == VMC_AGAIN)
		return status;
	forget(vm);
	return VMC_OK;
}

/* see vmcache/vm.h */
void vmc_vm_release(struct vmc_vm *vm)
{
	if (vm->state == VMC_VM_EMPTY)
		return;
	vm->hypervisor.ops->release(vm->hypervisor.ctx, vm);
	forget(vm);
}

/* see vmcache/vm.h */
void vmc_vm_move(struct vmc_vm *to, struct vmc_vm *from)
{
	memcpy(to, from, offsetof(struct vmc_vm, hypervisor));
	memcpy((uint8_t *)to + TEXTS, (uint8_t *)from + TEXTS,
	       sizeof(*to) - TEXTS);
	to->begun_ms = from->begun_ms;
	if (from->hypervisor.ops->vm_size)
		memcpy(to->driver, from->driver, from->hypervisor.ops->vm_size);
	forget(from);
}
