#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Holds our HPACK decoder to python3-hpack's, which reads the same blocks:
#
#	tests/interop/hpack_blocks.py build/interop/hpack_blocks
#
# Connections of several blocks: of its encoder; of our own making, with any
# representation that there is; and both with bytes changed. Fields, sizes,
# errors and tables must be the same after each block. What is different by
# design is in MEANT, by name.

import random
import subprocess
import sys
import zlib

import hpack
from hpack.huffman import HuffmanEncoder
from hpack.huffman_constants import REQUEST_CODES, REQUEST_CODES_LENGTH
from hpack.table import HeaderTable

CONNECTIONS = 500
SCRATCH = 384
MEANT = ["integers_are_bounded"]
NAMES = [b":path", b":method", b"content-type", b"te", b"grpc-timeout",
         b"x-a", b"x-b", b"x-long-" + b"n" * 280, b"x-longer-" + b"m" * 1500]

huffman = HuffmanEncoder(REQUEST_CODES, REQUEST_CODES_LENGTH)


class Connection:
    """Blocks, and what the other decoder made of each."""

    def __init__(self):
        self.decoder = hpack.Decoder(max_header_list_size=1 << 30)
        self.blocks = []
        self.broken = False

    def read(self, block):
        try:
            fields = self.decoder.decode(block, raw=True)
            fields = [(bytes(n), bytes(v)) for n, v in fields]
        except hpack.HPACKError as error:
            fields = None
            self.broken = True
            table = str(error)
        if not self.broken:
            table = table_line(self.decoder.header_table)
        self.blocks.append((block, fields, table))

    def entries(self):
        return len(self.decoder.header_table.dynamic_entries)


def table_line(table):
    total = 0
    text = b""
    for name, value in table.dynamic_entries:
        total += len(name) + len(value) + 32
        text += b"%s:%s\n" % (bytes(name).hex().encode(),
                              bytes(value).hex().encode())
    return "table %d %d %d %d" % (table.maxsize, total,
                                  len(table.dynamic_entries),
                                  zlib.crc32(text))


# -- Blocks ------------------------------------------------------------------

def text(rng, longest):
    if rng.random() < 0.1:
        return bytes(rng.randrange(256) for _ in range(rng.randrange(60)))
    letters = b"abcdefghijklmnopqrstuvwxyz0123456789-/. "
    return bytes(rng.choice(letters) for _ in range(rng.randrange(longest)))


def value(rng):
    longest = rng.choice([4, 4, 30, 30, 30, 120, 700, 3000, 5000])
    return text(rng, longest + 1)


def encoded(rng, encoder):
    """A block of python3-hpack's encoder."""
    for _ in range(rng.choice([0, 0, 0, 1, 2])):
        encoder.header_table_size = rng.choice(
            [0, 31, 32, 100, 256, 1000, 2000, 4095, 4096])
    # not in Huffman's code where that is not UTF-8: it takes texts
    return encoder.encode([(rng.choice(NAMES), value(rng),
                            rng.random() < 0.2)
                           for _ in range(rng.randrange(6))],
                          huffman=rng.random() < 0.5)


def number(rng, bits, prefix, n):
    top = (1 << prefix) - 1
    if n < top:
        return bytes([bits | n])
    n -= top
    out = [bits | top]
    while n >= 128:
        out.append(0x80 | n & 127)
        n >>= 7
    out.append(n)
    if rng.random() < 0.1:
        while len(out) < 4:
            out[-1] |= 0x80
            out.append(0)
    return bytes(out)


def string(rng, content):
    if rng.random() < 0.5:
        return number(rng, 0, 7, len(content)) + content
    content = huffman.encode(content)
    return number(rng, 0x80, 7, len(content)) + content


def index(rng, entries):
    choice = rng.random()
    if choice < 0.3 or entries == 0:
        return rng.randrange(1, 62)
    if choice < 0.6:
        return 61 + entries
    return rng.randrange(62, 62 + entries)


def literal(rng, entries):
    bits, prefix = rng.choice([(0x40, 6), (0x40, 6), (0x00, 4), (0x10, 4)])
    if rng.random() < 0.5:
        name = number(rng, bits, prefix, index(rng, entries))
    else:
        name = bytes([bits]) + string(rng, rng.choice(NAMES + [b"", b"z"]))
    return name + string(rng, value(rng))


def made(rng, connection):
    """A block of one field, so that what the table has is known."""
    block = b""
    entries = connection.entries()
    if rng.random() < 0.15:
        block = number(rng, 0x20, 5, rng.randrange(4097))
        entries = 0
    if rng.random() < 0.3:
        return block + number(rng, 0x80, 7, index(rng, entries))
    return block + literal(rng, entries)


def changed(rng, block):
    block = bytearray(block)
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(block) + 1)
        what = rng.randrange(4)
        if what == 0:
            block[at:at] = bytes([rng.randrange(256)])
        elif what == 1:
            del block[at:at + rng.randrange(1, 4)]
        elif what == 2 and at < len(block):
            block[at] ^= 1 << rng.randrange(8)
        elif at < len(block):
            block[at] = rng.choice([0x00, 0x20, 0x3f, 0x40, 0x7f, 0x80, 0xff])
    return bytes(block)


def connection_encoded(rng):
    connection, encoder = Connection(), hpack.Encoder()
    for _ in range(rng.randrange(1, 8)):
        connection.read(encoded(rng, encoder))
    return connection


