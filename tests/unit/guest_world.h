/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest in this very process. What would change the machine a test
 * replaces (struct vmc_guest_system).
 */
#ifndef GUEST_WORLD_H
#define GUEST_WORLD_H

#include "agent_world.h"

#include "vmcache_guest.h"

static struct vmc_guest guest;

static inline void begin_with(const struct vmc_guest_config *config)
{
	signal(SIGPIPE, SIG_IGN);
	vmc_error_reset(&error);
	vmc_guest_init(&guest, config);
	agent = vmc_guest_agent(&guest, &error);
}

static inline void begin(void)
{
	begin_with(NULL);
}

static inline void end(void)
{
	vmc_guest_end(&guest);
}

#endif
