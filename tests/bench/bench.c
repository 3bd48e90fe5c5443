/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bench's driver (see bench.h):
 *
 *	bench VMCACHE FLOOR [GO]
 *
 * the program, one that does nothing, and the bench in Go. Prints what each
 * measure's median is, and the median of ratios taken within a round.
 * Rounds in which others used more than FOREIGN_MAX of a processor are
 * thrown away.
 */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 7
#define ROUNDS_MAX (4 * ROUNDS)
#define FOREIGN_MAX 0.15 /* BENCH_FOREIGN_MAX in the environment */
#define CONNECTIONS 16
#define EXECS 100 /* of each program in a round */

enum side { RAW = 0, OURS, GO, SIDES, SPINNING = SIDES, SERVERS };

/* One figure of one round, by side. */
enum row {
	STATUS_US = 0,
	STATUS_P99_US,
	HAND_OUT_US,
	HAND_OUT_P99_US,
	STATUS_1,
	STATUS_16,
	HAND_OUT_16,
	STATUS_16_APART,
	STATUS_APART_US,
	SPINNING_US, /* RAW: as the row before; OURS: both sides spin */
	EXEC_US, /* RAW: a program that does nothing; OURS: vmcache status */
	ROWS
};

static const char *const row_names[ROWS] = {
	[STATUS_US] = "Status, us",
	[STATUS_P99_US] = "Status, us, 99th percentile",
	[HAND_OUT_US] = "hand-out of a cached VM, us",
	[HAND_OUT_P99_US] = "hand-out, us, 99th percentile",
	[STATUS_1] = "Status, 1 connection, calls/s",
	[STATUS_16] = "Status, 16 connections, calls/s",
	[HAND_OUT_16] = "hand-outs, 16 connections, calls/s",
	[STATUS_16_APART] = "Status, 16, of the server alone",
	[STATUS_APART_US] = "Status, us, client on another core",
	[SPINNING_US] = "the same, both sides spin",
	[EXEC_US] = "vmcache status from exec to exit, us",
};

struct server {
	pid_t pid;
	char endpoint[80];
};

static char directory[64];
static const char *program, *floor_program, *go_program;
static struct server servers[SERVERS];
static struct bench_sizes sizes[BENCH_CALLS];
static int cpu, other_cpu; /* where all runs; where clients apart do */
static double figures[ROUNDS_MAX][ROWS][SIDES];
static int rounds;

/*
 * Children
 */

static void pin(int to)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(to, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		bench_fail("sched_setaffinity");
}

static void choose_cpus(void)
{
	cpu_set_t allowed;

	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		bench_fail("sched_getaffinity");
	cpu = other_cpu = -1;
	for (int i = 0; i < CPU_SETSIZE; i++) {
		if (!CPU_ISSET(i, &allowed))
			continue;
		other_cpu = cpu;
		cpu = i;
	}
}

static void stop_servers(void)
{
	for (int i = 0; i < SERVERS; i++) {
		if (servers[i].pid <= 0)
			continue;
		kill(servers[i].pid, SIGKILL);
		waitpid(servers[i].pid, NULL, 0);
		unlink(servers[i].endpoint);
	}
	rmdir(directory);
}

static void serve_go(const char *endpoint)
{
	char vms[16], bytes[16];

	/* about what else a VM takes on the wire, besides `hypervisor` */
	snprintf(vms, sizeof(vms), "%d", BENCH_VMS);
	snprintf(bytes, sizeof(bytes), "%u", sizes[BENCH_GET_VM].response - 62);
	execl(go_program, go_program, "serve", endpoint, vms, bytes,
	      (char *)NULL);
	bench_fail(go_program);
}

static void start(enum side side)
{
	static const char *const names[] = { "raw", "ours", "go", "spinning" };
	struct server *server = &servers[side];

	snprintf(server->endpoint, sizeof(server->endpoint), "%s/%s", directory,
		 names[side]);
	server->pid = fork();
	if (server->pid != 0)
		return;
	pin(cpu);
	if (side == RAW)
		bench_raw_serve(server->endpoint);
	/* pinned as they are they would not spin, but the peer runs elsewhere */
	if (side == OURS || side == SPINNING)
		bench_ours_serve(server->endpoint,
				 side == OURS ? 0 : VMC_POSIX_SPIN_US);
	serve_go(server->endpoint);
}

