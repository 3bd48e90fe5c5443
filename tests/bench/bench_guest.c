/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What it takes until a Linux guest from the cache answers, and what a command
 * in one takes beside one in a VM that is booted for it.
 *
 *	bench_guest VMCACHE GUEST
 *
 * starts `vmcache serve` with the guest of `make guest`, on TCG as anywhere,
 * and takes VMs of unchanged size one after the other, each when the cache is
 * full again. A take is everything: the call, QEMU's handshake, resuming, the
 * agent's connection and its first answer (Health.Check). The library's own
 * part are its steps less the system calls in them (linked as `--wrap` has it;
 * others than those here count as the library's). Processor time is all that
 * this process ran meanwhile, in user and system mode: its system calls, and
 * its going to sleep and waking up. Making ready is vmc_factory_get_vm, in
 * which the agent's answers are that it has taken entropy, and the time.
 *
 * Others on the machine add to all of that. So besides medians there is the
 * least, which comes closest to a machine that has nothing else to do.
 */
#include "bench.h"
#include "vmcache/agent_kata.h"
#include "vmcache_qemu.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TAKES 15
#define RUNS 5
#define APPEND_SIZE 512
#define PATH_SIZE 256

extern char **environ;

static const char *program;
static char endpoint[PATH_SIZE], run_dir[PATH_SIZE], kernel[PATH_SIZE],
	initrd[PATH_SIZE], append[APPEND_SIZE];
static pid_t server;

static uint64_t cpu_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/*
 * System calls, timed
 */

static uint64_t system_ns; /* spent in them */

#define WRAP(type, name, parameters, arguments)                                \
	type __real_##name parameters;                                         \
	type __wrap_##name parameters;                                         \
	type __wrap_##name parameters                                          \
	{                                                                      \
		uint64_t begun_ns = bench_now_ns();                            \
		type result = __real_##name arguments;                         \
                                                                               \
		system_ns += bench_now_ns() - begun_ns;                        \
		return result;                                                 \
	}

WRAP(int, socket, (int domain, int type, int protocol),
     (domain, type, protocol))
WRAP(int, connect, (int fd, const struct sockaddr *to, socklen_t to_len),
     (fd, to, to_len))
WRAP(int, close, (int fd), (fd))
WRAP(ssize_t, read, (int fd, void *buf, size_t cap), (fd, buf, cap))
WRAP(ssize_t, recv, (int fd, void *buf, size_t cap, int flags),
     (fd, buf, cap, flags))
WRAP(ssize_t, recvmsg, (int fd, struct msghdr *message, int flags),
     (fd, message, flags))
WRAP(ssize_t, send, (int fd, const void *bytes, size_t len, int flags),
     (fd, bytes, len, flags))
WRAP(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags),
     (fd, message, flags))

/*
 * The server
 */

static pid_t start(const char *const argv[], int quiet)
{
	posix_spawn_file_actions_t files;
	pid_t pid;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
	if (quiet)
		posix_spawn_file_actions_addopen(&files, 2, "/dev/null",
						 O_WRONLY, 0);
	if (posix_spawn(&pid, argv[0], &files, NULL, (char *const *)argv,
			environ))
		bench_fail(argv[0]);
	posix_spawn_file_actions_destroy(&files);
	return pid;
}

static void finish(pid_t pid, const char *what)
{
	int status;

	if (waitpid(pid, &status, 0) < 0 || status != 0)
		bench_fail(what);
}

static void start_server(void)
{
	const char *argv[] = { program,     "serve", "--endpoint", endpoint,
			       "--run-dir", run_dir, "--accel",    "tcg",
			       "--agent",   "kata",  "--kernel",   kernel,
			       "--initrd",  initrd,  "--append",   append,
			       NULL };

	server = start(argv, 1);
}

/* Until both VMs are READY. */
static void fill(void)
{
	const char *argv[] = {
		program,          "status",    "--endpoint", endpoint,
		"--wait-ready=2", "--timeout", "120",        NULL
	};

	finish(start(argv, 0), "the cache does not fill");
}

/*
 * One take
 */

