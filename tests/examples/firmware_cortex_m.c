/* SPDX-License-Identifier: Apache-2.0 */
/* A Cortex-M as QEMU plays it (see firmware.h). */
#include "firmware.h"

#include "cortex_m.h"

/* see tests/conf/cortex-m/cortex-m.ld */
extern char cortex_m_bss_end[], cortex_m_stack_top[];

void board_print(const char *text)
{
	cortex_m_print(text);
}

size_t board_stack_room(void)
{
	return (uintptr_t)cortex_m_stack_top - (uintptr_t)cortex_m_bss_end;
}

size_t board_stack_used(void)
{
	return cortex_m_stack_used();
}
