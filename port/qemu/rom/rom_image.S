/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Built-in guest, as bytes of the driver: vmc_qemu_rom (see qemu_rom.h). The
 * build says where they are: rom.bin, made of the other files here.
 */
	.section .rodata.vmc_qemu_rom, "a", %progbits
	.globl vmc_qemu_rom
	.type vmc_qemu_rom, %object
	.balign 16
vmc_qemu_rom:
	.incbin ROM_IMAGE
	.size vmc_qemu_rom, . - vmc_qemu_rom

	.section .note.GNU-stack, "", %progbits
