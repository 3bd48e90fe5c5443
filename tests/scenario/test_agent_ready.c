/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A VM is booted, its agent checked, then it is made ready at another size:
 * all of it through the kata backend and the agent service, over the port in
 * memory. First without a fault, then with each kind of fault at every byte
 * that host and agent exchange, and given up at every byte.
 *
 * Every run ends with the same questions: is the VM running and was all of
 * it done in the guest, in order, or is there no VM; does anything hang on
 * the connection; is there a reason in words.
 */
#include "pool_world.h"

#define ADDRESS "unix:/run/agent.sock"

static struct pool_world w;
static struct vmc_hypervisor_ops driver_ops;
static uint64_t driver[16];
static struct vmc_agent_kata kata;
static struct vmc_agent_kata_config kata_config;
static struct vmc_get_vm get;
static struct vmc_vm vm;
static struct vmc_task task;

/*
 * The guest: what it was told, in order
 */

static struct {
	struct vmc_agent_service service;
	uint8_t window[4096];
	vmc_handle listener, stream;
	char told[128];
	uint32_t cpus;
	int cpu_only;
	size_t entropy_len;
	unsigned check_delay_ms; /* it answers late */
	int silent;              /* or never */
	int lives;               /* that it served, ever */
} guest;

static struct vmc_agent_ops guest_ops;

static enum vmc_status told(const char *what, struct vmc_task *step,
			    uint64_t now_ms)
{
	(void)now_ms;
	strcat(guest.told, guest.told[0] ? " " : "");
	strcat(guest.told, what);
	return vmc_task_end(step, VMC_OK);
}

static enum vmc_status guest_check(struct vmc_agent *agent,
				   struct vmc_task *step, uint64_t now_ms)
{
	(void)agent;
	if (vmc_task_begin(step, now_ms))
		return vmc_task_end(step, VMC_ERR_TIMEOUT);
	if (!vmc_task_active(step))
		step->mark = now_ms + guest.check_delay_ms;
	step->phase = 1;
	if (guest.silent)
		return vmc_task_again(step);
	if (now_ms >= step->mark)
		return told("check", step, now_ms);
	vmc_task_until(step, step->mark);
	return vmc_task_again(step);
}

static enum vmc_status guest_reseed(struct vmc_agent *agent,
				    struct vmc_view data, struct vmc_task *step,
				    uint64_t now_ms)
{
	(void)agent;
	guest.entropy_len = data.ptr_len;
	return told("reseed", step, now_ms);
}

static enum vmc_status guest_time(struct vmc_agent *agent,
				  const struct vmc_wall *wall,
				  struct vmc_task *step, uint64_t now_ms)
{
	(void)agent;
	CHECK(wall->seconds > 1500000000);
	return told("time", step, now_ms);
}

static enum vmc_status guest_online(struct vmc_agent *agent, uint32_t cpus,
				    uint32_t added, int cpu_only,
				    struct vmc_task *step, uint64_t now_ms)
{
	(void)agent;
	(void)added;
	guest.cpus = cpus;
	guest.cpu_only = cpu_only;
	return told("online", step, now_ms);
}

static void guest_begin(void)
{
	struct vmc_agent_service_config config = {
		.agent = { .ops = &guest_ops },
		.port = vmc_sim_port(&w.sim),
		.window = guest.window,
		.window_len = sizeof(guest.window),
	};

	guest_ops = vmc_agent_noop_ops;
	guest_ops.check = guest_check;
	guest_ops.reseed_rng = guest_reseed;
	guest_ops.set_guest_date_time = guest_time;
	guest_ops.online_cpu_mem = guest_online;
	memset(&guest, 0, sizeof(guest));
	guest.stream = VMC_HANDLE_NONE;
	CHECK_EQ_INT(vmc_agent_service_init(&guest.service, &config), VMC_OK);
	CHECK_EQ_INT(
		vmc_sim_port_ops.listen(&w.sim, ADDRESS, &guest.listener, NULL),
		VMC_OK);
}

