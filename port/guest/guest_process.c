/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes without containers. Invariants:
 *
 * - A place is used from a successful exec until the process has ended,
 *   somebody was told how, both of its outputs were told to have ended, and
 *   no call on it is in flight; or until the place is needed and it was the
 *   first to end.
 * - `pid` is a child of ours that was not reaped as long as `ended` is 0, so
 *   a signal to it reaches nobody else.
 * - A descriptor is closed by one function, which counts `changes`: a call
 *   that waits for it looks again.
 */
#include "guest.h"
#include "linux_process.h"

#include "../../src/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATH_DEFAULT                                                           \
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define HOME_DEFAULT "HOME=/"
#define TERM_DEFAULT "TERM=xterm"

#define SIGNAL_MAX 64

/*
 * The table
 */

static int is_in_table(const struct vmc_guest *guest, uint32_t i)
{
	return guest->process[i].used;
}

/* see guest.h */
void vmc_guest_stream_close(struct vmc_guest *guest,
			    struct vmc_guest_stream *stream)
{
	if (stream->fd < 0)
		return;
	close(stream->fd);
	stream->fd = -1;
	guest->changes++;
}

static void forget(struct vmc_guest *guest, struct vmc_guest_process *process)
{
	vmc_guest_stream_close(guest, &process->in);
	vmc_guest_stream_close(guest, &process->out);
	vmc_guest_stream_close(guest, &process->err);
	if (process->pidfd >= 0)
		close(process->pidfd);
	process->pidfd = -1;
	process->used = 0;
	guest->changes++;
}

/* see guest.h */
void vmc_guest_settle(struct vmc_guest *guest,
		      struct vmc_guest_process *process)
{
	if (process->used && process->ended && process->told &&
	    process->out.ended && process->err.ended && process->waiters == 0)
		forget(guest, process);
}

static void record_end(struct vmc_guest *guest,
		       struct vmc_guest_process *process, int signalled,
		       int number)
{
	process->ended = 1;
	process->status = signalled ? 128 + number : number;
	process->age = ++guest->ends;
	close(process->pidfd);
	process->pidfd = -1;
	vmc_guest_stream_close(guest, &process->in);
	guest->changes++;
}

/* see guest.h */
void vmc_guest_look(struct vmc_guest *guest, struct vmc_guest_process *process)
{
	struct vmc_process_end end;

	if (process->ended || !vmc_process_ended(process->pidfd, &end))
		return;
	record_end(guest, process, end.signalled, end.number);
}

static void look_at_all(struct vmc_guest *guest)
{
	uint32_t i;

	for (i = 0; i < VMC_GUEST_PROCESS_MAX; i++) {
		if (!is_in_table(guest, i))
			continue;
		vmc_guest_look(guest, &guest->process[i]);
		vmc_guest_settle(guest, &guest->process[i]);
	}
}

static struct vmc_guest_process *by_id(struct vmc_guest *guest,
				       struct vmc_view exec_id)
{
	uint32_t i;

	for (i = 0; i < VMC_GUEST_PROCESS_MAX; i++)
		if (is_in_table(guest, i) &&
		    vmc_view_is(exec_id, guest->process[i].id))
			return &guest->process[i];
	return NULL;
}

static struct vmc_guest_process *by_pid(struct vmc_guest *guest, int64_t pid)
{
	uint32_t i;

	for (i = 0; i < VMC_GUEST_PROCESS_MAX; i++)
		if (is_in_table(guest, i) && !guest->process[i].ended &&
		    guest->process[i].pid == pid)
			return &guest->process[i];
	return NULL;
}

/* see guest.h */
struct vmc_guest_process *vmc_guest_find(struct vmc_agent *agent,
					 struct vmc_view exec_id)
{
	struct vmc_guest_process *process = by_id(vmc_guest_of(agent), exec_id);

	if (!process)
		vmc_guest_refuse(agent, VMC_ERR_NOT_FOUND, "no such process",
				 exec_id, NULL);
	return process;
}

/* A free place; else that of the first one to end, if no call is on it. */
static struct vmc_guest_process *take_place(struct vmc_guest *guest)
{
	struct vmc_guest_process *eldest = NULL, *process;
	uint32_t i;

