/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metrics in Prometheus' text format, by the names that Kata's agent gives
 * them (kata_agent_*, kata_guest_*): what dashboards of Kata's show.
 */
#include "guest.h"

#include "../../src/base/cursor.h"

#include <string.h>
#include <unistd.h>

#define KIB 1024

/* Digits of UINT64_MAX. */
#define DIGITS_MAX 20

struct metrics {
	struct vmc_guest *guest;
	struct vmc_writer w;
};

static void put(struct metrics *m, const char *text)
{
	vmc_put_bytes(&m->w, vmc_view_of(text));
}

static void put_number(struct metrics *m, uint64_t number)
{
	uint8_t digits[DIGITS_MAX];
	struct vmc_view view = { digits + sizeof(digits), 0 };

	do {
		view.ptr--;
		view.ptr_len++;
		digits[sizeof(digits) - view.ptr_len] =
			(uint8_t)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	vmc_put_bytes(&m->w, view);
}

static void put_head(struct metrics *m, const char *name, const char *type,
		     const char *help)
{
	put(m, "# HELP ");
	put(m, name);
	put(m, " ");
	put(m, help);
	put(m, "\n# TYPE ");
	put(m, name);
	put(m, " ");
	put(m, type);
	put(m, "\n");
}

/* A metric without labels. */
static void put_single(struct metrics *m, const char *name, const char *type,
		       const char *help, uint64_t number)
{
	put_head(m, name, type, help);
	put(m, name);
	put(m, " ");
	put_number(m, number);
	put(m, "\n");
}

static void put_item(struct metrics *m, const char *name, const char *item)
{
	put(m, name);
	put(m, "{item=\"");
	put(m, item);
	put(m, "\"} ");
}

/* A file of /proc as a C string, in the guest's room; "" if there is none. */
static const char *read_proc(struct metrics *m, const char *name)
{
	char path[VMC_GUEST_PATH_SIZE];
	char *text = (char *)m->guest->room;

	vmc_guest_path(path, m->guest->config.proc, name, NULL);
	if (vmc_guest_read(path, text, sizeof(m->guest->room)) < 0)
		text[0] = '\0';
	return text;
}

/* The next field of a line, after blanks; "" at the end. */
static const char *skip_field(const char *at)
{
	while (*at && *at != ' ' && *at != '\n')
		at++;
	while (*at == ' ')
		at++;
	return at;
}

/*
 * The agent
 */

/* Numbers of /proc/PID/stat, counted from 1 (proc(5)). */
enum stat_field { STAT_THREADS = 20, STAT_SIZE = 23, STAT_RESIDENT = 24 };

static uint64_t stat_field(const char *stat, int field)
{
	const char *at = strrchr(stat, ')'); /* the end of the second one */
	uint64_t number;
	int i;

	if (!at)
		return 0;
	for (i = 2; i < field; i++)
		at = skip_field(at);
	vmc_guest_parse(at, 10, &number);
	return number;
}

static void put_agent(struct metrics *m)
{
	const char *stat = read_proc(m, "/self/stat");
	uint64_t threads = stat_field(stat, STAT_THREADS);
	uint64_t size = stat_field(stat, STAT_SIZE);
	uint64_t resident = stat_field(stat, STAT_RESIDENT);
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint32_t used = 0, i;

	for (i = 0; i < VMC_GUEST_PROCESS_MAX; i++)
		used += m->guest->process[i].used &&
			!m->guest->process[i].ended;
	put_single(m, "kata_agent_scrape_count", "counter",
		   "Times that metrics were asked for.", ++m->guest->scrapes);
	put_single(m, "kata_agent_threads", "gauge", "Threads of the agent.",
		   threads);
	put_single(m, "kata_agent_total_rss", "gauge",
		   "Resident memory of the agent, in bytes.", resident * page);
	put_single(m, "kata_agent_total_vm", "gauge",
		   "Address space of the agent, in bytes.", size);
	put_single(m, "vmcache_agent_processes", "gauge",
		   "Processes that calls have started, and that run.", used);
}

/*
 * The guest
 */

/* The whole number before the point, as it is written in `text`. */
static void put_field(struct metrics *m, const char *text)
{
	struct vmc_view field = { (const uint8_t *)text, 0 };

	while (text[field.ptr_len] && !strchr(" \n/", text[field.ptr_len]))
		field.ptr_len++;
	vmc_put_bytes(&m->w, field);
	put(m, "\n");
}

static void put_uptime(struct metrics *m)
{
	const char *uptime = read_proc(m, "/uptime");

	if (!*uptime)
		return;
	put_head(m, "vmcache_guest_uptime_seconds", "gauge",
		 "Seconds since the guest was booted.");
	put(m, "vmcache_guest_uptime_seconds ");
	put_field(m, uptime);
}

/* "0.00 0.01 0.05 1/123 4567": load, running and all tasks, last pid. */
static void put_load(struct metrics *m)
{
	static const char *const items[] = { "load1", "load5", "load15" };
	const char *at = read_proc(m, "/loadavg");
	const char *all = strchr(at, '/');
	uint64_t running;
	size_t i;

	if (!all)
		return;
	put_head(m, "kata_guest_load", "gauge", "Load of the guest.");
	for (i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
		put_item(m, "kata_guest_load", items[i]);
		put_field(m, at);
		at = skip_field(at);
	}
	vmc_guest_parse(at, 10, &running);
	put_head(m, "kata_guest_tasks", "gauge",
		 "Tasks of the guest: running, and in all.");
	put_item(m, "kata_guest_tasks", "cur");
	put_number(m, running);
	put(m, "\n");
	put_item(m, "kata_guest_tasks", "max");
	put_field(m, all + 1);
}

static int is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static int is_letter(char c)
{
	return is_upper(c) || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static int begins_word(const char *name, size_t name_len, size_t i)
{
	if (i == 0)
		return 0;
	if (!is_letter(name[i - 1]))
		return 1;
	if (!is_upper(name[i]))
		return 0;
	return !is_upper(name[i - 1]) ||
	       (i + 1 < name_len && is_letter(name[i + 1]) &&
		!is_upper(name[i + 1]));
}

/* "MemTotal" is mem_total, "Active(anon)" active_anon, "HugePages_Total"
 * huge_pages_total, "SReclaimable" s_reclaimable. */
static void put_snake(struct metrics *m, const char *name, size_t name_len)
{
	size_t i;

	for (i = 0; i < name_len; i++) {
		if (!is_letter(name[i]))
			continue;
		if (begins_word(name, name_len, i))
			vmc_put_u8(&m->w, '_');
		vmc_put_u8(&m->w, (uint8_t)(is_upper(name[i]) ? name[i] | 0x20 :
								name[i]));
	}
}

/* One line: "MemTotal:       16384 kB". */
static void put_memory_item(struct metrics *m, const char *line,
			    size_t name_len)
{
	const char *at = skip_field(line);
	uint64_t number;

	at += vmc_guest_parse(at, 10, &number);
	put(m, "kata_guest_meminfo{item=\"");
	put_snake(m, line, name_len);
	put(m, "\"} ");
	put_number(m, strncmp(at, " kB", 3) == 0 ? number * KIB : number);
	put(m, "\n");
}

static void put_memory(struct metrics *m)
{
	const char *line = read_proc(m, "/meminfo");
	const char *end;

	put_head(m, "kata_guest_meminfo", "gauge",
		 "Memory of the guest, in bytes.");
	for (; *line; line = end + 1) {
		end = strchr(line, '\n');
		if (!end)
			return;
		put_memory_item(m, line, strcspn(line, ":"));
	}
}

/* The first line of /proc/stat, of all CPUs together: in ticks. */
static void put_cpus(struct metrics *m)
{
	static const char *const items[] = { "user",    "nice",   "system",
					     "idle",    "iowait", "irq",
					     "softirq", "steal" };
	const char *at = read_proc(m, "/stat");
	size_t i;

	if (!*at)
		return;
	put_head(m, "kata_guest_cpu_time", "counter",
		 "Time of the guest's CPUs, in ticks.");
	for (i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
		at = skip_field(at);
		put(m, "kata_guest_cpu_time{cpu=\"total\",item=\"");
		put(m, items[i]);
		put(m, "\"} ");
		put_field(m, at);
	}
}

/* see guest.h */
enum vmc_status vmc_guest_metrics(struct vmc_agent *agent,
				  struct vmc_buffer *metrics,
				  struct vmc_task *task, uint64_t now_ms)
{
	struct metrics m = { .guest = vmc_guest_of(agent) };

	(void)now_ms;
	vmc_writer_init(&m.w, metrics->ptr, metrics->ptr_cap);
	put_agent(&m);
	put_uptime(&m);
	put_load(&m);
	put_memory(&m);
	put_cpus(&m);
	metrics->ptr_len = m.w.len;
	if (m.w.fail)
		return vmc_task_end(task, vmc_error_set_number(
						  agent->error, VMC_ERR_TOO_BIG,
						  "metrics: bytes allowed",
						  metrics->ptr_cap));
	return vmc_task_end(task, VMC_OK);
}
