/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making a VM ready for use: the steps and their order, what each is given,
 * and that whichever of them fails, no VM is left.
 */
#include "pool_world.h"

#define KERNEL_A                                                               \
	"{\"HypervisorType\":\"mock\",\"HypervisorConfig\":"                   \
	"{\"KernelPath\":\"/boot/a\",\"MemorySize\":128}}"
#define KERNEL_A_AGAIN                                                         \
	"{\"HypervisorConfig\":{\"MemorySize\":4096,"                          \
	"\"KernelPath\":\"/boot/a\"},"                                         \
	"\"HypervisorType\":\"mock\"}"
#define KERNEL_B                                                               \
	"{\"HypervisorType\":\"mock\",\"HypervisorConfig\":"                   \
	"{\"KernelPath\":\"/boot/b\"}}"

static struct pool_world w;
static struct vmc_get_vm get;
static struct vmc_task task;
static struct vmc_vm vm;
static uint64_t driver[16];
static struct vmc_factory_direct direct;

/*
 * A driver and an agent that say what they are asked for, in order
 */

static char said[256];

static void say(const char *what)
{
	strcat(said, said[0] ? " " : "");
	strcat(said, what);
}

static struct vmc_hypervisor_ops driver_ops;

static enum vmc_status say_resume(void *ctx, struct vmc_vm *of,
				  struct vmc_task *step, uint64_t now_ms)
{
	if (!vmc_task_active(step))
		say("resume");
	return vmc_mock_ops.resume(ctx, of, step, now_ms);
}

static enum vmc_status say_add_vcpus(void *ctx, struct vmc_vm *of,
				     uint32_t count, struct vmc_task *step,
				     uint64_t now_ms)
{
	if (!vmc_task_active(step))
		say("vcpus");
	return vmc_mock_ops.add_vcpus(ctx, of, count, step, now_ms);
}

static enum vmc_status say_add_memory(void *ctx, struct vmc_vm *of,
				      uint32_t mib, struct vmc_task *step,
				      uint64_t now_ms)
{
	if (!vmc_task_active(step))
		say("memory");
	return vmc_mock_ops.add_memory(ctx, of, mib, step, now_ms);
}

static enum vmc_status say_stop(void *ctx, struct vmc_vm *of,
				struct vmc_task *step, uint64_t now_ms)
{
	if (!vmc_task_active(step))
		say("stop");
	return vmc_mock_ops.stop(ctx, of, step, now_ms);
}

static struct vmc_agent_ops agent_ops;

/* What the agent was told, and how it answers. */
static struct {
	const char *wrong; /* this call fails with `status` */
	enum vmc_status status;
	uint8_t entropy[512];
	size_t entropy_len;
	struct vmc_wall wall;
	uint32_t cpus, added;
	int cpu_only;
	char url[VMC_URL_SIZE];
} agent;

static enum vmc_status answer(const char *call, struct vmc_task *step,
			      uint64_t now_ms)
{
	int late = vmc_task_begin(step, now_ms);

	if (!vmc_task_active(step))
		say(call);
	if (late)
		return vmc_task_end(step, VMC_ERR_TIMEOUT);
	if (!agent.wrong || strcmp(agent.wrong, call))
		return vmc_task_end(step, VMC_OK);
	if (agent.status != VMC_AGAIN)
		return vmc_task_end(step, agent.status);
	step->phase = 1;
	return vmc_task_again(step);
}

static enum vmc_status reseed(struct vmc_agent *to, struct vmc_view data,
			      struct vmc_task *step, uint64_t now_ms)
{
	(void)to;
	agent.entropy_len = data.ptr_len;
	CHECK(data.ptr_len <= sizeof(agent.entropy));
	memcpy(agent.entropy, data.ptr, data.ptr_len);
	return answer("reseed", step, now_ms);
}

static enum vmc_status set_time(struct vmc_agent *to,
				const struct vmc_wall *wall,
				struct vmc_task *step, uint64_t now_ms)
{
	(void)to;
	agent.wall = *wall;
	return answer("time", step, now_ms);
}

static enum vmc_status online(struct vmc_agent *to, uint32_t cpus,
			      uint32_t added, int cpu_only,
			      struct vmc_task *step, uint64_t now_ms)
{
	(void)to;
	agent.cpus = cpus;
	agent.added = added;
	agent.cpu_only = cpu_only;
	return answer("online", step, now_ms);
}

