/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Process 1 (see guest_init.h). There is no shell and no configuration but
 * the lists of modules: a path a line, and after a blank the module's
 * parameters.
 */
#include "guest_init.h"
#include "guest.h"
#include "guest_say.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MODULES "/etc/vmcache/modules"
#define MODULES_FOR_VSOCK "/etc/vmcache/modules.vsock"
#define MODULES_SIZE 4096
#define AUTO_ONLINE "/sys/devices/system/memory/auto_online_blocks"
#define COMMAND_LINE_SIZE 4096

/* Between SIGTERM and SIGKILL, in steps. */
#define END_STEP_MS 10
#define END_STEPS 30

struct file_system {
	const char *type, *place, *options;
	unsigned long flags;
};

#define SAFE (MS_NOSUID | MS_NODEV | MS_NOEXEC)

/* In this order; /dev first, for the console. */
static const struct file_system file_systems[] = {
	{ "devtmpfs", "/dev", "mode=755", MS_NOSUID },
	{ "proc", "/proc", NULL, SAFE },
	{ "sysfs", "/sys", NULL, SAFE },
	{ "devpts", "/dev/pts", "ptmxmode=666,mode=620,gid=5",
	  MS_NOSUID | MS_NOEXEC },
	{ "tmpfs", "/dev/shm", "mode=1777", MS_NOSUID | MS_NODEV },
	{ "tmpfs", "/run", "mode=755", MS_NOSUID | MS_NODEV },
	{ "tmpfs", "/tmp", "mode=1777", MS_NOSUID | MS_NODEV },
	{ "cgroup2", "/sys/fs/cgroup", NULL, SAFE },
};

static void mount_one(const struct file_system *what)
{
	mkdir(what->place, 0755); /* it is there, or mounting fails */
	if (mount(what->type, what->place, what->type, what->flags,
		  what->options) != 0 &&
	    errno != EBUSY)
		say_error("cannot mount", what->place, errno);
}

static void mount_all(void)
{
	size_t i;

	for (i = 0; i < sizeof(file_systems) / sizeof(file_systems[0]); i++)
		mount_one(&file_systems[i]);
}

/* A kernel that found no /dev/console gave us no descriptors. */
static void open_console(void)
{
	int fd = open("/dev/console", O_RDWR | O_NOCTTY);

	if (fd < 0)
		fd = open("/dev/null", O_RDWR);
	if (fd < 0)
		return;
	dup2(fd, STDIN_FILENO);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

/*
 * Modules
 */

/* Cuts a line's path off its parameters. */
static char *cut_parameters(char *line)
{
	char *blank = strchr(line, ' ');

	if (!blank)
		return line + strlen(line);
	*blank = '\0';
	return blank + 1;
}

static void load_one(char *line)
{
	char *parameters = cut_parameters(line);
	int number;

	if (line[0] == '\0' || line[0] == '#')
		return;
	number = vmc_guest_load_module(line, parameters);
	if (number)
		say_error("cannot load module", line, number);
}

static void load_modules(const char *path)
{
	static char list[MODULES_SIZE];
	char *line = list, *end;
	ssize_t len = vmc_guest_read(path, list, sizeof(list));

	if (len < 0 && errno != ENOENT)
		say_error("cannot read", path, errno);
	if (len < 0)
		return;
	if (len == sizeof(list) - 1)
		say("too long, its end is not looked at", path);
	while ((end = strchr(line, '\n'))) {
		*end = '\0';
		load_one(line);
		line = end + 1;
	}
	load_one(line);
}

/*
 * The rest
 */

static void raise_loopback(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return; /* a kernel without a network */
	request.ifr_flags = IFF_UP | IFF_RUNNING;
	if (ioctl(fd, SIOCSIFFLAGS, &request) != 0)
		say_error("cannot raise", "lo", errno);
	close(fd);
}

static void prepare_memory(void)
{
	int number = vmc_guest_write(AUTO_ONLINE, "online_movable");

	if (number && number != ENOENT)
		say_error("cannot write", AUTO_ONLINE, number);
}

/* see guest_init.h */
void guest_init(void)
{
	mount_all();
	open_console();
	if (chdir("/") != 0)
		say_error("cannot enter", "/", errno);
	prepare_memory();
	load_modules(MODULES);
	raise_loopback();
}

/* see guest_init.h */
void guest_init_for(const char *address)
{
	if (strncmp(address, "vsock:", strlen("vsock:")) == 0)
		load_modules(MODULES_FOR_VSOCK);
}

/* see guest_init.h */
const char *guest_init_parameter(const char *key)
{
	static char line[COMMAND_LINE_SIZE];
	size_t key_len = strlen(key);
	char *at = line;

	if (vmc_guest_read("/proc/cmdline", line, sizeof(line)) < 0)
		return NULL;
	while (*at && strncmp(at, key, key_len) != 0) {
		at += strcspn(at, " \n");
		at += strspn(at, " \n");
	}
	if (!*at)
		return NULL;
	at += key_len;
	at[strcspn(at, " \n")] = '\0';
	return at;
}

/* Reaps whoever has ended: 1 once we have no child any more. */
static int is_alone(void)
{
	pid_t pid;

	do
		pid = waitpid(-1, NULL, WNOHANG);
	while (pid > 0);
	return pid < 0;
}

/* see guest_init.h */
_Noreturn void guest_init_end(int reset)
{
	int i;

	kill(-1, SIGTERM);
	for (i = 0; i < END_STEPS && !is_alone(); i++)
		poll(NULL, 0, END_STEP_MS);
	kill(-1, SIGKILL);
	sync();
	reboot(reset ? RB_AUTOBOOT : RB_POWER_OFF);
	/* a machine that cannot be switched off is halted */
	reboot(RB_HALT_SYSTEM);
	while (1)
		pause();
}
