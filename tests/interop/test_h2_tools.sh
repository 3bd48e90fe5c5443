#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# HTTP/2 tools that know nothing of gRPC: curl, h2load (many streams on
# several connections) and nghttp (padding, CONTINUATION, PRIORITY). Nothing
# in them checks the answers, so protoc does.

. "$(dirname "$0")/lib.sh"

speaks grpc
for tool in curl h2load nghttp socat; do
	command -v $tool >/dev/null || skip "no $tool: make deps-interop"
done

url=http://localhost/cache.CacheService
port=$((20000 + $$ % 20000))
printf '\0\0\0\0\0' >"$work/empty"

# call METHOD: its answer is then in headers and answer
call()
{
	curl -sS --max-time 10 --http2-prior-knowledge \
		--unix-socket "$ENDPOINT" -H 'content-type: application/grpc' \
		-H 'te: trailers' --data-binary @"$work/empty" \
		-D "$work/headers" -o "$work/answer" "$url/$1" &&
		grep -q '^HTTP/2 200' "$work/headers"
}

# decoded MESSAGE: the answer, as text
decoded()
{
	tail -c +6 "$work/answer" |
		protoc -Iproto -I/usr/include --decode "cache.$1" cache.proto
}

curl_status()
{
	call Status && grep -q '^grpc-status: 0' "$work/headers" &&
		decoded GrpcStatus | grep -qx "pid: $server"
}

curl_config()
{
	call Config && decoded GrpcVMConfig | grep -q HypervisorType
}

curl_vm()
{
	call GetBaseVM && decoded GrpcVM | sed -n 's/^id: "\(.*\)"/\1/p' |
		grep . >"$work/taken"
}

curl_unknown()
{
	call Nope && grep -q '^grpc-status: 12' "$work/headers"
}

# curl 7.88 forgets trailers that a GOAWAY comes with
curl_quit()
{
	call Quit && cmp "$work/answer" "$work/empty"
}

# Each connection is indexed into from its second request on.
load()
{
	h2load -n 2000 -c 4 -m 8 -B "unix:$ENDPOINT" -d "$work/empty" \
		-H 'content-type: application/grpc' -H 'te: trailers' \
		"$url/Status" >"$work/load" &&
		grep -q '2000 succeeded, 0 failed, 0 errored' "$work/load" &&
		grep -q '2000 2xx' "$work/load"
}


bridge()
{
	socat "TCP-LISTEN:$port,bind=127.0.0.1,reuseaddr,fork" \
		"UNIX-CONNECT:$ENDPOINT" &
	started="$started $!"
	$until_true socat -u OPEN:/dev/null "TCP:127.0.0.1:$port"
}

# http2 OPTION…: nghttp with these; its verbose log has the trailers
http2()
{
	nghttp -v "$@" -d "$work/empty" -H 'content-type: application/grpc' \
		-H 'te: trailers' "http://127.0.0.1:$port/cache.CacheService/Status" \
		>"$work/nghttp" && grep -q 'grpc-status: 0' "$work/nghttp"
}

tests()
{
	check curl_status curl_status
	check curl_config curl_config
	check curl_get_base_vm curl_vm
	check curl_unknown_method curl_unknown
	check h2load_2000_calls load
	check nghttp http2
	check nghttp_padding http2 -b 100
	check nghttp_continuation http2 --continuation
	check nghttp_without_dependencies http2 --no-dep
	check curl_quit curl_quit
	return $failed
}

# with nobody there
check bridge bridge
check tools_need_a_server all_fail tests
start_ours --hypervisor mock --mock-boot 2
tests
ours_ended tools
exit $failed
