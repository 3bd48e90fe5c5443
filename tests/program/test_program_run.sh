#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# vmcache run, and get with an agent, over the mock driver: our guest agent in
# a process of this host stands for the guests of all VMs.

. "$(dirname "$0")/lib.sh"

AGENT=$(realpath "${VMCACHE_AGENT:-build/vmcache-agent}")

# agent: starts one; its pid is $agent. $endless is a command that does
# nothing, for ever.
agent()
{
	[ -x "$AGENT" ] || skip "no $AGENT"
	[ "$(id -u)" -eq 0 ] || skip "not root"
	"$AGENT" --listen "unix:$work/agent.sock" >"$work/agent.out" 2>&1 \
		</dev/null &
	agent=$!
	servers="$servers $agent"
	until_true test -S "$work/agent.sock" ||
		fail "no agent: $(cat "$work/agent.out")"
	: >"$work/nothing"
	endless="tail -f $work/nothing"
}

# mock OPTION…: a server of mock VMs that have this agent
mock()
{
	agent
	serve --hypervisor mock --agent kata \
		--mock-agent-url "unix:$work/agent.sock" "$@"
	ready "${vms:-2}"
}

# ran CODE OPTION…: vmcache run exits with that
ran()
{
	wanted=$1
	shift
	expect "$wanted" timeout 60 "$VMCACHE" run "$@" </dev/null
}

# begin OPTION…: the same in the background, its output in $work/out and err;
# its pid is $run
begin()
{
	: >"$work/out"
	"$VMCACHE" run "$@" >"$work/out" 2>"$work/err" </dev/null &
	run=$!
	servers="$servers $run"
}

# ended_with CODE: it ends with that, within 20 s
ended_with()
{
	"$TOOL" gone 20 "$run" || fail "run is still there"
	wait "$run"
	code=$?
	[ $code -eq "$1" ] ||
		fail "exit status $code, not $1: $(cat "$work/err")"
}

# printed TEXT: it has printed that, within 20 s
printed()
{
	until_true grep -qF -e "$1" "$work/out" ||
		fail "no \"$1\": $(cat "$work/out" "$work/err")"
}

output_and_status_come_back()
{
	mock
	ran 0 echo "two words"
	[ "$(cat "$work/out")" = "two words" ] || fail "$(cat "$work/out")"
	[ ! -s "$work/err" ] || fail "$(cat "$work/err")"
	ran 7 -- sh -c 'echo out; echo err >&2; exit 7'
	[ "$(cat "$work/out")" = out ] || fail "$(cat "$work/out")"
	[ "$(cat "$work/err")" = err ] || fail "$(cat "$work/err")"
	ran 255 sh -c 'exit 255'
	ran 137 sh -c 'kill -9 $$'
	ran 143 sh -c 'kill -TERM $$'
	ready 2
	[ "$(count log vm-handed)" -eq 5 ] || fail "not five VMs"
}

what_cannot_be_run_is_told_apart()
{
	mock
	ran 127 no-such-program
	says err "vmcache run: "
	says err "no-such-program"
	ran 126 /etc/passwd
	says err "/etc/passwd"
	"$VMCACHE" run --workdir "$work/none" true 2>"$work/err" </dev/null &&
		fail "it began nowhere"
	says err "$work/none"
}

# 8 KiB of a request are words, not 10
what_is_too_long_is_refused()
{
	mock
	ran 125 echo "$(printf '%010000d' 0)"
	says err VMC_AGENT_REQUEST_SIZE
	# shellcheck disable=SC2046
	ran 125 echo $(seq 1024)
	says err "the command has 1025 words; at most 1024"
	# shellcheck disable=SC2046
	ran 125 echo $(seq 500)
	says err "RESOURCE_EXHAUSTED"
	# shellcheck disable=SC2046
	ran 0 echo $(seq 200)
}

options_reach_the_command()
{
	mock
	chmod 755 "$work"
	ran 0 --env A=1 -E 'B=x y' --workdir "$work" --user 65534:65533 \
		sh -c 'echo "$A,$B,$HOME,${TERM-none}"; pwd; id -u; id -g'
	printf '%s\n' "1,x y,/,none" "$work" 65534 65533 |
		cmp - "$work/out" || fail "$(cat "$work/out")"
	ran 0 -E PATH=/bin:/usr/bin -- env
	[ "$(count out PATH=)" -eq 1 ] || fail "$(cat "$work/out")"
	says out PATH=/bin:/usr/bin
	says out HOME=/root
}

