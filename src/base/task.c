/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tasks. Invariant: a task that is not in flight (phase 0) has no waits, no
 * timer, no deadline and no owner, so it can be given to any operation.
 */
#include "vmcache/task.h"

#include <string.h>

/* see vmcache/task.h */
void vmc_task_init(struct vmc_task *task)
{
	memset(task, 0, offsetof(struct vmc_task, wait));
	task->until_ms = VMC_NEVER;
	task->deadline_ms = VMC_NEVER;
}

/* see vmcache/task.h */
void vmc_task_cancel(struct vmc_task *task)
{
	if (vmc_task_active(task) && task->cancel)
		task->cancel(task);
	vmc_task_init(task);
}

/* see vmcache/task.h */
int vmc_task_begin(struct vmc_task *task, uint64_t now_ms)
{
	task->wait_len = 0;
	task->until_ms = VMC_NEVER;
	return task->deadline_ms != VMC_NEVER && task->deadline_ms <= now_ms;
}

/* see vmcache/task.h */
void vmc_task_wait(struct vmc_task *task, vmc_handle handle, unsigned want)
{
	struct vmc_wait *wait;

	if (task->wait_len == VMC_TASK_WAIT_MAX) {
		vmc_task_until(task, 0); /* rather ask too often than hang */
		return;
	}
	wait = &task->wait[task->wait_len++];
	wait->handle = handle;
	wait->key = 0;
	wait->want = (uint16_t)want;
	wait->got = 0;
}

/* see vmcache/task.h */
void vmc_task_until(struct vmc_task *task, uint64_t at_ms)
{
	if (at_ms < task->until_ms)
		task->until_ms = at_ms;
}

/* see vmcache/task.h */
enum vmc_status vmc_task_again(struct vmc_task *task)
{
	vmc_task_until(task, task->deadline_ms);
	return VMC_AGAIN;
}

/* see vmcache/task.h */
enum vmc_status vmc_task_end(struct vmc_task *task, enum vmc_status status)
{
	vmc_task_init(task);
	return status;
}

/* see vmcache/task.h */
void vmc_task_enter(struct vmc_task *task, unsigned phase,
		    struct vmc_task *inner)
{
	vmc_task_init(inner);
	inner->deadline_ms = task->deadline_ms;
	task->phase = (uint8_t)phase;
}

/* see vmcache/task.h */
void vmc_task_show(struct vmc_task *task, const struct vmc_task *inner)
{
	unsigned i;

	for (i = 0; i < inner->wait_len; i++)
		vmc_task_wait(task, inner->wait[i].handle, inner->wait[i].want);
	vmc_task_until(task, inner->until_ms);
}

/* see vmcache/task.h */
enum vmc_status vmc_task_forward(struct vmc_task *task,
				 const struct vmc_task *inner)
{
	vmc_task_show(task, inner);
	return vmc_task_again(task);
}
