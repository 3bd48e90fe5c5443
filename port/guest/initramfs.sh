#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What is in the initramfs of our Linux guests, as a list for newc.c:
#
#	initramfs.sh AGENT DIRECTORY WORK
#
# DIRECTORY is what .ci/deps has put there: busybox, and modules of the
# kernel beside it. WORK is for small files. Sorted, so that the same parts
# make the same archive.

set -eu
LC_ALL=C
export LC_ALL

agent=$1 directory=$2 work=$3

# In the order in which they are loaded. A module that the kernel has built in
# is not there, and not missed.
modules="virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev
	virtio_pci virtio_console"
# only when the agent is reached by vsock
vsock="vsock vmw_vsock_virtio_transport_common vmw_vsock_virtio_transport"

# module_list NAME…: paths of those that are there
module_list()
{
	for name; do
		[ ! -e "$directory/modules/$name.ko" ] ||
			printf '/lib/modules/%s.ko\n' "$name"
	done
}

# one DIR MODE PATH per directory
directories()
{
	for path in bin dev etc etc/vmcache lib lib/modules proc root run sbin \
		sys usr usr/bin usr/sbin var var/run; do
		printf 'dir 755 %s\n' "$path"
	done
	printf 'dir 1777 tmp\n'
}

# applets of busybox where they belong, but those that an init of its own
# would be
applets()
{
	"$directory/busybox" --list-full | sort | while read -r path; do
		case $path in
		bin/busybox | linuxrc | sbin/init) ;;
		*) printf 'link %s /bin/busybox\n' "$path" ;;
		esac
	done
}

files()
{
	printf 'file 755 init %s\n' "$agent"
	printf 'file 755 bin/busybox %s\n' "$directory/busybox"
	printf 'file 644 etc/passwd %s\n' "$work/passwd"
	printf 'file 644 etc/group %s\n' "$work/group"
	printf 'file 644 etc/vmcache/modules %s\n' "$work/modules"
	printf 'file 644 etc/vmcache/modules.vsock %s\n' "$work/modules.vsock"
	for file in "$directory"/modules/*.ko; do
		printf 'file 644 lib/modules/%s %s\n' "${file##*/}" "$file"
	done
}

mkdir -p "$work"
printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n' \
	>"$work/passwd"
printf 'root:x:0:\ntty:x:5:\nnogroup:x:65534:\n' >"$work/group"
# shellcheck disable=SC2086
module_list $modules >"$work/modules"
# shellcheck disable=SC2086
module_list $vsock >"$work/modules.vsock"

directories
# the kernel gives its init a console only if it finds one
printf 'node 600 dev/console 5 1\nnode 666 dev/null 1 3\n'
files
applets
