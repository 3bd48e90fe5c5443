# SPDX-License-Identifier: Apache-2.0
#
# Another Linux with musl: Debian's cross compiler, and Debian's musl-dev for
# MUSL_ARCH, unpacked by `make deps targets`. Tests run beneath qemu-user.
CC = $(CROSS_COMPILE)gcc -specs=build/deps/musl-$(MUSL_ARCH)/musl-gcc.specs
BUILD ?= build/$(TARGET)
include tests/conf/qemu-user.mk
