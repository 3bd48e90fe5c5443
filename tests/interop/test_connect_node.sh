#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# @connectrpc/connect-node at the other end, in both directions.

. "$(dirname "$0")/lib.sh"

speaks grpc
needs connect-node
both_ways connect-node grpc
exit $failed
