/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text that somebody else wrote, made fit to be shown.
 *
 * What comes from a peer, a guest's console or a file may hold anything;
 * printed as it is, it could move a terminal's cursor or fake a line of the
 * log. Bytes outside printable ASCII become \n, \t, \r or \xNN.
 */
#ifndef CLI_ESCAPE_H
#define CLI_ESCAPE_H

#include <stddef.h>

/* One byte takes at most this many. */
#define CLI_ESCAPE_MAX 4

/*
 * Writes at most `cap` - 1 bytes and a NUL; escapes are never cut in two.
 * `special` are printable characters to put a backslash before. Returns
 * the length of what was written.
 */
size_t cli_escape(char *out, size_t cap, const char *text, size_t text_len,
		  const char *special);

#endif
