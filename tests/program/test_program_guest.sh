#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# vmcache run and get end to end: QEMU VMs with a real Linux and our guest
# agent (make guest).

. "$(dirname "$0")/lib.sh"

GUEST=${VMCACHE_GUEST:-build/guest}
QEMU=$(command -v qemu-system-x86_64)

# qemu OPTION…: a server of such VMs. TCG: KVM that can be opened may not run
# a Linux. Their QEMUs are known by a kernel parameter.
qemu()
{
	[ -n "$QEMU" ] || skip "no qemu-system-x86_64"
	[ -e "$GUEST/vmlinuz" ] || skip "no $GUEST (make guest)"
	append="$(cat "$GUEST/append-tcg") test=$work"
	made_of="--accel tcg --kernel $GUEST/vmlinuz
		--initrd $GUEST/initramfs.img"
	# shellcheck disable=SC2086
	serve $made_of --append "$append" --agent kata --max-vcpus 4 \
		--max-memory 1024 "$@"
}

# got N: waits until N VMs are READY; they take seconds
got()
{
	expect 0 "$VMCACHE" status --wait-ready="$1" --timeout 120
}

# ran CODE OPTION…: vmcache run exits with that
ran()
{
	wanted=$1
	shift
	expect "$wanted" timeout 120 "$VMCACHE" run "$@" </dev/null
}

# begin OPTION…: the same in the background; its pid is $run
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

# taken: pid of the VM that was taken last
taken()
{
	id=$(sed -n 's/.* vm-taken .* id=\([^ ]*\).*/\1/p' "$work/log" |
		tail -1)
	sed -n "s/.* vm-ready .*id=$id pid=\([0-9]*\).*/\1/p" "$work/log"
}

# only_cached N: there are N QEMUs and N directories, those of the cache
only_cached()
{
	got "$1"
	# the shell must not be listed itself
	MARK="test=$work" until_true sh -c \
		'[ "$("$TOOL" listed qemu "$MARK" | wc -l)" -eq "$0" ]' "$1" ||
		fail "QEMUs: $("$TOOL" listed qemu "test=$work" | wc -l)"
	[ "$(find "$work/run" -mindepth 1 -maxdepth 1 | wc -l)" -eq "$1" ] ||
		fail "directories: $(ls "$work/run")"
}

a_command_runs_in_a_vm()
{
	qemu --number 1
	got 1
	ran 3 sh -c 'uname -s; cat; echo err >&2; exit 3'
	says out Linux
	says err err
	ran 127 no-such-program
	got 1
	ran 126 /etc
	only_cached 1
}

it_has_the_size_that_is_wanted()
{
	qemu --number 1
	got 1
	ran 0 --cpus 3 --memory 512 sh -c 'nproc; free -m'
	[ "$(head -1 "$work/out")" = 3 ] || fail "$(cat "$work/out")"
	total=$(awk '/^Mem:/ { print $2 }' "$work/out")
	[ "$total" -gt 400 ] || fail "$total MiB"
	got 1
	ran 125 --cpus 5 true
	says err "can be grown to 4"
	ran 125 --memory 2048 true
	says err "can be grown to 1024"
	[ "$(count log vm-taken)" -eq 1 ] || fail "what cannot be cost a VM"
}

# Both were booted before either was asked for its numbers.
it_has_its_own_randomness_and_the_time()
{
	qemu --number 2
	got 2
	for i in 1 2; do
		ran 0 sh -c 'head -c 16 /dev/urandom | od -An -tx1; date +%s'
		cp "$work/out" "$work/out$i"
		here=$(date +%s)
		there=$(tail -n 1 "$work/out")
		[ $((here - there)) -le 2 ] && [ $((there - here)) -le 2 ] ||
			fail "the time is $there there, $here here"
	done
	! cmp -s "$work/out1" "$work/out2" || fail "twice the same"
}

streams_are_intact()
{
	qemu --number 1
	got 1
	head -c 1048576 /dev/urandom >"$work/in"
	"$VMCACHE" run cat <"$work/in" >"$work/out" || fail "$?"
	cmp "$work/in" "$work/out" || fail "not the same"
	got 1
	"$VMCACHE" run sh -c 'cat >/tmp/in
		for i in 1 2 3 4 5 6 7 8 9 10; do cat /tmp/in; done' \
		<"$work/in" >"$work/out" || fail "$?"
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		cat "$work/in"
	done | cmp - "$work/out" || fail "ten times: not the same"
}

