/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vector table and reset of a Cortex-M: from power-on to main and back.
 * Everything here is of ARMv6-M, so that a Cortex-M0 can run it.
 */
#include "cortex_m.h"

#define SYS_WRITE0 0x04
#define SYS_EXIT_EXTENDED 0x20
#define ADP_STOPPED_APPLICATION_EXIT 0x20026u

/* What the free part of RAM holds before anything has used it. */
#define FRESH 0x51ac51acu
/* Left alone below the stack pointer while that is written. */
#define FRESH_GAP_SIZE 64

#define DECIMAL_SIZE 11
#define VECTOR_MAX 16

typedef void (*vector)(void);

/* see cortex-m.ld */
extern uint32_t cortex_m_data[], cortex_m_data_end[];
extern const uint32_t cortex_m_data_in_flash[];
extern uint32_t cortex_m_bss[], cortex_m_bss_end[];
extern uint32_t cortex_m_stack_top[];

int main(void);

/* see cortex_m.h */
int32_t cortex_m_semihost(uint32_t call, const void *argument)
{
	register uint32_t r0 __asm__("r0") = call;
	register const void *r1 __asm__("r1") = argument;

	__asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
	return (int32_t)r0;
}

/* see cortex_m.h */
void cortex_m_print(const char *text)
{
	cortex_m_semihost(SYS_WRITE0, text);
}

/* see cortex_m.h */
void cortex_m_print_number(uint32_t number)
{
	char digits[DECIMAL_SIZE];
	char *digit = digits + sizeof(digits) - 1;

	*digit = '\0';
	do {
		*--digit = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	cortex_m_print(digit);
}

/* see cortex_m.h */
_Noreturn void cortex_m_exit(int status)
{
	uint32_t reason[2] = { ADP_STOPPED_APPLICATION_EXIT, (uint32_t)status };

	for (;;)
		cortex_m_semihost(SYS_EXIT_EXTENDED, reason);
}

static void paint_stack(void)
{
	uint32_t *word = cortex_m_bss_end;
	uintptr_t end = (uintptr_t)__builtin_frame_address(0);

	while ((uintptr_t)word < end - FRESH_GAP_SIZE)
		*(volatile uint32_t *)word++ = FRESH;
}

/* see cortex_m.h */
size_t cortex_m_stack_used(void)
{
	const volatile uint32_t *word = cortex_m_bss_end;

	while (*word == FRESH)
		word++;
	return (uintptr_t)cortex_m_stack_top - (uintptr_t)word;
}

/* see cortex_m.h; written without libc, which needs what is set up here */
_Noreturn void cortex_m_reset(void)
{
	const uint32_t *from = cortex_m_data_in_flash;
	volatile uint32_t *to;

	for (to = cortex_m_data; to < cortex_m_data_end; to++)
		*to = *from++;
	for (to = cortex_m_bss; to < cortex_m_bss_end; to++)
		*to = 0;
	paint_stack();
	cortex_m_exit(main());
}

/* Undefined instruction, stack outside RAM, unaligned access: all come here. */
static void fault(void)
{
	cortex_m_print("cortex-m: fault\n");
	cortex_m_exit(2);
}

/* The stack's top, then reset, NMI, hard fault and the other exceptions. */
__attribute__((section(".vectors"), used)) static const union {
	uint32_t *stack;
	vector handler;
} vectors[VECTOR_MAX] = {
	{ .stack = cortex_m_stack_top },
	{ .handler = cortex_m_reset },
	{ .handler = fault },
	{ .handler = fault },
	{ .handler = fault },
	{ .handler = fault },
	{ .handler = fault },
};
