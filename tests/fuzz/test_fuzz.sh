#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Runs fuzz targets for a while, each from its seeds, and first of all sees
# whether the fuzzer finds an overflow that was planted:
#
#	make fuzz_programs && BUILD=build tests/fuzz/test_fuzz.sh [TARGET...]
#
# Takes up to 900 seconds for FUZZ_RUNS executions of each (120000). The inputs
# that crash stay in $BUILD/fuzz, and the crash is shown.

dir=${BUILD:-build}/fuzz
if [ $# -eq 0 ]; then
	set -- $(cd "$dir" && ls -d fuzz_* | grep -vE 'planted|seeds|[-.]')
fi
runs=${FUZZ_RUNS:-120000}
failed=0

# fuzz TARGET OPTION...: one run; its log is in $dir/TARGET.log
fuzz()
{
	target=$1
	shift
	mkdir -p "$dir/work/$target" "$dir/seeds/$target"
	"$dir/$target" -seed=1 -artifact_prefix="$dir/$target-" "$@" \
		"$dir/work/$target" "$dir/seeds/$target" \
		>"$dir/$target.log" 2>&1
}

fail()
{
	echo "not ok $1: $2"
	tail -n 30 "$dir/$1.log" >&2
	failed=1
}

rm -rf "$dir/work"
if fuzz fuzz_planted -max_total_time=20 -max_len=256; then
	fail fuzz_planted "the planted overflow was not found in 20 s"
elif ! grep -q 'AddressSanitizer: heap-buffer-overflow' \
	"$dir/fuzz_planted.log"; then
	fail fuzz_planted "ended, but not by the planted overflow"
else
	echo "ok fuzz_planted_is_found"
fi

for target in "$@"; do
	if ! fuzz "$target" -runs="$runs" -timeout=10 -max_len=4096; then
		fail "$target" "crashed: $(grep -m 1 -E 'ERROR|SUMMARY' \
			"$dir/$target.log")"
		continue
	fi
	done=$(sed -n 's/^Done \([0-9]*\) runs.*/\1/p' "$dir/$target.log")
	if [ "${done:-0}" -lt "$runs" ]; then
		fail "$target" "only ${done:-0} of $runs executions"
	else
		echo "ok $target"
		echo "# $done executions"
	fi
done
exit $failed
