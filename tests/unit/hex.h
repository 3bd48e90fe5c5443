/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes written in hexadecimal; blanks may stand between them.
 */
#ifndef VMC_TEST_HEX_H
#define VMC_TEST_HEX_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static inline int hex_digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *found = c ? strchr(digits, c) : NULL;

	return found ? (int)(found - digits) : -1;
}

/* The number of bytes written to `out`; aborts on what is not hex. */
static inline size_t from_hex(const char *hex, uint8_t *out)
{
	size_t len = 0;
	int high, low;

	while (*hex) {
		if (*hex == ' ') {
			hex++;
			continue;
		}
		high = hex_digit(hex[0]);
		low = hex_digit(hex[1]);
		if (high < 0 || low < 0)
			abort();
		out[len++] = (uint8_t)(high << 4 | low);
		hex += 2;
	}
	return len;
}

#endif
