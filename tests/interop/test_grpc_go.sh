#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# grpc-go at the other end, in both directions.

. "$(dirname "$0")/lib.sh"

speaks grpc
needs go
both_ways go grpc
exit $failed
