/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the firmware (firmware.c) has of its board. firmware_host.c is one
 * under an operating system, firmware_cortex_m.c one without.
 */
#ifndef FIRMWARE_H
#define FIRMWARE_H

#include <stddef.h>

void board_print(const char *text);

/* What variables leave for the stack, and the deepest that it has been, in
 * bytes. 0: nobody knows. */
size_t board_stack_room(void);
size_t board_stack_used(void);

#endif