a_mebibyte_goes_in()
{
	mock
	head -c 1048576 /dev/urandom >"$work/in"
	"$VMCACHE" run cat <"$work/in" >"$work/out" || fail "$?"
	cmp "$work/in" "$work/out" || fail "not the same"
	"$VMCACHE" run wc -c <"$work/in" >"$work/out" || fail "$?"
	says out 1048576
	# through a pipe, in odd pieces
	dd if="$work/in" bs=777 2>/dev/null | "$VMCACHE" run cat >"$work/out"
	cmp "$work/in" "$work/out" || fail "not the same, piecewise"
}

ten_mebibytes_come_out()
{
	mock
	head -c 10485760 /dev/urandom >"$work/big"
	"$VMCACHE" run cat "$work/big" >"$work/out" </dev/null || fail "$?"
	cmp "$work/big" "$work/out" || fail "not the same"
	"$VMCACHE" run cat "$work/big" </dev/null |
		dd bs=999 of="$work/out" 2>/dev/null
	cmp "$work/big" "$work/out" || fail "not the same, piecewise"
	"$VMCACHE" run sh -c 'cat "$0" >&2' "$work/big" 2>"$work/out" \
		>/dev/null </dev/null || fail "$?"
	cmp "$work/big" "$work/out" || fail "not the same on standard error"
}

input_that_nobody_reads_stops_nothing()
{
	mock
	mkfifo "$work/go"
	"$VMCACHE" run sh -c 'echo begun; read -r x <"$0"; echo "$x"; exit 4' \
		"$work/go" </dev/zero >"$work/out" 2>"$work/err" &
	run=$!
	printed begun
	echo gone >"$work/go"
	printed gone
	ended_with 4
	# closed by the command
	"$VMCACHE" run sh -c 'exec <&-; echo closed; read -r x <"$0"' \
		"$work/go" </dev/zero >"$work/out" 2>"$work/err" &
	run=$!
	printed closed
	echo gone >"$work/go"
	ended_with 0
}

output_that_nobody_reads_stops_nothing()
{
	mock
	mkfifo "$work/unread"
	exec 8<>"$work/unread"
	"$VMCACHE" run sh -c 'echo begun >&2; exec yes' >"$work/unread" \
		2>"$work/out" </dev/null &
	run=$!
	printed begun
	kill -TERM $run
	# what it wrote before its end is not thrown away
	cat "$work/unread" >/dev/null &
	exec 8>&-
	ended_with 143
}

a_reader_that_is_gone_ends_the_command()
{
	mock
	(timeout 60 "$VMCACHE" run yes </dev/null; echo $? >"$work/code") |
		head -n 1 >"$work/out"
	says out y
	[ "$(cat "$work/code")" -eq 141 ] || fail "$(cat "$work/code")"
	ran 0 true
}

full_output_is_125()
{
	mock
	"$VMCACHE" run echo x >/dev/full 2>"$work/err" </dev/null
	[ $? -eq 125 ] || fail "exit status"
	says err "standard output: No space left on device"
}

closed_streams_do_no_harm()
{
	mock
	"$VMCACHE" run sh -c 'exit 3' <&- >&- 2>&-
	[ $? -eq 3 ] || fail "exit status"
}

# What is left in the background holds the output, and nobody waits for it.
the_background_is_not_waited_for()
{
	mock
	ran 0 sh -c "$endless & echo \$!"
	kill "$(cat "$work/out")" || fail "$(cat "$work/out")"
}

signals_are_passed_on()
{
	mock
	for signal in HUP INT QUIT USR1 USR2 TERM; do
		begin sh -c "trap 'echo caught $signal; exit 9' $signal
			echo begun; while :; do :; done" "$work"
		printed begun
		kill -$signal $run
		ended_with 9
		says out "caught $signal"
	done
	begin sh -c "echo begun; exec $endless"
	printed begun
	kill -TERM $run
	ended_with 143
}

two_signals_end_it()
{
	mock
	begin sh -c "trap 'echo caught' TERM; echo begun
		while :; do :; done" "$work"
	printed begun
	kill -TERM $run
	printed caught
	kill -INT $run
	ended_with 130
}

agent_that_does_not_answer_stops_no_signal()
{
	mock
	begin sh -c "echo begun; exec $endless"
	printed begun
	kill -STOP "$agent"
	kill -TERM $run
	ended_with 143
	says err "does not answer"
	kill -CONT "$agent"
}

agent_lost_in_the_middle_is_125()
{
	mock
	begin sh -c "echo begun; exec $endless"
	printed begun
	kill -9 "$agent"
	ended_with 125
	says err "vmcache run: the VM's agent: "
	says err "connection lost: unix:$work/agent.sock"
}