static enum vmc_status set_url(struct vmc_agent *to, struct vmc_view url)
{
	(void)to;
	CHECK(url.ptr_len < sizeof(agent.url));
	memset(agent.url, 0, sizeof(agent.url));
	memcpy(agent.url, url.ptr, url.ptr_len);
	return VMC_OK;
}

static struct vmc_hypervisor talking(void)
{
	return (struct vmc_hypervisor){ &driver_ops, &w.mock };
}

/* A pool of VMs made with KERNEL_A, 1 vCPU of 4 and 128 MiB of 1024. */
static void begin(void)
{
	struct vmc_agent of = { .ops = &agent_ops };

	driver_ops = vmc_mock_ops;
	driver_ops.resume = say_resume;
	driver_ops.add_vcpus = say_add_vcpus;
	driver_ops.add_memory = say_add_memory;
	driver_ops.stop = say_stop;
	agent_ops = vmc_agent_noop_ops;
	agent_ops.reseed_rng = reseed;
	agent_ops.set_guest_date_time = set_time;
	agent_ops.online_cpu_mem = online;
	agent_ops.set_agent_url = set_url;
	memset(&agent, 0, sizeof(agent));
	pool_world_begin(&w, 2);
	w.direct.vm_config.vcpus_max = 4;
	w.direct.vm_config.memory_max_mib = 1024;
	w.direct.json.data = vmc_view_of(KERNEL_A);
	pool_world_start(&w);
	pool_world_settle(&w);
	direct = w.direct;
	direct.json.data = vmc_view_of(KERNEL_B);
	get = (struct vmc_get_vm){
		.base = { &vmc_factory_pool_ops, &w.pool },
		.env = vmc_sim_env(&w.sim),
	};
	vmc_task_init(&task);
	vmc_vm_init(&vm, talking(), driver, of);
	said[0] = '\0';
}

static enum vmc_status step(void)
{
	return vmc_factory_get_vm(&get, &vm, &task, w.sim.now_ms);
}

/* The VM is stopped or empty, and the pool has all it should. */
static void check_nothing_left(void)
{
	CHECK_EQ_INT(vm.state, VMC_VM_EMPTY);
	CHECK(!vmc_task_active(&task));
	w.owned = 0;
	pool_world_settle(&w);
	CHECK_EQ_INT(vmc_pool_ready(&w.pool), 2);
	CHECK_EQ_INT(vmc_mock_alive(&w.mock), 2);
}

static void check_running(void)
{
	struct vmc_mock_machine *machine = vmc_mock_find(&w.mock, vm.id);

	CHECK(machine != NULL);
	CHECK_EQ_INT(vm.state, VMC_VM_RUNNING);
	CHECK_EQ_INT(machine->paused, 0);
	CHECK_EQ_INT(machine->held, 1);
	w.owned = 1;
	pool_world_settle(&w);
	CHECK_EQ_INT(vmc_vm_stop(&vm, &task, w.sim.now_ms), VMC_OK);
	check_nothing_left();
}

/*
 * What goes well
 */

TEST(does_every_step_in_order)
{
	begin();
	get.wanted = vmc_view_of(KERNEL_A_AGAIN);
	get.vcpus = 3;
	get.memory_mib = 512;
	w.sim.now_ms = 61234;
	CHECK_EQ_INT(step(), VMC_OK);
	CHECK_EQ_STR(said, "resume reseed time vcpus memory online");
	CHECK_EQ_INT(vm.vcpus, 3);
	CHECK_EQ_INT(vm.memory_mib, 512);
	CHECK_EQ_INT(vm.cpu_delta, 0);
	CHECK_EQ_INT(get.mismatch, 0);
	CHECK_EQ_INT(agent.entropy_len, 512);
	CHECK_EQ_INT(agent.wall.seconds, 1552003200 + 61);
	CHECK_EQ_INT(agent.wall.microseconds, 234000);
	CHECK_EQ_INT(agent.cpus, 3);
	CHECK_EQ_INT(agent.added, 2);
	CHECK_EQ_INT(agent.cpu_only, 0);
	check_running();
}

TEST(adds_only_what_is_missing)
{
	begin();
	get.vcpus = 1;
	get.memory_mib = 64;
	CHECK_EQ_INT(step(), VMC_OK);
	CHECK_EQ_STR(said, "resume reseed time");
	CHECK_EQ_INT(vm.vcpus, 1);
	CHECK_EQ_INT(vm.memory_mib, VMC_MOCK_MEMORY_MIB);
	check_running();
}

