#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What the linker sees: no heap, no data, no names but ours, no libc but five
# functions.

. "$(dirname "$0")/lib.sh"

lib=$BUILD/libvmcache.a
programs=$BUILD/vmcache.unstripped
[ "${AGENT:-all}" = noop ] || programs="$programs $BUILD/vmcache-agent.unstripped"

no_heap_in_programs()
{
	for program in $programs; do
		[ -e "$program" ] || { echo "no $program"; continue; }
		$NM "$program" | awk '{ print $NF }' | grep -xE \
			'_*(libc_)?(malloc|calloc|realloc|free|reallocarray|memalign|aligned_alloc|posix_memalign|brk|sbrk|expand_heap)|(__simple|default)_malloc'
	done
}

no_data()
{
	$SIZE -A "$lib" | awk '
		/:$/ || /\(ex / { member = $1 }
		$1 ~ /^\.(data|bss|tdata|tbss)(\.|$)/ &&
		$1 !~ /^\.data\.rel\.ro/ && $2 > 0 { print member, $1, $2 }'
	$NM "$lib" | awk '$2 == "C" { print "COMMON", $3 }'
}

only_our_names()
{
	for archive in "$BUILD"/libvmcache*.a; do
		$NM -g --defined-only "$archive" 2>/dev/null |
			awk -v a="$archive" 'NF == 3 && $3 !~ /^vmc_/ { print a, $3 }'
	done
}

no_weak_names()
{
	for archive in "$BUILD"/libvmcache*.a; do
		$NM "$archive" 2>/dev/null |
			awk -v a="$archive" 'NF > 1 && $(NF - 1) ~ /^[vVwW]$/ { print a, $NF }'
	done
}

# What the compiler itself may call, beside the five: 64-bit arithmetic and
# unaligned access of small targets.
five_of_libc()
{
	$NM "$lib" 2>/dev/null | awk '
		NF == 3 { defined[$3] = 1 }
		NF > 1 && $(NF - 1) == "U" { wanted[$NF] = 1 }
		END { for (name in wanted) if (!(name in defined)) print name }' |
		grep -vxE 'mem(cpy|move|set|cmp)|strlen|_GLOBAL_OFFSET_TABLE_|\.TOC\.|__(u?div|u?mod|ash[lr]|lsh[lr]|mul|cmp|ucmp)[a-z]*[0-9]*|__aeabi_[a-z0-9]*'
}

# an archive of its own, which `make check` builds
noop_alone()
{
	[ -e "$BUILD/noop/libvmcache.a" ] || echo "no $BUILD/noop/libvmcache.a"
	$NM "$BUILD/noop/libvmcache.a" 2>/dev/null |
		grep -oE 'vmc_(agent_(kata|service)|kata|grpc_[A-Z]|pb_encode).*'
}

# of the build that all defaults make
interface()
{
	[ "${AGENT:-all}" = all ] || return 0
	tests/check/symbols.sh | diff tests/check/symbols.txt - |
		sed -n 's/^>/new:/p; s/^</gone:/p'
	[ "$(wc -l <tests/check/symbols.txt)" -gt 100 ] ||
		echo "symbols.txt has no interface (make symbols)"
}

check interface_is_as_it_was interface
check no_heap_in_the_programs no_heap_in_programs
check no_data_in_the_archive no_data
check only_vmc_names_leave_the_archives only_our_names
check no_weak_names no_weak_names
check five_functions_of_libc five_of_libc
check noop_links_no_other_agent noop_alone
exit $failed
