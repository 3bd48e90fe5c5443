# SPDX-License-Identifier: Apache-2.0
#
# No operating system, ARMv7-M. Tests run on QEMU's mps2-an385: 4 MiB of flash,
# 16 MiB of RAM.
CPU = -mcpu=cortex-m3 -mthumb
BOARD = -M mps2-an385
BOARD_RAM = --defsym=RAM_START=0x21000000,--defsym=RAM_SIZE=0x1000000
include tests/conf/cortex-m/cortex-m.mk
