/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver (see vmcache/hypervisor.h): each operation on a machine of this
 * process is done in its first step, but for those that wait for its guest.
 */
#include "minimal_vmm.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* How often one looks at a guest that there is no handle of, in
 * milliseconds. */
#define LOOK_MS 2
#define WATCH_MS 50

/* What the driver has of a VM. */
struct mine {
	struct machine *machine;
};

static struct machine *machine_of(const struct vmc_vm *vm)
{
	return ((struct mine *)vm->driver)->machine;
}

static enum vmc_status fail(struct vmc_vm *vm, struct vmc_task *task,
			    enum vmc_status status, const char *why)
{
	return vmc_task_end(task, vmc_error_set(&vm->error, status, why, NULL));
}

static enum vmc_status boot(void *ctx, struct vmc_vm *vm,
			    const struct vmc_vm_config *config,
			    struct vmc_task *task, uint64_t now_ms)
{
	struct machine *machine = machine_find("");

	(void)ctx;
	(void)config;
	(void)now_ms;
	if (!machine)
		return fail(vm, task, VMC_ERR_FULL, "no machine is left");
	memcpy(machine->id, vm->id, sizeof(machine->id));
	((struct mine *)vm->driver)->machine = machine;
	machine->held = 1;
	vm->memory_mib = 1; /* rounded up */
	if (machine_on(machine) < 0)
		return fail(vm, task, VMC_ERR_IO, strerror(errno));
	return vmc_task_end(task, VMC_OK);
}

/* Looks at the guest again and again, until it has `beats` or fails. */
static enum vmc_status look(struct vmc_vm *vm, uint64_t beats, uint64_t every,
			    struct vmc_task *task, uint64_t now_ms)
{
	const struct machine *machine = machine_of(vm);

	if (vmc_task_begin(task, now_ms))
		return fail(vm, task, VMC_ERR_TIMEOUT, "its guest is silent");
	if (machine->dead)
		return fail(vm, task, VMC_ERR_VM, "its guest went astray");
	if (machine->beats >= beats)
		return vmc_task_end(task, VMC_OK);
	task->phase = 1;
	vmc_task_until(task, now_ms + every);
	return vmc_task_again(task);
}

static enum vmc_status ready(void *ctx, struct vmc_vm *vm,
			     struct vmc_task *task, uint64_t now_ms)
{
	(void)ctx;
	return look(vm, 1, LOOK_MS, task, now_ms);
}

static enum vmc_status watch(void *ctx, struct vmc_vm *vm,
			     struct vmc_task *task, uint64_t now_ms)
{
	(void)ctx;
	return look(vm, UINT64_MAX, WATCH_MS, task, now_ms);
}

static enum vmc_status pause_vm(void *ctx, struct vmc_vm *vm,
				struct vmc_task *task, uint64_t now_ms)
{
	(void)ctx;
	(void)now_ms;
	machine_of(vm)->running = 0;
	return vmc_task_end(task, VMC_OK);
}

static enum vmc_status resume(void *ctx, struct vmc_vm *vm,
			      struct vmc_task *task, uint64_t now_ms)
{
	(void)ctx;
	(void)now_ms;
	machine_of(vm)->running = 1;
	return vmc_task_end(task, VMC_OK);
}

static enum vmc_status grow(void *ctx, struct vmc_vm *vm, uint32_t amount,
			    struct vmc_task *task, uint64_t now_ms)
{
	(void)ctx;
	(void)amount;
	(void)now_ms;
	return fail(vm, task, VMC_ERR_UNSUPPORTED, "these VMs do not grow");
}

static enum vmc_status stop(void *ctx, struct vmc_vm *vm, struct vmc_task *task,
			    uint64_t now_ms)
{
	(void)ctx;
	(void)now_ms;
	if (machine_of(vm))
		machine_off(machine_of(vm));
	((struct mine *)vm->driver)->machine = NULL;
	return vmc_task_end(task, VMC_OK);
}

static void probe(void *ctx, struct vmc_vm *vm, struct vmc_vm_probe *probe)
{
	const struct machine *machine = machine_of(vm);

	(void)ctx;
	probe->alive = machine && !machine->dead;
	probe->paused = machine && !machine->running;
	probe->attached = machine && machine->held;
}

/* All that its taker needs: where to steer it. */
static enum vmc_status save(void *ctx, struct vmc_vm *vm, uint8_t *out,
			    size_t cap, size_t *out_len)
{
	int len = snprintf((char *)out, cap, "{\"ControlPath\":\"%s\"}",
			   (const char *)ctx);

	if ((size_t)len >= cap)
		return vmc_error_set(&vm->error, VMC_ERR_TOO_BIG,
				     "the control socket's path", ctx);
	*out_len = (size_t)len;
	return VMC_OK;
}

static void detach(void *ctx, struct vmc_vm *vm)
{
	(void)ctx;
	machine_of(vm)->held = 0;
}

/* Of its own VMs only: its takers have a driver of theirs. */
static enum vmc_status attach(void *ctx, struct vmc_vm *vm,
			      struct vmc_view saved, struct vmc_task *task,
			      uint64_t now_ms)
{
	(void)ctx;
	(void)saved;
	(void)now_ms;
	if (!machine_of(vm))
		return fail(vm, task, VMC_ERR_NOT_FOUND, "not a VM of ours");
	machine_of(vm)->held = 1;
	return vmc_task_end(task, VMC_OK);
}

static void release(void *ctx, struct vmc_vm *vm)
{
	(void)ctx;
	machine_of(vm)->held = 0; /* and it lives on */
}

static struct vmc_view console(void *ctx, struct vmc_vm *vm)
{
	(void)ctx;
	(void)vm;
	return vmc_view_of(NULL);
}

const struct vmc_hypervisor_ops minimal_vmm_ops = {
	.name = "minimal",
	.vm_size = sizeof(struct mine),
	.vm_align = _Alignof(struct mine),
	.boot = boot,
	.ready = ready,
	.pause = pause_vm,
	.resume = resume,
	.add_vcpus = grow,
	.add_memory = grow,
	.stop = stop,
	.watch = watch,
	.probe = probe,
	.save = save,
	.detach = detach,
	.attach = attach,
	.release = release,
	.console = console,
};
