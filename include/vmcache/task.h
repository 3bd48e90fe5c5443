/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tasks: the one shape of waiting.
 *
 * Every operation that may have to wait, of a hypervisor, an agent, a
 * factory, a pool or a client, takes a task that its caller places, and the
 * time. While it returns VMC_AGAIN it is in flight:
 *
 *	struct vmc_task task = VMC_TASK_INIT;
 *
 *	while ((status = op(ctx, …, &task, now_ms)) == VMC_AGAIN)
 *		// wait until a handle in task.wait is ready, or task.until_ms
 *
 * - Call it again with the same task and the same arguments. Waking it too
 *   often does no harm; it looks for itself what has happened.
 * - The task stays at its address, and all that the arguments point to
 *   stays as it is, until the operation has ended.
 * - After *any* step of a context, look at wait[] and until_ms of all its
 *   tasks again: one task's step may have made another due at once.
 * - When it returns anything but VMC_AGAIN, the operation has ended and the
 *   task is as new, its deadline included.
 * - vmc_task_cancel ends it early. What the operation had begun it undoes
 *   or finishes on its own; the header of each operation says which.
 */
#ifndef VMCACHE_TASK_H
#define VMCACHE_TASK_H

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A point in time that never comes. All times are milliseconds of one
 * monotonic clock (struct vmc_env). */
#define VMC_NEVER UINT64_MAX

/* What to wait for, and what has come. HUP also stands for an error on the
 * handle: the operation finds out which by reading. */
enum vmc_wait_events {
	VMC_WAIT_READ = 1,
	VMC_WAIT_WRITE = 2,
	VMC_WAIT_RDHUP = 4, /* the peer will send no more, but still reads */
	VMC_WAIT_HUP = 8    /* the peer is gone altogether */
};

/*
 * One handle to wait for. HUP is always reported, wanted or not.
 *
 * In a list that a context collected (vmc_pool_waits, vmc_server_waits) the
 * key tells one wait from another: VMC_WAIT_INDEX of it is a small number,
 * unique in the list, and the key as a whole changes when the handle may be
 * another one behind the same number (closed, and opened again). A loop
 * that keeps handles registered (epoll) registers anew what has a new key.
 */
struct vmc_wait {
	vmc_handle handle;
	uint32_t key;
	uint16_t want, got; /* enum vmc_wait_events */
};

#define VMC_WAIT_INDEX(key) ((key)&0xffffu)

/* Handles that one operation waits for at once: a VM that boots has its
 * control channel, its console, its process and its standard error, and its
 * agent's connection. */
#define VMC_TASK_WAIT_MAX 5

struct vmc_task {
	/* For the caller to set before the first call: when the operation
	 * fails with VMC_ERR_TIMEOUT if it has not ended. */
	uint64_t deadline_ms;

	/* Private to the operation. */
	void (*cancel)(struct vmc_task *task);
	void *owner;
	uint64_t mark;
	uint16_t aux;
	uint8_t phase; /* 0: not in flight */

	/* For the caller to read after VMC_AGAIN. */
	uint8_t wait_len;
	uint64_t until_ms; /* step it by then at the latest; VMC_NEVER */
	struct vmc_wait wait[VMC_TASK_WAIT_MAX]; /* the first wait_len */
};

#define VMC_TASK_INIT                                                          \
	{                                                                      \
		.deadline_ms = VMC_NEVER, .until_ms = VMC_NEVER                \
	}

/* Makes a task ready for its first use. */
void vmc_task_init(struct vmc_task *task);

/* Ends the operation in flight, if there is one. The task is as new. */
void vmc_task_cancel(struct vmc_task *task);

/* 1 while an operation is in flight. */
static inline int vmc_task_active(const struct vmc_task *task)
{
	return task->phase != 0;
}

/*
 * For those who write operations. In its first step (phase is 0) an
 * operation sets `phase`, to anything but 0 and at its will; `mark`, `aux`
 * and `owner` are its memory until it ends. `cancel` is called with the task
 * when it is cancelled in flight; NULL if there is nothing to undo. An
 * operation that is done in its first step just ends.
 *
 * begin: forgets the waits of the last step; 1 if the deadline has passed.
 * wait:  adds a handle to wait for (at most VMC_TASK_WAIT_MAX).
 * until: makes the task due at `at_ms`, or earlier if it was already.
 * again: keeps phase, adds the deadline to until_ms, returns VMC_AGAIN.
 * end:   makes the task as new and returns `status`.
 *
 * For those that are made of operations, one after another.
 *
 * enter: begins a phase: `inner`, as new and with this task's deadline, is
 *        for the operation of that phase.
 * show:    adds the inner task's waits and timer to its own.
 * forward: again, with the inner task's waits and timer shown as its own.
 */
int vmc_task_begin(struct vmc_task *task, uint64_t now_ms) VMC_CHECKED;
void vmc_task_wait(struct vmc_task *task, vmc_handle handle, unsigned want);
void vmc_task_until(struct vmc_task *task, uint64_t at_ms);
enum vmc_status vmc_task_again(struct vmc_task *task);
enum vmc_status vmc_task_end(struct vmc_task *task, enum vmc_status status);
void vmc_task_enter(struct vmc_task *task, unsigned phase,
		    struct vmc_task *inner);
void vmc_task_show(struct vmc_task *task, const struct vmc_task *inner);
enum vmc_status vmc_task_forward(struct vmc_task *task,
				 const struct vmc_task *inner);

#ifdef __cplusplus
}
#endif

#endif
