/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Linux guest with our agent as its /init (`make guest`), in real VMs:
 * what can only be seen in one. The guest is booted three times; what a test
 * finds it as is said where that matters.
 */
#include "qemu_world.h"

#include "agent_world.h"

#include "vmcache/agent_kata.h"
#include "vmcache_guest.h"

#define MIB (1024 * 1024)

#define PAUSE_MS 3000

static struct vmc_agent_kata state[2];
static struct vmc_agent_kata_config kata = { 0 };
static struct vmc_agent agents[2];
static uint8_t bytes[10 * MIB], back[10 * MIB + 1];

/*
 * VMs
 */

static const char *part(const char *name)
{
	static char path[4][256];
	static int next;
	const char *directory = getenv("GUEST");

	next = (next + 1) % 4;
	snprintf(path[next], sizeof(path[0]), "%s/%s",
		 directory ? directory : "build/guest", name);
	return path[next];
}

/* With the world's directory among them, by which it knows its QEMUs: all
 * else that they are given is descriptors. */
static const char *kernel_parameters(void)
{
	static char text[512];
	int fd = open(part("append-tcg"), O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? 0 : read(fd, text, sizeof(text) / 2);

	if (fd >= 0)
		close(fd);
	len = len > 0 ? len : 0;
	snprintf(text + len, sizeof(text) - (size_t)len, " test=%s", w.dir);
	return text;
}

/* Talks to VM `i` from now on. */
static void talk_to(unsigned i)
{
	agent = agents[i];
	vmc_error_reset(&error);
}

static void begin_agent(unsigned i)
{
	kata.port = vmc_posix_port(NULL);
	memset(&state[i], 0, sizeof(state[i]));
	agents[i].ops = &vmc_agent_kata_ops;
	agents[i].state = &state[i];
	agents[i].config = &kata;
	agents[i].error = &error;
	talk_to(i);
	CHECK_EQ_INT(agent.ops->set_agent_url(&agent, view(w.vm[i].agent_url)),
		     VMC_OK);
}

/* Boots VM `i`, pauses it as a pool does, and resumes it. */
static void begin_guest(unsigned i)
{
	boot(i);
	CHECK_EQ_INT(resume_vm(i), VMC_OK);
	begin_agent(i);
}

static void begin_guests(unsigned count)
{
	unsigned i;

	signal(SIGPIPE, SIG_IGN);
	begin_world();
	w.config.ready = "vmcache-agent: ready";
	w.config.agent = VMC_QEMU_AGENT_SERIAL;
	w.config.hold_console = 1;
	open_driver();
	w.vm_config.kernel = part("vmlinux");
	w.vm_config.initrd = part("initramfs.img");
	w.vm_config.kernel_params = kernel_parameters();
	w.vm_config.vcpus_max = 4;
	w.vm_config.memory_mib = 128;
	w.vm_config.memory_max_mib = 1024;
	if (access(w.vm_config.kernel, R_OK) != 0)
		SKIP("no Linux guest: make deps guest");
	if (vmc_qemu_check(&w.qemu, &w.vm_config, &w.error))
		SKIP(w.error.text);
	for (i = 0; i < count; i++)
		begin_guest(i);
}

static void end_guests(void)
{
	agents[0].ops->disconnect(&agents[0]);
	end_world();
}

static enum vmc_status check_agent(void)
{
	return RUN_CALL(agent.ops->check(&agent, &task, now()));
}

/* The words on the VM's end, which it is to meet. */
static const char *end_of_guest(unsigned i)
{
	struct vmc_task task = VMC_TASK_INIT;
	enum vmc_status status;

	FINISH(status, &task,
	       vmc_qemu_ops.watch(&w.qemu, &w.vm[i], &task, now()));
	CHECK_EQ_INT(status, VMC_ERR_VM);
	return w.vm[i].error.text;
}

/*
 * Being made ready
 */

struct times {
	long long before, theirs, after; /* seconds */
};

static struct times read_clocks(void)
{
	struct times times;

	times.before = (long long)time(NULL);
	CHECK_EQ_INT(run_shell("clock", "date +%s"), 0);
	CHECK_EQ_INT(sscanf(said, "%lld", &times.theirs), 1);
	times.after = (long long)time(NULL);
	return times;
}

static void set_clock(void)
{
	struct timespec ours;
	struct vmc_wall wall;

	clock_gettime(CLOCK_REALTIME, &ours);
	wall.seconds = ours.tv_sec;
	wall.microseconds = (uint32_t)(ours.tv_nsec / 1000);
	CHECK_EQ_INT(RUN_CALL(agent.ops->set_guest_date_time(&agent, &wall,
							     &task, now())),
		     VMC_OK);
}

static void seed(void)
{
	uint8_t entropy[512];
	struct vmc_view data = { entropy, sizeof(entropy) };
	struct vmc_posix_env_state env_state = { 0 };
	struct vmc_env env = vmc_posix_env(&env_state);

	CHECK_EQ_INT(env.entropy(env.ctx, entropy, sizeof(entropy)), VMC_OK);
	CHECK_EQ_INT(
		RUN_CALL(agent.ops->reseed_rng(&agent, data, &task, now())),
		VMC_OK);
}

static void random_words(char out[64])
{
	CHECK_EQ_INT(run_shell("random", "head -c 16 /dev/urandom | xxd -p; "
					 "cat /proc/sys/kernel/random/"
					 "entropy_avail"),
		     0);
	CHECK_EQ_INT(sscanf(said, "%63s 256", out), 1);
	CHECK(strstr(said, "\n256\n")); /* all that a kernel ever counts */
}

static void check_clock(void)
{
	struct times times;

	set_clock();
	CHECK_EQ_INT(pause_vm(0), VMC_OK);
	let_pass(PAUSE_MS);
	CHECK_EQ_INT(resume_vm(0), VMC_OK);
	times = read_clocks();
	CHECK(times.theirs <= times.after - 2); /* it has stood still */
	set_clock();
	set_clock();
	times = read_clocks();
	CHECK(times.theirs >= times.before - 1);
	CHECK(times.theirs <= times.after + 1);
}

static enum vmc_status grow(uint32_t vcpus, uint32_t mib)
{
	struct vmc_task adding = VMC_TASK_INIT;
	enum vmc_status status;

	FINISH(status, &adding,
	       vmc_vm_add_vcpus(&w.vm[0], vcpus, &adding, now()));
	CHECK_EQ_INT(status, VMC_OK);
	FINISH(status, &adding,
	       vmc_vm_add_memory(&w.vm[0], mib, &adding, now()));
	CHECK_EQ_INT(status, VMC_OK);
	return RUN_CALL(agent.ops->online_cpu_mem(&agent, w.vm[0].vcpus, vcpus,
						  mib == 0, &task, now()));
}

static void check_size(int vcpus, int mib)
{
	int found_vcpus, found_kib;

	CHECK_EQ_INT(run_shell("size", "nproc; set -- $(free | grep Mem); "
				       "echo $2"),
		     0);
	CHECK_EQ_INT(sscanf(said, "%d %d", &found_vcpus, &found_kib), 2);
	CHECK_EQ_INT(found_vcpus, vcpus);
	CHECK(found_kib / 1024 > mib - 60 && found_kib / 1024 <= mib);
}

TEST(two_guests_are_made_ready)
{
	char one[64], two[64], again[64];

	begin_guests(2);
	CHECK_EQ_INT(check_agent(), VMC_OK);
	seed();
	seed();
	random_words(one);
	talk_to(1);
	CHECK_EQ_INT(check_agent(), VMC_OK);
	seed();
	random_words(two);
	talk_to(0);
	random_words(again);
	CHECK(strcmp(one, two) != 0 && strcmp(one, again) != 0);
	check_clock();
	check_size(1, 128);
	CHECK_EQ_INT(grow(2, 256), VMC_OK);
	check_size(3, 384);
	CHECK_EQ_INT(grow(0, 128), VMC_OK); /* and once more */
	check_size(3, 512);
	CHECK_EQ_INT(grow(1, 0), VMC_OK);
	check_size(4, 512);
	CHECK(RUN_CALL(agent.ops->online_cpu_mem(&agent, 5, 1, 1, &task,
						 now())) < 0);
	CHECK(strstr(error.text, "4 of 5 CPUs are online"));
	CHECK_EQ_INT(stop_vm(1), VMC_OK);
	end_guests();
}

/*
 * Working in it
 */

static void check_who(void)
{
	struct vmc_guest_details details;
	struct vmc_interfaces interfaces;
	struct vmc_sandbox sandbox = { .hostname = view("guest-of-ours") };

	CHECK_EQ_INT(RUN_CALL(agent.ops->get_guest_details(
			     &agent, 1, 1, &details, &task, now())),
		     VMC_OK);
	CHECK_EQ_INT(details.init_daemon, 1);
	CHECK_EQ_INT(details.memory_block_size, 128 * MIB);
	CHECK_EQ_INT(RUN_CALL(agent.ops->list_interfaces(&agent, &interfaces,
							 &task, now())),
		     VMC_OK);
	CHECK_EQ_INT(interfaces.interface_len, 1);
	CHECK_EQ_STR(interfaces.interface[0].name, "lo");
	CHECK_EQ_STR(interfaces.interface[0].address[0].address, "127.0.0.1");
	CHECK_EQ_INT(RUN_CALL(agent.ops->start_sandbox(&agent, &sandbox, &task,
						       now())),
		     VMC_OK);
	CHECK_EQ_INT(run_shell("h", "hostname; mount | wc -l"), 0);
	CHECK_EQ_STR(said, "guest-of-ours\n9\n");
}

static void check_commands(void)
{
	struct command command = shell("x", "");
	int i;

	CHECK_EQ_INT(run_shell("a", "echo out; echo err >&2; exit 7"), 7);
	CHECK_EQ_STR(said, "out\n");
	CHECK_EQ_STR(complained, "err\n");
	CHECK_EQ_INT(run_shell("b", "kill -SEGV $$"), 128 + SIGSEGV);
	command.args[0] = view("no-such-program");
	CHECK_EQ_INT(start(&command), VMC_ERR_CALL);
	CHECK_EQ_INT(error.code, VMC_CODE_NOT_FOUND);
	for (i = 0; i < 100; i++)
		CHECK_EQ_INT(run_shell("row", "exit 3"), 3);
	/* orphans are reaped: those that are left are the kernel's, init,
	 * and the three that look */
	CHECK_EQ_INT(run_shell("o", "(true & true &) ; grep -l 'State:.Z' "
				    "/proc/[0-9]*/status 2>/dev/null | wc -l"),
		     0);
	CHECK_EQ_STR(said, "0\n");
}

static void check_streams(void)
{
	size_t at = 0, piece, written, got, i;

	for (i = 0; i < MIB; i++)
		bytes[i] = (uint8_t)(i * 31 + (i >> 8));
	CHECK_EQ_INT(start_shell("in", "cat >/tmp/x; cat /tmp/x; rm /tmp/x"),
		     VMC_OK);
	for (; at < MIB; at += written) {
		piece = MIB - at < 4000 ? MIB - at : 4000;
		CHECK_EQ_INT(write_stdin("in", bytes + at, piece, &written),
			     VMC_OK);
	}
	CHECK_EQ_INT(close_stdin("in"), VMC_OK);
	got = read_stream(agent.ops->read_process_stdout, "in", (char *)back,
			  sizeof(back));
	CHECK_EQ_INT(got, MIB);
	CHECK_EQ_MEM(back, bytes, MIB);
	CHECK_EQ_INT(finish("in"), 0);
	CHECK_EQ_INT(start_shell("out", "head -c 10485760 /dev/zero | tr '\\0' "
					"'\\377'"),
		     VMC_OK);
	got = read_stream(agent.ops->read_process_stdout, "out", (char *)back,
			  sizeof(back));
	CHECK_EQ_INT(got, sizeof(bytes));
	memset(bytes, 0xff, sizeof(bytes));
	CHECK_EQ_MEM(back, bytes, sizeof(bytes));
	CHECK_EQ_INT(finish("out"), 0);
}

static void check_terminal(void)
{
	struct command command = shell("t", "stty size; tty; exit 4");

	command.exec.terminal = 1;
	command.exec.height = 33;
	command.exec.width = 77;
	CHECK_EQ_INT(start(&command), VMC_OK);
	CHECK_EQ_INT(finish("t"), 4);
	CHECK_EQ_STR(said, "33 77\r\n/dev/pts/0\r\n");
}

static void check_file(void)
{
	struct vmc_file_piece piece = {
		.path = view("/run/new/directory/file"),
		.file_size = 2 * MIB,
		.file_mode = 0100755,
		.dir_mode = 0755,
		.uid = 12,
		.gid = 34,
		.data = { bytes, MIB },
	};

	CHECK_EQ_INT(
		RUN_CALL(agent.ops->copy_file(&agent, &piece, &task, now())),
		VMC_OK);
	piece.offset = MIB;
	CHECK_EQ_INT(
		RUN_CALL(agent.ops->copy_file(&agent, &piece, &task, now())),
		VMC_OK);
	CHECK_EQ_INT(run_shell("f", "stat -c '%s %a %u %g' "
				    "/run/new/directory/file; tr -d '\\377' "
				    "</run/new/directory/file | wc -c"),
		     0);
	CHECK_EQ_STR(said, "2097152 755 12 34\n0\n");
}

static void check_resident(void)
{
	unsigned kib;

	CHECK_EQ_INT(run_shell("m", "grep VmRSS /proc/1/status"), 0);
	CHECK_EQ_INT(sscanf(said, "VmRSS: %u", &kib), 1);
	CHECK(kib <= 256);
}

/* With a command and a wait of one who is gone. */
static void check_hang_up(void)
{
	static const uint8_t half[] = { 0, 0, 1, 0, 0, 0, 0, 9, 1, 0, 10, 17 };
	struct vmc_task waiting = VMC_TASK_INIT;
	int32_t status;
	int raw, i;

	CHECK_EQ_INT(start_shell("left", "read x; exit 9"), VMC_OK);
	CHECK_EQ_INT(agent.ops->wait_process(&agent, view(""), view("left"),
					     &status, &waiting, now()),
		     VMC_AGAIN);
	vmc_task_cancel(&waiting);
	for (i = 0; i < 3; i++) {
		agent.ops->disconnect(&agent);
		raw = open_client(0, "agent.sock");
		CHECK_EQ_INT(write(raw, half, sizeof(half)), sizeof(half));
		close(raw);
		begin_agent(0);
		CHECK_EQ_INT(check_agent(), VMC_OK);
	}
	CHECK_EQ_INT(close_stdin("left"), VMC_OK);
	CHECK_EQ_INT(finish("left"), 9);
}

/* The guest cannot see that one has gone and another has come. */
static void check_hang_up_while_paused(void)
{
	static const uint8_t half[] = { 0, 0, 1, 0, 0, 0, 0, 9, 1, 0, 10, 17 };
	struct vmc_task asking = VMC_TASK_INIT;
	enum vmc_status status;
	int raw;

	agent.ops->disconnect(&agent);
	raw = open_client(0, "agent.sock");
	CHECK_EQ_INT(write(raw, half, sizeof(half)), sizeof(half));
	CHECK_EQ_INT(pause_vm(0), VMC_OK);
	close(raw);
	begin_agent(0);
	CHECK_EQ_INT(agent.ops->check(&agent, &asking, now()), VMC_AGAIN);
	CHECK_EQ_INT(resume_vm(0), VMC_OK);
	FINISH(status, &asking, agent.ops->check(&agent, &asking, now()));
	CHECK_EQ_INT(status, VMC_OK);
}

static void check_noise(void)
{
	static const uint8_t noise[] = { 0xff, 0xfe, 0xfd };
	int raw;

	agent.ops->disconnect(&agent);
	raw = open_client(0, "agent.sock");
	CHECK_EQ_INT(write(raw, noise, sizeof(noise)), sizeof(noise));
	close(raw);
	begin_agent(0);
	CHECK_EQ_INT(check_agent(), VMC_OK);
}

static void check_oom(void)
{
	struct vmc_task waiting = VMC_TASK_INIT;
	struct vmc_oom_event event;
	enum vmc_status status;

	CHECK_EQ_INT(agent.ops->get_oom_event(&agent, &event, &waiting, now()),
		     VMC_AGAIN);
	CHECK_EQ_INT(start_shell("eater", "x=aaaaaaaaaaaaaaaa; while :; do "
					  "x=$x$x; done"),
		     VMC_OK);
	FINISH(status, &waiting,
	       agent.ops->get_oom_event(&agent, &event, &waiting, now()));
	CHECK_EQ_INT(status, VMC_OK);
	CHECK_EQ_STR(event.container_id, "eater");
	CHECK_EQ_INT(finish("eater"), 128 + SIGKILL);
}

TEST(a_guest_is_worked_in)
{
	begin_guests(1);
	check_who();
	check_commands();
	check_streams();
	check_terminal();
	check_file();
	check_hang_up();
	check_hang_up_while_paused();
	check_noise();
	check_resident();
	check_oom();
	CHECK_EQ_INT(check_agent(), VMC_OK);
	/* answered, and then it is off */
	CHECK_EQ_INT(
		RUN_CALL(agent.ops->stop_sandbox(&agent, NULL, &task, now())),
		VMC_OK);
	CHECK(strstr(end_of_guest(0), "switched itself off"));
	end_guests();
}

/*
 * Its end
 */

TEST(a_guest_that_panics_or_reboots_is_noticed)
{
	struct vmc_task waiting = VMC_TASK_INIT;
	enum vmc_status status;
	int32_t code;

	begin_guests(2);
	talk_to(0);
	CHECK_EQ_INT(start_shell("p", "echo c >/proc/sysrq-trigger"), VMC_OK);
	FINISH(status, &waiting,
	       agent.ops->wait_process(&agent, view(""), view("p"), &code,
				       &waiting, now()));
	CHECK_EQ_INT(status, VMC_ERR_LOST);
	CHECK(strstr(end_of_guest(0), "rebooted"));
	talk_to(1);
	CHECK_EQ_INT(start_shell("r", "reboot"), VMC_OK);
	CHECK(strstr(end_of_guest(1), "rebooted"));
	end_guests();
}

TESTS(RUN(two_guests_are_made_ready) RUN(a_guest_is_worked_in)
	      RUN(a_guest_that_panics_or_reboots_is_noticed))
