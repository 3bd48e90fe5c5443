#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The deepest stack of the archive's public functions.

    stack.py FILE.ci...

gcc writes a call graph of each file with the frames' sizes
(-fcallgraph-info=su). A call through a pointer is taken to reach every
function of the archive that nobody calls by name, since those are in its
tables of functions; nanopb's reach its hooks in pbio. One such call is
followed: what is behind it calls ports and drivers, whose own stack comes on
top. Recursion is counted once: our messages nest twice.

Prints `bytes function` of the worst public functions, and their path.
"""
import re
import sys

frames, calls, named = {}, {}, set()
NODE = re.compile(r'node: { title: "([^"]+)" label: "[^"]*\\n(\d+) bytes')
EDGE = re.compile(r'edge: { sourcename: "([^"]+)" targetname: "([^"]+)"')
INDIRECT = '__indirect_call'

for path in sys.argv[1:]:
    with open(path, encoding='utf-8') as graph:
        for line in graph:
            if match := NODE.match(line):
                frames[match[1]] = int(match[2])
            elif match := EDGE.match(line):
                calls.setdefault(match[1], set()).add(match[2])
                named.add(match[2])

pointed = {name for name in frames if name not in named and ':' in name}
hooks = {name for name in frames if re.match(r'vmc_pbio_[a-z]+_field$', name)}
WORD = 8  # of the return address


def deepest(name, path, indirect, memo):
    """(bytes, path below name); calls through pointers are followed once."""
    key = (name, indirect)
    if key in memo:
        return memo[key]
    if name in path:
        return (0, [name + ' again'])
    best = (0, [])
    for target in calls.get(name, ()):
        if target == INDIRECT:
            if indirect == 0:
                continue
            targets = hooks if '/pb_' in name else pointed
            found = max((deepest(each, path | {name}, indirect - 1, memo)
                         for each in targets), default=(0, []))
        elif target in frames:
            found = deepest(target, path | {name}, indirect, memo)
        else:
            continue
        best = max(best, found)
    memo[key] = (frames[name] + WORD + best[0], [name] + best[1])
    return memo[key]


def main():
    memo = {}
    rows = sorted((deepest(name, frozenset(), 1, memo)
                   for name in frames if ':' not in name), reverse=True)
    for total, path in rows[:5]:
        short = [name.rsplit(':', 1)[-1] for name in path]
        print(total, short[0], ' > '.join(short[1:]))


main()
