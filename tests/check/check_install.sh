#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# `make install` puts a tree in place that an application can be built from,
# and `make uninstall` leaves nothing of it. `make help` lists the targets.

. "$(dirname "$0")/lib.sh"

root=$work/root
run_make()
{
	MAKEFLAGS='' make -s BUILD="$BUILD" "$@" DESTDIR="$root" PREFIX=/opt/x
}

install_tree()
{
	run_make install >/dev/null || echo "make install failed"
	for file in bin/vmcache lib/libvmcache.a lib/libvmcache-posix.a \
		lib/libvmcache-linux.a lib/libvmcache-qemu.a \
		lib/libvmcache-mock.a lib/libvmcache-sim.a \
		lib/libvmcache-null.a lib/pkgconfig/libvmcache.pc \
		include/vmcache.h include/vmcache/pool.h \
		include/vmcache_mock.h share/vmcache/proto/cache.proto \
		share/man/man1/vmcache.1; do
		[ -s "$root/opt/x/$file" ] || echo "no $file"
	done
}

# An application that sees nothing but what was installed.
application_builds()
{
	cat >"$work/application.c" <<-'C'
	#include <stdio.h>
	#include <vmcache.h>
	#include <vmcache_mock.h>
	int main(void)
	{
		return puts(vmc_build_options()) < 0;
	}
	C
	(
		cd "$work" || exit
		${CC:-musl-gcc} -Wall -Werror -static -o application \
			application.c $(installed --static --cflags --libs) &&
			./application | grep -vE '^libvmcache [0-9.]+ transport='
	)
}

# installed OPTION…: what pkg-config says of it
installed()
{
	PKG_CONFIG_PATH=$root/opt/x/lib/pkgconfig \
		PKG_CONFIG_SYSROOT_DIR=$root pkg-config "$@" libvmcache
}

# Every driver and port that a static link may want is in Libs, users first.
libs_link()
{
	cat >"$work/all.c" <<-'C'
	#include <vmcache_linux.h>
	#include <vmcache_mock.h>
	#include <vmcache_qemu.h>
	const void *volatile used[] = { &vmc_qemu_ops, &vmc_mock_ops,
		&vmc_linux_port_ops, &vmc_posix_store_ops, &vmc_factory_remote_ops };
	int main(void) { return !used[0]; }
	C
	(
		cd "$work" || exit
		${CC:-musl-gcc} -w -static -o all all.c \
			$(installed --static --cflags --libs) && ./all ||
			echo "does not link"
	)
}

# What it is can be read from each part that was installed.
all_tell_their_version()
{
	version=$(installed --modversion)
	[ -n "$version" ] || echo "pkg-config knows none"
	options="libvmcache $version transport=$(installed \
		--variable=transport) agent=$(installed --variable=agent) "
	for file in lib/libvmcache.a bin/vmcache; do
		strings "$root/opt/x/$file" | grep -q "^$options" ||
			echo "$file: no \"$options\""
	done
	"$root/opt/x/bin/vmcache" --version | grep -q "^$options" ||
		echo "vmcache --version"
}

uninstall_leaves_nothing()
{
	run_make uninstall || echo "make uninstall failed"
	find "$root" -type f
}

targets_are_listed()
{
	list=$(run_make help)
	for target in all lib program deps demo check bench size install \
		uninstall dist symbols help clean; do
		printf '%s\n' "$list" | grep -qE "^ *$target  " ||
			echo "make help says nothing of $target"
	done
}

check install_puts_the_tree_in_place install_tree
check an_application_builds_from_it application_builds
check pkg_config_has_what_a_static_link_needs libs_link
check version_and_options_can_be_read all_tell_their_version
check uninstall_leaves_nothing uninstall_leaves_nothing
check help_lists_the_targets targets_are_listed
exit $failed
