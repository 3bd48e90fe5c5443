#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The deepest stack of the archive's public functions.

    stack.py FILE.ci...

gcc writes a call graph of each file with the frames' sizes
(-fcallgraph-info=su). A call through a pointer is taken to reach every
function of the archive that nobody calls by name, since those are in its
tables of functions. One such call is followed: what is behind it calls ports
and drivers, whose own stack comes on top. Recursion is counted once.

nanopb reaches its hooks, where a field is a view or a list. (Its other
pointers are for what no message of ours has; and it sets no defaults, since
all are decoded with PB_DECODE_NOINIT.) Of the agent's messages, lists reach
the functions that read or write an element, by the table below.

Prints `bytes function` of the worst public functions, and their path.
"""
import re
import sys

frames, files, calls, named = {}, {}, {}, set()
NODE = re.compile(r'node: { title: "([^"]+)" label: "[^"]*?\\n([^":]+):\d+'
                  r'[^"]*\\n(\d+) bytes')
EDGE = re.compile(r'edge: { sourcename: "([^"]+)" targetname: "([^"]+)"')
INDIRECT = '__indirect_call'

for path in sys.argv[1:]:
    with open(path, encoding='utf-8') as graph:
        for line in graph:
            if match := NODE.match(line):
                files[match[1]] = match[2]
                frames[match[1]] = int(match[3])
            elif match := EDGE.match(line):
                calls.setdefault(match[1], set()).add(match[2])
                named.add(match[2])

# What is an element of what: read_NAME and write_NAME in agent_pbio*.c. What
# is in no other message is an element of its file.
INNER = {
    'agent_pbio.c': ['details'],
    'agent_pbio_network.c': ['interface', 'route'],
    'agent_pbio_request.c': ['storage', 'device', 'shared_mount',
                             'kernel_module', 'string_user', 'process'],
    'agent_pbio_stats.c': ['stats'],
    'details': ['device_handler', 'storage_handler', 'extra_feature', 'name'],
    'interface': ['address'],
    'stats': ['cgroup', 'network'],
    'cgroup': ['cpu', 'memory', 'blkio', 'hugetlb'],
    'cpu': ['cpu_usage'],
    'cpu_usage': ['u64'],
    'memory': ['memory_stat'],
    'blkio': ['blkio_stat'],
    'storage': ['view'],
    'device': ['view'],
    'kernel_module': ['view'],
    'string_user': ['view'],
    'process': ['view'],
    'vmc_message_read': ['view'],
    'vmc_message_write': ['view', 'u32', 'u64'],
}
ELEMENTS = {'vmc_message_read_element': 'read', 'vmc_message_read_list': 'read',
            'vmc_message_write_element': 'write', 'write_element': 'write'}
HOOKS = {'vmc_message_field', 'vmc_agent_blkio_field'}
CALLS_HOOKS = {'decode_callback_field', 'decode_field',
               'encode_callback_field', 'encode_field'}
NEVER = {'pb_message_set_to_defaults'}
WORD = 8  # of the return address


def short(name):
    return re.sub(r'\..*', '', name.rsplit(':', 1)[-1])


pointed = {name for name in frames if name not in named and ':' in name}
elements = {short(name): name for name in pointed
            if '/agent_pbio' in files[name]}
for unknown in ({name.partition('_')[2] for name in elements} -
                {inner for row in INNER.values() for inner in row}):
    sys.exit('stack.py: of what is this an element: ' + unknown)


def below(name, message):
    """What is under way below that function: (read or write, a key of the
    table); None: nothing of the agent's."""
    verb = 'write' if 'write' in name else 'read'
    if short(name) in elements:
        return tuple(short(name).split('_', 1))
    if '/agent_pbio' in files[name]:
        return message or (verb, files[name].rsplit('/', 1)[-1])
    if name in ('vmc_message_read', 'vmc_message_write'):
        return message or (verb, name)
    return message


def behind_pointers(name, indirect, message):
    """What its calls through pointers reach, and how many may follow."""
    if short(name) in ELEMENTS:
        verb, outer = message or (None, None)
        found = {elements.get(verb + '_' + inner)
                 for inner in INNER.get(outer, ())
                 if verb == ELEMENTS[short(name)]}
        return [(each, indirect) for each in found if each]
    if '/pb_' in files[name]:
        hooks = HOOKS if message else {'vmc_message_view_field'}
        return [(each, indirect) for each in hooks & set(frames)
                if short(name) in CALLS_HOOKS]
    return [(each, indirect - 1) for each in pointed - set(elements.values())
            if indirect > 0]


def deepest(name, path, indirect, message, memo):
    """(bytes, path below name)."""
    inner = below(name, message)
    path = path if inner == message else frozenset()
    key = (name, indirect, inner)
    if key in memo:
        return memo[key]
    if name in path:
        return (0, [name + ' again'])
    reached = [(target, indirect) for target in calls.get(name, ())
               if target in frames and short(target) not in NEVER]
    if INDIRECT in calls.get(name, ()):
        reached += behind_pointers(name, indirect, inner)
    best = (0, [])
    for target, left in reached:
        best = max(best, deepest(target, path | {name}, left, inner, memo))
    memo[key] = (frames[name] + WORD + best[0], [name] + best[1])
    return memo[key]


def main():
    memo = {}
    rows = sorted((deepest(name, frozenset(), 1, None, memo)
                   for name in frames if ':' not in name), reverse=True)
    for total, path in rows[:5]:
        names = [short(name) for name in path]
        print(total, names[0], ' > '.join(names[1:]))


main()
