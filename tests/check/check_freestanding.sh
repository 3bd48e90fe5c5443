#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# No libc: the whole archive compiles with no header but the compiler's own
# and a string.h of five functions, and links with these and the compiler's
# helpers, in each way that a small host may build it.

. "$(dirname "$0")/lib.sh"

shim=tests/check/freestanding

# links COMPILER AR MACHINE FLAGS [MAKE VARIABLE…]: the archive, all of it and
# what a server takes
links()
{
	compiler=$1 archiver=$2 machine=$3 flags=$4
	shift 4
	dir=$work/links
	rm -rf "$dir"
	case $compiler in
	clang) own=$(clang -print-resource-dir)/include five_by=gcc ;;
	*) own=$($compiler -print-file-name=include) five_by=$compiler ;;
	esac
	make --no-print-directory -j2 BUILD="$dir" CC="$compiler" AR="$archiver" \
		CFLAGS="-Os -Werror -ffreestanding $machine $flags" PORTS=null \
		CPPFLAGS="-nostdinc -isystem $own -isystem $shim" \
		"$@" "$dir/libvmcache.a" >"$work/log" 2>&1 ||
		{ tail -n 5 "$work/log"; return; }
	# shellcheck disable=SC2086
	$five_by $machine -std=c11 -Os -w -ffreestanding -fno-builtin \
		-fno-tree-loop-distribute-patterns -isystem "$shim" \
		-c "$shim/five.c" -o "$work/five.o"
	for how in -Wl,--whole-archive -Wl,--gc-sections,-u,vmc_server_step; do
		# shellcheck disable=SC2086
		$compiler $machine $flags -nostdlib -nostartfiles -static -no-pie \
			-Wno-unused-command-line-argument \
			"$how" "$dir/libvmcache.a" -Wl,--no-whole-archive \
			"$work/five.o" -lgcc -o "$work/linked" 2>&1
	done
}

# firmware FLAGS: the same for a Cortex-M3
firmware()
{
	command -v arm-none-eabi-gcc >/dev/null || return 0
	links arm-none-eabi-gcc arm-none-eabi-gcc-ar "-mcpu=cortex-m3 -mthumb" \
		"$1" TARGET=cortex-m3
}

trap="-fsanitize=undefined -fno-sanitize-recover=all -fsanitize-undefined-trap-on-error"

check freestanding_by_gcc links gcc ar "" ""
check freestanding_by_clang links clang ar "" ""
check freestanding_with_lto links gcc gcc-ar "" -flto
check freestanding_that_traps links gcc ar "" "$trap"
check freestanding_firmware firmware ""
check freestanding_firmware_that_traps firmware "$trap"
exit $failed
