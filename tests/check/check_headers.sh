#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Each public header can be included alone, from C and C++, by a strict
# compiler.

. "$(dirname "$0")/lib.sh"

# installed, the ports' headers stand beside vmcache.h
ports=$(for port in port/*/; do printf -- '-I%s ' "$port"; done)

headers()
{
	find include port -name 'vmcache*.h' -o -path 'include/*.h' | sort -u
}

# alone SUFFIX COMPILER STANDARD
alone()
{
	for header in $(headers); do
		printf '#include "%s"\nextern int nothing_else;\n' \
			"$PWD/$header" >"$work/alone.$1"
		"$2" "-std=$3" -Wall -Wextra -Wpedantic -Werror -D_GNU_SOURCE -Iinclude $ports \
			-fsyntax-only "$work/alone.$1" || echo "$header"
	done
}

check headers_alone_in_c99 alone c gcc c99
check headers_alone_in_c11 alone c clang c11
check headers_alone_in_cxx11 alone cc g++ c++11
check headers_alone_in_cxx20 alone cc clang++ c++20
exit $failed
