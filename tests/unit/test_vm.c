/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One VM over the mock driver: the order of what booting does, the states
 * that show meanwhile, and that each failure leaves a VM that can be
 * stopped.
 */
#include "pool_world.h"

/* An agent that counts, and fails or waits when told to. */
static struct vmc_agent_ops agent_ops;
static unsigned checks, disconnects;
static enum vmc_status check_status;

static enum vmc_status check(struct vmc_agent *agent, struct vmc_task *task,
			     uint64_t now_ms)
{
	(void)agent;
	checks++;
	if (vmc_task_begin(task, now_ms))
		return vmc_task_end(task, VMC_ERR_TIMEOUT);
	if (check_status != VMC_AGAIN)
		return vmc_task_end(task, check_status);
	task->phase = 1;
	return vmc_task_again(task);
}

static void disconnect(struct vmc_agent *agent)
{
	(void)agent;
	disconnects++;
}

static struct pool_world w;
static struct vmc_vm vm;
static struct vmc_task task;
static struct vmc_vm_config config;
static uint64_t driver[16];

static void begin(void)
{
	struct vmc_agent agent = { .ops = &agent_ops };

	pool_world_begin(&w, 1);
	agent_ops = vmc_agent_noop_ops;
	agent_ops.check = check;
	agent_ops.disconnect = disconnect;
	check_status = VMC_OK;
	config = (struct vmc_vm_config){ .vcpus = 0 };
	vmc_task_init(&task);
	memset(driver, 0xa5, sizeof(driver));
	vmc_vm_init(&vm, world_hypervisor(&w), driver, agent);
	checks = disconnects = 0;
}

static enum vmc_status boot(void)
{
	return vmc_vm_boot(&vm, "vm-1", &config, &task, w.sim.now_ms);
}

static void pass(uint64_t ms)
{
	w.sim.now_ms += ms;
}

static void end(void)
{
	CHECK_EQ_INT(vmc_vm_stop(&vm, &task, w.sim.now_ms), VMC_OK);
	CHECK_EQ_INT(vm.state, VMC_VM_EMPTY);
	CHECK_EQ_INT(vmc_mock_alive(&w.mock), 0);
	CHECK_EQ_STR(w.mock.misuse, NULL);
}

TEST(boots_at_once)
{
	begin();
	CHECK_EQ_INT(boot(), VMC_OK);
	CHECK_EQ_INT(vm.state, VMC_VM_READY);
	CHECK_EQ_STR(vm.id, "vm-1");
	CHECK_EQ_INT(vm.pid, 100);
	CHECK_EQ_INT(vm.vcpus, 1);
	CHECK_EQ_INT(vm.memory_mib, VMC_MOCK_MEMORY_MIB);
	CHECK_EQ_INT(vm.cpu_delta, 0);
	CHECK_EQ_INT(vm.error.status, VMC_OK);
	CHECK_EQ_INT(checks, 2);
	CHECK_EQ_INT(disconnects, 2);
	CHECK_EQ_INT(w.machine[0].paused, 1);
	CHECK(!vmc_task_active(&task));
	end();
}

TEST(shows_each_state_while_booting)
{
	begin();
	w.mock.script[VMC_MOCK_BOOT].delay_ms = 10;
	w.mock.script[VMC_MOCK_READY].delay_ms = 20;
	w.mock.script[VMC_MOCK_PAUSE].delay_ms = 30;

	CHECK_EQ_INT(boot(), VMC_AGAIN);
	CHECK_EQ_INT(vm.state, VMC_VM_BOOTING);
	CHECK_EQ_INT(vm.pid, 100);
	CHECK_EQ_INT(task.until_ms, w.sim.now_ms + 10);
	pass(9);
	CHECK_EQ_INT(boot(), VMC_AGAIN);
	CHECK_EQ_INT(vm.state, VMC_VM_BOOTING);
	pass(1);
	CHECK_EQ_INT(boot(), VMC_AGAIN);
	CHECK_EQ_INT(vm.state, VMC_VM_CHECKING);
	CHECK_EQ_INT(checks, 0);
	check_status = VMC_AGAIN;
	pass(20);
	CHECK_EQ_INT(boot(), VMC_AGAIN);
	CHECK_EQ_INT(vm.state, VMC_VM_CHECKING);
	CHECK_EQ_INT(checks, 1);
	CHECK_EQ_INT(disconnects, 0);
	check_status = VMC_OK;
	CHECK_EQ_INT(boot(), VMC_AGAIN);
	CHECK_EQ_INT(vm.state, VMC_VM_PAUSING);
	CHECK_EQ_INT(disconnects, 2);
	CHECK_EQ_INT(w.machine[0].paused, 0);
	pass(30);
	CHECK_EQ_INT(boot(), VMC_OK);
	CHECK_EQ_INT(vm.state, VMC_VM_READY);
	CHECK_EQ_INT(w.machine[0].paused, 1);
	end();
}

