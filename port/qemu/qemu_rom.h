/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The built-in guest (rom/): what it looks like from outside.
 */
#ifndef VMC_QEMU_ROM_H
#define VMC_QEMU_ROM_H

#include <stdint.h>

/* Its code, the end of the ROM; and the ROM that QEMU is given. */
#define QEMU_ROM_CODE_SIZE 1024
#define QEMU_ROM_SIZE 65536

/* What it says when it is up. */
#define QEMU_ROM_READY "ready\n"

extern const uint8_t vmc_qemu_rom[QEMU_ROM_CODE_SIZE];

#endif