TEST(onlines_after_memory_alone)
{
	begin();
	get.memory_mib = 256;
	CHECK_EQ_INT(step(), VMC_OK);
	CHECK_EQ_STR(said, "resume reseed time memory online");
	CHECK_EQ_INT(agent.added, 0);
	check_running();
}

TEST(onlines_what_was_added_before)
{
	begin();
	w.pool.slot[0].vm.cpu_delta = 1;
	CHECK_EQ_INT(step(), VMC_OK);
	CHECK_EQ_STR(said, "resume reseed time online");
	CHECK_EQ_INT(agent.added, 1);
	CHECK_EQ_INT(vm.cpu_delta, 0);
	check_running();
}

TEST(each_vm_has_its_own_entropy)
{
	static const uint8_t zeros[512];
	uint8_t first[512];

	begin();
	CHECK_EQ_INT(step(), VMC_OK);
	memcpy(first, agent.entropy, sizeof(first));
	CHECK(memcmp(first, zeros, sizeof(first)) != 0);
	/* It is not kept. */
	CHECK_EQ_MEM(get.entropy, zeros, sizeof(zeros));
	check_running();
	CHECK_EQ_INT(step(), VMC_OK);
	CHECK(memcmp(first, agent.entropy, sizeof(first)) != 0);
	check_running();
}

TEST(waits_for_each_step)
{
	static const enum vmc_mock_op ops[] = { VMC_MOCK_RESUME,
						VMC_MOCK_ADD_VCPUS,
						VMC_MOCK_ADD_MEMORY };
	unsigned i;

	begin();
	get.vcpus = 2;
	get.memory_mib = 256;
	for (i = 0; i < 3; i++)
		w.mock.script[ops[i]].delay_ms = 10 * (i + 1);
	CHECK_EQ_INT(step(), VMC_AGAIN);
	CHECK_EQ_INT(get.step, VMC_GET_VM_RESUME);
	CHECK_EQ_INT(task.until_ms, w.sim.now_ms + 10);
	w.owned = 1;
	pool_world_pass(&w, 10);
	CHECK_EQ_INT(step(), VMC_AGAIN);
	CHECK_EQ_INT(get.step, VMC_GET_VM_VCPUS);
	pool_world_pass(&w, 20);
	CHECK_EQ_INT(step(), VMC_AGAIN);
	CHECK_EQ_INT(get.step, VMC_GET_VM_MEMORY);
	CHECK_EQ_INT(step(), VMC_AGAIN);
	pool_world_pass(&w, 30);
	CHECK_EQ_INT(step(), VMC_OK);
	CHECK_EQ_STR(said, "resume reseed time vcpus memory online");
	CHECK_EQ_INT(get.step_ms[VMC_GET_VM_RESUME], 10);
	CHECK_EQ_INT(get.step_ms[VMC_GET_VM_VCPUS], 20);
	CHECK_EQ_INT(get.step_ms[VMC_GET_VM_MEMORY], 30);
	CHECK_EQ_INT(get.step_ms[VMC_GET_VM_RESEED], 0);
	check_running();
}

TEST(agent_is_asked_while_the_vm_resumes)
{
	begin();
	w.mock.script[VMC_MOCK_RESUME].delay_ms = 10;
	agent.wrong = "reseed";
	agent.status = VMC_AGAIN;
	CHECK_EQ_INT(step(), VMC_AGAIN);
	CHECK_EQ_STR(said, "resume reseed");
	CHECK_EQ_INT(get.step, VMC_GET_VM_RESUME);
	w.owned = 1;
	agent.wrong = NULL; /* it answers before the driver does */
	CHECK_EQ_INT(step(), VMC_AGAIN);
	CHECK_EQ_INT(get.step, VMC_GET_VM_RESUME);
	pool_world_pass(&w, 10);
	CHECK_EQ_INT(step(), VMC_OK);
	CHECK_EQ_STR(said, "resume reseed time");
	CHECK_EQ_INT(agent.entropy_len, 512);
	check_running();
}

TEST(agent_that_fails_too_early_is_asked_again)
{
	begin();
	w.mock.script[VMC_MOCK_RESUME].delay_ms = 10;
	agent.wrong = "reseed";
	agent.status = VMC_ERR_LOST;
	CHECK_EQ_INT(step(), VMC_AGAIN);
	w.owned = 1;
	pool_world_pass(&w, 10);
	agent.wrong = NULL;
	CHECK_EQ_INT(step(), VMC_OK);
	CHECK_EQ_STR(said, "resume reseed reseed time");
	CHECK_EQ_INT(vm.error.status, VMC_OK);
	check_running();
}

