/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vmcache quit: stops the server, and returns when its process is gone.
 *
 * The reply to Quit comes before the server's VMs are stopped, so it is not
 * the end. The system tells whose socket it is (SO_PEERCRED, as seen from
 * our pid namespace), and a pidfd when that process has ended. A server that
 * is stopping already, or goes away in the middle, is what was wanted.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli_call.h"
#include "cli_output.h"

/* A listener whose backlog is full is tried again after so long. */
#define DIAL_PAUSE_MS 20

static struct cli_call call;

/* A connection that we hold ourselves, to ask the system about its peer. */
static enum vmc_status dial(vmc_handle *stream, struct vmc_error *error)
{
	const char *endpoint = cli_endpoint(call.options);
	struct vmc_port port = vmc_posix_port(NULL);
	enum vmc_status status;

	while ((status = port.ops->connect(port.ctx, endpoint, stream,
					   error)) == VMC_AGAIN) {
		if (cli_call_now(&call) >= call.deadline_ms)
			return VMC_ERR_TIMEOUT;
		cli_call_pause(&call, DIAL_PAUSE_MS);
	}
	return status;
}

/* The server's process, or -1 if the system cannot tell. */
static int open_process(vmc_handle stream, pid_t *pid)
{
	struct ucred peer = { 0 };
	socklen_t peer_len = sizeof(peer);

	if (getsockopt((int)stream, SOL_SOCKET, SO_PEERCRED, &peer, &peer_len))
		return -1;
	*pid = peer.pid;
	return peer.pid > 0 ? (int)syscall(SYS_pidfd_open, peer.pid, 0) : -1;
}

static enum vmc_status ask(void)
{
	enum vmc_status status;

	cli_call_task(&call);
	CLI_CALL(
		status, &call,
		vmc_cache_quit(&call.channel, &call.task, cli_call_now(&call)));
	if (status == VMC_ERR_LOST)
		return VMC_OK;
	if (status == VMC_ERR_CALL &&
	    vmc_channel_error(&call.channel)->code == VMC_CODE_UNAVAILABLE)
		return VMC_OK;
	return status;
}

/*
 * Without a pidfd, the end of the connection has to do. Else it is ended here:
 * grpc-go stops when its clients are gone, or a minute later.
 */
static enum vmc_status wait_for_end(int process, vmc_handle stream)
{
	struct vmc_wait end = { .handle = process, .want = VMC_WAIT_READ };
	enum vmc_status status = VMC_OK;

	if (process >= 0) {
		vmc_channel_close(&call.channel);
	} else {
		end.handle = stream;
		end.want = VMC_WAIT_RDHUP;
	}
	while (status == VMC_OK && !end.got) {
		uint64_t now_ms = cli_call_now(&call);

		if (now_ms >= call.deadline_ms)
			return VMC_ERR_TIMEOUT;
		status = vmc_posix_poll(&call.waiter, &end, 1, call.deadline_ms,
					now_ms);
		if (status == VMC_AGAIN)
			status = VMC_OK;
	}
	return status;
}

static enum cli_exit still_there(pid_t pid)
{
	cli_complain(call.options,
		     "the server, pid %d, is stopping but was still there "
		     "after %u.%03u s",
		     pid, call.timeout_ms / 1000, call.timeout_ms % 1000);
	return CLI_DEADLINE;
}

static enum cli_exit print_gone(pid_t pid)
{
	if (cli_given(call.options, CLI_JSON))
		printf("{\"pid\":%d}\n", pid);
	else
		printf("server pid %d is gone\n", pid);
	return cli_print_end(call.options);
}

/* see cli.h */
enum cli_exit cli_quit(const struct cli_options *options)
{
	struct vmc_error error;
	vmc_handle stream;
	enum vmc_status status;
	int process;
	pid_t pid = 0;

	cli_call_init(&call, options, CLI_TIMEOUT_MS);
	vmc_error_reset(&error);
	status = dial(&stream, &error);
	if (status)
		return cli_call_failed(&call, status, &error);
	process = open_process(stream, &pid);
	status = cli_call_open(&call, stream);
	if (status == VMC_OK)
		status = ask();
	if (status)
		return cli_call_failed(&call, status,
				       vmc_channel_error(&call.channel));
	if (wait_for_end(process, stream))
		return still_there(pid);
	return print_gone(pid);
}
