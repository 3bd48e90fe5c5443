#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Option sets that hold every pair of choices: a line for each,

    AGENT TRANSPORT -DKNOB=value ...

made of the backends and of each knob's least, default and greatest value, as
the headers say them. The first lines are the extremes: all of them default,
least, greatest. The same headers make the same lines.

    pairs.py HEADER...
"""
import itertools
import random
import re
import sys

CANDIDATES = 20  # rows that are tried for each that is taken
AGENTS, TRANSPORTS = ('all', 'noop', 'kata'), ('all', 'ttrpc', 'grpc')


def knobs(paths):
    """name: (default, least, greatest)"""
    text = ''
    for path in paths:
        with open(path, encoding='utf-8') as header:
            text += header.read()
    found = {}
    for name, low, high in re.findall(
            r'#error "(VMC_\w+) must be (\d+)\.\.(\d+)', text):
        default = re.search(rf'#define {name} (\d+)\n', text)[1]
        found[name] = (default, low, high)
    return found


def pairs(row):
    return {(i, row[i], j, row[j])
            for i, j in itertools.combinations(range(len(row)), 2)}


def candidate(left, factors, dice):
    """A row around one pair of those left, each other factor at the level
    that settles most of them."""
    i, a, j, b = dice.choice(sorted(left))
    row = {i: a, j: b}
    order = [k for k in range(len(factors)) if k not in row]
    dice.shuffle(order)
    for k in order:
        row[k] = max(dice.sample(range(len(factors[k])), len(factors[k])),
                     key=lambda level, k=k: sum(
                         ((m, row[m], k, level) if m < k else
                          (k, level, m, row[m])) in left for m in row))
    return [row[k] for k in range(len(factors))]


def cover(factors):
    """Rows of one level of each factor, until each pair was in one."""
    dice = random.Random(1)
    rows = [[level] * len(factors) for level in range(3)]
    left = {(i, a, j, b) for i, j in itertools.combinations(
        range(len(factors)), 2)
        for a in range(len(factors[i])) for b in range(len(factors[j]))}
    for row in rows:
        left -= pairs(row)
    while left:
        row = max((candidate(left, factors, dice) for _ in range(CANDIDATES)),
                  key=lambda row: len(pairs(row) & left))
        left -= pairs(row)
        rows.append(row)
    return rows


def main():
    named = knobs(sys.argv[1:])
    factors = [AGENTS, TRANSPORTS] + list(named.values())
    for row in cover(factors):
        agent, transport, *values = (
            factors[i][level] for i, level in enumerate(row))
        print(agent, transport, ' '.join(
            f'-D{name}={value}' for name, value in zip(named, values)))


main()
