#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The deepest stack of the archive's public functions.

    stack.py [--word=BYTES] [--roots=NAME,...] FILE.ci...

A call leaves --word bytes besides the frame (x86-64's return address). Of
--roots alone, if these are named.

gcc writes a call graph of each file with the frames' sizes
(-fcallgraph-info=su). A call through a pointer is taken to reach every
function of the archive that nobody calls by name, since those are in its
tables of functions. One such call is followed: what is behind it calls ports
and drivers, whose own stack comes on top. Recursion is counted once.

nanopb reaches its hook, where a field is a view, a text or a list, and
through that itself. How deep messages are in messages is in NESTING.

Prints `bytes function` of the worst public functions, and their path.
"""
import argparse
import re

frames, files, calls, named = {}, {}, {}, set()
NODE = re.compile(r'node: { title: "([^"]+)" label: "[^"]*?\\n([^":]+):\d+'
                  r'[^"]*\\n(\d+) bytes')
EDGE = re.compile(r'edge: { sourcename: "([^"]+)" targetname: "([^"]+)"')
INDIRECT = '__indirect_call'

parser = argparse.ArgumentParser()
parser.add_argument('--word', type=int, default=8)
parser.add_argument('--roots', default='')
parser.add_argument('graphs', nargs='+')
options = parser.parse_args()
roots = set(filter(None, options.roots.split(',')))

for path in options.graphs:
    with open(path, encoding='utf-8') as graph:
        for line in graph:
            if match := NODE.match(line):
                files[match[1]] = match[2]
                frames[match[1]] = int(match[3])
            elif match := EDGE.match(line):
                calls.setdefault(match[1], set()).add(match[2])
                named.add(match[2])

# What calls itself, and how often at most: as messages nest. The agent's
# deepest are statistics, cgroup, memory, an entry; only elements of an array
# are set to defaults, of which one has a message in it; the window's size in a
# process is looked at whether it is empty. The cache's are flat, and nothing
# of them is set to defaults.
NESTING = {'pb_decode_inner': 4, 'vmc_pb_encode': 4, 'arrays_fit': 4,
           'pb_message_set_to_defaults': 2, 'pb_check_proto3_default_value': 2}
FLAT = {name: 1 for name in NESTING} | {'pb_message_set_to_defaults': 0}
AGENTS = {'vmc_message_read', 'vmc_message_write'}
# Who writes does not read; a message of ours has no default values.
NEVER = {('vmc_pb_encode', 'vmc_message_read_field'),
         ('pb_decode_inner', 'write_field'),
         ('pb_message_set_to_defaults', 'decode_field')}
CALLS_HOOKS = {'decode_callback_field', 'decode_field',
               'encode_callback_field', 'encode_field'}


def short(name):
    return re.sub(r'\..*', '', name.rsplit(':', 1)[-1])


pointed = {name for name in frames if name not in named and ':' in name}


def behind_pointers(name, indirect, left):
    """What its calls through pointers reach, and how many may follow."""
    if '/pb_' in files[name]:
        hook = 'vmc_message_view_field' if left is None else 'vmc_message_field'
        return [(hook, indirect)] if (short(name) in CALLS_HOOKS and
                                      hook in frames) else []
    return [(each, indirect - 1) for each in pointed if indirect > 0]


def never(target, nested):
    return any((outer, short(target)) in NEVER for outer in nested or ())


def deepest(name, path, indirect, nested, memo):
    """(bytes, path below name). `nested`: what calls itself, so often yet;
    None: no message is under way."""
    if name in AGENTS:
        nested = {}
    limits = FLAT if nested is None else NESTING
    times = (nested or {}).get(short(name), 0)
    if short(name) in limits and nested is not None:
        nested = nested | {short(name): times + 1}
    if times >= limits.get(short(name), 1) or name in path:
        return (0, [name + ' again'])
    key = (name, indirect,
           None if nested is None else tuple(sorted(nested.items())))
    if key in memo:
        return memo[key]
    inner = path | {name}
    if nested and short(name) in nested:
        inner = frozenset()  # all that is below may be once more
    reached = [(target, indirect) for target in calls.get(name, ())
               if target in frames and not never(target, nested)]
    if INDIRECT in calls.get(name, ()):
        reached += behind_pointers(name, indirect, nested)
    best = (0, [])
    for target, left in reached:
        best = max(best, deepest(target, inner, left, nested, memo))
    memo[key] = (frames[name] + options.word + best[0], [name] + best[1])
    return memo[key]


def main():
    memo = {}
    rows = sorted((deepest(name, frozenset(), 1, None, memo)
                   for name in frames
                   if (name in roots if roots else ':' not in name)),
                  reverse=True)
    for total, path in rows[:5]:
        names = [short(name) for name in path]
        print(total, names[0], ' > '.join(names[1:]))


main()