static void fails_at(enum vmc_mock_op op, enum vmc_status status)
{
	begin();
	w.mock.script[op].wrong_from = 1;
	w.mock.script[op].status = status;
	w.mock.script[op].text = "broken on purpose";
	CHECK_EQ_INT(boot(), status);
	CHECK_EQ_INT(vm.state, VMC_VM_STOPPING);
	CHECK_EQ_INT(vm.error.status, status);
	CHECK_EQ_STR(vm.error.text, "broken on purpose");
	CHECK(!vmc_task_active(&task));
	end();
	/* What went wrong can be read until the next boot. */
	CHECK_EQ_STR(vm.error.text, "broken on purpose");
}

TEST(failure_of_each_part_is_told)
{
	fails_at(VMC_MOCK_BOOT, VMC_ERR_NOT_FOUND);
	fails_at(VMC_MOCK_READY, VMC_ERR_VM);
	fails_at(VMC_MOCK_PAUSE, VMC_ERR_IO);
}

TEST(failure_of_the_check_is_told)
{
	begin();
	check_status = VMC_ERR_CALL;
	CHECK_EQ_INT(boot(), VMC_ERR_CALL);
	CHECK_EQ_INT(vm.state, VMC_VM_STOPPING);
	CHECK_EQ_INT(vm.error.status, VMC_ERR_CALL);
	CHECK(vm.error.text[0] != '\0');
	CHECK_EQ_INT(disconnects, 1);
	CHECK_EQ_INT(w.mock.called[VMC_MOCK_PAUSE], 0);
	end();
}

/* The VM may be about to end, of which the driver knows more. */
TEST(agent_that_is_lost_is_asked_again)
{
	begin();
	check_status = VMC_ERR_LOST;
	CHECK_EQ_INT(boot(), VMC_AGAIN);
	CHECK_EQ_INT(vm.state, VMC_VM_CHECKING);
	CHECK(task.until_ms <= w.sim.now_ms + 10);
	pass(10);
	CHECK_EQ_INT(boot(), VMC_AGAIN);
	CHECK_EQ_INT(checks, 2);
	check_status = VMC_OK;
	pass(10);
	CHECK_EQ_INT(boot(), VMC_OK);
	CHECK_EQ_INT(vm.error.status, VMC_OK);
	end();
}

TEST(agent_that_is_lost_for_good_is_a_failed_boot)
{
	begin();
	check_status = VMC_ERR_LOST;
	task.deadline_ms = w.sim.now_ms + 100;
	while (boot() == VMC_AGAIN && w.sim.now_ms < task.deadline_ms)
		w.sim.now_ms = task.until_ms;
	CHECK_EQ_INT(vm.state, VMC_VM_STOPPING);
	CHECK_EQ_INT(vm.error.status, VMC_ERR_TIMEOUT);
	CHECK(checks <= 12);
	end();
}

/* Nobody else would notice: the agent may wait for an answer for long. */
TEST(vm_that_ends_while_its_agent_is_asked_is_noticed)
{
	begin();
	check_status = VMC_AGAIN;
	CHECK_EQ_INT(boot(), VMC_AGAIN);
	CHECK_EQ_INT(vm.state, VMC_VM_CHECKING);
	CHECK_EQ_INT(task.wait_len, 1); /* the driver's handle, shown */
	vmc_mock_kill(&w.machine[0]);
	CHECK_EQ_INT(boot(), VMC_ERR_VM);
	CHECK_EQ_INT(vm.error.status, VMC_ERR_VM);
	end();
}

