/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mock driver by itself: scripts, the book of machines, and that it
 * notices what its callers do against the contract. What the other tests
 * prove rests on these.
 */
#include "pool_world.h"

static struct pool_world w;
static struct vmc_vm vm, other;
static struct vmc_task task;
static uint64_t bytes[2][16];
static const struct vmc_vm_config plain;

static void begin(void)
{
	struct vmc_agent agent = { .ops = &vmc_agent_noop_ops };

	pool_world_begin(&w, 1);
	vmc_task_init(&task);
	vmc_vm_init(&vm, world_hypervisor(&w), bytes[0], agent);
	vmc_vm_init(&other, world_hypervisor(&w), bytes[1], agent);
	strcpy(vm.id, "one");
	strcpy(other.id, "two");
	vm.vcpus = other.vcpus = 1;
}

static enum vmc_status boot(struct vmc_vm *of)
{
	return vmc_mock_ops.boot(&w.mock, of, &plain, &task, w.sim.now_ms);
}

static enum vmc_status pause(struct vmc_vm *of)
{
	return vmc_mock_ops.pause(&w.mock, of, &task, w.sim.now_ms);
}

static enum vmc_status watch(struct vmc_vm *of, struct vmc_task *with)
{
	return vmc_mock_ops.watch(&w.mock, of, with, w.sim.now_ms);
}

TEST(zeroed_driver_is_instant)
{
	struct vmc_mock mock = VMC_MOCK_INIT;
	struct vmc_vm_probe probe;

	begin();
	vm.hypervisor.ctx = &mock;
	CHECK_EQ_INT(vmc_mock_ops.boot(&mock, &vm, &plain, &task, 5), VMC_OK);
	CHECK_EQ_INT(vm.pid, 0);
	CHECK_EQ_INT(vm.memory_mib, VMC_MOCK_MEMORY_MIB);
	CHECK_EQ_INT(vmc_mock_ops.ready(&mock, &vm, &task, 5), VMC_OK);
	CHECK_EQ_INT(vmc_mock_ops.pause(&mock, &vm, &task, 5), VMC_OK);
	CHECK_EQ_INT(vmc_mock_ops.watch(&mock, &vm, &task, 5), VMC_AGAIN);
	CHECK_EQ_INT(task.wait_len, 0);
	CHECK_EQ_INT(task.until_ms, VMC_NEVER);
	vmc_task_cancel(&task);
	vmc_mock_ops.probe(&mock, &vm, &probe);
	CHECK(probe.alive && probe.paused && probe.attached);
	CHECK_EQ_INT(vmc_mock_ops.stop(&mock, &vm, &task, 5), VMC_OK);
	vmc_mock_ops.probe(&mock, &vm, &probe);
	CHECK(!probe.alive && !probe.attached);
	CHECK_EQ_INT(mock.misused, 0);
}

TEST(nth_call_goes_wrong)
{
	unsigned call;

	begin();
	CHECK_EQ_INT(boot(&vm), VMC_OK);
	w.mock.script[VMC_MOCK_PAUSE].wrong_from = 3;
	w.mock.script[VMC_MOCK_PAUSE].wrong_len = 2;
	w.mock.script[VMC_MOCK_PAUSE].status = VMC_ERR_IO;
	for (call = 1; call <= 6; call++) {
		vmc_error_reset(&vm.error);
		CHECK_EQ_INT(pause(&vm),
			     call == 3 || call == 4 ? VMC_ERR_IO : VMC_OK);
	}
	CHECK_EQ_INT(w.mock.called[VMC_MOCK_PAUSE], 6);
	CHECK_EQ_INT(w.mock.failed[VMC_MOCK_PAUSE], 2);
}

TEST(all_calls_go_wrong_from_one_on)
{
	begin();
	CHECK_EQ_INT(boot(&vm), VMC_OK);
	w.mock.script[VMC_MOCK_PAUSE].wrong_from = 2;
	CHECK_EQ_INT(pause(&vm), VMC_OK);
	CHECK_EQ_INT(pause(&vm), VMC_ERR_VM);
	CHECK_EQ_STR(vm.error.text, "fails, as scripted: pause");
	CHECK_EQ_INT(pause(&vm), VMC_ERR_VM);
}

