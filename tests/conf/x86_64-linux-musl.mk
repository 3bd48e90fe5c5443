# SPDX-License-Identifier: Apache-2.0
#
# The default: a static program for Linux. The Makefile's own settings are for
# it; CROSS_COMPILE= may name another tool chain for Linux.
TARGET_FILE = ELF 64-bit LSB executable, x86-64
TARGET_UNIT = $(UNIT)
TARGET_SCENARIO = $(SCENARIO_ANYWHERE)