static struct vmc_posix_env_state env_state;
static struct vmc_posix_waiter waiter;
static struct vmc_qemu qemu;
static struct vmc_agent_kata kata;
static struct vmc_agent_kata_config kata_config;
static struct vmc_channel channel;
static struct vmc_factory_remote remote;
static struct vmc_vm vm;
static _Alignas(16) uint8_t driver[VMC_QEMU_VM_SIZE];
static uint8_t window[VMC_CHANNEL_WINDOW_SIZE];
static struct vmc_get_vm want;
static struct vmc_task task;

static uint64_t now_ms(void)
{
	struct vmc_env env = vmc_posix_env(&env_state);

	return env.now_ms(env.ctx);
}

static enum vmc_status get(void)
{
	return vmc_factory_remote_ops.get_base_vm(&remote, &vm, &task,
						  now_ms());
}

static enum vmc_status resume(void)
{
	return vmc_vm_resume(&vm, &task, now_ms());
}

static enum vmc_status check(void)
{
	return vm.agent.ops->check(&vm.agent, &task, now_ms());
}

static enum vmc_status make_ready(void)
{
	return vmc_factory_get_vm(&want, &vm, &task, now_ms());
}

static enum vmc_status stop(void)
{
	return vmc_vm_stop(&vm, &task, now_ms());
}

static uint64_t own_ns; /* spent in steps, less system calls */

static enum vmc_status timed(enum vmc_status (*step)(void))
{
	uint64_t begun_ns = bench_now_ns() - system_ns;
	enum vmc_status status = step();

	own_ns += bench_now_ns() - system_ns - begun_ns;
	return status;
}

static void until_done(enum vmc_status (*step)(void), const char *what)
{
	enum vmc_status status;

	while ((status = timed(step)) == VMC_AGAIN)
		if (vmc_posix_wait(&waiter, &task, now_ms()) < 0)
			bench_fail("poll");
	if (status == VMC_OK)
		return;
	fprintf(stderr, "bench: %s: %s\n", what, vm.error.text);
	exit(1);
}

static void prepare(void)
{
	struct vmc_channel_config config = {
		.port = vmc_posix_port(NULL),
		.endpoint = endpoint,
		.stream = VMC_HANDLE_NONE,
		.window = window,
		.window_len = sizeof(window),
	};
	struct vmc_qemu_config qemu_config = { 0 };
	struct vmc_agent agent = { &vmc_agent_kata_ops, &kata, &kata_config,
				   NULL };

	kata_config.port = vmc_posix_port(NULL);
	if (vmc_channel_init(&channel, &config) ||
	    vmc_qemu_init(&qemu, &qemu_config, NULL))
		bench_fail("init");
	remote.channel = &channel;
	want.base = (struct vmc_factory){ &vmc_factory_remote_ops, &remote };
	want.env = vmc_posix_env(&env_state);
	vmc_posix_waiter_init(&waiter);
	waiter.spin.us = 0; /* looking is no work */
	vmc_vm_init(&vm, (struct vmc_hypervisor){ &vmc_qemu_ops, &qemu },
		    driver, agent);
	vmc_task_init(&task);
}

/* Of one: by the clock, of the processor, and the library's own. */
static void take(uint64_t *wall_ns, uint64_t *processor_ns, uint64_t *part_ns)
{
	own_ns = system_ns = 0;
	*wall_ns = bench_now_ns();
	*processor_ns = cpu_ns();
	until_done(get, "GetBaseVM");
	until_done(resume, "resume");
	if (vm.agent.ops->set_agent_url(&vm.agent, vmc_view_of(vm.agent_url)))
		bench_fail(vm.agent_url);
	until_done(check, "Check");
	*wall_ns = bench_now_ns() - *wall_ns;
	*processor_ns = cpu_ns() - *processor_ns;
	*part_ns = own_ns;
	until_done(stop, "stop");
}

static uint64_t take_ready(void)
{
	uint64_t begun_ns = bench_now_ns();

	until_done(make_ready, "make ready");
	begun_ns = bench_now_ns() - begun_ns;
	until_done(stop, "stop");
	return begun_ns;
}