static void guest_hang_up(void)
{
	if (guest.stream == VMC_HANDLE_NONE)
		return;
	vmc_agent_service_close(&guest.service);
	vmc_sim_port_ops.close(&w.sim, guest.stream);
	guest.stream = VMC_HANDLE_NONE;
}

/* One connection at a time, as QEMU's character devices have it. */
static void guest_step(void)
{
	struct vmc_peer peer;
	enum vmc_status status;

	if (guest.stream == VMC_HANDLE_NONE &&
	    vmc_sim_port_ops.accept(&w.sim, guest.listener, &guest.stream,
				    &peer) == VMC_OK)
		vmc_agent_service_open(&guest.service, guest.stream,
				       w.sim.now_ms);
	if (guest.stream == VMC_HANDLE_NONE)
		return;
	guest.lives = 1;
	status = vmc_agent_service_step(&guest.service, w.sim.now_ms);
	if (status != VMC_AGAIN)
		guest_hang_up();
}

static uint64_t guest_until(void)
{
	struct vmc_wait waits[VMC_AGENT_SERVICE_WAIT_MAX];
	uint64_t until_ms = VMC_NEVER;
	size_t len;

	if (guest.stream != VMC_HANDLE_NONE)
		CHECK_EQ_INT(vmc_agent_service_waits(&guest.service, waits,
						     VMC_AGENT_SERVICE_WAIT_MAX,
						     &len, &until_ms),
			     VMC_OK);
	return until_ms;
}

/*
 * The host
 */

static enum vmc_status boot(void *ctx, struct vmc_vm *of,
			    const struct vmc_vm_config *config,
			    struct vmc_task *step, uint64_t now_ms)
{
	memcpy(of->agent_url, ADDRESS, sizeof(ADDRESS));
	return vmc_mock_ops.boot(ctx, of, config, step, now_ms);
}

static void begin(void)
{
	struct vmc_agent agent = { .ops = &vmc_agent_kata_ops,
				   .state = &kata,
				   .config = &kata_config };

	pool_world_begin(&w, 1);
	w.direct.vm_config.vcpus_max = 8;
	w.direct.vm_config.memory_max_mib = 1024;
	driver_ops = vmc_mock_ops;
	driver_ops.boot = boot;
	guest_begin();
	memset(&kata, 0, sizeof(kata));
	kata_config = (struct vmc_agent_kata_config){
		.port = vmc_sim_port(&w.sim),
		.dial_timeout_ms = 2000,
	};
	memset(&get, 0, sizeof(get));
	get.base = (struct vmc_factory){ &vmc_factory_direct_ops, &w.direct };
	get.env = vmc_sim_env(&w.sim);
	get.vcpus = 3;
	get.memory_mib = VMC_MOCK_MEMORY_MIB + 128;
	vmc_vm_init(&vm, (struct vmc_hypervisor){ &driver_ops, &w.mock },
		    driver, agent);
	vmc_task_init(&task);
	task.deadline_ms = w.sim.now_ms + 10000;
}

/* Both sides once; time passes when neither has anything to do. */
static enum vmc_status turn(void)
{
	uint64_t exchanged = w.sim.exchanged, until_ms = guest_until();
	enum vmc_status status =
		vmc_factory_get_vm(&get, &vm, &task, w.sim.now_ms);

	guest_step();
	if (status != VMC_AGAIN || w.sim.exchanged != exchanged)
		return status;
	if (task.until_ms < until_ms)
		until_ms = task.until_ms;
	if (until_ms > w.sim.now_ms)
		w.sim.now_ms = until_ms < w.sim.now_ms + 10 ? until_ms :
							      w.sim.now_ms + 10;
	return VMC_AGAIN;
}

static enum vmc_status run(void)
{
	enum vmc_status status;

	while ((status = turn()) == VMC_AGAIN)
		CHECK(w.sim.now_ms < 100000);
	return status;
}

