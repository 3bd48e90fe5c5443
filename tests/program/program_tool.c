/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the program tests and the demo need and a bare Debian has no command
 * for. Nothing here waits without a bound.
 *
 *	now                     milliseconds of the monotonic clock
 *	send SOCKET HEX         send bytes, print as hex what comes until the
 *	                        peer closes, then "closed"
 *	hold SOCKET HEX         send bytes, print "held", and stay connected
 *	                        until stdin ends
 *	ask SOCKET TEXT [LINES] send a line, print the lines that come back:
 *	                        one, or so many; 0: all until the peer closes
 *	answer SOCKET HEX       listen, print "listening", and send these bytes
 *	                        to whoever connects and asks something; then
 *	                        close
 *	until SECONDS COMMAND…  run COMMAND again and again until it succeeds
 *	gone SECONDS PID…       wait until these processes have ended
 *	listed TEXT…            pids of the processes that have all of these
 *	                        in their arguments
 *	end MICROSECONDS COMMAND…
 *	                        run COMMAND and send it SIGTERM so long after;
 *	                        exit as it
 *	terminal COMMAND…       run COMMAND on a terminal of its own, type what
 *	                        comes on stdin, print what it shows; exit as it.
 *	                        Has 24 lines of 80, after SIGWINCH 40 of 100
 *	burst SOCKET PID        Quit, Quit on two connections and SIGTERM to PID
 *	                        at once; print how many microseconds apart
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* How long a peer may take for anything. */
#define PATIENCE_MS 10000

static int fail(const char *what)
{
	fprintf(stderr, "program_tool: %s: %s\n", what, strerror(errno));
	return 1;
}

static long long now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

/* The only wait for nothing but time. */
static void pause_briefly(void)
{
	poll(NULL, 0, 10);
}

static int dial(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(address.sun_path, path);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		close(fd);
		return -1;
	}
	return fd;
}

static int send_hex(int fd, const char *hex)
{
	unsigned char bytes[1024];
	size_t len = 0;
	unsigned byte;

	for (; len < sizeof(bytes) && sscanf(hex, "%2x", &byte) == 1; hex += 2)
		bytes[len++] = (unsigned char)byte;
	return send(fd, bytes, len, MSG_NOSIGNAL) == (ssize_t)len ? 0 : -1;
}

static int readable(int fd, int timeout_ms)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };

	return poll(&ready, 1, timeout_ms) == 1;
}

static int do_send(char **argv)
{
	unsigned char buf[4096];
	int fd = dial(argv[0]);
	ssize_t len = -1;

	if (fd < 0 || send_hex(fd, argv[1]))
		return fail(argv[0]);
	while (readable(fd, PATIENCE_MS)) {
		len = read(fd, buf, sizeof(buf));
		if (len <= 0)
			break;
		for (ssize_t i = 0; i < len; i++)
			printf("%02x", buf[i]);
	}
	if (len > 0 || readable(fd, 0) == 0)
		return fprintf(stderr, "program_tool: not closed\n"), 1;
	puts("closed");
	return 0;
}

static int do_hold(char **argv)
{
	int fd = dial(argv[0]);
	char byte;

	if (fd < 0 || send_hex(fd, argv[1]))
		return fail(argv[0]);
	puts("held");
	fflush(stdout);
	while (read(0, &byte, 1) > 0)
		;
	return 0;
}

/* One line, without its end. -1 if none comes. */
static int read_line(int fd, char *line, size_t cap)
{
	size_t len = 0;

	while (len + 1 < cap && readable(fd, PATIENCE_MS)) {
		if (read(fd, line + len, 1) != 1)
			break;
		if (line[len] == '\n') {
			line[len] = '\0';
			return 0;
		}
		len += line[len] != '\r';
	}
	return -1;
}

