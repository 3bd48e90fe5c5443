#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The sizes of a build, as a table, held to tests/size/budget:
#
#	tests/size/size.sh DIRECTORY AGENT
#
# Made for builds by gcc with -fcallgraph-info=su; see `size` in tests.mk.
# text is code and constants, as size(1) counts; relro are constant tables
# with addresses in them, which a static program does not write either.

dir=$1
agent=$2
SIZE=${CROSS_COMPILE:-}size
over=0

# show NAME VALUE WORDS: one line of the table; a budget may forbid it
show()
{
	budget=$(awk -v name="$1" -v own="$agent.$1" '
		$1 == own { print $2; exit }
		$1 == name { print $2; exit }' tests/size/budget)
	mark=
	if [ -n "$budget" ]; then
		mark="of $budget"
		if [ "$2" -gt "$budget" ]; then
			mark="OVER $budget"
			over=1
		fi
	fi
	printf '%-22s %8d  %-12s %s\n' "$1" "$2" "$mark" "$3"
}

# section PATTERN [EXCEPT]: bytes in sections of that name, of the archive
section()
{
	$SIZE -A "$dir/libvmcache.a" | awk -v pattern="$1" -v except="${2:-^$}" '
		$1 ~ pattern && $1 !~ except { sum += $2 } END { print sum + 0 }'
}

columns()
{
	$SIZE -t "$1" | awk 'END { print $1 }'
}

graphs=$(find "$dir/src" "$dir/gen" "$dir/nanopb" -name '*.ci')
# shellcheck disable=SC2086
worst=$(tests/size/stack.py $graphs | sed -n 1p)
frame=$(find "$dir/src" -name '*.su' -exec cat {} + |
	awk -F'\t' '$2 > max { max = $2; name = $1 } END { print max, name }')

echo "-- libvmcache.a, AGENT=$agent, bytes"
show text "$(columns "$dir/libvmcache.a")" "code and constants"
show code "$(section '^\.text')" "of it code"
show relro "$(section '^\.data\.rel\.ro')" "constant tables"
show data "$(section '^\.(data|bss|tdata|tbss)' '^\.data\.rel\.ro')" \
	"variables: none"
show stack-frame "${frame%% *}" "largest frame: ${frame##*:}"
show stack "${worst%% *}" "deepest path, from $(echo "$worst" | cut -d' ' -f2)"

echo "-- where they are"
$SIZE "$dir/libvmcache.a" | awk 'NR > 1 { print $1, $6 }' |
	while read -r bytes member; do
		room=$(find "$dir/src" "$dir/gen" "$dir/nanopb" -name "$member" |
			sed "s|^$dir/||; s|/[^/]*$||")
		echo "$room $bytes"
	done | awk '{ sum[$1] += $2 } END { for (r in sum) print sum[r], r }' |
	sort -rn | while read -r bytes room; do
		printf '%-22s %8d\n' "$room" "$bytes"
	done

echo "-- other archives and the programs"
for archive in "$dir"/libvmcache-*.a; do
	show "$(basename "$archive")" "$(columns "$archive")" text
done
[ -e "$dir/vmcache" ] &&
	show program "$(wc -c <"$dir/vmcache")" "vmcache, static, stripped"
[ -e "$dir/vmcache-agent" ] &&
	show guest-agent "$(wc -c <"$dir/vmcache-agent")" \
		"vmcache-agent, the same"

echo "-- what a host places, with the knobs as they are"
"$dir/contexts" >"$dir/contexts.out"
while read -r name bytes; do
	show "$name" "$bytes"
done <"$dir/contexts.out"

[ $over -eq 0 ] || echo "size: over tests/size/budget"
exit $over
