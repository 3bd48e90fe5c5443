/* SPDX-License-Identifier: Apache-2.0 */
/* What all measures need (see bench.h). */
#include "bench.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How long a server may take to come up. */
#define UP_MS 10000

extern char **environ;

/* see bench.h */
void bench_fail(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
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

/* see bench.h */
struct bench_result bench_summary(uint64_t *times, size_t times_len)
{
	struct bench_result result = { 0, 0, 0 };

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
	if (posix_spawn(&pid, argv[0], &silent, NULL, argv, environ) ||
	    waitpid(pid, &status, 0) != pid || status != 0)
		bench_fail(argv[0]);
	posix_spawn_file_actions_destroy(&silent);
	return (double)(bench_now_ns() - begun_ns) / 1000;
}

/* see bench.h */
unsigned bench_resident_kib(pid_t pid)
{
	char path[64], line[128];
	unsigned kib = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	file = fopen(path, "r");
	if (!file)
		bench_fail(path);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "Rss: %u kB", &kib) == 1)
			break;
	fclose(file);
	return kib;
}

static uint64_t thread_ns(pid_t pid, const char *thread)
{
	unsigned long long ns = 0;
	char path[300];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%s/schedstat", (int)pid,
		 thread);
	file = fopen(path, "r");
	if (!file || fscanf(file, "%llu", &ns) != 1)
		bench_fail(path);
	fclose(file);
	return ns;
}

/* see bench.h */
uint64_t bench_run_ns(pid_t pid)
{
	struct dirent *thread;
	uint64_t ns = 0;
	char path[64];
	DIR *threads;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	threads = opendir(path);
	if (!threads)
		bench_fail(path);
	while ((thread = readdir(threads)) != NULL)
		if (thread->d_name[0] != '.')
			ns += thread_ns(pid, thread->d_name);
	closedir(threads);
	return ns;
}
