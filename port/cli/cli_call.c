/* SPDX-License-Identifier: Apache-2.0 */
/* A call of the program's to the server (see cli_call.h). */
#include "cli_call.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

static volatile sig_atomic_t caught;

static void catch(int signal)
{
	caught = signal;
}

/* see cli_call.h */
int cli_call_caught(void)
{
	return caught;
}

/* see cli_call.h */
void cli_call_catch(struct cli_call *call)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = catch };
	sigset_t blocked;

	sigemptyset(&blocked);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		sigaction(signals[i], &action, NULL);
		sigaddset(&blocked, signals[i]);
	}
	sigprocmask(SIG_BLOCK, &blocked, &call->signals);
}

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
		.port = cli_port(),
		.endpoint = cli_endpoint(call->options),
		.stream = stream,
		.transport = cli_text(call->options, CLI_TRANSPORT, NULL),
		.window = call->window,
		.window_len = sizeof(call->window),
	};

	return vmc_channel_init(&call->channel, &config);
}

/* see cli_call.h */
void cli_call_init(struct cli_call *call, const struct cli_options *options,
		   uint32_t timeout_ms)
{
	call->options = options;
	call->env = cli_env();
	call->timeout_ms = cli_number(options, CLI_TIMEOUT, timeout_ms);
	call->deadline_ms = VMC_NEVER;
	if (call->timeout_ms)
		call->deadline_ms = cli_call_now(call) + call->timeout_ms;
	sigprocmask(SIG_SETMASK, NULL, &call->signals);
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

static short poll_events(unsigned want)
{
	return (short)((want & VMC_WAIT_READ ? POLLIN : 0) |
		       (want & VMC_WAIT_WRITE ? POLLOUT : 0) |
		       (want & VMC_WAIT_RDHUP ? POLLRDHUP : 0));
}

/* How many handles have something. The operation finds out for itself what
 * that is (task.h). */
static int wait_until(struct cli_call *call, const struct vmc_task *task,
		      uint64_t until_ms)
{
	struct pollfd fds[VMC_TASK_WAIT_MAX];
	uint64_t now_ms = cli_call_now(call);
	uint64_t left_ms = until_ms > now_ms ? until_ms - now_ms : 0;
	struct timespec limit = { (time_t)(left_ms / 1000),
				  (long)(left_ms % 1000) * 1000000 };
	nfds_t fds_len = 0;

	for (; task && fds_len < task->wait_len; fds_len++) {
		fds[fds_len].fd = (int)task->wait[fds_len].handle;
		fds[fds_len].events = poll_events(task->wait[fds_len].want);
	}
	return ppoll(fds, fds_len, until_ms == VMC_NEVER ? NULL : &limit,
		     &call->signals);
}

/* see cli_call.h */
int cli_call_wait(struct cli_call *call)
{
	return wait_until(call, &call->task, call->task.until_ms) > 0;
}

/* see cli_call.h */
void cli_call_pause(struct cli_call *call, uint32_t ms)
{
	uint64_t until_ms = cli_call_now(call) + ms;

	wait_until(call, NULL,
		   until_ms < call->deadline_ms ? until_ms
						: call->deadline_ms);
}

static enum cli_exit no_server(struct cli_call *call)
{
	const char *endpoint = cli_endpoint(call->options);

	cli_complain(call->options,
		     "no server at %s; start one: vmcache serve --endpoint %s",
		     endpoint, endpoint);
	return CLI_NO_SERVER;
}

static enum cli_exit late(struct cli_call *call)
{
	cli_complain(call->options, "%s within %u.%03u s",
		     call->options->command == CLI_GET ? "no VM" : "no answer",
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
	if (status == VMC_ERR_CALL)
		cli_complain(call->options, "the server says %s: %s",
			     vmc_code_name(error->code), error->text);
	else
		cli_complain(call->options, "%s",
			     error->text[0] ? error->text
					    : vmc_status_words(status));
	return CLI_FAILED;
}
