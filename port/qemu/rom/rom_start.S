/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Built-in guest: from the reset vector to C, and interrupts.
 *
 * The processor begins at f000:fff0 with a code segment based at ffff0000,
 * which is where the last 64 KiB of the ROM are. It is taken to 32-bit flat
 * mode at once and stays there.
 *
 * Interrupts are let in only while `rom_idle` halts. So a handler need not
 * return to where it came from: it drops the frame (12 bytes: eip, cs,
 * eflags) and returns from rom_idle, with interrupts off again. That spares
 * an iret, which not every KVM can emulate in protected mode.
 */
	.section .reset, "ax"
	.code16
	jmp rom_start

	.section .text.start, "ax"
	.globl rom_start
rom_start:
	cli
	cld
	lgdtl %cs:rom_gdtr_low	/* the linker's: its offset in the segment */
	movl %cr0, %eax
	orb $1, %al
	movl %eax, %cr0
	ljmpl $8, $flat

	.code32
flat:
	movl $16, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %ss
	movl $rom_stack_top, %esp
	call rom_main

	.globl rom_idle
rom_idle:
	sti
	hlt

	.globl rom_timer_interrupt
rom_timer_interrupt:
	incl rom_ticks

	.globl rom_other_interrupt
rom_other_interrupt:
	movb $0x20, %al		/* end of interrupt, to the first PIC */
	outb %al, $0x20
	addl $12, %esp
	ret

/*
 * The next interrupt finds no handler, nor does the fault of that, and the
 * third one resets the machine; -no-reboot makes that the end.
 */
	.globl rom_off
rom_off:
	lidtl no_idt
	jmp rom_idle

	.section .rodata.start, "a"
	.balign 8
gdt:
	.quad 0
	.quad 0x00cf9b000000ffff	/* 8: code, 0 to 4 GiB */
	.quad 0x00cf93000000ffff	/* 16: data, the same */
	.globl rom_gdtr
rom_gdtr:
	.word . - gdt - 1
	.long gdt
no_idt:
	.word 0
	.long 0

	.section .note.GNU-stack, "", @progbits
