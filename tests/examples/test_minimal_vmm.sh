#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A VMM that serves VMs of its own (minimal_vmm.h): they are objects of its
# process, taken by `vmcache get` and by a second process.

VMM=$(realpath "${BUILD:-build}/examples/minimal_vmm")
. "$(dirname "$0")/../program/lib.sh"

# vmm WHAT: starts it; its VMs are run by KVM, or are toys
vmm()
{
	: >"$work/log"
	"$VMM" serve "$VMCACHE_ENDPOINT" "$1" 2>"$work/log" </dev/null &
	server=$!
	servers="$servers $server"
	logged "VMs run by"
	ready 2
}

# steer VERB ID: prints its beats
steer()
{
	"$TOOL" ask "$VMCACHE_ENDPOINT.control" "$1 $2" >"$work/said"
	sed -n 's/^ok //p' "$work/said" | grep . || fail "$*: $(cat "$work/said")"
}

# goes_on ID [N]: it beats so many times (1) more
goes_on()
{
	until_true sh -c '[ "$("$TOOL" ask "$1" "beats $2" | sed "s/ok //")" \
		-gt "$3" ]' - "$VMCACHE_ENDPOINT.control" "$1" \
		$(($(steer beats "$1") + ${2:-1} - 1)) || fail "$1 does not beat"
}

# takes: takes a paused VM; its id is $id
takes()
{
	expect 0 "$VMCACHE" get --paused --json
	says out "\"ControlPath\":\"$VMCACHE_ENDPOINT.control\""
	says out '"state":"paused"'
	id=$(field id)
	echo "$id" >>"$work/ids"
}

# A VM that runs beats five times more; meanwhile the paused one does not.
stands_still_while()
{
	paused=$1 runs=$2
	before=$(steer beats "$paused")
	goes_on "$runs" 5
	[ "$(steer beats "$paused")" -eq "$before" ] || fail "beats while paused"
}

beats()
{
	vmm "$1"
	takes
	first=$id
	takes
	second=$id
	steer resume "$first" >/dev/null
	stands_still_while "$second" "$first"
	steer pause "$first" >/dev/null
	steer resume "$second" >/dev/null
	stands_still_while "$first" "$second"
	steer resume "$first" >/dev/null
	goes_on "$first"
	steer stop "$first" >/dev/null
	steer stop "$second" >/dev/null
	expect 0 "$VMCACHE" quit
	ended 0
	nothing_left
}

toys_beat_when_they_run()
{
	beats toy
}

# Where this machine has no KVM, QEMU emulates one that has.
kvms_beat_when_they_run()
{
	if [ -w /dev/kvm ]; then
		beats kvm
		return
	fi
	[ -e "$parts/kvm/kvm.ko" ] || skip "no /dev/kvm, nor $parts/kvm"
	(cd "$tree" && contents) | "$guest/tools/newc" >"$work/initrd"
	timeout 200 qemu-system-x86_64 -accel tcg -cpu max -m 512 -M q35 \
		-nodefaults -nographic -serial stdio -no-reboot \
		-kernel "$guest/vmlinux" -initrd "$work/initrd" \
		-append "console=ttyS0 quiet" >"$work/out" 2>&1 </dev/null
	says out "ok kvms_beat_when_they_run"
}

tree=$(cd "$(dirname "$0")/../.." && pwd)
parts=$tree/build/deps/guest
guest=$(dirname "$VMM")/../guest

# contents: of that machine, as a list for port/guest/newc.c: this test, what
# it calls, and busybox
contents()
{
	for path in bin dev etc lib proc sbin tests tests/examples \
		tests/program tmp usr usr/bin usr/sbin build build/examples; do
		printf 'dir 755 %s\n' $path
	done
	printf 'node 600 dev/console 5 1\nnode 666 dev/null 1 3\n'
	cat >"$work/init" <<-'END'
	#!/bin/sh
	mount -t devtmpfs dev /dev
	mount -t proc proc /proc
	for module in irqbypass kvm kvm-amd; do insmod /lib/$module.ko; done
	BUILD=/build VMCACHE=/bin/vmcache TOOL=/bin/program_tool \
		/tests/examples/test_minimal_vmm.sh kvms_beat_when_they_run
	poweroff -f
	END
	printf 'file 755 %s %s\n' init "$work/init" \
		build/examples/minimal_vmm "$VMM" bin/vmcache "$VMCACHE" \
		bin/program_tool "$TOOL" bin/busybox "$parts/busybox" \
		tests/examples/test_minimal_vmm.sh tests/examples/test_minimal_vmm.sh \
		tests/program/lib.sh tests/program/lib.sh
	for module in irqbypass kvm kvm-amd; do
		printf 'file 644 lib/%s.ko %s\n' $module "$parts/kvm/$module.ko"
	done
	"$parts/busybox" --list-full | grep -vxE 'bin/busybox|linuxrc|sbin/init' |
		sed 's|.*|link & /bin/busybox|'
}

pool_refills_and_no_id_comes_twice()
{
	vmm toy
	for _ in 1 2 3 4 5; do
		takes
		steer stop "$id" >/dev/null
	done
	ready 2
	[ "$(sort -u "$work/ids" | wc -l)" -eq 5 ] || fail "an id came twice"
	[ "$(count log vm-handed)" -eq 5 ] || fail "handed over"
	logged vm-ready 7
}

second_process_takes_one()
{
	vmm toy
	expect 0 "$VMM" take "$VMCACHE_ENDPOINT"
	says out "took "
	says out "beats "
	says out "paused"
	says out "stopped"
	ready 2
	kill -TERM "$server"
	ended 0
	nothing_left
}

cached_vms_are_the_caches()
{
	vmm toy
	cached=$(sed -n 's/^vm-ready //p' "$work/log" | head -n 1)
	expect 0 "$TOOL" ask "$VMCACHE_ENDPOINT.control" "resume ${cached% }"
	says out "no it is in the cache"
	takes
	steer resume "$id" >/dev/null
}

vms_that_were_taken_outlive_the_cache()
{
	vmm toy
	takes
	kill -TERM "$server"
	until_true test ! -e "$VMCACHE_ENDPOINT"
	steer resume "$id" >/dev/null
	goes_on "$id"
	steer stop "$id" >/dev/null
	ended 0
	nothing_left
}

only_who_passes_on_takes_a_foreign_vm()
{
	vmm toy
	expect 1 "$VMCACHE" get
	says err "no driver for VMs of this hypervisor"
	says err "--paused"
	expect 125 "$VMCACHE" run true
	says err "no driver for VMs"
	[ "$(count log vm-taken)" -eq 0 ] || fail "a refusal cost a VM"
	"$VMCACHE" get --paused >/dev/full 2>"$work/err"
	[ $? -eq 1 ] || fail "exit status"
	says err "stays as it is, paused"
}

[ $# -eq 0 ] || run_tests "$@"
run_tests toys_beat_when_they_run kvms_beat_when_they_run \
	pool_refills_and_no_id_comes_twice second_process_takes_one \
	cached_vms_are_the_caches vms_that_were_taken_outlive_the_cache \
	only_who_passes_on_takes_a_foreign_vm
