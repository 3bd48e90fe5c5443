# SPDX-License-Identifier: Apache-2.0
#
# IBM Z: 64 bits, big endian.
CROSS_COMPILE = s390x-linux-gnu-
MUSL_ARCH = s390x
QEMU_ARCH = s390x
include tests/conf/musl.mk
