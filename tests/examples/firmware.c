/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Firmware: the cache's server and a client of it in 16 KiB of RAM, without an
 * operating system, a heap or stdio. They talk over the port in memory, whose
 * clock is what this loop counts; a board with a bus between the two puts its
 * own port there (README.md, "How to port it").
 *
 * All RAM is in the variables below and in the stack.
 */
#include "firmware.h"

#include <vmcache.h>
#include <vmcache_mock.h>
#include <vmcache_sim.h>

#include <string.h>

#define NUMBER 2
#define TURNS_MAX 1000
#define DRIVER_SIZE 32
#define WINDOW_SIZE 512

static struct vmc_sim sim;
static struct vmc_sim_link links[1];
static struct vmc_mock mock; /* the server's hypervisor */
static struct vmc_mock mock_of_taker;
static struct vmc_factory_direct direct;
static struct vmc_pool pool;
static struct vmc_server server;
static struct vmc_error error;
static _Alignas(8) uint8_t drivers[NUMBER][DRIVER_SIZE];

static struct vmc_channel channel;
static struct vmc_factory_remote remote = { .channel = &channel };
static struct vmc_get_vm get;
static struct vmc_vm vm;
static _Alignas(8) uint8_t driver[DRIVER_SIZE];
static uint8_t window[WINDOW_SIZE];

/*
 * Saying
 */

static void print_number(size_t number)
{
	char digits[12] = "";
	char *digit = digits + sizeof(digits) - 1;

	do {
		*--digit = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	board_print(digit);
}

static void say(const char *name, size_t number, const char *unit)
{
	board_print(name);
	board_print(" ");
	print_number(number);
	board_print(unit);
	board_print("\n");
}

static enum vmc_status fail(const char *what, enum vmc_status status,
			    const char *text)
{
	board_print("not ok firmware: ");
	board_print(what);
	board_print(": ");
	board_print(vmc_status_words(status));
	board_print(": ");
	board_print(text);
	board_print("\n");
	return status;
}

/*
 * The loop: one turn of all that there is
 */

static enum vmc_status turn(void)
{
	static struct vmc_wait waits[VMC_SERVER_WAIT_MAX];
	enum vmc_status status;
	uint64_t until_ms;
	size_t len;

	status = vmc_server_waits(&server, waits, VMC_SERVER_WAIT_MAX, &len,
				  &until_ms);
	if (status)
		return status;
	vmc_sim_poll(&sim, waits, len); /* here a board would sleep */
	sim.now_ms++;
	vmc_server_step(&server, waits, len, sim.now_ms);
	return VMC_OK;
}

static enum vmc_status set_up_pool(void)
{
	struct vmc_pool_config config = {
		.base = { &vmc_factory_direct_ops, &direct },
		.hypervisor = { &vmc_mock_ops, &mock },
		.drivers = drivers,
		.drivers_size = sizeof(drivers),
		.env = vmc_sim_env(&sim),
		.number = NUMBER,
	};

	direct.vm_config.hypervisor = vmc_mock_ops.name;
	direct.env = config.env;
	return vmc_pool_init(&pool, &config, &error);
}

static enum vmc_status set_up_server(void)
{
	struct vmc_server_config config = {
		.pool = &pool,
		.port = vmc_sim_port(&sim),
		.endpoint = "cache",
		.env = vmc_sim_env(&sim),
		.pid = 1,
	};
	enum vmc_status status = set_up_pool();

	return status ? status : vmc_server_init(&server, &config);
}

static enum vmc_status set_up_client(void)
{
	static const struct vmc_agent noop = VMC_AGENT_NOOP;
	struct vmc_hypervisor hypervisor = { &vmc_mock_ops, &mock_of_taker };
	struct vmc_channel_config config = {
		.port = vmc_sim_port(&sim),
		.endpoint = "cache",
		.stream = VMC_HANDLE_NONE,
		.window = window,
		.window_len = sizeof(window),
	};

	vmc_vm_init(&vm, hypervisor, driver, noop);
	get.base.ops = &vmc_factory_remote_ops;
	get.base.ctx = &remote;
	get.env = vmc_sim_env(&sim);
	return vmc_channel_init(&channel, &config);
}

/*
 * The client: each call is stepped, turn by turn
 */

#define DO(call)                                                               \
	do {                                                                   \
		struct vmc_task task = VMC_TASK_INIT;                          \
		enum vmc_status ended = VMC_AGAIN;                             \
                                                                               \
		for (int t = 0; ended == VMC_AGAIN && t < TURNS_MAX; t++) {    \
			ended = call;                                          \
			if (ended == VMC_AGAIN && turn() != VMC_OK)            \
				break;                                         \
		}                                                              \
		if (ended)                                                     \
			return fail(#call, ended, vm.error.text);              \
	} while (0)

static enum vmc_status check_ready(uint32_t wanted)
{
	static struct vmc_cache_status status;

	status.vm_len = 0;
	for (int i = 0; i < TURNS_MAX && status.vm_len != wanted; i++)
		DO(vmc_cache_fetch_status(&channel, &status, &task,
					  sim.now_ms));
	if (status.vm_len != wanted)
		return fail("VMs ready", VMC_ERR_TIMEOUT, "too few");
	say("ready", status.vm_len, " VMs");
	return VMC_OK;
}

/* Takes a VM: resumed, reseeded and on time, by an agent that does nothing. */
static enum vmc_status use_one(char id[VMC_ID_SIZE])
{
	DO(vmc_factory_get_vm(&get, &vm, &task, sim.now_ms));
	if (vm.state != VMC_VM_RUNNING || strcmp(vm.id, id) == 0)
		return fail("took", VMC_ERR_STATE, vm.id);
	memcpy(id, vm.id, sizeof(vm.id));
	board_print("took ");
	board_print(id);
	board_print("\n");
	DO(vmc_vm_stop(&vm, &task, sim.now_ms));
	return VMC_OK;
}

static enum vmc_status quit(void)
{
	DO(vmc_cache_quit(&channel, &task, sim.now_ms));
	vmc_channel_close(&channel);
	for (int i = 0; i < TURNS_MAX && !vmc_server_stopped(&server); i++)
		if (turn() != VMC_OK)
			break;
	if (!vmc_server_stopped(&server) || sim.open)
		return fail("quit", VMC_ERR_TIMEOUT, "something is left");
	return VMC_OK;
}

static enum vmc_status run(void)
{
	static char id[VMC_ID_SIZE];
	enum vmc_status status = check_ready(NUMBER);

	for (int i = 0; status == VMC_OK && i < 3 * NUMBER; i++)
		status = use_one(id);
	if (status == VMC_OK)
		status = check_ready(NUMBER);
	return status ? status : quit();
}

int main(void)
{
	enum vmc_status status;

	board_print(vmc_build_options());
	board_print("\n");
	vmc_sim_init(&sim, links, 1);
	status = set_up_server();
	if (status == VMC_OK)
		status = set_up_client();
	if (status)
		return fail("setting up", status, error.text) != VMC_OK;
	status = run();
	if (status)
		return 1;
	say("server and pool", sizeof(server) + sizeof(pool), " bytes");
	if (board_stack_room() > 0) {
		say("stack room", board_stack_room(), " bytes");
		say("stack used", board_stack_used(), " bytes");
		if (board_stack_used() >= board_stack_room())
			return fail("stack", VMC_ERR_FULL, "too deep") !=
			       VMC_OK;
	}
	board_print("ok firmware_serves_takes_and_quits\n");
	return 0;
}