/*
 * Measures
 */

struct measure {
	enum side side;
	enum bench_call call;
	unsigned connections; /* 0: latency */
	int cpu;
};

static struct bench_result latency(const struct measure *measure)
{
	const char *endpoint = servers[measure->side].endpoint;

	if (measure->side == RAW)
		return bench_raw_latency(endpoint, sizes[measure->call]);
	/* pinned as it is it would not spin, but the server runs elsewhere */
	return bench_ours_latency(endpoint, measure->call,
				  measure->cpu == cpu ? 0 : VMC_POSIX_SPIN_US);
}

static struct bench_result load(const struct measure *measure)
{
	const struct bench_load how = {
		.endpoint = servers[measure->side].endpoint,
		.server = servers[measure->side].pid,
		.ttrpc = measure->side != RAW,
		.call = measure->call,
		.sizes = sizes[measure->call],
		.connections = measure->connections,
		.same_core = measure->cpu == cpu,
	};

	return bench_load(&how);
}

static void call_go(const struct measure *measure, int out)
{
	char calls[16];

	snprintf(calls, sizeof(calls), "%d", BENCH_LATENCY_CALLS);
	dup2(out, 1);
	execl(go_program, go_program, "call", servers[measure->side].endpoint,
	      measure->call == BENCH_STATUS ? "Status" : "GetBaseVM", calls,
	      (char *)NULL);
	bench_fail(go_program);
}

static struct bench_result read_go(int in)
{
	struct bench_result result = { 0, 0, 0 };
	FILE *file = fdopen(in, "r");

	if (fscanf(file, "%lf %lf", &result.p50_us, &result.p99_us) != 2)
		bench_fail("bench_go");
	fclose(file);
	return result;
}

static struct bench_result run(const struct measure *measure)
{
	int by_go = measure->side == GO && measure->connections == 0;
	struct bench_result result;
	int channel[2];
	pid_t child;

	if (pipe(channel))
		bench_fail("pipe");
	child = fork();
	if (child == 0) {
		pin(measure->cpu);
		if (by_go)
			call_go(measure, channel[1]);
		result =
			measure->connections ? load(measure) : latency(measure);
		bench_write(channel[1], &result, sizeof(result));
		_exit(0);
	}
	close(channel[1]);
	if (by_go) {
		result = read_go(channel[0]);
	} else {
		bench_read(channel[0], &result, sizeof(result));
		close(channel[0]);
	}
	waitpid(child, NULL, 0);
	return result;
}

static double median(double *values, int values_len)
{
	for (int i = 1; i < values_len; i++)
		for (int j = i; j > 0 && values[j - 1] > values[j]; j--) {
			double swap = values[j];

			values[j] = values[j - 1];
			values[j - 1] = swap;
		}
	return values_len ? values[values_len / 2] : 0;
}

static double exec_median_us(char *const argv[])
{
	double times[EXECS];

	for (int i = 0; i < EXECS; i++)
		times[i] = bench_exec_us(argv);
	return median(times, EXECS);
}

static void measure_execs(double figure[ROWS][SIDES])
{
	char *nothing[] = { (char *)floor_program, NULL };
	char *status[] = { (char *)program, (char *)"status",
			   (char *)"--endpoint", servers[OURS].endpoint, NULL };

	figure[EXEC_US][RAW] = exec_median_us(nothing);
	figure[EXEC_US][OURS] = exec_median_us(status);
}

static void measure_latency(double figure[ROWS][SIDES], enum side side)
{
	struct measure measure = { side, BENCH_STATUS, 0, cpu };
	struct bench_result result = run(&measure);

	figure[STATUS_US][side] = result.p50_us;
	figure[STATUS_P99_US][side] = result.p99_us;
	measure.call = BENCH_GET_VM;
	result = run(&measure);
	figure[HAND_OUT_US][side] = result.p50_us;
	figure[HAND_OUT_P99_US][side] = result.p99_us;
}

static double throughput(enum side side, enum bench_call call,
			 unsigned connections, int on)
{
	struct measure measure = { side, call, connections, on };

	return run(&measure).per_second;
}

