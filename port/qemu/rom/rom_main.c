/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Built-in guest: a line protocol on COM1, and a heartbeat.
 *
 * Says "ready" when it is up, then answers a line with a line:
 *
 *	ping    pong
 *	ticks   ticks N, N interrupts of the timer so far, 100 a second
 *	off     nothing: the machine resets
 *	else    ?
 *
 * The processor is halted but for the work of an interrupt (rom_start.S).
 * IRQ 4 only wakes it; what has come is then read until there is no more,
 * so that the next byte is an edge again.
 */
#include <stdint.h>

#define COM1 0x3f8
#define COM1_DATA (COM1 + 0)
#define COM1_INTERRUPTS (COM1 + 1)
#define COM1_FIFO (COM1 + 2)
#define COM1_LINE (COM1 + 3)
#define COM1_MODEM (COM1 + 4)
#define COM1_STATUS (COM1 + 5)
#define STATUS_RECEIVED 0x01
#define STATUS_CAN_SEND 0x20

#define PIC1 0x20
#define PIC2 0xa0
#define PIC_BASE 0x20 /* vector of IRQ 0 */
#define PIT_COUNTER 0x40
#define PIT_MODE 0x43
#define PIT_DIVISOR 11932 /* of 1193182 Hz: 100 Hz */

#define LAPIC_SPURIOUS ((volatile uint32_t *)0xfee000f0)
#define LAPIC_LINT0 ((volatile uint32_t *)0xfee00350)
#define LAPIC_ENABLE 0x1ff
#define LAPIC_EXTERNAL 0x700 /* LINT0 brings the PIC's interrupts */

/* A host that does not read its end must not make us spin for ever. */
#define SEND_TRIES 100000

#define LINE_SIZE 16

struct gate {
	uint16_t offset_low, selector, type, offset_high;
};

struct table {
	uint16_t limit;
	struct gate *base;
} __attribute__((packed));

#define GATES (PIC_BASE + 8)
#define GATE_INTERRUPT 0x8e00

/* of rom_start.S */
void rom_main(void);
void rom_idle(void);
void rom_timer_interrupt(void);
void rom_other_interrupt(void);
void rom_off(void);
extern volatile uint32_t rom_ticks;

volatile uint32_t rom_ticks;
static struct gate gates[GATES];

static void out(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static uint8_t in(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static void set_gate(uint32_t vector, void (*handler)(void))
{
	gates[vector].offset_low = (uint16_t)(uintptr_t)handler;
	gates[vector].offset_high = (uint16_t)((uintptr_t)handler >> 16);
	gates[vector].selector = 8;
	gates[vector].type = GATE_INTERRUPT;
}

static void init_interrupts(void)
{
	struct table table = { sizeof(gates) - 1, gates };
	uint32_t irq;

	for (irq = 1; irq < 8; irq++)
		set_gate(PIC_BASE + irq, rom_other_interrupt);
	set_gate(PIC_BASE, rom_timer_interrupt);
	__asm__ volatile("lidt %0" : : "m"(table));

	*LAPIC_SPURIOUS = LAPIC_ENABLE;
	*LAPIC_LINT0 = LAPIC_EXTERNAL;
	out(PIC1, 0x11); /* begin; cascaded, edges */
	out(PIC1 + 1, PIC_BASE);
	out(PIC1 + 1, 0x04);
	out(PIC1 + 1, 0x01);
	out(PIC1 + 1, 0xee); /* all but IRQ 0 and IRQ 4 are masked */
	out(PIC2 + 1, 0xff);
}

static void init_devices(void)
{
	out(PIT_MODE, 0x34); /* counter 0, both bytes, rate */
	out(PIT_COUNTER, PIT_DIVISOR & 0xff);
	out(PIT_COUNTER, PIT_DIVISOR >> 8);

	out(COM1_LINE, 0x03); /* 8N1 */
	out(COM1_FIFO, 0x01);
	out(COM1_MODEM, 0x0b);      /* OUT2 lets its interrupts through */
	out(COM1_INTERRUPTS, 0x01); /* when something is received */
}

static void send(char c)
{
	uint32_t tries = SEND_TRIES;

	while (!(in(COM1_STATUS)&STATUS_CAN_SEND) && --tries)
		;
	out(COM1_DATA, (uint8_t)c);
}

static void send_text(const char *text)
{
	while (*text)
		send(*text++);
}

static void send_number(uint32_t number)
{
	char digits[10];
	uint32_t at = 0;

	do {
		digits[at++] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	while (at)
		send(digits[--at]);
}

static int is(const char *line, const char *word)
{
	while (*word && *line == *word) {
		line++;
		word++;
	}
	return *line == *word;
}

static void answer(const char *line)
{
	if (is(line, "ping")) {
		send_text("pong");
	} else if (is(line, "ticks")) {
		send_text("ticks ");
		send_number(rom_ticks);
	} else if (is(line, "off")) {
		rom_off();
	} else {
		send('?');
	}
	send('\n');
}

/* Takes a byte; at a line's end answers it. Returns the line's new length.
 * What is too long is still too long when it ends: no command has 15. */
static uint32_t take(char *line, uint32_t len, char c)
{
	if (c == '\n' || c == '\r') {
		line[len] = '\0';
		if (len)
			answer(line);
		return 0;
	}
	if (len < LINE_SIZE - 1)
		line[len++] = c;
	return len;
}

void rom_main(void)
{
	char line[LINE_SIZE];
	uint32_t len = 0;

	init_interrupts();
	init_devices();
	send_text("ready\n");
	for (;;) {
		while (in(COM1_STATUS)&STATUS_RECEIVED)
			len = take(line, len, (char)in(COM1_DATA));
		rom_idle();
	}
}
