# SPDX-License-Identifier: Apache-2.0
"""RFC 7541: what a decoder of header blocks can be tested on, from
outside: by calls whose path comes out of the table."""

import random

import hpack

from h2_case import accepts, breaks, case, served
from h2_wire import *  # noqa: F403: it is what is written in

FIELDS = fields_of()
BLOCK = block(FIELDS)
# what a call has but for its path
REST = block(fields_of(without=[":path"]))
PATH = SERVICE + "Status"
TABLE = 4096


def call(stream, payload):
    return headers(stream, payload) + data(stream, message(), end=True)


def entry_size(name, value):
    return len(name) + len(value) + 32


# -- 2.3 Tables ---------------------------------------------------------------

breaks("7541 2.3.3", "index 62 of an empty table", COMPRESSION,
       call(1, index(62) + BLOCK))
breaks("7541 2.3.3", "an index that is far too high", COMPRESSION,
       call(1, index(70000) + BLOCK))
breaks("7541 2.3.3", "a name's index that is too high", COMPRESSION,
       call(1, BLOCK + literal(62, "x")))
breaks("7541 2.3.3", "one beyond the table's last entry", COMPRESSION,
       call(1, block(FIELDS, INDEXED) + index(68)))
accepts("7541 2.3.2", "entries are there for the block they came in",
        call(1, literal(":method", "POST", INDEXED) +
             literal(":path", PATH, INDEXED) +
             block(fields_of(without=[":path", ":method"])) +
             literal("x-a", "b", INDEXED) + index(62)), stream=1)


@case("7541 2.3.1", "each of the static entries decodes")
def _(peer):
    for number in range(1, 62):
        stream = peer.stream()
        peer.send(call(stream, BLOCK + index(number)))
        peer.answer(stream)
        if peer.goaway and peer.goaway[1] == COMPRESSION:
            raise Wrong(f"static entry {number}", peer.end())
        if peer.over():
            return


@case("7541 2.3.1", "the path of a call by static name and indexed method")
def _(peer):
    peer.send(call(1, index(3) + index(6) + literal(4, PATH, PLAIN, True) +
                   block(FIELDS[3:])))
    served(peer, 1)


# -- 4 The table's size -------------------------------------------------------

accepts("7541 4.2", "an update of the size begins a block",
        call(1, table_size(0) + table_size(TABLE) + BLOCK), stream=1)
accepts("7541 4.2", "an update to a size between",
        call(1, table_size(777) + BLOCK), stream=1)
breaks("7541 4.2", "an update after a field", COMPRESSION,
       call(1, index(3) + table_size(0) + BLOCK[8:]))
breaks("7541 4.2", "an update at the end of a block", COMPRESSION,
       call(1, BLOCK + table_size(0)))
breaks("7541 6.3", "an update above SETTINGS_HEADER_TABLE_SIZE",
       COMPRESSION, call(1, table_size(TABLE + 1) + BLOCK))
breaks("7541 6.3", "an update far above it", COMPRESSION,
       call(1, table_size(1 << 20) + BLOCK))


@case("7541 4.3", "an update to 0 empties the table")
def _(peer):
    peer.send(call(1, block(FIELDS, INDEXED)))
    served(peer, 1)
    peer.send(call(3, table_size(0) + table_size(TABLE) + index(62) + BLOCK))
    peer.expect_connection_error(COMPRESSION)


@case("7541 4.3", "an update keeps the newest entries that fit")
def _(peer):
    size = entry_size(":path", PATH)
    peer.send(call(1, block(FIELDS[:2]) +
                   literal(":authority", "old", INDEXED) +
                   literal(":path", PATH, INDEXED) + block(FIELDS[4:])))
    served(peer, 1)
    peer.send(call(3, table_size(size) + index(62) + REST))
    served(peer, 3)
    peer.send(call(5, table_size(size) + index(63) + REST))
    peer.expect_connection_error(COMPRESSION)


@case("7541 4.3", "a smaller table holds for the blocks after it")
def _(peer):
    peer.send(call(1, table_size(40) + literal(":path", PATH, INDEXED) +
                   REST))
    served(peer, 1)
    peer.send(call(3, index(62) + REST))
    peer.expect_connection_error(COMPRESSION)