TEST(delay_and_deadline)
{
	begin();
	w.mock.script[VMC_MOCK_BOOT].delay_ms = 30;
	CHECK_EQ_INT(boot(&vm), VMC_AGAIN);
	CHECK_EQ_INT(task.until_ms, w.sim.now_ms + 30);
	w.sim.now_ms += 29;
	CHECK_EQ_INT(boot(&vm), VMC_AGAIN);
	w.sim.now_ms += 1;
	CHECK_EQ_INT(boot(&vm), VMC_OK);
	w.mock.script[VMC_MOCK_PAUSE].delay_ms = 30;
	task.deadline_ms = w.sim.now_ms + 10;
	CHECK_EQ_INT(pause(&vm), VMC_AGAIN);
	CHECK_EQ_INT(task.until_ms, w.sim.now_ms + 10);
	w.sim.now_ms += 10;
	CHECK_EQ_INT(pause(&vm), VMC_ERR_TIMEOUT);
	CHECK_EQ_INT(w.machine[0].paused, 0);
}

TEST(kill_ends_the_watch)
{
	struct vmc_task watching = VMC_TASK_INIT;
	struct vmc_wait wait;

	begin();
	CHECK_EQ_INT(boot(&vm), VMC_OK);
	CHECK_EQ_INT(watch(&vm, &watching), VMC_AGAIN);
	CHECK_EQ_INT(watching.wait_len, 1);
	wait = watching.wait[0];
	CHECK_EQ_INT(vmc_mock_poll(&w.mock, &wait, 1), 0);
	vmc_mock_kill(vmc_mock_find(&w.mock, "one"));
	CHECK_EQ_INT(vmc_mock_poll(&w.mock, &wait, 1), 1);
	CHECK_EQ_INT(wait.got, VMC_WAIT_HUP);
	CHECK_EQ_INT(watch(&vm, &watching), VMC_ERR_VM);
	CHECK_EQ_INT(pause(&vm), VMC_ERR_VM);
	CHECK_EQ_INT(vmc_mock_alive(&w.mock), 0);
	CHECK_EQ_INT(vmc_mock_ops.stop(&w.mock, &vm, &task, 0), VMC_OK);
	CHECK_EQ_INT(w.mock.misused, 0);
}

TEST(poll_leaves_other_handles_alone)
{
	struct vmc_wait wait = { .handle = 3, .got = 77 };

	begin();
	CHECK_EQ_INT(vmc_mock_poll(&w.mock, &wait, 1), 0);
	CHECK_EQ_INT(wait.got, 77);
}

TEST(watch_that_is_scripted_to_end)
{
	begin();
	CHECK_EQ_INT(boot(&vm), VMC_OK);
	w.mock.script[VMC_MOCK_WATCH].wrong_from = 1;
	w.mock.script[VMC_MOCK_WATCH].delay_ms = 50;
	CHECK_EQ_INT(watch(&vm, &task), VMC_AGAIN);
	w.sim.now_ms += 50;
	CHECK_EQ_INT(watch(&vm, &task), VMC_ERR_VM);
}

TEST(stop_works_on_anything)
{
	begin();
	CHECK_EQ_INT(vmc_mock_ops.stop(&w.mock, &vm, &task, 0), VMC_OK);
	w.mock.script[VMC_MOCK_BOOT].delay_ms = 30;
	CHECK_EQ_INT(boot(&vm), VMC_AGAIN);
	vmc_task_cancel(&task);
	CHECK_EQ_INT(w.mock.cancelled[VMC_MOCK_BOOT], 1);
	CHECK_EQ_INT(vmc_mock_ops.stop(&w.mock, &vm, &task, 0), VMC_OK);
	CHECK_EQ_INT(w.machine[0].stopped, 1);
	CHECK_EQ_INT(w.mock.misused, 0);
}

TEST(stop_knows_no_deadline)
{
	begin();
	CHECK_EQ_INT(boot(&vm), VMC_OK);
	w.mock.script[VMC_MOCK_STOP].delay_ms = 100;
	task.deadline_ms = w.sim.now_ms + 10;
	CHECK_EQ_INT(vmc_mock_ops.stop(&w.mock, &vm, &task, w.sim.now_ms),
		     VMC_AGAIN);
	w.sim.now_ms += 99;
	CHECK_EQ_INT(vmc_mock_ops.stop(&w.mock, &vm, &task, w.sim.now_ms),
		     VMC_AGAIN);
	w.sim.now_ms += 1;
	CHECK_EQ_INT(vmc_mock_ops.stop(&w.mock, &vm, &task, w.sim.now_ms),
		     VMC_OK);
}

