/* SPDX-License-Identifier: Apache-2.0 */
/* Processes and their figures (see bench.h). */
#include "bench.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How long a server may take to come up, and strace to attach. */
#define UP_MS 20000

#define PATH_SIZE 300
#define LINE_SIZE 512

extern char **environ;

const char *bench_about = "";

/* see bench.h */
void bench_fail(const char *what)
{
	fprintf(stderr, "bench: %s: %s: %s\n", bench_about, what,
		strerror(errno));
	exit(1);
}

/* see bench.h */
uint64_t bench_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

static int by_value(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return left < right ? -1 : left > right;
}

/* see bench.h */
double bench_median(double *values, int values_len)
{
	qsort(values, (size_t)values_len, sizeof(*values), by_value);
	return values_len ? values[values_len / 2] : 0;
}

/* see bench.h */
struct bench_result bench_summary(uint64_t *times, size_t times_len)
{
	struct bench_result result = { 0 };

	qsort(times, times_len, sizeof(*times), by_size);
	result.p50_us = (double)times[times_len / 2] / 1000;
	result.p99_us = (double)times[times_len * 99 / 100] / 1000;
	return result;
}

/* see bench.h */
int bench_connect(const char *endpoint)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int stream = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strncpy(address.sun_path, endpoint, sizeof(address.sun_path) - 1);
	for (int ms = 0; ms < UP_MS; ms++) {
		if (connect(stream, (struct sockaddr *)&address,
			    sizeof(address)) == 0)
			return stream;
		poll(NULL, 0, 1); /* it does not say when it is up */
	}
	bench_fail(endpoint);
}

/* see bench.h */
void bench_write(int stream, const void *bytes, size_t bytes_len)
{
	if (write(stream, bytes, bytes_len) != (ssize_t)bytes_len)
		bench_fail("write");
}

/* see bench.h */
void bench_read(int stream, void *bytes, size_t bytes_len)
{
	uint8_t *at = bytes;
	ssize_t len;

	for (; bytes_len > 0; at += len, bytes_len -= (size_t)len) {
		len = read(stream, at, bytes_len);
		if (len <= 0)
			bench_fail("read");
	}
}

/* see bench.h */
double bench_exec_us(char *const argv[])
{
	posix_spawn_file_actions_t silent;
	uint64_t begun_ns;
	int status;
	pid_t pid;

	posix_spawn_file_actions_init(&silent);
	posix_spawn_file_actions_addopen(&silent, 1, "/dev/null", O_WRONLY, 0);
	begun_ns = bench_now_ns();
	if (posix_spawnp(&pid, argv[0], &silent, NULL, argv, environ) ||
	    waitpid(pid, &status, 0) != pid || status != 0)
		bench_fail(argv[0]);
	posix_spawn_file_actions_destroy(&silent);
	return (double)(bench_now_ns() - begun_ns) / 1000;
}

/*
 * What /proc says
 */

static FILE *open_proc(pid_t pid, const char *file)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	return fopen(path, "r");
}

/* see bench.h */
unsigned bench_proc_number(pid_t pid, const char *file, const char *key)
{
	FILE *lines = open_proc(pid, file);
	char line[LINE_SIZE];
	unsigned number = 0;

	if (!lines)
		bench_fail(file);
	while (fgets(line, sizeof(line), lines))
		if (sscanf(line, key, &number) == 1)
			break;
	fclose(lines);
	return number;
}

/* The file of a line of maps, if code of it is mapped there. */
static int code_path(const char *line, char path[PATH_SIZE])
{
	return sscanf(line, "%*s %*1[r]%*1[-w]x%*s %*s %*s %*s %299s", path) ==
		       1 &&
	       path[0] == '/';
}

/* see bench.h */
double bench_mapped_kib(pid_t pid)
{
	FILE *lines = open_proc(pid, "maps");
	char line[LINE_SIZE], path[PATH_SIZE], last[PATH_SIZE] = "";
	struct stat file;
	double kib = 0;

	if (!lines)
		bench_fail("maps");
	while (fgets(line, sizeof(line), lines)) {
		if (!code_path(line, path) || strcmp(path, last) == 0 ||
		    stat(path, &file) != 0)
			continue;
		kib += (double)file.st_size / 1024;
		strcpy(last, path);
	}
	fclose(lines);
	return kib;
}

/* see bench.h */
void bench_threads(pid_t pid, void (*each)(pid_t thread, void *ctx), void *ctx)
{
	struct dirent *thread;
	char path[PATH_SIZE];
	DIR *threads;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	threads = opendir(path);
	if (!threads)
		bench_fail(path);
	while ((thread = readdir(threads)) != NULL)
		if (thread->d_name[0] != '.')
			each((pid_t)atoi(thread->d_name), ctx);
	closedir(threads);
}

/* Also of threads that have ended. see bench.h */
uint64_t bench_run_ns(pid_t pid)
{
	struct timespec time;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &time))
		bench_fail("a process's clock");
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/*
 * System calls
 */

static _Noreturn void trace(pid_t pid, const char *path)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", (int)pid);
	dup2(open("/dev/null", O_WRONLY), 2);
	execlp("strace", "strace", "-f", "-c", "-U", "calls,name", "-o", path,
	       "-p", number, (char *)NULL);
	_exit(127);
}

/* see bench.h */
pid_t bench_trace_begin(pid_t pid, const char *path)
{
	pid_t strace = fork();

	if (strace == 0)
		trace(pid, path);
	for (int ms = 0; ms < UP_MS; ms++) {
		if (bench_proc_number(pid, "status", "TracerPid: %u") != 0)
			return strace;
		if (waitpid(strace, NULL, WNOHANG) == strace)
			bench_fail("strace");
		poll(NULL, 0, 1); /* it does not say when it is there */
	}
	bench_fail("strace does not attach");
}

/* see bench.h */
double bench_trace_end(pid_t strace, const char *path)
{
	char line[LINE_SIZE];
	double total = 0;
	FILE *lines;

	kill(strace, SIGINT);
	waitpid(strace, NULL, 0);
	lines = fopen(path, "r");
	if (!lines)
		bench_fail(path);
	while (fgets(line, sizeof(line), lines))
		if (strstr(line, "total"))
			total = atof(line);
	fclose(lines);
	return total;
}
