#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What a reader of the sources may rely on.

. "$(dirname "$0")/lib.sh"

licence_first()
{
	for file in $(sources include src port tests) $(find proto -name '*.proto') \
		Makefile tests/tests.mk $(find tests .ci -name '*.sh'); do
		head -n 2 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0' ||
			echo "$file"
	done
}

unique_names()
{
	find src port -name '*.c' | sed 's|.*/||' | sort | uniq -d
}

# a file that is in no list is not built, and nobody notices
listed()
{
	for file in $(find src port tests/unit tests/scenario tests/program \
		tests/port_check tests/examples \
		-name '*.c' -o -path 'tests/*/test_*.sh'); do
		name=${file##*/}
		name=${name%.*}
		grep -qE "\b${name#test_program_}\b" Makefile tests/tests.mk \
			tests/examples/examples.mk ||
			echo "$file"
	done
}

# Who may include whom: base <- wire <- engine <- rpc <- agent, domain <-
# service <- src/*.c; ports see include/ and src/base/.
layers()
{
	for file in $(sources src); do
		grep -nE '^#include "' "$file" | sed "s|^|$file:|"
	done | awk -F'[:"]' '
		BEGIN {
			rank["base"] = 0; rank["wire"] = 1; rank["engine"] = 2
			rank["rpc"] = 3; rank["agent"] = rank["domain"] = 4
			rank["service"] = 5; rank["server.c"] = 6
			rank["client.c"] = 6
		}
		{
			split($1, from, "/"); room = from[2]
			to = $4
			if (to ~ /^vmcache(\.h$|\/)/) next
			if (to ~ /\.pb\.h$/ && (room == "wire" || room == "agent")) next
			if (to !~ /\//) next       # beside it
			n = split(to, path, "/")
			target = path[n - 1]
			if (!(room in rank) || !(target in rank) ||
			    rank[target] >= rank[room])
				print $1 ":" $2 ": " to
		}'
	for file in $(sources port); do
		grep -nE '^#include "' "$file" | sed "s|^|$file:|"
	done | awk -F'[:"]' '
		$4 ~ /^vmcache/ || $4 !~ /\// { next }
		$4 ~ /^(\.\.\/)+src\/base\// { next }
		$4 ~ /^\.\.\/[a-z]+\/vmcache_[a-z]+\.h$/ { next } # as installed
		$1 ~ /^port\/qemu\// && $4 ~ /^rom\// { next }
		{ print $1 ":" $2 ": " $4 }'
}

# src knows no operating system, no stdio
system_headers()
{
	grep -rnE '^#include <' src include |
		grep -vE '<(string|stddef|stdint|stdbool|limits|pb_(common|decode|encode))\.h>'
}

# nanopb itself: the files of messages; what it generates: those of tables
only_pbio_sees_nanopb()
{
	grep -rlE '#include [<"](pb|pb_[a-z]*)\.h[>"]' src include |
		grep -vE '^src/wire/(message|pbio|agent_messages)[a-z_]*\.[ch]$'
	grep -rlE '#include [<"].*\.pb\.h[>"]' src include |
		grep -vE '^src/wire/(pbio|agent_messages)[a-z_]*\.c'
}

libc_in_src()
{
	grep_code '\b(v?s?n?printf|malloc|calloc|realloc|free|str(cpy|cat|n?cmp|chr|str|dup|tol)|memchr|qsort|abort|exit|assert)\(' src
}

# functions of musl that allocate behind one's back
hidden_malloc()
{
	grep_code '\b(malloc|calloc|realloc|free|fopen|fdopen|opendir|fdopendir|scandir|sscanf|gmtime_r|localtime_r|strftime|realpath|atexit|setenv|putenv|getline|getdelim|getpw[a-z_]*|getgr[a-z_]*|initgroups|posix_spawn[a-z_]*|strdup|asprintf|popen|alloca|glob|getaddrinfo|dlopen|pthread_create|sem_open|timer_create)\(' src port
}

statuses_are_looked_at()
{
	grep_code '\(void\) ?vmc_' src port
}

no_unnamed_sizes()
{
	grep_code '^\s+[a-z_A-Z][a-z_A-Z0-9 *]* \**[a-z_A-Z]+[a-z_A-Z0-9]*\[[0-9]+\]( = .*)?[;,]' src include |
		grep -v ':[[:space:]]*return '
	grep_code '^\s+(static )?(const )?(struct |char|u?int|size_t|unsigned)[a-z_0-9 *]*[a-z_]+\[[0-9]+ [-+*] ' src include
}

no_globals()
{
	grep_code '^(static )?[a-z_0-9]+( [a-z_0-9*]+)* \**[a-z_0-9]+(\[[^]]*\])?( = .*)?;$' src |
		grep -vE '\b(const|typedef|extern|return|struct [a-z_]+;)'
}

no_function_scrolls()
{
	for file in $(sources src port include); do
		awk -v file="$file" '
			/^[a-z].*\)$/ || /^[ \t].*\)$/ { head = $0 }
			/^\{/ { begin = NR }
			/^\}/ && begin {
				if (NR - begin > 71)
					print file ":" begin ": " NR - begin - 1 " lines"
				begin = 0
			}' "$file"
	done
}

# backends are chosen by file and by link, not by #if in a body
no_if_in_a_body()
{
	for file in $(sources src); do
		awk -v file="$file" '
			/^\{/ { inside = 1 } /^\}/ { inside = 0 }
			inside && /^#[ \t]*(if|el)/ { print file ":" NR ": " $0 }' "$file"
	done
}

no_sleep_in_tests()
{
	grep_code '\b(sleep|usleep|nanosleep|clock_nanosleep)\(' tests
	grep -rnE '(^|[;&|(` ])sleep [0-9$.]' tests --include='*.sh'
	grep -rnE 'time\.(sleep|Sleep)\(' tests
}

# the one bounded wait of scripts and programs
in_the_helper()
{
	no_sleep_in_tests | grep -vE '^tests/(program/(lib\.sh|program_tool\.c)|wait\.[ch]|[a-z]+/wait[a-z_]*\.[a-z]+):'
}

# where packages come from is the system's to know
names_a_mirror()
{
	grep -rnE '\b(deb|ftp|mirror|registry|security|snapshot)\.[a-z0-9-]+\.(com|net|org)\b' \
		include src port proto tests Makefile .ci README.md 2>/dev/null
}

check licence_in_every_file licence_first
check base_names_are_unique unique_names
check every_source_is_in_a_list listed
check layers_are_kept layers
check no_system_headers_in_src system_headers
check only_pbio_sees_nanopb only_pbio_sees_nanopb
check no_libc_in_src libc_in_src
check nothing_allocates_behind_our_back hidden_malloc
check statuses_are_looked_at statuses_are_looked_at
check no_unnamed_sizes no_unnamed_sizes
check no_globals no_globals
check no_function_scrolls no_function_scrolls
check no_if_in_a_body no_if_in_a_body
check no_sleep_but_in_the_helper in_the_helper
check no_mirror_is_named names_a_mirror
exit $failed
