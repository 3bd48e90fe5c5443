/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process's streams: every byte arrives, nobody is held up, and each
 * stream has an end.
 */
#include "guest_world.h"

#include <poll.h>
#include <sys/wait.h>

#define MIB (1024 * 1024)

static uint8_t bytes[10 * MIB], back[10 * MIB + 1];

/* Bytes of all values, without a period that a pipe's size divides. */
static void fill(uint8_t *out, size_t len)
{
	uint32_t state = 12345;
	size_t i;

	for (i = 0; i < len; i++) {
		state = state * 1664525 + 1013904223;
		out[i] = (uint8_t)(state >> 24);
	}
}

/* Writes all of it, in pieces of 30 000 bytes. */
static void feed(const char *id, const uint8_t *data, size_t len)
{
	size_t at = 0, piece, written;

	while (at < len) {
		piece = len - at < 30000 ? len - at : 30000;
		CHECK_EQ_INT(write_stdin(id, data + at, piece, &written),
			     VMC_OK);
		CHECK(written > 0 && written <= piece);
		at += written;
	}
}

/*
 * Input
 */

TEST(a_mebibyte_of_input_arrives)
{
	char sum[64];
	FILE *tool;

	begin();
	fill(bytes, MIB);
	CHECK_EQ_INT(start_shell("in", "cksum"), VMC_OK);
	feed("in", bytes, MIB);
	CHECK_EQ_INT(close_stdin("in"), VMC_OK);
	CHECK_EQ_INT(finish("in"), 0);
	tool = popen("cksum >/tmp/guest-sum.$PPID", "w");
	CHECK_EQ_INT(fwrite(bytes, 1, MIB, tool), MIB);
	CHECK_EQ_INT(pclose(tool), 0);
	snprintf(sum, sizeof(sum), "/tmp/guest-sum.%d", (int)getpid());
	tool = fopen(sum, "r");
	CHECK(tool && fgets((char *)back, 64, tool));
	fclose(tool);
	unlink(sum);
	CHECK_EQ_STR(said, (char *)back);
	end();
}

TEST(what_goes_in_comes_out)
{
	struct vmc_task task = VMC_TASK_INIT;
	struct vmc_buffer data = { back, sizeof(back), 0 };
	struct vmc_view rest = { bytes, MIB };
	size_t got = 0, written;
	enum vmc_status status;

	begin();
	fill(bytes, MIB);
	CHECK_EQ_INT(start_shell("cat", "cat"), VMC_OK);
	while (got < MIB) {
		if (rest.ptr_len > 0 &&
		    agent.ops->write_process_stdin(&agent, view(""),
						   view("cat"), rest, &written,
						   &task, now()) == VMC_OK) {
			rest.ptr += written;
			rest.ptr_len -= written;
		}
		vmc_task_cancel(&task);
		if (rest.ptr_len == 0)
			CHECK_EQ_INT(close_stdin("cat"), VMC_OK);
		data.ptr = back + got;
		data.ptr_cap = sizeof(back) - got;
		status = agent.ops->read_process_stdout(
			&agent, view(""), view("cat"), &data, &task, now());
		if (status == VMC_OK)
			got += data.ptr_len;
		else
			CHECK_EQ_INT(status, VMC_AGAIN);
		vmc_task_cancel(&task);
	}
	CHECK_EQ_MEM(bytes, back, MIB);
	CHECK_EQ_INT(finish("cat"), 0);
	end();
}