TEST(waits_for_a_vm)
{
	begin();
	vmc_mock_kill(&w.machine[0]);
	vmc_mock_kill(&w.machine[1]);
	pool_world_settle(&w);
	CHECK_EQ_INT(step(), VMC_AGAIN);
	CHECK_EQ_INT(get.step, VMC_GET_VM_BASE);
	pool_world_pass(&w, 1000);
	CHECK_EQ_INT(step(), VMC_OK);
	check_running();
}

TEST(agent_is_told_where_it_is)
{
	begin();
	strcpy(w.pool.slot[0].vm.agent_url, "vsock://7:1024");
	CHECK_EQ_INT(step(), VMC_OK);
	CHECK_EQ_STR(agent.url, "vsock://7:1024");
	check_running();
}

TEST(host_without_a_calendar)
{
	begin();
	w.sim.no_wall = 1;
	CHECK_EQ_INT(step(), VMC_OK);
	CHECK_EQ_STR(said, "resume reseed");
	check_running();
}

/*
 * What does not match
 */

TEST(mismatch_is_made_directly_and_goes_through_every_step)
{
	begin();
	get.wanted = vmc_view_of(KERNEL_B);
	get.direct = (struct vmc_factory){ &vmc_factory_direct_ops, &direct };
	get.vcpus = 2;
	get.memory_mib = 256;
	CHECK_EQ_INT(step(), VMC_OK);
	CHECK_EQ_INT(get.mismatch, 1);
	CHECK(strstr(get.reason.text, "HypervisorConfig.KernelPath") != NULL);
	CHECK_EQ_STR(said, "resume reseed time vcpus memory online");
	CHECK_EQ_INT(w.mock.called[VMC_MOCK_BOOT], 3);
	CHECK_EQ_INT(vmc_pool_ready(&w.pool), 2);
	CHECK_EQ_STR(vm.id, w.machine[2].id);
	check_running();
}

TEST(mismatch_without_a_direct_factory_fails)
{
	begin();
	get.wanted = vmc_view_of(KERNEL_B);
	CHECK_EQ_INT(step(), VMC_ERR_MISMATCH);
	CHECK(strstr(vm.error.text, "HypervisorConfig.KernelPath") != NULL);
	CHECK_EQ_STR(said, "");
	CHECK_EQ_INT(w.mock.called[VMC_MOCK_BOOT], 2);
	check_nothing_left();
}

TEST(configuration_that_cannot_be_read_fails)
{
	begin();
	get.wanted = vmc_view_of("{\"HypervisorType\":");
	get.direct = (struct vmc_factory){ &vmc_factory_direct_ops, &direct };
	CHECK_EQ_INT(step(), VMC_ERR_MALFORMED);
	CHECK(vm.error.text[0] != '\0');
	check_nothing_left();
}

TEST(second_use_starts_afresh)
{
	begin();
	get.wanted = vmc_view_of(KERNEL_B);
	CHECK_EQ_INT(step(), VMC_ERR_MISMATCH);
	get.direct = (struct vmc_factory){ &vmc_factory_direct_ops, &direct };
	CHECK_EQ_INT(step(), VMC_OK);
	CHECK_EQ_INT(get.mismatch, 1);
	check_running();
	get.wanted = vmc_view_of(KERNEL_A);
	CHECK_EQ_INT(step(), VMC_OK);
	CHECK_EQ_INT(get.mismatch, 0);
	CHECK_EQ_INT(get.reason.status, VMC_OK);
	check_running();
}

/*
 * What fails
 */

static void driver_fails(enum vmc_mock_op op, const char *expected)
{
	begin();
	get.vcpus = 2;
	get.memory_mib = 256;
	w.mock.script[op].wrong_from = 1;
	w.mock.script[op].status = VMC_ERR_IO;
	w.mock.script[op].text = "driver says no";
	CHECK_EQ_INT(step(), VMC_ERR_IO);
	CHECK_EQ_STR(vm.error.text, "driver says no");
	CHECK_EQ_STR(said, expected);
	check_nothing_left();
}

TEST(driver_that_fails_leaves_no_vm)
{
	driver_fails(VMC_MOCK_RESUME, "resume stop");
	driver_fails(VMC_MOCK_ADD_VCPUS, "resume reseed time vcpus stop");
	driver_fails(VMC_MOCK_ADD_MEMORY,
		     "resume reseed time vcpus memory stop");
}

