/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting programs, and how they end.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "linux_process.h"
#include "test.h"
#include "vmcache_linux.h"

#define LIMIT_MS 20000

static int pidfd;
static int64_t pid;
static struct vmc_error error;
static char said[4096];

/* Runs a shell's commands, with one descriptor to keep (-1: none). */
static enum vmc_status start_shell(const char *commands, int keep, int output)
{
	const char *const argv[] = { "sh", "-c", commands, NULL };
	const struct vmc_process_program program = {
		.path = "/bin/sh",
		.argv = argv,
		.keep = &keep,
		.keep_len = keep >= 0,
		.output = output,
	};

	vmc_error_reset(&error);
	return vmc_process_start(&program, &pid, &pidfd, &error);
}

static struct vmc_process_end wait_end(void)
{
	struct pollfd ended = { .fd = pidfd, .events = POLLIN };
	struct vmc_process_end end;

	CHECK_EQ_INT(poll(&ended, 1, LIMIT_MS), 1);
	CHECK(!vmc_process_alive(pidfd));
	CHECK(vmc_process_ended(pidfd, &end));
	return end;
}

/* Runs the commands to their end; what they say is in `said`. */
static struct vmc_process_end run(const char *commands, int keep)
{
	struct vmc_process_end end;
	size_t len = 0;
	ssize_t got;
	int fds[2];

	CHECK_EQ_INT(pipe2(fds, O_CLOEXEC), 0);
	CHECK_EQ_INT(start_shell(commands, keep, fds[1]), VMC_OK);
	close(fds[1]);
	while ((got = read(fds[0], said + len, sizeof(said) - 1 - len)) > 0)
		len += (size_t)got;
	said[len] = '\0';
	close(fds[0]);
	end = wait_end();
	close(pidfd);
	return end;
}

TEST(a_program_says_how_it_ended)
{
	struct vmc_process_end end = run("echo out; echo err >&2; exit 7", -1);

	CHECK_EQ_STR(said, "out\nerr\n");
	CHECK(end.known && !end.signalled);
	CHECK_EQ_INT(end.number, 7);
	CHECK_EQ_INT(waitpid((pid_t)pid, NULL, WNOHANG), -1); /* reaped */
	end = run("kill -TERM $$", -1);
	CHECK(end.known && end.signalled);
	CHECK_EQ_INT(end.number, SIGTERM);
}

TEST(an_end_is_known_once_and_seen_for_ever)
{
	struct vmc_process_end end;
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	CHECK_EQ_INT(start_shell("exit 3", -1, null), VMC_OK);
	close(null);
	end = wait_end();
	CHECK(end.known);
	CHECK(vmc_process_ended(pidfd, &end));
	CHECK(!end.known);
	close(pidfd);
}

TEST(it_lives_in_a_session_of_its_own_with_nothing_to_read)
{
	struct vmc_process_end end =
		run("read line && exit 9; set -- $(cat /proc/$$/stat);"
		    " [ $6 = $$ ] && echo session",
		    -1);

	CHECK_EQ_INT(end.number, 0);
	CHECK_EQ_STR(said, "session\n");
}

TEST(only_what_is_kept_stays_open)
{
	char commands[128];
	int kept = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int careless = open("/dev/null", O_RDONLY);

	CHECK(kept > 2 && careless > 2);
	snprintf(commands, sizeof(commands),
		 "[ -e /proc/$$/fd/%d ] && echo kept;"
		 " [ -e /proc/$$/fd/%d ] && echo careless",
		 kept, careless);
	run(commands, kept);
	CHECK_EQ_STR(said, "kept\n");
	CHECK(fcntl(kept, F_GETFD) & FD_CLOEXEC); /* for us, still */
	close(kept);
	close(careless);
}

TEST(no_signal_is_blocked_or_ignored)
{
	sigset_t set, before;

	SKIP_EMULATED("qemu-user keeps signals of its own ignored");
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGUSR2, SIG_IGN);
	/* not of the shell: that blocks signals itself while it forks */
	run("exec grep -E '^Sig(Blk|Ign):' /proc/self/status", -1);
	signal(SIGUSR2, SIG_DFL);
	sigprocmask(SIG_UNBLOCK, &set, &before);
	CHECK(sigismember(&before, SIGUSR1) == 1); /* ours is as it was */
	CHECK_EQ_STR(said, "SigBlk:\t0000000000000000\n"
			   "SigIgn:\t0000000000000000\n");
}

static void check_cannot(const char *path, enum vmc_status status,
			 const char *words)
{
	const char *const argv[] = { path, NULL };
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	const struct vmc_process_program program = { .path = path,
						     .argv = argv,
						     .output = null };

	vmc_error_reset(&error);
	CHECK_EQ_INT(vmc_process_start(&program, &pid, &pidfd, &error), status);
	close(null);
	CHECK_EQ_STR(error.text, words);
	CHECK_EQ_INT(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
}

TEST(what_cannot_be_executed_says_why)
{
	check_cannot("/nonexistent", VMC_ERR_NOT_FOUND,
		     "cannot start /nonexistent: No such file or directory");
	check_cannot("/etc/passwd", VMC_ERR_PERMISSION,
		     "cannot start /etc/passwd: Permission denied");
	check_cannot("/etc", VMC_ERR_PERMISSION,
		     "cannot start /etc: Permission denied");
}

TEST(our_standard_descriptors_are_not_given_away)
{
	CHECK_EQ_INT(start_shell("exit 0", 1, 2), VMC_ERR_STATE);
}

TEST(a_process_of_others_is_opened_and_signalled)
{
	struct vmc_process_end end;
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int other;

	CHECK_EQ_INT(start_shell("exec sleep 1000", -1, null), VMC_OK);
	close(null);
	CHECK_EQ_INT(vmc_process_open(pid, &other), VMC_OK);
	CHECK(vmc_process_alive(other));
	CHECK(!vmc_process_ended(other, &end));
	CHECK(!vmc_process_reap(pid));
	vmc_process_signal(other, SIGKILL);
	end = wait_end();
	CHECK(end.signalled);
	CHECK(vmc_process_ended(other, &end));
	CHECK(vmc_process_reap(pid)); /* nothing to reap is fine */
	close(other);
	close(pidfd);
	CHECK_EQ_INT(vmc_process_open(pid, &other), VMC_ERR_NOT_FOUND);
	CHECK_EQ_INT(vmc_process_open(-1, &other), VMC_ERR_NOT_FOUND);
}

TEST(start_times_tell_processes_apart)
{
	uint64_t ours = vmc_linux_start_time(getpid());

	CHECK(ours > 0);
	CHECK_EQ_INT(vmc_linux_start_time(getpid()), ours);
	CHECK(vmc_linux_start_time(1) <= ours);
	CHECK_EQ_INT(vmc_linux_start_time(0), 0);
	CHECK_EQ_INT(vmc_linux_start_time(-1), 0);
	CHECK_EQ_INT(vmc_linux_start_time(4194305), 0);
}

TESTS(RUN(a_program_says_how_it_ended) RUN(
	an_end_is_known_once_and_seen_for_ever)
	      RUN(it_lives_in_a_session_of_its_own_with_nothing_to_read) RUN(
		      only_what_is_kept_stays_open)
		      RUN(no_signal_is_blocked_or_ignored) RUN(
			      what_cannot_be_executed_says_why)
			      RUN(our_standard_descriptors_are_not_given_away) RUN(
				      a_process_of_others_is_opened_and_signalled)
				      RUN(start_times_tell_processes_apart))
