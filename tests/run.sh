#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Runs test programs and sums what they print (tests/unit/test.h says how):
#
#	tests/run.sh [-v] PROGRAM...
#
# Shows failures and skips, with -v all lines, and ends with the line
# `N passed, N failed` (and `, N skipped`). A program that dies, says nothing
# or runs longer than TEST_TIMEOUT seconds is one failure more: 300, or what a
# script says in a line `# Takes up to N seconds`. Exits with 1 if anything
# failed. RUN is what runs a program of another machine.

verbose=0
[ "$1" = -v ] && { verbose=1; shift; }
[ "$V" = 1 ] && verbose=1

log=$(mktemp -d) || exit 1
trap 'rm -rf "$log"' EXIT
trap 'exit 130' INT TERM

passed=0 failed=0 skipped=0

# count PATTERN: lines of the last program's output that match
count()
{
	grep -c "$1" "$log/out"
}

for program in "$@"; do
	begun=$(date +%s)
	limit=$(sed -n 's/^# Takes up to \([0-9]*\) seconds.*/\1/p' "$program")
	limit=${TEST_TIMEOUT:-${limit:-300}}
	# shellcheck disable=SC2086 # a command and its options
	timeout -k 5 "$limit" $RUN "$program" \
		>"$log/out" 2>"$log/err" </dev/null
	code=$?
	ok=$(count '^ok ') bad=$(count '^not ok ') skip=$(count '^skip ')
	why=
	if [ $code -eq 124 ] || [ $code -eq 137 ]; then
		why="still running after $limit s"
	elif [ $code -gt 128 ]; then
		why="killed by signal $((code - 128))"
	elif [ $code -ne 0 ] && [ "$bad" -eq 0 ]; then
		why="exit status $code"
	elif [ $((ok + bad + skip)) -eq 0 ]; then
		why="no test was run"
	fi
	[ -n "$why" ] && bad=$((bad + 1))
	printf '%s: %d passed' "$program" "$ok"
	[ "$bad" -gt 0 ] && printf ', %d FAILED' "$bad"
	[ "$skip" -gt 0 ] && printf ', %d skipped' "$skip"
	printf ' (%d s)\n' $(($(date +%s) - begun))
	if [ $verbose -eq 1 ]; then
		sed 's/^/    /' "$log/out"
	else
		grep -E '^(not ok|skip) ' "$log/out" | sed 's/^/    /'
	fi
	[ -n "$why" ] && printf '    not ok %s: %s\n' "$program" "$why"
	[ "$bad" -gt 0 ] && tail -n 40 "$log/err" | sed 's/^/    | /'
	passed=$((passed + ok)) failed=$((failed + bad))
	skipped=$((skipped + skip))
done

printf '%d passed, %d failed' $passed $failed
[ $skipped -gt 0 ] && printf ', %d skipped' $skipped
printf '\n'
[ $failed -eq 0 ]