/* Whatever the agent says of it. */
TEST(driver_says_why_a_vm_does_not_resume)
{
	static const uint8_t zeros[512];
	static const enum vmc_status agents[] = { VMC_AGAIN, VMC_ERR_LOST };

	for (unsigned i = 0; i < 2; i++) {
		begin();
		w.mock.script[VMC_MOCK_RESUME].delay_ms = 10;
		w.mock.script[VMC_MOCK_RESUME].wrong_from = 1;
		w.mock.script[VMC_MOCK_RESUME].status = VMC_ERR_VM;
		w.mock.script[VMC_MOCK_RESUME].text = "driver says no";
		agent.wrong = "reseed";
		agent.status = agents[i];
		CHECK_EQ_INT(step(), VMC_AGAIN);
		w.owned = 1;
		pool_world_pass(&w, 10);
		CHECK_EQ_INT(step(), VMC_ERR_VM);
		CHECK_EQ_STR(vm.error.text, "driver says no");
		CHECK_EQ_STR(said, "resume reseed stop");
		CHECK_EQ_MEM(get.entropy, zeros, sizeof(zeros));
		check_nothing_left();
	}
}

static void agent_fails(const char *call, const char *expected)
{
	begin();
	get.vcpus = 2;
	agent.wrong = call;
	agent.status = VMC_ERR_LOST;
	CHECK_EQ_INT(step(), VMC_ERR_LOST);
	CHECK(vm.error.text[0] != '\0');
	CHECK_EQ_STR(said, expected);
	check_nothing_left();
}

TEST(agent_that_fails_leaves_no_vm)
{
	agent_fails("reseed", "resume reseed stop");
	agent_fails("time", "resume reseed time stop");
	agent_fails("online", "resume reseed time vcpus online stop");
}

static void hangs(const char *call, enum vmc_mock_op op)
{
	begin();
	get.vcpus = 2;
	get.memory_mib = 256;
	agent.wrong = call;
	agent.status = VMC_AGAIN;
	if (!call) {
		w.mock.script[op].wrong_from = 1;
		w.mock.script[op].status = VMC_AGAIN;
	}
	w.mock.script[VMC_MOCK_STOP].delay_ms = 20;
	task.deadline_ms = w.sim.now_ms + 100;
	CHECK_EQ_INT(step(), VMC_AGAIN);
	w.owned = 1;
	CHECK_EQ_INT(task.until_ms, w.sim.now_ms + 100);
	pool_world_pass(&w, 99);
	CHECK_EQ_INT(step(), VMC_AGAIN);
	pool_world_pass(&w, 1);
	/* It is over, but the VM is being stopped first. */
	CHECK_EQ_INT(step(), VMC_AGAIN);
	CHECK_EQ_INT(task.until_ms, w.sim.now_ms + 20);
	pool_world_pass(&w, 20);
	CHECK_EQ_INT(step(), VMC_ERR_TIMEOUT);
	CHECK_EQ_INT(vm.error.status, VMC_ERR_TIMEOUT);
	w.mock.script[VMC_MOCK_STOP].delay_ms = 0;
	check_nothing_left();
}

TEST(deadline_covers_every_step)
{
	hangs("reseed", VMC_MOCK_OPS);
	hangs("time", VMC_MOCK_OPS);
	hangs("online", VMC_MOCK_OPS);
	hangs(NULL, VMC_MOCK_RESUME);
	hangs(NULL, VMC_MOCK_ADD_VCPUS);
	hangs(NULL, VMC_MOCK_ADD_MEMORY);
}

TEST(too_many_vcpus)
{
	begin();
	get.vcpus = 5;
	CHECK_EQ_INT(step(), VMC_ERR_TOO_BIG);
	CHECK(strstr(vm.error.text, "vcpus_max") != NULL);
	CHECK_EQ_STR(said, "resume reseed time vcpus stop");
	check_nothing_left();
}

TEST(no_entropy_no_vm)
{
	begin();
	w.sim.entropy_fails = 1;
	CHECK_EQ_INT(step(), VMC_ERR_IO);
	CHECK_EQ_STR(said, "resume stop");
	check_nothing_left();
}

