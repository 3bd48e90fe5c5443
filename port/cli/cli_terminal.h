/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The user's terminal, when a command in a guest has one too: what is typed
 * goes there as it is, and the guest's terminal does what ours did. It is
 * put back before anything else is said on it.
 */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include <stdint.h>
#include <termios.h>

/* Zeroed at first; private. */
struct cli_terminal {
	struct termios before;
	uint8_t raw;
};

/* Rows and columns of the terminal that is our output, or input: 1; or 0, and
 * both 0. */
int cli_terminal_size(uint32_t *rows, uint32_t *columns);

/* Makes standard input raw, if it is a terminal. */
void cli_terminal_begin(struct cli_terminal *terminal);

/* Puts it back. Idempotent. */
void cli_terminal_end(struct cli_terminal *terminal);

#endif