a_signal_ends_it_and_its_vm()
{
	qemu --number 1
	got 1
	begin sh -c 'echo begun; exec tail -f /dev/null'
	printed begun
	kill -TERM $run
	ended_with 143
	got 1
	begin sh -c 'trap "echo caught" TERM; echo begun; while :; do :; done'
	printed begun
	kill -TERM $run
	printed caught
	kill -INT $run
	ended_with 130
	only_cached 1
}

killed_for_good_leaves_no_vm()
{
	qemu --number 1
	got 1
	begin sh -c 'echo begun; exec tail -f /dev/null'
	printed begun
	kill -9 $run
	only_cached 1
	# shellcheck disable=SC2086
	begin --cold $made_of --append "$append" --run-dir "$work/run" \
		sh -c 'echo begun; exec tail -f /dev/null'
	printed begun
	kill -9 $run
	only_cached 1
}

a_guest_that_ends_is_named()
{
	qemu --number 1
	got 1
	ran 125 sh -c 'echo c >/proc/sysrq-trigger; exec tail -f /dev/null'
	says err "the VM has ended"
	says err "Kernel panic - not syncing"
	got 1
	ran 125 sh -c 'reboot -f; exec tail -f /dev/null'
	says err "the VM has ended"
	got 1
	begin sh -c 'echo begun; exec tail -f /dev/null'
	printed begun
	kill -9 "$(taken)"
	ended_with 125
	says err "the VM has ended"
	only_cached 1
}

killed_while_it_is_made_ready_is_a_failure()
{
	qemu --number 1
	got 1
	begin --cpus 2 --memory 256 true
	until_true grep -q ' vm-taken ' "$work/log"
	kill -9 "$(taken)"
	ended_with 125
	says err "vmcache run: "
	only_cached 1
}

get_is_ready_for_its_taker()
{
	qemu --number 1
	got 1
	expect 0 "$VMCACHE" get --vcpus 2 --memory 256 --json
	says out '"vcpus":2,"memory_mib":256'
	id=$(field id)
	[ "$(field agent_url)" = "unix:$work/run/$id/agent.sock" ] ||
		fail "agent: $(cat "$work/out")"
	kill "$(field pid)"
	only_cached 1
}

the_cache_is_ten_times_faster()
{
	qemu --number 1
	got 1
	begun=$("$TOOL" now)
	ran 0 true
	warm=$(($("$TOOL" now) - begun))
	got 1
	begun=$("$TOOL" now)
	ran 0 --cold --accel tcg --run-dir "$work/run" true
	cold=$(($("$TOOL" now) - begun))
	[ "$cold" -ge $((10 * warm)) ] ||
		fail "from the cache $warm ms, cold $cold ms"
	only_cached 1
}

another_kind_of_vm_is_booted()
{
	qemu --number 1
	got 1
	ran 0 --accel tcg --run-dir "$work/run" --append "$append told=1" \
		--cpus 2 sh -c 'nproc; cat /proc/cmdline'
	says err "HypervisorConfig.KernelParams: wanted "
	says out told=1
	[ "$(head -1 "$work/out")" = 2 ] || fail "$(cat "$work/out")"
	[ "$(count log vm-taken)" -eq 0 ] || fail "it was taken"
	only_cached 1
}

many_in_a_row_leave_nothing()
{
	qemu --number 2
	for i in $(seq "${VMCACHE_RUNS:-20}"); do
		got 1
		"$VMCACHE" run --timeout 60 echo "$i" >>"$work/all" \
			2>"$work/err" </dev/null || fail "$i: $(cat "$work/err")"
	done
	seq "${VMCACHE_RUNS:-20}" | cmp - "$work/all" || fail "not what was said"
	only_cached 2
	expect 0 "$VMCACHE" quit
	ended 0
	nothing_left
}

run_tests a_command_runs_in_a_vm it_has_the_size_that_is_wanted \
	it_has_its_own_randomness_and_the_time streams_are_intact \
	a_signal_ends_it_and_its_vm killed_for_good_leaves_no_vm \
	a_guest_that_ends_is_named \
	killed_while_it_is_made_ready_is_a_failure get_is_ready_for_its_taker \
	the_cache_is_ten_times_faster another_kind_of_vm_is_booted \
	many_in_a_row_leave_nothing
