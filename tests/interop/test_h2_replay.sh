#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What real clients have sent, byte by byte, and our answers to it.
#
#	make all && BUILD=build tests/interop/test_h2_replay.sh

. tests/interop/h2_lib.sh
h2_run h2_replay
