# SPDX-License-Identifier: Apache-2.0
#
# The default: a static program for Linux. The Makefile's own settings are for
# it; CROSS_COMPILE= may name another tool chain for Linux.
