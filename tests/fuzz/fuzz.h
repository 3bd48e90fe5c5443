/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fuzz target: libFuzzer calls LLVMFuzzerTestOneInput with bytes of its
 * choice, on the heap and exactly as long as they say, under
 * AddressSanitizer and UndefinedBehaviorSanitizer.
 */
#ifndef VMC_FUZZ_H
#define VMC_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vmcache/view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold whatever the input is. */
#define MUST(cond)                                                             \
	do {                                                                   \
		if (!(cond))                                                   \
			abort();                                               \
	} while (0)

/* The input's first byte chooses; it is taken off. */
static inline uint8_t choose(const uint8_t **data, size_t *size)
{
	if (*size == 0)
		return 0;
	--*size;
	return *(*data)++;
}

/* Each byte of a view can be read, and it lies within another. */
static inline void must_lie_in(struct vmc_view view, const uint8_t *begin,
			       size_t len)
{
	if (view.ptr_len == 0)
		return;
	MUST(view.ptr >= begin);
	MUST(view.ptr + view.ptr_len <= begin + len);
}

#endif
