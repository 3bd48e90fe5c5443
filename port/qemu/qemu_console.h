/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last bytes of a VM's console and of QEMU's standard error, as text.
 *
 * Control characters but line ends are left out or become '?'; other bytes
 * stay as they came.
 */
#ifndef QEMU_CONSOLE_H
#define QEMU_CONSOLE_H

#include "vmcache_qemu.h"

struct vmc_qemu_console {
	uint16_t len;
	uint16_t guest_len; /* of the last bytes, those that are the guest's */
	uint8_t seen;       /* the guest has said something */
	char bytes[VMC_QEMU_CONSOLE_SIZE];
};

_Static_assert(VMC_QEMU_CONSOLE_SIZE >= 256 && VMC_QEMU_CONSOLE_SIZE <= 16384,
	       "VMC_QEMU_CONSOLE_SIZE must be 256..16384 bytes");
_Static_assert(VMC_QEMU_READY_SIZE >= 16 && VMC_QEMU_READY_SIZE <= 128,
	       "VMC_QEMU_READY_SIZE must be 16..128 bytes");

/* Bytes that may be added at once. */
#define QEMU_CONSOLE_CHUNK 128

/* Adds what QEMU said on its standard error. */
void vmc_qemu_console_add(struct vmc_qemu_console *console, const char *bytes,
			  size_t bytes_len);

/*
 * Adds what the guest said: 1 if it has just said `ready` (may be NULL), in
 * whatever pieces, else 0.
 */
int vmc_qemu_console_hear(struct vmc_qemu_console *console, const char *bytes,
			  size_t bytes_len, const char *ready);

/* All of it; absent if there is none. */
struct vmc_view vmc_qemu_console_view(const struct vmc_qemu_console *console);

/* Its last line that is not blank; absent if there is none. */
struct vmc_view
vmc_qemu_console_last_line(const struct vmc_qemu_console *console);

#endif
