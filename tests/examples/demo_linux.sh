#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What vmcache does, shown on QEMUs with Linux in them: commands run in VMs
# that were booted before anyone asked, beside one that is booted first; what
# each step of making a VM ready costs; and nothing is left behind.

. "$(dirname "$0")/demo_lib.sh"

GUEST=${GUEST:-build/guest}

# in_vm OPTION… -- COMMAND…: shows `vmcache run`, and what it prints
in_vm()
{
	say "\$ vmcache run $*"
	"$VMCACHE" run "$@" >"$work/out" 2>"$work/err"
	code=$?
	sed 's/^/  /' "$work/out" "$work/err"
}

# ms FILE: milliseconds until the VM was ready, as --times says
ms()
{
	sed -n 's/.*ready after \([0-9]*\)\..* ms:.*/\1/p' "$1"
}

# full: the cache is; what follows is not to wait for a boot
full()
{
	"$VMCACHE" status --wait-ready=2 --timeout 120 >/dev/null ||
		fail "the cache did not fill again"
}

# Kernel parameters that make an emulated guest quicker; harmless elsewhere.
append=$(cat "$GUEST/append-tcg")

say "A server that keeps two Linux VMs booted, checked and paused:"
say "\$ vmcache serve --agent kata --kernel vmlinux --initrd initramfs.img … &"
serve --agent kata --kernel "$GUEST/vmlinux" \
	--initrd "$GUEST/initramfs.img" --append "$append" \
	--max-vcpus 4 --max-memory 1024
run status

say
say "A command in a VM that is booted for it:"
in_vm --cold --times -- uname -sr
[ $code -eq 0 ] || fail "exit status $code"
cold=$(ms "$work/err")
full

say
say "The same in one from the cache:"
in_vm --times -- uname -sr
[ $code -eq 0 ] && grep -q '^Linux' "$work/out" || fail "exit status $code"
cached=$(ms "$work/err")
[ -n "$cold" ] && [ -n "$cached" ] || fail "no times"
faster=$((cold / (cached + 1)))
say "  booting one took $cold ms, the cache $cached ms: $faster times faster"
[ "$faster" -ge 2 ] || fail "the cache was not faster than booting"

say
say "Each has randomness of its own, and the right time:"
full
in_vm -- sh -c 'head -c 8 /dev/urandom | xxd -p; date +%s'
one=$(sed -n 1p "$work/out") then=$(sed -n 2p "$work/out")
late=$(($(date +%s) - then))
full
in_vm -- sh -c 'head -c 8 /dev/urandom | xxd -p; date +%s'
[ "$one" != "$(sed -n 1p "$work/out")" ] || fail "the same random bytes"
[ $late -ge -5 ] && [ $late -le 5 ] || fail "the clock is off by $late s"

say
say "Grown while it is handed over:"
full
in_vm --times --cpus 3 --memory 512 -- sh -c 'nproc; free -m | grep Mem'
[ "$(sed -n 1p "$work/out")" = 3 ] || fail "not three CPUs"

say
say "Streams and exit status are the command's:"
full
say '$ echo hello | vmcache run -- sh -c "cat; echo to standard error >&2; exit 7"'
echo hello | "$VMCACHE" run -- sh -c 'cat; echo to standard error >&2; exit 7' \
	>"$work/out" 2>"$work/err"
code=$?
sed 's/^/  /' "$work/out" "$work/err"
say "  exit status $code"
[ $code -eq 7 ] && [ "$(cat "$work/out")" = hello ] &&
	[ "$(cat "$work/err")" = "to standard error" ] || fail "not the command's"

say
say "Or a VM is handed over, ready for use, to whoever will own it:"
full
run get
pid=$(taken pid)
kill -0 "$pid" || fail "no process $pid"
id=$(taken id)

say
say "The end. The VM that was handed out lives on:"
full
cached=$("$VMCACHE" status | awk 'NR > 2 { print $1 }')
run quit
kill -0 "$server" 2>/dev/null && fail "the server is still there"
kill -0 "$pid" || fail "process $pid is gone"
# shellcheck disable=SC2086
"$TOOL" gone 1 $cached || fail "a cached VM is left"
[ ! -e "$VMCACHE_ENDPOINT" ] || fail "the socket is left"
say "  it still runs; it is told to stop"
kill "$pid"
"$TOOL" gone 10 "$pid" || fail "it did not stop"
rm -rf "$work/run/$id"
nothing_left
