#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What Kata's runtime does with a cache server, with real VMs: see
# peers/go/kata.go.

. "$(dirname "$0")/lib.sh"

speaks grpc
needs go
command -v qemu-system-x86_64 >/dev/null || skip "no qemu-system-x86_64"

start_ours --hypervisor qemu
run_client qemu go kata
ours_ended qemu
check kata_needs_a_server all_fail peer go kata "$ENDPOINT"
exit $failed
