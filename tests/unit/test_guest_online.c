/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CPUs and memory that come online, in a /sys of our own making. Time is the
 * test's: each call is stepped by hand.
 */
#include "guest_world.h"

#include <fcntl.h>
#include <sys/stat.h>

static char sys[32];
static struct vmc_task task;

static const char *below_sys(const char *rest)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s%s", sys, rest);
	return path;
}

static void put(const char *rest, const char *text)
{
	int fd = open(below_sys(rest), O_WRONLY | O_CREAT | O_TRUNC, 0644);

	CHECK(fd >= 0);
	CHECK_EQ_INT(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static const char *get(const char *rest)
{
	static char text[64];
	int fd = open(below_sys(rest), O_RDONLY);
	ssize_t len;

	CHECK(fd >= 0);
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	CHECK(len >= 0);
	text[len] = '\0';
	return text;
}

static void make(const char *directory)
{
	CHECK_EQ_INT(mkdir(below_sys(directory), 0755), 0);
}

static void add_cpu(int number)
{
	char path[64];

	snprintf(path, sizeof(path), "/devices/system/cpu/cpu%d", number);
	make(path);
	strcat(path, "/online");
	put(path, "0\n");
}

static void add_block(int number, const char *state)
{
	char path[64];

	snprintf(path, sizeof(path), "/devices/system/memory/memory%d", number);
	make(path);
	strcat(path, "/state");
	put(path, state);
}

static void remove_sys(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", sys);
	CHECK_EQ_INT(system(command), 0);
}

/* A machine with one CPU and two blocks. */
static void begin_machine(void)
{
	struct vmc_guest_config config = { .sys = sys };

	strcpy(sys, "/tmp/guest.XXXXXX");
	CHECK(mkdtemp(sys));
	make("/devices");
	make("/devices/system");
	make("/devices/system/cpu");
	make("/devices/system/cpu/cpu0"); /* which has no file `online` */
	make("/devices/system/cpu/cpufreq");
	make("/devices/system/memory");
	make("/devices/system/memory/power");
	put("/devices/system/cpu/online", "0\n");
	add_block(0, "online\n");
	add_block(32, "online\n");
	vmc_task_init(&task);
	begin_with(&config);
}

static void end_machine(void)
{
	vmc_task_cancel(&task);
	remove_sys();
	end();
}

static enum vmc_status step(uint32_t cpus, int cpu_only, uint64_t now_ms)
{
	vmc_error_reset(&error);
	return agent.ops->online_cpu_mem(&agent, cpus, cpus, cpu_only, &task,
					 now_ms);
}

/*
 * CPUs
 */

TEST(cpus_that_are_there_need_nothing)
{
	begin_machine();
	CHECK_EQ_INT(step(1, 1, 1000), VMC_OK);
	CHECK_EQ_INT(step(0, 1, 1000), VMC_OK);
	put("/devices/system/cpu/online", "0-3,8,10-11\n");
	CHECK_EQ_INT(step(7, 1, 1000), VMC_OK);
	CHECK_EQ_INT(step(8, 1, 1000), VMC_AGAIN);
	end_machine();
}

TEST(cpus_are_brought_online_one_by_one)
{
	begin_machine();
	add_cpu(1);
	add_cpu(2);
	CHECK_EQ_INT(step(3, 1, 1000), VMC_AGAIN);
	CHECK_EQ_INT(task.until_ms, 1000); /* at once, but others first */
	CHECK_EQ_INT((get("/devices/system/cpu/cpu1/online")[0] == '1') +
			     (get("/devices/system/cpu/cpu2/online")[0] == '1'),
		     1);
	put("/devices/system/cpu/online", "0-1\n");
	CHECK_EQ_INT(step(3, 1, 1000), VMC_AGAIN);
	CHECK_EQ_INT(get("/devices/system/cpu/cpu1/online")[0], '1');
	CHECK_EQ_INT(get("/devices/system/cpu/cpu2/online")[0], '1');
	put("/devices/system/cpu/online", "0-2\n");
	CHECK_EQ_INT(step(3, 1, 1001), VMC_OK);
	end_machine();
}

TEST(cpus_that_come_late_are_waited_for)
{
	begin_machine();
	CHECK_EQ_INT(step(2, 1, 1000), VMC_AGAIN);
	CHECK(task.until_ms > 1000 && task.until_ms <= 1050);
	CHECK_EQ_INT(step(2, 1, 5900), VMC_AGAIN);
	add_cpu(1);
	CHECK_EQ_INT(step(2, 1, 5950), VMC_AGAIN);
	CHECK_EQ_INT(get("/devices/system/cpu/cpu1/online")[0], '1');
	put("/devices/system/cpu/online", "0-1\n");
	CHECK_EQ_INT(step(2, 1, 5990), VMC_OK);
	end_machine();
}

TEST(cpus_that_never_come_are_counted)
{
	begin_machine();
	add_cpu(1);
	CHECK_EQ_INT(step(4, 1, 1000), VMC_AGAIN);
	put("/devices/system/cpu/online", "0-1\n");
	CHECK_EQ_INT(step(4, 1, 5999), VMC_AGAIN);
	CHECK_EQ_INT(step(4, 1, 6000), VMC_ERR_TIMEOUT);
	CHECK_EQ_STR(error.text, "2 of 4 CPUs are online");
	CHECK(!vmc_task_active(&task));
	end_machine();
}

TEST(a_callers_deadline_is_kept)
{
	begin_machine();
	task.deadline_ms = 1500;
	CHECK_EQ_INT(step(2, 1, 1000), VMC_AGAIN);
	CHECK_EQ_INT(step(2, 1, 1500), VMC_ERR_TIMEOUT);
	end_machine();
}

TEST(a_machine_that_says_nothing_is_an_error)
{
	begin_machine();
	CHECK_EQ_INT(unlink(below_sys("/devices/system/cpu/online")), 0);
	CHECK_EQ_INT(step(2, 1, 1000), VMC_ERR_NOT_FOUND);
	end_machine();
}

/*
 * Memory
 */

TEST(memory_that_comes_is_waited_for_until_it_is_online)
{
	begin_machine();
	CHECK_EQ_INT(step(0, 0, 1000), VMC_AGAIN);
	add_block(33, "offline\n");
	CHECK_EQ_INT(step(0, 0, 1100), VMC_AGAIN);
	CHECK_EQ_STR(get("/devices/system/memory/memory33/state"),
		     "online_movable");
	add_block(34, "online\n");
	CHECK_EQ_INT(step(0, 0, 1101), VMC_AGAIN); /* are they all? */
	CHECK_EQ_INT(task.until_ms, 1111);
	add_block(35, "online\n");
	CHECK_EQ_INT(step(0, 0, 1111), VMC_AGAIN);
	CHECK_EQ_INT(step(0, 0, 1121), VMC_OK);
	end_machine();
}

TEST(memory_is_new_once)
{
	begin_machine();
	add_block(33, "online\n");
	CHECK_EQ_INT(step(0, 0, 1000), VMC_AGAIN);
	CHECK_EQ_INT(step(0, 0, 1010), VMC_OK);
	CHECK_EQ_INT(step(0, 0, 1010), VMC_AGAIN); /* nothing new */
	CHECK(task.until_ms > 1010);
	CHECK_EQ_INT(step(0, 0, 3009), VMC_AGAIN);
	CHECK_EQ_INT(step(0, 0, 3010), VMC_OK);
	end_machine();
}

TEST(with_cpus_it_may_be_that_no_memory_comes)
{
	begin_machine();
	CHECK_EQ_INT(step(1, 0, 1000), VMC_AGAIN);
	CHECK_EQ_INT(step(1, 0, 1299), VMC_AGAIN);
	CHECK_EQ_INT(step(1, 0, 1300), VMC_OK);
	end_machine();
}

TEST(memory_that_stays_offline_is_counted)
{
	begin_machine();
	add_block(33, "going-offline\n");
	CHECK_EQ_INT(step(0, 0, 1000), VMC_AGAIN);
	CHECK_EQ_INT(step(0, 0, 1000), VMC_AGAIN); /* what we wrote is there */
	add_block(34, "offline\n");
	CHECK_EQ_INT(
		chmod(below_sys("/devices/system/memory/memory34/state"), 0444),
		0);
	if (geteuid() == 0) /* to whom modes mean nothing */
		CHECK_EQ_INT(unlink(below_sys("/devices/system/memory/"
					      "memory34/state")),
			     0);
	CHECK_EQ_INT(step(0, 0, 1001), VMC_AGAIN);
	CHECK_EQ_INT(step(0, 0, 6000), VMC_ERR_TIMEOUT);
	CHECK_EQ_STR(error.text, "3 of 4 blocks of memory are online");
	end_machine();
}

TEST(a_kernel_without_blocks_has_none_to_wait_for)
{
	char command[64];

	begin_machine();
	snprintf(command, sizeof(command), "rm -rf %s/devices/system/memory",
		 sys);
	CHECK_EQ_INT(system(command), 0);
	CHECK_EQ_INT(step(1, 0, 1000), VMC_OK);
	end_machine();
}

/*
 * By probe
 */

TEST(sections_are_probed_by_their_addresses)
{
	struct vmc_task probe = VMC_TASK_INIT;

	begin_machine();
	CHECK_EQ_INT(agent.ops->mem_hotplug_by_probe(&agent, 0x108000000, 256,
						     128, &probe, 0),
		     VMC_ERR_NOT_FOUND);
	CHECK(strstr(error.text, "/devices/system/memory/probe"));
	vmc_error_reset(&error);
	put("/devices/system/memory/probe", "");
	CHECK_EQ_INT(agent.ops->mem_hotplug_by_probe(&agent, 0x108000000, 256,
						     128, &probe, 0),
		     VMC_OK);
	CHECK_EQ_STR(get("/devices/system/memory/probe"),
		     "0x0000000110000000"); /* the second of the two */
	CHECK_EQ_INT(agent.ops->mem_hotplug_by_probe(&agent, 0x4000, 0, 0,
						     &probe, 0),
		     VMC_OK);
	CHECK_EQ_STR(get("/devices/system/memory/probe"), "0x0000000000004000");
	end_machine();
}

TESTS(RUN(cpus_that_are_there_need_nothing) RUN(cpus_are_brought_online_one_by_one) RUN(
	cpus_that_come_late_are_waited_for) RUN(cpus_that_never_come_are_counted)
	      RUN(a_callers_deadline_is_kept) RUN(
		      a_machine_that_says_nothing_is_an_error)
		      RUN(memory_that_comes_is_waited_for_until_it_is_online) RUN(
			      memory_is_new_once) RUN(with_cpus_it_may_be_that_no_memory_comes)
			      RUN(memory_that_stays_offline_is_counted) RUN(
				      a_kernel_without_blocks_has_none_to_wait_for)
				      RUN(sections_are_probed_by_their_addresses))
