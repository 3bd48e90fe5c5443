#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# containerd/ttrpc at the other end, in both directions; and what only a
# server of ours, or only this one, is asked.

. "$(dirname "$0")/lib.sh"

speaks ttrpc
needs ttrpc-go
both_ways ttrpc-go ttrpc

start_ours --hypervisor mock --mock-boot 0.3
run_client ttrpc-go_deep ttrpc-go deep
check ttrpc-go_deep_our_server_quits wait "$server"

start_peer ttrpc-go
"$interop/interop_client" || failed=1 # the last case ends it
check our_client_notices all_fail "$interop/interop_client"
exit $failed
