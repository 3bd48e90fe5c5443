/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tasks, through an operation that waits for one handle and counts down.
 */
#include "test.h"

#include "vmcache/task.h"

struct countdown {
	unsigned left;
	unsigned cancelled;
	vmc_handle handle;
};

static void cancel_countdown(struct vmc_task *task)
{
	struct countdown *c = task->owner;

	c->cancelled++;
}

static enum vmc_status count_down(struct countdown *c, struct vmc_task *task,
				  uint64_t now_ms)
{
	if (vmc_task_begin(task, now_ms))
		return vmc_task_end(task, VMC_ERR_TIMEOUT);
	if (!vmc_task_active(task)) {
		task->owner = c;
		task->cancel = cancel_countdown;
		task->phase = 3;
	}
	if (c->left-- == 0)
		return vmc_task_end(task, VMC_OK);
	vmc_task_wait(task, c->handle, VMC_WAIT_READ);
	vmc_task_until(task, now_ms + 50);
	return vmc_task_again(task);
}

static void check_as_new(const struct vmc_task *task)
{
	CHECK(!vmc_task_active(task));
	CHECK_EQ_INT(task->wait_len, 0);
	CHECK(task->until_ms == VMC_NEVER);
	CHECK(task->deadline_ms == VMC_NEVER);
	CHECK(task->cancel == NULL);
	CHECK(task->owner == NULL);
	CHECK_EQ_INT(task->mark, 0);
	CHECK_EQ_INT(task->aux, 0);
}

TEST(initialiser_and_init_agree)
{
	struct vmc_task a = VMC_TASK_INIT, b;

	memset(&b, 0xff, sizeof(b));
	vmc_task_init(&b);
	check_as_new(&a);
	check_as_new(&b);
}

TEST(operation_goes_on_until_it_ends)
{
	struct countdown c = { .left = 2, .handle = 5 };
	struct vmc_task task = VMC_TASK_INIT;

	CHECK_EQ_INT(count_down(&c, &task, 100), VMC_AGAIN);
	CHECK(vmc_task_active(&task));
	CHECK_EQ_INT(task.phase, 3);
	CHECK_EQ_INT(task.wait_len, 1);
	CHECK_EQ_INT(task.wait[0].handle, 5);
	CHECK_EQ_INT(task.wait[0].want, VMC_WAIT_READ);
	CHECK_EQ_INT(task.wait[0].got, 0);
	CHECK_EQ_INT(task.until_ms, 150);
	CHECK_EQ_INT(count_down(&c, &task, 120), VMC_AGAIN);
	CHECK_EQ_INT(task.wait_len, 1);
	CHECK_EQ_INT(task.until_ms, 170);
	CHECK_EQ_INT(count_down(&c, &task, 130), VMC_OK);
	check_as_new(&task);
	CHECK_EQ_INT(c.cancelled, 0);
}

TEST(deadline_is_a_timer_too)
{
	struct countdown c = { .left = 9 };
	struct vmc_task task = VMC_TASK_INIT;

	task.deadline_ms = 120;
	CHECK_EQ_INT(count_down(&c, &task, 100), VMC_AGAIN);
	CHECK_EQ_INT(task.until_ms, 120);
	CHECK_EQ_INT(count_down(&c, &task, 119), VMC_AGAIN);
	CHECK_EQ_INT(count_down(&c, &task, 120), VMC_ERR_TIMEOUT);
	check_as_new(&task);
}

TEST(never_does_not_pass)
{
	struct vmc_task task = VMC_TASK_INIT;

	CHECK_EQ_INT(vmc_task_begin(&task, UINT64_MAX), 0);
	task.deadline_ms = 0;
	CHECK_EQ_INT(vmc_task_begin(&task, 0), 1);
}

TEST(cancel_tells_the_operation_once)
{
	struct countdown c = { .left = 9 };
	struct vmc_task task = VMC_TASK_INIT;

	CHECK_EQ_INT(count_down(&c, &task, 100), VMC_AGAIN);
	vmc_task_cancel(&task);
	CHECK_EQ_INT(c.cancelled, 1);
	check_as_new(&task);
	vmc_task_cancel(&task);
	CHECK_EQ_INT(c.cancelled, 1);
}

TEST(cancel_without_a_function_makes_it_new)
{
	struct vmc_task task = VMC_TASK_INIT;

	task.phase = 1;
	task.deadline_ms = 7;
	vmc_task_wait(&task, 3, VMC_WAIT_WRITE);
	vmc_task_cancel(&task);
	check_as_new(&task);
}

TEST(earliest_timer_counts)
{
	struct vmc_task task = VMC_TASK_INIT;

	vmc_task_until(&task, 300);
	vmc_task_until(&task, 200);
	vmc_task_until(&task, 400);
	CHECK_EQ_INT(task.until_ms, 200);
	CHECK_EQ_INT(vmc_task_begin(&task, 0), 0);
	CHECK(task.until_ms == VMC_NEVER);
}

TEST(one_wait_too_many_makes_it_due)
{
	struct vmc_task task = VMC_TASK_INIT;
	vmc_handle handle;

	for (handle = 0; handle < VMC_TASK_WAIT_MAX; handle++)
		vmc_task_wait(&task, handle, VMC_WAIT_READ);
	CHECK(task.until_ms == VMC_NEVER);
	vmc_task_wait(&task, 99, VMC_WAIT_READ);
	CHECK_EQ_INT(task.wait_len, VMC_TASK_WAIT_MAX);
	CHECK_EQ_INT(task.wait[VMC_TASK_WAIT_MAX - 1].handle,
		     VMC_TASK_WAIT_MAX - 1);
	CHECK_EQ_INT(task.until_ms, 0);
}

TEST(forward_shows_waits_and_timer)
{
	struct vmc_task outer = VMC_TASK_INIT, inner = VMC_TASK_INIT;

	vmc_task_wait(&inner, 4, VMC_WAIT_READ);
	vmc_task_wait(&inner, 5, VMC_WAIT_WRITE);
	vmc_task_until(&inner, 70);
	vmc_task_wait(&outer, 3, VMC_WAIT_HUP);
	vmc_task_until(&outer, 90);
	vmc_task_forward(&outer, &inner);
	CHECK_EQ_INT(outer.wait_len, 3);
	CHECK_EQ_INT(outer.wait[0].handle, 3);
	CHECK_EQ_INT(outer.wait[1].handle, 4);
	CHECK_EQ_INT(outer.wait[1].want, VMC_WAIT_READ);
	CHECK_EQ_INT(outer.wait[2].handle, 5);
	CHECK_EQ_INT(outer.wait[2].want, VMC_WAIT_WRITE);
	CHECK_EQ_INT(outer.until_ms, 70);
	CHECK_EQ_INT(inner.wait_len, 2);
}

TESTS(RUN(initialiser_and_init_agree)
      RUN(operation_goes_on_until_it_ends)
      RUN(deadline_is_a_timer_too)
      RUN(never_does_not_pass)
      RUN(cancel_tells_the_operation_once)
      RUN(cancel_without_a_function_makes_it_new)
      RUN(earliest_timer_counts)
      RUN(one_wait_too_many_makes_it_due)
      RUN(forward_shows_waits_and_timer));