TEST(detach_and_attach)
{
	struct vmc_view none = { NULL, 0 };

	begin();
	CHECK_EQ_INT(boot(&vm), VMC_OK);
	vmc_mock_ops.detach(&w.mock, &vm);
	CHECK_EQ_INT(w.machine[0].held, 0);
	CHECK_EQ_INT(pause(&vm), VMC_ERR_STATE);
	CHECK_EQ_INT(w.mock.misused, 1);
	vmc_error_reset(&vm.error);
	CHECK_EQ_INT(vmc_mock_ops.attach(&w.mock, &vm, none, &task, 0), VMC_OK);
	CHECK_EQ_INT(w.machine[0].held, 1);
	CHECK_EQ_INT(pause(&vm), VMC_OK);
}

static struct vmc_view save(struct vmc_vm *of)
{
	static uint8_t out[256];
	struct vmc_view view = { out, 0 };

	CHECK_EQ_INT(
		vmc_mock_ops.save(&w.mock, of, out, sizeof(out), &view.ptr_len),
		VMC_OK);
	return view;
}

TEST(save_is_what_it_says)
{
	uint8_t out[256];
	size_t len;

	begin();
	CHECK_EQ_INT(boot(&vm), VMC_OK);
	CHECK(vmc_view_is(save(&vm), "{\"ID\":\"one\",\"Serial\":1,"
				     "\"MaxVCPUs\":1,\"MaxMemory\":128}"));
	len = save(&vm).ptr_len;
	CHECK_EQ_INT(vmc_mock_ops.save(&w.mock, &vm, out, len, &len), VMC_OK);
	CHECK_EQ_INT(vmc_mock_ops.save(&w.mock, &vm, out, len - 1, &len),
		     VMC_ERR_TOO_BIG);
	CHECK(vm.error.text[0] != '\0');
}

/* Two processes that know nothing of each other. */
TEST(attach_in_another_process)
{
	struct vmc_mock elsewhere = VMC_MOCK_INIT;

	begin();
	CHECK_EQ_INT(boot(&vm), VMC_OK);
	strcpy(other.id, "one");
	other.hypervisor.ctx = &elsewhere;
	CHECK_EQ_INT(
		vmc_mock_ops.attach(&elsewhere, &other, save(&vm), &task, 0),
		VMC_OK);
	CHECK_EQ_INT(vmc_mock_ops.resume(&elsewhere, &other, &task, 0), VMC_OK);
	CHECK_EQ_INT(vmc_mock_ops.stop(&elsewhere, &other, &task, 0), VMC_OK);
	CHECK_EQ_INT(elsewhere.misused, 0);
}

TEST(attach_refuses_every_damage)
{
	uint8_t copy[256];
	struct vmc_view saved;
	size_t len;

	begin();
	CHECK_EQ_INT(boot(&vm), VMC_OK);
	strcpy(other.id, "one");
	saved = save(&vm);
	memcpy(copy, saved.ptr, saved.ptr_len);
	vmc_mock_ops.release(&w.mock, &vm);
	for (len = 0; len < saved.ptr_len; len++) {
		struct vmc_view part = { copy, len };

		vmc_error_reset(&other.error);
		CHECK_EQ_INT(
			vmc_mock_ops.attach(&w.mock, &other, part, &task, 0),
			VMC_ERR_MALFORMED);
		CHECK(other.error.text[0] != '\0');
	}
	strcpy(other.id, "on");
	CHECK_EQ_INT(vmc_mock_ops.attach(&w.mock, &other, saved, &task, 0),
		     VMC_ERR_MALFORMED);
}

static enum vmc_status attach_text(const char *saved)
{
	vmc_error_reset(&other.error);
	return vmc_mock_ops.attach(&w.mock, &other, vmc_view_of(saved), &task,
				   0);
}

