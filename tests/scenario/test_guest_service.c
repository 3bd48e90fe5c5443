/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program vmcache-agent as a service on this machine, asked through the
 * backend `kata`: what goes over a connection, and what becomes of bad ones.
 */
#include "agent_program.h"
#include "../../src/wire/ttrpc_frame.h"

#include <sys/stat.h>

#define MIB (1024 * 1024)

/* Of the service besides its children; the sanitizers need more. */
#define RESIDENT_MAX (256 * 1024)

static uint8_t bytes[10 * MIB], back[10 * MIB + 1];

static void fill(size_t len)
{
	uint32_t state = 99;
	size_t i;

	for (i = 0; i < len; i++) {
		state = state * 1664525 + 1013904223;
		bytes[i] = (uint8_t)(state >> 24);
	}
}

/*
 * Calls
 */

TEST(it_serves_and_says_who_it_is)
{
	struct vmc_guest_details details;

	begin_service();
	CHECK_EQ_INT(check_agent(), VMC_OK);
	CHECK_EQ_INT(RUN_CALL(agent.ops->get_guest_details(
			     &agent, 1, 1, &details, &task, now())),
		     VMC_OK);
	CHECK(strstr(details.version, "+vmcache." VMC_VERSION));
	CHECK_EQ_INT(details.init_daemon, 0);
	end_service();
}

TEST(commands_run_and_their_bytes_arrive)
{
	size_t len;

	begin_service();
	CHECK_EQ_INT(run_shell("a", "echo out; echo err >&2; exit 7"), 7);
	CHECK_EQ_STR(said, "out\n");
	CHECK_EQ_STR(complained, "err\n");
	CHECK_EQ_INT(run_shell("b", "kill -9 $$"), 128 + SIGKILL);
	CHECK_EQ_INT(start_shell("c", "head -c 10485760 /dev/zero | tr '\\0' "
				      "'\\377'"),
		     VMC_OK);
	len = read_stream(agent.ops->read_process_stdout, "c", (char *)back,
			  sizeof(back));
	CHECK_EQ_INT(len, sizeof(bytes));
	memset(bytes, 0xff, sizeof(bytes));
	CHECK_EQ_MEM(back, bytes, sizeof(bytes));
	CHECK_EQ_INT(finish("c"), 0);
	end_service();
}

TEST(a_mebibyte_goes_in_and_comes_out)
{
	size_t at = 0, written, got;

	begin_service();
	fill(MIB);
	/* it is gathered by the command, so that one loop can write it all */
	CHECK_EQ_INT(start_shell("s", "x=$(mktemp); cat >$x; cat $x; rm $x"),
		     VMC_OK);
	while (at < MIB) {
		size_t piece = MIB - at < 30000 ? MIB - at : 30000;

		CHECK_EQ_INT(write_stdin("s", bytes + at, piece, &written),
			     VMC_OK);
		CHECK(written > 0 && written <= piece);
		at += written;
	}
	CHECK_EQ_INT(close_stdin("s"), VMC_OK);
	got = read_stream(agent.ops->read_process_stdout, "s", (char *)back,
			  sizeof(back));
	CHECK_EQ_INT(got, MIB);
	CHECK_EQ_MEM(back, bytes, MIB);
	CHECK_EQ_INT(finish("s"), 0);
	end_service();
}

static void check_refusal(enum vmc_status status, enum vmc_code code,
			  const char *words)
{
	CHECK_EQ_INT(status, VMC_ERR_CALL);
	CHECK_EQ_INT(error.code, code);
	CHECK(strstr(error.text, words));
}

