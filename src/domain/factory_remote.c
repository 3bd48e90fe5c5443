/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The remote factory (Kata's grpccache): takes a VM from a cache server and
 * takes hold of it. From the moment the reply is here the VM is ours: what
 * fails afterwards leaves it STOPPING, for vmc_vm_stop to end.
 */
#include "vmcache/factory.h"

#include <string.h>

enum { REMOTE_CALL = 1, REMOTE_ATTACH };

static void cancel_get(struct vmc_task *task)
{
	struct vmc_factory_remote *remote = task->owner;

	vmc_task_cancel(&remote->call);
}

/* What the reply says of the VM; the driver adds what `saved` says. */
static void describe(struct vmc_vm *vm, const struct vmc_cached_vm *taken)
{
	memcpy(vm->id, taken->id, sizeof(vm->id));
	memcpy(vm->agent_url, taken->proxy_url, sizeof(vm->agent_url));
	vm->vcpus = taken->vcpus;
	vm->memory_mib = taken->memory_mib;
	vm->cpu_delta = taken->cpu_delta;
	vm->state = VMC_VM_ADOPTING;
}

static enum vmc_status step_call(struct vmc_factory_remote *remote,
				 struct vmc_vm *vm, uint64_t now_ms)
{
	enum vmc_status status = vmc_cache_get_base_vm(
		remote->channel, &remote->taken, &remote->call, now_ms);

	if (status == VMC_OK)
		describe(vm, &remote->taken);
	else if (status != VMC_AGAIN)
		status = vmc_error_set(&vm->error, status,
				       vmc_channel_error(remote->channel)->text,
				       NULL);
	return status;
}

static enum vmc_status step_attach(struct vmc_factory_remote *remote,
				   struct vmc_vm *vm, uint64_t now_ms)
{
	enum vmc_status status = vmc_vm_attach(vm, remote->taken.hypervisor,
					       &remote->call, now_ms);

	if (status != VMC_OK && status != VMC_AGAIN) {
		vm->state = VMC_VM_STOPPING;
		status = vmc_error_set(&vm->error, status,
				       vmc_status_words(status), vm->id);
	}
	return status;
}

static enum vmc_status end_late(struct vmc_vm *vm, struct vmc_task *task)
{
	enum vmc_status status =
		vmc_error_set(&vm->error, VMC_ERR_TIMEOUT,
			      task->phase == REMOTE_CALL ?
				      "no VM before the deadline" :
				      "VM not attached before the deadline",
			      NULL);

	if (task->phase == REMOTE_ATTACH)
		vm->state = VMC_VM_STOPPING;
	cancel_get(task);
	return vmc_task_end(task, status);
}

static enum vmc_status get_base_vm(void *ctx, struct vmc_vm *vm,
				   struct vmc_task *task, uint64_t now_ms)
{
	struct vmc_factory_remote *remote = ctx;
	enum vmc_status status = VMC_OK;
	int late = vmc_task_begin(task, now_ms);

	if (!vmc_task_active(task)) {
		vmc_error_reset(&vm->error);
		vm->id[0] = '\0'; /* of the one before */
		task->owner = remote;
		task->cancel = cancel_get;
		vmc_task_enter(task, REMOTE_CALL, &remote->call);
	}
	if (late)
		return end_late(vm, task);
	if (task->phase == REMOTE_CALL) {
		status = step_call(remote, vm, now_ms);
		if (status == VMC_OK)
			vmc_task_enter(task, REMOTE_ATTACH, &remote->call);
	}
	if (task->phase == REMOTE_ATTACH)
		status = step_attach(remote, vm, now_ms);
	if (status != VMC_AGAIN)
		return vmc_task_end(task, status);
	return vmc_task_forward(task, &remote->call);
}

static enum vmc_status get_config(void *ctx, struct vmc_cache_config *config,
				  struct vmc_task *task, uint64_t now_ms)
{
	struct vmc_factory_remote *remote = ctx;

	return vmc_cache_fetch_config(remote->channel, config, task, now_ms);
}

const struct vmc_factory_ops vmc_factory_remote_ops = {
	.name = "remote",
	.get_base_vm = get_base_vm,
	.config = get_config,
};
