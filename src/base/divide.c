/* SPDX-License-Identifier: Apache-2.0 */
/* See divide.h. Bit by bit: no path of a call divides more than once. */
#include "divide.h"

#define BITS 64

/* see divide.h */
uint32_t vmc_divide(uint64_t *number, uint32_t divisor)
{
	uint32_t rest = 0;
	unsigned i;

	for (i = 0; i < BITS; i++) {
		rest = rest << 1 | (uint32_t)(*number >> (BITS - 1));
		*number <<= 1;
		if (rest >= divisor) {
			rest -= divisor;
			*number |= 1;
		}
	}
	return rest;
}
