/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A call of the program's to the server: one channel, one task at a time,
 * one deadline for all, and a loop that waits for the task.
 *
 *	cli_call_begin(&call, options, timeout_ms);
 *	CLI_CALL(status, &call, vmc_cache_…(&call.channel, …, &call.task,
 *					    cli_call_now(&call)));
 *	if (status)
 *		return cli_call_failed(&call, status, vmc_channel_error(…));
 */
#ifndef CLI_CALL_H
#define CLI_CALL_H

#include "vmcache_posix.h"
#include "cli.h"
#include "vmcache/client.h"

/*
 * Bytes of a Config reply: Kata's VMConfig is about 4 KiB, but may carry a
 * policy or init data of any length. There is one window, for one call in
 * the program; what is not used of it is not touched.
 */
#define CLI_WINDOW_SIZE (256 * 1024)

/* How long status, config and quit wait by default. */
#define CLI_TIMEOUT_MS 10000

struct cli_call {
	const struct cli_options *options;
	const char *endpoint;
	struct vmc_channel channel;
	struct vmc_task task;
	struct vmc_env env;
	struct vmc_posix_env_state env_state;
	struct vmc_posix_waiter waiter;
	uint64_t deadline_ms;
	uint32_t timeout_ms; /* for the message; 0: none */
};

/* `timeout_ms` counts from now; 0 is for ever; --timeout goes before it. */
void cli_call_init(struct cli_call *call, const struct cli_options *options,
		   uint32_t timeout_ms);

/* Prepares the channel: on a stream that is there, or to connect. */
enum vmc_status cli_call_open(struct cli_call *call, vmc_handle stream);

/* Both of these, with a complaint if it fails. */
enum cli_exit cli_call_begin(struct cli_call *call,
			     const struct cli_options *options,
			     uint32_t timeout_ms);

uint64_t cli_call_now(struct cli_call *call);

/* Makes the task new, with the deadline of all. */
void cli_call_task(struct cli_call *call);

/* Waits until the task is due, or a caught signal has come. */
void cli_call_wait(struct cli_call *call);

/* Waits for nothing but time. */
void cli_call_pause(struct cli_call *call, uint32_t ms);

/* Does an operation on call->task, and waits for its end. */
#define CLI_CALL(status, call, operation)                                      \
	VMC_POSIX_BLOCK(status, &(call)->waiter, (call)->env, &(call)->task,   \
			operation)

/* Says what went wrong, and what to do; gives the exit status for it. */
enum cli_exit cli_call_failed(struct cli_call *call, enum vmc_status status,
			      const struct vmc_error *error);

#endif
