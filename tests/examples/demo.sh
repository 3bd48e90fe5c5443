#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What vmcache does, shown on real VMs: with Linux in them once `make guest`
# has made one, else with the built-in guest.

examples=$(dirname "$0")
[ -s "${GUEST:-build/guest}/vmlinuz" ] && exec "$examples/demo_linux.sh"
printf 'No Linux guest is there (make deps guest): the built-in one is shown.\n\n'
exec "$examples/demo_rom.sh"
