#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The command line of vmcache: help, versions, wrong usage, no server.

. "$(dirname "$0")/lib.sh"

help_is_shown()
{
	for command in '' serve get status config quit; do
		expect 0 "$VMCACHE" $command --help
		says out "Usage: vmcache"
		says out "Exit status: 0 done, 1 failed, 2 wrong usage, 3 no"
		[ ! -s "$work/err" ] || fail "help on standard error"
	done
	expect 0 "$VMCACHE" run --help
	says out "Usage: vmcache run"
	says out "Exit status: the command's"
	expect 0 "$VMCACHE" --help
	for command in serve get run status config quit; do
		says out "  $command "
	done
}

version_is_shown()
{
	expect 0 "$VMCACHE" --version
	says out "vmcache 0."
	says out "transport=all"
	says out "VMC_VM_MAX=64"
	expect 0 "$VMCACHE" get --version
}

manual_names_every_option()
{
	page=$(dirname "$0")/../../port/cli/vmcache.1
	sed 's/\\-/-/g' "$page" >"$work/page"
	for command in serve get run status config quit; do
		"$VMCACHE" $command --help | grep -o -- '--[a-z][a-z-]*' |
			sort -u >"$work/options"
		while read -r option; do
			says page "$option"
		done <"$work/options"
	done
}

completion_completes()
{
	[ -x /bin/bash ] || skip "no bash"
	cat >"$work/complete" <<-'END'
		. "$1"
		COMP_WORDS=("$2" "${@:3}")
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		_vmcache
		echo "${COMPREPLY[*]}"
	END
	complete="bash $work/complete
		$(dirname "$0")/../../port/cli/vmcache.bash $VMCACHE"
	expect 0 $complete s
	says out "serve status"
	expect 0 $complete serve --ac
	says out "--accel"
	expect 0 $complete serve --accel ''
	says out "auto kvm tcg"
	expect 0 $complete status --w
	says out "--wait-ready"
	expect 0 $complete run --w
	says out "--workdir"
	expect 0 $complete run --agent-channel ''
	says out "serial vsock"
	# behind the command to run, files of ours are as good a guess as any
	touch "$work/some-file"
	expect 0 $complete run --cpus 2 cat "$work/some-f"
	says out "$work/some-file"
	expect 0 $complete run --cold -- "$work/some-f"
	says out "$work/some-file"
}

wrong_usage_is_2()
{
	expect 2 "$VMCACHE"
	says err "which command?"
	expect 2 "$VMCACHE" sreve
	says err 'unknown command "sreve"; did you mean serve?'
	says err "vmcache --help"
	expect 2 "$VMCACHE" get --endpont x
	says err "unknown option --endpont; did you mean --endpoint?"
	says err "vmcache get --help"
	expect 2 "$VMCACHE" serve --number 0
	says err "vmcache serve: --number 0: give a whole number, 1 to 64"
	expect 2 "$VMCACHE" serve --number 65
	expect 2 "$VMCACHE" serve --number -3
	expect 2 "$VMCACHE" serve --number 99999999999999999999
	expect 2 "$VMCACHE" serve --hypervisor bochs
	says err "--hypervisor bochs: unknown; give qemu|mock"
	expect 2 "$VMCACHE" status extra
	[ ! -s "$work/out" ] || fail "something on standard output"
}

# what its command exits with must not be mistaken for what it says itself
wrong_usage_of_run_is_125()
{
	expect 125 "$VMCACHE" run
	says err "run what?"
	expect 125 "$VMCACHE" run --wibble true
	says err "vmcache run: unknown option --wibble"
	expect 125 "$VMCACHE" run --user root true
	says err "--user root: give UID or UID:GID, in numbers"
	expect 125 "$VMCACHE" run --user 1:4294967296 true
	expect 125 "$VMCACHE" run -t -T true
	says err "--tty and --no-tty contradict each other"
}

what_was_typed_cannot_steer_a_terminal()
{
	expect 2 "$VMCACHE" "$(printf 'a\033[2Jb')"
	says err 'a\x1b[2Jb'
}

no_server_is_3()
{
	for command in get status config quit; do
		expect 3 "$VMCACHE" $command
		says err "no server at $VMCACHE_ENDPOINT"
	done
	expect 3 "$VMCACHE" get
	says err "start one: vmcache serve"
	expect 125 "$VMCACHE" run true
	says err "vmcache run: no server at $VMCACHE_ENDPOINT; start one"
}

stale_socket_is_no_server()
{
	serve --hypervisor mock
	ready 1
	kill -9 "$server"
	ended 137
	[ -S "$VMCACHE_ENDPOINT" ] || fail "no stale socket"
	expect 3 "$VMCACHE" status
}

long_endpoint_is_refused()
{
	long=/tmp/$(printf '%0110d' 0)
	expect 1 "$VMCACHE" status --endpoint "$long"
	says err "107"
	expect 1 "$VMCACHE" serve --hypervisor mock --endpoint "$long"
	says err "107"
}

run_tests help_is_shown version_is_shown manual_names_every_option \
	completion_completes wrong_usage_is_2 wrong_usage_of_run_is_125 \
	what_was_typed_cannot_steer_a_terminal no_server_is_3 \
	stale_socket_is_no_server long_endpoint_is_refused
