/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The factories: direct, which boots, and remote, which asks a server. The
 * remote one runs against a server in the same simulated world, so that
 * what it takes is accounted for on both sides.
 */
#include "server_world.h"

static struct server_world w;
static struct vmc_factory_remote remote;
static struct vmc_channel channel;
static uint8_t window[VMC_CHANNEL_WINDOW_SIZE];
static struct vmc_vm vm;
static struct vmc_task task;
static uint64_t driver[16];

static void place_vm(void)
{
	struct vmc_agent agent = { .ops = &vmc_agent_noop_ops };

	vmc_task_init(&task);
	vmc_vm_init(&vm, world_hypervisor(&w.p), driver, agent);
}

static enum vmc_status boot(void)
{
	return vmc_factory_direct_ops.get_base_vm(&w.p.direct, &vm, &task,
						  w.p.sim.now_ms);
}

/*
 * Direct
 */

static int is_uuid(const char *id)
{
	for (size_t i = 0; i < 36; i++) {
		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (id[i] != '-')
				return 0;
		} else if (!strchr("0123456789abcdef", id[i])) {
			return 0;
		}
	}
	return id[14] == '4' && strchr("89ab", id[19]) && id[36] == '\0';
}

TEST(direct_boots_under_a_random_uuid)
{
	char first[VMC_ID_SIZE] = "";

	pool_world_begin(&w.p, 1);
	w.p.direct.vm_config.vcpus = 2;
	for (unsigned i = 0; i < 100; i++) {
		place_vm();
		CHECK_EQ_INT(boot(), VMC_OK);
		CHECK_EQ_INT(vm.state, VMC_VM_READY);
		CHECK_EQ_INT(vm.vcpus, 2);
		CHECK(is_uuid(vm.id));
		CHECK(strcmp(first, vm.id) != 0);
		if (i == 0)
			strcpy(first, vm.id);
		CHECK_EQ_INT(vmc_vm_stop(&vm, &task, w.p.sim.now_ms), VMC_OK);
	}
}

TEST(direct_keeps_its_id_over_many_steps)
{
	char id[VMC_ID_SIZE];

	pool_world_begin(&w.p, 1);
	w.p.mock.script[VMC_MOCK_BOOT].delay_ms = 10;
	w.p.mock.script[VMC_MOCK_PAUSE].delay_ms = 10;
	place_vm();
	CHECK_EQ_INT(boot(), VMC_AGAIN);
	strcpy(id, vm.id);
	w.p.sim.now_ms += 10;
	CHECK_EQ_INT(boot(), VMC_AGAIN);
	w.p.sim.now_ms += 10;
	CHECK_EQ_INT(boot(), VMC_OK);
	CHECK_EQ_STR(vm.id, id);
	CHECK_EQ_INT(w.p.mock.machine_len, 1);
}

TEST(direct_without_entropy)
{
	pool_world_begin(&w.p, 1);
	w.p.sim.entropy_fails = 1;
	place_vm();
	CHECK_EQ_INT(boot(), VMC_ERR_IO);
	CHECK(strstr(vm.error.text, "entropy") != NULL);
	CHECK_EQ_INT(w.p.mock.machine_len, 0);
	CHECK_EQ_INT(vmc_vm_stop(&vm, &task, w.p.sim.now_ms), VMC_OK);
	CHECK_EQ_INT(boot(), VMC_OK);
}

TEST(direct_tells_its_configuration)
{
	struct vmc_cache_config config;

	pool_world_begin(&w.p, 1);
	w.p.direct.json.data = vmc_view_of("{}");
	vmc_task_init(&task);
	CHECK_EQ_INT(
		vmc_factory_direct_ops.config(&w.p.direct, &config, &task, 0),
		VMC_OK);
	CHECK(vmc_view_is(config.data, "{}"));
	CHECK_EQ_INT(config.agent_config.ptr_len, 0);
}

/*
 * Remote
 */

static void begin_remote(uint32_t boot_ms)
{
	struct vmc_channel_config config = {
		.endpoint = WORLD_ENDPOINT,
		.stream = VMC_HANDLE_NONE,
		.window = window,
		.window_len = sizeof(window),
	};

	server_world_begin(&w, 2);
	w.p.mock.script[VMC_MOCK_BOOT].delay_ms = boot_ms;
	w.p.mock.agent_url = "vsock://9:1024";
	w.p.direct.vm_config.vcpus_max = 2;
	server_world_start(&w);
	server_world_settle(&w);
	config.port = vmc_sim_port(&w.p.sim);
	CHECK_EQ_INT(vmc_channel_init(&channel, &config), VMC_OK);
	memset(&remote, 0, sizeof(remote));
	remote.channel = &channel;
	place_vm();
}