killed_before_it_has_a_vm()
{
	agent
	serve --hypervisor mock --agent kata --mock-boot 60 --number 1 \
		--mock-agent-url "unix:$work/agent.sock"
	logged listening
	begin true
	logged call-waiting
	kill -TERM $run
	ended_with 143
	says err "stopped by signal 15"
	expect 125 "$VMCACHE" run --timeout 0.2 true
	says err "no VM within 0.200 s"
	[ "$(count log vm-taken)" -eq 0 ] || fail "it has cost a VM"
}

killed_for_good_leaves_nothing()
{
	mock
	begin sh -c "echo begun; exec $endless"
	printed begun
	pids=$("$TOOL" listed "$VMCACHE run")
	[ "$(echo "$pids" | wc -l)" -eq 2 ] || fail "no guard: $pids"
	kill -9 $run
	# shellcheck disable=SC2086
	"$TOOL" gone 20 $pids || fail "the guard is left"
}

a_terminal_is_passed_through()
{
	mock
	TERM=vt52 "$TOOL" terminal "$VMCACHE" run sh -c \
		'stty size; echo $TERM; tty; test -t 0 && test -t 1 &&
		test -t 2 && exit 5' </dev/null >"$work/out"
	[ $? -eq 5 ] || fail "exit status: $(cat "$work/out")"
	says out "24 80"
	says out vt52
	says out /dev/pts/
	TERM=vt52 "$TOOL" terminal "$VMCACHE" run -T sh -c 'tty; exit 6' \
		</dev/null >"$work/out"
	[ $? -eq 6 ] || fail "exit status"
	says out "not a tty"
	ran 0 -t tty
	says out /dev/pts/
}

# on_terminal COMMAND…: on a terminal whose keys are descriptor 9
on_terminal()
{
	mkfifo "$work/keys"
	TERM=vt52 "$TOOL" terminal "$@" <"$work/keys" >"$work/out" &
	run=$!
	servers="$servers $run"
	exec 9>"$work/keys"
}

