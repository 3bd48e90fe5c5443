/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bench: what a call costs, beside a bare exchange of as many bytes
 * over the same kind of socket, and beside the peers of the interop tests.
 *
 *	bench.c        the driver: rounds of all measures
 *	bench_sides.c  what is measured: how its server and client are started
 *	bench_load.c   the client that is the same for all servers
 *	bench_wire.c   its requests and answers, as bytes
 *	bench_ours.c   the library's client
 *	bench_raw.c    the bare server
 *	bench_report.c what comes out
 *	bench_tools.c  processes and their figures
 *
 * Each measure is a child of the driver that writes a struct bench_result
 * to its standard output and ends. In a round each measure is taken of all
 * servers, one behind the other, so that what disturbs one disturbs its
 * neighbours; ratios are taken within a round.
 */
#ifndef BENCH_H
#define BENCH_H

#include "vmcache.h"
#include "vmcache_linux.h"

#include <sys/types.h>

/* VMs that servers keep; the peers' Status tells of as many. */
#define BENCH_VMS 2

/* Calls of one latency measure, after a tenth as many to warm up; what is
 * slow ends after BENCH_LATENCY_MS. */
#define BENCH_LATENCY_CALLS 20000
#define BENCH_LATENCY_MS 600

/* How long one measure of throughput takes. */
#define BENCH_LOAD_MS 300

/* Calls that system calls are counted of. */
#define BENCH_TRACED_CALLS 2000

#define BENCH_CONNECTION_MAX 64

enum bench_wire { BENCH_RAW = 0, BENCH_TTRPC, BENCH_GRPC };

/* A call of the cache's. */
enum bench_call { BENCH_STATUS = 0, BENCH_GET_VM, BENCH_CALLS };

/* Bytes of one call on the wire. */
struct bench_sizes {
	uint32_t request, response;
};

struct bench_result {
	double p50_us, p99_us; /* of one call */
	double per_second;     /* calls */
	double server_us;      /* processor time of a call */
	double resident_kib;   /* of the server, at the end */
	double threads;
	struct bench_sizes sizes;
};

/*
 * What is measured
 */

enum bench_side_index {
	RAW_TTRPC = 0, /* with messages of the same size as over ttrpc */
	RAW_GRPC,
	OURS_TTRPC,
	OURS_GRPC,
	PEER_TTRPC_GO,
	PEER_GRPC_GO,
	PEER_GRPC_CPP,
	PEER_GRPC_PYTHON,
	PEER_GRPC_JS,
	SHOWN,
	SPIN_TTRPC = SHOWN, /* ours, with --spin */
	SPIN_GRPC,
	LIBRARY_TTRPC, /* without vmcache serve's records of VMs */
	LIBRARY_GRPC,
	SIDES
};

#define BENCH_ARGS_MAX 12

struct bench_side {
	const char *name;
	enum bench_wire wire;
	const char *needs; /* a file without which it is left out */
	/* "@" is the endpoint; none: a process of the driver's own */
	const char *server[BENCH_ARGS_MAX];
	const char *client[BENCH_ARGS_MAX]; /* one Status; or NULL */
};

extern const struct bench_side bench_sides[SIDES];

struct bench_server {
	pid_t pid; /* 0: it is left out */
	char endpoint[80];
};

extern struct bench_server bench_servers[SIDES];

/* The bare server whose messages are as long. */
enum bench_side_index bench_raw_of(enum bench_side_index side);

/* Starts all servers whose files are there, on any processor. */
void bench_start_servers(const char *directory);
void bench_stop_servers(void);

/* Where a process runs from now on, with all its threads; -1: anywhere. */
void bench_pin(pid_t pid, int cpu);

/* The one-shot client of a side: from exec to its end, in us. */
double bench_client_us(enum bench_side_index side);

/* Processor time of the machine less that of the driver, its children and
 * the servers, in seconds. */
double bench_foreign_s(void);

/*
 * Measures: each is to run in a process of its own
 */

/* All servers by one client, which sends what was prepared and counts
 * answers, with one call in flight on each connection. */
struct bench_load {
	enum bench_side_index side;
	enum bench_call call;
	struct bench_sizes sizes; /* of a bare call */
	unsigned connections;
	uint64_t calls_max, ms_max; /* it ends with the first of them */
	/* What a second is: of processor time of server and client (on a busy
	 * machine that leaves out what others took), or by the clock. */
	int by_clock;
};

struct bench_result bench_load(const struct bench_load *load);

/* The same calls one after the other by the library's client, which looks
 * for `spin_us` before it sleeps. */
struct bench_result bench_ours(const struct bench_load *load, uint32_t spin_us);

