#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The calls of vmcache to a server that is not ours and does not behave.

. "$(dirname "$0")/lib.sh"

# server_says HEX: a server that answers the first request with this
server_says()
{
	rm -f "$VMCACHE_ENDPOINT"
	: >"$work/answer"
	"$TOOL" answer "$VMCACHE_ENDPOINT" "$1" >"$work/answer" &
	servers="$servers $!"
	until_true grep -q listening "$work/answer" || fail "no server"
}

# A response of ttrpc (type 2 on stream 1), of so many bytes.
response()
{
	printf '%08x000000010200%s' $((${#1} / 2)) "$1"
}

# hex TEXT, and a field of protobuf that holds bytes given as hex (< 128)
hex()
{
	printf %s "$1" | od -An -v -tx1 | tr -d ' \n'
}
field_of()
{
	printf '%02x%02x%s' $(($1 * 8 + 2)) $((${#2} / 2)) "$2"
}

# A Config reply whose Data is this text
config_reply()
{
	response "$(field_of 2 "$(field_of 1 "$(hex "$1")")")"
}

garbage_is_1()
{
	server_says "$(hex 'HTTP/1.1 400 Bad Request')"
	expect 1 "$VMCACHE" status
	[ -s "$work/err" ] || fail "no reason"
}

half_an_answer_is_1()
{
	server_says 000000200000000102000a
	expect 1 "$VMCACHE" status
	[ -s "$work/err" ] || fail "no reason"
}

no_answer_is_1()
{
	server_says ''
	expect 1 "$VMCACHE" status
	[ -s "$work/err" ] || fail "no reason"
}

an_error_is_shown_and_cannot_steer_a_terminal()
{
	# Status{code: UNKNOWN, message: ESC "[2J" "no"}
	server_says "$(response "$(field_of 1 0802$(field_of 2 1b5b324a6e6f))")"
	expect 1 "$VMCACHE" status
	says err "UNKNOWN"
	says err "[2Jno"
	! grep -q "$(printf '\033')" "$work/err" || fail "an escape"
}

a_late_answer_of_the_server_is_4()
{
	# Status{code: DEADLINE_EXCEEDED}
	server_says "$(response "$(field_of 1 0804)")"
	expect 4 "$VMCACHE" status
}

too_big_an_answer_is_1()
{
	server_says "$(printf '003fffff000000010200')"
	expect 1 "$VMCACHE" config --timeout 5
	[ -s "$work/err" ] || fail "no reason"
}

configuration_must_be_json()
{
	server_says "$(config_reply 'not JSON')"
	expect 1 "$VMCACHE" config
	says err "the server's configuration"
	says err "byte 0"
	server_says "$(config_reply '{"A":{"B":"c\u0007d","E":0},"F":[1]}')"
	expect 0 "$VMCACHE" config
	says out 'A.B  c\x07d'
	says out 'F    [1]'
	[ "$(wc -l <"$work/out")" -eq 2 ] || fail "$(cat "$work/out")"
}

json_is_passed_on()
{
	server_says "$(config_reply '{"A":{"B":"c"}}')"
	expect 0 "$VMCACHE" config --json
	says out '{"data":{"A":{"B":"c"}},"agent_config":{}}'
}

a_foreign_hypervisor_is_named()
{
	server_says "$(config_reply '{"HypervisorType":"clh"}')"
	expect 1 "$VMCACHE" get --timeout 5
	says err clh
}

run_tests garbage_is_1 half_an_answer_is_1 no_answer_is_1 \
	an_error_is_shown_and_cannot_steer_a_terminal \
	a_late_answer_of_the_server_is_4 too_big_an_answer_is_1 \
	configuration_must_be_json json_is_passed_on \
	a_foreign_hypervisor_is_named
