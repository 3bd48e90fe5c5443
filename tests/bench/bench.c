/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bench's driver (see bench.h):
 *
 *	bench VMCACHE FLOOR
 *
 * the program, and one that does nothing. Takes BENCH_ROUNDS rounds in which
 * others use less than FOREIGN_MAX of a processor (BENCH_FOREIGN_MAX in
 * the environment); if there are none among BENCH_ROUNDS_MAX, the quietest.
 */
#include "bench.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define FOREIGN_MAX 0.15
#define MANY 64
#define SOME 16
#define ONCE_MAX 40 /* one-shot clients in a round, */
#define ONCE_MS 300 /* in so long */

static struct bench_outcome outcome;
static int cpu = -1, other_cpu = -1; /* where all runs; clients apart */

/*
 * Children
 */

enum place { ONE_CORE, PLACED, APART };

struct measure {
	enum place place;
	struct bench_load load;
	int by_library; /* the library's client */
	int bare;       /* no server: two bare ends that spin */
	uint32_t spin_us;
	int traced; /* it begins when it is told to */
};

static struct bench_result perform(const struct measure *measure)
{
	if (measure->bare)
		return bench_raw_spin(&measure->load, cpu);
	if (measure->by_library)
		return bench_ours(&measure->load, measure->spin_us);
	return bench_load(&measure->load);
}

static _Noreturn void be_child(const struct measure *measure, int begin,
			       int out)
{
	struct bench_result result;
	char go;

	bench_about = bench_sides[measure->load.side].name;

	if (measure->traced)
		bench_read(begin, &go, 1);
	result = perform(measure);
	bench_write(out, &result, sizeof(result));
	_exit(0);
}

static int client_cpu(enum place place)
{
	if (place == PLACED)
		return -1;
	return place == APART ? other_cpu : cpu;
}

/* Runs it, and counts the system calls of `traced`: a process, -1 for the
 * measure itself, or 0. */
static struct bench_result run(struct measure *measure, pid_t traced,
			       double *traced_calls)
{
	static const char trace_path[] = "/tmp/vmcache-bench.strace";
	struct bench_result result;
	int begin[2], out[2];
	pid_t child, strace = 0;

	bench_pin(bench_servers[measure->load.side].pid,
		  measure->place == PLACED ? -1 : cpu);
	measure->traced = traced != 0;
	if (pipe(begin) || pipe(out))
		bench_fail("pipe");
	child = fork();
	if (child == 0) {
		bench_pin(getpid(), client_cpu(measure->place));
		be_child(measure, begin[0], out[1]);
	}
	close(out[1]);
	if (traced) {
		strace = bench_trace_begin(traced < 0 ? child : traced,
					   trace_path);
		bench_write(begin[1], "", 1);
	}
	bench_read(out[0], &result, sizeof(result));
	waitpid(child, NULL, 0);
	if (traced)
		*traced_calls = bench_trace_end(strace, trace_path);
	close(begin[0]);
	close(begin[1]);
	close(out[0]);
	unlink(trace_path);
	return result;
}

/*
 * Measures
 */

static struct measure one(enum bench_side_index side, enum place place)
{
	struct measure measure = {
		.place = place,
		.load = {
			.side = side,
			.connections = 1,
			.calls_max = BENCH_LATENCY_CALLS,
			.ms_max = BENCH_LATENCY_MS,
		},
	};

	measure.load.sizes = outcome.sizes[side][BENCH_STATUS];
	return measure;
}

static struct measure many(enum bench_side_index side, enum place place,
			   unsigned connections)
{
	struct measure measure = one(side, place);

	measure.load.connections = connections;
	measure.load.calls_max = UINT64_MAX;
	measure.load.ms_max = BENCH_LOAD_MS;
	measure.load.by_clock = place == PLACED;
	return measure;
}

static struct bench_result simply(struct measure measure)
{
	return run(&measure, 0, NULL);
}

static int is_ours(enum bench_side_index side)
{
	return side == OURS_TTRPC || side == OURS_GRPC;
}

static void take_one(double figure[FIGURES], enum bench_side_index side)
{
	struct bench_result result = simply(one(side, ONE_CORE));

	figure[P50] = result.p50_us;
	figure[P99] = result.p99_us;
	result = simply(one(side, PLACED));
	figure[PLACED_P50] = result.p50_us;
	figure[PLACED_P99] = result.p99_us;
}

