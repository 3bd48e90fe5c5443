/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes without containers: how they are started, what they find, how
 * they end, and how long they are remembered.
 */
#include "guest_world.h"

#include "linux_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

static int has_children(void)
{
	return waitpid(-1, NULL, WNOHANG) >= 0;
}

/* 1 if the agent knows no such process. */
static int is_unknown(const char *id)
{
	int32_t status;

	return RUN_CALL(agent.ops->wait_process(&agent, view(""), view(id),
						&status, &task, now())) ==
	       VMC_ERR_NOT_FOUND;
}

/*
 * Starting
 */

TEST(a_command_runs_and_says_how_it_ended)
{
	begin();
	CHECK_EQ_INT(run_shell("a", "echo out; echo err >&2; exit 7"), 7);
	CHECK_EQ_STR(said, "out\n");
	CHECK_EQ_STR(complained, "err\n");
	CHECK_EQ_INT(start_shell("a", "echo $$"), VMC_OK);
	CHECK(guest.process[0].pid > 0);
	CHECK_EQ_INT(finish("a"), 0);
	CHECK_EQ_INT(run_shell("a", "kill -TERM $$"), 128 + SIGTERM);
	CHECK_EQ_INT(run_shell("a", "kill -KILL $$"), 128 + SIGKILL);
	CHECK_EQ_INT(run_shell("a", "exit 255"), 255);
	CHECK(!has_children());
	end();
}

TEST(a_hundred_commands_in_a_row_leave_nothing)
{
	int before = open("/dev/null", O_RDONLY | O_CLOEXEC), after, i;

	begin();
	for (i = 0; i < 100; i++)
		CHECK_EQ_INT(run_shell("again", "exit 3"), 3);
	after = open("/dev/null", O_RDONLY | O_CLOEXEC);
	/* the kernel's log, which the first exec opens */
	CHECK(after <= before + 2);
	close(before);
	close(after);
	CHECK(!has_children());
	end();
}

static void check_cannot(const char *program, enum vmc_status status,
			 const char *words)
{
	struct command command = shell("x", "");

	command.args[0] = view(program);
	command.exec.args_len = 1;
	CHECK_EQ_INT(start(&command), status);
	CHECK_EQ_STR(error.text, words);
	CHECK(is_unknown("x"));
	CHECK(!has_children());
}

static void make_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CHECK(fd >= 0);
	CHECK_EQ_INT(write(fd, text, strlen(text)), strlen(text));
	CHECK_EQ_INT(fchmod(fd, mode), 0);
	close(fd);
}

TEST(what_cannot_be_executed_says_why_at_once)
{
	static char directory[] = "/tmp/guest.XXXXXX";
	char path[64], words[128];

	begin();
	CHECK(mkdtemp(directory));
	check_cannot("/nonexistent/program", VMC_ERR_NOT_FOUND,
		     "no such program: /nonexistent/program");
	check_cannot("no-such-program", VMC_ERR_NOT_FOUND,
		     "no such program: no-such-program");
	check_cannot("", VMC_ERR_NOT_FOUND, "no such program: ");
	check_cannot("/etc/passwd", VMC_ERR_PERMISSION,
		     "cannot execute: /etc/passwd: Permission denied");
	check_cannot("/etc", VMC_ERR_PERMISSION,
		     "cannot execute: /etc: Permission denied");
	snprintf(path, sizeof(path), "%s/script", directory);
	make_file(path, "#!/nonexistent/shell\n", 0700);
	snprintf(words, sizeof(words),
		 "the interpreter of a program is missing: %s", path);
	check_cannot(path, VMC_ERR_NOT_FOUND, words);
	make_file(path, "no program at all\n", 0700);
	CHECK_EQ_INT(vmc_guest_stopping(&guest), 0);
	snprintf(words, sizeof(words), "cannot execute: %s: Exec format error",
		 path);
	check_cannot(path, VMC_ERR_PERMISSION, words);
	unlink(path);
	rmdir(directory);
	end();
}