TEST(refusals_travel_with_their_codes)
{
	struct vmc_container container = { .id = view("c") };
	struct vmc_process process;
	struct command command = shell("x", "");
	int32_t status;

	begin_service();
	command.args[0] = view("no-such-program");
	check_refusal(start(&command), VMC_CODE_NOT_FOUND,
		      "no such program: no-such-program");
	command.args[0] = view("/etc/passwd");
	check_refusal(start(&command), VMC_CODE_PERMISSION_DENIED,
		      "cannot execute: /etc/passwd");
	check_refusal(RUN_CALL(agent.ops->wait_process(&agent, view("c"),
						       view("nobody"), &status,
						       &task, now())),
		      VMC_CODE_NOT_FOUND, "no such process: nobody");
	check_refusal(
		RUN_CALL(agent.ops->create_container(&agent, NULL, &container,
						     &process, &task, now())),
		VMC_CODE_UNIMPLEMENTED, "no containers");
	check_refusal(
		RUN_CALL(agent.ops->reseed_rng(&agent, view(""), &task, now())),
		VMC_CODE_INVALID_ARGUMENT, "missing entropy data");
	CHECK_EQ_INT(start_shell("x", "read x"), VMC_OK);
	check_refusal(start_shell("x", "true"), VMC_CODE_ALREADY_EXISTS, "x");
	end_service();
}

static void copy_pieces(const char *path, size_t size)
{
	struct vmc_file_piece piece = {
		.path = view(path),
		.file_size = (int64_t)size,
		.file_mode = 0100640,
		.dir_mode = 0755,
	};
	size_t at;

	for (at = 0; at < size; at += piece.data.ptr_len) {
		piece.offset = (int64_t)at;
		piece.data.ptr = bytes + at;
		piece.data.ptr_len = size - at < MIB ? size - at : MIB;
		CHECK_EQ_INT(RUN_CALL(agent.ops->copy_file(&agent, &piece,
							   &task, now())),
			     VMC_OK);
	}
}

static size_t resident(void)
{
	char path[64];
	size_t size = 0;
	FILE *file;
	char line[256];

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", program.pid);
	file = fopen(path, "r");
	CHECK(file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "Rss: %zu", &size) == 1)
			break;
	fclose(file);
	return size * 1024;
}

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

/* Static, as it is in a guest. */
static int is_small(void)
{
	char command[4200];

	snprintf(command, sizeof(command), "grep -q libc.so /proc/%d/maps",
		 program.pid);
	return !SANITIZED && system(command) != 0;
}

TEST(files_arrive_and_leave_no_memory_behind)
{
	char path[128];
	int fd, i;

	begin_service();
	fill(3 * MIB + 17);
	snprintf(path, sizeof(path), "%s/a/file", program.root);
	copy_pieces(path, 3 * MIB + 17);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	CHECK_EQ_INT(read(fd, back, sizeof(back)), 3 * MIB + 17);
	close(fd);
	CHECK_EQ_MEM(back, bytes, 3 * MIB + 17);
	for (i = 0; i < 20; i++)
		CHECK_EQ_INT(run_shell("r", "true"), 0);
	if (is_small())
		CHECK(resident() <= RESIDENT_MAX);
	end_service();
}

TEST(a_hundred_commands_in_a_row)
{
	int i;

	begin_service();
	for (i = 0; i < 100; i++)
		CHECK_EQ_INT(run_shell("row", "exit 5"), 5);
	end_service();
}

/*
 * Connections
 */

TEST(connections_see_the_same_processes)
{
	static struct vmc_agent_kata other_state;
	struct vmc_agent first, other;
	struct vmc_task waiting = VMC_TASK_INIT;
	int32_t status = -1;

	begin_service();
	CHECK_EQ_INT(start_shell("p", "read x; exit 8"), VMC_OK);
	first = agent;
	CHECK_EQ_INT(first.ops->wait_process(&first, view(""), view("p"),
					     &status, &waiting, now()),
		     VMC_AGAIN);
	memset(&other_state, 0, sizeof(other_state));
	agent.state = &other_state;
	CHECK_EQ_INT(agent.ops->set_agent_url(&agent, view(program.url)),
		     VMC_OK);
	CHECK_EQ_INT(close_stdin("p"), VMC_OK);
	while (first.ops->wait_process(&first, view(""), view("p"), &status,
				       &waiting, now()) == VMC_AGAIN)
		wait_for(&waiting);
	CHECK_EQ_INT(status, 8);
	/* it outlives the connection that has started it */
	CHECK_EQ_INT(start_shell("q", "read x; exit 9"), VMC_OK);
	other = agent;
	other.ops->disconnect(&other);
	agent = first;
	CHECK_EQ_INT(close_stdin("q"), VMC_OK);
	CHECK_EQ_INT(finish("q"), 9);
	end_service();
}

