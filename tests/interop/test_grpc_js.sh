#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# @grpc/grpc-js at the other end, in both directions.

. "$(dirname "$0")/lib.sh"

speaks grpc
needs grpc-js
both_ways grpc-js grpc
exit $failed
