#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# grpcio at the other end, in both directions.

. "$(dirname "$0")/lib.sh"

speaks grpc
needs python
both_ways python grpc
exit $failed
