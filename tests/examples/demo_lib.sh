# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# What the demos share. Every sentence that they say is checked: what is not as
# told ends them with status 1.

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

# serve OPTION…: a server with two VMs, until both are ready
serve()
{
	begun=$("$TOOL" now)
	"$VMCACHE" serve --run-dir "$work/run" "$@" 2>"$work/log" &
	server=$!
	"$VMCACHE" status --wait-ready=2 --timeout 120 >"$work/out" ||
		fail "the VMs did not come up"
	say "  both ready after $(($("$TOOL" now) - begun)) ms," \
		"accelerator $(logged accelerator '' name)"
}

# nothing_left: no process of ours, no file
nothing_left()
{
	left=$(find "$work/run" -mindepth 1; "$TOOL" listed "$work" | grep -v "^$$\$")
	[ -z "$left" ] || fail "left behind: $left"
	say "  no process, no socket and no file is left"
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
