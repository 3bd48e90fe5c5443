#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The sizes of a build, as lines `name bytes`:
#
#	tests/size/measure.sh DIRECTORY COMPILER OPTION…
#
# Made for builds by gcc with -fcallgraph-info=su; see `size` in tests.mk. The
# compiler and its options are of the target. CROSS_COMPILE names its tools.

dir=$1
shift
SIZE=${CROSS_COMPILE:-}size
NM=${CROSS_COMPILE:-}nm
archive=$dir/libvmcache.a
graphs=$(find "$dir/src" "$dir/gen" "$dir/nanopb" -name '*.ci')

# sections FILE: sums by kind. What the program does not write is text:
# code, constants, and tables with addresses in them.
sections()
{
	$SIZE -A "$1" | awk '
		$1 ~ /^\.data\.rel\.ro/ { text += $2; relro += $2; next }
		$1 ~ /^\.(text|init|fini|plt)/ { text += $2; code += $2 }
		$1 ~ /^\.(rodata|ARM\.ex|eh_frame|got|sdata2|srodata)/ { text += $2 }
		$1 ~ /^\.(data|tdata|sdata)/ { data += $2 }
		$1 ~ /^\.(bss|tbss|sbss)|^COMMON/ { bss += $2 }
		END {
			print "text", text + 0; print "code", code + 0
			print "rodata", text - code; print "data", data + 0
			print "bss", bss + 0
		}'
}

# layer NAME SYMBOL…: its text and code, linked with nothing but the compiler's
# own helpers. The five functions of libc are somebody else's bytes, and so is
# raise, which GNU's helpers call on ARM when they divide by 0.
layer()
{
	name=$1
	shift 1
	roots=$(printf -- '-Wl,-u,%s ' "$@")
	# shellcheck disable=SC2086
	$LINK_LAYER $roots -o "$dir/layer_$name" "$archive" -lgcc &&
		sections "$dir/layer_$name" |
		sed -n "s/^\(text\|code\) /layer.$name.\1 /p"
	echo "layer.$name.stack $(deepest "$@")"
}

# deepest SYMBOL…: bytes of the worst path from one of them
deepest()
{
	roots=$(echo "$*" | tr ' ' ',')
	# shellcheck disable=SC2086
	tests/size/stack.py "--word=$word" ${roots:+"--roots=$roots"} $graphs |
		sed -n '1s/ .*//p'
}

# what a call leaves on the stack besides the frame
case $("$@" -dumpmachine) in
x86_64*) word=8 ;;
*) word=0 ;;
esac
LINK_LAYER="$* -nostdlib -static -no-pie -Wl,--gc-sections -Wl,-e,0
	-Wl,--build-id=none $(printf -- '-Wl,--defsym=%s=0 ' \
	memcpy memmove memset memcmp strlen raise)"

sections "$archive"
echo "stack $(deepest)"
find "$dir/src" "$dir/gen" "$dir/nanopb" -name '*.su' -exec cat {} + |
	awk -F'\t' '$2 + 0 > max { max = $2 + 0 } END { print "frame", max }'
$NM -S "$dir/contexts.o" | while read -r _ bytes _ name; do
	echo "$name $((0x$bytes))"
done
names=$($NM -g --defined-only "$archive" 2>/dev/null | awk '{ print $3 }')
grep -v '^#' tests/size/layers | while read -r name first rest; do
	# shellcheck disable=SC2086
	echo "$names" | grep -qx "$first" && layer "$name" $first $rest
done
for program in vmcache vmcache-agent; do
	[ ! -e "$dir/$program" ] ||
		echo "$program $(wc -c <"$dir/$program")"
done