	for (i = 0; i < VMC_GUEST_PROCESS_MAX; i++) {
		process = &guest->process[i];
		if (!process->used)
			return process;
		if (process->ended && process->waiters == 0 &&
		    (!eldest || process->age < eldest->age))
			eldest = process;
	}
	if (eldest)
		forget(guest, eldest);
	return eldest;
}

/*
 * Calls that wait
 */

static void cancel_call(struct vmc_task *task)
{
	struct vmc_guest_process *process = task->owner;

	process->waiters--;
}

/* see guest.h */
struct vmc_guest_process *vmc_guest_call_begin(struct vmc_agent *agent,
					       struct vmc_view exec_id,
					       struct vmc_task *task,
					       uint64_t now_ms,
					       enum vmc_status *status)
{
	int late = vmc_task_begin(task, now_ms);
	struct vmc_guest_process *process = task->owner;

	if (!vmc_task_active(task)) {
		process = vmc_guest_find(agent, exec_id);
		if (!process) {
			*status = vmc_task_end(task, VMC_ERR_NOT_FOUND);
			return NULL;
		}
		task->phase = 1;
		task->owner = process;
		task->cancel = cancel_call;
		process->waiters++;
	}
	if (!late)
		return process;
	*status = vmc_guest_call_end(
		agent, process, task,
		vmc_error_set(agent->error, VMC_ERR_TIMEOUT, "not done in time",
			      process->id));
	return NULL;
}

/* see guest.h */
enum vmc_status vmc_guest_call_end(struct vmc_agent *agent,
				   struct vmc_guest_process *process,
				   struct vmc_task *task,
				   enum vmc_status status)
{
	process->waiters--;
	vmc_guest_settle(vmc_guest_of(agent), process);
	return vmc_task_end(task, status);
}

/* see guest.h */
enum vmc_status vmc_guest_wait(struct vmc_agent *agent,
			       struct vmc_view container_id,
			       struct vmc_view exec_id, int32_t *exit_status,
			       struct vmc_task *task, uint64_t now_ms)
{
	enum vmc_status status = VMC_OK;
	struct vmc_guest_process *process =
		vmc_guest_call_begin(agent, exec_id, task, now_ms, &status);

	(void)container_id;
	if (!process)
		return status;
	vmc_guest_look(vmc_guest_of(agent), process);
	if (!process->ended) {
		vmc_task_wait(task, process->pidfd, VMC_WAIT_READ);
		return vmc_task_again(task);
	}
	*exit_status = process->status;
	process->told = 1;
	return vmc_guest_call_end(agent, process, task, VMC_OK);
}

/*
 * Signals and sizes
 */

static void signal_all(struct vmc_guest *guest, int signal)
{
	uint32_t i;

	for (i = 0; i < VMC_GUEST_PROCESS_MAX; i++)
		if (is_in_table(guest, i) && !guest->process[i].ended)
			kill((pid_t)-guest->process[i].pid, signal);
}

static enum vmc_status signal_one(struct vmc_agent *agent,
				  struct vmc_view exec_id, int signal)
{
	struct vmc_guest_process *process = vmc_guest_find(agent, exec_id);

	if (!process)
		return VMC_ERR_NOT_FOUND;
	vmc_guest_look(vmc_guest_of(agent), process);
	if (process->ended || kill((pid_t)process->pid, signal) == 0)
		return VMC_OK;
	return vmc_guest_error(agent, errno, "kill", process->id);
}

/* see guest.h */
enum vmc_status vmc_guest_signal(struct vmc_agent *agent,
				 struct vmc_view container_id,
				 struct vmc_view exec_id, uint32_t signal,
				 int all, struct vmc_task *task,
				 uint64_t now_ms)
{
	(void)container_id;
	(void)now_ms;
	if (signal > SIGNAL_MAX)
		return vmc_task_end(task, vmc_error_set_number(agent->error,
							       VMC_ERR_ARGUMENT,
							       "no such signal",
							       signal));
	if (!all)
		return vmc_task_end(task,
				    signal_one(agent, exec_id, (int)signal));
	signal_all(vmc_guest_of(agent), (int)signal);
	return vmc_task_end(task, VMC_OK);
}

