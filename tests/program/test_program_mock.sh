#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# vmcache end to end over the mock driver: what does not need a real VM.

. "$(dirname "$0")/lib.sh"

mock()
{
	serve --hypervisor mock "$@"
}

session_goes_as_told()
{
	mock --number 3 --memory 64 --vcpus 2
	ready 3
	says out "server pid $server, 3 VMs ready"
	expect 0 "$VMCACHE" status --json
	says out "{\"pid\":$server,\"vms\":[{\"pid\":0,\"vcpus\":2,\"memory_mib\":64}"
	expect 0 "$VMCACHE" config
	says out "HypervisorType"
	says out "mock"
	expect 0 "$VMCACHE" get
	says out "state    running"
	says out "memory   64 MiB"
	expect 0 "$VMCACHE" get --paused
	says out "state    paused"
	expect 0 "$VMCACHE" get --json
	[ -n "$(field id)" ] || fail "no id: $(cat "$work/out")"
	ready 3
	expect 0 "$VMCACHE" quit
	says out "server pid $server is gone"
	ended 0
	nothing_left
	logged vm-handed 3
}

every_id_is_given_once()
{
	mock --number 2
	ready 2
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		expect 0 "$VMCACHE" get --json
		field id >>"$work/ids"
	done
	[ "$(sort -u "$work/ids" | wc -l)" -eq 10 ] || fail "an id came twice"
}

growing_is_done()
{
	mock --max-vcpus 4 --max-memory 512 --memory 128
	ready 1
	expect 0 "$VMCACHE" get --vcpus 3 --memory 256
	says out "vcpus    3"
	says out "memory   256 MiB"
	expect 1 "$VMCACHE" get --vcpus 5
	says err "--vcpus 5: the cached VMs can be grown to 4"
	expect 1 "$VMCACHE" get --cpus 5
	says err "--cpus 5: the cached VMs can be grown to 4"
	expect 1 "$VMCACHE" get --memory 1024
	says err "--memory 1024: the cached VMs can be grown to 512"
	[ "$(grep -c vm-taken "$work/log")" -eq 1 ] ||
		fail "what cannot be had has cost a VM"
	expect 2 "$VMCACHE" get --paused --vcpus 2
	says err "--paused hands the VM over as it was cached"
}

deadline_is_4()
{
	mock --number 1 --mock-boot 60
	expect 4 "$VMCACHE" status --wait-ready --timeout 0.3
	says err "0 of 1 VMs ready after 0.300 s"
	expect 4 "$VMCACHE" get --timeout 0.2
	says err "no VM within 0.200 s"
	expect 4 "$VMCACHE" status -e "$work/none" --wait-ready --timeout 0.1
	says err "no server at $work/none"
}

status_answers_while_others_wait()
{
	mock --number 1 --mock-boot 60
	logged listening
	"$VMCACHE" get --timeout 30 >/dev/null 2>&1 &
	waiting=$!
	logged call-waiting
	expect 0 "$VMCACHE" status --timeout 1
	says out "0 VMs ready"
	kill -9 $waiting
}

killed_waiting_get_costs_nothing()
{
	mock --number 1 --mock-boot 1
	logged listening
	"$VMCACHE" get >/dev/null 2>&1 &
	waiting=$!
	logged call-waiting
	kill -9 $waiting
	wait $waiting
	ready 1
	says out "1 VM ready"
	[ "$(count log vm-booting)" -eq 1 ] || fail "booted twice"
	[ "$(count log vm-taken)" -eq 0 ] || fail "taken by nobody"
}

interrupted_get_costs_nothing()
{
	mock --number 1 --mock-boot 1
	logged listening
	"$VMCACHE" get >"$work/get.out" 2>"$work/get.err" &
	waiting=$!
	logged call-waiting
	kill -TERM $waiting
	wait $waiting
	[ $? -eq 1 ] || fail "exit status"
	says get.err "signal 15"
	ready 1
	[ "$(count log vm-booting)" -eq 1 ] || fail "booted twice"
}

waiting_get_is_told_of_the_end()
{
	mock --number 1 --mock-boot 60
	logged listening
	"$VMCACHE" get >"$work/get.out" 2>"$work/get.err" &
	waiting=$!
	logged call-waiting
	kill -TERM "$server"
	wait $waiting
	[ $? -eq 1 ] || fail "exit status"
	says get.err "UNAVAILABLE"
	ended 0
}