static void measure_apart(double figure[ROWS][SIDES], enum side side)
{
	struct measure measure = { side, BENCH_STATUS, 0, other_cpu };

	figure[STATUS_16_APART][side] =
		throughput(side, BENCH_STATUS, CONNECTIONS, other_cpu);
	figure[STATUS_APART_US][side] = run(&measure).p50_us;
	if (side == RAW)
		figure[SPINNING_US][RAW] = figure[STATUS_APART_US][RAW];
	if (side != OURS)
		return;
	measure.side = SPINNING;
	figure[SPINNING_US][OURS] = run(&measure).p50_us;
}

static void measure_round(double figure[ROWS][SIDES])
{
	int sides = go_program ? SIDES : GO;

	for (int i = 0; i < sides; i++)
		measure_latency(figure, i);
	for (int i = 0; i < sides; i++)
		figure[STATUS_1][i] = throughput(i, BENCH_STATUS, 1, cpu);
	for (int i = 0; i < sides; i++)
		figure[STATUS_16][i] =
			throughput(i, BENCH_STATUS, CONNECTIONS, cpu);
	for (int i = 0; i < sides; i++)
		figure[HAND_OUT_16][i] =
			throughput(i, BENCH_GET_VM, CONNECTIONS, cpu);
	for (int i = 0; i < sides && other_cpu >= 0; i++)
		measure_apart(figure, i);
	measure_execs(figure);
}

/*
 * Who else is busy
 */

/* Processor time of the whole machine, in ticks; without waiting. */
static double busy_ticks(void)
{
	unsigned long long user, nice, system, idle, wait, irq, soft, steal;
	FILE *file = fopen("/proc/stat", "r");

	if (!file ||
	    fscanf(file, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &user,
		   &nice, &system, &idle, &wait, &irq, &soft, &steal) != 8)
		bench_fail("/proc/stat");
	fclose(file);
	return (double)(user + nice + system + irq + soft + steal);
}

static double ticks_of(pid_t pid)
{
	unsigned long user = 0, system = 0;
	char path[40];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "r");
	if (!file || fscanf(file,
			    "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u "
			    "%*u %*u %lu %lu",
			    &user, &system) != 2)
		bench_fail(path);
	fclose(file);
	return (double)(user + system);
}

