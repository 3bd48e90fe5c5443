/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A world with real QEMU in it: a directory of its own, a driver, some VMs,
 * and clients of their sockets. Everything is waited for with poll and has a
 * limit. What a failed test leaves behind is cleared away before the next.
 */
#ifndef QEMU_WORLD_H
#define QEMU_WORLD_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "test.h"
#include "vmcache_qemu.h"

#define VMS 8

/* Nothing takes so long, however busy the machine is. */
#define LIMIT_MS 60000

static struct {
	char dir[64]; /* all files of the test */
	char run_dir[80];
	struct vmc_qemu_config config; /* for open_driver */
	struct vmc_qemu qemu;
	struct vmc_vm_config vm_config;
	struct vmc_vm vm[VMS];
	_Alignas(16) uint8_t driver[VMS][4096];
	struct vmc_error error;
} w;

static inline uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/*
 * Waiting
 */

static inline int timeout_until(uint64_t until)
{
	uint64_t at = now();

	if (until == VMC_NEVER || until > at + LIMIT_MS)
		return LIMIT_MS;
	return until <= at ? 0 : (int)(until - at);
}

/* Until something that the task waits for has come: 1, or its time: 0. */
static inline int wait_task(const struct vmc_task *task)
{
	struct pollfd fds[VMC_TASK_WAIT_MAX];
	nfds_t i;

	for (i = 0; i < task->wait_len; i++) {
		fds[i].fd = (int)task->wait[i].handle;
		fds[i].events = POLLIN;
		fds[i].revents = 0;
	}
	return poll(fds, i, timeout_until(task->until_ms)) > 0;
}

/* Steps an operation to its end. */
#define FINISH(status, task, operation)                                        \
	do {                                                                   \
		uint64_t begun_ms = now();                                     \
		while (((status) = (operation)) == VMC_AGAIN) {                \
			CHECK(now() < begun_ms + LIMIT_MS);                    \
			wait_task(task);                                       \
		}                                                              \
	} while (0)

/* The one bounded wait of these tests: for time itself to pass. */
static inline void let_pass(uint64_t ms)
{
	uint64_t until = now() + ms;

	while (now() < until)
		poll(NULL, 0, timeout_until(until));
}

/*
 * The world
 */

static inline void remove_tree(const char *path)
{
	char command[256];

	snprintf(command, sizeof(command), "rm -rf '%s'", path);
	if (system(command))
		abort();
}

static inline void write_file(const char *path, const char *text, unsigned mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		abort();
	close(fd);
}

/* Whether a process has our directory on its command line, as QEMU does. */
static inline int is_of_this_world(const char *pid)
{
	char path[300], line[8192];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/cmdline", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	len = fd < 0 ? 0 : read(fd, line, sizeof(line));
	if (fd >= 0)
		close(fd);
	return len > 0 && memmem(line, (size_t)len, w.dir, strlen(w.dir));
}

static inline void kill_all(void)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
		    is_of_this_world(entry->d_name))
			kill((pid_t)atoi(entry->d_name), SIGKILL);
	if (dir)
		closedir(dir);
}

static inline void end_world(void)
{
	if (!w.dir[0])
		return;
	kill_all();
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	remove_tree(w.dir);
	w.dir[0] = '\0';
}

__attribute__((destructor)) static void end_last_world(void)
{
	end_world();
}

static inline void open_driver(void)
{
	CHECK_EQ_INT(vmc_qemu_init(&w.qemu, &w.config, &w.error), VMC_OK);
}

static inline void begin_world(void)
{
	struct vmc_hypervisor hypervisor = { &vmc_qemu_ops, &w.qemu };
	struct vmc_agent agent = { .ops = &vmc_agent_noop_ops };
	unsigned i;

	end_world();
	memset(&w, 0, sizeof(w));
	strcpy(w.dir, "/tmp/vmcache-qemu.XXXXXX");
	CHECK(mkdtemp(w.dir) != NULL);
	snprintf(w.run_dir, sizeof(w.run_dir), "%s/run", w.dir);
	w.config.run_dir = w.run_dir;
	w.config.accel = VMC_QEMU_TCG;
	open_driver();
	CHECK(vmc_qemu_ops.vm_size <= sizeof(w.driver[0]));
	for (i = 0; i < VMS; i++)
		vmc_vm_init(&w.vm[i], hypervisor, w.driver[i], agent);
}

/* Skips the test where there is no QEMU at all. */
#define NEED_QEMU()                                                            \
	do {                                                                   \
		begin_world();                                                 \
		if (vmc_qemu_check(&w.qemu, &w.vm_config, &w.error))           \
			SKIP(w.error.text);                                    \
	} while (0)

/*
 * Operations to their end
 */