server_gone_mid_call_is_1()
{
	mock --number 1 --mock-boot 60
	logged listening
	"$VMCACHE" get >"$work/get.out" 2>"$work/get.err" &
	waiting=$!
	logged call-waiting
	kill -9 "$server"
	wait $waiting
	[ $? -eq 1 ] || fail "exit status"
	[ -s "$work/get.err" ] || fail "no reason"
}

silent_server_is_4()
{
	mock
	ready 2
	kill -STOP "$server"
	for command in status config get quit; do
		expect 4 "$VMCACHE" $command --timeout 0.2
		says err "within 0.200 s"
	done
	kill -CONT "$server"
	ended 0
}

records_are_where_they_cannot_be()
{
	: >"$VMCACHE_ENDPOINT.records"
	expect 1 "$VMCACHE" serve --hypervisor mock
	says err "$VMCACHE_ENDPOINT.records"
	[ ! -e "$VMCACHE_ENDPOINT" ] || fail "the socket is left"
}

closed_output_is_1()
{
	mock --number 1
	ready 1
	for command in status config 'status --json' '--help'; do
		"$VMCACHE" $command 2>"$work/err" >/dev/full
		[ $? -eq 1 ] || fail "$command: exit status"
		says err "standard output: No space left on device"
	done
	"$VMCACHE" get 2>"$work/err" >&-
	[ $? -eq 1 ] || fail "get: exit status"
	(trap '' PIPE; "$VMCACHE" status; echo $? >"$work/code") 2>"$work/err" |
		true
	[ "$(cat "$work/code")" -le 1 ] || fail "killed by SIGPIPE"
}

second_server_is_refused()
{
	mock
	ready 1
	expect 1 "$VMCACHE" serve --hypervisor mock
	says err "$VMCACHE_ENDPOINT"
	says err "$server"
	expect 0 "$VMCACHE" status
}

stale_socket_is_taken_over()
{
	mock
	ready 1
	kill -9 "$server"
	ended 137
	mock
	ready 1
}

socket_is_private_and_its_directory_made()
{
	VMCACHE_ENDPOINT=$work/a/b/cache.sock
	mock
	ready 1
	[ "$(stat -c %a "$VMCACHE_ENDPOINT")" = 600 ] || fail "mode"
}

directory_must_be_writable()
{
	[ "$(id -u)" -eq 0 ] || skip "not root"
	chmod 755 "$work"
	expect 1 setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$VMCACHE" serve --hypervisor mock --endpoint "$work/x/c.sock"
	says err "$work"
	says err "ermission"
}

garbage_closes_one_connection()
{
	mock --number 1
	ready 1
	expect 0 "$TOOL" send "$VMCACHE_ENDPOINT" 474554202f0d0a0d0a
	says out closed
	# a Status call, and garbage where the next frame would begin
	service=0a1263616368652e436163686553657276696365
	expect 0 "$TOOL" send "$VMCACHE_ENDPOINT" \
		0000001c000000010100${service}1206537461747573ff
	says out closed
	expect 0 "$VMCACHE" status
	says out "1 VM ready"
	logged connection-bad 2
}

half_a_frame_disturbs_nobody()
{
	mock --number 1
	ready 1
	mkfifo "$work/fifo"
	"$TOOL" hold "$VMCACHE_ENDPOINT" 0000002000 <"$work/fifo" \
		>"$work/held" &
	exec 9>"$work/fifo"
	until_true grep -q held "$work/held" || fail "not held"
	expect 0 "$VMCACHE" status --timeout 2
	expect 0 "$VMCACHE" get --timeout 2
	exec 9>&-
}

failed_boots_are_logged_and_tried_again()
{
	mock --number 1 --mock-fail 2
	ready 1
	[ "$(count log vm-failed)" -eq 2 ] || fail "failures logged"
	says log "retry_ms="
}

stops_by_signal()
{
	for signal in TERM INT HUP; do
		mock
		ready 2
		kill -$signal "$server"
		ended 0
		says log "by=SIG$signal"
		nothing_left
	done
}