static enum vmc_status take(void)
{
	return vmc_factory_remote_ops.get_base_vm(&remote, &vm, &task,
						  w.p.sim.now_ms);
}

/* Lets the server go on for so long, stepping the taker when it is due. */
static enum vmc_status take_within(uint64_t ms)
{
	uint64_t end_ms = w.p.sim.now_ms + ms;
	enum vmc_status status;
	unsigned turns = 0;

	do {
		status = take();
		if (status != VMC_AGAIN)
			return status;
		server_world_settle(&w);
		if (task.until_ms > w.p.sim.now_ms &&
		    !vmc_sim_poll(&w.p.sim, task.wait, task.wait_len))
			server_world_pass(&w, 1);
		CHECK(++turns < 10000);
	} while (w.p.sim.now_ms <= end_ms);
	return status;
}

static void end_remote(void)
{
	vmc_channel_close(&channel);
	server_world_settle(&w);
	CHECK_EQ_INT(w.server.open_len, 0);
	CHECK_EQ_INT(w.server.call_len, 0);
}

TEST(remote_takes_hold_of_what_it_is_given)
{
	begin_remote(0);
	CHECK_EQ_INT(take_within(10), VMC_OK);
	CHECK_EQ_INT(vm.state, VMC_VM_READY);
	CHECK(is_uuid(vm.id));
	CHECK_EQ_STR(vm.agent_url, "vsock://9:1024");
	CHECK_EQ_INT(vm.vcpus, 1);
	CHECK_EQ_INT(vm.memory_mib, VMC_MOCK_MEMORY_MIB);
	CHECK_EQ_INT(vmc_mock_find(&w.p.mock, vm.id)->held, 1);
	CHECK_EQ_INT(vmc_mock_find(&w.p.mock, vm.id)->paused, 1);
	CHECK_EQ_INT(vmc_vm_resume(&vm, &task, w.p.sim.now_ms), VMC_OK);
	CHECK_EQ_INT(vmc_vm_add_vcpus(&vm, 1, &task, w.p.sim.now_ms), VMC_OK);
	CHECK_EQ_INT(vmc_vm_add_vcpus(&vm, 1, &task, w.p.sim.now_ms),
		     VMC_ERR_TOO_BIG);
	CHECK_EQ_INT(vmc_vm_stop(&vm, &task, w.p.sim.now_ms), VMC_OK);
	end_remote();
	CHECK_EQ_INT(vmc_mock_alive(&w.p.mock), 2);
}

TEST(remote_takes_one_after_another)
{
	char first[VMC_ID_SIZE];

	begin_remote(0);
	CHECK_EQ_INT(take_within(10), VMC_OK);
	strcpy(first, vm.id);
	CHECK_EQ_INT(vmc_vm_stop(&vm, &task, w.p.sim.now_ms), VMC_OK);
	CHECK_EQ_INT(take_within(10), VMC_OK);
	CHECK(strcmp(first, vm.id) != 0);
	end_remote();
}

TEST(remote_waits)
{
	begin_remote(100);
	CHECK_EQ_INT(take_within(200), VMC_OK);
	CHECK(w.p.sim.now_ms >= 1100);
	end_remote();
}

TEST(remote_asks_for_the_configuration)
{
	struct vmc_cache_config config;
	enum vmc_status status;
	unsigned turns = 0;

	begin_remote(0);
	do {
		status = vmc_factory_remote_ops.config(&remote, &config, &task,
						       w.p.sim.now_ms);
		server_world_settle(&w);
		CHECK(++turns < 100);
	} while (status == VMC_AGAIN);
	CHECK_EQ_INT(status, VMC_OK);
	CHECK(vmc_view_is(config.data, WORLD_DATA));
	CHECK(vmc_view_is(config.agent_config, WORLD_AGENT_CONFIG));
	end_remote();
}

