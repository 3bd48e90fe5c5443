#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Every pair of options: builds the archive with each line of pairs.py, and
# runs a hand-over and the tests of what the archive holds.
#
#	tests/check/options.sh DIRECTORY
#
# Prints a line for each, and ends with `N passed, N failed`. What was
# compiled with one line is refused by the archive of the next.

directory=$1
passed=0 failed=0 number=0 other=

# ok NAME COMMAND…: counts, and shows what went wrong
ok()
{
	name=$1
	shift
	if "$@" >"$directory/log" 2>&1; then
		passed=$((passed + 1))
		printf 'ok %s\n' "$name"
	else
		failed=$((failed + 1))
		printf 'not ok %s\n' "$name"
		tail -n 12 "$directory/log" | sed 's/^/    | /'
	fi
}

# build AGENT TRANSPORT KNOBS: with the least optimisation, which is fastest
build()
{
	${MAKE:-make} --no-print-directory BUILD="$dir" AGENT="$1" TRANSPORT="$2" \
		KNOBS="$3" CFLAGS="-O0 -Werror" CC=gcc LINK= PORTS="mock sim null" \
		"$dir/tests/test_options"
}

# refused OBJECT ARCHIVES: an application with the knobs of one line, linked
# with the archive of another, is told so, or does not link
refused()
{
	[ -e "$1" ] && [ -e "$2/libvmcache.a" ] || return 1
	gcc -o "$directory/stranger" "$1" -Wl,--start-group "$2"/*.a \
		-Wl,--end-group || return 0
	"$directory/stranger" | grep -q 'not ok each_transport'
}

mkdir -p "$directory"
tests/check/pairs.py include/vmcache/config.h include/vmcache/agent_config.h \
	>"$directory/sets"
total=$(wc -l <"$directory/sets")
while [ $number -lt "$total" ]; do
	number=$((number + 1))
	# not by a descriptor that is open all the time: it may be make's, for jobs
	read -r agent transport knobs <<-SET
	$(sed -n "${number}p" "$directory/sets")
	SET
	dir=$directory/$number
	ok "$number: $agent $transport builds" \
		build "$agent" "$transport" "$knobs"
	ok "$number: hands a VM over" "$dir/tests/test_options"
	[ -z "$other" ] || ok "$number: refuses the application of another" \
		refused "$other/tests/test_options.o" "$dir"
	[ -z "$other" ] || rm -rf "$other"
	other=$dir
done
rm -rf "$other"
printf '%d passed, %d failed\n' $passed $failed
[ $passed -gt 0 ] && [ $failed -eq 0 ]