static enum vmc_status resize(struct vmc_agent *agent, struct vmc_view exec_id,
			      uint32_t height, uint32_t width)
{
	struct vmc_guest_process *process = vmc_guest_find(agent, exec_id);
	struct winsize size = { .ws_row = (unsigned short)height,
				.ws_col = (unsigned short)width };

	if (!process)
		return VMC_ERR_NOT_FOUND;
	if (!process->terminal || process->out.fd < 0)
		return vmc_error_set(agent->error, VMC_ERR_STATE,
				     "process has no terminal", process->id);
	if (height > UINT16_MAX || width > UINT16_MAX)
		return vmc_error_set_number(agent->error, VMC_ERR_ARGUMENT,
					    "rows and columns allowed",
					    UINT16_MAX);
	if (ioctl(process->out.fd, TIOCSWINSZ, &size) == 0)
		return VMC_OK;
	return vmc_guest_error(agent, errno, "TIOCSWINSZ", process->id);
}

/* see guest.h */
enum vmc_status vmc_guest_winsize(struct vmc_agent *agent,
				  struct vmc_view container_id,
				  struct vmc_view exec_id, uint32_t height,
				  uint32_t width, struct vmc_task *task,
				  uint64_t now_ms)
{
	(void)container_id;
	(void)now_ms;
	return vmc_task_end(task, resize(agent, exec_id, height, width));
}

/*
 * What it is started with
 */

static enum vmc_status put_text(struct vmc_agent *agent, const char *what,
				struct vmc_view view, const char **out)
{
	struct vmc_guest_exec *exec = &vmc_guest_of(agent)->exec;
	size_t len = view.ptr_len;

	if (len > 0 && memchr(view.ptr, 0, len))
		return vmc_guest_refuse(agent, VMC_ERR_ARGUMENT, what, view,
					"has a NUL in it");
	if (len >= sizeof(exec->bytes) - exec->bytes_len)
		return vmc_error_set_number(agent->error, VMC_ERR_TOO_BIG,
					    "arguments and environment: bytes "
					    "allowed",
					    sizeof(exec->bytes) - 1);
	*out = exec->bytes + exec->bytes_len;
	if (len > 0)
		memcpy(exec->bytes + exec->bytes_len, view.ptr, len);
	exec->bytes[exec->bytes_len + len] = '\0';
	exec->bytes_len += len + 1;
	return VMC_OK;
}

static enum vmc_status put_list(struct vmc_agent *agent, const char *what,
				const struct vmc_view *list, size_t list_len,
				const char **out)
{
	enum vmc_status status = VMC_OK;
	size_t i;

	if (list_len > VMC_GUEST_EXEC_MAX)
		return vmc_error_set_number(agent->error, VMC_ERR_TOO_BIG,
					    "arguments, or variables, allowed",
					    VMC_GUEST_EXEC_MAX);
	for (i = 0; i < list_len && status == VMC_OK; i++)
		status = put_text(agent, what, list[i], &out[i]);
	out[i] = NULL;
	return status;
}

/* The value of "NAME=…" if it is there. */
static const char *value_of(const char *const *envp, const char *variable)
{
	size_t len = strcspn(variable, "=") + 1;

	for (; *envp; envp++)
		if (strncmp(*envp, variable, len) == 0)
			return *envp + len;
	return NULL;
}

static void add_missing(struct vmc_guest_exec *exec, const char *variable)
{
	size_t len = 0;

	if (value_of(exec->envp, variable))
		return;
	while (exec->envp[len])
		len++;
	exec->envp[len] = variable;
	exec->envp[len + 1] = NULL;
}

static enum vmc_status put_environment(struct vmc_agent *agent,
				       const struct vmc_exec *exec)
{
	struct vmc_guest_exec *room = &vmc_guest_of(agent)->exec;
	enum vmc_status status =
		put_list(agent, "env", exec->env, exec->env_len, room->envp);

	if (status)
		return status;
	add_missing(room, PATH_DEFAULT);
	add_missing(room, HOME_DEFAULT);
	if (exec->terminal)
		add_missing(room, TERM_DEFAULT);
	return VMC_OK;
}

