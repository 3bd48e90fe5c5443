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
			application.c "-I$root/opt/x/include" \
			"-L$root/opt/x/lib" $(sed -n 's/^Libs: [^ ]* //p' \
			"$root/opt/x/lib/pkgconfig/libvmcache.pc") &&
			./application | grep -vE '^libvmcache [0-9.]+ transport='
	)
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
		uninstall help clean; do
		printf '%s\n' "$list" | grep -qE "^ *$target  " ||
			echo "make help says nothing of $target"
	done
}

check install_puts_the_tree_in_place install_tree
check an_application_builds_from_it application_builds
check uninstall_leaves_nothing uninstall_leaves_nothing
check help_lists_the_targets targets_are_listed
exit $failed
