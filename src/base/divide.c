/* SPDX-License-Identifier: Apache-2.0 */
/* See divide.h */
#include "divide.h"

#if UINTPTR_MAX > UINT32_MAX /* the processor does it */

/* see divide.h */
uint32_t vmc_divide(uint64_t *number, uint32_t divisor)
{
	uint32_t rest = (uint32_t)(*number % divisor);

	*number /= divisor;
	return rest;
}

#else /* bit by bit: no path of a call divides more than once */

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

#endif
