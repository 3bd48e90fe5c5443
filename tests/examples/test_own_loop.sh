#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A host that has a loop and sockets of its own and drives the engines
# (own_loop.c), as server and as client, each against the other and against
# `vmcache`.

OWN_LOOP=$(realpath "${BUILD:-build}/examples/own_loop")
. "$(dirname "$0")/../program/lib.sh"

host()
{
	: >"$work/log"
	"$OWN_LOOP" serve "$VMCACHE_ENDPOINT" 2>"$work/log" </dev/null &
	server=$!
	servers="$servers $server"
	until_true test -S "$VMCACHE_ENDPOINT" || fail "no server"
	until_true "$VMCACHE" status >/dev/null 2>&1
}

echoes()
{
	expect 0 "$OWN_LOOP" call "$VMCACHE_ENDPOINT" "$1" ${2:-ttrpc}
	[ "$(cat "$work/out")" = "$1" ] || fail "answered $(cat "$work/out")"
}

# zeros N: so many, to make a text of them
zeros()
{
	printf "%0${1}d" 0
}

vmcache_asks_it_for_its_status()
{
	host
	for transport in ttrpc grpc; do
		expect 0 "$VMCACHE" status --transport $transport
		says out "server pid $server, 0 VMs ready"
	done
}

vmcache_is_told_what_is_not_there()
{
	host
	expect 1 "$VMCACHE" config
	says err "UNIMPLEMENTED"
	says err "there is no such method"
	expect 1 "$VMCACHE" get --paused
	says err "UNIMPLEMENTED"
}

its_client_calls_its_server()
{
	host
	for transport in ttrpc grpc; do
		echoes "said and heard" $transport
		for _ in 1 2 3 4 5 6 7 8 9 10; do
			echoes "again" $transport
		done
		echoes "$(zeros 500)" $transport
		expect 1 "$OWN_LOOP" call "$VMCACHE_ENDPOINT" "$(zeros 2000)" \
			$transport
		says err "the text is too long"
	done
}

its_client_calls_a_cache()
{
	serve --hypervisor mock
	ready 1
	for transport in ttrpc grpc; do
		expect 1 "$OWN_LOOP" call "$VMCACHE_ENDPOINT" hello $transport
		says err "UNIMPLEMENTED"
	done
	expect 1 "$OWN_LOOP" call "$work/none" hello
	says err "No such file"
}

half_a_frame_disturbs_nobody()
{
	host
	mkfifo "$work/fifo"
	"$TOOL" hold "$VMCACHE_ENDPOINT" 0000002000 <"$work/fifo" \
		>"$work/held" &
	exec 9>"$work/fifo"
	until_true grep -q held "$work/held" || fail "not held"
	echoes "meanwhile"
	exec 9>&-
	echoes "and after"
}

garbage_is_closed()
{
	host
	expect 0 "$TOOL" send "$VMCACHE_ENDPOINT" 474554202f0d0a0d0a
	says out closed
	echoes "goes on"
}

# more callers, one after another, than it has places for connections
callers_that_are_killed_leave_their_place()
{
	host
	mkfifo "$work/fifo"
	exec 9<>"$work/fifo"
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		"$TOOL" hold "$VMCACHE_ENDPOINT" 0000002000 <"$work/fifo" \
			>"$work/held" &
		held=$!
		until_true grep -q held "$work/held" || fail "not held"
		kill -9 $held
		: >"$work/held"
	done
	exec 9>&-
	until_true "$OWN_LOOP" call "$VMCACHE_ENDPOINT" x >"$work/out" ||
		fail "no place is left"
}

run_tests vmcache_asks_it_for_its_status vmcache_is_told_what_is_not_there \
	its_client_calls_its_server its_client_calls_a_cache \
	half_a_frame_disturbs_nobody garbage_is_closed \
	callers_that_are_killed_leave_their_place
