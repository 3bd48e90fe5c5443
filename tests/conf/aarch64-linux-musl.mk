# SPDX-License-Identifier: Apache-2.0
#
# 64-bit ARM.
CROSS_COMPILE = aarch64-linux-gnu-
TARGET_FILE = ELF 64-bit LSB executable, ARM aarch64
MUSL_ARCH = arm64
QEMU_ARCH = aarch64
include tests/conf/musl.mk
