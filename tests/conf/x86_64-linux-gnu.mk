# SPDX-License-Identifier: Apache-2.0
#
# glibc, with its shared library.
CC = gcc
LINK =
BUILD ?= build/$(TARGET)
