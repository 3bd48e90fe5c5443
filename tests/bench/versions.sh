#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What the bench runs on, and the versions of what it measures.

echo "$(nproc) x $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)," \
	"Linux $(uname -r)"
for package in musl-dev gcc golang-go golang-github-containerd-ttrpc-dev \
	golang-google-grpc-dev libgrpc++-dev python3-grpcio; do
	dpkg-query -W -f '${Package} ${Version}\n' "$package" 2>/dev/null
done
command -v node >/dev/null && echo "node $(node --version)"
sed -n 's/^  "version": "\(.*\)".*/grpc-js \1/p' \
	build/deps/npm/node_modules/@grpc/grpc-js/package.json 2>/dev/null
exit 0
