/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes. The child of vfork borrows our memory until it executes, so it
 * writes none of it: it makes system calls, and says what went wrong through
 * a pipe that a successful execve closes.
 */
#include "linux_process.h"
#include "vmcache_linux.h"
#include "../../src/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Not in every libc's headers yet; the numbers are those of all machines. */
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#define CLOSE_RANGE_ON_EXEC 4
#define WAIT_BY_PIDFD ((idtype_t)3)

#define SIGNAL_LAST 64
#define SIGNAL_ACTION_LONGS 8 /* of the kernel's struct, or more */

/* /proc/PID/stat up to its 22nd field: 21 numbers of 20 digits, a name. */
#define STAT_SIZE 512
#define STAT_START_TIME 22

extern char **environ;

static enum vmc_status status_of(int number)
{
	switch (number) {
	case ENOENT:
	case ENOTDIR:
		return VMC_ERR_NOT_FOUND;
	case EACCES:
	case EPERM:
	case EROFS:
		return VMC_ERR_PERMISSION;
	default:
		return VMC_ERR_IO;
	}
}

/* see linux_process.h */
enum vmc_status vmc_linux_error(struct vmc_error *error, int number,
				const char *what, const char *path)
{
	char words[VMC_ERROR_TEXT_SIZE];
	struct vmc_text text;

	vmc_text_init(&text, words, sizeof(words));
	vmc_text_add(&text, what);
	vmc_text_add(&text, " ");
	vmc_text_add(&text, path);
	return vmc_error_set(error, status_of(number), words, strerror(number));
}

/*
 * Starting
 */

/*
 * The system call, not libc's: that keeps 32 and 33 to itself, and somebody
 * up the line may have had them ignored. All zero is the default action, on
 * every architecture.
 */
static void reset_signals(void)
{
	static const unsigned long action[SIGNAL_ACTION_LONGS];
	sigset_t none;
	int i;

	for (i = 1; i <= SIGNAL_LAST; i++) /* some refuse, as they should */
		syscall(SYS_rt_sigaction, i, action, NULL, _NSIG / 8);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int set_standard(const struct vmc_process_program *program)
{
	int null = open("/dev/null", O_RDONLY);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0)
		return -1;
	if (dup2(program->output, STDOUT_FILENO) < 0)
		return -1;
	return dup2(program->output, STDERR_FILENO);
}

static int keep_descriptors(const struct vmc_process_program *program)
{
	size_t i;

	/* What the host has opened carelessly; older kernels cannot. */
	syscall(SYS_close_range, 3u, ~0u, CLOSE_RANGE_ON_EXEC);
	for (i = 0; i < program->keep_len; i++)
		if (fcntl(program->keep[i], F_SETFD, 0) < 0)
			return -1;
	return 0;
}

static _Noreturn void run(const struct vmc_process_program *program, int report)
{
	int number;

	setsid();
	if (set_standard(program) >= 0 && keep_descriptors(program) == 0) {
		reset_signals();
		execve(program->path, (char *const *)program->argv, environ);
	}
	number = errno;
	if (write(report, &number, sizeof(number)) < 0)
		_exit(126);
	_exit(127);
}

/* In a function of its own: what the child does to its frame stays there. */
static pid_t vfork_and_run(const struct vmc_process_program *program,
			   int report)
{
	pid_t pid = vfork();

	if (pid == 0)
		run(program, report);
	return pid;
}

/* The same with all signals blocked: no handler of ours runs in the child,
 * on our memory. */
static pid_t spawn(const struct vmc_process_program *program, int report)
{
	sigset_t all, before;
	pid_t pid;
	int number;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = vfork_and_run(program, report);
	number = errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	errno = number;
	return pid;
}

/* 0 once the child has executed, else its errno. */
static int read_report(int pipe_end)
{
	int number = 0;
	ssize_t len;

	do {
		len = read(pipe_end, &number, sizeof(number));
	} while (len < 0 && errno == EINTR);
	return len == sizeof(number) ? number : 0;
}

