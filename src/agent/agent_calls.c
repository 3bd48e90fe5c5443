/* SPDX-License-Identifier: Apache-2.0 */
#include "agent_calls.h"

#include "../wire/agent_messages.h"

#define CALL(method, function, asked, answered, how_long, bytes)               \
	{                                                                      \
		.name = #method,                                               \
		.request = &vmc_message_##asked,                               \
		.answer = &vmc_message_##answered,                             \
		.timeout = VMC_CALL_##how_long,                                \
		.data = VMC_CALL_##bytes,                                      \
	},

/* see agent_calls.h */
const struct vmc_agent_call vmc_agent_calls[VMC_CALLS] = { VMC_CALLS_ALL(
	CALL) };