TEST(a_fifth_connection_waits_for_a_place)
{
	int fds[5], i;

	begin_service();
	for (i = 0; i < 5; i++) {
		fds[i] = raw_connection(program.path);
		send_hex(fds[i], CHECK_REQUEST);
	}
	for (i = 0; i < 4; i++)
		CHECK(hears_serving(fds[i]));
	close(fds[2]);
	CHECK(hears_serving(fds[4]));
	for (i = 0; i < 5; i++)
		if (i != 2)
			close(fds[i]);
	CHECK_EQ_INT(check_agent(), VMC_OK);
	end_service();
}

static int is_closed(int fd)
{
	struct pollfd end = { .fd = fd, .events = POLLIN };
	char byte;

	CHECK_EQ_INT(poll(&end, 1, LIMIT_MS), 1);
	return read(fd, &byte, 1) <= 0;
}

TEST(a_bad_message_ends_no_more_than_its_connection)
{
	int fd, i;

	begin_service();
	fd = raw_connection(program.path);
	send_hex(fd, "ff00ff00ff00ff00ff00ff00");
	CHECK(is_closed(fd));
	close(fd);
	for (i = 0; i < 10; i++) { /* half a frame */
		fd = raw_connection(program.path);
		send_hex(fd, "00000100 00000001 01 00 0a0b6772");
		close(fd);
	}
	fd = raw_connection(program.path);
	send_hex(fd, "00000004 00000001 01 00 ffffffff"); /* nonsense */
	CHECK(!hears_serving(fd)); /* but an answer to it */
	send_hex(fd, "00000014 00000003 01 00 0a0b677270632e4865616c7468 "
		     "1205436865636b");
	CHECK(hears_serving(fd));
	close(fd);
	CHECK_EQ_INT(check_agent(), VMC_OK);
	end_service();
}

/*
 * Its end
 */

TEST(destroy_sandbox_is_answered_and_then_it_ends)
{
	begin_service();
	CHECK_EQ_INT(start_shell("p", "trap '' TERM HUP; while :; do read x; "
				      "done"),
		     VMC_OK);
	CHECK_EQ_INT(
		RUN_CALL(agent.ops->stop_sandbox(&agent, NULL, &task, now())),
		VMC_OK);
	CHECK_EQ_INT(end_of_program(), 0);
	CHECK(access(program.path, F_OK) != 0);
	end_client();
	remove_directory();
}

TEST(a_signal_ends_it_and_its_processes)
{
	pid_t child;

	begin_service();
	CHECK_EQ_INT(start_shell("p", "echo $$; trap '' TERM HUP; while :; do "
				      "read x; done"),
		     VMC_OK);
	said[read_stream(agent.ops->read_process_stdout, "p", said, 3)] = '\0';
	child = atoi(said);
	CHECK(child > 0);
	CHECK_EQ_INT(kill(program.pid, SIGINT), 0);
	CHECK_EQ_INT(end_of_program(), 0);
	CHECK(access(program.path, F_OK) != 0);
	end_client();
	remove_directory();
}

/*
 * Addresses and options
 */

static int run_program(const char *first, const char *second)
{
	const char *arguments[] = { first, second, NULL };

	start_program(arguments);
	return end_of_program();
}

/*
 * A VMM's hybrid vsock: a child that is told a port in a line, answers with
 * one, and passes on what comes from either side.
 */
