#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# nginx between a client and us, as a gRPC proxy (grpc_pass): it has one
# connection to us for each call, and tells us to use no dynamic table.

. "$(dirname "$0")/lib.sh"

speaks grpc
nginx=build/deps/nginx/usr/sbin/nginx
[ -x $nginx ] || skip "no nginx: make deps-interop"
needs go

front=$work/front.sock
cat >"$work/nginx.conf" <<END
daemon off;
user root;
pid $work/nginx.pid;
error_log $work/nginx.log;
worker_processes 1;
events { worker_connections 64; }
http {
	access_log off;
	client_body_temp_path $work/body;
	proxy_temp_path $work/proxy;
	fastcgi_temp_path $work/fastcgi;
	uwsgi_temp_path $work/uwsgi;
	scgi_temp_path $work/scgi;
	large_client_header_buffers 4 64k;
	server {
		listen unix:$front http2;
		location / { grpc_pass grpc://unix:$ENDPOINT; }
	}
}
END
mkdir "$work/prefix"
$nginx -p "$work/prefix" -e "$work/nginx.log" -c "$work/nginx.conf" &
started="$started $!"
check nginx_starts $until_true test -S "$front"

check nginx_needs_a_server all_fail peer go client "$front"
start_ours --hypervisor mock --mock-boot 2
run_client nginx go client "$front"
ours_ended nginx
check nginx_notices all_fail peer go client "$front"
exit $failed