TEST(remote_says_why_there_is_none)
{
	begin_remote(100);
	task.deadline_ms = w.p.sim.now_ms + 50;
	CHECK_EQ_INT(take_within(60), VMC_ERR_TIMEOUT);
	CHECK(vm.error.text[0] != '\0');
	CHECK_EQ_INT(vm.state, VMC_VM_EMPTY);
	CHECK_EQ_INT(w.server.call_len, 0);
	end_remote();

	begin_remote(100);
	CHECK_EQ_INT(take(), VMC_AGAIN);
	server_world_settle(&w);
	vmc_server_stop(&w.server, "SIGTERM", w.p.sim.now_ms);
	CHECK_EQ_INT(take_within(10), VMC_ERR_CALL);
	CHECK(strstr(vm.error.text, "UNAVAILABLE") != NULL);
	CHECK_EQ_INT(vm.state, VMC_VM_EMPTY);
	place_vm();
	vmc_channel_close(&channel);
	server_world_settle(&w);
	CHECK_EQ_INT(take_within(10), VMC_ERR_NO_SERVER);
	CHECK(strstr(vm.error.text, WORLD_ENDPOINT) != NULL);
}

/* The VM was ours from the reply on, so it is ours to stop. */
TEST(remote_that_cannot_attach)
{
	begin_remote(0);
	w.p.mock.script[VMC_MOCK_ATTACH].wrong_from = 1;
	w.p.mock.script[VMC_MOCK_ATTACH].status = VMC_ERR_IO;
	w.p.mock.script[VMC_MOCK_ATTACH].text = "no such socket";
	CHECK_EQ_INT(take_within(10), VMC_ERR_IO);
	CHECK_EQ_STR(vm.error.text, "no such socket");
	CHECK_EQ_INT(vm.state, VMC_VM_STOPPING);
	CHECK_EQ_INT(vmc_vm_stop(&vm, &task, w.p.sim.now_ms), VMC_OK);
	end_remote();
	CHECK_EQ_INT(vmc_pool_counters(&w.p.pool)->handed, 1);
	CHECK_EQ_INT(vmc_mock_alive(&w.p.mock), 2);
}

TEST(remote_whose_attach_hangs)
{
	begin_remote(0);
	w.p.mock.script[VMC_MOCK_ATTACH].wrong_from = 1;
	w.p.mock.script[VMC_MOCK_ATTACH].status = VMC_AGAIN;
	task.deadline_ms = w.p.sim.now_ms + 30;
	CHECK_EQ_INT(take_within(40), VMC_ERR_TIMEOUT);
	CHECK_EQ_INT(vm.state, VMC_VM_STOPPING);
	CHECK_EQ_INT(vmc_vm_stop(&vm, &task, w.p.sim.now_ms), VMC_OK);
	end_remote();
	CHECK_EQ_INT(vmc_mock_alive(&w.p.mock), 2);
}

TEST(remote_cancelled_waiting_costs_nothing)
{
	begin_remote(100);
	CHECK_EQ_INT(take(), VMC_AGAIN);
	server_world_settle(&w);
	CHECK_EQ_INT(w.server.call_len, 1);
	vmc_task_cancel(&task);
	server_world_pass(&w, 200);
	CHECK_EQ_INT(w.server.call_len, 0);
	CHECK_EQ_INT(vmc_pool_ready(&w.p.pool), 2);
	CHECK_EQ_INT(w.p.mock.called[VMC_MOCK_BOOT], 2);
	end_remote();
}

TEST(remote_cancelled_attaching_is_to_be_stopped)
{
	unsigned turns = 0;

	begin_remote(0);
	w.p.mock.script[VMC_MOCK_ATTACH].delay_ms = 50;
	while (vm.state == VMC_VM_EMPTY) {
		CHECK_EQ_INT(take(), VMC_AGAIN);
		server_world_settle(&w);
		CHECK(++turns < 100);
	}
	vmc_task_cancel(&task);
	CHECK(vm.state != VMC_VM_EMPTY);
	CHECK_EQ_INT(vmc_vm_stop(&vm, &task, w.p.sim.now_ms), VMC_OK);
	end_remote();
	CHECK_EQ_INT(vmc_mock_alive(&w.p.mock), 2);
}

TESTS(RUN(direct_boots_under_a_random_uuid)
      RUN(direct_keeps_its_id_over_many_steps)
      RUN(direct_without_entropy)
      RUN(direct_tells_its_configuration)
      RUN(remote_takes_hold_of_what_it_is_given)
      RUN(remote_takes_one_after_another)
      RUN(remote_waits)
      RUN(remote_asks_for_the_configuration)
      RUN(remote_says_why_there_is_none)
      RUN(remote_that_cannot_attach)
      RUN(remote_whose_attach_hangs)
      RUN(remote_cancelled_waiting_costs_nothing)
      RUN(remote_cancelled_attaching_is_to_be_stopped));