static int pass_on(int from, int to)
{
	char some[4096];
	ssize_t len = read(from, some, sizeof(some)), at = 0, sent;

	for (; at < len; at += sent) {
		sent = write(to, some + at, (size_t)(len - at));
		if (sent <= 0)
			return 0;
	}
	return len > 0;
}

static void play_vmm(int listener)
{
	static const char hello[] = "CONNECT 1024\n", ok[] = "OK 1073741824\n";
	char line[sizeof(hello)];
	int host = accept(listener, NULL, NULL), guest;
	struct pollfd both[2];

	if (read(host, line, sizeof(line)) != sizeof(hello) - 1 ||
	    memcmp(line, hello, sizeof(hello) - 1) != 0 ||
	    write(host, ok, sizeof(ok) - 1) != sizeof(ok) - 1)
		_exit(1);
	guest = raw_connection(program.path);
	both[0] = (struct pollfd){ .fd = host, .events = POLLIN };
	both[1] = (struct pollfd){ .fd = guest, .events = POLLIN };
	while (poll(both, 2, LIMIT_MS) > 0)
		if ((both[0].revents && !pass_on(host, guest)) ||
		    (both[1].revents && !pass_on(guest, host)))
			_exit(0);
	_exit(1);
}

TEST(it_is_reached_through_a_hybrid_vsock)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char url[160];
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), status;
	size_t written;
	pid_t vmm;

	begin_service();
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/vmm",
		 program.directory);
	CHECK_EQ_INT(
		bind(listener, (struct sockaddr *)&address, sizeof(address)),
		0);
	CHECK_EQ_INT(listen(listener, 1), 0);
	vmm = fork();
	if (vmm == 0)
		play_vmm(listener);
	close(listener);
	snprintf(url, sizeof(url), "hvsock://%s:1024", address.sun_path);
	begin_client(url);
	CHECK_EQ_INT(check_agent(), VMC_OK);
	CHECK_EQ_INT(run_shell("a", "echo out; echo err >&2; exit 7"), 7);
	CHECK_EQ_STR(said, "out\n");
	CHECK_EQ_STR(complained, "err\n");
	fill(MIB);
	CHECK_EQ_INT(start_shell("b", "cat"), VMC_OK);
	CHECK_EQ_INT(write_stdin("b", bytes, 4096, &written), VMC_OK);
	CHECK_EQ_INT(written, 4096);
	CHECK_EQ_INT(close_stdin("b"), VMC_OK);
	CHECK_EQ_INT(read_stream(agent.ops->read_process_stdout, "b",
				 (char *)back, sizeof(back)),
		     4096);
	CHECK_EQ_MEM(back, bytes, 4096);
	CHECK_EQ_INT(finish("b"), 0);
	end_service(); /* hangs up */
	CHECK_EQ_INT(waitpid(vmm, &status, 0), vmm);
	CHECK_EQ_INT(status, 0);
}

TEST(it_is_reached_in_the_abstract_namespace)
{
	char url[64];
	const char *arguments[] = { "--listen", url, NULL };

	snprintf(url, sizeof(url), "unix:@agent-test-%d", (int)getpid());
	start_program(arguments);
	expect_words("ready\n");
	begin_client(url);
	CHECK_EQ_INT(check_agent(), VMC_OK);
	end_client();
	CHECK_EQ_INT(kill(program.pid, SIGTERM), 0);
	CHECK_EQ_INT(end_of_program(), 0);
}

TEST(a_wrong_address_is_said)
{
	CHECK_EQ_INT(run_program("--listen", "tcp:1"), 1);
	expect_words("not an address (unix:PATH, unix:@NAME, vsock:PORT or "
		     "serial:DEVICE_OR_PORT_NAME): tcp:1\n");
	CHECK_EQ_INT(run_program("--listen=vsock:x", NULL), 1);
	expect_words("not a vsock port: x\n");
	CHECK_EQ_INT(run_program("--listen", "unix:@"), 1);
	CHECK_EQ_INT(run_program("--listen=serial:/nonexistent/tty", NULL), 1);
	expect_words("cannot open /nonexistent/tty: No such file or "
		     "directory\n");
}

