/* SPDX-License-Identifier: Apache-2.0 */
/* A call of the program's to the server (see cli_call.h). */
#include "cli_call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint8_t window[CLI_WINDOW_SIZE];
static struct vmc_grpc grpc;

/* see cli_call.h */
uint64_t cli_call_now(struct cli_call *call)
{
	return call->env.now_ms(call->env.ctx);
}

/* see cli_call.h */
void cli_call_task(struct cli_call *call)
{
	vmc_task_init(&call->task);
	call->task.deadline_ms = call->deadline_ms;
}

/* see cli_call.h */
enum vmc_status cli_call_open(struct cli_call *call, vmc_handle stream)
{
	struct vmc_channel_config config = {
		.port = vmc_posix_port(NULL),
		.endpoint = call->endpoint,
		.stream = stream,
		.transport = cli_text(call->options, CLI_TRANSPORT, NULL),
		.grpc = &grpc,
		.window = window,
		.window_len = sizeof(window),
	};

	return vmc_channel_init(&call->channel, &config);
}

/* see cli_call.h */
void cli_call_init(struct cli_call *call, const struct cli_options *options,
		   uint32_t timeout_ms)
{
	call->options = options;
	call->endpoint = cli_endpoint(options);
	call->env = vmc_posix_env(&call->env_state);
	vmc_posix_waiter_init(&call->waiter);
	vmc_posix_spin_init(&call->waiter.spin,
			    cli_number(options, CLI_SPIN, VMC_POSIX_SPIN_US));
	call->timeout_ms = cli_timeout(options, timeout_ms);
	call->deadline_ms = VMC_NEVER;
	if (call->timeout_ms)
		call->deadline_ms = cli_call_now(call) + call->timeout_ms;
	cli_call_task(call);
}

/* see cli_call.h */
enum cli_exit cli_call_begin(struct cli_call *call,
			     const struct cli_options *options,
			     uint32_t timeout_ms)
{
	enum vmc_status status;

	cli_call_init(call, options, timeout_ms);
	status = cli_call_open(call, VMC_HANDLE_NONE);
	if (status)
		return cli_call_failed(call, status,
				       vmc_channel_error(&call->channel));
	return CLI_DONE;
}

/* see cli_call.h */
void cli_call_wait(struct cli_call *call)
{
	/* Whatever ended the wait, the operation finds out for itself. */
	if (vmc_posix_wait(&call->waiter, &call->task, cli_call_now(call)) !=
	    VMC_ERR_IO)
		return;
	cli_complain(call->options, "cannot wait: %s", strerror(errno));
	exit(CLI_FAILED);
}

/* see cli_call.h */
void cli_call_pause(struct cli_call *call, uint32_t ms)
{
	uint64_t now_ms = cli_call_now(call);

	vmc_task_init(&call->task);
	vmc_task_until(&call->task, now_ms + ms);
	vmc_task_until(&call->task, call->deadline_ms);
	cli_call_wait(call);
}

static enum cli_exit no_server(struct cli_call *call)
{
	const struct cli_options *options = call->options;
	const char *endpoint = call->endpoint;

	if (options->command == CLI_QUIT)
		cli_complain(options, "no server at %s", endpoint);
	else if (cli_given(options, CLI_ENDPOINT))
		cli_complain(options,
			     "no server at %s; start one: vmcache serve "
			     "--endpoint %s",
			     endpoint, endpoint);
	else
		cli_complain(options,
			     "no server at %s; start one: vmcache serve",
			     endpoint);
	return CLI_NO_SERVER;
}

static enum cli_exit late(struct cli_call *call)
{
	cli_complain(call->options, "%s within %u.%03u s",
		     call->options->command == CLI_GET ||
				     call->options->command == CLI_RUN ?
			     "no VM" :
			     "no answer",
		     call->timeout_ms / 1000, call->timeout_ms % 1000);
	return CLI_DEADLINE;
}

/* see cli_call.h */
enum cli_exit cli_call_failed(struct cli_call *call, enum vmc_status status,
			      const struct vmc_error *error)
{
	if (status == VMC_ERR_NO_SERVER)
		return no_server(call);
	if (status == VMC_ERR_TIMEOUT ||
	    (status == VMC_ERR_CALL &&
	     error->code == VMC_CODE_DEADLINE_EXCEEDED))
		return late(call);
	cli_complain(call->options, "%s",
		     error->text[0] ? error->text : vmc_status_words(status));
	return CLI_FAILED;
}
