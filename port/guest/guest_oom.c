/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes that were killed for want of memory, from the kernel's log
 * (Documentation/ABI/testing/dev-kmsg): one record at a time, "Out of
 * memory: Killed process 123 (name) …", or "Memory cgroup out of memory:
 * Killed process …". There is one place in the log; calls that wait share
 * it, and each record is told to one of them.
 */
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* What a record is cut to by the kernel (CONSOLE_EXT_LOG_MAX). */
#define RECORD_SIZE 8192

#define KILLED "ut of memory: Killed process "

/* see guest.h */
void vmc_guest_oom_watch(struct vmc_guest *guest)
{
	if (guest->kmsg >= 0)
		return;
	guest->kmsg =
		open(guest->config.kmsg, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (guest->kmsg >= 0)
		lseek(guest->kmsg, 0, SEEK_END);
}

/* 1 and the pid if that record says so. */
static int killed_pid(const char *record, uint64_t *pid)
{
	const char *found = strstr(record, KILLED);

	return found && vmc_guest_parse(found + strlen(KILLED), 10, pid) > 0;
}

static void name_killed(const struct vmc_guest *guest, uint64_t pid,
			struct vmc_oom_event *event)
{
	const struct vmc_guest_process *process = guest->process;
	uint32_t i;

	memset(event, 0, sizeof(*event));
	for (i = 0; i < VMC_GUEST_PROCESS_MAX; i++, process++)
		if (process->used && process->pid == (int64_t)pid)
			memcpy(event->container_id, process->id,
			       sizeof(process->id));
}

/* VMC_OK with an event, or VMC_AGAIN when there is no more to read. EPIPE:
 * records were overwritten before we came to them. */
static enum vmc_status read_events(struct vmc_agent *agent,
				   struct vmc_oom_event *event)
{
	struct vmc_guest *guest = vmc_guest_of(agent);
	char *record = (char *)guest->room;
	uint64_t pid;
	ssize_t len;

	while (1) {
		len = read(guest->kmsg, record, RECORD_SIZE - 1);
		if (len > 0) {
			record[len] = '\0';
			if (!killed_pid(record, &pid))
				continue;
			name_killed(guest, pid, event);
			return VMC_OK;
		}
		if (len == 0 || errno == EAGAIN)
			return VMC_AGAIN;
		if (errno != EINTR && errno != EPIPE)
			return vmc_guest_error(agent, errno, "cannot read",
					       guest->config.kmsg);
	}
}

_Static_assert(RECORD_SIZE <= VMC_GUEST_ROOM_SIZE, "a record fits");

static enum vmc_status look(struct vmc_agent *agent,
			    struct vmc_oom_event *event, struct vmc_task *task)
{
	struct vmc_guest *guest = vmc_guest_of(agent);
	enum vmc_status status;

	vmc_guest_oom_watch(guest);
	if (guest->kmsg < 0)
		return vmc_guest_error(agent, errno, "cannot open",
				       guest->config.kmsg);
	status = read_events(agent, event);
	if (status == VMC_AGAIN)
		vmc_task_wait(task, guest->kmsg, VMC_WAIT_READ);
	return status;
}

/* see guest.h */
enum vmc_status vmc_guest_oom_event(struct vmc_agent *agent,
				    struct vmc_oom_event *event,
				    struct vmc_task *task, uint64_t now_ms)
{
	int late = vmc_task_begin(task, now_ms);
	enum vmc_status status;

	task->phase = 1;
	if (late)
		status = vmc_error_set(agent->error, VMC_ERR_TIMEOUT,
				       "nothing was killed in time", NULL);
	else
		status = look(agent, event, task);
	return status == VMC_AGAIN ? vmc_task_again(task) :
				     vmc_task_end(task, status);
}
