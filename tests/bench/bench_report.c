/* SPDX-License-Identifier: Apache-2.0 */
/* What comes out (see bench.h): medians, and medians of ratios. */
#include "bench.h"

#include <stdio.h>
#include <sys/stat.h>

static const struct bench_outcome *o;

static double middle(enum bench_side_index side, enum bench_figure figure)
{
	double values[BENCH_ROUNDS_MAX];

	for (int i = 0; i < o->rounds; i++)
		values[i] = o->round[i].figure[side][figure];
	return bench_median(values, o->rounds);
}

/* Of one figure to another in the same round. */
static double ratio(enum bench_side_index side, enum bench_figure figure,
		    enum bench_side_index to_side, enum bench_figure to_figure)
{
	double values[BENCH_ROUNDS_MAX];

	for (int i = 0; i < o->rounds; i++)
		values[i] = o->round[i].figure[side][figure] /
			    o->round[i].figure[to_side][to_figure];
	return bench_median(values, o->rounds);
}

static double to_raw(enum bench_side_index side, enum bench_figure figure,
		     enum bench_figure raw_figure)
{
	return ratio(side, figure, bench_raw_of(side), raw_figure);
}

/*
 * Tables
 */

static void print_costs(enum bench_side_index side)
{
	printf("%-20s %7.1f %6.2f %7.1f %6.2f %9.0f %5.2f %9.0f %5.2f %8.1f\n",
	       bench_sides[side].name, middle(side, P50),
	       to_raw(side, P50, P50), middle(side, P99),
	       to_raw(side, P99, P99), middle(side, RATE_16),
	       to_raw(side, RATE_16, RATE_16), middle(side, RATE_64),
	       to_raw(side, RATE_64, RATE_64), middle(side, SERVER_US));
}

static void print_placed(enum bench_side_index side)
{
	printf("%-20s %7.1f %6.2f %7.1f %6.2f %9.0f %5.2f %9.0f %5.2f\n",
	       bench_sides[side].name, middle(side, PLACED_P50),
	       to_raw(side, PLACED_P50, PLACED_P50), middle(side, PLACED_P99),
	       to_raw(side, PLACED_P99, PLACED_P99), middle(side, PLACED_16),
	       to_raw(side, PLACED_16, PLACED_16), middle(side, PLACED_64),
	       to_raw(side, PLACED_64, PLACED_64));
}

static void print_takes(enum bench_side_index side)
{
	const struct bench_fact *fact = &o->fact[side];

	printf("%-20s %6.1f %6.1f %9.0f %9.0f %4.0f %4.0f %9.0f %8.2f %6.1f\n",
	       bench_sides[side].name, fact->calls_1, fact->calls_64,
	       fact->resident_kib, middle(side, RESIDENT_64), fact->threads,
	       middle(side, THREADS_64), fact->disk_kib,
	       middle(side, ONCE_US) / 1000, to_raw(side, ONCE_US, ONCE_US));
}

static void each(void (*print)(enum bench_side_index side))
{
	for (int i = 0; i < SHOWN; i++)
		if (bench_servers[i].pid > 0)
			print(i);
	printf("\n");
}

static void print_sizes(void)
{
	static const char *const names[] = { "Status", "GetBaseVM" };
	const struct bench_sizes *sizes;

	for (int side = RAW_TTRPC; side <= RAW_GRPC; side++)
		for (int call = 0; call < BENCH_CALLS; call++) {
			sizes = &o->sizes[side][call];
			printf("%s%s %s %u + %u", side + call ? ", " : "",
			       names[call],
			       side == RAW_TTRPC ? "ttrpc" : "gRPC",
			       sizes->request, sizes->response);
		}
	printf(".\n");
}

static void print_tables(void)
{
	printf("\nStatus of two VMs by the same client for all servers. "
	       "Medians of %d rounds in which\nothers used %.2f to %.2f of a "
	       "processor. x: to raw in the same round. Bytes of a call,\n"
	       "there and back: ",
	       o->rounds, o->round[0].foreign, o->round[o->rounds - 1].foreign);
	print_sizes();
	printf("\nClient and server on one core (calls/s of processor time)\n"
	       "%-20s %7s %6s %7s %6s %9s %5s %9s %5s %8s\n",
	       "", "p50, us", "x", "p99, us", "x", "16 conn/s", "x",
	       "64 conn/s", "x", "server us");
	each(print_costs);
	printf("Wherever the system puts them (calls/s by the clock)\n"
	       "%-20s %7s %6s %7s %6s %9s %5s %9s %5s\n",
	       "", "p50, us", "x", "p99, us", "x", "16 conn/s", "x",
	       "64 conn/s", "x");
	each(print_placed);
	printf("System calls of the server for a call with 1 and 64 "
	       "connections; KiB resident and threads,\nidle and with 64; KiB "
	       "on disk of program and libraries; one-shot client, exec to "
	       "exit\n"
	       "%-20s %6s %6s %9s %9s %4s %4s %9s %8s %6s\n",
	       "", "sys", "sys64", "idle", "loaded", "thr", "thr", "disk",
	       "once, ms", "x");
	each(print_takes);
}

