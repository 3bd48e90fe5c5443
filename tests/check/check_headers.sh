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

# C++ links what the headers declare by its C name, and knows initialisers.
declared()
{
	echo '#include "vmcache.h"' | g++ -E -P -Iinclude -x c++ - |
		grep -oE '\bvmc_[a-z0-9_]+\(' | tr -d '(' | sort -u
}

used_from_cxx()
{
	{
		echo '#include "vmcache.h"'
		echo 'typedef void (*any)(void);'
		echo 'extern const any all[] = {'
		declared | sed 's/.*/(any)&,/'
		echo '};'
		echo 'vmc_task task = VMC_TASK_INIT;'
		echo 'vmc_agent agent = VMC_AGENT_NOOP;'
	} >"$work/used.cc"
	g++ -std=c++20 -Wall -Wextra -Wpedantic -Werror \
		-Wno-missing-field-initializers -Iinclude \
		-c "$work/used.cc" -o "$work/used.o"
	nm -u "$work/used.o" | grep ' _Z'
	[ "$(nm -u "$work/used.o" | grep -c ' U vmc_')" -ge 50 ] ||
		echo "few functions found"
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
check headers_used_from_cxx used_from_cxx
exit $failed
