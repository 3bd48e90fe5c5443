/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All that the library wants of a libc: where there is none, this header and
 * five functions are enough.
 */
#ifndef FREESTANDING_STRING_H
#define FREESTANDING_STRING_H

#include <stddef.h>

void *memcpy(void *to, const void *from, size_t len);
void *memmove(void *to, const void *from, size_t len);
void *memset(void *to, int byte, size_t len);
int memcmp(const void *one, const void *other, size_t len);
size_t strlen(const char *text);

#endif