TEST(who_does_not_read_holds_up_one_call_only)
{
	struct vmc_task task = VMC_TASK_INIT;
	struct vmc_view data = { bytes, MIB };
	size_t written, all = 0;
	enum vmc_status status;

	begin();
	CHECK_EQ_INT(start_shell("deaf", "read x; exit 3"), VMC_OK);
	CHECK_EQ_INT(write_stdin("deaf", "", 0, &written), VMC_OK);
	CHECK_EQ_INT(written, 0);
	memset(bytes, 'x', MIB); /* no line end: it reads on and on … */
	CHECK_EQ_INT(send_signal("deaf", SIGSTOP), VMC_OK); /* … or not */
	while ((status = agent.ops->write_process_stdin(
			&agent, view(""), view("deaf"), data, &written, &task,
			now())) == VMC_OK)
		all += written;
	CHECK_EQ_INT(status, VMC_AGAIN);
	CHECK(all > 0 && all <= MIB);
	CHECK_EQ_INT(task.wait_len, 2); /* for room, or its end */
	CHECK_EQ_INT(run_shell("other", "echo not held up"), 0);
	CHECK_EQ_STR(said, "not held up\n");
	CHECK_EQ_INT(send_signal("deaf", SIGKILL), VMC_OK);
	while ((status = agent.ops->write_process_stdin(
			&agent, view(""), view("deaf"), data, &written, &task,
			now())) == VMC_AGAIN)
		wait_for(&task);
	CHECK_EQ_INT(status, VMC_ERR_STATE);
	CHECK_EQ_STR(error.text, "process has closed its standard input: deaf");
	CHECK_EQ_INT(finish("deaf"), 128 + SIGKILL);
	end();
}

TEST(input_that_nobody_takes_is_said_to_be_closed)
{
	size_t written;

	begin();
	CHECK_EQ_INT(start_shell("c", "exec <&-; echo; exec tail -f /dev/null"),
		     VMC_OK);
	CHECK_EQ_INT(read_stream(agent.ops->read_process_stdout, "c", said, 1),
		     1);
	CHECK_EQ_INT(write_stdin("c", "x", 1, &written), VMC_ERR_STATE);
	CHECK_EQ_STR(error.text, "process has closed its standard input: c");
	CHECK_EQ_INT(send_signal("c", SIGKILL), VMC_OK);
	CHECK_EQ_INT(finish("c"), 128 + SIGKILL);
	CHECK_EQ_INT(start_shell("d", "read x; read x"), VMC_OK);
	CHECK_EQ_INT(close_stdin("d"), VMC_OK);
	CHECK_EQ_INT(close_stdin("d"), VMC_OK);
	CHECK_EQ_INT(write_stdin("d", "x", 1, &written), VMC_ERR_STATE);
	CHECK_EQ_STR(error.text, "standard input was closed: d");
	CHECK_EQ_INT(finish("d"), 1);
	CHECK_EQ_INT(close_stdin("d"), VMC_ERR_NOT_FOUND);
	end();
}

/*
 * Output
 */

TEST(ten_mebibytes_of_output_arrive)
{
	static const char name[] = "/tmp/guest-bytes.XXXXXX";
	char path[sizeof(name)], commands[64];
	size_t len;
	int fd;

	begin();
	memcpy(path, name, sizeof(name));
	fd = mkstemp(path);
	fill(bytes, sizeof(bytes));
	CHECK_EQ_INT(write(fd, bytes, sizeof(bytes)), sizeof(bytes));
	close(fd);
	snprintf(commands, sizeof(commands), "cat %s; exit 6", path);
	CHECK_EQ_INT(start_shell("out", commands), VMC_OK);
	len = read_stream(agent.ops->read_process_stdout, "out", (char *)back,
			  sizeof(back));
	unlink(path);
	CHECK_EQ_INT(len, sizeof(bytes));
	CHECK_EQ_MEM(bytes, back, sizeof(bytes));
	CHECK_EQ_INT(finish("out"), 6);
	end();
}