/* A whole `vmcache run -- true`, in ns. */
static uint64_t run(int cold)
{
	const char *cached_argv[] = { program, "run",  "--endpoint", endpoint,
				      "--",    "true", NULL };
	const char *cold_argv[] = { program,  "run",       "--endpoint",
				    endpoint, "--cold",    "--accel",
				    "tcg",    "--run-dir", run_dir,
				    "--",     "true",      NULL };
	uint64_t begun = bench_now_ns();

	finish(start(cold ? cold_argv : cached_argv, 0), "vmcache run");
	return bench_now_ns() - begun;
}

static void target(const char *what, double got, double limit, int at_least)
{
	printf("%-52s %10.2f   target %s %g: %s\n", what, got,
	       at_least ? ">=" : "<=", limit,
	       (at_least ? got >= limit : got <= limit) ? "met" : "MISSED");
}

static void row(const char *what, double got)
{
	printf("%-52s %10.2f\n", what, got);
}

static void measure(void)
{
	uint64_t wall[TAKES], processor[TAKES], part[TAKES], ready[TAKES];
	uint64_t cached[RUNS], cold[RUNS];
	struct bench_result taken, ran, own, made, quick, slow;
	int i;

	for (i = 0; i < TAKES; i++) {
		fill();
		take(&wall[i], &processor[i], &part[i]);
		fill();
		ready[i] = take_ready();
	}
	for (i = 0; i < RUNS; i++) {
		fill();
		cached[i] = run(0);
		fill();
		cold[i] = run(1);
	}
	taken = bench_summary(wall, TAKES);
	ran = bench_summary(processor, TAKES);
	own = bench_summary(part, TAKES);
	made = bench_summary(ready, TAKES);
	quick = bench_summary(cached, RUNS);
	slow = bench_summary(cold, RUNS);
	printf("\nLinux guests under emulation; medians of %d takes and %d runs "
	       "each.\n\n",
	       TAKES, RUNS);
	row("vmcache run -- true, ms", quick.p50_us / 1000);
	row("the same --cold, ms", slow.p50_us / 1000);
	target("take to the agent's first answer, ms", taken.p50_us / 1000, 10,
	       0);
	target("of it the library's own part, ms", own.p50_us / 1000, 0.2, 0);
	row("the taker's processor time, the system's included, ms",
	    ran.p50_us / 1000);
	row("least of these: take, ms", (double)wall[0] / 1e6);
	row("the library's own part, ms", (double)part[0] / 1e6);
	row("processor time, ms", (double)processor[0] / 1e6);
	row("made ready for use: reseeded and on time, ms", made.p50_us / 1000);
	target("run --cold to run", slow.p50_us / quick.p50_us, 10, 1);
}

static void stop_server(void)
{
	kill(server, SIGTERM);
	waitpid(server, NULL, 0);
}

static void read_append(const char *guest)
{
	char path[PATH_SIZE];
	ssize_t len;
	int file;

	snprintf(path, sizeof(path), "%s/append-tcg", guest);
	file = open(path, O_RDONLY);
	len = file < 0 ? -1 : read(file, append, sizeof(append) - 1);
	if (len < 0)
		bench_fail(path);
	close(file);
	while (len > 0 && append[len - 1] == '\n')
		append[--len] = '\0';
}

int main(int argc, char **argv)
{
	static char directory[] = "/tmp/vmcache-bench-XXXXXX";

	if (argc != 3) {
		fprintf(stderr, "usage: bench_guest VMCACHE GUEST\n");
		return 2;
	}
	program = argv[1];
	snprintf(kernel, sizeof(kernel), "%s/vmlinux", argv[2]);
	snprintf(initrd, sizeof(initrd), "%s/initramfs.img", argv[2]);
	read_append(argv[2]);
	if (!mkdtemp(directory))
		bench_fail(directory);
	snprintf(endpoint, sizeof(endpoint), "%s/sock", directory);
	snprintf(run_dir, sizeof(run_dir), "%s/run", directory);
	start_server();
	atexit(stop_server);
	prepare();
	measure();
	return 0;
}
