# SPDX-License-Identifier: Apache-2.0
#
# Peers: other implementations of the two transports, each a small program
# (tests/interop/peers/) with one shape:
#
#	client SOCKET    runs named cases, the last is Quit; prints a line for
#	                 each as tests/unit/test.h does, and `taken ID` for
#	                 each VM that it was given. PEER_PID: the server's
#	server SOCKET    a cache server of that implementation, until Quit.
#	                 Config's Data is the file PEER_DATA; GetBaseVM gives
#	                 PEER_VMS VMs (`gave ID`) and then waits until the
#	                 caller's time is up (`deadline`) or it gives up
#	                 (`cancelled`); Status comes with PEER_METADATA bytes
#	                 of metadata in front of it and behind it

build=${BUILD:-build}
interop=$build/interop
peers=tests/interop/peers
vmcache=$build/vmcache
until_true="$build/tests/program_tool until 20"

PEER_DATA=tests/interop/kata_data.json
PEER_PROTO=proto
PEER_DESCRIPTORS=$interop/cache.desc
PEER_VMS=3
NODE_PATH=build/deps/npm/node_modules
PYTHONPATH=$interop/python
PYTHONDONTWRITEBYTECODE=1
export PEER_DATA PEER_PROTO PEER_DESCRIPTORS PEER_VMS NODE_PATH PYTHONPATH \
	PYTHONDONTWRITEBYTECODE

work=$(mktemp -d) || exit 1
ENDPOINT=$work/cache.sock
VMCACHE_ENDPOINT=$ENDPOINT
export ENDPOINT VMCACHE_ENDPOINT
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

# skip WHY: ends the test
skip()
{
	name=${0##*/test_}
	echo "skip ${name%.sh}: $*"
	exit 0
}

# speaks TRANSPORT: this build does, or else there is nothing to test
speaks()
{
	"$vmcache" --version | grep -qE "transport=(all|$1)( |\$)" ||
		skip "this build speaks no $1"
}

# needs PEER…: or else there is nobody to test with
needs()
{
	for one in "$@"; do
		case $one in
		python) [ -e "$interop/python/cache_pb2_grpc.py" ] ;;
		grpc-js | connect-node) [ -d "$NODE_PATH/@grpc" ] ;;
		*) [ -x "$interop/peer_$one" ] ;;
		esac || skip "no peer $one: make deps-interop"
	done
}

# peer NAME MODE SOCKET: becomes that peer; in a subshell
peer()
{
	name=$1
	shift
	case $name in
	python) exec /usr/bin/python3 $peers/python/peer.py "$@" ;;
	grpc-js) exec node $peers/grpc-js/peer.js "$@" ;;
	connect-node) exec node $peers/connect-node/peer.mjs "$@" ;;
	*) exec "$interop/peer_$name" "$@" ;;
	esac
}

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

# named PREFIX FILE: the lines of a peer's tests, by names of their own
named()
{
	grep -E '^(ok|not ok|skip) ' "$2" |
		sed -E "s/^(ok|not ok|skip) /&$1_/"
}

# run_client PREFIX PEER [MODE [SOCKET]]: its cases; what it was given is then
# in taken
run_client()
{
	(peer "$2" "${3:-client}" "${4:-$ENDPOINT}") >"$work/client" 2>"$work/client.err"
	code=$?
	named "$1" "$work/client"
	sed -n 's/^taken //p' "$work/client" | sort >"$work/taken"
	[ $code -eq 0 ] || failed=1
	[ $code -le 1 ] || check "$1_exits_with_$code" cat "$work/client.err" -
}

# start_peer PEER: its server, whose pid is then in server, and in PEER_UNKNOWN
# the code by which it refuses what it does not know
start_peer()
{
	PEER_UNKNOWN=12 # UNIMPLEMENTED
	[ "$1" = ttrpc-rust ] && PEER_UNKNOWN=3 # INVALID_ARGUMENT
	export PEER_UNKNOWN
	rm -f "$ENDPOINT"
	(peer "$1" server "$ENDPOINT") >"$work/server" 2>"$work/server.err" &
	server=$!
	started="$started $server"
	check "$1_server_starts" $until_true test -S "$ENDPOINT"
}

# all_fail COMMAND…: it has cases, and each of them fails
all_fail()
{
	("$@") >"$work/all" 2>&1 && return 1
	! grep -q '^ok' "$work/all" && grep -q '^not ok' "$work/all"
}