/* By the library's client. */
static void take_own(double figure[FIGURES], enum bench_side_index side)
{
	struct measure measure = one(side, ONE_CORE);
	struct bench_result result;

	measure.by_library = 1;
	result = simply(measure);
	figure[OWN_P50] = result.p50_us;
	figure[OWN_P99] = result.p99_us;
}

static void take_vms(double figure[FIGURES], enum bench_side_index side)
{
	struct measure measure = one(side, ONE_CORE);
	struct bench_result result;

	measure.load.call = BENCH_GET_VM;
	measure.load.sizes = outcome.sizes[side][BENCH_GET_VM];
	measure.by_library = bench_sides[side].wire != BENCH_RAW;
	result = simply(measure);
	figure[VM_P50] = result.p50_us;
	figure[VM_P99] = result.p99_us;
	measure = many(side, ONE_CORE, SOME);
	measure.load.call = BENCH_GET_VM;
	measure.load.sizes = outcome.sizes[side][BENCH_GET_VM];
	figure[VM_RATE_16] = simply(measure).per_second;
}

static void take_some(double figure[FIGURES], enum bench_side_index side)
{
	struct bench_result result = simply(many(side, ONE_CORE, SOME));

	figure[RATE_16] = result.per_second;
	figure[SERVER_US] = result.server_us;
	figure[PLACED_16] = simply(many(side, PLACED, SOME)).per_second;
}

static void take_many(double figure[FIGURES], enum bench_side_index side)
{
	struct bench_result result = simply(many(side, ONE_CORE, MANY));

	figure[RATE_64] = result.per_second;
	figure[RESIDENT_64] = result.resident_kib;
	figure[THREADS_64] = result.threads;
	figure[PLACED_64] = simply(many(side, PLACED, MANY)).per_second;
}

/* On two processors, asleep and spinning. */
static void take_apart(double figure[FIGURES], enum bench_side_index side)
{
	struct measure measure = one(side, APART);

	measure.by_library = side >= SHOWN;
	measure.spin_us = VMC_POSIX_SPIN_US;
	if (other_cpu < 0)
		return;
	figure[APART_P50] = simply(measure).p50_us;
	measure.bare = bench_sides[side].wire == BENCH_RAW;
	if (measure.bare)
		figure[BARE_P50] = simply(measure).p50_us;
}

static double once(double (*exec)(enum bench_side_index side),
		   enum bench_side_index side)
{
	uint64_t end_ns = bench_now_ns() + ONCE_MS * 1000000ull;
	double times[ONCE_MAX];
	int len = 0;

	while (len < 3 || (len < ONCE_MAX && bench_now_ns() < end_ns))
		times[len++] = exec(side);
	return bench_median(times, len);
}

static const char *floor_program;

static double exec_floor(enum bench_side_index side)
{
	char *argv[] = { (char *)(uintptr_t)floor_program, NULL };

	(void)side;
	return bench_exec_us(argv);
}

static void take_once(double figure[FIGURES], enum bench_side_index side)
{
	int is_raw = bench_sides[side].wire == BENCH_RAW;

	figure[ONCE_US] = once(is_raw ? exec_floor : bench_client_us, side);
}

/* Of all sides that are there, up to `end`, that one measure. */
static void each_side(struct bench_round *round, int begin, int end,
		      void (*take)(double figure[FIGURES],
				   enum bench_side_index side))
{
	for (int i = begin; i < end; i++)
		if (bench_servers[i].pid > 0)
			take(round->figure[i], i);
}

static void take_round(struct bench_round *round)
{
	each_side(round, 0, SHOWN, take_one);
	each_side(round, OURS_TTRPC, PEER_TTRPC_GO, take_own);
	each_side(round, 0, PEER_TTRPC_GO, take_vms);
	each_side(round, LIBRARY_TTRPC, SIDES, take_vms);
	each_side(round, 0, SHOWN, take_some);
	each_side(round, 0, SHOWN, take_many);
	each_side(round, 0, OURS_TTRPC, take_apart);
	each_side(round, SHOWN, LIBRARY_TTRPC, take_apart);
	each_side(round, 0, SHOWN, take_once);
}

/*
 * Once
 */

/* Bare messages are as long as ours are over the same transport. */
static void find_sizes(enum bench_side_index side)
{
	struct measure measure = one(side, ONE_CORE);

	measure.load.calls_max = 100;
	for (int call = 0; call < BENCH_CALLS; call++) {
		measure.load.call = call;
		outcome.sizes[side][call] = simply(measure).sizes;
		outcome.sizes[bench_raw_of(side)][call] =
			outcome.sizes[side][call];
	}
}