static void end(void)
{
	while (vmc_vm_stop(&vm, &task, w.sim.now_ms) == VMC_AGAIN)
		w.sim.now_ms++;
	guest_hang_up();
	vmc_sim_port_ops.unlisten(&w.sim, ADDRESS, guest.listener);
	CHECK_EQ_INT(vm.state, VMC_VM_EMPTY);
	CHECK_EQ_INT(vmc_mock_alive(&w.mock), 0);
	CHECK_EQ_STR(w.mock.misuse, NULL);
	CHECK_EQ_INT(w.sim.open, 0);
	CHECK_EQ_INT(w.sim.misused, 0);
}

static void check_ready(void)
{
	CHECK_EQ_INT(vm.state, VMC_VM_RUNNING);
	CHECK_EQ_INT(vm.vcpus, 3);
	CHECK_EQ_INT(vm.memory_mib, VMC_MOCK_MEMORY_MIB + 128);
	CHECK_EQ_INT(vm.cpu_delta, 0);
	CHECK_EQ_INT(vm.error.status, VMC_OK);
	CHECK_EQ_INT(w.machine[0].paused, 0);
	CHECK_EQ_INT(guest.entropy_len, VMC_RESEED_SIZE);
	CHECK_EQ_INT(guest.cpus, 3);
	CHECK_EQ_INT(guest.cpu_only, 0);
}

TEST(vm_arrives_ready)
{
	begin();
	CHECK_EQ_INT(run(), VMC_OK);
	check_ready();
	CHECK_EQ_STR(guest.told, "check check reseed time online");
	printf("# made ready: %llu bytes\n",
	       (unsigned long long)w.sim.exchanged);
	end();
}

/* The pool's connection ends before the VM is paused. */
TEST(agent_is_free_when_the_vm_is_paused)
{
	begin();
	while (vm.state != VMC_VM_READY)
		CHECK_EQ_INT(vmc_factory_direct_ops.get_base_vm(
				     &w.direct, &vm, &task, w.sim.now_ms) < 0,
			     0),
			guest_step(), w.sim.now_ms++;
	CHECK_EQ_INT(kata.channel.pump.stream, VMC_HANDLE_NONE);
	guest_step();
	CHECK_EQ_INT(guest.stream, VMC_HANDLE_NONE);
	end();
}

/* What a fault at that byte has come to: ready, or nothing. */
static void check_fault(enum vmc_status status)
{
	if (status == VMC_OK) {
		check_ready();
	} else {
		CHECK_EQ_INT(vm.state, VMC_VM_EMPTY);
		CHECK_EQ_INT(vmc_mock_alive(&w.mock), 0);
		CHECK(vm.error.status < 0);
		CHECK(vm.error.text[0] != '\0');
	}
	end();
}

static uint64_t exchanged(uint32_t connection)
{
	uint64_t bytes;

	begin();
	while (turn() == VMC_AGAIN && w.sim.connected < connection)
		continue;
	while (vm.state != VMC_VM_RUNNING || vmc_task_active(&task))
		CHECK(turn() >= 0);
	bytes = connection == 1 ? 0 : vmc_sim_sent(&w.sim, guest.stream);
	end();
	return bytes;
}

/* The first two connections are the checks', the third the taker's. */
static uint64_t bytes_of_check(void)
{
	uint64_t bytes = 0;

	begin();
	while (w.sim.connected < 2) {
		CHECK(turn() >= 0);
		if (w.sim.connected == 1)
			bytes = w.sim.exchanged;
	}
	while (vmc_task_active(&task))
		CHECK(turn() >= 0);
	end();
	return bytes;
}

static unsigned faults_of(enum vmc_sim_fault_type type, uint32_t connection,
			  uint64_t bytes)
{
	unsigned points = 0, received;
	uint64_t at;

	for (received = 0; received < 2; received++)
		for (at = 0; at < bytes; at++, points++) {
			begin();
			w.sim.fault = (struct vmc_sim_fault){
				.type = type,
				.connection = connection,
				.received = (uint8_t)received,
				.at = at,
			};
			check_fault(run());
		}
	return points;
}