keys_and_sizes_are_passed_through()
{
	mock
	on_terminal "$VMCACHE" run sh -c "trap 'echo resized; stty size' WINCH
		trap 'echo interrupted' INT; echo begun
		until [ \"\$x\" = end ]; do
			x=; read -r x && echo \"read \$x\"
		done
		cat; exit 8"
	printed begun
	printf 'words\r' >&9
	printed "read words"
	kill -WINCH $run
	# dash takes a trap between two commands
	until_true sh -c 'printf "\r" >&9; grep -q "40 100" "$0"' "$work/out" ||
		fail "$(cat "$work/out")"
	printf '\003\r' >&9
	printed interrupted
	# once more, if it came with the trap
	until_true sh -c 'printf "end\r" >&9; grep -q "read end" "$0"' \
		"$work/out" || fail "$(cat "$work/out")"
	printf '\004' >&9
	ended_with 8
	exec 9>&-
}

the_terminal_is_put_back()
{
	mock
	for code in 3 143; do
		rm -f "$work/keys"
		on_terminal sh -c 'stty -g >"$0/before"
			"$1" run sh -c "echo begun; read -r x; exit 3"
			echo "code $?"; stty -g >"$0/after"' "$work" "$VMCACHE"
		printed begun
		[ $code -eq 3 ] && printf '\r' >&9
		[ $code -eq 143 ] && kill -TERM \
			"$("$TOOL" listed "$VMCACHE run sh" | head -1)"
		printed "code $code"
		"$TOOL" gone 20 $run
		cmp "$work/before" "$work/after" || fail "not put back"
		exec 9>&-
	done
}

there_must_be_an_agent()
{
	serve --hypervisor mock
	ready 2
	ran 125 true
	says err "have no agent"
	says err "vmcache serve --agent kata"
	[ "$(count log vm-taken)" -eq 0 ] || fail "it has cost a VM"
}

get_asks_the_agent()
{
	mock
	expect 0 "$VMCACHE" get
	says out "agent    unix:$work/agent.sock"
	grep -q '^steps  .*reseed [0-9.]*, time [0-9.]*.* ms$' "$work/out" ||
		fail "$(cat "$work/out")"
	expect 0 "$VMCACHE" get --json
	[ "$(field agent_url)" = "unix:$work/agent.sock" ] || fail "no URL"
	says out '"steps_us":{"config":'
	expect 0 "$VMCACHE" config --json
	says out '"AgentType":"kata"'
	says out '"agent_config":{"DialTimeout":30,"LongLiveConn":true,"UseVSock":false}'
	ready 2 # without an agent no other VM will be
	kill -9 "$agent"
	rm -f "$work/agent.sock"
	expect 0 "$VMCACHE" get --paused
}

an_agent_that_is_gone_is_a_failure()
{
	mock
	kill -STOP "$agent"
	expect 4 "$VMCACHE" get --timeout 0.5
	kill -9 "$agent"
	ran 125 --timeout 0.5 true
}

cold_boots_one()
{
	vms=1 mock --number 1 --max-vcpus 4
	url="--mock-agent-url unix:$work/agent.sock"
	# shellcheck disable=SC2086
	ran 0 --cold $url --cpus 3 echo cold
	says out cold
	# shellcheck disable=SC2086
	expect 0 "$VMCACHE" get --cold $url --cpus 3 --json
	says out '"vcpus":3'
	[ "$(count log vm-taken)" -eq 0 ] || fail "it was taken"
	expect 0 "$VMCACHE" quit
	ended 0
	# shellcheck disable=SC2086
	ran 125 --cold $url true
	says err "no server at"
	# shellcheck disable=SC2086
	ran 0 --cold --hypervisor mock $url echo alone
	says out alone
	ran 125 --cold --hypervisor mock --boot-timeout 0.2 --mock-boot 60 true
	says err "not done in time"
}

what_differs_is_named_and_booted()
{
	vms=1 mock --number 1 --kernel /boot/a --max-vcpus 2
	url="--mock-agent-url unix:$work/agent.sock"
	# shellcheck disable=SC2086
	ran 0 $url --hypervisor mock --kernel /boot/a --max-vcpus 2 echo x
	[ ! -s "$work/err" ] || fail "$(cat "$work/err")"
	[ "$(count log vm-taken)" -eq 1 ] || fail "it was not taken"
	ready 1
	# shellcheck disable=SC2086
	ran 0 $url --hypervisor mock --kernel /boot/b --max-vcpus 2 echo x
	says err 'HypervisorConfig.KernelPath: wanted "/boot/b", cached "/boot/a"'
	says out x
	# without --kernel and the like: as the cached ones but for that
	# shellcheck disable=SC2086
	expect 0 "$VMCACHE" get $url --max-vcpus 9 --vcpus 8 --json
	says err "HypervisorConfig.DefaultMaxVCPUs: wanted 9, cached 2"
	says out '"vcpus":8'
	expect 0 "$VMCACHE" get --max-vcpus 2
	[ ! -s "$work/err" ] || fail "$(cat "$work/err")"
	# shellcheck disable=SC2086
	expect 0 "$VMCACHE" get --hypervisor mock --kernel /boot/a \
		--max-vcpus 2 --agent noop
	says err 'AgentType: wanted "noop", cached "kata"'
	[ "$(count log vm-taken)" -eq 2 ] || fail "not two were taken"
	expect 2 "$VMCACHE" get --paused --kernel /boot/a
	ran 125 --cpus 3 true
	says err "can be grown to 2"
}

times_are_said()
{
	mock
	ran 0 --times true
	says err "vmcache run: ready after "
	says err "ms: config "
	says err "; the command took "
}

a_hundred_in_a_row_leave_nothing()
{
	vms=4 mock --number 4
	for i in $(seq 100); do
		"$VMCACHE" run echo "$i" >>"$work/all" 2>"$work/err" </dev/null ||
			fail "$i: $(cat "$work/err")"
	done
	seq 100 | cmp - "$work/all" || fail "not what was said"
	left=$("$TOOL" listed "$VMCACHE run")
	[ -z "$left" ] || fail "left behind: $left"
	expect 0 "$VMCACHE" status --wait-ready=4 --timeout 20
	expect 0 "$VMCACHE" quit
	ended 0
	nothing_left
}

run_tests output_and_status_come_back what_cannot_be_run_is_told_apart \
	what_is_too_long_is_refused options_reach_the_command \
	a_mebibyte_goes_in ten_mebibytes_come_out \
	input_that_nobody_reads_stops_nothing \
	output_that_nobody_reads_stops_nothing \
	a_reader_that_is_gone_ends_the_command full_output_is_125 \
	closed_streams_do_no_harm the_background_is_not_waited_for \
	signals_are_passed_on two_signals_end_it \
	agent_that_does_not_answer_stops_no_signal \
	agent_lost_in_the_middle_is_125 killed_before_it_has_a_vm \
	killed_for_good_leaves_nothing a_terminal_is_passed_through \
	keys_and_sizes_are_passed_through the_terminal_is_put_back \
	there_must_be_an_agent get_asks_the_agent \
	an_agent_that_is_gone_is_a_failure cold_boots_one \
	what_differs_is_named_and_booted times_are_said \
	a_hundred_in_a_row_leave_nothing