static enum vmc_status parse_id(struct vmc_agent *agent, const char *what,
				struct vmc_view view, uint32_t *id)
{
	uint64_t number = 0;
	size_t i;

	for (i = 0; i < view.ptr_len && number <= UINT32_MAX; i++) {
		if (view.ptr[i] < '0' || view.ptr[i] > '9')
			return vmc_guest_refuse(agent, VMC_ERR_UNSUPPORTED,
						what, view, "is no number");
		number = number * 10 + (uint64_t)(view.ptr[i] - '0');
	}
	if (number >= UINT32_MAX)
		return vmc_guest_refuse(agent, VMC_ERR_ARGUMENT, what, view,
					"is too large");
	if (view.ptr_len > 0)
		*id = (uint32_t)number;
	return VMC_OK;
}

static enum vmc_status put_user(struct vmc_agent *agent,
				const struct vmc_exec *exec,
				struct vmc_guest_spawn *spawn)
{
	const struct vmc_string_user *user = &exec->string_user;
	enum vmc_status status;

	spawn->uid = exec->uid;
	spawn->gid = exec->gid;
	status = parse_id(agent, "string_user.uid", user->uid, &spawn->uid);
	if (status == VMC_OK)
		status = parse_id(agent, "string_user.gid", user->gid,
				  &spawn->gid);
	if (status)
		return status;
	if (user->additional_gids_len > 0)
		return vmc_error_set(agent->error, VMC_ERR_UNSUPPORTED,
				     "string_user.additionalGids", NULL);
	if (spawn->uid || spawn->gid)
		spawn->set_ids =
			spawn->uid != geteuid() || spawn->gid != getegid();
	return VMC_OK;
}

static enum vmc_status put_all(struct vmc_agent *agent,
			       const struct vmc_exec *exec,
			       struct vmc_guest_spawn *spawn)
{
	struct vmc_guest_exec *room = &vmc_guest_of(agent)->exec;
	struct vmc_view cwd = exec->cwd;
	enum vmc_status status;

	room->bytes_len = 0;
	if (cwd.ptr_len == 0)
		cwd = vmc_view_of("/");
	status =
		put_list(agent, "args", exec->args, exec->args_len, room->argv);
	if (status == VMC_OK)
		status = put_environment(agent, exec);
	if (status == VMC_OK)
		status = put_text(agent, "cwd", cwd, &spawn->cwd);
	if (status == VMC_OK)
		status = put_user(agent, exec, spawn);
	if (status)
		return status;
	spawn->argv = room->argv;
	spawn->envp = room->envp;
	if (room->argv[0] && !strchr(room->argv[0], '/'))
		spawn->search = value_of(room->envp, "PATH=");
	spawn->terminal = exec->terminal;
	spawn->no_new_privileges = exec->no_new_privileges;
	return VMC_OK;
}

/*
 * Its streams
 */

static int open_pipes(struct vmc_guest_process *process,
		      struct vmc_guest_spawn *spawn)
{
	int number = vmc_guest_pipe(&process->in.fd, &spawn->in, 1);

	if (number == 0)
		number = vmc_guest_pipe(&process->out.fd, &spawn->out, 0);
	if (number == 0)
		number = vmc_guest_pipe(&process->err.fd, &spawn->err, 0);
	return number;
}

static int open_terminal(struct vmc_guest_process *process,
			 struct vmc_guest_spawn *spawn,
			 const struct vmc_exec *exec)
{
	int number = vmc_guest_terminal(&process->out.fd, &spawn->in,
					exec->height, exec->width);

	if (number)
		return number;
	spawn->out = spawn->err = spawn->in;
	process->terminal = 1;
	process->err.ended = 1; /* nobody has to read it to its end */
	process->in.fd = fcntl(process->out.fd, F_DUPFD_CLOEXEC, 3);
	return process->in.fd < 0 ? errno : 0;
}

