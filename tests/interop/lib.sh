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

# missing PEER: says what is not there to run it, if anything is
missing()
{
	case $1 in
	go | cpp | ttrpc-go | ttrpc-rust)
		[ -x "$interop/peer_$1" ] || echo "not built: make deps-interop" ;;
	python)
		[ -e "$interop/python/cache_pb2_grpc.py" ] ||
			echo "no python3-grpcio: make deps-interop" ;;
	grpc-js | connect-node)
		[ -d "$NODE_PATH/@grpc" ] || echo "no npm packages: make deps-interop" ;;
	esac
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

# run_client PREFIX PEER [MODE]: its cases; what it was given is in taken
run_client()
{
	(peer "$2" "${3:-client}" "$ENDPOINT") >"$work/client" 2>"$work/client.err"
	code=$?
	named "$1" "$work/client"
	sed -n 's/^taken //p' "$work/client" | sort >"$work/taken"
	[ $code -eq 0 ] || failed=1
	[ $code -le 1 ] || check "$1_exits_with_$code" cat "$work/client.err" -
}

# start_peer PEER: its server, whose pid is then in server
start_peer()
{
	rm -f "$ENDPOINT"
	(peer "$1" server "$ENDPOINT") >"$work/server" 2>"$work/server.err" &
	server=$!
	started="$started $server"
	check "$1_server_starts" $until_true test -S "$ENDPOINT"
}

# all_fail PREFIX PEER: it has cases, and each of them fails
all_fail()
{
	(peer "$2" client "$ENDPOINT") >"$work/client" 2>&1 && return 1
	! grep -q '^ok' "$work/client" && grep -q '^not ok' "$work/client"
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