static double seconds(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static double own_ticks(void)
{
	double ticks = ticks_of(getpid());
	struct rusage ended;

	getrusage(RUSAGE_CHILDREN, &ended);
	ticks += (seconds(ended.ru_utime) + seconds(ended.ru_stime)) *
		 (double)sysconf(_SC_CLK_TCK);
	for (int i = 0; i < SERVERS; i++)
		if (servers[i].pid > 0)
			ticks += ticks_of(servers[i].pid);
	return ticks;
}

static double foreign_ticks(void)
{
	return busy_ticks() - own_ticks();
}

static double foreign_max(void)
{
	const char *set = getenv("BENCH_FOREIGN_MAX");

	return set ? atof(set) : FOREIGN_MAX;
}

static void measure_rounds(void)
{
	double limit = foreign_max();

	for (int i = 0; i < ROUNDS_MAX && rounds < ROUNDS; i++) {
		uint64_t begun_ns = bench_now_ns();
		double foreign = foreign_ticks();

		measure_round(figures[rounds]);
		foreign = (foreign_ticks() - foreign) /
			  (double)sysconf(_SC_CLK_TCK) /
			  ((double)(bench_now_ns() - begun_ns) / 1e9);
		fprintf(stderr, "round %d: others used %.2f of a core%s\n",
			i + 1, foreign, foreign > limit ? ", not counted" : "");
		rounds += foreign <= limit;
	}
	if (rounds)
		return;
	fprintf(stderr, "bench: others are busy all the time\n");
	stop_servers();
	exit(1);
}

/*
 * What comes out
 */

static double middle(enum row row, enum side side)
{
	double values[ROUNDS];

	for (int i = 0; i < rounds; i++)
		values[i] = figures[i][row][side];
	return median(values, rounds);
}

/* Of one figure to another in the same round. */
static double ratio(enum row row, enum side side, enum row to_row,
		    enum side to_side)
{
	double values[ROUNDS];

	for (int i = 0; i < rounds; i++)
		values[i] = figures[i][row][side] / figures[i][to_row][to_side];
	return median(values, rounds);
}

static void print_row(enum row row)
{
	int digits = row >= STATUS_1 && row <= STATUS_16_APART ? 0 : 1;

	printf("%-38s %10.*f %10.*f ", row_names[row], digits, middle(row, RAW),
	       digits, middle(row, OURS));
	if (go_program && row < SPINNING_US)
		printf("%10.*f", digits, middle(row, GO));
	else
		printf("%10s", "-");
	printf(" %9.2f", ratio(row, OURS, row, RAW));
	if (go_program && row < SPINNING_US)
		printf(" %9.2f", ratio(row, GO, row, RAW));
	printf("\n");
}

static void target(const char *what, double value, const char *sign,
		   double limit, int digits)
{
	int met = sign[0] == '<' ? value <= limit : value >= limit;

	printf("  %-50s %8.*f %s %.*f  %s\n", what, digits, value, sign, digits,
	       limit, met ? "met" : "MISSED");
}

/* The program with VMs and connections, all idle. */
static unsigned resident_kib(void)
{
	char endpoint[80];
	unsigned kib;
	pid_t pid;

	snprintf(endpoint, sizeof(endpoint), "%s/program", directory);
	pid = fork();
	if (pid == 0) {
		dup2(open("/dev/null", O_WRONLY), 2);
		execl(program, program, "serve", "--hypervisor", "mock",
		      "--number", "2", "--endpoint", endpoint, (char *)NULL);
		bench_fail(program);
	}
	bench_hold(endpoint, CONNECTIONS);
	kib = bench_resident_kib(pid);
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	return kib;
}

static double program_kib(void)
{
	struct stat file;

	if (stat(program, &file))
		bench_fail(program);
	return (double)file.st_size / 1024;
}

static void report(void)
{
	printf("\nClient and server on one core; medians of %d rounds. "
	       "Bytes of a call, there and\nback: Status %u + %u, hand-out "
	       "%u + %u.\n\n",
	       rounds, sizes[BENCH_STATUS].request,
	       sizes[BENCH_STATUS].response, sizes[BENCH_GET_VM].request,
	       sizes[BENCH_GET_VM].response);
	printf("%-38s %10s %10s %10s %9s %9s\n", "", "raw", "ours", "ttrpc-go",
	       "ours/raw", "go/raw");
	for (int row = 0; row < ROWS; row++)
		if (other_cpu >= 0 || row < STATUS_16_APART ||
		    row > SPINNING_US)
			print_row(row);
	printf("(On another core our client spins for up to %d us before it "
	       "sleeps. Of the\nlast row, raw is a program that does "
	       "nothing.)\n\n",
	       VMC_POSIX_SPIN_US);
	if (other_cpu >= 0)
		target("Status to raw on two cores, both sides spin",
		       ratio(SPINNING_US, OURS, SPINNING_US, RAW), "<=", 0.15,
		       2);
	target("Status to raw", ratio(STATUS_US, OURS, STATUS_US, RAW),
	       "<=", 1.25, 2);
	target("hand-out to Status", ratio(HAND_OUT_US, OURS, STATUS_US, OURS),
	       "<=", 1.5, 2);
	target("calls/s to raw, 16 connections",
	       ratio(STATUS_16, OURS, STATUS_16, RAW), ">=", 0.8, 2);
	target("server resident, 2 VMs, 16 connections idle, KiB",
	       resident_kib(), "<=", 320, 0);
	target("program, KiB", program_kib(), "<=", 208, 1);
}

int main(int argc, char **argv)
{
	if (argc < 3 || argc > 4) {
		fprintf(stderr, "usage: bench VMCACHE FLOOR [GO]\n");
		return 2;
	}
	program = argv[1];
	floor_program = argv[2];
	go_program = argc == 4 ? argv[3] : NULL;
	choose_cpus();
	strcpy(directory, "/tmp/vmcache-bench-XXXXXX");
	if (!mkdtemp(directory))
		bench_fail(directory);
	start(RAW);
	start(OURS);
	start(SPINNING);
	for (int call = 0; call < BENCH_CALLS; call++)
		sizes[call] = bench_ours_sizes(servers[OURS].endpoint, call);
	if (go_program)
		start(GO);
	measure_rounds();
	report();
	stop_servers();
	return 0;
}
