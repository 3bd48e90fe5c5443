#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The peers among themselves: every client with every server of the same
# transport, none of them ours. What passes here and fails with us is ours.
#
#	make interop_programs && tests/interop/pairs.sh [PEER…]

. "$(dirname "$0")/lib.sh"

grpc="go cpp python grpc-js connect-node"
ttrpc="ttrpc-go ttrpc-rust"

pair()
{
	PEER_METADATA=$3
	export PEER_METADATA
	start_peer "$1"
	PEER_PID=$server
	export PEER_PID
	run_client "$2_with_$1_$3" "$2"
	check "$2_with_$1_quit" wait "$server"
	check "$2_with_$1_gave" saw 3 gave
	# a client that counts its time itself gives up as often
	check "$2_with_$1_ended" saw 2 '\(deadline\|cancelled\)'
	check "$2_with_$1_no_vm_lost" given_is_taken
}

pairs()
{
	for one in "$@"; do
		for other in "$@"; do
			[ -z "$only" ] || echo " $only " | grep -q " $one " || continue
			pair "$one" "$other" 300
			pair "$one" "$other" 22000
		done
	done
}

only=$*
pairs $grpc
pairs $ttrpc
exit $failed