TEST(no_vm_before_the_deadline)
{
	begin();
	w.mock.script[VMC_MOCK_BOOT].wrong_from = 1;
	vmc_mock_kill(&w.machine[0]);
	vmc_mock_kill(&w.machine[1]);
	pool_world_settle(&w);
	task.deadline_ms = w.sim.now_ms + 500;
	CHECK_EQ_INT(step(), VMC_AGAIN);
	pool_world_pass(&w, 500);
	CHECK_EQ_INT(step(), VMC_ERR_TIMEOUT);
	CHECK_EQ_INT(vm.state, VMC_VM_EMPTY);
	CHECK_EQ_INT(w.pool.line_len, 0);
}

TEST(pool_that_stops_meanwhile)
{
	begin();
	vmc_mock_kill(&w.machine[0]);
	vmc_mock_kill(&w.machine[1]);
	pool_world_settle(&w);
	CHECK_EQ_INT(step(), VMC_AGAIN);
	vmc_pool_stop(&w.pool, w.sim.now_ms);
	CHECK_EQ_INT(step(), VMC_ERR_UNAVAILABLE);
	CHECK_EQ_INT(vm.state, VMC_VM_EMPTY);
}

/* A VM made directly that fails to boot is stopped too. */
TEST(direct_boot_that_fails)
{
	begin();
	get.wanted = vmc_view_of(KERNEL_B);
	get.direct = (struct vmc_factory){ &vmc_factory_direct_ops, &direct };
	w.mock.script[VMC_MOCK_PAUSE].wrong_from = 3;
	w.mock.script[VMC_MOCK_PAUSE].text = "no answer to stop";
	CHECK_EQ_INT(step(), VMC_ERR_VM);
	CHECK_EQ_STR(vm.error.text, "no answer to stop");
	CHECK_EQ_INT(w.machine[2].stopped, 1);
	check_nothing_left();
}

TEST(cancelled_waiting)
{
	begin();
	vmc_mock_kill(&w.machine[0]);
	vmc_mock_kill(&w.machine[1]);
	pool_world_settle(&w);
	CHECK_EQ_INT(step(), VMC_AGAIN);
	vmc_task_cancel(&task);
	CHECK_EQ_INT(vm.state, VMC_VM_EMPTY);
	CHECK_EQ_INT(w.pool.line_len, 0);
	pool_world_pass(&w, 1000);
	check_nothing_left();
}

TEST(cancelled_amid_a_step_leaves_the_vm_to_its_caller)
{
	static const uint8_t zeros[512];

	begin();
	agent.wrong = "reseed";
	agent.status = VMC_AGAIN;
	CHECK_EQ_INT(step(), VMC_AGAIN);
	w.owned = 1;
	vmc_task_cancel(&task);
	CHECK(vm.state != VMC_VM_EMPTY);
	CHECK_EQ_MEM(get.entropy, zeros, sizeof(zeros));
	CHECK_EQ_INT(vmc_vm_stop(&vm, &task, w.sim.now_ms), VMC_OK);
	check_nothing_left();
}

TEST(steps_have_names)
{
	CHECK_EQ_STR(vmc_get_vm_step_name(VMC_GET_VM_CONFIG), "config");
	CHECK_EQ_STR(vmc_get_vm_step_name(VMC_GET_VM_ONLINE), "online");
	CHECK_EQ_STR(vmc_get_vm_step_name(VMC_GET_VM_STEPS), "?");
}

TESTS(RUN(does_every_step_in_order)
      RUN(adds_only_what_is_missing)
      RUN(onlines_after_memory_alone)
      RUN(onlines_what_was_added_before)
      RUN(each_vm_has_its_own_entropy)
      RUN(waits_for_each_step)
      RUN(agent_is_asked_while_the_vm_resumes)
      RUN(agent_that_fails_too_early_is_asked_again)
      RUN(waits_for_a_vm)
      RUN(agent_is_told_where_it_is)
      RUN(host_without_a_calendar)
      RUN(mismatch_is_made_directly_and_goes_through_every_step)
      RUN(mismatch_without_a_direct_factory_fails)
      RUN(configuration_that_cannot_be_read_fails)
      RUN(second_use_starts_afresh)
      RUN(driver_that_fails_leaves_no_vm)
      RUN(driver_says_why_a_vm_does_not_resume)
      RUN(agent_that_fails_leaves_no_vm)
      RUN(deadline_covers_every_step)
      RUN(too_many_vcpus)
      RUN(no_entropy_no_vm)
      RUN(no_vm_before_the_deadline)
      RUN(pool_that_stops_meanwhile)
      RUN(direct_boot_that_fails)
      RUN(cancelled_waiting)
      RUN(cancelled_amid_a_step_leaves_the_vm_to_its_caller)
      RUN(steps_have_names));
