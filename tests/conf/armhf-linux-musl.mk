# SPDX-License-Identifier: Apache-2.0
#
# 32-bit ARM with floating point registers: Debian's armhf.
CROSS_COMPILE = arm-linux-gnueabihf-
TARGET_FILE = ELF 32-bit LSB executable, ARM
MUSL_ARCH = armhf
QEMU_ARCH = arm
include tests/conf/musl.mk