static inline enum vmc_status boot_within(unsigned i, uint64_t ms)
{
	struct vmc_task task = VMC_TASK_INIT;
	char id[32];
	enum vmc_status status;

	snprintf(id, sizeof(id), "vm-%u", i);
	task.deadline_ms = now() + ms;
	FINISH(status, &task,
	       vmc_vm_boot(&w.vm[i], id, &w.vm_config, &task, now()));
	return status;
}

static inline void boot(unsigned i)
{
	if (boot_within(i, LIMIT_MS / 2) != VMC_OK)
		CHECK_EQ_STR(w.vm[i].error.text, "");
}

#define SIMPLE(name, operation)                                                \
	static enum vmc_status name(unsigned i)                                \
	{                                                                      \
		struct vmc_task task = VMC_TASK_INIT;                          \
		enum vmc_status status;                                        \
                                                                               \
		FINISH(status, &task, operation(&w.vm[i], &task, now()));      \
		return status;                                                 \
	}

SIMPLE(pause_vm, vmc_vm_pause)
SIMPLE(resume_vm, vmc_vm_resume)
SIMPLE(stop_vm, vmc_vm_stop)

static inline enum vmc_status attach_vm(unsigned i, struct vmc_view saved)
{
	struct vmc_task task = VMC_TASK_INIT;
	enum vmc_status status;

	FINISH(status, &task, vmc_vm_attach(&w.vm[i], saved, &task, now()));
	return status;
}

static inline enum vmc_status attach_again(unsigned i)
{
	return attach_vm(i, (struct vmc_view){ NULL, 0 });
}

static inline void detach_vm(unsigned i)
{
	vmc_qemu_ops.detach(&w.qemu, &w.vm[i]);
}

static inline size_t save_vm(unsigned i, uint8_t out[VMC_HYPERVISOR_SIZE])
{
	size_t len = 0;

	CHECK_EQ_INT(vmc_qemu_ops.save(&w.qemu, &w.vm[i], out,
				       VMC_HYPERVISOR_SIZE, &len),
		     VMC_OK);
	return len;
}

/*
 * What is left
 */

static inline int entries(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	int count = 0;

	while (dir && (entry = readdir(dir)))
		count += entry->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return count;
}

static inline int process_is_there(int64_t pid)
{
	return kill((pid_t)pid, 0) == 0;
}

static inline int open_descriptors(void)
{
	return entries("/proc/self/fd");
}

/*
 * Clients of a VM's sockets
 */

static inline void vm_path(char out[108], unsigned i, const char *name)
{
	CHECK(snprintf(out, 108, "%s/%s/%s", w.run_dir, w.vm[i].id, name) <
	      108);
}

static inline int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, path, strlen(path) + 1);
	CHECK(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	return fd;
}

static inline int open_client(unsigned i, const char *name)
{
	char path[108];

	vm_path(path, i, name);
	return connect_to(path);
}

/* Reads a line without its end. 0 if there is none within `ms`. */
static inline int read_line(int fd, char *out, size_t cap, int ms)
{
	struct pollfd readable = { .fd = fd, .events = POLLIN };
	uint64_t until = now() + (uint64_t)ms;
	size_t len = 0;

	while (len < cap - 1) {
		if (poll(&readable, 1, timeout_until(until)) != 1 ||
		    read(fd, out + len, 1) != 1)
			return 0;
		if (out[len] == '\n')
			break;
		len += out[len] != '\r';
	}
	out[len] = '\0';
	return 1;
}

static inline void say(int fd, const char *line)
{
	CHECK_EQ_INT(send(fd, line, strlen(line), MSG_NOSIGNAL), strlen(line));
}

static inline void ask(int fd, const char *question, char *answer, size_t cap)
{
	say(fd, question);
	CHECK(read_line(fd, answer, cap, LIMIT_MS));
}

static inline unsigned ticks(int console)
{
	char line[64];

	ask(console, "ticks\n", line, sizeof(line));
	CHECK(strncmp(line, "ticks ", 6) == 0);
	return (unsigned)strtoul(line + 6, NULL, 10);
}

static inline void until_ticks(int console, unsigned least)
{
	uint64_t until = now() + LIMIT_MS;

	while (ticks(console) < least)
		CHECK(now() < until);
}

/* A QMP client that has shaken hands. */
static inline int open_qmp(unsigned i)
{
	char line[512];
	int fd = open_client(i, "qmp.sock");

	CHECK(read_line(fd, line, sizeof(line), LIMIT_MS));
	CHECK(strstr(line, "\"QMP\"") != NULL);
	ask(fd, "{\"execute\":\"qmp_capabilities\"}\n", line, sizeof(line));
	CHECK_EQ_STR(line, "{\"return\": {}}");
	return fd;
}

/* The answer to a command; events are left out. */
static inline const char *qmp(int fd, const char *command, char *line,
			      size_t cap)
{
	say(fd, command);
	say(fd, "\n");
	do {
		CHECK(read_line(fd, line, cap, LIMIT_MS));
	} while (strstr(line, "\"event\""));
	return line;
}

#endif
