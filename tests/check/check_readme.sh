#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The README's example is compiled, linked and run as it stands there: each
# block of C with a main is a program. What it shows of the program's own
# commands are targets and options that exist.

. "$(dirname "$0")/lib.sh"

# blocks: README.md's blocks of C, one file each
blocks()
{
	awk -v work="$work" '
		/^```c$/ { n++; inside = 1; next }
		/^```/ { inside = 0 }
		inside { print > (work "/block" n ".c") }' README.md
	grep -l '^int main(' "$work"/block*.c 2>/dev/null
}

examples_build()
{
	found=$(blocks)
	[ -n "$found" ] || echo "no example in README.md"
	ports=$(for port in port/*/; do printf -- '-I%s ' "$port"; done)
	for file in $found; do
		# shellcheck disable=SC2086
		${CC:-musl-gcc} -Wall -Wextra -Werror -static -no-pie \
			-Iinclude $ports -o "${file%.c}" "$file" \
			-Wl,--start-group "$BUILD"/libvmcache*.a -Wl,--end-group
	done
}

# The commands of the porting guide, as they stand there, in a copy of the tree.
# What they end with asks the new port for everything, and fails.
guide_can_be_followed()
{
	nanopb=$(cd "${NANOPB_DIR:-build/deps/nanopb}" && pwd)
	mkdir "$work/tree"
	cp -r include src port proto Makefile tests "$work/tree"
	awk '/^```sh$/ { inside = 1; next } /^```/ { inside = 0 } inside' \
		README.md >"$work/guide"
	(
		cd "$work/tree" || exit
		MAKEFLAGS='' BUILD='' AGENT=noop CFLAGS=-O0 NANOPB_DIR=$nanopb
		export MAKEFLAGS AGENT CFLAGS NANOPB_DIR
		unset BUILD
		sh "$work/guide" >said 2>errors
		[ -s errors ] && cat errors
		grep -q '^not ok mine_nobody_listens: ' said || tail -n 3 said
		grep -q '^ok mine_time_does_not_go_back$' said || echo "nothing is ok"
	)
}

targets_exist()
{
	grep -oE '\bmake [a-z][a-z -]*[a-z]' README.md | tr ' ' '\n' |
		grep -vxE 'make|-.*' | sort -u | while read -r target; do
		make -n "$target" >/dev/null 2>&1 || echo "make $target"
	done
}

options_exist()
{
	help=$(for command in '' serve get run status config quit; do
		"$BUILD/vmcache" $command --help
	done)
	grep -oE '^ *(\$ )?(build/)?vmcache .*' README.md |
		grep -oE -- '--[a-z][a-z-]+' | sort -u | while read -r option; do
		printf '%s\n' "$help" | grep -q -- "$option" || echo "$option"
	done
}

check readme_examples_build examples_build
check readme_guide_can_be_followed guide_can_be_followed
check readme_targets_exist targets_exist
check readme_options_exist options_exist
exit $failed
