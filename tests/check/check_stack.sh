#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What gcc's -fstack-usage says of every function of the archive: no frame
# whose size is known only at run time, none above the limit but nanopb's
# that the budget names. (`dynamic,bounded` of gcc on x86 is a known sum:
# arguments that are pushed for a call.)

. "$(dirname "$0")/lib.sh"

usage()
{
	find "$BUILD/src" "$BUILD/gen" "$BUILD/nanopb" -name '*.su' \
		-exec cat {} +
}

some_usage()
{
	[ "$(usage | wc -l)" -gt 100 ] || echo "no -fstack-usage in $BUILD"
}

no_dynamic()
{
	usage | awk -F'\t' '$3 == "dynamic" { print }'
}

frame_max()
{
	limit=$(awk '$1 == "stack-frame" { print $2 }' tests/size/budget.txt)
	named=$(awk '$1 == "stack-frame-of" { printf "%s=%s ", $2, $3 }' \
		tests/size/budget.txt)
	usage | awk -F'\t' -v limit="$limit" -v named="$named" '
		BEGIN {
			n = split(named, pairs, " ")
			for (i = 1; i <= n; i++) {
				split(pairs[i], pair, "=")
				allowed[pair[1]] = pair[2]
			}
		}
		{
			n = split($1, place, ":"); name = place[n]
			max = name in allowed ? allowed[name] : limit
			if ($2 + 0 > max + 0)
				print $1 ": " $2 " bytes, at most " max
		}'
}

check stack_usage_is_known some_usage
check no_dynamic_frame no_dynamic
check no_frame_over_the_limit frame_max
exit $failed
