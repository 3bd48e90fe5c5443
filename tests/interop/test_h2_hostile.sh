#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Clients that mean harm, while honest ones are served.
#
#	make all && BUILD=build tests/interop/test_h2_hostile.sh

. tests/interop/h2_lib.sh
h2_run h2_hostile
