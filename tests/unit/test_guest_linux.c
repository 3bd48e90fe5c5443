/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest itself: what it says of itself, and what is done to it. The
 * machine that the tests run on stays as it is.
 */
#include "guest_world.h"

#include "vmcache/agent_service.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <poll.h>
#include <sys/stat.h>
#include <time.h>

static char directory[32];

static void make_directory(void)
{
	strcpy(directory, "/tmp/guest.XXXXXX");
	CHECK(mkdtemp(directory));
}

static void remove_directory(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", directory);
	CHECK_EQ_INT(system(command), 0);
}

static const char *in_directory(const char *name)
{
	static char path[4][256];
	static int next;

	next = (next + 1) % 4;
	snprintf(path[next], sizeof(path[0]), "%s/%s", directory, name);
	return path[next];
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	CHECK(fd >= 0);
	CHECK_EQ_INT(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/*
 * What changes a machine, of which this keeps book
 */

static struct {
	struct vmc_wall wall;
	size_t written, credited;
	int reseeded, clocks, fails_at, number;
	char hostname[64], modules[256];
} book;

static int fails(int at)
{
	return book.fails_at == at ? book.number : 0;
}

static int set_clock(const struct vmc_wall *wall)
{
	book.wall = *wall;
	book.clocks++;
	return fails(1);
}

static int write_entropy(struct vmc_view data)
{
	book.written += data.ptr_len;
	return fails(2);
}

static int credit_entropy(struct vmc_view data)
{
	book.credited += data.ptr_len;
	return fails(3);
}

static int reseed(void)
{
	book.reseeded++;
	return fails(4);
}

static int set_hostname(struct vmc_view name)
{
	memcpy(book.hostname, name.ptr, name.ptr_len);
	book.hostname[name.ptr_len] = '\0';
	return fails(5);
}

static int load_module(const char *path, const char *parameters)
{
	strcat(book.modules, path);
	strcat(book.modules, "(");
	strcat(book.modules, parameters);
	strcat(book.modules, ")");
	return fails(6);
}

static const struct vmc_guest_system system_of_ours = {
	.set_clock = set_clock,
	.write_entropy = write_entropy,
	.credit_entropy = credit_entropy,
	.reseed = reseed,
	.set_hostname = set_hostname,
	.load_module = load_module,
};

static struct vmc_guest_config config;

static void begin_ours(void)
{
	memset(&book, 0, sizeof(book));
	config.system = &system_of_ours;
	begin_with(&config);
}

/*
 * Details
 */

TEST(it_says_who_it_is)
{
	struct vmc_guest_details details;

	memset(&config, 0, sizeof(config));
	make_directory();
	config.sys = directory;
	begin_ours();
	CHECK_EQ_INT(RUN_CALL(agent.ops->check(&agent, &task, now())), VMC_OK);
#define DETAILS(block, probe)                                                  \
	CHECK_EQ_INT(RUN_CALL(agent.ops->get_guest_details(                    \
			     &agent, block, probe, &details, &task, now())),   \
		     VMC_OK)
	DETAILS(1, 1);
	CHECK_EQ_INT(details.present, 1);
	CHECK_EQ_STR(details.version,
		     VMC_AGENT_API_VERSION "+vmcache." VMC_VERSION);
	CHECK_EQ_INT(details.memory_block_size, 0); /* no such file */
	CHECK_EQ_INT(details.memory_hotplug_probe, 0);
	CHECK_EQ_INT(details.init_daemon, 0);
	CHECK_EQ_INT(mkdir(in_directory("devices"), 0755), 0);
	CHECK_EQ_INT(mkdir(in_directory("devices/system"), 0755), 0);
	CHECK_EQ_INT(mkdir(in_directory("devices/system/memory"), 0755), 0);
	put(in_directory("devices/system/memory/block_size_bytes"),
	    "8000000\n");
	put(in_directory("devices/system/memory/probe"), "");
	DETAILS(1, 1);
	CHECK_EQ_INT(details.memory_block_size, 128 * 1024 * 1024);
	CHECK_EQ_INT(details.memory_hotplug_probe, 1);
	DETAILS(0, 0);
	CHECK_EQ_INT(details.memory_block_size, 0);
	CHECK_EQ_INT(details.memory_hotplug_probe, 0);
	config.is_init = 1;
	begin_ours();
	DETAILS(0, 0);
	CHECK_EQ_INT(details.init_daemon, 1);
#undef DETAILS
	memset(&config, 0, sizeof(config));
	remove_directory();
	end();
}

/*
 * Clock and entropy
 */

static enum vmc_status set_time(int64_t seconds, uint32_t microseconds)
{
	struct vmc_wall wall = { seconds, microseconds };

	return RUN_CALL(
		agent.ops->set_guest_date_time(&agent, &wall, &task, now()));
}

TEST(its_clock_is_set)
{
	begin_ours();
	CHECK_EQ_INT(set_time(1700000000, 999999), VMC_OK);
	CHECK_EQ_INT(book.wall.seconds, 1700000000);
	CHECK_EQ_INT(book.wall.microseconds, 999999);
	CHECK_EQ_INT(set_time(1700000001, 0), VMC_OK); /* and again */
	CHECK_EQ_INT(book.clocks, 2);
	CHECK_EQ_INT(set_time(-1, 0), VMC_ERR_ARGUMENT);
	CHECK_EQ_INT(set_time(INT64_MAX, 0), VMC_ERR_ARGUMENT);
	CHECK_EQ_INT(set_time(1, 1000000), VMC_ERR_ARGUMENT);
	CHECK_EQ_INT(book.clocks, 2);
	book.fails_at = 1;
	book.number = EPERM;
	CHECK_EQ_INT(set_time(1, 0), VMC_ERR_PERMISSION);
	CHECK_EQ_STR(error.text, "clock_settime CLOCK_REALTIME: Operation not "
				 "permitted");
	end();
}

static enum vmc_status seed(const char *bytes, size_t len)
{
	struct vmc_view data = { (const uint8_t *)bytes, len };

	return RUN_CALL(agent.ops->reseed_rng(&agent, data, &task, now()));
}

TEST(its_randomness_is_seeded)
{
	begin_ours();
	CHECK_EQ_INT(seed("entropy", 7), VMC_OK);
	CHECK_EQ_INT(seed("entropy", 7), VMC_OK);
	CHECK_EQ_INT(book.written, 14);
	CHECK_EQ_INT(book.credited, 14);
	CHECK_EQ_INT(book.reseeded, 2);
	CHECK_EQ_INT(seed(NULL, 0), VMC_ERR_ARGUMENT);
	CHECK_EQ_STR(error.text, "missing entropy data");
	book.fails_at = 3;
	book.number = EPERM;
	CHECK_EQ_INT(seed("x", 1), VMC_ERR_PERMISSION);
	CHECK_EQ_STR(error.text, "ioctl RNDADDENTROPY on /dev/urandom: "
				 "Operation not permitted");
	book.fails_at = 4;
	CHECK_EQ_INT(seed("x", 1), VMC_ERR_PERMISSION);
	CHECK(strstr(error.text, "RNDRESEEDCRNG"));
	book.fails_at = 2;
	book.number = ENOENT;
	CHECK_EQ_INT(seed("x", 1), VMC_ERR_NOT_FOUND);
	end();
}

/*
 * The sandbox
 */

static enum vmc_status start_sandbox(const struct vmc_sandbox *sandbox)
{
	return RUN_CALL(
		agent.ops->start_sandbox(&agent, sandbox, &task, now()));
}

TEST(an_init_takes_a_name_and_resolvers)
{
	struct vmc_view dns[2] = { view("nameserver 10.0.0.1"),
				   view("search example") };
	struct vmc_sandbox sandbox = { .hostname = view("guest-7"),
				       .dns = dns,
				       .dns_len = 2 };
	char text[128];
	FILE *file;

	make_directory();
	memset(&config, 0, sizeof(config));
	config.is_init = 1;
	config.resolv = in_directory("resolv.conf");
	begin_ours();
	CHECK_EQ_INT(start_sandbox(&sandbox), VMC_OK);
	CHECK_EQ_STR(book.hostname, "guest-7");
	file = fopen(in_directory("resolv.conf"), "r");
	CHECK(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	CHECK_EQ_STR(text, "nameserver 10.0.0.1\nsearch example\n");
	book.fails_at = 5;
	book.number = EINVAL;
	CHECK_EQ_INT(start_sandbox(&sandbox), VMC_ERR_IO);
	CHECK(strstr(error.text, "sethostname"));
	memset(&config, 0, sizeof(config));
	remove_directory();
	end();
}

TEST(a_service_leaves_its_machine_alone)
{
	struct vmc_view dns[1] = { view("nameserver 10.0.0.1") };
	struct vmc_sandbox sandbox = { .hostname = view("other") };

	make_directory();
	memset(&config, 0, sizeof(config));
	config.proc = directory; /* where nothing says that it has its own */
	begin_ours();
	CHECK_EQ_INT(start_sandbox(&sandbox), VMC_OK);
	CHECK_EQ_STR(book.hostname, "");
	CHECK_EQ_INT(mkdir(in_directory("self"), 0755), 0);
	CHECK_EQ_INT(mkdir(in_directory("self/ns"), 0755), 0);
	CHECK_EQ_INT(mkdir(in_directory("1"), 0755), 0);
	CHECK_EQ_INT(mkdir(in_directory("1/ns"), 0755), 0);
	CHECK_EQ_INT(symlink("uts:[1]", in_directory("1/ns/uts")), 0);
	CHECK_EQ_INT(symlink("uts:[1]", in_directory("self/ns/uts")), 0);
	CHECK_EQ_INT(start_sandbox(&sandbox), VMC_OK);
	CHECK_EQ_STR(book.hostname, "");
	CHECK_EQ_INT(unlink(in_directory("self/ns/uts")), 0);
	CHECK_EQ_INT(symlink("uts:[2]", in_directory("self/ns/uts")), 0);
	CHECK_EQ_INT(start_sandbox(&sandbox), VMC_OK);
	CHECK_EQ_STR(book.hostname, "other"); /* its own to name */
	sandbox.dns = dns;
	sandbox.dns_len = 1;
	CHECK_EQ_INT(start_sandbox(&sandbox), VMC_ERR_UNSUPPORTED);
	CHECK_EQ_STR(error.text, "dns is only for an agent that is process 1: "
				 "nameserver 10.0.0.1");
	memset(&config, 0, sizeof(config));
	remove_directory();
	end();
}

TEST(modules_are_found_and_loaded)
{
	struct vmc_view parameters[2] = { view("a=1"), view("b=2 3") };
	struct vmc_kernel_module modules[2] = {
		{ .name = view("some"),
		  .parameters = parameters,
		  .parameters_len = 2 },
	};
	struct vmc_sandbox sandbox = { .kernel_modules = modules,
				       .kernel_modules_len = 1 };
	char expected[256];

	make_directory();
	memset(&config, 0, sizeof(config));
	config.modules = directory;
	begin_ours();
	CHECK_EQ_INT(start_sandbox(&sandbox), VMC_ERR_NOT_FOUND);
	CHECK_EQ_STR(error.text, "no such kernel module: some");
	put(in_directory("some.ko"), "");
	put(in_directory("other"), "");
	modules[1].name = view(in_directory("other"));
	sandbox.kernel_modules_len = 2;
	CHECK_EQ_INT(start_sandbox(&sandbox), VMC_OK);
	snprintf(expected, sizeof(expected), "%s/some.ko(a=1 b=2 3)%s/other()",
		 directory, directory);
	CHECK_EQ_STR(book.modules, expected);
	modules[0].name = view("../some");
	CHECK_EQ_INT(start_sandbox(&sandbox), VMC_ERR_NOT_FOUND);
	modules[0].name = view("some");
	book.fails_at = 6;
	book.number = ENOEXEC;
	CHECK_EQ_INT(start_sandbox(&sandbox), VMC_ERR_IO);
	CHECK(strstr(error.text, "finit_module"));
	memset(&config, 0, sizeof(config));
	remove_directory();
	end();
}

TEST(what_a_sandbox_cannot_have_is_refused_by_name)
{
	struct vmc_storage storage = { .mount_point = view("/mnt/data") };
	struct vmc_sandbox sandbox = { .hostname = view("x"),
				       .storages = &storage,
				       .storages_len = 1 };

	memset(&config, 0, sizeof(config));
	config.is_init = 1;
	begin_ours();
	CHECK_EQ_INT(start_sandbox(&sandbox), VMC_ERR_UNSUPPORTED);
	CHECK_EQ_STR(error.text, "storages are not mounted: /mnt/data");
	CHECK_EQ_STR(book.hostname, ""); /* nothing was done */
	sandbox.storages_len = 0;
	sandbox.guest_hook_path = view("/hooks");
	CHECK_EQ_INT(start_sandbox(&sandbox), VMC_ERR_UNSUPPORTED);
	CHECK_EQ_STR(error.text, "hooks are not run: /hooks");
	CHECK_EQ_INT(vmc_guest_stopping(&guest), 0);
	CHECK_EQ_INT(RUN_CALL(agent.ops->stop_sandbox(&agent, &sandbox, &task,
						      now())),
		     VMC_OK);
	CHECK_EQ_INT(vmc_guest_stopping(&guest), 1);
	memset(&config, 0, sizeof(config));
	end();
}

TEST(what_it_does_not_do_is_said)
{
	struct vmc_container container = { 0 };
	struct vmc_interface interface = { 0 }, result;
	struct vmc_process process;

	begin_ours();
	CHECK_EQ_INT(RUN_CALL(agent.ops->create_container(
			     &agent, NULL, &container, &process, &task, now())),
		     VMC_ERR_UNSUPPORTED);
	CHECK_EQ_STR(error.text, "this agent has no containers, and sets up no "
				 "network");
	CHECK_EQ_INT(RUN_CALL(agent.ops->update_interface(
			     &agent, &interface, &result, &task, now())),
		     VMC_ERR_UNSUPPORTED);
	CHECK_EQ_INT(
		RUN_CALL(agent.ops->add_swap(&agent, view("02"), &task, now())),
		VMC_ERR_UNSUPPORTED);
	CHECK_EQ_STR(agent.ops->name, "linux");
	end();
}

TEST(no_method_is_missing)
{
	const unsigned char *at = (const unsigned char *)&vmc_agent_linux_ops;
	size_t first = offsetof(struct vmc_agent_ops, init), i;
	void (*method)(void);

	CHECK_EQ_INT(sizeof(vmc_agent_linux_ops) - first,
		     VMC_AGENT_CALLS * sizeof(method));
	for (i = 0; i < VMC_AGENT_CALLS; i++) {
		memcpy(&method, at + first + i * sizeof(method),
		       sizeof(method));
		CHECK(method);
	}
}

/*
 * Killed for want of memory
 */

static enum vmc_status oom(struct vmc_oom_event *event, struct vmc_task *task)
{
	vmc_error_reset(&error);
	return agent.ops->get_oom_event(&agent, event, task, now());
}

static void log_line(int log, const char *line)
{
	CHECK_EQ_INT(write(log, line, strlen(line)), strlen(line));
}

TEST(who_was_killed_for_want_of_memory_is_told)
{
	struct vmc_task first = VMC_TASK_INIT, second = VMC_TASK_INIT;
	struct vmc_oom_event event;
	char line[128];
	int log;

	make_directory();
	memset(&config, 0, sizeof(config));
	config.kmsg = in_directory("kmsg");
	CHECK_EQ_INT(mkfifo(in_directory("kmsg"), 0600), 0);
	log = open(in_directory("kmsg"), O_RDWR | O_CLOEXEC);
	CHECK(log >= 0);
	begin_ours();
	CHECK_EQ_INT(start_shell("eater", "read x"), VMC_OK);
	CHECK_EQ_INT(oom(&event, &first), VMC_AGAIN);
	CHECK_EQ_INT(oom(&event, &second), VMC_AGAIN);
	CHECK_EQ_INT(first.wait_len, 1);
	log_line(log, "6,1,2,-;something else: Killed process 5\n");
	wait_for(&first);
	CHECK_EQ_INT(oom(&event, &first), VMC_AGAIN);
	snprintf(line, sizeof(line),
		 "3,2,3,-;Out of memory: Killed process %d (sh) total-vm:1kB\n",
		 (int)guest.process[0].pid);
	log_line(log, line);
	wait_for(&first);
	CHECK_EQ_INT(oom(&event, &first), VMC_OK);
	CHECK_EQ_STR(event.container_id, "eater");
	CHECK_EQ_INT(oom(&event, &second), VMC_AGAIN); /* told once */
	log_line(log, "3,3,4,-;Memory cgroup out of memory: Killed process "
		      "999999 (x) total-vm:1kB\n");
	wait_for(&second);
	CHECK_EQ_INT(oom(&event, &second), VMC_OK);
	CHECK_EQ_STR(event.container_id, "");
	first.deadline_ms = now();
	CHECK_EQ_INT(oom(&event, &first), VMC_ERR_TIMEOUT);
	end();
	close(log);
	CHECK_EQ_INT(unlink(in_directory("kmsg")), 0);
	begin_ours();
	CHECK_EQ_INT(oom(&event, &first), VMC_ERR_NOT_FOUND);
	memset(&config, 0, sizeof(config));
	remove_directory();
	end();
}

/*
 * Metrics
 */

static char metrics[65536];

static enum vmc_status get_metrics(size_t cap)
{
	struct vmc_buffer buffer = { (uint8_t *)metrics, cap, 0 };
	enum vmc_status status = RUN_CALL(
		agent.ops->get_agent_metrics(&agent, &buffer, &task, now()));

	metrics[buffer.ptr_len] = '\0';
	return status;
}

/* Every line is a comment, or `name value` or `name{labels} value`. */
static void check_format(void)
{
	char name[128], rest[128], type[32];
	const char *line = metrics, *end;
	double value;

	for (; *line; line = end + 1) {
		end = strchr(line, '\n');
		CHECK(end);
		if (strncmp(line, "# HELP ", 7) == 0)
			CHECK_EQ_INT(
				sscanf(line + 7, "%127s %127[^\n]", name, rest),
				2);
		else if (strncmp(line, "# TYPE ", 7) == 0)
			CHECK(sscanf(line + 7, "%127s %31s", name, type) == 2 &&
			      (!strcmp(type, "gauge") ||
			       !strcmp(type, "counter")));
		else
			CHECK_EQ_INT(sscanf(line, "%127[^ ] %lf", name, &value),
				     2);
	}
}

TEST(metrics_are_prometheus_text)
{
	begin_ours();
	CHECK_EQ_INT(get_metrics(32768), VMC_OK);
	check_format();
	CHECK(strstr(metrics, "\nkata_agent_scrape_count 1\n"));
	CHECK(strstr(metrics, "\nkata_agent_threads 1\n"));
	CHECK(strstr(metrics, "\nvmcache_guest_uptime_seconds "));
	CHECK(strstr(metrics, "\nkata_guest_load{item=\"load15\"} "));
	CHECK(strstr(metrics, "\nkata_guest_tasks{item=\"max\"} "));
	CHECK(strstr(metrics, "\nkata_guest_meminfo{item=\"mem_total\"} "));
	CHECK(strstr(metrics, "\nkata_guest_meminfo{item=\"active_anon\"} "));
	CHECK(strstr(metrics, "\nkata_guest_meminfo{item=\"s_reclaimable\"} "));
	CHECK(strstr(metrics,
		     "\nkata_guest_cpu_time{cpu=\"total\",item=\"idle\"} "));
	CHECK_EQ_INT(start_shell("m", "read x"), VMC_OK);
	CHECK_EQ_INT(get_metrics(32768), VMC_OK);
	CHECK(strstr(metrics, "\nkata_agent_scrape_count 2\n"));
	CHECK(strstr(metrics, "\nvmcache_agent_processes 1\n"));
	CHECK_EQ_INT(get_metrics(300), VMC_ERR_TOO_BIG);
	CHECK_EQ_STR(error.text, "metrics: bytes allowed: 300");
	end();
}

/* In lines of a /proc of our own making. */
TEST(metrics_say_what_proc_says)
{
	make_directory();
	memset(&config, 0, sizeof(config));
	config.proc = directory;
	put(in_directory("meminfo"), "MemTotal:       1000 kB\n"
				     "HugePages_Total:       3\n"
				     "Committed_AS:   7 kB\n");
	put(in_directory("loadavg"), "0.50 1.25 2.00 3/456 789\n");
	put(in_directory("uptime"), "12.34 5.00\n");
	put(in_directory("stat"), "cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1 2\n");
	begin_ours();
	CHECK_EQ_INT(get_metrics(32768), VMC_OK);
	check_format();
	CHECK(strstr(metrics, "{item=\"mem_total\"} 1024000\n"));
	CHECK(strstr(metrics, "{item=\"huge_pages_total\"} 3\n"));
	CHECK(strstr(metrics, "{item=\"committed_as\"} 7168\n"));
	CHECK(strstr(metrics, "{item=\"load5\"} 1.25\n"));
	CHECK(strstr(metrics, "{item=\"cur\"} 3\n"));
	CHECK(strstr(metrics, "{item=\"max\"} 456\n"));
	CHECK(strstr(metrics, "uptime_seconds 12.34\n"));
	CHECK(strstr(metrics, "item=\"user\"} 1\n"));
	CHECK(strstr(metrics, "item=\"steal\"} 8\n"));
	memset(&config, 0, sizeof(config));
	remove_directory();
	end();
}

/*
 * The network
 */

static struct vmc_interfaces interfaces;
static struct vmc_routes routes;

static const struct vmc_interface *interface_of(const char *name)
{
	uint32_t i;

	for (i = 0; i < interfaces.interface_len; i++)
		if (!strcmp(interfaces.interface[i].name, name))
			return &interfaces.interface[i];
	return NULL;
}

static int has_address(const struct vmc_interface *interface, uint32_t family,
		       const char *address)
{
	uint32_t i;

	for (i = 0; i < interface->address_len; i++)
		if (interface->address[i].family == family &&
		    !strcmp(interface->address[i].address, address))
			return 1;
	return 0;
}

/* What libc has been told, which asks in its own way. */
static void check_against_libc(void)
{
	char text[INET6_ADDRSTRLEN];
	struct ifaddrs *all, *one;
	const struct vmc_interface *mine;
	const void *address;
	int family;

	CHECK_EQ_INT(getifaddrs(&all), 0);
	for (one = all; one; one = one->ifa_next) {
		mine = interface_of(one->ifa_name);
		CHECK(mine);
		CHECK_EQ_INT(mine->raw_flags, one->ifa_flags);
		family = one->ifa_addr ? one->ifa_addr->sa_family : 0;
		if (family == AF_INET)
			address = &((struct sockaddr_in *)one->ifa_addr)
					   ->sin_addr;
		else if (family == AF_INET6)
			address = &((struct sockaddr_in6 *)one->ifa_addr)
					   ->sin6_addr;
		else
			continue;
		CHECK(inet_ntop(family, address, text, sizeof(text)));
		CHECK(has_address(mine, family == AF_INET6, text));
	}
	freeifaddrs(all);
}

TEST(its_interfaces_are_those_that_libc_sees)
{
	const struct vmc_interface *lo;
	enum vmc_status status;

	begin_ours();
	status = RUN_CALL(
		agent.ops->list_interfaces(&agent, &interfaces, &task, now()));
	if (status == VMC_ERR_TOO_BIG)
		SKIP("this machine has more interfaces than the knob");
	CHECK_EQ_INT(status, VMC_OK);
	lo = interface_of("lo");
	CHECK(lo && lo->present);
	CHECK_EQ_STR(lo->device, "lo");
	CHECK(lo->mtu > 0);
	CHECK_EQ_STR(lo->hardware_address, "00:00:00:00:00:00");
	check_against_libc();
	end();
}

/* /proc/net/route: names, and addresses as the machine has them. */
TEST(its_routes_are_those_of_proc)
{
	char line[256], device[64], text[64];
	unsigned destination, gateway, mask;
	uint32_t found = 0, i;
	FILE *file = fopen("/proc/net/route", "r");

	begin_ours();
	CHECK_EQ_INT(
		RUN_CALL(agent.ops->list_routes(&agent, &routes, &task, now())),
		VMC_OK);
	CHECK(file && fgets(line, sizeof(line), file));
	while (fgets(line, sizeof(line), file)) {
		CHECK_EQ_INT(sscanf(line, "%63s %x %x %*x %*d %*d %*d %x",
				    device, &destination, &gateway, &mask),
			     4);
		text[0] = '\0';
		if (mask)
			snprintf(text, sizeof(text), "%s/%d",
				 inet_ntoa((struct in_addr){ destination }),
				 __builtin_popcount(mask));
		for (i = 0; i < routes.route_len; i++)
			if (!strcmp(routes.route[i].device, device) &&
			    !strcmp(routes.route[i].destination, text) &&
			    routes.route[i].family == 0)
				break;
		CHECK(i < routes.route_len);
		found++;
		if (gateway)
			CHECK_EQ_STR(routes.route[i].gateway,
				     inet_ntoa((struct in_addr){ gateway }));
	}
	fclose(file);
	for (i = 0; i < routes.route_len; i++)
		found -= routes.route[i].family == 0;
	CHECK_EQ_INT(found, 0);
	end();
}

TESTS(RUN(it_says_who_it_is) RUN(its_clock_is_set) RUN(
	its_randomness_is_seeded) RUN(an_init_takes_a_name_and_resolvers)
	      RUN(a_service_leaves_its_machine_alone) RUN(
		      modules_are_found_and_loaded)
		      RUN(what_a_sandbox_cannot_have_is_refused_by_name) RUN(
			      what_it_does_not_do_is_said) RUN(no_method_is_missing)
			      RUN(who_was_killed_for_want_of_memory_is_told) RUN(
				      metrics_are_prometheus_text)
				      RUN(metrics_say_what_proc_says) RUN(
					      its_interfaces_are_those_that_libc_sees)
					      RUN(its_routes_are_those_of_proc))
