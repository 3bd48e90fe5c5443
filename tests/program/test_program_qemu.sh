#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# vmcache end to end with real QEMU and the built-in guest.

. "$(dirname "$0")/lib.sh"

QEMU=$(command -v qemu-system-x86_64)

# qemu OPTION…: a server of QEMU VMs. TCG: what is asked for here must not
# depend on the machine's KVM.
qemu()
{
	[ -n "$QEMU" ] || skip "no qemu-system-x86_64"
	serve --accel tcg "$@"
}

# lives PID
lives()
{
	kill -0 "$1" 2>/dev/null || fail "$2: process $1 is gone"
}

# ticks: heartbeats of the guest whose console is $console
ticks()
{
	"$TOOL" ask "$console" ticks | sed -n 's/^ticks //p'
}
export TOOL

# beaten N: its heart has beaten N times
beaten()
{
	until_true sh -c '[ "$("$TOOL" ask "$1" ticks |
		sed -n "s/^ticks //p")" -ge "$2" ]' - "$console" "$1"
}

# taken: takes a VM; $pid, $id, $console and $qmp are its
taken()
{
	expect 0 "$VMCACHE" get --json "$@"
	pid=$(field pid) id=$(field id)
	console=$(field console) qmp=$(field qmp)
}

# processes: QEMUs of this test
processes()
{
	"$TOOL" listed qemu-system "$work" | wc -l
}

session_goes_as_told()
{
	qemu
	ready 2
	[ "$(processes)" -eq 2 ] || fail "not two QEMUs"
	taken
	lives "$pid" taken
	beaten 1
	ready 2
	[ "$(processes)" -eq 3 ] || fail "not refilled"
	expect 0 "$VMCACHE" quit
	ended 0
	lives "$pid" "after quit"
	[ "$(processes)" -eq 1 ] || fail "a cached QEMU is left"
	[ ! -e "$VMCACHE_ENDPOINT" ] || fail "the socket is left"
	beaten 2
	"$TOOL" ask "$console" off 0
	"$TOOL" gone 10 "$pid" || fail "off"
}

without_options_as_root()
{
	[ -n "$QEMU" ] || skip "no qemu-system-x86_64"
	[ "$(id -u)" -eq 0 ] || skip "not root"
	unset VMCACHE_ENDPOINT
	[ ! -e /var/run/kata-containers/cache.sock ] || skip "endpoint in use"
	"$VMCACHE" serve >"$work/serve.out" 2>"$work/log" &
	server=$! servers=$!
	expect 0 "$VMCACHE" status --wait-ready=2 --timeout 60
	taken
	lives "$pid" taken
	expect 0 "$VMCACHE" quit
	ended 0
	kill -9 "$pid"
	rm -rf "/run/vc/vm/$id"
	[ ! -e /var/run/kata-containers/cache.sock ] || fail "socket left"
}

heart_stands_still_while_cached()
{
	qemu
	ready 2
	taken
	first=$(ticks)
	beaten $((first + 50))
	taken
	second=$(ticks)
	[ "$second" -lt 30 ] || fail "beat $second times while cached"
	beaten $((second + 5))
}

qmp_answers_the_taker_at_once()
{
	qemu --number 1
	ready 1
	taken --paused
	begun=$("$TOOL" now)
	expect 0 "$TOOL" ask "$qmp" ''
	says out '"QMP"'
	[ $(($("$TOOL" now) - begun)) -lt 1000 ] || fail "greeting took long"
}

paused_is_paused()
{
	qemu --number 1
	ready 1
	taken --paused
	says out '"state":"paused"'
	expect 0 "$TOOL" ask "$qmp" '{"execute":"qmp_capabilities"}' 2
	expect 0 "$VMCACHE" status
}

dead_vm_is_replaced()
{
	qemu
	ready 2
	expect 0 "$VMCACHE" status --json
	pid=$(field pid | tail -1)
	pid=$(sed 's/.*"vms":\[{"pid":\([0-9]*\).*/\1/' "$work/out")
	kill -9 "$pid"
	logged vm-lost
	logged vm-ready 3
	ready 2
	! grep -q "\"pid\":$pid," "$work/out" || fail "the dead one is listed"
}

