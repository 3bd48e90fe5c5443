/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients made of the library's own channel, in the world of a server. A
 * client goes through a list of calls; on the first that fails it stops. It
 * takes hold of the VM that it is given, in the same world of machines, so
 * a VM that is handed out although somebody holds it is found out.
 */
#ifndef VMC_TEST_CLIENT_WORLD_H
#define VMC_TEST_CLIENT_WORLD_H

#include "server_world.h"

enum client_call {
	CLIENT_END = 0,
	CLIENT_STATUS,
	CLIENT_CONFIG,
	CLIENT_GET,
	CLIENT_ATTACH,
	CLIENT_QUIT
};

struct client {
	struct vmc_channel channel;
	struct vmc_task task;
	const enum client_call *script;
	unsigned at;            /* call of the script */
	unsigned done;          /* calls that succeeded */
	uint64_t timeout_ms;    /* of each call; 0: none */
	enum vmc_status failed; /* of the first that did not */
	struct vmc_cache_status status;
	struct vmc_cache_config config;
	struct vmc_cached_vm got; /* if `has` */
	uint8_t has;
	uint8_t quit; /* Quit was answered */
	struct vmc_vm vm;
	uint64_t driver[16];
	uint64_t sent[8]; /* bytes on its connection, by call */
	uint8_t window[VMC_CHANNEL_WINDOW_SIZE];
	struct vmc_grpc grpc;
};

static inline void client_begin(struct server_world *w, struct client *client,
				const enum client_call *script)
{
	struct vmc_agent agent = { .ops = &vmc_agent_noop_ops };
	struct vmc_channel_config config = {
		.port = vmc_sim_port(&w->p.sim),
		.endpoint = WORLD_ENDPOINT,
		.stream = VMC_HANDLE_NONE,
		.transport = WORLD_GRPC ? "grpc" : "ttrpc",
		.grpc = &client->grpc,
		.window = client->window,
		.window_len = sizeof(client->window),
	};

	memset(client, 0, offsetof(struct client, window));
	client->script = script;
	vmc_task_init(&client->task);
	vmc_vm_init(&client->vm, world_hypervisor(&w->p), client->driver,
		    agent);
	CHECK_EQ_INT(vmc_channel_init(&client->channel, &config), VMC_OK);
}

static inline void client_close(struct client *client)
{
	vmc_task_cancel(&client->task);
	vmc_channel_close(&client->channel);
}

static inline int client_ended(const struct client *client)
{
	return client->failed || client->script[client->at] == CLIENT_END;
}

static inline enum vmc_status client_attach(struct client *client,
					    uint64_t now_ms)
{
	if (client->vm.state == VMC_VM_EMPTY) {
		memcpy(client->vm.id, client->got.id, sizeof(client->vm.id));
		client->vm.vcpus = client->got.vcpus;
		client->vm.memory_mib = client->got.memory_mib;
	}
	return vmc_vm_attach(&client->vm, client->got.hypervisor, &client->task,
			     now_ms);
}

static inline enum vmc_status client_step_call(struct client *client,
					       uint64_t now_ms)
{
	struct vmc_channel *channel = &client->channel;
	struct vmc_task *task = &client->task;

	switch (client->script[client->at]) {
	case CLIENT_STATUS:
		return vmc_cache_fetch_status(channel, &client->status, task,
					      now_ms);
	case CLIENT_CONFIG:
		return vmc_cache_fetch_config(channel, &client->config, task,
					      now_ms);
	case CLIENT_GET:
		return vmc_cache_get_base_vm(channel, &client->got, task,
					     now_ms);
	case CLIENT_ATTACH:
		return client_attach(client, now_ms);
	default:
		return vmc_cache_quit(channel, task, now_ms);
	}
}

static inline void client_finish_call(struct server_world *w,
				      struct client *client,
				      enum vmc_status status)
{
	enum client_call call = client->script[client->at];

	client->sent[client->at] =
		client->channel.pump.stream == VMC_HANDLE_NONE ?
			0 :
			vmc_sim_sent(&w->p.sim, client->channel.pump.stream);
	if (status) {
		CHECK(call == CLIENT_ATTACH ||
		      vmc_channel_error(&client->channel)->text[0] != '\0');
		client->failed = status;
		client_close(client);
		return;
	}
	client->done++;
	client->at++;
	if (call == CLIENT_GET)
		client->has = 1;
	if (call == CLIENT_QUIT)
		client->quit = 1;
}

/* Goes on until it has to wait. 1 if a call ended. */
static inline int client_step(struct server_world *w, struct client *client)
{
	uint64_t now_ms = w->p.sim.now_ms;
	enum vmc_status status;

	if (client_ended(client))
		return 0;
	if (!vmc_task_active(&client->task) && client->timeout_ms)
		client->task.deadline_ms = now_ms + client->timeout_ms;
	else if (client->script[client->at] == CLIENT_ATTACH &&
		 !vmc_task_active(&client->task))
		client->task.deadline_ms = now_ms + 1000;
	status = client_step_call(client, now_ms);
	if (status == VMC_AGAIN)
		return 0;
	client_finish_call(w, client, status);
	return 1;
}

/* 1 if the client's task is due, or something it waits for has come. */
static inline int client_is_due(struct server_world *w, struct client *client)
{
	struct vmc_task *task = &client->task;

	if (client_ended(client))
		return 0;
	return !vmc_task_active(task) || task->until_ms <= w->p.sim.now_ms ||
	       vmc_sim_poll(&w->p.sim, task->wait, task->wait_len) > 0;
}

/* Runs server and clients until none of them has anything to do. They are
 * stepped only when they are due: a wait that is not named is a hang. */
static inline uint64_t clients_settle(struct server_world *w,
				      struct client *clients, size_t len)
{
	uint64_t until_ms;
	unsigned turns = 0;
	int busy;

	do {
		until_ms = server_world_step(w);
		busy = until_ms <= w->p.sim.now_ms;
		for (size_t i = 0; i < len; i++) {
			if (!client_is_due(w, &clients[i]))
				continue;
			(void)client_step(w, &clients[i]);
			busy = 1;
		}
		CHECK(++turns < 100000);
	} while (busy);
	for (size_t i = 0; i < len; i++)
		if (!client_ended(&clients[i]) &&
		    clients[i].task.until_ms < until_ms)
			until_ms = clients[i].task.until_ms;
	return until_ms;
}

/* Lets time pass for all of them. */
static inline void clients_pass(struct server_world *w, struct client *clients,
				size_t len, uint64_t ms)
{
	uint64_t end_ms = w->p.sim.now_ms + ms;

	for (;;) {
		uint64_t until_ms = clients_settle(w, clients, len);

		if (w->p.sim.now_ms == end_ms)
			return;
		w->p.sim.now_ms = until_ms < end_ms ? until_ms : end_ms;
	}
}

#endif
