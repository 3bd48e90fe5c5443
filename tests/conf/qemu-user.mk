# SPDX-License-Identifier: Apache-2.0
#
# Tests of another Linux, beneath qemu-user: all of the library, and those of
# Linux that need nothing which qemu-user lacks.
RUN = qemu-$(QEMU_ARCH)-static
TARGET_UNIT = $(UNIT)
TARGET_SCENARIO = $(SCENARIO_ANYWHERE)