static void hangs_at(enum vmc_mock_op op)
{
	begin();
	w.mock.script[op].wrong_from = 1;
	w.mock.script[op].status = VMC_AGAIN;
	task.deadline_ms = w.sim.now_ms + 100;
	CHECK_EQ_INT(boot(), VMC_AGAIN);
	CHECK_EQ_INT(task.until_ms, w.sim.now_ms + 100);
	pass(99);
	CHECK_EQ_INT(boot(), VMC_AGAIN);
	pass(1);
	CHECK_EQ_INT(boot(), VMC_ERR_TIMEOUT);
	CHECK_EQ_INT(vm.state, VMC_VM_STOPPING);
	CHECK_EQ_INT(vm.error.status, VMC_ERR_TIMEOUT);
	CHECK_EQ_INT(task.deadline_ms, VMC_NEVER);
	end();
}

TEST(deadline_covers_every_part)
{
	hangs_at(VMC_MOCK_BOOT);
	hangs_at(VMC_MOCK_READY);
	hangs_at(VMC_MOCK_PAUSE);
}

TEST(deadline_covers_the_check)
{
	begin();
	check_status = VMC_AGAIN;
	task.deadline_ms = w.sim.now_ms + 5;
	CHECK_EQ_INT(boot(), VMC_AGAIN);
	pass(5);
	CHECK_EQ_INT(boot(), VMC_ERR_TIMEOUT);
	end();
}

TEST(cancelled_boot_is_to_be_stopped)
{
	begin();
	w.mock.script[VMC_MOCK_READY].delay_ms = 50;
	CHECK_EQ_INT(boot(), VMC_AGAIN);
	vmc_task_cancel(&task);
	CHECK_EQ_INT(vm.state, VMC_VM_STOPPING);
	CHECK_EQ_INT(w.mock.cancelled[VMC_MOCK_READY], 1);
	end();
}

TEST(id_is_checked)
{
	char id[VMC_ID_SIZE + 1];

	begin();
	memset(id, 'x', sizeof(id) - 1);
	id[sizeof(id) - 1] = '\0';
	CHECK_EQ_INT(vmc_vm_boot(&vm, id, &config, &task, w.sim.now_ms),
		     VMC_ERR_ARGUMENT);
	CHECK(vm.error.text[0] != '\0');
	CHECK_EQ_INT(vm.state, VMC_VM_EMPTY);
	CHECK_EQ_INT(vmc_vm_boot(&vm, "", &config, &task, w.sim.now_ms),
		     VMC_ERR_ARGUMENT);
	id[VMC_ID_SIZE - 1] = '\0';
	CHECK_EQ_INT(vmc_vm_boot(&vm, id, &config, &task, w.sim.now_ms),
		     VMC_OK);
	CHECK_EQ_STR(vm.id, id);
	end();
}

TEST(booting_twice_is_refused)
{
	begin();
	CHECK_EQ_INT(boot(), VMC_OK);
	CHECK_EQ_INT(boot(), VMC_ERR_STATE);
	CHECK_EQ_INT(vm.state, VMC_VM_READY);
	CHECK_EQ_INT(w.mock.machine_len, 1);
	end();
}

TEST(resumes_and_pauses)
{
	begin();
	CHECK_EQ_INT(boot(), VMC_OK);
	w.mock.script[VMC_MOCK_RESUME].delay_ms = 3;
	CHECK_EQ_INT(vmc_vm_resume(&vm, &task, w.sim.now_ms), VMC_AGAIN);
	CHECK_EQ_INT(vm.state, VMC_VM_READY);
	pass(3);
	CHECK_EQ_INT(vmc_vm_resume(&vm, &task, w.sim.now_ms), VMC_OK);
	CHECK_EQ_INT(vm.state, VMC_VM_RUNNING);
	CHECK_EQ_INT(w.machine[0].paused, 0);
	CHECK_EQ_INT(vmc_vm_pause(&vm, &task, w.sim.now_ms), VMC_OK);
	CHECK_EQ_INT(vm.state, VMC_VM_READY);
	CHECK_EQ_INT(w.machine[0].paused, 1);
	end();
}