fifty_takers_at_once()
{
	qemu
	ready 2
	takers=
	for i in $(seq 50); do
		"$VMCACHE" get --json --timeout 120 >"$work/get.$i" \
			2>"$work/get.err.$i" &
		takers="$takers $!"
	done
	for taker in $takers; do
		wait "$taker" || fail "a taker failed: $(cat "$work"/get.err.*)"
	done
	[ "$(sed 's/.*"id":"\([^"]*\)".*/\1/' "$work"/get.[0-9]* | sort -u |
		wc -l)" -eq 50 ] || fail "an id came twice"
	ready 2
	[ "$(processes)" -eq 52 ] || fail "$(processes) QEMUs, not 52"
}

control_c_leaves_handed_vms_alone()
{
	[ -n "$QEMU" ] || skip "no qemu-system-x86_64"
	mkfifo "$work/keys"
	TERM=xterm "$TOOL" terminal "$VMCACHE" serve --accel tcg \
		--run-dir "$work/run" <"$work/keys" >"$work/screen" &
	terminal=$!
	exec 9>"$work/keys"
	ready 2
	taken
	printf '\003' >&9
	wait $terminal
	code=$?
	exec 9>&-
	[ $code -eq 0 ] || fail "exit status $code: $(cat "$work/screen")"
	lives "$pid" "after ctrl-C"
	[ "$(processes)" -eq 1 ] || fail "a cached QEMU is left"
	console_before=$(ticks)
	beaten $((console_before + 2))
}

quit_and_signal_leave_nothing()
{
	for _ in $(seq 100); do
		qemu
		ready 2
		"$TOOL" burst "$VMCACHE_ENDPOINT" "$server" >/dev/null ||
			fail "burst"
		ended 0
		nothing_left
	done
}

quit_while_booting_leaves_nothing()
{
	for _ in 1 2 3 4 5; do
		qemu --number 4
		logged vm-booting
		kill -TERM "$server"
		ended 0
		nothing_left
	done
}

missing_qemu_is_named()
{
	expect 1 "$VMCACHE" serve --qemu /nonexistent/qemu
	says err /nonexistent/qemu
	PATH=/nonexistent expect 1 "$VMCACHE" serve
	says err qemu-system-x86_64
}

unreadable_kernel_is_named()
{
	[ -n "$QEMU" ] || skip "no qemu-system-x86_64"
	expect 1 "$VMCACHE" serve --kernel "$work/no-kernel"
	says err "$work/no-kernel"
}

last_words_of_qemu_are_shown()
{
	qemu --number 1 --machine pc,no-such-property=1 --boot-timeout 5
	logged vm-failed
	says log no-such-property
	expect 4 "$VMCACHE" get --timeout 0.2
	kill -TERM "$server"
	ended 0
	nothing_left
}

guest_that_is_not_ready_in_time_fails()
{
	qemu --number 1 --ready "never said" --boot-timeout 1
	logged vm-failed
	kill -TERM "$server"
	ended 0
	nothing_left
}

growing_is_done()
{
	qemu --number 1 --vcpus 1 --max-vcpus 4 --memory 128 --max-memory 1024
	ready 1
	taken --vcpus 3 --memory 384
	says out '"vcpus":3,"memory_mib":384'
	taken --memory 200
	says out '"memory_mib":256'
	expect 1 "$VMCACHE" get --vcpus 5
	says err "can be grown to 4"
	ready 1
	[ "$(processes)" -eq 3 ] || fail "not two that were taken and one"
}

taken_vm_whose_words_are_lost_is_stopped()
{
	qemu --number 1
	ready 1
	"$VMCACHE" get >/dev/full 2>"$work/err"
	[ $? -eq 1 ] || fail "exit status"
	ready 1
	[ "$(processes)" -eq 1 ] || fail "$(processes) QEMUs, not 1"
}

# Its taker may look for the pid, and nobody else may ever come.
taken_vm_that_ended_leaves_nothing()
{
	qemu --number 1
	ready 1
	taken
	ready 1
	kill -9 "$pid"
	until_true sh -c '! kill -0 "$1" 2>/dev/null' - "$pid" || fail "a zombie is left"
	until_true test ! -e "$work/run/$id" || fail "its directory is left"
	lives "$server" "after it"
}

run_tests session_goes_as_told without_options_as_root \
	heart_stands_still_while_cached qmp_answers_the_taker_at_once \
	paused_is_paused dead_vm_is_replaced fifty_takers_at_once \
	control_c_leaves_handed_vms_alone quit_and_signal_leave_nothing \
	quit_while_booting_leaves_nothing missing_qemu_is_named \
	unreadable_kernel_is_named last_words_of_qemu_are_shown \
	guest_that_is_not_ready_in_time_fails growing_is_done \
	taken_vm_whose_words_are_lost_is_stopped \
	taken_vm_that_ended_leaves_nothing