static void faults(const char *name, enum vmc_sim_fault_type type)
{
	uint64_t check = bytes_of_check();
	unsigned points = faults_of(type, 1, check) +
			  faults_of(type, 2, check) +
			  faults_of(type, 3, exchanged(3));

	printf("# %s: %u fault points\n", name, points);
	CHECK(points > 400);
}

TEST(connection_breaks_at_every_byte)
{
	faults("connection lost", VMC_SIM_LOST);
}

TEST(agent_goes_at_every_byte)
{
	faults("agent gone", VMC_SIM_SERVER_GONE);
}

TEST(stream_is_cut_at_every_byte)
{
	faults("short read", VMC_SIM_SHORT_READ);
	faults("short write", VMC_SIM_SHORT_WRITE);
}

/* Given up after so many bytes: the VM is the caller's to stop. */
TEST(it_is_given_up_at_every_byte)
{
	uint64_t all, at;

	begin();
	CHECK_EQ_INT(run(), VMC_OK);
	all = w.sim.exchanged;
	end();
	for (at = 0; at < all; at++) {
		begin();
		w.sim.short_write = 1;
		while (w.sim.exchanged < at)
			CHECK_EQ_INT(turn(), VMC_AGAIN);
		vmc_task_cancel(&task);
		end();
	}
}

TEST(agent_that_answers_late_is_waited_for)
{
	begin();
	guest.check_delay_ms = 2000;
	CHECK_EQ_INT(run(), VMC_OK);
	check_ready();
	end();
}

TEST(agent_that_never_answers_is_a_failed_boot)
{
	begin();
	guest.silent = 1;
	CHECK_EQ_INT(run(), VMC_ERR_TIMEOUT);
	CHECK_EQ_INT(vm.state, VMC_VM_EMPTY);
	CHECK(strstr(vm.error.text, "deadline") ||
	      strstr(vm.error.text, "CHECKING"));
	CHECK(guest.lives);
	end();
}

/* A guest that ends while it is made ready: the driver's book says so. */
TEST(vm_that_ends_while_it_is_made_ready_leaves_nothing)
{
	begin();
	while (get.step < VMC_GET_VM_RESEED)
		CHECK_EQ_INT(turn(), VMC_AGAIN);
	vmc_mock_kill(&w.machine[0]);
	guest_step();
	guest_hang_up();
	CHECK(run() < 0);
	CHECK_EQ_INT(vm.state, VMC_VM_EMPTY);
	CHECK(strstr(vm.error.text, "ReseedRandomDev") ||
	      strstr(vm.error.text, "VM has died"));
	end();
}

static enum vmc_status refuse(struct vmc_agent *agent, struct vmc_view data,
			      struct vmc_task *step, uint64_t now_ms)
{
	(void)data;
	(void)now_ms;
	vmc_error_set(agent->error, VMC_ERR_PERMISSION, "RNDADDENTROPY",
		      "not permitted");
	return vmc_task_end(step, VMC_ERR_PERMISSION);
}

TEST(agent_that_refuses_leaves_nothing_but_its_words)
{
	begin();
	guest_ops.reseed_rng = refuse;
	CHECK_EQ_INT(run(), VMC_ERR_CALL);
	CHECK_EQ_INT(vm.state, VMC_VM_EMPTY);
	CHECK(strstr(vm.error.text, "RNDADDENTROPY: not permitted"));
	CHECK_EQ_INT(vm.error.code, VMC_CODE_PERMISSION_DENIED);
	end();
}

TESTS(RUN(vm_arrives_ready)
      RUN(agent_is_free_when_the_vm_is_paused)
      RUN(connection_breaks_at_every_byte)
      RUN(agent_goes_at_every_byte)
      RUN(stream_is_cut_at_every_byte)
      RUN(it_is_given_up_at_every_byte)
      RUN(agent_that_answers_late_is_waited_for)
      RUN(agent_that_never_answers_is_a_failed_boot)
      RUN(vm_that_ends_while_it_is_made_ready_leaves_nothing)
      RUN(agent_that_refuses_leaves_nothing_but_its_words));