static void close_theirs(const struct vmc_guest_spawn *spawn)
{
	if (spawn->in >= 0)
		close(spawn->in);
	if (spawn->out >= 0 && spawn->out != spawn->in)
		close(spawn->out);
	if (spawn->err >= 0 && spawn->err != spawn->in)
		close(spawn->err);
}

/*
 * Starting it
 */

static enum vmc_status cannot_execute(struct vmc_agent *agent, int number,
				      const char *name)
{
	switch (number) {
	case ENOENT:
	case ENOTDIR:
		if (strchr(name, '/') && access(name, F_OK) == 0)
			return vmc_error_set(agent->error, VMC_ERR_NOT_FOUND,
					     "the interpreter of a program is "
					     "missing",
					     name);
		return vmc_error_set(agent->error, VMC_ERR_NOT_FOUND,
				     "no such program", name);
	case EACCES:
	case EPERM:
	case EISDIR:
	case ENOEXEC:
	case ETXTBSY:
		return vmc_guest_refuse(agent, VMC_ERR_PERMISSION,
					"cannot execute", vmc_view_of(name),
					strerror(number));
	default:
		return vmc_guest_error(agent, number, "cannot execute", name);
	}
}

static enum vmc_status explain(struct vmc_agent *agent,
			       const struct vmc_guest_spawn *spawn,
			       const struct vmc_guest_report *report)
{
	switch (report->step) {
	case VMC_GUEST_STEP_PROGRAM:
		return cannot_execute(agent, report->number, spawn->argv[0]);
	case VMC_GUEST_STEP_CWD:
		return vmc_guest_error(agent, report->number,
				       "working directory", spawn->cwd);
	case VMC_GUEST_STEP_GROUPS:
		return vmc_guest_error(agent, report->number, "setgroups for",
				       spawn->argv[0]);
	case VMC_GUEST_STEP_IDS:
		return vmc_guest_error(agent, report->number,
				       "setresgid or setresuid for",
				       spawn->argv[0]);
	case VMC_GUEST_STEP_TERMINAL:
		return vmc_guest_error(agent, report->number, "TIOCSCTTY for",
				       spawn->argv[0]);
	default:
		return vmc_guest_error(agent, report->number, "cannot start",
				       spawn->argv[0]);
	}
}

static enum vmc_status start(struct vmc_agent *agent,
			     struct vmc_guest_process *process,
			     const struct vmc_guest_spawn *spawn)
{
	struct vmc_guest_report report;
	int number;

	process->pid = vmc_guest_spawn(spawn, &report);
	if (process->pid < 0)
		return explain(agent, spawn, &report);
	if (vmc_process_open(process->pid, &process->pidfd) == VMC_OK)
		return VMC_OK;
	number = errno;
	kill((pid_t)process->pid, SIGKILL);
	waitpid((pid_t)process->pid, NULL, 0);
	return vmc_guest_error(agent, number, "pidfd_open for", spawn->argv[0]);
}

static void clear_place(struct vmc_guest_process *process,
			struct vmc_view exec_id)
{
	memset(process, 0, sizeof(*process));
	process->pidfd = -1;
	process->in.fd = process->out.fd = process->err.fd = -1;
	memcpy(process->id, exec_id.ptr, exec_id.ptr_len);
}

static enum vmc_status begin_process(struct vmc_agent *agent,
				     struct vmc_guest_process *process,
				     const struct vmc_exec *exec,
				     struct vmc_guest_spawn *spawn)
{
	enum vmc_status status;
	int number = exec->terminal ? open_terminal(process, spawn, exec) :
				      open_pipes(process, spawn);

	if (number)
		status = vmc_guest_error(agent, number,
					 exec->terminal ? "no terminal for" :
							  "no pipes for",
					 process->id);
	else
		status = start(agent, process, spawn);
	close_theirs(spawn);
	if (status)
		forget(vmc_guest_of(agent), process);
	else
		process->used = 1;
	return status;
}

static void describe(const struct vmc_guest_process *process,
		     struct vmc_process *out)
{
	struct timespec time = { 0, 0 };