# saw COUNT WORD: the peer's server printed so many such lines, or more
saw()
{
	[ "$(grep -c "^$2" "$work/server")" -ge "$1" ]
}

given_is_taken()
{
	sed -n 's/^gave //p' "$work/server" | sort | diff - "$work/taken"
}

# says TEXT COMMAND…: it prints that
says()
{
	text=$1
	shift
	"$@" 2>&1 | grep -qF -e "$text"
}

# exits CODE COMMAND…
exits()
{
	wanted=$1
	shift
	"$@"
	[ $? -eq "$wanted" ]
}

# start_ours [OPTION]…: our server with two VMs, whose pid is then in server
start_ours()
{
	"$vmcache" serve --run-dir "$work/run" --number 2 "$@" \
		>"$work/ours" 2>"$work/ours.log" &
	server=$!
	started="$started $server"
	PEER_PID=$server
	export PEER_PID
	check our_server_starts "$vmcache" status --wait-ready=2 --timeout 20
}

# ids EVENT…: of the VMs that our server said that of
ids()
{
	for event in "$@"; do
		sed -n "s/.* $event .*\bid=\([^ ]*\).*/\1/p" "$work/ours.log"
	done | sort
}

handed_is_taken()
{
	ids vm-handed | diff - "$work/taken"
}

# Each VM that was booted was handed out or stopped, and once.
all_accounted_for()
{
	ids vm-booting >"$work/booted"
	[ -s "$work/booted" ] && ids vm-handed vm-stopped | diff "$work/booted" -
}

# ours_ended PREFIX: what is right after its Quit
ours_ended()
{
	check "$1_our_server_quits" wait "$server"
	check "$1_our_server_is_gone" test ! -e "$ENDPOINT"
	check "$1_no_vm_lost_or_doubled" handed_is_taken
	check "$1_every_vm_accounted_for" all_accounted_for
}

# peer_with_us PEER: its client, our server
peer_with_us()
{
	check "$1_client_needs_a_server" all_fail peer "$1" client "$ENDPOINT"
	start_ours --hypervisor mock --mock-boot 2
	run_client "$1_client" "$1"
	ours_ended "$1_client"
	check "$1_client_notices" all_fail peer "$1" client "$ENDPOINT"
}

# started_for_us PEER
started_for_us()
{
	start_peer "$1"
	PEER_PID=$server
	export PEER_PID
}

# channel_with_peer PREFIX PEER: our channel, its server
channel_with_peer()
{
	started_for_us "$2"
	"$interop/interop_cache" >"$work/client" || failed=1
	named "$1" "$work/client"
	sed -n 's/^taken //p' "$work/client" | sort >"$work/taken"
	check "$1_server_quits" wait "$server"
	check "$1_no_vm_lost_or_doubled" given_is_taken
	check "$1_saw_our_deadline" saw 1 deadline
	check "$1_saw_us_give_up" saw 1 cancelled
}

# vmcache_with_peer PEER: our program, its server
vmcache_with_peer()
{
	started_for_us "$1"
	set -- "$1" --transport "$PEER_TRANSPORT"
	check "vmcache_$1_status" says "server pid $server" \
		"$vmcache" status "$2" "$3"
	check "vmcache_$1_config" says '"VhostUserStorePathList":null' \
		"$vmcache" config --json "$2" "$3"
	# what it was given is no QEMU's
	check "vmcache_$1_get" says 'saved QEMU VM' \
		"$vmcache" get --paused "$2" "$3"
	check "vmcache_$1_quit" "$vmcache" quit "$2" "$3"
	check "vmcache_$1_server_quits" wait "$server"
	check "vmcache_$1_notices" exits 3 "$vmcache" status "$2" "$3"
}

# us_with_peer PEER: with metadata around the answers as well, where they have
us_with_peer()
{
	check "channel_$1_needs_a_server" all_fail "$interop/interop_cache"
	channel_with_peer "channel_$1" "$1"
	for PEER_METADATA in 300 22000; do
		[ "$PEER_TRANSPORT" = grpc ] || break
		export PEER_METADATA
		channel_with_peer "channel_$1_metadata_$PEER_METADATA" "$1"
	done
	unset PEER_METADATA
	vmcache_with_peer "$1"
}

# both_ways PEER TRANSPORT: all of it
both_ways()
{
	PEER_TRANSPORT=$2
	export PEER_TRANSPORT
	peer_with_us "$1"
	us_with_peer "$1"
}
