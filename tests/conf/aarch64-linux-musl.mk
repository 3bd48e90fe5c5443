# SPDX-License-Identifier: Apache-2.0
#
# 64-bit ARM.
CROSS_COMPILE = aarch64-linux-gnu-
MUSL_ARCH = arm64
QEMU_ARCH = aarch64
include tests/conf/musl.mk