TEST(a_service_that_runs_is_not_robbed)
{
	begin_service();
	{
		pid_t running = program.pid;
		int output = program.output;

		CHECK_EQ_INT(run_program("--listen", program.url), 1);
		expect_words("a server runs there");
		program.pid = running;
		program.output = output;
	}
	CHECK_EQ_INT(check_agent(), VMC_OK);
	end_service();
}

TEST(options_are_few)
{
	CHECK_EQ_INT(run_program("--help", NULL), 0);
	expect_words("Usage: vmcache-agent");
	CHECK_EQ_INT(run_program("--version", NULL), 0);
	expect_words("vmcache-agent " VMC_VERSION);
	CHECK_EQ_INT(run_program("--listem", "x"), 2);
	expect_words("unknown option: --listem\n");
	CHECK_EQ_INT(run_program("--listen", NULL), 2);
	expect_words("option needs a value: --listen\n");
	CHECK_EQ_INT(run_program("--copy-root", "here"), 2);
	CHECK_EQ_INT(run_program("extra", NULL), 2);
}

/*
 * A byte pipe: a terminal's two ends stand for a serial line
 */

static int master;

static void begin_line(void)
{
	char url[64];
	const char *arguments[] = { "--listen", url, NULL };

	master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (master < 0)
		SKIP("no terminals");
	CHECK_EQ_INT(grantpt(master), 0);
	CHECK_EQ_INT(unlockpt(master), 0);
	snprintf(url, sizeof(url), "serial:%s", ptsname(master));
	start_program(arguments);
	expect_words("ready\n");
}

static void end_line(void)
{
	CHECK_EQ_INT(kill(program.pid, SIGTERM), 0);
	CHECK_EQ_INT(end_of_program(), 0);
	close(master);
}

TEST(a_serial_line_serves_one_after_the_other)
{
	int i;

	begin_line();
	for (i = 0; i < 3; i++) { /* each with stream 1 again */
		send_hex(master, CHECK_REQUEST);
		CHECK(hears_serving(master));
	}
	end_line();
}

TEST(half_a_frame_does_not_swallow_the_next_user)
{
	begin_line();
	send_hex(master, CHECK_REQUEST);
	CHECK(hears_serving(master));
	send_hex(master, "00000100 00000003 01 00 0a0b6772");
	expect_words("ready\n");
	{
		struct pollfd quiet = { .fd = master, .events = POLLIN };

		/* taken by itself, as it is from a machine's port */
		CHECK_EQ_INT(poll(&quiet, 1, 300), 0);
	}
	send_hex(master, CHECK_REQUEST);
	CHECK(hears_serving(master));
	end_line();
}

/* A frame of a request to grpc.AgentService; its bytes. */
static size_t put_request(uint8_t *out, size_t cap, uint32_t stream,
			  const char *method, const uint8_t *payload,
			  size_t payload_len)
{
	struct vmc_ttrpc_request request = {
		.service = vmc_view_of("grpc.AgentService"),
		.method = vmc_view_of(method),
		.payload = { payload, payload_len },
	};
	struct vmc_ttrpc_header header = {
		.length = (uint32_t)vmc_ttrpc_request_len(&request),
		.stream = stream,
		.type = VMC_TTRPC_REQUEST,
	};
	struct vmc_writer w;

	vmc_writer_init(&w, out, cap);
	vmc_ttrpc_header_write(&header, &w);
	vmc_ttrpc_request_write(&request, &w);
	CHECK(!w.fail);
	return w.len;
}

#define CONTENT_SIZE (900 * 1000)

