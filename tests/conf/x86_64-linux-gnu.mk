# SPDX-License-Identifier: Apache-2.0
#
# glibc, with its shared library.
CC = gcc
LINK =
TARGET_FILE = ELF 64-bit LSB pie executable, x86-64
TARGET_UNIT = $(UNIT)
TARGET_SCENARIO = $(SCENARIO_ANYWHERE)
BUILD ?= build/$(TARGET)
