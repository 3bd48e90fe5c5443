#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What vmcache does, shown on QEMUs with the built-in guest: two are booted
# ahead of time and paused; one is taken, timed against its own boot; its
# heartbeat tells when it ran; and nothing is left behind.

. "$(dirname "$0")/demo_lib.sh"

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
serve
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
nothing_left