/* What is a process like that has answered a few calls? */
static void find_idle(enum bench_side_index side)
{
	struct bench_fact *fact = &outcome.fact[side];
	struct measure measure = one(side, PLACED);
	struct bench_result result;

	measure.load.calls_max = 10;
	result = simply(measure);
	fact->resident_kib = result.resident_kib;
	fact->threads = result.threads;
	if (bench_sides[side].wire != BENCH_RAW)
		fact->disk_kib = bench_mapped_kib(bench_servers[side].pid);
}

static void count_calls(enum bench_side_index side)
{
	struct bench_fact *fact = &outcome.fact[side];
	struct measure measure = one(side, ONE_CORE);
	const double all = 1.1 * BENCH_TRACED_CALLS; /* with what warms up */
	double calls;

	measure.load.ms_max = 30000;
	measure.load.calls_max = BENCH_TRACED_CALLS;
	run(&measure, bench_servers[side].pid, &calls);
	fact->calls_1 = calls / all;
	measure.load.connections = MANY;
	measure.load.calls_max = 4 * BENCH_TRACED_CALLS;
	run(&measure, bench_servers[side].pid, &calls);
	fact->calls_64 = calls / (4 * all);
	if (!is_ours(side))
		return;
	measure.load.calls_max = BENCH_TRACED_CALLS;
	measure.by_library = 1;
	run(&measure, -1, &calls);
	fact->client_calls = calls / all;
}

static void take_facts(void)
{
	for (int i = 0; i < SHOWN; i++)
		if (bench_servers[i].pid > 0 &&
		    bench_sides[i].wire != BENCH_RAW)
			find_idle(i);
	find_sizes(OURS_TTRPC);
	find_sizes(OURS_GRPC);
	for (int i = 0; i < SHOWN; i++) {
		if (bench_servers[i].pid <= 0)
			continue;
		if (bench_sides[i].wire == BENCH_RAW)
			find_idle(i);
		count_calls(i);
	}
}

/*
 * Rounds
 */

static double foreign_max(void)
{
	const char *set = getenv("BENCH_FOREIGN_MAX");

	return set ? atof(set) : FOREIGN_MAX;
}

/* How busy others were meanwhile. */
static void take_judged(struct bench_round *round)
{
	uint64_t begun_ns = bench_now_ns();
	double foreign_s = bench_foreign_s();

	take_round(round);
	foreign_s = bench_foreign_s() - foreign_s;
	round->foreign = foreign_s * 1e9 / (double)(bench_now_ns() - begun_ns);
	fprintf(stderr, "bench: others used %.2f of a processor\n",
		round->foreign);
}

static int by_foreign(const void *a, const void *b)
{
	double left = ((const struct bench_round *)a)->foreign;
	double right = ((const struct bench_round *)b)->foreign;

	return left < right ? -1 : left > right;
}

static void take_rounds(void)
{
	double limit = foreign_max();
	int i, quiet = 0;

	for (i = 0; i < BENCH_ROUNDS_MAX && quiet < BENCH_ROUNDS; i++) {
		take_judged(&outcome.round[i]);
		quiet += outcome.round[i].foreign <= limit;
	}
	qsort(outcome.round, (size_t)i, sizeof(outcome.round[0]), by_foreign);
	outcome.rounds = BENCH_ROUNDS;
}

static void choose_cpus(void)
{
	cpu_set_t allowed;

	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		bench_fail("sched_getaffinity");
	for (int i = 0; i < CPU_SETSIZE; i++) {
		if (!CPU_ISSET(i, &allowed))
			continue;
		other_cpu = cpu;
		cpu = i;
	}
}

int main(int argc, char **argv)
{
	/* records lie beside the endpoint: in memory, as below /run */
	static char memory[] = "/dev/shm/vmcache-bench-XXXXXX";
	static char disk[] = "/tmp/vmcache-bench-XXXXXX";
	const char *directory;

	if (argc != 3) {
		fprintf(stderr, "usage: bench VMCACHE FLOOR\n");
		return 2;
	}
	floor_program = argv[2];
	choose_cpus();
	directory = mkdtemp(memory);
	if (!directory)
		directory = mkdtemp(disk);
	if (!directory)
		bench_fail(disk);
	bench_start_servers(directory);
	atexit(bench_stop_servers);
	take_facts();
	take_rounds();
	bench_report(&outcome, argv[1]);
	bench_stop_servers();
	rmdir(directory);
	return 0;
}