TEST(resume_that_fails_leaves_it_paused)
{
	begin();
	CHECK_EQ_INT(boot(), VMC_OK);
	w.mock.script[VMC_MOCK_RESUME].wrong_from = 1;
	CHECK_EQ_INT(vmc_vm_resume(&vm, &task, w.sim.now_ms), VMC_ERR_VM);
	CHECK(vm.state != VMC_VM_RUNNING);
	CHECK(vm.error.text[0] != '\0');
	end();
}

TEST(adds_vcpus_up_to_the_maximum)
{
	begin();
	config.vcpus = 2;
	config.vcpus_max = 4;
	CHECK_EQ_INT(boot(), VMC_OK);
	CHECK_EQ_INT(vmc_vm_add_vcpus(&vm, 0, &task, w.sim.now_ms), VMC_OK);
	CHECK_EQ_INT(w.mock.called[VMC_MOCK_ADD_VCPUS], 0);
	CHECK_EQ_INT(vmc_vm_add_vcpus(&vm, 1, &task, w.sim.now_ms), VMC_OK);
	CHECK_EQ_INT(vm.vcpus, 3);
	CHECK_EQ_INT(vm.cpu_delta, 1);
	CHECK_EQ_INT(vmc_vm_add_vcpus(&vm, 2, &task, w.sim.now_ms),
		     VMC_ERR_TOO_BIG);
	CHECK(strstr(vm.error.text, "vcpus_max") != NULL);
	CHECK_EQ_INT(vm.vcpus, 3);
	CHECK_EQ_INT(vm.cpu_delta, 1);
	CHECK_EQ_INT(vmc_vm_add_vcpus(&vm, UINT32_MAX, &task, w.sim.now_ms),
		     VMC_ERR_TOO_BIG);
	CHECK_EQ_INT(vmc_vm_add_vcpus(&vm, 1, &task, w.sim.now_ms), VMC_OK);
	CHECK_EQ_INT(vm.vcpus, 4);
	CHECK_EQ_INT(vm.cpu_delta, 2);
	end();
}

TEST(adds_memory_up_to_the_maximum)
{
	begin();
	config.memory_mib = 256;
	config.memory_max_mib = 1024;
	CHECK_EQ_INT(boot(), VMC_OK);
	CHECK_EQ_INT(vmc_vm_add_memory(&vm, 768, &task, w.sim.now_ms), VMC_OK);
	CHECK_EQ_INT(vm.memory_mib, 1024);
	CHECK_EQ_INT(vmc_vm_add_memory(&vm, 1, &task, w.sim.now_ms),
		     VMC_ERR_TOO_BIG);
	CHECK(strstr(vm.error.text, "memory_max_mib") != NULL);
	CHECK_EQ_INT(vm.memory_mib, 1024);
	end();
}

TEST(counts_only_what_was_added)
{
	begin();
	config.vcpus_max = 8;
	config.memory_max_mib = 4096;
	CHECK_EQ_INT(boot(), VMC_OK);
	w.mock.script[VMC_MOCK_ADD_VCPUS].wrong_from = 1;
	w.mock.script[VMC_MOCK_ADD_MEMORY].wrong_from = 1;
	CHECK_EQ_INT(vmc_vm_add_vcpus(&vm, 2, &task, w.sim.now_ms), VMC_ERR_VM);
	CHECK_EQ_INT(vmc_vm_add_memory(&vm, 64, &task, w.sim.now_ms),
		     VMC_ERR_VM);
	CHECK_EQ_INT(vm.vcpus, 1);
	CHECK_EQ_INT(vm.cpu_delta, 0);
	CHECK_EQ_INT(vm.memory_mib, VMC_MOCK_MEMORY_MIB);
	end();
}

