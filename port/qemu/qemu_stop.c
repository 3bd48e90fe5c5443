/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ending a VM:
 *
 *	attached                   quit -> SIGTERM -> SIGKILL
 *	let go of before                   SIGTERM -> SIGKILL
 *	QEMU has not greeted yet, or ends             SIGKILL
 *
 * Each has stop_ms to work; after the last one the kernel sees to it.
 */
#include "qemu_vm.h"
#include "qemu_files.h"

#include <signal.h>
#include <string.h>

enum phase { QUIT = 1, TERM, KILL };

static const struct qemu_script quit_script = {
	.name = "stop",
	.request = { QMP_QUIT },
	.request_len = 1,
};

/* see qemu_vm.h */
void vmc_qemu_clear(struct vmc_vm *vm)
{
	struct qemu_vm *mine = qemu_vm(vm);

	if (!mine->begun)
		return;
	vmc_qemu_close_channels(mine);
	vmc_qemu_close(&mine->pidfd);
	if (mine->dir_made)
		vmc_qemu_dir_remove(mine->facts.dir);
	memset(mine, 0, sizeof(*mine));
}

static unsigned first_phase(const struct qemu_vm *mine)
{
	if (mine->ending)
		return KILL;
	if (mine->attached && mine->control >= 0)
		return QUIT;
	return mine->paused ? TERM : KILL; /* paused: it has come so far */
}

/* 1 if QEMU has been asked; it answers by ending. */
static int ask_to_quit(struct vmc_vm *vm)
{
	vmc_qemu_talk_begin(qemu_vm(vm));
	return vmc_qemu_talk(vm, &quit_script, NULL) == VMC_AGAIN;
}

static void enter(const struct vmc_qemu *qemu, struct vmc_vm *vm,
		  unsigned phase, struct vmc_task *task, uint64_t now_ms)
{
	if (phase == QUIT && !ask_to_quit(vm))
		phase = TERM;
	if (phase != QUIT)
		vmc_process_signal(qemu_vm(vm)->pidfd,
				   phase == TERM ? SIGTERM : SIGKILL);
	task->phase = (uint8_t)phase;
	task->mark = now_ms + qemu->config.stop_ms;
}

static int has_ended(const struct qemu_vm *mine)
{
	return !mine->begun || mine->ended || mine->pidfd < 0;
}

/* see qemu_vm.h */
enum vmc_status vmc_qemu_stop(void *ctx, struct vmc_vm *vm,
			      struct vmc_task *task, uint64_t now_ms)
{
	struct vmc_qemu *qemu = ctx;
	struct qemu_vm *mine = qemu_vm(vm);

	task->deadline_ms = VMC_NEVER;
	if (vmc_task_begin(task, now_ms))
		return VMC_AGAIN; /* never: it has no deadline */
	if (mine->begun)
		vmc_qemu_hear(qemu, vm);
	if (has_ended(mine)) {
		vmc_qemu_clear(vm);
		return vmc_task_end(task, VMC_OK);
	}
	if (!vmc_task_active(task))
		enter(qemu, vm, first_phase(mine), task, now_ms);
	else if (now_ms >= task->mark)
		enter(qemu, vm, task->phase == QUIT ? TERM : KILL, task,
		      now_ms);
	vmc_qemu_wait(mine, task);
	vmc_task_until(task, task->mark);
	return vmc_task_again(task);
}
