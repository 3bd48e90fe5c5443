/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One hand-over with whatever the archive was built with: any knobs, any
 * agents, each of its transports. What is said here is true of the smallest
 * and of the largest; tests/check/options.sh builds it with many.
 */
/* Chosen at run time; one slot, since the largest take 100 KiB each. */
static int world_grpc;
#define WORLD_GRPC world_grpc
#define WORLD_GRPC_SLOTS 1
#include "client_world.h"

static const enum client_call whole[] = { CLIENT_STATUS, CLIENT_CONFIG,
					  CLIENT_GET,    CLIENT_ATTACH,
					  CLIENT_QUIT,   CLIENT_END };

#define UUID_SIZE 37 /* with its NUL */

static struct server_world w;
static struct client client;

/* Ids as short as the least VMC_ID_SIZE; the direct factory's are UUIDs. */
static enum vmc_status short_ids(void *ctx, struct vmc_vm *vm,
				 struct vmc_task *task, uint64_t now_ms)
{
	static const struct vmc_vm_config config = { .hypervisor = "mock" };
	static unsigned number;
	char id[VMC_ID_SIZE];

	(void)ctx;
	if (!vmc_task_active(task))
		number++;
	snprintf(id, sizeof(id), "short-%u", number % 1000);
	return vmc_vm_boot(vm, id, &config, task, now_ms);
}

static const struct vmc_factory_ops short_ids_ops = {
	.name = "short ids",
	.get_base_vm = short_ids,
};

static void begin(const char *transport)
{
	world_grpc = strcmp(transport, "grpc") == 0;
	server_world_begin(&w, 1);
	if (VMC_ID_SIZE < UUID_SIZE)
		w.p.config.base.ops = &short_ids_ops;
	server_world_start(&w);
	server_world_pass(&w, 10);
	CHECK_EQ_INT(vmc_pool_ready(&w.p.pool), 1);
	client_begin(&w, &client, whole);
}

static void check_calls(void)
{
	const struct vmc_mock_machine *machine =
		vmc_mock_find(&w.p.mock, client.got.id);

	CHECK_EQ_STR(client.channel.error.text, "");
	CHECK_EQ_INT(client.failed, VMC_OK);
	CHECK_EQ_INT(client.done, 5);
	CHECK_EQ_INT(client.status.vm_len, 1);
	CHECK(machine != NULL);
	CHECK_EQ_INT(machine->released, 1);
	CHECK_EQ_INT(client.vm.state, VMC_VM_READY);
}

/* The one that was handed over lives on. */
static void end(void)
{
	client_close(&client);
	server_world_pass(&w, 60000);
	CHECK(vmc_server_stopped(&w.server));
	CHECK_EQ_INT(vmc_mock_alive(&w.p.mock), 1);
	CHECK_EQ_INT(w.p.sim.open, 0);
}

TEST(each_transport_hands_a_vm_over)
{
	const struct vmc_engine_ops *const *transport = vmc_transport_clients;

	CHECK(*transport);
	for (; *transport; transport++) {
		begin((*transport)->name);
		clients_pass(&w, &client, 1, 60000);
		check_calls();
		end();
	}
}

/* An error as long as its knob allows, at either end. */
TEST(errors_are_told_in_what_room_there_is)
{
	begin(vmc_transport_clients[0]->name);
	w.config.owner_only = 1;
	w.server.config.owner_only = 1;
	w.server.config.owner = w.p.sim.client.uid + 1;
	clients_pass(&w, &client, 1, 60000);
	CHECK_EQ_INT(client.done, 4);
	CHECK_EQ_INT(client.failed, VMC_ERR_CALL);
	CHECK_EQ_INT(client.channel.error.code, VMC_CODE_PERMISSION_DENIED);
	CHECK(client.channel.error.text[0] != '\0');
	vmc_server_stop(&w.server, "test", w.p.sim.now_ms);
	end();
}

/* Who was built with another knob, or for another archive, is refused. */
TEST(another_digest_is_refused)
{
	struct vmc_error error;

	server_world_begin(&w, 1);
	CHECK_EQ_INT(vmc_pool_init_checked(&w.p.pool, &w.p.config, &error,
					   sizeof(w.p.pool), VMC_OPTIONS ^ 1),
		     VMC_ERR_OPTIONS);
	CHECK(error.text[0] != '\0');
}

TESTS(RUN(each_transport_hands_a_vm_over)
      RUN(errors_are_told_in_what_room_there_is)
      RUN(another_digest_is_refused));
