/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bringing online what was plugged in: CPUs and blocks of memory, by the
 * kernel's files in /sys/devices/system.
 *
 * The host cannot know when the guest has seen what was plugged in, so a
 * call looks again at each event of the kernel's, and every LOOK_MS for want
 * of events. One CPU is brought online per step: it takes its time (100 ms
 * under emulation), and others are to be served in between.
 */
#include "guest.h"

#include "../../src/base/text.h"

#include <errno.h>
#include <string.h>

/* What Kata's agent gives CPUs: 100 times 50 ms. */
#define CPU_LIMIT_MS 5000

/* What memory has to appear: with CPUs, beside which it may well be that
 * none was added, and alone. */
#define MEMORY_LIMIT_MS 300
#define MEMORY_ALONE_LIMIT_MS 2000

/* Blocks come one by one: so long without a new one, and they are all. */
#define SETTLE_MS 10

/* Between two looks, with and without events of the kernel's. */
#define LOOK_MS 50
#define LOOK_BLINDLY_MS 5

/* "0-3,7,…", for each CPU of a large machine. */
#define LIST_SIZE 1024

#define CPU_ONLINE "/devices/system/cpu/online"
#define CPUS "/devices/system/cpu"
#define BLOCKS "/devices/system/memory"

enum phase { CPU_PHASE = 1, MEMORY_PHASE, SETTLING_PHASE };

/*
 * CPUs
 */

/* CPUs in a list of ranges. */
static uint32_t count_ranges(const char *list)
{
	uint64_t first, last;
	uint32_t count = 0;
	size_t len;

	while ((len = vmc_guest_parse(list, 10, &first)) > 0) {
		last = first;
		list += len;
		if (*list == '-')
			list += 1 + vmc_guest_parse(list + 1, 10, &last);
		if (last >= first)
			count += (uint32_t)(last - first) + 1;
		if (*list == ',')
			list++;
	}
	return count;
}

/* 0: it cannot be read. */
static uint32_t online_cpus(const struct vmc_guest *guest)
{
	char path[VMC_GUEST_PATH_SIZE], list[LIST_SIZE];

	vmc_guest_path(path, guest->config.sys, CPU_ONLINE, NULL);
	if (vmc_guest_read(path, list, sizeof(list)) < 0)
		return 0;
	return count_ranges(list);
}

/* 1 if the file of that CPU or block says so. */
static int says(const struct vmc_guest *guest, const char *directory,
		const char *name, const char *file, const char *what)
{
	char path[VMC_GUEST_PATH_SIZE], text[LIST_SIZE];
	char whole[VMC_GUEST_PATH_SIZE];

	vmc_guest_path(whole, guest->config.sys, directory, "/");
	vmc_guest_path(path, whole, name, file);
	if (vmc_guest_read(path, text, sizeof(text)) < 0)
		return 0;
	return strncmp(text, what, strlen(what)) == 0;
}

static int tell(const struct vmc_guest *guest, const char *directory,
		const char *name, const char *file, const char *what)
{
	char path[VMC_GUEST_PATH_SIZE], whole[VMC_GUEST_PATH_SIZE];

	vmc_guest_path(whole, guest->config.sys, directory, "/");
	vmc_guest_path(path, whole, name, file);
	return vmc_guest_write(path, what);
}

/* Brings one CPU online that is not: 1 if there was one. */
static int bring_cpu(struct vmc_guest *guest)
{
	char path[VMC_GUEST_PATH_SIZE];
	struct vmc_guest_listing listing;
	const char *name;
	int found = 0;

	vmc_guest_path(path, guest->config.sys, CPUS, NULL);
	vmc_guest_list_begin(&listing, path, guest->room);
	while (!found && (name = vmc_guest_list_next(&listing)))
		found = vmc_guest_name_number(name, "cpu") >= 0 &&
			says(guest, CPUS, name, "/online", "0") &&
			tell(guest, CPUS, name, "/online", "1") == 0;
	vmc_guest_list_end(&listing);
	return found;
}

