#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What vmcache does, shown on real VMs: two QEMUs with the built-in guest are
# booted ahead of time and paused; one is taken, timed against its own boot;
# its heartbeat tells when it ran; and nothing is left behind.
#
# Every sentence is checked. What is not as told ends the demo with status 1.

VMCACHE=${VMCACHE:-build/vmcache}
TOOL=${TOOL:-build/tests/program_tool}

work=$(mktemp -d) || exit 1
VMCACHE_ENDPOINT=$work/cache.sock
export VMCACHE_ENDPOINT

say()
{
	printf '%s\n' "$*"
}

# fail WHAT: the end, with the server's log
fail()
{
	say "NOT AS TOLD: $*" >&2
	sed 's/^/  log: /' "$work/log" >&2
	exit 1
}

clean_up()
{
	for pid in $server $("$TOOL" listed qemu "$work"); do
		kill -9 "$pid" 2>/dev/null
	done
	rm -rf "$work"
}
server=
trap clean_up EXIT
trap 'exit 130' INT TERM

# run COMMAND…: shows a command and what it prints, which stays in $work/out
run()
{
	say "\$ vmcache $*"
	"$VMCACHE" "$@" >"$work/out" || fail "vmcache $*"
	sed "s|$work|DIR|g; s/^/  /" "$work/out"
}

# taken NAME: what `get` printed of the VM that was taken
taken()
{
	sed -n "s/^$1  *\([^ ]*\).*/\1/p" "$work/out"
}

# logged EVENT TEXT KEY: a value of the last such line of the server's log
logged()
{
	sed -n "s/.* $1 .*$2.*$3=\([0-9a-z]*\).*/\1/p" "$work/log" | tail -1
}

# ticks CONSOLE: how often a guest's heart has beaten
ticks()
{
	"$TOOL" ask "$1" ticks | sed -n 's/^ticks //p'
}

# beaten CONSOLE N: waits until it has beaten N times
beaten()
{
	"$TOOL" until 10 sh -c \
		'[ "$("$1" ask "$2" ticks | sed "s/^ticks //")" -ge "$3" ]' \
		- "$TOOL" "$1" "$2" || fail "the guest at $1 stands still"
}

say "A server that keeps two QEMU VMs booted and paused:"
say "\$ vmcache serve &"
begun=$("$TOOL" now)
"$VMCACHE" serve --run-dir "$work/run" 2>"$work/log" &
server=$!
"$VMCACHE" status --wait-ready=2 --timeout 60 >"$work/out" ||
	fail "the VMs did not come up"
say "  both ready after $(($("$TOOL" now) - begun)) ms," \
	"accelerator $(logged accelerator '' name)"
run status
[ "$("$TOOL" listed qemu "$work" | wc -l)" -eq 2 ] || fail "not two QEMUs"

say
say "One is taken, resumed and ready for use:"
run get
first_id=$(taken id) first_pid=$(taken pid) first_console=$(taken console)
first_took=$(taken took)
kill -0 "$first_pid" || fail "no process $first_pid"
first_ticks=$(ticks "$first_console")
boot=$(logged vm-ready "$first_id" took_ms)
[ -n "$boot" ] || fail "no boot of $first_id in the log"
faster=$(awk "BEGIN { printf \"%.0f\", $boot / $first_took }")
say "  its own boot took $boot ms, taking it $first_took ms:" \
	"$faster times faster"
[ "$faster" -ge 2 ] || fail "taking it was not faster than booting it"

say
say "Its place in the cache is filled again:"
run status --wait-ready=2 --timeout 60
say "  its follower was booted in $(logged vm-ready '' took_ms) ms"

say
say "A heartbeat tells when a guest runs:"
beaten "$first_console" $((first_ticks + 50))
say "  the VM that was taken: $first_ticks beats then," \
	"$(ticks "$first_console") now"
run get
second_id=$(taken id) second_pid=$(taken pid) second_console=$(taken console)
second_ticks=$(ticks "$second_console")
ready=$(logged vm-taken "$second_id" ready_ms)
say "  in the cache for $ready ms, and its heart has beaten" \
	"$second_ticks times: it stood still"
[ "$ready" -ge 250 ] && [ "$second_ticks" -lt 25 ] ||
	fail "it did not stand still"
beaten "$second_console" $((second_ticks + 10))
say "  resumed it runs: $(ticks "$second_console") beats"

say
say "The end. VMs that were handed out live on:"
run quit
kill -0 "$server" 2>/dev/null && fail "the server is still there"
for pid in $first_pid $second_pid; do
	kill -0 "$pid" || fail "process $pid is gone"
done
[ "$("$TOOL" listed qemu "$work" | wc -l)" -eq 2 ] ||
	fail "a cached VM is left"
[ ! -e "$VMCACHE_ENDPOINT" ] || fail "the socket is left"
say "  the two that were taken still run; they are told to switch off"
"$TOOL" ask "$first_console" off 0
"$TOOL" ask "$second_console" off 0
"$TOOL" gone 10 "$first_pid" "$second_pid" || fail "a guest did not stop"
rm -rf "$work/run/$first_id" "$work/run/$second_id"
left=$(find "$work/run" -mindepth 1; "$TOOL" listed "$work" | grep -v "^$$\$")
[ -z "$left" ] || fail "left behind: $left"
say "  no process, no socket and no file is left"
