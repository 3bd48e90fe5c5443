/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way to the agent in a guest: its address, and for vsock the number
 * that the guest is known by.
 */
#ifndef QEMU_AGENT_H
#define QEMU_AGENT_H

#include "qemu_json.h"

#define QEMU_VSOCK "/dev/vhost-vsock"

/*
 * Writes the address of a VM's agent; leaves `out` as it is if there is
 * none. VMC_ERR_TOO_BIG.
 */
enum vmc_status vmc_qemu_agent_url(const struct qemu_facts *facts,
				   char out[VMC_URL_SIZE],
				   struct vmc_error *error) VMC_CHECKED;

/*
 * Opens the device at `path`, which is to become the vsock of a guest, and
 * reserves a CID for it: *cid if that is not 0 and still free, else one by
 * chance. It is reserved as long as the descriptor is open somewhere.
 *
 * VMC_ERR_NOT_FOUND, VMC_ERR_PERMISSION, VMC_ERR_IO.
 */
enum vmc_status vmc_qemu_vsock_open(const char *path, uint32_t *cid, int *fd,
				    struct vmc_error *error) VMC_CHECKED;

/* The CID for 32 bits of chance: none of those that mean others. */
uint32_t vmc_qemu_vsock_cid(uint32_t bits);

#endif
