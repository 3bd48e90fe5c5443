/* SPDX-License-Identifier: Apache-2.0 */
/* Who is at the other end, and where we may run. */
#include "vmcache_linux.h"

#include <sched.h>
#include <string.h>
#include <sys/socket.h>

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