static enum vmc_status cpus_missing(struct vmc_agent *agent, uint32_t online,
				    uint32_t cpus)
{
	char words[VMC_ERROR_TEXT_SIZE];
	struct vmc_text text;

	vmc_text_init(&text, words, sizeof(words));
	vmc_text_add_number(&text, online);
	vmc_text_add(&text, " of ");
	vmc_text_add_number(&text, cpus);
	vmc_text_add(&text, " CPUs are online");
	return vmc_error_set(agent->error, VMC_ERR_TIMEOUT, words, NULL);
}

/*
 * Waiting
 */

static void wait_for_event(struct vmc_guest *guest, struct vmc_task *task,
			   uint64_t now_ms)
{
	if (guest->uevents >= 0)
		vmc_task_wait(task, guest->uevents, VMC_WAIT_READ);
	vmc_task_until(task, now_ms + (guest->uevents >= 0 ? LOOK_MS :
							     LOOK_BLINDLY_MS));
}

/* Before looking: what comes afterwards is to be heard of. */
static void forget_events(struct vmc_guest *guest)
{
	if (guest->uevents < 0)
		guest->uevents = vmc_guest_uevents_open();
	else
		vmc_guest_uevents_drain(guest->uevents);
}

static enum vmc_status step_cpus(struct vmc_agent *agent, uint32_t cpus,
				 struct vmc_task *task, uint64_t now_ms)
{
	struct vmc_guest *guest = vmc_guest_of(agent);
	uint32_t online = online_cpus(guest);

	if (online == 0)
		return vmc_guest_error(agent, errno, "cannot read",
				       guest->config.sys);
	if (online >= cpus)
		return VMC_OK;
	if (now_ms >= task->mark + CPU_LIMIT_MS)
		return cpus_missing(agent, online, cpus);
	if (bring_cpu(guest))
		vmc_task_until(task, now_ms); /* the next one, if any */
	else
		wait_for_event(guest, task, now_ms);
	return VMC_AGAIN;
}

/*
 * Memory
 */

/*
 * Looks at all blocks: how many there are, and how many are not online, of
 * which each is told to be. A kernel whose sysfs is busy with adding a block
 * answers when it has done so: telling one also waits for its neighbours.
 */
static uint32_t look_at_blocks(struct vmc_guest *guest, uint32_t *offline)
{
	char path[VMC_GUEST_PATH_SIZE];
	struct vmc_guest_listing listing;
	uint32_t count = 0;
	const char *name;

	*offline = 0;
	vmc_guest_path(path, guest->config.sys, BLOCKS, NULL);
	vmc_guest_list_begin(&listing, path, guest->room);
	while ((name = vmc_guest_list_next(&listing))) {
		if (vmc_guest_name_number(name, "memory") < 0)
			continue;
		count++;
		if (says(guest, BLOCKS, name, "/state", "online"))
			continue;
		(*offline)++;
		if (tell(guest, BLOCKS, name, "/state", "online_movable") != 0)
			tell(guest, BLOCKS, name, "/state", "online");
	}
	return count;
}

/* see guest.h */
uint32_t vmc_guest_memory_blocks(struct vmc_guest *guest)
{
	char path[VMC_GUEST_PATH_SIZE];
	struct vmc_guest_listing listing;
	uint32_t count = 0;
	const char *name;

	vmc_guest_path(path, guest->config.sys, BLOCKS, NULL);
	vmc_guest_list_begin(&listing, path, guest->room);
	while ((name = vmc_guest_list_next(&listing)))
		count += vmc_guest_name_number(name, "memory") >= 0;
	return count;
}

static enum vmc_status memory_offline(struct vmc_agent *agent, uint32_t offline,
				      uint32_t count)
{
	char words[VMC_ERROR_TEXT_SIZE];
	struct vmc_text text;

	vmc_text_init(&text, words, sizeof(words));
	vmc_text_add_number(&text, count - offline);
	vmc_text_add(&text, " of ");
	vmc_text_add_number(&text, count);
	vmc_text_add(&text, " blocks of memory are online");
	return vmc_error_set(agent->error, VMC_ERR_TIMEOUT, words, NULL);
}

/* All that is there is online. Are they all? */
static enum vmc_status settle(struct vmc_guest *guest, uint32_t count,
			      struct vmc_task *task, uint64_t now_ms)
{
	if (task->phase == SETTLING_PHASE && count == guest->memory_blocks)
		return VMC_OK;
	task->phase = SETTLING_PHASE;
	guest->memory_blocks = count;
	vmc_task_until(task, now_ms + SETTLE_MS);
	return VMC_AGAIN;
}

