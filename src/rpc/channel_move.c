/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Moving a connection from one channel to another: of an agent that goes on
 * with another one's.
 */
#include "channel.h"

#include <string.h>

static int is_busy(const struct vmc_channel *channel)
{
	unsigned i;

	for (i = 0; i < VMC_CHANNEL_CALL_MAX; i++)
		if (channel->call[i].task)
			return 1;
	return 0;
}

/* see channel.h */
enum vmc_status vmc_channel_move(struct vmc_channel *to,
				 struct vmc_channel *from, uint8_t *window,
				 uint8_t *out, const char *endpoint)
{
	if (is_busy(from))
		return VMC_ERR_BUSY;
	*to = *from;
	to->config.window = window;
	to->config.out = out;
	to->config.endpoint = endpoint;
	to->pump.engine = &to->engine;
	to->engine.ttrpc.window = window;
	to->engine.ttrpc.out = out;
	from->pump.stream = VMC_HANDLE_NONE;
	return VMC_OK;
}