TEST(a_flood_waits_in_its_pipe)
{
	struct vmc_buffer data = { back, 65536, 0 };

	begin();
	CHECK_EQ_INT(start_shell("f", "while :; do echo flood; echo flood >&2; "
				      "done"),
		     VMC_OK);
	CHECK_EQ_INT(RUN_CALL(agent.ops->read_process_stdout(
			     &agent, view(""), view("f"), &data, &task, now())),
		     VMC_OK);
	CHECK(data.ptr_len > 0);
	CHECK_EQ_MEM(back, "flood\n", 6);
	CHECK_EQ_INT(run_shell("g", "exit 2"), 2); /* others are served */
	CHECK_EQ_INT(send_signal("f", SIGKILL), VMC_OK);
	CHECK_EQ_INT(wait_status("f"), 128 + SIGKILL);
	/* what was in the pipes can be read yet, to its end */
	CHECK(read_stream(agent.ops->read_process_stderr, "f", (char *)back,
			  sizeof(back)) > 0);
	end();
}

TEST(a_read_waits_for_bytes_and_ends_with_the_process)
{
	struct vmc_task task = VMC_TASK_INIT;
	struct vmc_buffer data = { back, 100, 77 };
	size_t written;

	begin();
	CHECK_EQ_INT(start_shell("r", "read x; echo $x; read x"), VMC_OK);
#define READ                                                                   \
	agent.ops->read_process_stdout(&agent, view(""), view("r"), &data,     \
				       &task, now())
	CHECK_EQ_INT(READ, VMC_AGAIN);
	CHECK_EQ_INT(data.ptr_len, 77); /* not its own before it ends */
	CHECK_EQ_INT(write_stdin("r", "hello\n", 6, &written), VMC_OK);
	wait_for(&task);
	CHECK_EQ_INT(READ, VMC_OK);
	CHECK_EQ_INT(data.ptr_len, 6);
	CHECK_EQ_MEM(back, "hello\n", 6);
	CHECK_EQ_INT(READ, VMC_AGAIN);
	CHECK_EQ_INT(close_stdin("r"), VMC_OK);
	while (READ == VMC_AGAIN)
		wait_for(&task);
	CHECK_EQ_INT(data.ptr_len, 0);
	CHECK_EQ_INT(READ, VMC_OK); /* and again */
	CHECK_EQ_INT(data.ptr_len, 0);
	data.ptr_cap = 0;
	CHECK_EQ_INT(READ, VMC_ERR_ARGUMENT);
#undef READ
	CHECK_EQ_INT(finish("r"), 1);
	end();
}

/* What runs on in the background has the pipe open: the stream ends all the
 * same, soon after the process, and nothing of the process is lost. */
TEST(the_background_does_not_keep_a_stream_open)
{
	uint64_t begun;

	begin();
	begun = now();
	CHECK_EQ_INT(run_shell("b", "cat /dev/zero >/dev/null & echo before; "
				    "echo $! >&2"),
		     0);
	CHECK_EQ_STR(said, "before\n");
	CHECK(now() - begun >= VMC_GUEST_LINGER_MS);
	CHECK_EQ_INT(kill(atoi(complained), SIGKILL), 0);
	/* as long as it says something, it is heard */
	CHECK_EQ_INT(start_shell("b", "(read x </dev/null; echo 1; echo 2) & "
				      "exit 5"),
		     VMC_OK);
	CHECK_EQ_INT(finish("b"), 5);
	CHECK_EQ_STR(said, "1\n2\n");
	end();
}

/*
 * Terminals
 */

static struct command terminal(const char *id, const char *commands)
{
	struct command command = shell(id, commands);

	command.exec.terminal = 1;
	command.exec.height = 33;
	command.exec.width = 77;
	return command;
}

static void check_terminals(void)
{
	if (access("/dev/ptmx", R_OK | W_OK) != 0)
		SKIP("no /dev/ptmx");
}

TEST(a_terminal_is_all_three_streams)
{
	struct command command = terminal("t", "stty size; test -t 0 && test "
					       "-t 1 && test -t 2 && echo all "
					       ">&2; echo $TERM");

	begin();
	check_terminals();
	CHECK_EQ_INT(start(&command), VMC_OK);
	CHECK_EQ_INT(read_stream(agent.ops->read_process_stderr, "t", said, 9),
		     0); /* ends at once */
	CHECK_EQ_INT(finish("t"), 0);
	CHECK_EQ_STR(said, "33 77\r\nall\r\nxterm\r\n");
	end();
}

