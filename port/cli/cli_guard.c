/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guard (see cli_guard.h): a copy of this process. It has the VM's handles
 * as we have them, and touches none of them before we are gone.
 */
#include "cli_guard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Who waits for the end of our output, input or calls must not wait for the
 * guard; nor is it the terminal's. */
static void let_go(struct cli_take *take)
{
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

	setsid();
	prctl(PR_SET_NAME, "vmcache-guard");
	for (int fd = 0; fd <= 2; fd++)
		dup2(nothing, fd);
	if (nothing > 2)
		close(nothing);
	take->vm.agent.ops->disconnect(&take->vm.agent);
	vmc_channel_close(&take->call.channel);
}

static _Noreturn void stand_guard(struct cli_take *take, int end)
{
	ssize_t len;
	char byte;

	let_go(take);
	do
		len = read(end, &byte, 1);
	while (len < 0 && errno == EINTR);
	cli_take_stop(take);
	_exit(0);
}

/* see cli_guard.h */
void cli_guard_begin(struct cli_guard *guard, struct cli_take *take)
{
	int ends[2];

	guard->pid = 0;
	if (pipe2(ends, O_CLOEXEC))
		return;
	guard->pid = fork();
	if (guard->pid == 0) {
		close(ends[1]);
		stand_guard(take, ends[0]);
	}
	close(ends[0]);
	guard->end = ends[1];
	if (guard->pid > 0)
		return;
	guard->pid = 0;
	close(guard->end);
}

/* see cli_guard.h */
void cli_guard_end(struct cli_guard *guard)
{
	if (!guard->pid)
		return;
	kill(guard->pid, SIGKILL);
	while (waitpid(guard->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	close(guard->end);
	guard->pid = 0;
}
