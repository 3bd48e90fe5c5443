/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting a process. The child of vfork borrows our memory until it
 * executes, so it writes none of it but its own frame: it makes system
 * calls, and says which one failed through a pipe that a successful execve
 * closes. We stand still meanwhile, which is why exec can say at once that
 * there is no such program.
 */
#include "guest.h"

#include "../../src/base/cursor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Not in every libc's headers yet; the number is that of all machines. */
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#define CLOSE_RANGE_ON_EXEC 4

/* Machines that began with ids of 16 bits. */
#ifdef SYS_setresuid32
#define SET_USER SYS_setresuid32
#define SET_GROUP SYS_setresgid32
#define SET_GROUPS SYS_setgroups32
#else
#define SET_USER SYS_setresuid
#define SET_GROUP SYS_setresgid
#define SET_GROUPS SYS_setgroups
#endif

/* tty_ioctl(4): the slave of a terminal, without its path. */
#ifndef TIOCGPTPEER
#define TIOCGPTPEER 0x5441
#endif

#define SIGNAL_LAST 64
#define SIGNAL_ACTION_LONGS 8 /* of the kernel's struct, or more */

/* The longest path that the system takes, with its NUL. */
#define PROGRAM_SIZE 4096

/*
 * What the child does, in this order. Each returns 0, or -1 with errno.
 */