ended_while_it_begins_leaves_nothing()
{
	for delay in $(seq 0 50 5000); do
		"$TOOL" end "$delay" "$VMCACHE" serve --hypervisor mock \
			2>"$work/log"
		code=$?
		[ $code -eq 0 ] || [ $code -eq 143 ] || fail "status $code"
		echo $code >>"$work/codes"
		nothing_left
	done
	[ "$(sort -u "$work/codes" | wc -l)" -eq 2 ] ||
		fail "all ended too early, or all too late"
}

# How far apart the calls come is the machine's: until ten times they came at once.
quit_is_idempotent()
{
	: >"$work/apart"
	for _ in $(seq 200); do
		mock
		ready 2
		"$TOOL" burst "$VMCACHE_ENDPOINT" "$server" >>"$work/apart" ||
			fail "burst"
		ended 0
		nothing_left
		at_once=$(awk '$1 < 1000' "$work/apart" | wc -l)
		[ "$at_once" -lt 10 ] || return 0
	done
	fail "$at_once of 200 bursts within a millisecond"
}

full_pipe_loses_lines_not_time()
{
	mkfifo "$work/pipe"
	exec 8<>"$work/pipe"
	"$VMCACHE" serve --hypervisor mock --run-dir "$work/run" \
		2>"$work/pipe" &
	server=$!
	servers="$servers $server"
	ready 2
	# each line is at least 60 bytes, a get logs four, a pipe holds 65536
	for _ in $(seq 400); do
		"$VMCACHE" get --timeout 5 >/dev/null || fail "get"
	done
	dd if="$work/pipe" of=/dev/null bs=65536 count=1 2>/dev/null
	"$VMCACHE" get --timeout 5 >/dev/null || fail "get"
	dd if="$work/pipe" of="$work/rest" bs=65536 count=1 2>/dev/null
	says rest "log-lost lines="
	exec 8>&-
}

terminal_shows_the_pool_filling()
{
	mkfifo "$work/keys"
	TERM=xterm "$TOOL" terminal "$VMCACHE" serve --hypervisor mock \
		--mock-boot 0.1 --run-dir "$work/run" <"$work/keys" \
		>"$work/screen" &
	terminal=$!
	exec 9>"$work/keys"
	ready 2
	says_screen()
	{
		until_true grep -qF "$1" "$work/screen" || fail "no $1"
	}
	says_screen "[++] 0 of 2 VMs ready, 2 booting"
	says_screen "[##] 2 of 2 VMs ready, 0 booting"
	printf '\003' >&9
	wait $terminal
	[ $? -eq 0 ] || fail "exit status after ctrl-C"
	says screen "by=SIGINT"
	nothing_left
	exec 9>&-
}

plain_log_has_no_escapes()
{
	mock
	ready 2
	! grep -q "$(printf '\033')" "$work/log" || fail "escapes in a file"
}

log_level_is_kept()
{
	mock --log-level error
	ready 2
	[ ! -s "$work/log" ] || fail "logged: $(cat "$work/log")"
}

# More happens at once than the ring of events holds.
lost_events_are_counted()
{
	# each VM fails once, at once: begun, failed, stopped
	serve --hypervisor mock --number 64 --mock-fail 64
	ready 64
	logged events-lost
	lost=$(sed -n 's/.* events-lost count=//p' "$work/log" |
		awk '{ n += $1 } END { print n }')
	kept=$(grep -c ' vm-' "$work/log")
	[ $((lost + kept)) -eq 320 ] || fail "$lost lost, $kept kept, of 320"
}

run_tests session_goes_as_told every_id_is_given_once growing_is_done \
	deadline_is_4 status_answers_while_others_wait \
	killed_waiting_get_costs_nothing interrupted_get_costs_nothing \
	silent_server_is_4 records_are_where_they_cannot_be \
	waiting_get_is_told_of_the_end server_gone_mid_call_is_1 \
	closed_output_is_1 second_server_is_refused \
	stale_socket_is_taken_over socket_is_private_and_its_directory_made \
	directory_must_be_writable garbage_closes_one_connection \
	half_a_frame_disturbs_nobody failed_boots_are_logged_and_tried_again \
	stops_by_signal ended_while_it_begins_leaves_nothing \
	quit_is_idempotent full_pipe_loses_lines_not_time \
	terminal_shows_the_pool_filling plain_log_has_no_escapes \
	log_level_is_kept lost_events_are_counted