/*
 * Targets
 */

static void target(const char *what, double value, const char *sign,
		   double limit, int digits)
{
	int met = sign[0] == '<' ? value <= limit : value >= limit;

	printf("  %-52s %8.*f %s %.*f  %s\n", what, digits, value, sign, digits,
	       limit, met ? "met" : "MISSED");
}

static void own_targets(enum bench_side_index side, double limit)
{
	printf("%s, the library's client: Status %.1f us, p99 %.1f\n",
	       bench_sides[side].name, middle(side, OWN_P50),
	       middle(side, OWN_P99));
	target("Status p50 to raw", to_raw(side, OWN_P50, P50), "<=", limit, 2);
	target("Status p99 to raw", to_raw(side, OWN_P99, P99), "<=", 1.5, 2);
}

static void print_vms(enum bench_side_index side)
{
	printf("%s: GetBaseVM %.1f us, p99 %.1f; %.0f calls/s\n",
	       bench_sides[side].name, middle(side, VM_P50),
	       middle(side, VM_P99), middle(side, VM_RATE_16));
}

/* The library's own, and what the program's records of VMs add to it. */
static void vm_targets(enum bench_side_index side,
		       enum bench_side_index program, double limit, double rate)
{
	print_vms(bench_raw_of(side));
	print_vms(side);
	print_vms(program);
	target("GetBaseVM p50 to raw, library", to_raw(side, VM_P50, VM_P50),
	       "<=", limit, 2);
	target("GetBaseVM p99 to raw, library", to_raw(side, VM_P99, VM_P99),
	       "<=", 1.5, 2);
	target("GetBaseVM, 16 connections, calls/s to raw, library",
	       to_raw(side, VM_RATE_16, VM_RATE_16), ">=", rate, 2);
}

static void rate_targets(enum bench_side_index side, double limit)
{
	target("Status, 16 connections, calls/s to raw",
	       to_raw(side, RATE_16, RATE_16), ">=", limit, 2);
	target("Status, 64 connections, calls/s to raw",
	       to_raw(side, RATE_64, RATE_64), ">=", limit, 2);
}

static void spin_target(enum bench_side_index spin)
{
	double apart = middle(bench_raw_of(spin), APART_P50);

	if (apart == 0)
		return;
	printf("  two cores, us: both sides spin %.1f; raw asleep %.1f, "
	       "spinning %.1f\n",
	       middle(spin, APART_P50), apart,
	       middle(bench_raw_of(spin), BARE_P50));
	target("both sides spin on two cores, p50 to raw asleep",
	       to_raw(spin, APART_P50, APART_P50), "<=", 0.15, 2);
}

static void other_targets(enum bench_side_index side, double loaded_kib)
{
	const struct bench_fact *fact = &o->fact[side];

	target("system calls a call, server", fact->calls_1, "<=", 3.05, 2);
	target("the same with 64 connections", fact->calls_64, "<", 3, 2);
	target("system calls a call, the library's client", fact->client_calls,
	       "<=", 2.05, 2);
	target("resident with 64 connections loaded, KiB",
	       middle(side, RESIDENT_64), "<=", loaded_kib, 0);
	target("the same, over idle, KiB",
	       middle(side, RESIDENT_64) - fact->resident_kib, "<=", loaded_kib,
	       0);
	target("one-shot client to a program that does nothing",
	       to_raw(side, ONCE_US, ONCE_US), "<=", 2.5, 2);
}

static double file_kib(const char *path)
{
	struct stat file;

	if (stat(path, &file))
		bench_fail(path);
	return (double)file.st_size / 1024;
}

/* see bench.h */
void bench_report(const struct bench_outcome *outcome, const char *program)
{
	o = outcome;
	print_tables();
	own_targets(OURS_TTRPC, 1.2);
	rate_targets(OURS_TTRPC, 0.85);
	vm_targets(LIBRARY_TTRPC, OURS_TTRPC, 1.15, 0.85);
	spin_target(SPIN_TTRPC);
	other_targets(OURS_TTRPC, 192);
	own_targets(OURS_GRPC, 1.3);
	rate_targets(OURS_GRPC, 0.75);
	vm_targets(LIBRARY_GRPC, OURS_GRPC, 1.3, 0.75);
	spin_target(SPIN_GRPC);
	other_targets(OURS_GRPC, 1024);
	printf("the program\n");
	target("resident, idle, KiB", o->fact[OURS_TTRPC].resident_kib,
	       "<=", 256, 0);
	target("on disk, KiB", file_kib(program), "<=", 208, 1);
}