/* All zero is the default action. Of SIGKILL and SIGSTOP it is refused. */
static void reset_signals(void)
{
	static const unsigned long action[SIGNAL_ACTION_LONGS];
	sigset_t none;
	int i;

	for (i = 1; i <= SIGNAL_LAST; i++)
		syscall(SYS_rt_sigaction, i, action, NULL, _NSIG / 8);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int take_streams(const struct vmc_guest_spawn *spawn)
{
	setsid();
	/* What was opened carelessly; older kernels cannot. */
	syscall(SYS_close_range, 3u, ~0u, CLOSE_RANGE_ON_EXEC);
	if (dup2(spawn->in, STDIN_FILENO) < 0 ||
	    dup2(spawn->out, STDOUT_FILENO) < 0 ||
	    dup2(spawn->err, STDERR_FILENO) < 0)
		return -1;
	return 0;
}

static int take_terminal(const struct vmc_guest_spawn *spawn)
{
	return spawn->terminal ? ioctl(STDIN_FILENO, TIOCSCTTY, 0) : 0;
}

static int leave_groups(const struct vmc_guest_spawn *spawn)
{
	return spawn->set_ids ? (int)syscall(SET_GROUPS, 0, NULL) : 0;
}

/* The system calls, not libc's: those ask all threads first. */
static int take_ids(const struct vmc_guest_spawn *spawn)
{
	if (!spawn->set_ids)
		return 0;
	if (syscall(SET_GROUP, spawn->gid, spawn->gid, spawn->gid) != 0)
		return -1;
	return (int)syscall(SET_USER, spawn->uid, spawn->uid, spawn->uid);
}

static int enter(const struct vmc_guest_spawn *spawn)
{
	return chdir(spawn->cwd);
}

static int drop_privileges(const struct vmc_guest_spawn *spawn)
{
	return spawn->no_new_privileges ?
		       prctl(PR_SET_NO_NEW_PRIVS, 1ul, 0ul, 0ul, 0ul) :
		       0;
}

static int execute(const struct vmc_guest_spawn *spawn, const char *path)
{
	execve(path, (char *const *)spawn->argv, (char *const *)spawn->envp);
	return -1;
}

/* Directory + '/' + name; an empty directory is the working one. */
static int put_candidate(char out[PROGRAM_SIZE], struct vmc_view directory,
			 const char *name)
{
	struct vmc_writer w;

	vmc_writer_init(&w, (uint8_t *)out, PROGRAM_SIZE);
	vmc_put_bytes(&w, directory);
	if (directory.ptr_len > 0)
		vmc_put_u8(&w, '/');
	vmc_put_bytes(&w, vmc_view_of(name));
	vmc_put_u8(&w, 0);
	return !w.fail;
}

/* As execvp(3) does, but that a script without "#!" is no program. */
static int search(const struct vmc_guest_spawn *spawn)
{
	const char *at = spawn->search;
	char path[PROGRAM_SIZE];
	struct vmc_view directory;
	int number = ENOENT;

	for (; at; at += directory.ptr_len + 1) {
		directory.ptr = (const uint8_t *)at;
		directory.ptr_len = strcspn(at, ":");
		if (put_candidate(path, directory, spawn->argv[0]))
			execute(spawn, path);
		else
			errno = ENOENT;
		if (errno == EACCES)
			number = EACCES;
		else if (errno != ENOENT && errno != ENOTDIR)
			return -1;
		if (at[directory.ptr_len] == '\0')
			break;
	}
	errno = number;
	return -1;
}

static int run_program(const struct vmc_guest_spawn *spawn)
{
	reset_signals();
	if (spawn->search && spawn->argv[0][0] != '\0')
		return search(spawn);
	return execute(spawn, spawn->argv[0]);
}

static _Noreturn void run(const struct vmc_guest_spawn *spawn, int report_fd)
{
	static const struct {
		int (*take)(const struct vmc_guest_spawn *spawn);
		int step;
	} steps[] = {
		{ take_streams, VMC_GUEST_STEP_STREAMS },
		{ take_terminal, VMC_GUEST_STEP_TERMINAL },
		{ leave_groups, VMC_GUEST_STEP_GROUPS },
		{ take_ids, VMC_GUEST_STEP_IDS },
		{ enter, VMC_GUEST_STEP_CWD },
		{ drop_privileges, VMC_GUEST_STEP_PRIVILEGES },
		{ run_program, VMC_GUEST_STEP_PROGRAM },
	};
	struct vmc_guest_report report;
	size_t i = 0;

	while (steps[i].take(spawn) == 0)
		i++;
	report.number = errno;
	report.step = steps[i].step;
	if (write(report_fd, &report, sizeof(report)) < 0)
		_exit(126);
	_exit(127);
}

/*
 * What we do
 */

/* In a function of its own: what the child does to its frame stays there. */
static pid_t vfork_and_run(const struct vmc_guest_spawn *spawn, int report_fd)
{
	pid_t pid = vfork();

	if (pid == 0)
		run(spawn, report_fd);
	return pid;
}

/* With all signals blocked: no handler of ours runs in the child, on our
 * memory. */
static pid_t start(const struct vmc_guest_spawn *spawn, int report_fd)
{
	sigset_t all, before;
	pid_t pid;
	int number;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = vfork_and_run(spawn, report_fd);
	number = errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	errno = number;
	return pid;
}

/* 1 if the child could not execute. */
static int read_report(int pipe_end, struct vmc_guest_report *report)
{
	ssize_t len;

	do
		len = read(pipe_end, report, sizeof(*report));
	while (len < 0 && errno == EINTR);
	return len == (ssize_t)sizeof(*report);
}

static void reap(pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* see guest.h */
int64_t vmc_guest_spawn(const struct vmc_guest_spawn *spawn,
			struct vmc_guest_report *report)
{
	int fds[2];
	pid_t pid;

	report->step = VMC_GUEST_STEP_NONE;
	if (pipe2(fds, O_CLOEXEC) < 0) {
		report->number = errno;
		return -1;
	}
	pid = start(spawn, fds[1]);
	if (pid < 0)
		report->number = errno;
	close(fds[1]);
	if (pid > 0 && read_report(fds[0], report)) {
		reap(pid);
		pid = -1;
	}
	close(fds[0]);
	return pid;
}

/*
 * Streams
 */

/* Not 0 to 2, which the child gives new meanings. */
static int move_up(int *fd)
{
	int moved;

	if (*fd > STDERR_FILENO)
		return 0;
	moved = fcntl(*fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (moved < 0)
		return errno;
	close(*fd);
	*fd = moved;
	return 0;
}

static int prepare(int *ours, int *theirs)
{
	int number = move_up(ours);

	if (number == 0)
		number = move_up(theirs);
	if (number == 0 && fcntl(*ours, F_SETFL, O_NONBLOCK) < 0)
		number = errno;
	if (number) {
		close(*ours);
		close(*theirs);
		*ours = *theirs = -1;
	}
	return number;
}

/* see guest.h */
int vmc_guest_pipe(int *ours, int *theirs, int ours_writes)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return errno;
	*ours = fds[ours_writes];
	*theirs = fds[!ours_writes];
	return prepare(ours, theirs);
}

static int open_slave(int master, int *slave)
{
	int unlocked = 0;

	if (ioctl(master, TIOCSPTLCK, &unlocked) < 0)
		return errno;
	*slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	return *slave < 0 ? errno : 0;
}

/* see guest.h */
int vmc_guest_terminal(int *master, int *slave, uint32_t height, uint32_t width)
{
	struct winsize size = { .ws_row = (unsigned short)height,
				.ws_col = (unsigned short)width };
	int number;

	*master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*master < 0)
		return errno;
	number = open_slave(*master, slave);
	if (number) {
		close(*master);
		*master = -1;
		return number;
	}
	if (height && width)
		ioctl(*master, TIOCSWINSZ, &size);
	return prepare(master, slave);
}
