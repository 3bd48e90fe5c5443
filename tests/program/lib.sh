# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# What the program tests share. A test file defines functions and ends with
# `run_tests name…`; each runs in a subshell with a directory of its own
# ($work), an endpoint in it, and cleans up what it started.
#
# VMCACHE and TOOL name the program and tests/program/program_tool.c, built;
# both have defaults for a run from the top of the tree.

VMCACHE=$(realpath "${VMCACHE:-build/vmcache}")
TOOL=$(realpath "${TOOL:-build/tests/program_tool}")
export VMCACHE TOOL

# fail WHAT: ends the test
fail()
{
	printf 'not ok %s: %s: %s\n' "$test_name" "$0" "$*"
	[ -s "$work/log" ] && sed 's/^/  log: /' "$work/log" >&2
	exit 1
}

# skip WHY: ends the test
skip()
{
	printf 'skip %s: %s\n' "$test_name" "$*"
	exit 2
}

# expect CODE COMMAND…: runs it, output to $work/out and $work/err
expect()
{
	expected=$1
	shift
	"$@" >"$work/out" 2>"$work/err"
	code=$?
	[ $code -eq "$expected" ] ||
		fail "$*: exit status $code, not $expected: $(cat "$work/err")"
}

# says FILE TEXT: the file has this in it
says()
{
	grep -qF -e "$2" "$work/$1" ||
		fail "no \"$2\" in $1: $(head -c 600 "$work/$1")"
}

# count FILE TEXT: lines of the file that have it
count()
{
	grep -cF -e "$2" "$work/$1"
}

# until_true COMMAND…: succeeds within 20 s
until_true()
{
	"$TOOL" until 20 "$@"
}

# logged TEXT [COUNT]: waits for so many lines (1) of the server's log
logged()
{
	until_true sh -c '[ "$(grep -cF -e "$1" "$2")" -ge "$3" ]' - \
		"$1" "$work/log" "${2:-1}" ||
		fail "log without ${2:-1} of \"$1\""
}

# serve OPTION…: starts a server in the background; its pid is $server
serve()
{
	# so that nobody reads the last server's
	: >"$work/log"
	"$VMCACHE" serve --run-dir "$work/run" "$@" \
		>"$work/serve.out" 2>"$work/log" </dev/null &
	server=$!
	servers="$servers $server"
}

# ready N: waits until N VMs are READY
ready()
{
	expect 0 "$VMCACHE" status --wait-ready="$1" --timeout 30
}

# ended CODE: the server ends by itself, within 20 s, with that status
ended()
{
	"$TOOL" gone 20 "$server" || fail "the server is still there"
	wait "$server"
	code=$?
	[ $code -eq "$1" ] || fail "server: exit status $code, not $1"
}

# nothing_left: no process of ours, no socket, no VM's directory
nothing_left()
{
	left=$("$TOOL" listed qemu "$work")
	[ -z "$left" ] || fail "QEMU left behind: $left"
	left=$(ls -d "$VMCACHE_ENDPOINT"* 2>/dev/null)
	[ -z "$left" ] || fail "left of the endpoint: $left"
	left=$(find "$work/run" -mindepth 1 2>/dev/null | head -3)
	[ -z "$left" ] || fail "left in the run directory: $left"
}

# field NAME: its number in $work/out, which is JSON
field()
{
	sed -n "s/.*\"$1\":\"\{0,1\}\([^,\"}]*\).*/\1/p" "$work/out" | head -1
}

clean_up()
{
	for pid in $servers; do
		kill -9 "$pid" 2>/dev/null
	done
	for pid in $("$TOOL" listed "$work"); do
		kill -9 "$pid" 2>/dev/null
	done
	rm -rf "$work"
}

run_one()
(
	work=$(mktemp -d) || exit 1
	VMCACHE_ENDPOINT=$work/cache.sock
	export VMCACHE_ENDPOINT
	servers=
	trap clean_up EXIT
	trap 'exit 1' INT TERM
	"$test_name"
	printf 'ok %s\n' "$test_name"
)

run_tests()
{
	failed=0
	for test_name in "$@"; do
		run_one
		[ $? -eq 1 ] && failed=1
	done
	exit $failed
}