/* Answers so many bytes to so many bytes. A request begins with both lengths
 * (struct bench_sizes as it is in memory). It uses the calls and flags that
 * our server uses. */
_Noreturn void bench_raw_serve(const char *endpoint);

/* The same calls one after the other between two bare ends that never sleep,
 * the other one on `cpu`: what no spinning can do without. */
struct bench_result bench_raw_spin(const struct bench_load *load, int cpu);

/* The library's server in the loop of its Linux port, with a pool on the mock
 * driver. */
_Noreturn void bench_library_serve(const char *endpoint);

/*
 * Requests and answers as bytes
 */

#define BENCH_BUFFER_SIZE 4096

struct bench_connection {
	int stream;
	uint32_t id; /* of the next call: odd and growing */
	size_t got;  /* bytes in `in` */
	uint8_t in[BENCH_BUFFER_SIZE];
	uint8_t message; /* gRPC: the answer's DATA has come */
};

struct bench_bytes {
	size_t len;
	uint8_t bytes[256];
};

/* The next request on a connection; with what a connection begins with. */
void bench_wire_request(const struct bench_load *load,
			struct bench_connection *connection,
			struct bench_bytes *out);

/* What has come: 1 if a whole answer was among it. `out` must be sent. */
int bench_wire_answer(const struct bench_load *load,
		      struct bench_connection *connection,
		      struct bench_bytes *out);

/*
 * Rounds
 */

enum bench_figure {
	P50 = 0,     /* Status, one connection, one core */
	P99,         /* the same */
	OWN_P50,     /* the same by the library's client */
	OWN_P99,     /* the same */
	VM_P50,      /* GetBaseVM by it */
	VM_P99,      /* the same */
	RATE_16,     /* Status, 16 connections, one core */
	RATE_64,     /* 64 */
	VM_RATE_16,  /* GetBaseVM, 16 connections, one core */
	SERVER_US,   /* of RATE_16 */
	PLACED_P50,  /* Status, one connection, as the system places both */
	PLACED_P99,  /* the same */
	PLACED_16,   /* Status, 16 connections, by the clock */
	PLACED_64,   /* 64 */
	APART_P50,   /* Status by the library's client, on two cores */
	BARE_P50,    /* between two bare ends that never sleep, on two cores */
	ONCE_US,     /* the one-shot client */
	RESIDENT_64, /* KiB of the server, of RATE_64 */
	THREADS_64,  /* the same */
	FIGURES
};

#define BENCH_ROUNDS 5
#define BENCH_ROUNDS_MAX (2 * BENCH_ROUNDS)

struct bench_round {
	double foreign; /* processors that others used */
	double figure[SIDES][FIGURES];
};

/* What is taken once. */
struct bench_fact {
	double calls_1, calls_64;     /* system calls of the server, a call */
	double client_calls;          /* the library's client's */
	double resident_kib, threads; /* after one call */
	double disk_kib; /* the program, and what it has mapped of libraries */
};

struct bench_outcome {
	int rounds;
	double once_floor_us; /* of a program that does nothing */
	struct bench_sizes sizes[SIDES][BENCH_CALLS];
	struct bench_round round[BENCH_ROUNDS_MAX];
	struct bench_fact fact[SIDES];
};

void bench_report(const struct bench_outcome *outcome, const char *program);

/*
 * Processes and their figures
 */

/* What is being measured, for messages. */
extern const char *bench_about;

/* Says what and errno, and ends the program. */
_Noreturn void bench_fail(const char *what);

uint64_t bench_now_ns(void);
double bench_median(double *values, int values_len);

/* Median and 99th percentile of times in ns, which it sorts. */
struct bench_result bench_summary(uint64_t *times, size_t times_len);

/* A blocking socket that is connected; tries until the server is up. */
int bench_connect(const char *endpoint);

/* All of it, or the end of the program. */
void bench_write(int stream, const void *bytes, size_t bytes_len);
void bench_read(int stream, void *bytes, size_t bytes_len);

/* The program: from exec to its end, in us, `argv` once. */
double bench_exec_us(char *const argv[]);

/* Of a process: a number of /proc/PID/FILE, behind the words `key`. */
unsigned bench_proc_number(pid_t pid, const char *file, const char *key);

/* KiB of what of files is mapped to be executed. */
double bench_mapped_kib(pid_t pid);

/* How long a process has run, with all its threads, in ns. */
uint64_t bench_run_ns(pid_t pid);

/* Calls `each` with the number of each of its threads. */
void bench_threads(pid_t pid, void (*each)(pid_t thread, void *ctx), void *ctx);

/* Counts system calls of a process from here (strace has attached when it
 * returns) to the end. */
pid_t bench_trace_begin(pid_t pid, const char *path);
double bench_trace_end(pid_t strace, const char *path);

#endif
