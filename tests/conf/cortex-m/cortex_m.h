/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Cortex-M board as QEMU plays it: what there is instead of an operating
 * system. Output and the exit status go to whoever runs QEMU, by semihosting.
 */
#ifndef CORTEX_M_H
#define CORTEX_M_H

#include <stddef.h>
#include <stdint.h>

/* The first instruction: sets up variables, calls main, exits with what it
 * returns. */
_Noreturn void cortex_m_reset(void);

/* Writes to QEMU's console: a text, or a number in decimal digits. */
void cortex_m_print(const char *text);
void cortex_m_print_number(uint32_t number);

/* Ends QEMU, with that exit status. */
_Noreturn void cortex_m_exit(int status);

/* The deepest that the stack has been since reset, in bytes. */
size_t cortex_m_stack_used(void);

/* A call of the debugger, which QEMU plays. */
int32_t cortex_m_semihost(uint32_t call, const void *argument);

#endif
