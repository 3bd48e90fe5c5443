# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# What the checks share. A check is a claim and what refutes it: `check NAME
# COMMAND…` runs a command that prints each counterexample and is silent if
# there is none. They look at $BUILD, and run from the top of the tree.

BUILD=${BUILD:-build}
NM=${CROSS_COMPILE:-}nm
SIZE=${CROSS_COMPILE:-}size
failed=0
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# check NAME COMMAND…
check()
{
	name=$1
	shift
	found=$("$@" 2>&1)
	if [ -z "$found" ]; then
		printf 'ok %s\n' "$name"
	else
		printf 'not ok %s: %s\n' "$name" \
			"$(printf '%s' "$found" | head -n 12 | tr '\n' ';')"
		failed=1
	fi
}

# sources DIRECTORY…: all C files in there
sources()
{
	find "$@" -name '*.[ch]' | sort
}

# stripped FILE: without comments and the contents of strings, line by line
stripped()
{
	awk '{
		line = $0
		gsub(/"([^"\\]|\\.)*"/, "\"\"", line)
		while (1) {
			if (inside) {
				end = index(line, "*/")
				if (!end) { line = ""; break }
				line = substr(line, end + 2); inside = 0
			}
			begin = index(line, "/*")
			if (!begin) break
			rest = substr(line, begin + 2)
			end = index(rest, "*/")
			if (end) {
				line = substr(line, 1, begin - 1) substr(rest, end + 2)
			} else {
				line = substr(line, 1, begin - 1); inside = 1
				print line; line = ""; printed = 1; break
			}
		}
		if (!printed) print line
		printed = 0
	}' "$1"
}

# grep_code PATTERN DIRECTORY…: file:line: code, outside comments and strings
grep_code()
{
	pattern=$1
	shift
	for file in $(sources "$@"); do
		stripped "$file" | grep -nE "$pattern" | sed "s|^|$file:|"
	done
}
