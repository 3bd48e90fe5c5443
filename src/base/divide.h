/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Division of 64 bits, for numbers in texts and for times from peers. A
 * compiler for 32 bits would call a function of its own for it, which is 750
 * bytes on a Cortex-M, and calls raise() in some libraries.
 */
#ifndef VMC_BASE_DIVIDE_H
#define VMC_BASE_DIVIDE_H

#include <stdint.h>

/* Divides *number by 1..2^31: the remainder. */
uint32_t vmc_divide(uint64_t *number, uint32_t divisor);

#endif
