/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A channel of ours to somebody else's server: at the endpoint and by the
 * transport that the environment names (ENDPOINT, PEER_TRANSPORT).
 */
#ifndef VMC_INTEROP_WORLD_H
#define VMC_INTEROP_WORLD_H

#include "test.h"

#include "vmcache/client.h"
#include "vmcache/grpc.h"
#include "vmcache_posix.h"

#include <stdlib.h>

struct world {
	struct vmc_posix_env_state env_state;
	struct vmc_env env;
	struct vmc_posix_waiter waiter;
	struct vmc_channel channel;
	struct vmc_grpc grpc;
	uint8_t window[VMC_CHANNEL_WINDOW_SIZE];
};

static inline const char *setting(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value && *value ? value : otherwise;
}

static inline void begin_world(struct world *w)
{
	struct vmc_channel_config config = {
		.port = vmc_posix_port(NULL),
		.endpoint = setting("ENDPOINT", "/nowhere"),
		.stream = VMC_HANDLE_NONE,
		.transport = setting("PEER_TRANSPORT", "ttrpc"),
		.window = w->window,
		.window_len = sizeof(w->window),
	};

	if (!strcmp(config.transport, "grpc"))
		config.grpc = &w->grpc;
	memset(&w->env_state, 0, sizeof(w->env_state));
	w->env = vmc_posix_env(&w->env_state);
	vmc_posix_waiter_init(&w->waiter);
	CHECK_EQ_INT(vmc_channel_init(&w->channel, &config), VMC_OK);
}

static inline uint64_t now_ms(struct world *w)
{
	return w->env.now_ms(w->env.ctx);
}

static inline void wait_for(struct world *w, struct vmc_task *task)
{
	CHECK(vmc_posix_wait(&w->waiter, task, now_ms(w)) >= 0);
}

#endif
