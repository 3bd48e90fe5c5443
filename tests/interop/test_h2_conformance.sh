#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What RFC 9113, RFC 7541 and gRPC demand of a server, case by case.
#
#	make all && BUILD=build tests/interop/test_h2_conformance.sh

. tests/interop/h2_lib.sh
h2_run h2_conformance