static void reap_now(pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* Starts it and reads the report; 0 or errno. */
static int start(const struct vmc_process_program *program, pid_t *pid)
{
	int report[2];
	int number;

	if (pipe2(report, O_CLOEXEC) < 0)
		return errno;
	*pid = spawn(program, report[1]);
	number = *pid < 0 ? errno : 0;
	close(report[1]);
	if (number == 0) {
		number = read_report(report[0]);
		if (number)
			reap_now(*pid);
	}
	close(report[0]);
	return number;
}

static int takes_standard(const struct vmc_process_program *program)
{
	size_t i;

	for (i = 0; i < program->keep_len; i++)
		if (program->keep[i] <= STDERR_FILENO)
			return 1;
	return program->output <= STDERR_FILENO;
}

/* see linux_process.h */
enum vmc_status vmc_process_start(const struct vmc_process_program *program,
				  int64_t *pid, int *pidfd,
				  struct vmc_error *error)
{
	pid_t child = 0;
	int number;

	if (takes_standard(program))
		return vmc_error_set(error, VMC_ERR_STATE, program->path,
				     "needs our descriptors 0 to 2 to be open");
	number = start(program, &child);
	if (number)
		return vmc_linux_error(error, number, "cannot start",
				       program->path);
	if (vmc_process_open(child, pidfd) == VMC_OK) {
		*pid = child;
		return VMC_OK;
	}
	number = errno;
	kill(child, SIGKILL);
	reap_now(child);
	return vmc_linux_error(error, number, "no pidfd of", program->path);
}

/*
 * Afterwards
 */

/* see linux_process.h */
enum vmc_status vmc_process_open(int64_t pid, int *pidfd)
{
	long fd = syscall(SYS_pidfd_open, (pid_t)pid, 0);

	if (fd < 0)
		return errno == ESRCH || errno == EINVAL ? VMC_ERR_NOT_FOUND :
							   VMC_ERR_IO;
	*pidfd = (int)fd;
	return VMC_OK;
}

/* see linux_process.h */
int vmc_process_alive(int pidfd)
{
	struct pollfd ended = { .fd = pidfd, .events = POLLIN };

	return poll(&ended, 1, 0) <= 0;
}

/* see linux_process.h */
int vmc_process_ended(int pidfd, struct vmc_process_end *end)
{
	siginfo_t info;

	memset(end, 0, sizeof(*end));
	if (vmc_process_alive(pidfd))
		return 0;
	memset(&info, 0, sizeof(info));
	if (waitid(WAIT_BY_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG) < 0)
		return 1;
	end->known = info.si_pid != 0;
	end->signalled = end->known && info.si_code != CLD_EXITED;
	end->number = end->known ? info.si_status : 0;
	return 1;
}

/* see linux_process.h */
void vmc_process_signal(int pidfd, int signal)
{
	syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

/* see linux_process.h */
int vmc_process_reap(int64_t pid)
{
	return waitpid((pid_t)pid, NULL, WNOHANG) != 0;
}

static void put_stat_path(char out[32], int64_t pid)
{
	struct vmc_text text;

	vmc_text_init(&text, out, 32);
	vmc_text_add(&text, "/proc/");
	vmc_text_add_number(&text, (uint64_t)pid);
	vmc_text_add(&text, "/stat");
}

/* The program's name, in brackets, may hold anything: fields are counted
 * from the last bracket, which ends the second one. */
static uint64_t parse_start_time(const char *stat)
{
	const char *at = strrchr(stat, ')');
	uint64_t ticks = 0;
	int field;

	for (field = 2; at && field < STAT_START_TIME; field++) {
		at = strchr(at, ' ');
		at += at != NULL;
	}
	for (; at && *at >= '0' && *at <= '9'; at++)
		ticks = ticks * 10 + (uint64_t)(*at - '0');
	return ticks;
}

/* see vmcache_linux.h */
uint64_t vmc_linux_start_time(int64_t pid)
{
	char path[32], stat[STAT_SIZE];
	ssize_t len;
	int fd;

	if (pid <= 0)
		return 0;
	put_stat_path(path, pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	len = read(fd, stat, sizeof(stat) - 1);
	close(fd);
	if (len <= 0)
		return 0;
	stat[len] = '\0';
	return parse_start_time(stat);
}
