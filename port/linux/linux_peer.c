/* SPDX-License-Identifier: Apache-2.0 */
/* What Linux tells of other processes. */
#include "vmcache_linux.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define START_TIME_FIELD 22

/* see vmcache_linux.h */
void vmc_linux_peer(int fd, struct vmc_peer *peer)
{
	struct ucred credentials;
	socklen_t len = sizeof(credentials);

	memset(peer, 0, sizeof(*peer));
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &len))
		return;
	peer->known = 1;
	peer->pid = credentials.pid;
	peer->uid = credentials.uid;
	peer->gid = credentials.gid;
}

static size_t read_file(const char *path, char *out, size_t cap)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (fd < 0)
		return 0;
	do
		len = read(fd, out, cap);
	while (len < 0 && errno == EINTR);
	close(fd);
	return len > 0 ? (size_t)len : 0;
}

static uint64_t decimal(const char *text, const char *end)
{
	uint64_t value = 0;

	while (text < end && *text >= '0' && *text <= '9')
		value = value * 10 + (uint64_t)(*text++ - '0');
	return value;
}

/*
 * Field 2 is the program's name in parentheses, which may have blanks and
 * parentheses in it: fields are counted from the last ')'.
 *
 * see vmcache_linux.h
 */
uint64_t vmc_linux_start_time(int64_t pid)
{
	char path[40], text[1024];
	const char *end, *at;
	size_t len;
	int field = 2;

	snprintf(path, sizeof(path), "/proc/%lld/stat", (long long)pid);
	len = read_file(path, text, sizeof(text));
	end = text + len;
	at = end;
	while (at > text && at[-1] != ')')
		at--;
	for (; at < end && field < START_TIME_FIELD; at++)
		field += *at == ' ';
	return decimal(at, end);
}

/* see vmcache_linux.h */
unsigned vmc_linux_cpus(void)
{
	cpu_set_t set;
	int count;

	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set))
		return 1;
	count = CPU_COUNT(&set);
	return count > 0 ? (unsigned)count : 1;
}