def fill(peer, left):
    """Entries so that exactly so much of the table is left, the first of
    them the path of a call. Returns how many."""
    used = entry_size(":path", PATH)
    peer.send(call(1, literal(":path", PATH, INDEXED) + REST))
    served(peer, 1)
    count, fillers = 1, b""
    while TABLE - left - used > 0:
        room = TABLE - left - used
        size = room if room < 1000 else 500
        fillers += literal("f", "v" * (size - 33), INDEXED)
        used += size
        count += 1
    peer.send(call(3, BLOCK + fillers))
    served(peer, 3)
    return count


@case("7541 4.4", "a table that is filled to its last byte keeps all")
def _(peer):
    count = fill(peer, 0)
    peer.send(call(5, index(61 + count) + REST))
    served(peer, 5)


@case("7541 4.4", "one byte more evicts the oldest, and only it")
def _(peer):
    count = fill(peer, 33)
    peer.send(call(5, index(61 + count) + REST + literal("a", "b", INDEXED)))
    served(peer, 5)
    # the path is at 62 + count still pushed on by one, if it is there
    peer.send(call(7, index(62 + count) + REST))
    peer.expect_connection_error(COMPRESSION)


@case("7541 4.4", "an entry that just fits evicts nothing")
def _(peer):
    count = fill(peer, 34)
    peer.send(call(5, BLOCK + literal("a", "b", INDEXED)))
    served(peer, 5)
    peer.send(call(7, index(62 + count) + REST))
    served(peer, 7)


@case("7541 4.4", "an entry above the table's size empties it, no error")
def _(peer):
    fill(peer, 0)
    peer.send(call(5, BLOCK + literal("x-big", "v" * TABLE, INDEXED)))
    served(peer, 5)
    peer.send(call(7, index(62) + BLOCK))
    peer.expect_connection_error(COMPRESSION)


@case("7541 4.4", "a new entry may evict the one that its name is from")
def _(peer):
    count = fill(peer, 0)
    peer.send(call(5, literal(61 + count, PATH, INDEXED) + REST))
    served(peer, 5)
    peer.send(call(7, index(62) + REST))
    served(peer, 7)


@case("7541 4.4", "a table of 124 entries, as many as have a name")
def _(peer):
    peer.send(call(1, BLOCK + b"".join(
        literal("a", "", INDEXED) for _ in range(60))))
    served(peer, 1)
    peer.send(call(3, BLOCK + b"".join(
        literal("b", "", INDEXED) for _ in range(63))))
    served(peer, 3)
    # 124 entries of 33 bytes are 4092: the table's end
    peer.send(call(5, BLOCK + literal("c", "", INDEXED) + index(62)))
    served(peer, 5)


# -- 5 Integers and strings ---------------------------------------------------

for name, number in (
        ("an index", b"\xff" + b"\xff" * 20),
        ("an index of zeros", b"\xff" + b"\x80" * 20 + b"\0"),
        ("a name's length", b"\x00\x7f" + b"\xff" * 20 + b"x"),
        ("a value's length", b"\x00\x01x\x7f" + b"\xff" * 20),
        ("a value's length above the block",
         b"\x00\x01x\x7f\xff\xff\xff\x7f"),
        ("a table size", b"\x3f" + b"\xff" * 20)):
    breaks("7541 5.1", f"an integer without end: {name}", COMPRESSION,
           call(1, (BLOCK if b"\x3f" != number[:1] else b"") + number))
breaks("7541 5.1", "an integer above 2^32", COMPRESSION,
       call(1, BLOCK + b"\xff\xff\xff\xff\xff\x1f"))
breaks("7541 5.2", "a string that ends after the block", COMPRESSION,
       call(1, BLOCK + b"\x00\x01x\x05abc"))
breaks("7541 5.2", "a Huffman string that ends after the block",
       COMPRESSION, call(1, BLOCK + b"\x00\x01x\x85abc"))
breaks("7541 5.2", "Huffman padding of 8 bits", COMPRESSION,
       call(1, BLOCK + b"\x00\x01x\x82\x1f\xff"))  # "a", 3 + 8 bits
breaks("7541 5.2", "Huffman padding of zeros", COMPRESSION,
       call(1, BLOCK + b"\x00\x01x\x81\x18"))
breaks("7541 5.2", "Huffman padding with one zero", COMPRESSION,
       call(1, BLOCK + b"\x00\x01x\x81\x1e"))
breaks("7541 5.2", "the Huffman code of EOS", COMPRESSION,
       call(1, BLOCK + b"\x00\x01x\x84\xff\xff\xff\xff"))
