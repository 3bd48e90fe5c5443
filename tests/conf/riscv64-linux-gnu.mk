# SPDX-License-Identifier: Apache-2.0
#
# RISC-V with glibc.
CROSS_COMPILE = riscv64-linux-gnu-
CC = $(CROSS_COMPILE)gcc
TARGET_FILE = ELF 64-bit LSB executable, UCB RISC-V
QEMU_ARCH = riscv64
BUILD ?= build/$(TARGET)
include tests/conf/qemu-user.mk