TEST(stop_takes_its_time_and_is_idempotent)
{
	begin();
	CHECK_EQ_INT(boot(), VMC_OK);
	w.mock.script[VMC_MOCK_STOP].delay_ms = 7;
	CHECK_EQ_INT(vmc_vm_stop(&vm, &task, w.sim.now_ms), VMC_AGAIN);
	CHECK_EQ_INT(vm.state, VMC_VM_STOPPING);
	pass(7);
	CHECK_EQ_INT(vmc_vm_stop(&vm, &task, w.sim.now_ms), VMC_OK);
	CHECK_EQ_INT(vm.state, VMC_VM_EMPTY);
	CHECK_EQ_INT(vm.pid, 0);
	CHECK_EQ_INT(vm.vcpus, 0);
	CHECK_EQ_INT(w.machine[0].stopped, 1);
	CHECK_EQ_INT(vmc_vm_stop(&vm, &task, w.sim.now_ms), VMC_OK);
	CHECK_EQ_INT(w.machine[0].stopped, 1);
}

TEST(boots_again_after_a_failure)
{
	begin();
	w.mock.script[VMC_MOCK_PAUSE].wrong_from = 1;
	w.mock.script[VMC_MOCK_PAUSE].wrong_len = 1;
	CHECK_EQ_INT(boot(), VMC_ERR_VM);
	CHECK_EQ_INT(vmc_vm_stop(&vm, &task, w.sim.now_ms), VMC_OK);
	CHECK_EQ_INT(boot(), VMC_OK);
	CHECK_EQ_INT(vm.error.status, VMC_OK);
	CHECK_EQ_INT(vm.pid, 101);
	end();
}

TEST(moves)
{
	uint64_t other_driver[16];
	struct vmc_vm other;

	begin();
	CHECK_EQ_INT(boot(), VMC_OK);
	vmc_vm_init(&other, world_hypervisor(&w), other_driver, vm.agent);
	vmc_vm_move(&other, &vm);
	CHECK_EQ_INT(vm.state, VMC_VM_EMPTY);
	CHECK_EQ_INT(vm.pid, 0);
	CHECK_EQ_INT(other.pid, 100);
	CHECK_EQ_STR(other.id, "vm-1");
	CHECK_EQ_INT(other.state, VMC_VM_READY);
	CHECK(other.driver == other_driver);
	CHECK_EQ_INT(vmc_vm_resume(&other, &task, w.sim.now_ms), VMC_OK);
	CHECK_EQ_INT(vmc_vm_stop(&other, &task, w.sim.now_ms), VMC_OK);
	end();
	CHECK_EQ_INT(w.machine[0].stopped, 1);
}

TEST(release_leaves_it_alive)
{
	begin();
	CHECK_EQ_INT(boot(), VMC_OK);
	vmc_vm_release(&vm);
	CHECK_EQ_INT(vm.state, VMC_VM_EMPTY);
	CHECK_EQ_INT(vmc_mock_alive(&w.mock), 1);
	CHECK_EQ_INT(w.machine[0].released, 1);
	CHECK_EQ_INT(w.machine[0].held, 0);
	CHECK_EQ_INT(vmc_vm_stop(&vm, &task, w.sim.now_ms), VMC_OK);
	CHECK_EQ_INT(vmc_mock_alive(&w.mock), 1);
	vmc_vm_release(&vm);
	CHECK_EQ_INT(w.machine[0].released, 1);
}

/* Somebody else's VM, from what its driver saved. */
static void describe(struct vmc_vm *taken, uint64_t *bytes,
		     struct vmc_mock *mock)
{
	struct vmc_hypervisor hypervisor = { &vmc_mock_ops, mock };

	vmc_vm_init(taken, hypervisor, bytes, vm.agent);
	strcpy(taken->id, "vm-1");
	taken->vcpus = 1;
	taken->memory_mib = VMC_MOCK_MEMORY_MIB;
}

