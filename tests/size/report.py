#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `make size` measured, as tables, held to the budget and to the README.

    report.py [--write] BUDGET README DIRECTORY TARGET...

DIRECTORY/TARGET/SET/sizes are lines `figure bytes`, as measure.sh writes them.
A line of the budget is `TARGET SET FIGURE BYTES`, `*` for any. Between two
comments the README has a table of these figures; it may be off by TOLERANCE
before it is refused, and --write makes it anew.
"""
import os
import re
import sys

TOLERANCE = 0.03
SETS = ('smallest', 'noop', 'all')
BEGIN, END = '<!-- begin: make size -->\n', '<!-- end: make size -->\n'
LAYERS = {
    'pool': 'a pool without a server',
    'host': 'a pool behind a server',
    'client': 'the calls of a client',
    'taker': 'a client that makes VMs ready',
    'both': 'host and taker in one program',
    'agent': 'client of a Kata agent',
    'service': 'service of an agent',
}
PLACED = {
    'vmc_pool': '`struct vmc_pool`',
    'vmc_pool_slot': 'of it, each `VMC_VM_MAX`',
    'vmc_server': '`struct vmc_server`',
    'vmc_connection': 'of it, each `VMC_CONNECTION_MAX`',
    'vmc_grpc_slot': 'a connection that speaks gRPC, besides',
    'vmc_vm': 'one VM',
    'vmc_channel': "one client's channel",
    'vmc_agent_kata': 'one VM\'s kata agent; untouched until needed',
    'vmc_agent_service': 'one agent service; the same',
    'vmcache': 'file `vmcache`, static, stripped',
    'vmcache-agent': 'file `vmcache-agent`, the same',
}


def read(directory, targets):
    """figures[target, set][figure]"""
    found = {}
    for target in targets:
        for name in SETS:
            path = os.path.join(directory, target, name, 'sizes')
            if os.path.exists(path):
                with open(path, encoding='utf-8') as lines:
                    found[target, name] = {
                        figure: int(number) for figure, number in
                        (line.split() for line in lines)}
    for sizes in found.values():
        sizes['contexts'] = sizes['vmc_pool'] + sizes['vmc_server']
    return found


def over_budget(path, figures):
    bad, used = [], 0
    with open(path, encoding='utf-8') as lines:
        rules = [line.split() for line in lines
                 if line.strip() and line[0] != '#']
    for *where, figure, limit in (rule for rule in rules if len(rule) == 4):
        for (target, name), sizes in figures.items():
            if (where[0] in ('*', target) and where[1] in ('*', name)
                    and figure in sizes):
                used += 1
                if sizes[figure] > int(limit):
                    bad.append(f'{target} {name}: {figure} {sizes[figure]}, '
                               f'at most {limit}')
    if not used:
        bad.append(f'{path}: nothing in it was measured')
    return bad


def number(value):
    return f'{value:,}'.replace(',', ' ') if value is not None else ''


def row(first, values):
    return '| ' + ' | '.join([first] + [number(v) for v in values]) + ' |\n'


def columns(figures, head, shown, rows):
    shown = [each for each in shown if each in figures]
    text = f'\n| {head} | ' + ' | '.join(
        f'{target}, {name}' for target, name in shown) + ' |\n'
    text += '|---' * (len(shown) + 1) + '|\n'
    for figure, words in rows.items():
        text += row(words, [figures[each].get(figure) for each in shown])
    return text


def table(figures):
    """The README's part, of all that was measured."""
    text = ('| bytes, `gcc -Os` | smallest: code | and constants | contexts '
            '| stack | `AGENT=noop TRANSPORT=ttrpc`: code | and constants '
            '| stack | everything: code | and constants | stack |\n'
            + '|---' * 11 + '|\n')
    for target in dict.fromkeys(target for target, _ in figures):
        values = []
        for name, figure in (
                ('smallest', 'layer.host.code'),
                ('smallest', 'layer.host.text'), ('smallest', 'contexts'),
                ('smallest', 'layer.host.stack'), ('noop', 'code'),
                ('noop', 'text'), ('noop', 'stack'), ('all', 'code'),
                ('all', 'text'), ('all', 'stack')):
            values.append(figures.get((target, name), {}).get(figure))
        text += row(target, values)
    text += columns(figures, 'linked alone', (
        ('x86_64-linux-musl', 'noop'), ('x86_64-linux-musl', 'all'),
        ('cortex-m3', 'smallest'), ('cortex-m3', 'noop'),
        ('cortex-m3', 'all')),
        {f'layer.{name}.text': words for name, words in LAYERS.items()})
    return text + columns(figures, 'what a host places', (
        ('x86_64-linux-musl', 'smallest'), ('x86_64-linux-musl', 'all'),
        ('cortex-m3', 'smallest')), PLACED)


def details(figures):
    for (target, name), sizes in figures.items():
        print(f'-- {target}, {name}')
        for figure, value in sizes.items():
            print(f'{figure:24} {value:8}')


def same(ours, theirs):
    """Whether two tables differ in numbers only, and by how little."""
    digits = re.compile(r'(?<=\| )[\d ]+(?= \|)')
    if digits.sub('', ours) != digits.sub('', theirs):
        return False
    pairs = zip(digits.findall(ours), digits.findall(theirs))
    values = [(int(a.replace(' ', '')), int(b.replace(' ', '')))
              for a, b in pairs]
    return all(abs(a - b) <= TOLERANCE * a for a, b in values)


def readme(path, figures, write):
    """What is wrong with the README's tables; or makes them anew."""
    with open(path, encoding='utf-8') as file:
        text = file.read()
    if BEGIN not in text or END not in text:
        return [f'{path}: no table of sizes']
    before, _, rest = text.partition(BEGIN)
    theirs, _, after = rest.partition(END)
    ours = table(figures)
    if write:
        with open(path, 'w', encoding='utf-8') as file:
            file.write(before + BEGIN + ours + END + after)
    elif not same(ours, theirs):
        return [f'{path}: its sizes are of another day: make size-readme']
    return []


def main():
    args = sys.argv[1:]
    write = args[0] == '--write'
    budget, path, directory, *targets = args[write:]
    figures = read(directory, targets)
    details(figures)
    print(table(figures), end='')
    missing = {target for target in targets if (target, 'all') not in figures}
    for target in sorted(missing):
        print(f'skip sizes of {target}: not measured')
    bad = over_budget(budget, figures)
    if not missing:
        bad += readme(path, figures, write)
    for line in bad:
        print('not ok size: ' + line)
    return 1 if bad else 0


sys.exit(main())