/* Reads until the text has come. */
static void expect(const char *id, const char *text)
{
	struct vmc_buffer data = { 0 };
	size_t len = 0;

	said[0] = '\0';
	while (!strstr(said, text)) {
		data.ptr = (uint8_t *)said + len;
		data.ptr_cap = sizeof(said) - len - 1;
		CHECK_EQ_INT(RUN_CALL(agent.ops->read_process_stdout(
				     &agent, view(""), view(id), &data, &task,
				     now())),
			     VMC_OK);
		CHECK(data.ptr_len > 0);
		len += data.ptr_len;
		said[len] = '\0';
	}
}

static enum vmc_status resize(const char *id, uint32_t height, uint32_t width)
{
	return RUN_CALL(agent.ops->winsize_process(
		&agent, view(""), view(id), height, width, &task, now()));
}

TEST(a_terminal_changes_its_size)
{
	struct command command =
		terminal("t", "trap 'stty size' WINCH; echo go; while :; do "
			      "read x || exit 7; done");

	begin();
	check_terminals();
	CHECK_EQ_INT(start(&command), VMC_OK);
	expect("t", "go\r\n");
	CHECK_EQ_INT(resize("t", 50, 132), VMC_OK);
	expect("t", "50 132\r\n");
	CHECK_EQ_INT(resize("t", 65536, 80), VMC_ERR_ARGUMENT);
	CHECK_EQ_INT(close_stdin("t"), VMC_OK); /* Ctrl-D */
	CHECK_EQ_INT(finish("t"), 7);
	CHECK_EQ_INT(start_shell("p", "read x"), VMC_OK);
	CHECK_EQ_INT(resize("p", 1, 1), VMC_ERR_STATE);
	CHECK_EQ_STR(error.text, "process has no terminal: p");
	CHECK_EQ_INT(resize("nobody", 1, 1), VMC_ERR_NOT_FOUND);
	end();
}

TEST(a_terminal_echoes_and_interrupts)
{
	struct command command = terminal(
		"t", "trap 'echo caught; exit 9' INT; echo go; while :; do "
		     "read x; done");
	size_t written;

	begin();
	check_terminals();
	CHECK_EQ_INT(start(&command), VMC_OK);
	expect("t", "go\r\n");
	CHECK_EQ_INT(write_stdin("t", "typed\n", 6, &written), VMC_OK);
	expect("t", "typed\r\n");
	/* a line as well: dash takes a trap between two commands, and may be
	 * about to read */
	CHECK_EQ_INT(write_stdin("t", "\003\n", 2, &written), VMC_OK);
	expect("t", "caught\r\n");
	CHECK_EQ_INT(finish("t"), 9);
	end();
}

TEST(much_output_of_a_terminal_arrives)
{
	struct command command =
		terminal("t", "stty -opost; head -c 300000 /dev/zero");
	size_t len;

	begin();
	check_terminals();
	CHECK_EQ_INT(start(&command), VMC_OK);
	len = read_stream(agent.ops->read_process_stdout, "t", (char *)back,
			  sizeof(back));
	CHECK_EQ_INT(len, 300000);
	CHECK_EQ_INT(wait_status("t"), 0);
	end();
}

TESTS(RUN(a_mebibyte_of_input_arrives) RUN(what_goes_in_comes_out) RUN(
	who_does_not_read_holds_up_one_call_only)
	      RUN(input_that_nobody_takes_is_said_to_be_closed) RUN(
		      ten_mebibytes_of_output_arrive) RUN(a_flood_waits_in_its_pipe)
		      RUN(a_read_waits_for_bytes_and_ends_with_the_process) RUN(
			      the_background_does_not_keep_a_stream_open)
			      RUN(a_terminal_is_all_three_streams) RUN(
				      a_terminal_changes_its_size)
				      RUN(a_terminal_echoes_and_interrupts) RUN(
					      much_output_of_a_terminal_arrives))
