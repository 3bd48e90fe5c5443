/* SPDX-License-Identifier: Apache-2.0 */
/* Text made fit to be shown: each byte alone, whatever is around it. */
#include "cli_escape.h"

#include <string.h>

/* What stands for one byte, and its length. */
static size_t escape_byte(char out[CLI_ESCAPE_MAX], unsigned char byte,
			  const char *special)
{
	static const char digits[] = "0123456789abcdef";
	static const char named[] = "\nn\tt\rr";
	const char *name = byte ? strchr(named, byte) : NULL;

	out[0] = '\\';
	if (byte >= ' ' && byte < 0x7f) {
		if (!strchr(special, byte)) {
			out[0] = (char)byte;
			return 1;
		}
		out[1] = (char)byte;
		return 2;
	}
	if (name) {
		out[1] = name[1];
		return 2;
	}
	out[1] = 'x';
	out[2] = digits[byte >> 4];
	out[3] = digits[byte & 15];
	return 4;
}

/* see cli_escape.h */
size_t cli_escape(char *out, size_t cap, const char *text, size_t text_len,
		  const char *special)
{
	char one[CLI_ESCAPE_MAX];
	size_t used = 0;

	for (size_t i = 0; i < text_len; i++) {
		size_t len = escape_byte(one, (unsigned char)text[i], special);

		if (used + len >= cap)
			break;
		memcpy(out + used, one, len);
		used += len;
	}
	out[used] = '\0';
	return used;
}
