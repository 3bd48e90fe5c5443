/* SPDX-License-Identifier: Apache-2.0 */
/* The five functions, and where a program begins. */
#include <string.h>

void _start(void);

void *memcpy(void *to, const void *from, size_t len)
{
	return memmove(to, from, len);
}

void *memmove(void *to, const void *from, size_t len)
{
	unsigned char *out = to;
	const unsigned char *in = from;
	size_t i;

	if (out < in)
		for (i = 0; i < len; i++)
			out[i] = in[i];
	else
		for (i = len; i > 0; i--)
			out[i - 1] = in[i - 1];
	return to;
}

void *memset(void *to, int byte, size_t len)
{
	unsigned char *out = to;

	while (len-- > 0)
		*out++ = (unsigned char)byte;
	return to;
}

int memcmp(const void *one, const void *other, size_t len)
{
	const unsigned char *a = one, *b = other;

	for (; len > 0; len--, a++, b++)
		if (*a != *b)
			return *a < *b ? -1 : 1;
	return 0;
}

size_t strlen(const char *text)
{
	size_t len = 0;

	while (text[len])
		len++;
	return len;
}

void _start(void)
{
}