/* Whoever provides a file that is copied, or a command's input, must not be
 * taken for who copies it: not even where a read begins with his bytes. */
TEST(what_a_request_contains_is_no_request)
{
	static const char made[] = "/tmp/vmcache-test-made";
	static uint8_t content[CONTENT_SIZE + 64], frame[CONTENT_SIZE + 256];
	uint8_t exec[128], evil[256], answer[64];
	struct pollfd line;
	size_t len, exec_len, evil_len;
	ssize_t sent;

	unlink(made);
	begin_line();
	/* ExecProcess of `touch` */
	exec_len = from_hex("120178 221f 2205 746f756368 2216", exec);
	memcpy(exec + exec_len, made, sizeof(made) - 1);
	exec_len += sizeof(made) - 1;
	evil_len = put_request(evil, sizeof(evil), 1, "ExecProcess", exec,
			       exec_len);
	evil_len += evil_len % 2 == 0; /* so that every phase comes up */

	/* WriteStdin to nobody, of that over and over */
	len = from_hex("1204 6e6f6e65 1aa0f736", content);
	for (; len + evil_len <= CONTENT_SIZE + 10; len += evil_len)
		memcpy(content + len, evil, evil_len);
	len = put_request(frame, sizeof(frame), 1, "WriteStdin", content,
			  CONTENT_SIZE + 10);
	line = (struct pollfd){ .fd = master, .events = POLLOUT };
	for (size_t at = 0; at < len; at += (size_t)sent) {
		CHECK_EQ_INT(poll(&line, 1, LIMIT_MS), 1);
		sent = write(master, frame + at,
			     len - at < 4096 ? len - at : 4096);
		CHECK(sent > 0);
	}
	line.events = POLLIN;
	CHECK_EQ_INT(poll(&line, 1, LIMIT_MS), 1);
	CHECK(read(master, answer, sizeof(answer)) > 10);
	CHECK_EQ_INT(answer[9 - 2], 1); /* to stream 1, the one that there is */
	CHECK_EQ_INT(access(made, F_OK), -1);
	expect_words("ready\n");
	end_line();
}

TEST(noise_on_a_line_is_slept_through)
{
	begin_line();
	send_hex(master, "ffffffffffffffff0000000000");
	expect_words("what has come is not ttrpc\n");
	send_hex(master, CHECK_REQUEST);
	CHECK(hears_serving(master));
	send_hex(master, "ff");
	{
		struct pollfd quiet = { .fd = master, .events = POLLIN };

		CHECK_EQ_INT(poll(&quiet, 1, 600), 0);
	}
	send_hex(master, "00000014 00000003 01 00 0a0b677270632e4865616c7468 "
			 "1205436865636b");
	CHECK(hears_serving(master)); /* after a silence, anybody */
	end_line();
}

TESTS(RUN(it_serves_and_says_who_it_is) RUN(commands_run_and_their_bytes_arrive) RUN(
	a_mebibyte_goes_in_and_comes_out) RUN(refusals_travel_with_their_codes)
	      RUN(files_arrive_and_leave_no_memory_behind) RUN(
		      a_hundred_commands_in_a_row) RUN(connections_see_the_same_processes)
		      RUN(a_fifth_connection_waits_for_a_place) RUN(
			      a_bad_message_ends_no_more_than_its_connection)
			      RUN(destroy_sandbox_is_answered_and_then_it_ends) RUN(
				      a_signal_ends_it_and_its_processes)
				      RUN(it_is_reached_in_the_abstract_namespace) RUN(
					      it_is_reached_through_a_hybrid_vsock)
					      RUN(a_wrong_address_is_said) RUN(
						      a_service_that_runs_is_not_robbed)
						      RUN(options_are_few) RUN(
							      a_serial_line_serves_one_after_the_other)
							      RUN(half_a_frame_does_not_swallow_the_next_user)
								      RUN(what_a_request_contains_is_no_request)
									      RUN(noise_on_a_line_is_slept_through))
