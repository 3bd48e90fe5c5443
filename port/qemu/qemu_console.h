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

/*
 * The line that a kernel begins its panic with, cut there. What follows it
 * is longer than all that is kept.
 */
#define QEMU_PANIC_SIZE 112

struct vmc_qemu_console {
	uint16_t len;
	uint16_t guest_len; /* of the last bytes, those that are the guest's */
	uint8_t seen;       /* the guest has said something */
	uint8_t panic_len;  /* 0: it is not among what has gone */
	char panic[QEMU_PANIC_SIZE];
	char bytes[VMC_QEMU_CONSOLE_SIZE];
};

_Static_assert(VMC_QEMU_CONSOLE_SIZE >= 256 && VMC_QEMU_CONSOLE_SIZE <= 16384,
	       "VMC_QEMU_CONSOLE_SIZE must be 256..16384 bytes");
_Static_assert(VMC_QEMU_READY_SIZE >= 16 && VMC_QEMU_READY_SIZE <= 128,
	       "VMC_QEMU_READY_SIZE must be 16..128 bytes");

/* Bytes that may be added at once. */
#define QEMU_CONSOLE_CHUNK 128

/* What was said so far is not the guest's that speaks from now on. */
void vmc_qemu_console_restart(struct vmc_qemu_console *console);

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

/*
 * What tells most of a guest's end: the line that a kernel began its panic
 * with, else the last one that is not blank. Absent if there is none.
 */
struct vmc_view
vmc_qemu_console_last_words(const struct vmc_qemu_console *console);

#endif