TEST(attach_reads_any_json_of_that_vm)
{
	begin();
	w.mock.machine = NULL;
	strcpy(other.id, "one");
	CHECK_EQ_INT(attach_text("{\"ID\":\"one\",\"Serial\":4294967296}"),
		     VMC_ERR_TOO_BIG);
	CHECK(other.error.text[0] != '\0');
	CHECK_EQ_INT(attach_text("{\"ID\":\"one\",\"Serial\":0}"),
		     VMC_ERR_MALFORMED);
	CHECK_EQ_INT(attach_text("{\"ID\":1,\"Serial\":1}"), VMC_ERR_MALFORMED);
	CHECK_EQ_INT(attach_text("{\"Serial\":1}"), VMC_ERR_MALFORMED);
	CHECK_EQ_INT(attach_text("[]"), VMC_ERR_MALFORMED);
	CHECK_EQ_INT(attach_text("{\"MaxVCPUs\":2, \"New\":[{}],\n"
				 "\"Serial\":9, \"ID\":\"\\u006fne\"}"),
		     VMC_OK);
	CHECK_EQ_INT(w.mock.misused, 0);
}

TEST(two_operations_at_once_are_noticed)
{
	struct vmc_task second = VMC_TASK_INIT;

	begin();
	CHECK_EQ_INT(boot(&vm), VMC_OK);
	w.mock.script[VMC_MOCK_PAUSE].delay_ms = 10;
	CHECK_EQ_INT(pause(&vm), VMC_AGAIN);
	CHECK_EQ_INT(watch(&vm, &second), VMC_ERR_STATE);
	CHECK_EQ_INT(w.mock.misused, 1);
	CHECK(strstr(w.mock.misuse, "in flight") != NULL);
	vmc_mock_ops.detach(&w.mock, &vm);
	CHECK_EQ_INT(w.mock.misused, 2);
}

TEST(other_misuse_is_noticed)
{
	struct vmc_view none = { NULL, 0 };
	uint8_t out[8];
	size_t len;

	begin();
	CHECK_EQ_INT(pause(&vm), VMC_ERR_STATE);
	CHECK_EQ_INT(vmc_mock_ops.save(&w.mock, &vm, out, sizeof(out), &len),
		     VMC_ERR_STATE);
	CHECK_EQ_INT(vmc_mock_ops.attach(&w.mock, &vm, none, &task, 0),
		     VMC_ERR_STATE);
	CHECK_EQ_INT(boot(&vm), VMC_OK);
	CHECK_EQ_INT(boot(&vm), VMC_ERR_STATE);
	CHECK_EQ_INT(vmc_mock_ops.attach(&w.mock, &vm, none, &task, 0),
		     VMC_ERR_STATE);
	CHECK_EQ_INT(w.mock.misused, 5);
}

TEST(book_that_is_full)
{
	begin();
	w.mock.machine_max = 1;
	CHECK_EQ_INT(boot(&vm), VMC_OK);
	CHECK_EQ_INT(boot(&other), VMC_ERR_FULL);
	CHECK(strstr(other.error.text, "1") != NULL);
}

TEST(agent_url_that_is_too_long)
{
	static char url[VMC_URL_SIZE + 1];

	begin();
	memset(url, 'u', VMC_URL_SIZE);
	w.mock.agent_url = url;
	CHECK_EQ_INT(boot(&vm), VMC_ERR_TOO_BIG);
	CHECK(strstr(vm.error.text, "agent_url") != NULL);
	CHECK_EQ_INT(vmc_mock_ops.stop(&w.mock, &vm, &task, 0), VMC_OK);
	w.mock.agent_url = url + 1;
	vmc_error_reset(&vm.error);
	CHECK_EQ_INT(boot(&vm), VMC_OK);
	CHECK_EQ_STR(vm.agent_url, url + 1);
}

TESTS(RUN(zeroed_driver_is_instant)
      RUN(nth_call_goes_wrong)
      RUN(all_calls_go_wrong_from_one_on)
      RUN(delay_and_deadline)
      RUN(kill_ends_the_watch)
      RUN(poll_leaves_other_handles_alone)
      RUN(watch_that_is_scripted_to_end)
      RUN(stop_works_on_anything)
      RUN(stop_knows_no_deadline)
      RUN(detach_and_attach)
      RUN(save_is_what_it_says)
      RUN(attach_in_another_process)
      RUN(attach_refuses_every_damage)
      RUN(attach_reads_any_json_of_that_vm)
      RUN(two_operations_at_once_are_noticed)
      RUN(other_misuse_is_noticed)
      RUN(book_that_is_full)
      RUN(agent_url_that_is_too_long));