TEST(a_name_is_looked_up_in_its_own_path)
{
	static char directory[] = "/tmp/guest.XXXXXX";
	char path[64], variable[64];
	struct command command = shell("p", "");

	begin();
	CHECK(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/only-here", directory);
	make_file(path, "#!/bin/sh\necho found\n", 0755);
	command.args[0] = view("only-here");
	command.exec.args_len = 1;
	CHECK_EQ_INT(start(&command), VMC_ERR_NOT_FOUND);
	snprintf(variable, sizeof(variable), "PATH=/nonexistent::%s:/bin",
		 directory);
	add_variable(&command, variable);
	CHECK_EQ_INT(start(&command), VMC_OK);
	CHECK_EQ_INT(finish("p"), 0);
	CHECK_EQ_STR(said, "found\n");
	/* not executable, and nowhere else */
	CHECK_EQ_INT(chmod(path, 0644), 0);
	CHECK_EQ_INT(start(&command), VMC_ERR_PERMISSION);
	unlink(path);
	rmdir(directory);
	end();
}

/*
 * What it finds
 */

TEST(it_finds_the_environment_that_it_was_given)
{
	struct command command = shell("e", "echo $A $HOME $PATH; [ $# = 2 ] "
					    "&& echo \"$1|$2\"");

	begin();
	add_variable(&command, "A=some thing");
	add_variable(&command, "HOME=/elsewhere");
	add_argument(&command, "zero");
	add_argument(&command, "a b");
	add_argument(&command, "");
	CHECK_EQ_INT(start(&command), VMC_OK);
	CHECK_EQ_INT(finish("e"), 0);
	CHECK_EQ_STR(said, "some thing /elsewhere /usr/local/sbin:/usr/local/"
			   "bin:/usr/sbin:/usr/bin:/sbin:/bin\na b|\n");
	command.args[0] = view("env"); /* nothing of ours */
	command.exec.args_len = 1;
	command.exec.env_len = 0;
	CHECK_EQ_INT(start(&command), VMC_OK);
	CHECK_EQ_INT(finish("e"), 0);
	CHECK_EQ_STR(said, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:"
			   "/usr/bin:/sbin:/bin\nHOME=/\n");
	end();
}

TEST(it_begins_where_it_was_told)
{
	struct command command = shell("d", "pwd");

	begin();
	CHECK_EQ_INT(start(&command), VMC_OK);
	CHECK_EQ_INT(finish("d"), 0);
	CHECK_EQ_STR(said, "/\n");
	command.exec.cwd = view("/tmp");
	CHECK_EQ_INT(start(&command), VMC_OK);
	CHECK_EQ_INT(finish("d"), 0);
	CHECK_EQ_STR(said, "/tmp\n");
	command.exec.cwd = view("/nonexistent");
	CHECK_EQ_INT(start(&command), VMC_ERR_NOT_FOUND);
	CHECK_EQ_STR(error.text, "working directory /nonexistent: No such "
				 "file or directory");
	end();
}

TEST(it_is_the_user_that_it_was_told)
{
	struct command command = shell("u", "id -u; id -g; id -G");

	begin();
	if (geteuid() != 0)
		SKIP("needs root");
	command.exec.uid = 1234;
	command.exec.gid = 5678;
	CHECK_EQ_INT(start(&command), VMC_OK);
	CHECK_EQ_INT(finish("u"), 0);
	CHECK_EQ_STR(said, "1234\n5678\n5678\n");
	command.exec.uid = command.exec.gid = 0;
	command.exec.string_user.uid = view("42");
	command.exec.string_user.gid = view("43");
	CHECK_EQ_INT(start(&command), VMC_OK);
	CHECK_EQ_INT(finish("u"), 0);
	CHECK_EQ_STR(said, "42\n43\n43\n");
	end();
}

TEST(users_are_numbers)
{
	struct command command = shell("u", "true");
	struct vmc_view groups[1] = { view("5") };

	begin();
	command.exec.string_user.uid = view("root");
	CHECK_EQ_INT(start(&command), VMC_ERR_UNSUPPORTED);
	CHECK_EQ_STR(error.text, "string_user.uid: root: is no number");
	command.exec.string_user.uid = view("99999999999999999999");
	CHECK_EQ_INT(start(&command), VMC_ERR_ARGUMENT);
	command.exec.string_user.uid = view("4294967295");
	CHECK_EQ_INT(start(&command), VMC_ERR_ARGUMENT);
	command.exec.string_user.uid = view("");
	command.exec.string_user.additional_gids = groups;
	command.exec.string_user.additional_gids_len = 1;
	CHECK_EQ_INT(start(&command), VMC_ERR_UNSUPPORTED);
	end();
}

TEST(privileges_stay_dropped_if_it_is_told)
{
	struct command command =
		shell("n", "grep NoNewPrivs /proc/self/status");

	begin();
	CHECK_EQ_INT(start(&command), VMC_OK);
	CHECK_EQ_INT(finish("n"), 0);
	CHECK_EQ_STR(said, "NoNewPrivs:\t0\n");
	command.exec.no_new_privileges = 1;
	CHECK_EQ_INT(start(&command), VMC_OK);
	CHECK_EQ_INT(finish("n"), 0);
	CHECK_EQ_STR(said, "NoNewPrivs:\t1\n");
	CHECK_EQ_INT(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0); /* not us */
	end();
}

TEST(nothing_of_ours_leaks_into_it)
{
	sigset_t set;
	int careless = open("/dev/null", O_RDONLY);

	SKIP_EMULATED("qemu-user keeps signals of its own ignored");
	begin();
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	CHECK_EQ_INT(run_shell("l", "exec grep -E '^Sig(Blk|Ign):' "
				    "/proc/self/status"),
		     0);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	CHECK_EQ_STR(said, "SigBlk:\t0000000000000000\n"
			   "SigIgn:\t0000000000000000\n");
	/* 0, 1, 2, and the one of ls */
	CHECK_EQ_INT(run_shell("l", "exec ls /proc/self/fd | wc -l"), 0);
	CHECK_EQ_INT(atoi(said), 4);
	close(careless);
	end();
}

/*
 * Signals
 */

TEST(it_is_the_first_of_a_session_and_signals_find_it)
{
	begin();
	CHECK_EQ_INT(run_shell("s", "set -- $(cat /proc/$$/stat); [ $5 = $$ ] "
				    "&& [ $6 = $$ ] && echo session"),
		     0);
	CHECK_EQ_STR(said, "session\n");
	CHECK_EQ_INT(start_shell("s", "trap 'exit 5' USR1; echo; while :; do "
				      "read x; done"),
		     VMC_OK);
	CHECK_EQ_INT(read_stream(agent.ops->read_process_stdout, "s", said, 1),
		     1); /* the trap is set */
	CHECK_EQ_INT(send_signal("s", 0), VMC_OK);
	CHECK_EQ_INT(send_signal("s", SIGUSR1), VMC_OK);
	CHECK_EQ_INT(finish("s"), 5);
	end();
}

TEST(a_signal_to_all_reaches_what_they_have_started)
{
	begin();
	CHECK_EQ_INT(start_shell("a", "cat /dev/zero >/dev/null & wait"),
		     VMC_OK);
	CHECK_EQ_INT(start_shell("b", "read x"), VMC_OK);
	CHECK_EQ_INT(send_signal("", SIGKILL), VMC_OK);
	CHECK_EQ_INT(finish("a"), 128 + SIGKILL); /* at once: nobody is left */
	CHECK_EQ_INT(finish("b"), 128 + SIGKILL);
	end();
}

TEST(signals_are_checked)
{
	begin();
	CHECK_EQ_INT(send_signal("nobody", SIGTERM), VMC_ERR_NOT_FOUND);
	CHECK_EQ_STR(error.text, "no such process: nobody");
	CHECK_EQ_INT(start_shell("a", "exit 1"), VMC_OK);
	CHECK_EQ_INT(send_signal("a", 65), VMC_ERR_ARGUMENT);
	CHECK_EQ_STR(error.text, "no such signal: 65");
	CHECK_EQ_INT(wait_status("a"), 1);
	/* ended, and remembered until its streams were read */
	CHECK_EQ_INT(send_signal("a", SIGTERM), VMC_OK);
	end();
}

/*
 * How long it is remembered
 */

TEST(a_process_is_forgotten_when_all_of_it_is_known)
{
	begin();
	CHECK_EQ_INT(start_shell("a", "echo x"), VMC_OK);
	CHECK_EQ_INT(wait_status("a"), 0);
	CHECK_EQ_INT(wait_status("a"), 0);
	CHECK_EQ_INT(read_stream(agent.ops->read_process_stderr, "a", said, 9),
		     0);
	CHECK(!is_unknown("a")); /* its output is still there */
	CHECK_EQ_INT(read_stream(agent.ops->read_process_stdout, "a", said, 9),
		     2);
	CHECK(is_unknown("a"));
	end();
}

TEST(any_number_waits_for_one)
{
	struct vmc_task first = VMC_TASK_INIT, second = VMC_TASK_INIT,
			third = VMC_TASK_INIT;
	int32_t status = -1;

	begin();
	CHECK_EQ_INT(start_shell("a", "read x; exit 4"), VMC_OK);
#define WAIT(task)                                                             \
	agent.ops->wait_process(&agent, view(""), view("a"), &status, task,    \
				now())
	CHECK_EQ_INT(WAIT(&first), VMC_AGAIN);
	CHECK_EQ_INT(WAIT(&second), VMC_AGAIN);
	CHECK_EQ_INT(WAIT(&third), VMC_AGAIN);
	CHECK_EQ_INT(first.wait_len, 1);
	vmc_task_cancel(&third);
	CHECK_EQ_INT(close_stdin("a"), VMC_OK);
	wait_for(&first);
	CHECK_EQ_INT(WAIT(&first), VMC_OK);
	CHECK_EQ_INT(status, 4);
	read_stream(agent.ops->read_process_stdout, "a", said, 9);
	read_stream(agent.ops->read_process_stderr, "a", said, 9);
	status = -1; /* nobody forgets it while somebody waits */
	CHECK_EQ_INT(WAIT(&second), VMC_OK);
	CHECK_EQ_INT(status, 4);
	CHECK(is_unknown("a"));
#undef WAIT
	end();
}

TEST(a_deadline_ends_a_wait_and_not_the_process)
{
	struct vmc_task task = VMC_TASK_INIT;
	int32_t status;

	begin();
	CHECK_EQ_INT(start_shell("a", "read x"), VMC_OK);
	task.deadline_ms = 1000;
	CHECK_EQ_INT(agent.ops->wait_process(&agent, view(""), view("a"),
					     &status, &task, 999),
		     VMC_AGAIN);
	CHECK_EQ_INT(task.until_ms, 1000);
	CHECK_EQ_INT(agent.ops->wait_process(&agent, view(""), view("a"),
					     &status, &task, 1000),
		     VMC_ERR_TIMEOUT);
	CHECK_EQ_INT(close_stdin("a"), VMC_OK);
	CHECK_EQ_INT(finish("a"), 1);
	end();
}

TEST(an_id_is_one_process_s)
{
	struct command command = shell("a", "read x");
	char id[VMC_AGENT_ID_SIZE + 1];

	begin();
	CHECK_EQ_INT(start(&command), VMC_OK);
	CHECK_EQ_INT(start(&command), VMC_ERR_IN_USE);
	CHECK_EQ_STR(error.text, "exec_id: a: is another process's");
	command.exec.exec_id = view("");
	CHECK_EQ_INT(start(&command), VMC_ERR_ARGUMENT);
	CHECK_EQ_STR(error.text, "exec_id is empty");
	memset(id, 'x', sizeof(id));
	command.exec.exec_id.ptr = (uint8_t *)id;
	command.exec.exec_id.ptr_len = VMC_AGENT_ID_SIZE;
	CHECK_EQ_INT(start(&command), VMC_ERR_TOO_BIG);
	command.exec.exec_id.ptr_len = VMC_AGENT_ID_SIZE - 1;
	CHECK_EQ_INT(start(&command), VMC_OK);
	end();
}

TEST(what_makes_no_sense_is_refused)
{
	struct command command = shell("a", "true");
	struct vmc_view nul = { (const uint8_t *)"a\0b", 3 };

	begin();
	command.exec.args_len = 0;
	CHECK_EQ_INT(start(&command), VMC_ERR_ARGUMENT);
	CHECK_EQ_STR(error.text, "args: no program is named");
	command.exec.args_len = 3;
	command.args[1] = nul;
	CHECK_EQ_INT(start(&command), VMC_ERR_ARGUMENT);
	CHECK_EQ_STR(error.text, "args: a?b: has a NUL in it");
	command = shell("a", "true");
	command.exec.exec_id = nul;
	CHECK_EQ_INT(start(&command), VMC_ERR_ARGUMENT);
	command = shell("a", "true");
	command.exec.ports.stdout_port = 5;
	CHECK_EQ_INT(start(&command), VMC_ERR_UNSUPPORTED);
	end();
}

TEST(arguments_have_room_and_a_limit)
{
	static char large[VMC_GUEST_EXEC_SIZE];
	struct command command = shell("a", "echo ${#1}");

	begin();
	memset(large, 'x', sizeof(large) - 1);
	add_argument(&command, "zero");
	add_argument(&command, large);
	CHECK_EQ_INT(start(&command), VMC_ERR_TOO_BIG);
	large[60000] = '\0';
	command.args[4] = view(large);
	CHECK_EQ_INT(start(&command), VMC_OK);
	CHECK_EQ_INT(finish("a"), 0);
	CHECK_EQ_STR(said, "60000\n");
	end();
}

static void start_many(int count, const char *commands)
{
	char id[16];
	int i;

	for (i = 0; i < count; i++) {
		snprintf(id, sizeof(id), "m%d", i);
		CHECK_EQ_INT(start_shell(id, commands), VMC_OK);
	}
}

TEST(the_table_has_an_end)
{
	begin();
	start_many(VMC_GUEST_PROCESS_MAX, "read x");
	CHECK_EQ_INT(start_shell("more", "true"), VMC_ERR_FULL);
	CHECK_EQ_STR(error.text, "processes running, all of: 16");
	CHECK_EQ_INT(close_stdin("m3"), VMC_OK);
	CHECK_EQ_INT(finish("m3"), 1);
	CHECK_EQ_INT(start_shell("more", "true"), VMC_OK);
	end();
	CHECK(!has_children());
}

TEST(the_first_that_ended_gives_its_place)
{
	begin();
	start_many(VMC_GUEST_PROCESS_MAX, "read x");
	CHECK_EQ_INT(close_stdin("m7"), VMC_OK);
	CHECK_EQ_INT(wait_status("m7"), 1);
	CHECK_EQ_INT(close_stdin("m2"), VMC_OK);
	CHECK_EQ_INT(wait_status("m2"), 1);
	CHECK_EQ_INT(start_shell("more", "true"), VMC_OK);
	CHECK(is_unknown("m7"));
	CHECK_EQ_INT(wait_status("m2"), 1);
	end();
}

TEST(the_host_reaps_what_was_left_to_it)
{
	struct pollfd ended = { .events = POLLIN };
	pid_t orphan;

	SKIP_EMULATED("qemu-user has no PR_SET_CHILD_SUBREAPER");
	begin();
	CHECK_EQ_INT(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	/* a child of the shell outlives it, and is ours */
	CHECK_EQ_INT(run_shell("o", "cat /dev/zero >/dev/null 2>&1 & echo $!"),
		     0);
	orphan = atoi(said);
	CHECK_EQ_INT(vmc_process_open(orphan, &ended.fd), VMC_OK);
	CHECK_EQ_INT(kill(orphan, SIGKILL), 0);
	CHECK_EQ_INT(start_shell("p", "exit 9"), VMC_OK);
	CHECK_EQ_INT(poll(&ended, 1, LIMIT_MS), 1);
	CHECK_EQ_INT(kill(orphan, 0), 0); /* nobody has waited for it */
	vmc_guest_reap(&guest);
	CHECK_EQ_INT(kill(orphan, 0), -1);
	close(ended.fd);
	CHECK_EQ_INT(finish("p"), 9); /* whoever has reaped it */
	prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
	end();
}

TEST(the_end_of_a_guest_is_that_of_its_processes)
{
	begin();
	start_many(3, "trap '' TERM HUP INT; while :; do read x; done");
	end();
	CHECK(!has_children());
	CHECK_EQ_INT(guest.kmsg, -1);
}

TESTS(RUN(a_command_runs_and_says_how_it_ended) RUN(a_hundred_commands_in_a_row_leave_nothing) RUN(
	what_cannot_be_executed_says_why_at_once) RUN(a_name_is_looked_up_in_its_own_path)
	      RUN(it_finds_the_environment_that_it_was_given) RUN(
		      it_begins_where_it_was_told) RUN(it_is_the_user_that_it_was_told)
		      RUN(users_are_numbers) RUN(privileges_stay_dropped_if_it_is_told) RUN(
			      nothing_of_ours_leaks_into_it) RUN(it_is_the_first_of_a_session_and_signals_find_it)
			      RUN(a_signal_to_all_reaches_what_they_have_started) RUN(
				      signals_are_checked) RUN(a_process_is_forgotten_when_all_of_it_is_known)
				      RUN(any_number_waits_for_one) RUN(
					      a_deadline_ends_a_wait_and_not_the_process)
					      RUN(an_id_is_one_process_s) RUN(
						      what_makes_no_sense_is_refused)
						      RUN(arguments_have_room_and_a_limit) RUN(
							      the_table_has_an_end)
							      RUN(the_first_that_ended_gives_its_place)
								      RUN(the_host_reaps_what_was_left_to_it)
									      RUN(the_end_of_a_guest_is_that_of_its_processes))
