/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bench: what a call costs, beside a bare exchange of as many bytes
 * over the same kind of socket, and beside ttrpc for Go.
 *
 * Servers and clients are children of the driver (bench.c), pinned to the
 * processor that it says. Each measure is one child, which writes a struct
 * bench_result to its standard output and ends. Rounds of all measures
 * follow each other, so that what disturbs one disturbs its neighbours.
 */
#ifndef BENCH_H
#define BENCH_H

#include "vmcache.h"
#include "vmcache_linux.h"
#include "vmcache_mock.h"

#include <sys/types.h>

/* A call of the cache's. */
enum bench_call { BENCH_STATUS = 0, BENCH_GET_VM, BENCH_CALLS };

/* VMs that servers keep. */
#define BENCH_VMS 2

/* Calls of one latency measure, after a tenth as many to warm up. */
#define BENCH_LATENCY_CALLS 20000

/* How long one measure of throughput takes. */
#define BENCH_LOAD_MS 500

/* Bytes of one call on the wire. */
struct bench_sizes {
	uint32_t request, response;
};

struct bench_result {
	double p50_us, p99_us; /* of one call */
	double per_second;     /* calls, of processor time */
};

/* Says what and errno, and ends the program. */
_Noreturn void bench_fail(const char *what);

uint64_t bench_now_ns(void);

/* Median and 99th percentile of times in ns, which it sorts. */
struct bench_result bench_summary(uint64_t *times, size_t times_len);

/* A blocking socket that is connected; tries until the server is up. */
int bench_connect(const char *endpoint);

/* All of it, or the end of the program. */
void bench_write(int stream, const void *bytes, size_t bytes_len);
void bench_read(int stream, void *bytes, size_t bytes_len);

/*
 * Bare: a server that answers so many bytes to so many bytes. A request
 * begins with both lengths (struct bench_sizes as it is in memory). Both
 * sides wait by epoll and use the calls and flags that ours use.
 */
_Noreturn void bench_raw_serve(const char *endpoint);
struct bench_result bench_raw_latency(const char *endpoint,
				      struct bench_sizes sizes);

/* Ours: a pool on the mock driver behind a server in the epoll loop, and
 * the library's client; each looks for `spin_us` before it sleeps. */
_Noreturn void bench_ours_serve(const char *endpoint, uint32_t spin_us);
struct bench_result bench_ours_latency(const char *endpoint,
				       enum bench_call call, uint32_t spin_us);
struct bench_sizes bench_ours_sizes(const char *endpoint, enum bench_call call);

/*
 * Load: so many connections with one call each in flight, by one client
 * that is the same for all servers: it sends what was prepared and counts
 * answers. Time is what `server` and, if it is on the same core, the client
 * ran: on an idle machine it is the clock's, and on a busy one it leaves out
 * what others took.
 */
struct bench_load {
	const char *endpoint;
	pid_t server;
	int ttrpc; /* 0: as bench_raw_serve wants it */
	enum bench_call call;
	struct bench_sizes sizes;
	unsigned connections;
	int same_core;
};

struct bench_result bench_load(const struct bench_load *load);

/* How long a process has run, with all its threads, in ns. */
uint64_t bench_run_ns(pid_t pid);

/* Opens so many connections for good, each with one answered Status. */
void bench_hold(const char *endpoint, unsigned connections);

/* The program: from exec to its end, in us, `argv` once. */
double bench_exec_us(char *const argv[]);

/* Resident memory of a process in KiB, from smaps_rollup. */
unsigned bench_resident_kib(pid_t pid);

#endif
