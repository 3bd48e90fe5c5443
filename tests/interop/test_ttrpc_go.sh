#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Interop with containerd/ttrpc in both directions: `vmcache serve` with a
# client in Go, our client and `vmcache` with a server in Go. And each of
# these tests fails when there is nobody at the other end: none of them
# talks to itself.
#
#	make all interop_programs && BUILD=build tests/interop/test_ttrpc_go.sh

build=${BUILD:-build}
vmcache=$build/vmcache
peer=$build/interop/peer
client=$build/interop/interop_client
until_true="$build/tests/program_tool until 20"

if [ ! -x "$peer" ]; then
	echo "skip ttrpc_go: no Go to build tests/interop/peer.go with"
	exit 0
fi

work=$(mktemp -d) || exit 1
ENDPOINT=$work/cache.sock
export ENDPOINT
failed=0
started=

cleanup()
{
	for pid in $started; do
		kill "$pid" 2>/dev/null
	done
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# check NAME COMMAND…: one test, which is the command's success
check()
{
	name=$1
	shift
	if "$@" >"$work/out" 2>&1; then
		echo "ok $name"
	else
		echo "not ok $name: $(head -c 300 "$work/out" | tr '\n' ' ')"
		failed=1
	fi
}

# all_fail COMMAND…: it has tests, and each of them fails
all_fail()
{
	"$@" >"$work/all" 2>&1 && return 1
	! grep -q '^ok' "$work/all" && [ "$(grep -c '^not ok' "$work/all")" -gt 0 ]
}

# says TEXT COMMAND…: it succeeds and prints that
says()
{
	text=$1
	shift
	"$@" 2>&1 | grep -qF -e "$text"
}

# exits CODE COMMAND…
exits()
{
	code=$1
	shift
	"$@"
	[ $? -eq "$code" ]
}

serve_ours()
{
	"$vmcache" serve --endpoint "$ENDPOINT" --run-dir "$work/run" \
		--hypervisor mock --number 2 --mock-boot 0.3 \
		>"$work/ours.out" 2>"$work/ours.log" &
	server=$!
	started="$started $server"
	check our_server_starts "$vmcache" status --endpoint "$ENDPOINT" \
		--wait-ready=2 --timeout 20
}

serve_go()
{
	rm -f "$ENDPOINT"
	"$peer" serve "$ENDPOINT" >"$work/go.log" 2>&1 &
	started="$started $!"
	check go_server_starts $until_true test -S "$ENDPOINT"
}

our_commands()
{
	check vmcache_status says 'server pid 4242' "$vmcache" status
	check vmcache_config says '{"HypervisorType":"qemu"}' \
		"$vmcache" config --json
	# what it was given is no QEMU's
	check vmcache_get says 'saved QEMU VM' "$vmcache" get --paused
}

VMCACHE_ENDPOINT=$ENDPOINT
export VMCACHE_ENDPOINT

# nobody there yet
check go_client_needs_a_server all_fail "$peer" client "$ENDPOINT" 1
check our_client_needs_a_server all_fail "$client"
check vmcache_needs_a_server exits 3 "$vmcache" status

serve_ours
"$peer" client "$ENDPOINT" "$server" || failed=1
"$peer" quit "$ENDPOINT" || failed=1
check our_server_quits wait "$server"
check our_server_is_gone test ! -e "$ENDPOINT"
check go_client_notices all_fail "$peer" client "$ENDPOINT" "$server"

serve_go
our_commands
"$client" || failed=1
check our_client_notices all_fail "$client"
exit $failed
