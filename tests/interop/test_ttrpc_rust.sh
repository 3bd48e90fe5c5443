#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# ttrpc-rust at the other end, in both directions.

. "$(dirname "$0")/lib.sh"

speaks ttrpc
needs ttrpc-rust
both_ways ttrpc-rust ttrpc
exit $failed
