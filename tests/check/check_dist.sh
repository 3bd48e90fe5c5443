#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# `make dist`: the same bytes each time, and all that a build needs: without
# git, without protoc, with nanopb's sources from elsewhere.

. "$(dirname "$0")/lib.sh"

nanopb=$(cd "${NANOPB_DIR:-build/deps/nanopb}" && pwd)
archive=libvmcache-$("$BUILD/vmcache" --version | sed -n 's/^vmcache //p')
tree=$work/$archive

# make_in DIRECTORY ARGUMENT…
make_in()
{
	MAKEFLAGS='' SOURCE_DATE_EPOCH='' make -s -j2 -C "$@" >"$work/said" 2>&1
}

# release FILE: makes one of this tree
release()
{
	make_in . BUILD="$BUILD" dist || cat "$work/said"
	cp "$BUILD/$archive.tar.gz" "$1" 2>&1
}

same_bytes_twice()
{
	release "$work/one.tar.gz"
	touch Makefile
	(umask 077 && release "$work/two.tar.gz")
	cmp "$work/one.tar.gz" "$work/two.tar.gz" 2>&1
}

has_what_is_needed()
{
	tar -xzf "$work/one.tar.gz" -C "$work"
	for file in Makefile README.md LICENSE src/server.c .ci/deps \
		proto/ready/cache.pb.h proto/ready/agent.pb.c; do
		[ -s "$tree/$file" ] || echo "no $file"
	done
	find "$tree" -name build -o -name .git -o -name '*.o'
}

# A release of the release, which knows no git.
release_makes_itself()
{
	make_in "$tree" BUILD=build PROTOC=false dist || cat "$work/said"
	cmp "$work/one.tar.gz" "$tree/build/$archive.tar.gz" 2>&1
}

builds_without_protoc()
{
	make_in "$tree" BUILD=build PROTOC=false NANOPB_DIR="$nanopb" \
		AGENT=all CFLAGS=-O0 lib program || cat "$work/said"
	"$tree/build/vmcache" --version | grep -vE '^(vmcache|libvmcache) [0-9.]+'
}

# What stands ready was made for other sizes: it is not taken.
knobs_are_not_deaf()
{
	set -- "$tree" BUILD=build/other PROTOC=false build/other/gen/cache.pb.c
	make_in "$@" || cat "$work/said"
	make_in "$@" KNOBS=-DVMC_VM_MAX=8 && echo "taken for VMC_VM_MAX=8"
}

check release_has_the_same_bytes_twice same_bytes_twice
check release_has_what_is_needed has_what_is_needed
check release_makes_itself release_makes_itself
check release_builds_without_protoc builds_without_protoc
check release_is_deaf_to_no_knob knobs_are_not_deaf
exit $failed
