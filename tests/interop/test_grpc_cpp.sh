#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# gRPC for C++ at the other end, in both directions.

. "$(dirname "$0")/lib.sh"

speaks grpc
needs cpp
both_ways cpp grpc
exit $failed
