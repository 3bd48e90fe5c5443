/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taking hold of a VM: one that was let go of, or another process's.
 *
 * QEMU serves one QMP client at a time. A second one may connect, and is
 * answered when the first has gone: so an answer that does not come is
 * somebody else who holds it. What is asked is sent at once, with the
 * handshake before it: QEMU reads it when it gets to this connection, after
 * its greeting, and nobody has to wake up for that.
 */
#include "qemu_vm.h"
#include "qemu_agent.h"
#include "qemu_files.h"
#include "vmcache_linux.h"

#include <string.h>

enum phase { CONNECT = 1, TALK };

/* Between two tries while the socket's backlog is full. */
#define RETRY_MS 10

static const struct qemu_script attach_script = {
	.name = "attach",
	.request = { QMP_HELLO },
	.request_len = 1,
};

static enum vmc_status set_gone(struct vmc_vm *vm)
{
	return vmc_error_set(&vm->error, VMC_ERR_NOT_FOUND,
			     "QEMU of the VM is gone", vm->id);
}

/* The process that was saved, not a later one with its pid. */
static enum vmc_status find_process(struct vmc_vm *vm)
{
	struct qemu_vm *mine = qemu_vm(vm);
	struct qemu_facts *facts = &mine->facts;

	if (facts->pid == 0)
		facts->pid = vm->pid;
	if (facts->pid <= 0 ||
	    vmc_process_open(facts->pid, &mine->pidfd) != VMC_OK)
		return set_gone(vm);
	if (facts->start_time &&
	    facts->start_time != vmc_linux_start_time(facts->pid)) {
		vmc_qemu_close(&mine->pidfd); /* never to be signalled */
		return set_gone(vm);
	}
	vm->pid = facts->pid;
	vm->context_id = facts->context_id;
	return VMC_OK;
}

static enum vmc_status begin_saved(struct vmc_vm *vm, struct vmc_view saved)
{
	struct qemu_vm *mine = qemu_vm(vm);
	enum vmc_status status;

	if (mine->begun)
		return vmc_error_set(&vm->error, VMC_ERR_STATE,
				     "VM is known already", vm->id);
	status = vmc_qemu_facts_read(&mine->facts, vm->id, saved, &vm->error);
	if (status)
		return status;
	mine->begun = 1;
	vmc_qemu_forget(mine);
	mine->paused = 1; /* as it was promised */
	mine->dir_made = 1;
	status = find_process(vm);
	return status ? status :
			vmc_qemu_agent_url(&mine->facts, vm->agent_url,
					   &vm->error);
}

static enum vmc_status begin(const struct vmc_qemu *qemu, struct vmc_vm *vm,
			     struct vmc_view saved, struct vmc_task *task,
			     uint64_t now_ms)
{
	struct qemu_vm *mine = qemu_vm(vm);
	enum vmc_status status = VMC_OK;

	if (saved.ptr)
		status = begin_saved(vm, saved);
	else if (!mine->begun || mine->control >= 0)
		status = vmc_error_set(&vm->error, VMC_ERR_STATE,
				       "VM was not let go of", vm->id);
	if (status)
		return status;
	task->phase = CONNECT;
	task->mark = now_ms + qemu->config.attach_ms;
	return VMC_OK;
}

static enum vmc_status connect_control(struct vmc_vm *vm, struct vmc_task *task,
				       uint64_t now_ms)
{
	struct qemu_vm *mine = qemu_vm(vm);
	char path[VMC_QEMU_PATH_SIZE];
	enum vmc_status status;

	vmc_qemu_path(path, mine->facts.dir, QEMU_CONTROL);
	status = vmc_qemu_connect(path, &mine->control, &vm->error);
	if (status == VMC_AGAIN)
		vmc_task_until(task, now_ms + RETRY_MS);
	if (status)
		return status;
	vmc_qmp_init(&mine->qmp);
	vmc_qemu_talk_begin(mine);
	task->phase = TALK;
	return VMC_OK;
}

static enum vmc_status check_paused(struct vmc_vm *vm)
{
	struct qemu_vm *mine = qemu_vm(vm);

	mine->stopped = 0;
	if (strcmp(mine->run_state, "paused") == 0)
		return VMC_OK;
	if (strcmp(mine->run_state, "running") == 0)
		return vmc_error_set(&vm->error, VMC_ERR_IN_USE,
				     "VM runs: somebody has resumed it",
				     vm->id);
	return vmc_error_set(&vm->error, VMC_ERR_VM,
			     "VM should be paused, but is", mine->run_state);
}

static enum vmc_status step(const struct vmc_qemu *qemu, struct vmc_vm *vm,
			    struct vmc_task *task, uint64_t now_ms)
{
	enum vmc_status status = VMC_OK;
	int connects = task->phase == CONNECT;

	if (connects)
		status = connect_control(vm, task, now_ms);
	if (!connects || status) /* else nothing can have come yet */
		vmc_qemu_hear(qemu, vm);
	if (qemu_vm(vm)->ended)
		return set_gone(vm);
	if (status == VMC_OK) {
		status = vmc_qemu_talk(vm, &attach_script, NULL);
		if (status == VMC_AGAIN)
			status = vmc_qemu_live(vm, task, now_ms);
	}
	if (status == VMC_OK)
		status = check_paused(vm);
	return status;
}

/* What has not been done by now: a deadline's fault or somebody's. */
static enum vmc_status check_time(struct vmc_vm *vm, struct vmc_task *task,
				  int late, uint64_t now_ms)
{
	if (late)
		return vmc_error_set(&vm->error, VMC_ERR_TIMEOUT,
				     "QEMU has not answered in time", vm->id);
	if (now_ms >= task->mark)
		return vmc_error_set(&vm->error, VMC_ERR_IN_USE,
				     "QEMU does not answer: somebody else "
				     "holds the VM",
				     vm->id);
	return VMC_AGAIN;
}

static void cancel(struct vmc_task *task)
{
	vmc_qemu_close_channels(qemu_vm(task->owner));
}

/* see qemu_vm.h */
enum vmc_status vmc_qemu_attach(void *ctx, struct vmc_vm *vm,
				struct vmc_view saved, struct vmc_task *task,
				uint64_t now_ms)
{
	enum vmc_status status = VMC_OK;
	int late = vmc_task_begin(task, now_ms);

	if (!vmc_task_active(task)) {
		task->owner = vm;
		task->cancel = cancel;
		status = begin(ctx, vm, saved, task, now_ms);
	}
	if (status == VMC_OK)
		status = step(ctx, vm, task, now_ms);
	if (status == VMC_AGAIN)
		status = check_time(vm, task, late, now_ms);
	if (status == VMC_AGAIN) {
		vmc_qemu_wait(qemu_vm(vm), task);
		vmc_task_until(task, task->mark);
		return vmc_task_again(task);
	}
	if (status)
		vmc_qemu_close_channels(qemu_vm(vm));
	return vmc_task_end(task, status);
}
