#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The interface: the names that the archives define and a public header has,
# `ARCHIVE NAME` a line. What they define for each other's use only is not in
# it. `make symbols` puts it in symbols.txt; check_symbols.sh compares.

LC_ALL=C
export LC_ALL
BUILD=${BUILD:-build}

declared()
{
	grep -ohE '\bvmc_[a-z0-9_]+' include/vmcache.h include/vmcache/*.h \
		port/*/vmcache_*.h | sort -u
}

defined()
{
	for archive in "$BUILD"/libvmcache*.a; do
		"${CROSS_COMPILE:-}nm" -g --defined-only "$archive" 2>/dev/null |
			awk -v a="${archive##*/}" 'NF == 3 { print $3, a }'
	done
}

{
	declared
	echo
	defined
} | awk '
	NF == 0 { known = 1 }
	!known { public[$1] = 1 }
	known && $1 in public { print $2, $1 }' | sort
