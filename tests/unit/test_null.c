/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The port that can do nothing: no function is missing, each says so, and a
 * pool, a server and a channel on top of it fail with words.
 */
#include "test.h"

#include "vmcache/client.h"
#include "vmcache/server.h"
#include "vmcache_null.h"
#include "vmcache_posix.h"

static struct vmc_error error;

/* A const table of nothing but functions has as many as it has words. */
static size_t missing(const void *ops, size_t from, size_t size)
{
	const unsigned char *bytes = ops;
	size_t count = 0;
	void *function;

	for (; from + sizeof(function) <= size; from += sizeof(function)) {
		memcpy(&function, bytes + from, sizeof(function));
		count += function == NULL;
	}
	return count;
}

TEST(no_function_is_missing)
{
	CHECK_EQ_INT(missing(&vmc_null_port_ops, 0, sizeof(vmc_null_port_ops)),
		     1); /* wake: it has no loop */
	CHECK(vmc_null_port_ops.wake == NULL);
	CHECK_EQ_INT(
		missing(&vmc_null_store_ops, 0, sizeof(vmc_null_store_ops)), 0);
	CHECK_EQ_INT(missing(&vmc_null_hypervisor_ops,
			     offsetof(struct vmc_hypervisor_ops, boot),
			     sizeof(vmc_null_hypervisor_ops)),
		     0);
}

TEST(streams_are_unsupported)
{
	const struct vmc_port_ops *ops = &vmc_null_port_ops;
	struct vmc_view part = vmc_view_of("x");
	vmc_handle handle = 7;
	struct vmc_peer peer;
	uint8_t byte;
	size_t len;

	vmc_error_reset(&error);
	CHECK_EQ_INT(ops->listen(NULL, "/sock", &handle, &error),
		     VMC_ERR_UNSUPPORTED);
	CHECK(strstr(error.text, "/sock") != NULL);
	CHECK_EQ_INT(handle, VMC_HANDLE_NONE);
	CHECK_EQ_INT(ops->connect(NULL, "/sock", &handle, NULL),
		     VMC_ERR_UNSUPPORTED);
	CHECK_EQ_INT(ops->accept(NULL, 0, &handle, &peer), VMC_ERR_UNSUPPORTED);
	CHECK_EQ_INT(ops->recv(NULL, 0, &byte, 1, &len, NULL),
		     VMC_ERR_UNSUPPORTED);
	CHECK_EQ_INT(ops->send(NULL, 0, &part, 1, NULL, &len),
		     VMC_ERR_UNSUPPORTED);
	ops->shutdown(NULL, 0);
	ops->close(NULL, 0);
	ops->unlisten(NULL, "/sock", 0);
}

TEST(records_are_unsupported)
{
	const struct vmc_store_ops *ops = &vmc_null_store_ops;
	uint32_t cursor = 0, slot;
	uint8_t byte = 0;
	size_t len;

	CHECK_EQ_INT(ops->write(NULL, 0, &byte, 1), VMC_ERR_UNSUPPORTED);
	CHECK_EQ_INT(ops->next(NULL, &cursor, &slot, &byte, &len),
		     VMC_ERR_UNSUPPORTED);
	CHECK_EQ_INT(ops->start_time(NULL, 1), 0);
	ops->erase(NULL, 0);
}

TEST(the_environment_is_unsupported)
{
	struct vmc_env env = vmc_null_env();
	struct vmc_wall wall;
	uint8_t byte;

	CHECK_EQ_INT(env.now_ms(env.ctx), 0);
	CHECK_EQ_INT(env.wall(env.ctx, &wall), VMC_ERR_UNSUPPORTED);
	CHECK_EQ_INT(env.entropy(env.ctx, &byte, 1), VMC_ERR_UNSUPPORTED);
}

typedef enum vmc_status operation(void *ctx, struct vmc_vm *vm,
				  struct vmc_task *task, uint64_t now_ms);