breaks("7541 5.2", "the Huffman code of EOS within", COMPRESSION,
       call(1, BLOCK + b"\x00\x01x\x85\x1f\xff\xff\xff\xff"))
accepts("7541 5.2", "all strings in Huffman code",
        call(1, block(FIELDS, PLAIN, True)), stream=1)
accepts("7541 5.2", "an empty Huffman string",
        call(1, BLOCK + b"\x00\x01x\x80"), stream=1)
accepts("7541 5.2", "every byte that a value may have, in Huffman code",
        call(1, BLOCK + literal("x-y", bytes(
            b for b in range(0x21, 0x100) if b != 0x7f), PLAIN, True)),
        stream=1)
accepts("7541 5.1", "an integer with one byte more than it needs",
        call(1, BLOCK + b"\x00\x01x\x7f\x80\x00" + b"v" * 127), stream=1)

# -- 6 Fields -----------------------------------------------------------------

breaks("7541 6.1", "index 0", COMPRESSION, call(1, BLOCK + index(0)))
for kind, name in ((PLAIN, "without indexing"), (NEVER, "never indexed"),
                   (INDEXED, "with indexing")):
    for huffman in (False, True):
        accepts("7541 6.2", f"literals {name}"
                f"{', in Huffman code' if huffman else ''}",
                call(1, block(FIELDS, kind, huffman)), stream=1)
    accepts("7541 6.2", f"literals {name}, the names by index",
            call(1, literal(3, "POST", kind) + literal(6, "http", kind) +
                 literal(5, PATH, kind) + literal(1, "localhost", kind) +
                 literal(31, "application/grpc", kind) +
                 literal("te", "trailers", kind)), stream=1)


@case("7541 6.2.2", "literals without indexing leave no entry")
def _(peer):
    peer.send(call(1, block(FIELDS[:4]) + block(FIELDS[4:], NEVER)))
    served(peer, 1)
    peer.send(call(3, BLOCK + index(62)))
    peer.expect_connection_error(COMPRESSION)


# -- Many calls ---------------------------------------------------------------


@case("7541 3", "a block cut short at any byte is an error of some kind")
def _(peer):
    for at in range(len(BLOCK)):
        with Peer(peer.address, pairs=()) as other:
            other.plain = peer.plain
            other.send(call(1, BLOCK[:at]))
            answer = other.answer(1)
            if other.over():
                other.expect_connection_error(COMPRESSION, PROTOCOL)
            elif answer.status == OK:
                raise Wrong(f"an error after {at} bytes", str(answer))


@case("7541 3.2", "the table stays in step over 400 calls of an encoder "
      "that evicts")
def _(peer):
    encoder = hpack.Encoder()
    choose = random.Random(7541)
    for _ in range(400):
        more = [(f"x-{choose.randrange(40)}",
                 "v" * choose.randrange(0, 300)) for _ in range(
                     choose.randrange(4))]
        stream = peer.stream()
        peer.send(call(stream, encoder.encode(
            fields_of(more=more), huffman=choose.random() < .5)))
        served(peer, stream)
        peer.send(window_update(0, 100 + len(peer.answer_of(stream).body)))


@case("7541 3.2", "the table stays in step after calls that are refused")
def _(peer):
    encoder = hpack.Encoder()
    for round_number in range(10):
        bad = [("x-round", str(round_number)), ("Bad", str(round_number))]
        stream = peer.stream()
        peer.send(call(stream, encoder.encode(fields_of(more=bad))))
        peer.answer(stream)
        if peer.over():
            return  # each may end the connection
        stream = peer.stream()
        peer.send(call(stream, encoder.encode(fields_of())))
        served(peer, stream)


@case("ours 7541 4.2", "the server's first block begins with a table size of 0")
def _(peer):
    peer.send(request(1))
    served(peer, 1)
    first = [f for f in peer.frames if f.kind == HEADERS][0]
    if first.payload[:1] != b"\x20":
        raise Wrong("20", first.payload[:1].hex())


@case("7541 4.2", "a client's HEADER_TABLE_SIZE of 0 is obeyed",
      pairs=((TABLE_SIZE, 0),))
def _(peer):
    peer.decoder.max_allowed_table_size = 0
    for _ in range(3):
        served(peer, peer.call())


@case("7541 4.2", "HEADER_TABLE_SIZE that changes while calls are made")
def _(peer):
    for size in (0, 4096, 100, 65536):
        peer.send(settings((TABLE_SIZE, size)))
        served(peer, peer.call())
