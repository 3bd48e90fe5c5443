/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel tells of its devices (NETLINK_KOBJECT_UEVENT): only that
 * something has changed. What it is, one looks up in /sys.
 */
#include "guest.h"

#include "guest_netlink.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

/* One event is a few hundred bytes; what is longer is cut, and thrown away
 * all the same. */
#define EVENT_SIZE 64

/* see guest.h */
int vmc_guest_uevents_open(void)
{
	struct netlink_address address = {
		.family = NETLINK_FAMILY,
		.groups = NETLINK_UEVENT_KERNEL,
	};
	int fd = socket(NETLINK_FAMILY, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			NETLINK_UEVENT);
	int number;

	if (fd < 0)
		return -1;
	if (bind(fd, (const struct sockaddr *)(const void *)&address,
		 sizeof(address)) == 0)
		return fd;
	number = errno;
	close(fd);
	errno = number;
	return -1;
}

/* Too many events at once is said once (ENOBUFS), and no end. */
void vmc_guest_uevents_drain(int fd)
{
	char event[EVENT_SIZE];

	while (recv(fd, event, sizeof(event), MSG_DONTWAIT) >= 0 ||
	       errno == EINTR || errno == ENOBUFS)
		;
}
