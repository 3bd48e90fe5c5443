# SPDX-License-Identifier: Apache-2.0
#
# IBM Z: 64 bits, big endian.
CROSS_COMPILE = s390x-linux-gnu-
TARGET_FILE = ELF 64-bit MSB executable, IBM S/390
MUSL_ARCH = s390x
QEMU_ARCH = s390x
include tests/conf/musl.mk
