/* SPDX-License-Identifier: Apache-2.0 */
/* A board that is a process (see firmware.h). */
#include "firmware.h"

#include <stdio.h>

void board_print(const char *text)
{
	fputs(text, stdout);
}

size_t board_stack_room(void)
{
	return 0;
}

size_t board_stack_used(void)
{
	return 0;
}
