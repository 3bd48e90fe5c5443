#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Knobs are real: halved, each changes the size of a context, or the archive
# speaks of it where it refuses; out of its range it stops the compiler; an
# application with another value is refused at init.

. "$(dirname "$0")/lib.sh"

config=include/vmcache/config.h
cc="${CHECK_CC:-gcc} -std=c11 -Iinclude"

# knobs: name and default, of all headers
knobs()
{
	awk '/^#ifndef VMC_/ { name = $2 }
		$1 == "#define" && $2 == name { print name, $3 }' \
		"$config" include/vmcache/agent_config.h
}

at_most_20()
{
	count=$(awk '/^#ifndef VMC_[A-Z_]+$/' "$config" | grep -vc CONFIG_H)
	[ "$count" -le 20 ] || echo "$count knobs in $config"
	[ "$(knobs | wc -l)" -ge 10 ] || echo "knobs not found"
}

# Each is described: what it bounds, unit or range, and its cost.
described()
{
	for knob in $(knobs | cut -d' ' -f1); do
		awk -v knob="$knob" '
			/^\/\*/ { text = "" } { text = text $0 }
			$1 == "#ifndef" && $2 == knob { print text }' \
			"$config" include/vmcache/agent_config.h |
			grep -qE '[0-9]+\.\.[0-9]+.*(RAM|Stack|Text)' ||
			echo "$knob: no range or cost"
	done
}

# sizes FLAG…: of everything public that a knob may be in. A value that the
# header refuses makes a difference too.
sizes()
{
	cat >"$work/sizes.c" <<-'C'
	#include "vmcache.h"
	#include <stdio.h>
	#define SIZE(type) printf(" %zu", sizeof(struct type))
	int main(void)
	{
		SIZE(vmc_server), SIZE(vmc_pool), SIZE(vmc_channel);
		SIZE(vmc_vm), SIZE(vmc_error), SIZE(vmc_cached_vm);
		SIZE(vmc_process), SIZE(vmc_interfaces), SIZE(vmc_routes);
		SIZE(vmc_guest_details), SIZE(vmc_container_stats);
		SIZE(vmc_agent_kata), SIZE(vmc_agent_service);
		SIZE(vmc_grpc_slot);
	}
	C
	if $cc "$@" -o "$work/sizes" "$work/sizes.c" 2>"$work/refusal"; then
		"$work/sizes"
	else
		grep -o '#error.*' "$work/refusal"
	fi
}

# What is in no context is the size of an array on the stack, or is named in a
# refusal.
halved_changes_something()
{
	all=$(sizes)
	[ "$(echo "$all" | wc -w)" -ge 10 ] || cat "$work/refusal"
	knobs | while read -r knob value; do
		half=$(sizes "-D$knob=$((value / 2))")
		[ "$half" != "$all" ] && continue
		grep -rqE "\"[^\"]*$knob[^\"]*\"|\[$knob\];" src ||
			echo "$knob: halved, nothing changes and nobody says so"
	done
}

out_of_range_is_refused()
{
	knobs | while read -r knob value; do
		for wrong in 0 100000000; do
			echo '#include "vmcache.h"' |
				$cc "-D$knob=$wrong" -fsyntax-only -x c - 2>&1 |
				grep -q "#error \"$knob must be" ||
				echo "$knob=$wrong"
		done
	done
}

# all of them are in the digest that init compares
digest()
{
	cat >"$work/digest.c" <<-'C'
	#include "vmcache.h"
	#include <stdio.h>
	int main(void) { printf("%u\n", (unsigned)VMC_OPTIONS); }
	C
	$cc "$@" -o "$work/digest" "$work/digest.c" && "$work/digest"
}

digest_has_all()
{
	all=$(digest)
	knobs | while read -r knob value; do
		[ "$(digest "-D$knob=$((value + 1))")" != "$all" ] ||
			echo "$knob"
	done
}

check at_most_20_knobs at_most_20
check knobs_are_described described
check halved_knobs_change_something halved_changes_something
check knobs_out_of_range_are_refused out_of_range_is_refused
check knobs_are_in_the_digest digest_has_all
exit $failed
