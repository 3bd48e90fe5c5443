/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program vmcache-agent of this build, run as a service, and raw
 * connections to it.
 */
#ifndef AGENT_PROGRAM_H
#define AGENT_PROGRAM_H

#include "agent_world.h"
#include "hex.h"

#include "vmcache/agent_kata.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#define ARGUMENT_MAX 8

static struct {
	char directory[32];
	char path[64], root[64], url[80];
	pid_t pid;
	int output;      /* its standard output and error */
	char text[8192]; /* of it so far */
	size_t text_len;
} program;

static struct vmc_agent_kata kata_state;
static struct vmc_agent_kata_config kata_config;

/* Beside the test's own directory: build/tests/test_x, build/vmcache-agent. */
static inline const char *program_path(void)
{
	static char path[4096];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 64);
	char *slash;

	CHECK(len > 0);
	path[len] = '\0';
	slash = strrchr(path, '/');
	strcpy(slash, "/../vmcache-agent");
	return path;
}

/* argv[1…] of it; NULL at the end. */
static inline void start_program(const char *const *arguments)
{
	const char *argv[ARGUMENT_MAX + 2] = { program_path() };
	int fds[2], i;

	for (i = 0; arguments[i]; i++)
		argv[i + 1] = arguments[i];
	CHECK_EQ_INT(pipe2(fds, O_CLOEXEC), 0);
	program.text_len = 0;
	program.text[0] = '\0';
	program.pid = fork();
	CHECK(program.pid >= 0);
	if (program.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* if a check fails */
		dup2(fds[1], STDOUT_FILENO);
		dup2(fds[1], STDERR_FILENO);
		execv(argv[0], (char *const *)argv);
		_exit(99);
	}
	close(fds[1]);
	program.output = fds[0];
}

/* 1 if something came, 0 at the end of its output. */
static inline int hear_program(void)
{
	struct pollfd output = { .fd = program.output, .events = POLLIN };
	ssize_t len;

	CHECK_EQ_INT(poll(&output, 1, LIMIT_MS), 1);
	len = read(program.output, program.text + program.text_len,
		   sizeof(program.text) - program.text_len - 1);
	CHECK(len >= 0);
	program.text_len += (size_t)len;
	program.text[program.text_len] = '\0';
	return len > 0;
}

static inline void expect_words(const char *words)
{
	while (!strstr(program.text, words))
		CHECK(hear_program());
}

/* Its exit status, once it has ended; 128 + a signal. */
static inline int end_of_program(void)
{
	int status;

	while (hear_program())
		;
	CHECK_EQ_INT(waitpid(program.pid, &status, 0), program.pid);
	program.pid = 0;
	close(program.output);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
				     WEXITSTATUS(status);
}

/* A client of it, connected with its first call. */
static inline void begin_client(const char *url)
{
	memset(&kata_state, 0, sizeof(kata_state));
	kata_config.port = vmc_posix_port(NULL);
	agent.ops = &vmc_agent_kata_ops;
	agent.state = &kata_state;
	agent.config = &kata_config;
	agent.error = &error;
	vmc_error_reset(&error);
	CHECK_EQ_INT(agent.ops->set_agent_url(&agent, view(url)), VMC_OK);
}

static inline void end_client(void)
{
	agent.ops->disconnect(&agent);
}

static inline enum vmc_status check_agent(void)
{
	return RUN_CALL(agent.ops->check(&agent, &task, now()));
}

static inline void make_directory(void)
{
	strcpy(program.directory, "/tmp/agent.XXXXXX");
	CHECK(mkdtemp(program.directory));
	snprintf(program.path, sizeof(program.path), "%s/sock",
		 program.directory);
	snprintf(program.url, sizeof(program.url), "unix:%s", program.path);
	snprintf(program.root, sizeof(program.root), "%s/root",
		 program.directory);
}

static inline void remove_directory(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", program.directory);
	CHECK_EQ_INT(system(command), 0);
}

/* The program at unix:PATH, and a client of it. */
static inline void begin_service(void)
{
	const char *arguments[] = { "--listen", program.url, "--copy-root",
				    program.root, NULL };

	signal(SIGPIPE, SIG_IGN);
	make_directory();
	CHECK_EQ_INT(mkdir(program.root, 0755), 0);
	start_program(arguments);
	expect_words("vmcache-agent: ready\n");
	begin_client(program.url);
}

static inline void end_service(void)
{
	end_client();
	CHECK_EQ_INT(kill(program.pid, SIGTERM), 0);
	CHECK_EQ_INT(end_of_program(), 0);
	CHECK(access(program.path, F_OK) != 0);
	remove_directory();
}

/*
 * Bytes of our own
 */

static inline int raw_connection(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CHECK(fd >= 0);
	strcpy(address.sun_path, path);
	CHECK_EQ_INT(connect(fd, (struct sockaddr *)&address, sizeof(address)),
		     0);
	return fd;
}

static inline void send_hex(int fd, const char *hex)
{
	uint8_t bytes[512];
	size_t len = from_hex(hex, bytes);

	CHECK_EQ_INT(write(fd, bytes, len), len);
}

/* A request of grpc.Health: Check, on stream 1. */
#define CHECK_REQUEST                                                          \
	"00000014 00000001 01 00 0a0b677270632e4865616c7468 1205436865636b"

/* Its answer, with or without an (empty) status: 1, or 0 if there is none. */
static inline int hears_serving(int fd)
{
	struct pollfd answer = { .fd = fd, .events = POLLIN };
	uint8_t bytes[256];
	ssize_t len;

	CHECK_EQ_INT(poll(&answer, 1, LIMIT_MS), 1);
	len = read(fd, bytes, sizeof(bytes));
	return len > 10 && bytes[8] == 2 && bytes[len - 1] == 1 &&
	       bytes[len - 2] == 8;
}

#endif