def connection_made(rng):
    connection = Connection()
    for _ in range(rng.randrange(1, 40)):
        connection.read(made(rng, connection))
    return connection


def connection_changed(rng):
    connection, encoder = Connection(), hpack.Encoder()
    while not connection.broken and len(connection.blocks) < 12:
        block = rng.choice([lambda: encoded(rng, encoder),
                            lambda: made(rng, connection)])()
        if rng.random() < 0.5:
            block = changed(rng, block)
        connection.read(block)
    return connection


def connection_static(rng):
    connection = Connection()
    connection.read(bytes(0x80 + i for i in range(1, 62)))
    assert len(connection.blocks[0][1]) == HeaderTable.STATIC_TABLE_LENGTH
    return connection


def connection_octets(rng):
    """Each pair of octets in Huffman's code, by and by."""
    connection = Connection()
    first = rng.randrange(256)
    for second in range(256):
        content = huffman.encode(bytes([first, second, first]))
        connection.read(b"\0\x01a" + bytes([0x80 + len(content)]) + content)
    return connection


def connection_endings(rng):
    """Two random bytes as the end of a string in Huffman's code."""
    connection = Connection()
    end = bytes([rng.choice([0xff, 0xff, rng.randrange(256)]),
                 rng.choice([0xff, 0xfe, 0x7f, rng.randrange(256)])])
    content = bytes(rng.randrange(256) for _ in range(rng.randrange(3))) + end
    connection.read(b"\0\x01a" + bytes([0x80 + len(content)]) + content)
    return connection


def connection_integers(rng):
    """A length, or an index, that is long: in digits or in bytes."""
    connection = Connection()
    n = rng.choice([0, 1, 1000, (1 << 20) - 128, (1 << 20) - 127]) + 127
    padding = rng.randrange(7)
    block = bytearray(b"\0\x01a\x7f")
    rest = n - 127
    while rest >= 128 or padding > 0:
        padding -= rest < 128
        block.append(0x80 | rest & 127)
        rest >>= 7
    block.append(rest)
    connection.read(bytes(block) + b"x" * n)
    return connection


# -- Comparing ---------------------------------------------------------------

def integer_is_bounded(block):
    """Whether a length, as above, is none of ours."""
    digits = block[4:block.index(b"xx")]
    return len(digits) > 4 or block.count(b"x") >= 1 << 20


def excused(ours, block):
    """The name of a difference that is meant, or None."""
    if ours.startswith("error HPACK: integer of ") and \
            block.startswith(b"\0\x01a\x7f") and integer_is_bounded(block):
        return "integers_are_bounded"
    return None


def same_field(line, name, content):
    _, our_name, our_value, size = line.split(" ")
    if int(size) != len(name) + len(content) + 32:
        return False
    if our_name == "lost":
        return len(name) > SCRATCH
    if our_name != name.hex():
        return False
    if our_value == "lost":
        return len(name) + len(content) > SCRATCH
    return our_value == content.hex()


def compare(got, end, block, fields, table):
    """None if all is the same, the name of an excuse, or what is not."""
    if fields is None:
        return None if end.startswith("error ") else "no error: " + table
    if end != table:
        return excused(end, block) or "%s, not %s" % (end, table)
    if len(got) != len(fields):
        return "%d fields, not %d" % (len(got), len(fields))
    for line, field in zip(got, fields):
        if not same_field(line, *field):
            return "%s, not %s" % (line[:200], field)
    return None


def run(tool, connections, rng):
    lines = []
    for connection in connections:
        lines.append("new")
        for block, _, _ in connection.blocks:
            lines.append("%d %s" % (rng.choice([1, 2, 3, 7, 50, 1 << 19]),
                                    block.hex()))
    return subprocess.run([tool], input="\n".join(lines) + "\n", check=True,
                          stdout=subprocess.PIPE,
                          universal_newlines=True).stdout.splitlines()


def check(tool, name, make, count):
    rng = random.Random(7541)
    connections = [make(rng) for _ in range(count)]
    lines = iter(run(tool, connections, rng))
    blocks = errors = lost = 0
    excuses = {}
    for connection in connections:
        for block, fields, table in connection.blocks:
            got = []
            for line in lines:
                if not line.startswith("field "):
                    break
                got.append(line)
            why = compare(got, line, block, fields, table)
            blocks += 1
            errors += line.startswith("error ")
            lost += sum(" lost " in field for field in got)
            if why in MEANT:
                excuses[why] = excuses.get(why, 0) + 1
                continue
            if why:
                print("not ok hpack_%s: %s in %s" % (
                    name, why, block.hex()[:10000]))
                return False
    print("ok hpack_" + name)
    print("# %d blocks, %d errors, %d fields with a lost string%s" % (
        blocks, errors, lost,
        "".join("; %s: %d" % excuse for excuse in excuses.items())))
    return next(lines, None) is None


def main():
    tool = sys.argv[1]
    kinds = [("static_table", connection_static, 1),
             ("octets", connection_octets, 60),
             ("integers", connection_integers, 60),
             ("endings_of_codes", connection_endings, 4 * CONNECTIONS),
             ("blocks_of_its_encoder", connection_encoded, CONNECTIONS),
             ("blocks_of_any_kind", connection_made, CONNECTIONS),
             ("blocks_changed", connection_changed, 4 * CONNECTIONS)]
    return not all([check(tool, *kind) for kind in kinds])


sys.exit(main())
