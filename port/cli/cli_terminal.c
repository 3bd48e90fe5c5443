/* SPDX-License-Identifier: Apache-2.0 */
/* The user's terminal (see cli_terminal.h). */
#include "cli_terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

/* see cli_terminal.h */
int cli_terminal_size(uint32_t *rows, uint32_t *columns)
{
	struct winsize size = { 0 };

	*rows = *columns = 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) &&
	    ioctl(STDIN_FILENO, TIOCGWINSZ, &size))
		return 0;
	*rows = size.ws_row;
	*columns = size.ws_col;
	return size.ws_row && size.ws_col;
}

/* see cli_terminal.h */
void cli_terminal_begin(struct cli_terminal *terminal)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &terminal->before))
		return;
	raw = terminal->before;
	cfmakeraw(&raw);
	terminal->raw = tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
}

/* What was typed and not read stays to be read by who comes next. */
void cli_terminal_end(struct cli_terminal *terminal)
{
	if (!terminal->raw)
		return;
	terminal->raw = 0;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal->before);
}
