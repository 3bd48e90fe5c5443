#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Sums up what `make targets` has seen:
#
#	tests/conf/targets.sh DIRECTORY HOST TARGET...
#
# DIRECTORY/TARGET.log is the output of `make TARGET=… target-tests`. Every
# target has to pass as many tests of a program as the first one, this
# machine, does; what an emulator cannot do is skipped by name.

directory=$1
host=$2
shift
passed=0 failed=0 skipped=0

# counts TARGET: for each program its name, and tests that passed or were
# skipped; failures have no number here
counts()
{
	sed -nE 's|^[^ ]*/tests/(test_[a-z0-9_]*): ([0-9]+) passed(, ([0-9]+) skipped)? \(.*|\1 \2 \4|p' \
		"$directory/$1.log" | awk '{ print $1, $2 + $3 }'
}

# unlike TARGET: programs with other counts than on the host
unlike()
{
	counts "$1" | while read -r program count; do
		grep -qx "$program $count" "$directory/host" ||
			echo "$program"
	done
}

# sum NUMBER LINE: of a line `N passed, N failed, N skipped`
sum()
{
	echo "$2" | awk -F'[ ,]+' -v n="$1" '{ print $n + 0 }'
}

counts "$host" >"$directory/host"
for target in "$@"; do
	log=$directory/$target.log
	sums=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1)
	file=$(grep '^ELF' "$log")
	different=$(unlike "$target" | tr '\n' ' ')
	[ -n "$file" ] || sums='0 passed, 1 failed'
	printf '%-18s %-38s %s\n' "$target" "$file" "${sums:-not built}"
	[ -z "$different" ] ||
		printf '    not ok: as many as on the host: %s\n' "$different"
	grep -E '^ +(not ok|skip) ' "$log"
	[ -n "$sums" ] || tail -n 12 "$log" | sed 's/^/    | /'
	passed=$((passed + $(sum 1 "$sums")))
	failed=$((failed + $(sum 3 "$sums") + $(echo "$different" | wc -w)))
	skipped=$((skipped + $(sum 5 "$sums")))
	[ -n "$sums" ] || failed=$((failed + 1))
done
printf '%d passed, %d failed, %d skipped\n' $passed $failed $skipped
[ $failed -eq 0 ]