static int do_ask(char **argv)
{
	int fd = dial(argv[0]);
	int lines = argv[2] ? atoi(argv[2]) : 1;
	char line[65536];
	int n = 0;

	if (fd < 0)
		return fail(argv[0]);
	if (argv[1][0]) {
		snprintf(line, sizeof(line), "%s\n", argv[1]);
		if (send(fd, line, strlen(line), MSG_NOSIGNAL) < 0)
			return fail(argv[0]);
	}
	while ((lines == 0 || n < lines) &&
	       read_line(fd, line, sizeof(line)) == 0) {
		puts(line);
		n++;
	}
	if (n < lines)
		return fprintf(stderr, "program_tool: no answer\n"), 1;
	return 0;
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(fd, 1))
		return -1;
	return fd;
}

static int do_answer(char **argv)
{
	int listener = listen_at(argv[0]), fd;
	char question[4096];

	if (listener < 0)
		return fail(argv[0]);
	puts("listening");
	fflush(stdout);
	if (!readable(listener, PATIENCE_MS))
		return fail("nobody came");
	fd = accept(listener, NULL, NULL);
	if (read(fd, question, sizeof(question)) <= 0 || send_hex(fd, argv[1]))
		return fail("answer");
	return 0;
}

static pid_t start(char **argv)
{
	pid_t pid = fork();

	if (pid == 0) {
		execvp(argv[0], argv);
		_exit(127);
	}
	return pid;
}

static int finish(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int do_until(char **argv)
{
	long long until = now_us() + (long long)(atof(argv[0]) * 1e6);
	int code;

	do {
		code = finish(start(argv + 1));
		if (code == 0)
			return 0;
		pause_briefly();
	} while (now_us() < until);
	return code;
}

/* pidfd_open (Linux 5.3); older headers have no name for it. */
static int gone(pid_t pid, int timeout_ms)
{
	int fd = (int)syscall(434, pid, 0);
	int ended;

	if (fd < 0)
		return errno == ESRCH;
	ended = readable(fd, timeout_ms);
	close(fd);
	return ended;
}

static int do_gone(char **argv)
{
	int timeout_ms = (int)(atof(argv[0]) * 1000);

	for (argv++; *argv; argv++)
		if (!gone(atoi(*argv), timeout_ms))
			return fprintf(stderr, "program_tool: %s lives\n",
				       *argv),
			       1;
	return 0;
}

/* Arguments of a process, joined by blanks; "" if it is gone. */
static void arguments(pid_t pid, char *out, size_t cap)
{
	char path[64];
	ssize_t len = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		len = read(fd, out, cap - 1);
		close(fd);
	}
	if (len < 0)
		len = 0;
	for (ssize_t i = 0; i < len; i++)
		if (!out[i])
			out[i] = ' ';
	out[len] = '\0';
}

static int has_all(const char *text, char **parts)
{
	for (; *parts; parts++)
		if (!strstr(text, *parts))
			return 0;
	return 1;
}

static int do_listed(char **argv)
{
	static char text[65536];
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	while (proc && (entry = readdir(proc))) {
		pid_t pid = atoi(entry->d_name);

		if (pid <= 0 || pid == getpid())
			continue;
		arguments(pid, text, sizeof(text));
		if (text[0] && !strstr(text, "program_tool") &&
		    has_all(text, argv))
			printf("%d\n", pid);
	}
	return 0;
}

/* The terminal's other side, and the command's first: its own session. */
static pid_t start_on_terminal(int *master, char **argv)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	pid_t pid;

	*master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*master < 0 || grantpt(*master) || unlockpt(*master))
		return -1;
	ioctl(*master, TIOCSWINSZ, &size);
	pid = fork();
	if (pid == 0) {
		int slave;

		/* a shell ignores it for what is in the background */
		signal(SIGINT, SIG_DFL);
		setsid();
		slave = open(ptsname(*master), O_RDWR);
		dup2(slave, 0);
		dup2(slave, 1);
		dup2(slave, 2);
		if (slave > 2)
			close(slave);
		execvp(argv[0], argv);
		_exit(127);
	}
	return pid;
}