TEST(each_operation_on_a_vm_ends_at_once_with_words)
{
	const struct vmc_hypervisor_ops *ops = &vmc_null_hypervisor_ops;
	operation *const alike[] = { ops->ready, ops->pause, ops->resume,
				     ops->watch };
	struct vmc_hypervisor hypervisor = { ops, NULL };
	struct vmc_agent agent = VMC_AGENT_NOOP;
	struct vmc_vm_config config = { 0 };
	struct vmc_task task = VMC_TASK_INIT;
	struct vmc_vm_probe probe;
	struct vmc_view none = { NULL, 0 };
	uint8_t driver[16];
	struct vmc_vm vm;
	size_t len;

	vmc_vm_init(&vm, hypervisor, driver, agent);
	for (size_t i = 0; i < sizeof(alike) / sizeof(alike[0]); i++) {
		vmc_error_reset(&vm.error);
		CHECK_EQ_INT(alike[i](NULL, &vm, &task, 0),
			     VMC_ERR_UNSUPPORTED);
		CHECK(vm.error.text[0] != '\0');
		CHECK(!vmc_task_active(&task));
	}
	CHECK_EQ_INT(ops->boot(NULL, &vm, &config, &task, 0),
		     VMC_ERR_UNSUPPORTED);
	CHECK_EQ_INT(ops->add_vcpus(NULL, &vm, 1, &task, 0),
		     VMC_ERR_UNSUPPORTED);
	CHECK_EQ_INT(ops->add_memory(NULL, &vm, 1, &task, 0),
		     VMC_ERR_UNSUPPORTED);
	CHECK_EQ_INT(ops->attach(NULL, &vm, none, &task, 0),
		     VMC_ERR_UNSUPPORTED);
	CHECK_EQ_INT(ops->save(NULL, &vm, driver, 1, &len),
		     VMC_ERR_UNSUPPORTED);
	CHECK_EQ_INT(ops->stop(NULL, &vm, &task, 0), VMC_OK);
	ops->probe(NULL, &vm, &probe);
	CHECK(!probe.alive && !probe.paused && !probe.attached);
	CHECK_EQ_INT(ops->console(NULL, &vm).ptr_len, 0);
	ops->detach(NULL, &vm);
	ops->release(NULL, &vm);
}

/*
 * What stands on it
 */

static struct vmc_pool pool;
static struct vmc_server server;
static uint8_t drivers[1];
static struct vmc_factory_direct direct;
static struct vmc_posix_env_state env_state;

static enum vmc_status make_pool(struct vmc_env env)
{
	struct vmc_pool_config config = {
		.base = { &vmc_factory_direct_ops, &direct },
		.hypervisor = { &vmc_null_hypervisor_ops, NULL },
		.drivers = drivers,
		.drivers_size = sizeof(drivers),
		.env = env,
		.number = 1,
	};

	direct.env = env;
	vmc_error_reset(&error);
	return vmc_pool_init(&pool, &config, &error);
}

TEST(a_pool_says_that_it_needs_entropy)
{
	CHECK_EQ_INT(make_pool(vmc_null_env()), VMC_ERR_UNSUPPORTED);
	CHECK(strstr(error.text, "entropy") != NULL);
}

TEST(a_pool_says_why_it_stays_empty)
{
	struct vmc_event event;
	int failed = 0;

	CHECK_EQ_INT(make_pool(vmc_posix_env(&env_state)), VMC_OK);
	vmc_pool_step(&pool, NULL, 0, 0);
	while (vmc_pool_next_event(&pool, &event) == VMC_OK) {
		if (event.type != VMC_EVENT_VM_FAILED)
			continue;
		CHECK(event.text[0] != '\0');
		failed++;
	}
	CHECK_EQ_INT(failed, 1);
	CHECK_EQ_INT(vmc_pool_ready(&pool), 0);
	vmc_pool_stop(&pool, 0);
	vmc_pool_step(&pool, NULL, 0, 0);
	CHECK(vmc_pool_stopped(&pool));
}

TEST(a_server_says_that_it_cannot_listen)
{
	struct vmc_server_config config = {
		.pool = &pool,
		.port = { &vmc_null_port_ops, NULL },
		.endpoint = "/sock",
		.env = vmc_null_env(),
	};

	CHECK_EQ_INT(make_pool(vmc_posix_env(&env_state)), VMC_OK);
	CHECK_EQ_INT(vmc_server_init(&server, &config), VMC_ERR_UNSUPPORTED);
	CHECK(strstr(vmc_server_error(&server)->text, "/sock") != NULL);
}

TEST(a_channel_says_that_it_cannot_connect)
{
	static uint8_t window[VMC_CHANNEL_WINDOW_SIZE];
	struct vmc_channel_config config = {
		.port = { &vmc_null_port_ops, NULL },
		.endpoint = "/sock",
		.stream = VMC_HANDLE_NONE,
		.window = window,
		.window_len = sizeof(window),
	};
	static struct vmc_channel channel;
	struct vmc_task task = VMC_TASK_INIT;

	CHECK_EQ_INT(vmc_channel_init(&channel, &config), VMC_OK);
	CHECK_EQ_INT(vmc_cache_quit(&channel, &task, 0), VMC_ERR_UNSUPPORTED);
	CHECK(strstr(vmc_channel_error(&channel)->text, "/sock") != NULL);
}

TESTS(RUN(no_function_is_missing)
      RUN(streams_are_unsupported)
      RUN(records_are_unsupported)
      RUN(the_environment_is_unsupported)
      RUN(each_operation_on_a_vm_ends_at_once_with_words)
      RUN(a_pool_says_that_it_needs_entropy)
      RUN(a_pool_says_why_it_stays_empty)
      RUN(a_server_says_that_it_cannot_listen)
      RUN(a_channel_says_that_it_cannot_connect));