static enum vmc_status step_memory(struct vmc_agent *agent, uint32_t cpus,
				   struct vmc_task *task, uint64_t now_ms)
{
	struct vmc_guest *guest = vmc_guest_of(agent);
	uint64_t limit_ms = cpus ? MEMORY_LIMIT_MS : MEMORY_ALONE_LIMIT_MS;
	uint32_t offline, count = look_at_blocks(guest, &offline);
	uint64_t waited_ms = now_ms - task->mark;

	if (count == 0)
		return VMC_OK; /* this kernel knows no blocks */
	if (offline > 0 && waited_ms >= CPU_LIMIT_MS)
		return memory_offline(agent, offline, count);
	if (offline == 0 &&
	    (count > guest->memory_blocks || task->phase == SETTLING_PHASE))
		return settle(guest, count, task, now_ms);
	if (offline == 0 && waited_ms >= limit_ms) {
		guest->memory_blocks = count; /* some may have gone */
		return VMC_OK;
	}
	wait_for_event(guest, task, now_ms);
	return VMC_AGAIN;
}

static enum vmc_status step(struct vmc_agent *agent, uint32_t cpus,
			    int cpu_only, struct vmc_task *task,
			    uint64_t now_ms)
{
	enum vmc_status status = VMC_OK;

	forget_events(vmc_guest_of(agent));
	if (task->phase == CPU_PHASE && cpus > 0)
		status = step_cpus(agent, cpus, task, now_ms);
	if (status || cpu_only)
		return status;
	if (task->phase == CPU_PHASE) {
		task->phase = MEMORY_PHASE;
		task->mark = now_ms;
	}
	return step_memory(agent, cpus, task, now_ms);
}

/* see guest.h */
enum vmc_status vmc_guest_online_cpu_mem(struct vmc_agent *agent, uint32_t cpus,
					 uint32_t added, int cpu_only,
					 struct vmc_task *task, uint64_t now_ms)
{
	int late = vmc_task_begin(task, now_ms);
	enum vmc_status status;

	(void)added;
	if (!vmc_task_active(task)) {
		task->phase = CPU_PHASE;
		task->mark = now_ms;
	}
	if (late)
		status = vmc_error_set(agent->error, VMC_ERR_TIMEOUT,
				       "not all online in time", NULL);
	else
		status = step(agent, cpus, cpu_only, task, now_ms);
	return status == VMC_AGAIN ? vmc_task_again(task) :
				     vmc_task_end(task, status);
}

/*
 * By probe
 */

#define PROBE "/devices/system/memory/probe"

/* "0x", 16 digits, NUL. */
#define ADDRESS_SIZE 19

static void put_hex(char out[ADDRESS_SIZE], uint64_t number)
{
	int i;

	memcpy(out, "0x", 2);
	for (i = 0; i < 16; i++)
		out[2 + i] = "0123456789abcdef"[number >> (60 - 4 * i) & 15];
	out[ADDRESS_SIZE - 1] = '\0';
}

static enum vmc_status probe(struct vmc_agent *agent, uint64_t address,
			     uint64_t size, uint64_t section)
{
	char path[VMC_GUEST_PATH_SIZE], text[ADDRESS_SIZE];
	uint64_t done = 0;
	int number;

	vmc_guest_path(path, vmc_guest_of(agent)->config.sys, PROBE, NULL);
	do {
		put_hex(text, address + done);
		number = vmc_guest_write(path, text);
		if (number)
			return vmc_guest_error(agent, number, text, path);
		done += section;
	} while (section > 0 && done < size);
	return VMC_OK;
}

/* see guest.h */
enum vmc_status
vmc_guest_mem_hotplug_by_probe(struct vmc_agent *agent, uint64_t address,
			       uint32_t size_mib, uint32_t section_mib,
			       struct vmc_task *task, uint64_t now_ms)
{
	(void)now_ms;
	return vmc_task_end(task,
			    probe(agent, address, (uint64_t)size_mib << 20,
				  (uint64_t)section_mib << 20));
}
