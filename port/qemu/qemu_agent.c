/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Agents' channels. A CID belongs to the descriptor that it was set on, and
 * the kernel gives none to two of them: so whoever holds the descriptor need
 * not keep a list of those that are taken (virtcontainers' FindContextID
 * does the same).
 */
#include "qemu_agent.h"
#include "qemu_files.h"
#include "linux_process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <unistd.h>

/* <linux/vhost.h>, which not every libc comes with. */
#define VHOST_VSOCK_SET_GUEST_CID _IOW(0xAF, 0x60, uint64_t)

/* 0 is the hypervisor, 1 oneself, 2 the host, the last one means any
 * (<linux/vm_sockets.h>). */
#define CID_FIRST 3u
#define CID_COUNT (UINT32_MAX - CID_FIRST)

/* Among four thousand million, not even two are taken in a row. */
#define CID_TRIES 64

/* see qemu_agent.h */
enum vmc_status vmc_qemu_agent_url(const struct qemu_facts *facts,
				   char out[VMC_URL_SIZE],
				   struct vmc_error *error)
{
	int len = 0;

	if (facts->agent == VMC_QEMU_AGENT_SERIAL)
		len = snprintf(out, VMC_URL_SIZE, "unix:%s" QEMU_AGENT,
			       facts->dir);
	else if (facts->agent == VMC_QEMU_AGENT_VSOCK)
		len = snprintf(out, VMC_URL_SIZE, "vsock://%lu:%lu",
			       (unsigned long)facts->context_id,
			       (unsigned long)facts->agent_port);
	if (len < VMC_URL_SIZE)
		return VMC_OK;
	out[0] = '\0';
	return vmc_error_set_number(error, VMC_ERR_TOO_BIG,
				    "agent's address: bytes allowed",
				    VMC_URL_SIZE - 1);
}

/* see qemu_agent.h */
uint32_t vmc_qemu_vsock_cid(uint32_t bits)
{
	return CID_FIRST + bits % CID_COUNT;
}

static int choose(uint32_t *cid)
{
	uint32_t bits;

	if (getrandom(&bits, sizeof(bits), GRND_NONBLOCK) != sizeof(bits))
		return errno;
	*cid = vmc_qemu_vsock_cid(bits);
	return 0;
}

static int set_cid(int fd, uint64_t cid)
{
	return ioctl(fd, VHOST_VSOCK_SET_GUEST_CID, &cid) ? errno : 0;
}

static int reserve(int fd, uint32_t *cid)
{
	int number = *cid ? set_cid(fd, *cid) : EADDRINUSE;
	unsigned tries;

	for (tries = 0; number == EADDRINUSE && tries < CID_TRIES; tries++) {
		number = choose(cid);
		if (number == 0)
			number = set_cid(fd, *cid);
	}
	return number;
}

/* see qemu_agent.h */
enum vmc_status vmc_qemu_vsock_open(const char *path, uint32_t *cid, int *fd,
				    struct vmc_error *error)
{
	int opened = open(path, O_RDWR | O_CLOEXEC);
	int number;

	if (opened < 0)
		return vmc_linux_error(error, errno, "vsock:", path);
	number = reserve(opened, cid);
	if (number) {
		close(opened);
		return vmc_linux_error(error, number, "vsock: no CID from",
				       path);
	}
	*fd = opened;
	return VMC_OK;
}
