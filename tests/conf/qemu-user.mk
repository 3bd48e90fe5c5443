# SPDX-License-Identifier: Apache-2.0
#
# Tests of another Linux, beneath qemu-user: all of the library, and those of
# Linux that need nothing which qemu-user lacks.
RUN = qemu-$(QEMU_ARCH)-static
# no ptrace, and threads of its own in /proc
TARGET_UNIT = $(filter-out test_guest_linux test_posix_store,$(UNIT))
TARGET_SCENARIO = $(SCENARIO_ANYWHERE)
