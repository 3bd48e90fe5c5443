/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A driver that can only take a VM and say what was said of it; what else
 * might be asked is unsupported (see cli_foreign.h).
 */
#include "cli_foreign.h"

#include <string.h>

#include "vmcache/vm.h"

struct foreign {
	size_t saved_len;
	uint8_t saved[VMC_HYPERVISOR_SIZE];
};

static enum vmc_status cannot(struct vmc_vm *vm, struct vmc_task *task)
{
	return vmc_task_end(task,
			    vmc_error_set(&vm->error, VMC_ERR_UNSUPPORTED,
					  "this program has no driver for VMs "
					  "like this one",
					  vm->id));
}

static enum vmc_status boot(void *ctx, struct vmc_vm *vm,
			    const struct vmc_vm_config *config,
			    struct vmc_task *task, uint64_t now_ms)
{
	(void)ctx;
	(void)config;
	(void)now_ms;
	return cannot(vm, task);
}

static enum vmc_status steer(void *ctx, struct vmc_vm *vm,
			     struct vmc_task *task, uint64_t now_ms)
{
	(void)ctx;
	(void)now_ms;
	return cannot(vm, task);
}

static enum vmc_status grow(void *ctx, struct vmc_vm *vm, uint32_t amount,
			    struct vmc_task *task, uint64_t now_ms)
{
	(void)ctx;
	(void)amount;
	(void)now_ms;
	return cannot(vm, task);
}

/* Forgets it. It is not ours to end. */
static enum vmc_status stop(void *ctx, struct vmc_vm *vm, struct vmc_task *task,
			    uint64_t now_ms)
{
	(void)ctx;
	(void)vm;
	(void)now_ms;
	return vmc_task_end(task, VMC_OK);
}

static void probe(void *ctx, struct vmc_vm *vm, struct vmc_vm_probe *probe)
{
	(void)ctx;
	(void)vm;
	probe->alive = probe->paused = 1; /* as far as is known */
	probe->attached = 0;
}

static enum vmc_status save(void *ctx, struct vmc_vm *vm, uint8_t *out,
			    size_t cap, size_t *out_len)
{
	const struct foreign *foreign = vm->driver;

	(void)ctx;
	if (foreign->saved_len > cap)
		return vmc_error_set_number(&vm->error, VMC_ERR_TOO_BIG,
					    "saved VM: bytes allowed", cap);
	memcpy(out, foreign->saved, foreign->saved_len);
	*out_len = foreign->saved_len;
	return VMC_OK;
}

static void let_go(void *ctx, struct vmc_vm *vm)
{
	(void)ctx;
	(void)vm;
}

static enum vmc_status attach(void *ctx, struct vmc_vm *vm,
			      struct vmc_view saved, struct vmc_task *task,
			      uint64_t now_ms)
{
	struct foreign *foreign = vm->driver;

	(void)ctx;
	(void)now_ms;
	if (saved.ptr_len > sizeof(foreign->saved))
		return vmc_task_end(
			task, vmc_error_set_number(&vm->error, VMC_ERR_TOO_BIG,
						   "saved VM: bytes allowed",
						   sizeof(foreign->saved)));
	if (saved.ptr_len > 0)
		memcpy(foreign->saved, saved.ptr, saved.ptr_len);
	foreign->saved_len = saved.ptr_len;
	return vmc_task_end(task, VMC_OK);
}

static struct vmc_view console(void *ctx, struct vmc_vm *vm)
{
	struct vmc_view absent = { NULL, 0 };

	(void)ctx;
	(void)vm;
	return absent;
}

const struct vmc_hypervisor_ops cli_foreign_ops = {
	.name = "foreign",
	.vm_size = sizeof(struct foreign),
	.vm_align = _Alignof(struct foreign),
	.boot = boot,
	.ready = steer,
	.pause = steer,
	.resume = steer,
	.add_vcpus = grow,
	.add_memory = grow,
	.stop = stop,
	.watch = steer,
	.probe = probe,
	.save = save,
	.detach = let_go,
	.attach = attach,
	.release = let_go,
	.console = console,
};