	memset(out, 0, sizeof(*out));
	out->present = 1;
	memcpy(out->token, process->id, sizeof(process->id));
	out->pid = process->pid;
	clock_gettime(CLOCK_REALTIME, &time);
	out->start_time.seconds = time.tv_sec;
	out->start_time.microseconds = (uint32_t)(time.tv_nsec / 1000);
}

static enum vmc_status check_exec(struct vmc_agent *agent,
				  const struct vmc_exec *exec)
{
	struct vmc_view id = exec->exec_id;
	const struct vmc_stdio_ports *ports = &exec->ports;

	if (exec->args_len == 0)
		return vmc_error_set(agent->error, VMC_ERR_ARGUMENT,
				     "args: no program is named", NULL);
	if (id.ptr_len == 0)
		return vmc_error_set(agent->error, VMC_ERR_ARGUMENT,
				     "exec_id is empty", NULL);
	if (id.ptr_len >= VMC_AGENT_ID_SIZE)
		return vmc_error_set_number(agent->error, VMC_ERR_TOO_BIG,
					    "exec_id: bytes allowed",
					    VMC_AGENT_ID_SIZE - 1);
	if (memchr(id.ptr, 0, id.ptr_len))
		return vmc_guest_refuse(agent, VMC_ERR_ARGUMENT, "exec_id", id,
					"has a NUL in it");
	if (ports->stdin_port || ports->stdout_port || ports->stderr_port)
		return vmc_error_set(agent->error, VMC_ERR_UNSUPPORTED,
				     "stdin_port, stdout_port, stderr_port",
				     "streams are read and written by calls");
	if (by_id(vmc_guest_of(agent), id))
		return vmc_guest_refuse(agent, VMC_ERR_IN_USE, "exec_id", id,
					"is another process's");
	return VMC_OK;
}

/* All of it in one step, see guest_spawn.c. */
enum vmc_status vmc_guest_exec(struct vmc_agent *agent,
			       const struct vmc_exec *exec,
			       struct vmc_process *process,
			       struct vmc_task *task, uint64_t now_ms)
{
	struct vmc_guest_spawn spawn = { .in = -1, .out = -1, .err = -1 };
	struct vmc_guest *guest = vmc_guest_of(agent);
	struct vmc_guest_process *place;
	enum vmc_status status;

	(void)now_ms;
	look_at_all(guest);
	status = check_exec(agent, exec);
	if (status == VMC_OK)
		status = put_all(agent, exec, &spawn);
	if (status)
		return vmc_task_end(task, status);
	place = take_place(guest);
	if (!place)
		return vmc_task_end(
			task, vmc_error_set_number(agent->error, VMC_ERR_FULL,
						   "processes running, all of",
						   VMC_GUEST_PROCESS_MAX));
	clear_place(place, exec->exec_id);
	vmc_guest_oom_watch(guest);
	status = begin_process(agent, place, exec, &spawn);
	if (status == VMC_OK)
		describe(place, process);
	return vmc_task_end(task, status);
}

/*
 * The host's side: vmcache_guest.h
 */

/* see vmcache_guest.h */
void vmc_guest_reap(struct vmc_guest *guest)
{
	struct vmc_guest_process *process;
	int status;
	pid_t pid;

	look_at_all(guest);
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		process = by_pid(guest, pid);
		if (process)
			record_end(guest, process, WIFSIGNALED(status),
				   WIFSIGNALED(status) ? WTERMSIG(status) :
							 WEXITSTATUS(status));
	}
}

/* see vmcache_guest.h */
uint32_t vmc_guest_changes(const struct vmc_guest *guest)
{
	return guest->changes;
}

/* see vmcache_guest.h */
void vmc_guest_end(struct vmc_guest *guest)
{
	uint32_t i;

	signal_all(guest, SIGKILL);
	for (i = 0; i < VMC_GUEST_PROCESS_MAX; i++) {
		if (!is_in_table(guest, i))
			continue;
		if (!guest->process[i].ended)
			waitpid((pid_t)guest->process[i].pid, NULL, 0);
		forget(guest, &guest->process[i]);
	}
	if (guest->kmsg >= 0)
		close(guest->kmsg);
	if (guest->uevents >= 0)
		close(guest->uevents);
	guest->kmsg = guest->uevents = -1;
}
