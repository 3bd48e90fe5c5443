/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is measured (see bench.h). The peers are those of the interop tests
 * (tests/interop/lib.sh says what their environment is); paths are below
 * the directory that `make` runs in, and BENCH_BUILD is the build's.
 */
#include "bench.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATH_SIZE 256

#define OURS(transport, spin)                                                  \
	.needs = "%/vmcache",                                                  \
	.server = { "%/vmcache",  "serve", "--hypervisor", "mock",             \
		    "--spin",     spin,    "--log-level",  "error",            \
		    "--endpoint", "@" },                                       \
	.client = { "%/vmcache", "status",     "--transport",                  \
		    transport,   "--endpoint", "@" }

#define PEER(program)                                                          \
	.needs = program, .server = { program, "server", "@" },                \
	.client = { program, "status", "@" }

#define SCRIPT(interpreter, script, module)                                    \
	.needs = module, .server = { interpreter, script, "server", "@" },     \
	.client = { interpreter, script, "status", "@" }

const struct bench_side bench_sides[SIDES] = {
	[RAW_TTRPC] = { "raw, sizes of ttrpc", BENCH_RAW, .needs = "/" },
	[RAW_GRPC] = { "raw, sizes of gRPC", BENCH_RAW, .needs = "/" },
	[OURS_TTRPC] = { "vmcache, ttrpc", BENCH_TTRPC, OURS("ttrpc", "0") },
	[OURS_GRPC] = { "vmcache, gRPC", BENCH_GRPC, OURS("grpc", "0") },
	[PEER_TTRPC_GO] = { "ttrpc-go", BENCH_TTRPC,
			    PEER("%/interop/peer_ttrpc-go") },
	[PEER_GRPC_GO] = { "grpc-go", BENCH_GRPC, PEER("%/interop/peer_go") },
	[PEER_GRPC_CPP] = { "gRPC C++", BENCH_GRPC,
			    PEER("%/interop/peer_cpp") },
	[PEER_GRPC_PYTHON] = { "gRPC Python", BENCH_GRPC,
			       SCRIPT("/usr/bin/python3",
				      "tests/interop/peers/python/peer.py",
				      "%/interop/python/cache_pb2_grpc.py") },
	[PEER_GRPC_JS] = { "grpc-js", BENCH_GRPC,
			   SCRIPT("node", "tests/interop/peers/grpc-js/peer.js",
				  "build/deps/npm/node_modules/@grpc") },
	[SPIN_TTRPC] = { "vmcache --spin, ttrpc", BENCH_TTRPC,
			 OURS("ttrpc", "50") },
	[SPIN_GRPC] = { "vmcache --spin, gRPC", BENCH_GRPC,
			OURS("grpc", "50") },
	[LIBRARY_TTRPC] = { "library, ttrpc", BENCH_TTRPC, .needs = "/" },
	[LIBRARY_GRPC] = { "library, gRPC", BENCH_GRPC, .needs = "/" },
};

struct bench_server bench_servers[SIDES];

static pid_t starter;

/* see bench.h */
enum bench_side_index bench_raw_of(enum bench_side_index side)
{
	if (bench_sides[side].wire == BENCH_RAW)
		return side;
	return bench_sides[side].wire == BENCH_GRPC ? RAW_GRPC : RAW_TTRPC;
}

/* "@" is the endpoint, "%" what is built; in a child of its own. */
static const char *expand(const char *word, const char *endpoint)
{
	char path[PATH_SIZE];

	if (strcmp(word, "@") == 0)
		return endpoint;
	if (word[0] != '%')
		return word;
	snprintf(path, sizeof(path), "%s%s", getenv("BENCH_BUILD"), word + 1);
	return strdup(path);
}

static void expand_all(char *argv[BENCH_ARGS_MAX + 1],
		       const char *const words[BENCH_ARGS_MAX],
		       const char *endpoint)
{
	size_t i;

	for (i = 0; i < BENCH_ARGS_MAX && words[i]; i++)
		argv[i] = (char *)(uintptr_t)expand(words[i], endpoint);
	argv[i] = NULL;
}

static _Noreturn void serve(enum bench_side_index side)
{
	const char *endpoint = bench_servers[side].endpoint;
	char *argv[BENCH_ARGS_MAX + 1];

	if (bench_sides[side].wire == BENCH_RAW)
		bench_raw_serve(endpoint);
	if (!bench_sides[side].server[0])
		bench_library_serve(endpoint);
	expand_all(argv, bench_sides[side].server, endpoint);
	dup2(open("/dev/null", O_WRONLY), 1);
	execvp(argv[0], argv);
	bench_fail(argv[0]);
}

/* see bench.h */
void bench_start_servers(const char *directory)
{
	const char *needs;

	starter = getpid();
	for (int i = 0; i < SIDES; i++) {
		needs = expand(bench_sides[i].needs, NULL);
		if (access(needs, F_OK) != 0) {
			printf("%s is left out: %s is not there\n",
			       bench_sides[i].name, needs);
			continue;
		}
		snprintf(bench_servers[i].endpoint,
			 sizeof(bench_servers[i].endpoint), "%s/%d", directory,
			 i);
		fflush(stdout);
		bench_servers[i].pid = fork();
		if (bench_servers[i].pid == 0)
			serve(i);
	}
}

/* see bench.h */
void bench_stop_servers(void)
{
	for (int i = 0; i < SIDES; i++) {
		if (bench_servers[i].pid <= 0 || getpid() != starter)
			continue;
		kill(bench_servers[i].pid,
		     bench_sides[i].server[0] ? SIGTERM : SIGKILL);
		waitpid(bench_servers[i].pid, NULL, 0);
		unlink(bench_servers[i].endpoint);
	}
}

static void pin_thread(pid_t thread, void *ctx)
{
	/* it may have ended meanwhile */
	sched_setaffinity(thread, sizeof(cpu_set_t), ctx);
}

/* see bench.h */
void bench_pin(pid_t pid, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (cpu < 0 || cpu == i)
			CPU_SET(i, &set);
	bench_threads(pid, pin_thread, &set);
}

/* see bench.h */
double bench_client_us(enum bench_side_index side)
{
	char *argv[BENCH_ARGS_MAX + 1];

	expand_all(argv, bench_sides[side].client,
		   bench_servers[side].endpoint);
	return bench_exec_us(argv);
}

static double busy_s(void)
{
	unsigned long long user, nice, system, idle, wait, irq, soft, steal;
	FILE *file = fopen("/proc/stat", "r");

	if (!file ||
	    fscanf(file, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &user,
		   &nice, &system, &idle, &wait, &irq, &soft, &steal) != 8)
		bench_fail("/proc/stat");
	fclose(file);
	return (double)(user + nice + system + irq + soft + steal) /
	       (double)sysconf(_SC_CLK_TCK);
}

static double seconds(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

/* see bench.h */
double bench_foreign_s(void)
{
	double own_s = (double)bench_run_ns(getpid()) / 1e9;
	struct rusage ended;

	getrusage(RUSAGE_CHILDREN, &ended);
	own_s += seconds(ended.ru_utime) + seconds(ended.ru_stime);
	for (int i = 0; i < SIDES; i++)
		if (bench_servers[i].pid > 0)
			own_s += (double)bench_run_ns(bench_servers[i].pid) /
				 1e9;
	return busy_s() - own_s;
}