TEST(attaches_what_another_let_go)
{
	uint8_t saved[256];
	struct vmc_view view = { saved, 0 };
	uint64_t bytes[16];
	struct vmc_vm taken;
	struct vmc_task other = VMC_TASK_INIT;

	begin();
	config.vcpus_max = 2;
	CHECK_EQ_INT(boot(), VMC_OK);
	CHECK_EQ_INT(vmc_mock_ops.save(&w.mock, &vm, saved, sizeof(saved),
				       &view.ptr_len),
		     VMC_OK);
	describe(&taken, bytes, &w.mock);
	CHECK_EQ_INT(vmc_vm_attach(&taken, view, &other, w.sim.now_ms),
		     VMC_ERR_IN_USE);
	vmc_vm_release(&vm);
	describe(&taken, bytes, &w.mock);
	CHECK_EQ_INT(vmc_vm_attach(&taken, view, &other, w.sim.now_ms), VMC_OK);
	CHECK_EQ_INT(taken.state, VMC_VM_READY);
	CHECK_EQ_INT(vmc_vm_resume(&taken, &other, w.sim.now_ms), VMC_OK);
	CHECK_EQ_INT(vmc_vm_add_vcpus(&taken, 1, &other, w.sim.now_ms), VMC_OK);
	CHECK_EQ_INT(vmc_vm_add_vcpus(&taken, 1, &other, w.sim.now_ms),
		     VMC_ERR_TOO_BIG);
	CHECK_EQ_INT(vmc_vm_stop(&taken, &other, w.sim.now_ms), VMC_OK);
	end();
}

TEST(attach_tells_what_is_gone_or_garbage)
{
	static const char garbage[] = "{\"ID\":\"vm-1\",\"Serial\":";
	uint8_t saved[256];
	struct vmc_view view = { saved, 0 };
	uint64_t bytes[16];
	struct vmc_vm taken;
	struct vmc_task other = VMC_TASK_INIT;

	begin();
	CHECK_EQ_INT(boot(), VMC_OK);
	CHECK_EQ_INT(vmc_mock_ops.save(&w.mock, &vm, saved, sizeof(saved),
				       &view.ptr_len),
		     VMC_OK);
	describe(&taken, bytes, &w.mock);
	CHECK_EQ_INT(vmc_vm_attach(&taken, vmc_view_of(garbage), &other,
				   w.sim.now_ms),
		     VMC_ERR_MALFORMED);
	CHECK(taken.error.text[0] != '\0');
	end();
	describe(&taken, bytes, &w.mock);
	CHECK_EQ_INT(vmc_vm_attach(&taken, view, &other, w.sim.now_ms),
		     VMC_ERR_NOT_FOUND);
}

TEST(states_have_names)
{
	CHECK_EQ_STR(vmc_vm_state_name(VMC_VM_EMPTY), "EMPTY");
	CHECK_EQ_STR(vmc_vm_state_name(VMC_VM_HANDING), "HANDING");
	CHECK_EQ_STR(vmc_vm_state_name(VMC_VM_ADOPTING), "ADOPTING");
	CHECK_EQ_STR(vmc_vm_state_name((enum vmc_vm_state)99), "?");
	CHECK_EQ_STR(vmc_vm_state_name((enum vmc_vm_state) - 1), "?");
}

TESTS(RUN(boots_at_once)
      RUN(shows_each_state_while_booting)
      RUN(failure_of_each_part_is_told)
      RUN(failure_of_the_check_is_told)
      RUN(agent_that_is_lost_is_asked_again)
      RUN(agent_that_is_lost_for_good_is_a_failed_boot)
      RUN(vm_that_ends_while_its_agent_is_asked_is_noticed)
      RUN(deadline_covers_every_part)
      RUN(deadline_covers_the_check)
      RUN(cancelled_boot_is_to_be_stopped)
      RUN(id_is_checked)
      RUN(booting_twice_is_refused)
      RUN(resumes_and_pauses)
      RUN(resume_that_fails_leaves_it_paused)
      RUN(adds_vcpus_up_to_the_maximum)
      RUN(adds_memory_up_to_the_maximum)
      RUN(counts_only_what_was_added)
      RUN(stop_takes_its_time_and_is_idempotent)
      RUN(boots_again_after_a_failure)
      RUN(moves)
      RUN(release_leaves_it_alive)
      RUN(attaches_what_another_let_go)
      RUN(attach_tells_what_is_gone_or_garbage)
      RUN(states_have_names));
