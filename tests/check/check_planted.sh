#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The checks themselves: in a copy of the tree with one sin of each kind
# planted, every claim of check_source.sh, check_symbols.sh and
# check_stack.sh is refuted.

. "$(dirname "$0")/lib.sh"

tree=$work/tree
nanopb=$(cd "$NANOPB_DIR" && pwd)
mkdir -p "$tree/.ci" "$tree/build/src" "$tree/build/gen" "$tree/build/nanopb"
cp -r include src port proto Makefile tests "$tree"
cd "$tree" || exit 1

cat >src/wire/planted.c <<'C'
#include "../engine/pump.h"
#include <stdio.h>
#include <pb_decode.h>
int planted_counter = 1;
int planted_common;
int planted_bss[4] = { 0 };
__attribute__((weak)) int planted(unsigned n)
{
	char bare[40], dynamic[n];

	sprintf(bare, "%d", planted_common);
	(void) vmc_error_reset(0);
#if 1
	sscanf(bare, "%s", dynamic);
#endif
	return bare[planted_bss[0]] + dynamic[0] + planted_counter;
}
const char *vmc_agent_kata_name(void)
{
	char large[400];

	return fgets(large, 400, stdin) ? "kata" : "none";
}
C
cp src/wire/planted.c port/mock/view.c
{
	echo 'int scrolls(void) /* SPDX-License-Identifier: Apache-2.0 */'
	echo '{'
	for i in 1 2 3 4 5 6 7 8; do
		for j in 0 1 2 3 4 5 6 7 8 9; do echo "	planted($i$j);"; done
	done
	echo '}'
} >src/base/planted_too.c
host=deb.example
cat >tests/unit/test_planted.c <<C
/* SPDX-License-Identifier: Apache-2.0: fetched from $host.org */
void g(void)
{
	usleep(4);
}
C
gcc -w -Os -fcommon -fPIE -fstack-usage -Iinclude -I"$nanopb" \
	-c src/wire/planted.c -o build/src/planted.o
ar rcs build/libvmcache.a build/src/planted.o
printf '%s\n' '#include <stdlib.h>' \
	'int main(int c, char **v) { return !realloc(*v, c); }' >main.c
gcc -w -static -o build/vmcache.unstripped main.c

# refuted SCRIPT CLAIM…: these fail, each for itself
refuted()
{
	script=$1
	shift
	BUILD=build AGENT=${agent:-noop} sh "tests/check/$script" >said 2>&1
	for claim in "$@"; do
		grep -q "^not ok $claim:" said || echo "$claim stands"
	done
}

all_of_source()
{
	# shellcheck disable=SC2046
	refuted check_source.sh \
		$(sed -n 's/^check \([a-z_]*\) .*/\1/p' tests/check/check_source.sh)
}

check claims_of_check_source_can_fail all_of_source
check claims_of_check_symbols_can_fail refuted check_symbols.sh \
	no_heap_in_the_programs no_data_in_the_archive \
	only_vmc_names_leave_the_archives no_weak_names \
	five_functions_of_libc noop_links_no_other_agent
check claim_of_the_interface_can_fail eval agent=all refuted check_symbols.sh \
	interface_is_as_it_was
check claims_of_check_stack_can_fail refuted check_stack.sh \
	stack_usage_is_known no_dynamic_frame no_frame_over_the_limit
exit $failed