static volatile sig_atomic_t resized;

static void on_resize(int number)
{
	(void)number;
	resized = 1;
}

/* Makes it another size once it was told to. */
static void resize(int master)
{
	struct winsize size = { .ws_row = 40, .ws_col = 100 };

	if (resized)
		ioctl(master, TIOCSWINSZ, &size);
	resized = 0;
}

static ssize_t pass_on(int from, int to)
{
	char buf[4096];
	ssize_t len = read(from, buf, sizeof(buf));

	if (len > 0 && write(to, buf, (size_t)len) != len)
		return -1;
	return len;
}

/* A resize comes in the wait, and only there. */
static int wait_for_terminal(struct pollfd *ready)
{
	const struct timespec patience = { .tv_sec = 60 };
	sigset_t none;

	sigemptyset(&none);
	return ppoll(ready, 2, &patience, &none);
}

static int do_terminal(char **argv)
{
	int master, some;
	pid_t pid = start_on_terminal(&master, argv);
	struct pollfd ready[2] = { { .fd = master, .events = POLLIN },
				   { .fd = 0, .events = POLLIN } };
	sigset_t resizes;

	if (pid < 0)
		return fail("terminal");
	sigemptyset(&resizes);
	sigaddset(&resizes, SIGWINCH);
	sigprocmask(SIG_BLOCK, &resizes, NULL);
	signal(SIGWINCH, on_resize);
	while ((some = wait_for_terminal(ready)) != 0) {
		resize(master);
		if (some < 0 && errno != EINTR)
			break;
		if (some < 0)
			continue;
		if (ready[0].revents && pass_on(master, 1) <= 0)
			break;
		if (ready[1].revents && pass_on(0, master) <= 0)
			ready[1].fd = -1;
	}
	close(master);
	return finish(pid);
}

/* A Quit request of ttrpc: header (length 26, stream 1, request), service
 * and method. */
#define QUIT                                                                   \
	"0000001a000000010100"                                                 \
	"0a1263616368652e4361636865536572766963651204"                         \
	"51756974"

static int do_burst(char **argv)
{
	int first = dial(argv[0]), second = dial(argv[0]);
	long long begun = now_us(), apart;

	if (first < 0 || second < 0 || send_hex(first, QUIT))
		return fail("burst");
	/* it may have stopped already, and be waited for by its parent */
	if (send_hex(second, QUIT) && errno != EPIPE)
		return fail("burst: second Quit");
	if (kill(atoi(argv[1]), SIGTERM) && errno != ESRCH)
		return fail("burst: SIGTERM");
	apart = now_us() - begun;
	printf("%lld\n", apart);
	return 0;
}

/* Looks at the clock instead of sleeping: a sleep is never so short. */
static int do_end(char **argv)
{
	long long until = now_us() + atoi(argv[0]);
	pid_t pid = start(argv + 1);

	while (now_us() < until)
		;
	kill(pid, SIGTERM);
	return gone(pid, 2 * PATIENCE_MS) ? finish(pid) : 1;
}

static int do_now(char **argv)
{
	(void)argv;
	printf("%lld\n", now_us() / 1000);
	return 0;
}

static const struct {
	const char *name;
	int arguments;
	int (*run)(char **argv);
} commands[] = {
	{ "end", 2, do_end },       { "now", 0, do_now },
	{ "send", 2, do_send },     { "hold", 2, do_hold },
	{ "ask", 2, do_ask },       { "answer", 2, do_answer },
	{ "until", 2, do_until },   { "gone", 1, do_gone },
	{ "listed", 1, do_listed }, { "terminal", 1, do_terminal },
	{ "burst", 2, do_burst },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (argc > 1 && strcmp(argv[1], commands[i].name) == 0 &&
		    argc - 2 >= commands[i].arguments)
			return commands[i].run(argv + 2);
	fprintf(stderr, "program_tool: see the head of program_tool.c\n");
	return 2;
}
