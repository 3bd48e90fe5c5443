# SPDX-License-Identifier: Apache-2.0
#
# No operating system, ARMv6-M: Cortex-M0 and M0+. Tests run on a BBC micro:bit
# (Cortex-M0) with more memory than it has; those of its own, 256 KiB of flash
# and 16 KiB of RAM at 0x20000000, are what a small program is linked with.
CPU = -mcpu=cortex-m0plus -mthumb
BOARD = -M microbit -global nrf51-soc.flash-size=0x400000 \
	-global nrf51-soc.sram-size=0x1000000
BOARD_RAM = --defsym=RAM_START=0x20000000,--defsym=RAM_SIZE=0x1000000
include tests/conf/cortex-m/cortex-m.mk
