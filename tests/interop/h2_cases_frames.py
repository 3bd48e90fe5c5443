# SPDX-License-Identifier: Apache-2.0
"""RFC 9113, sections 3 to 6: what a server can be tested on."""

import socket

from h2_case import (accepts, breaks, case, expect_stream_error, good_call,
                     indexed_call, resets, served)
from h2_wire import *  # noqa: F403: it is what is written in

PATTERN = b"\x01\x23\x45\x67\x89\xab\xcd\xef"


def open_stream(stream=1, **how):
    """The head of a call, whose message is to come."""
    return headers(stream, block(fields_of(**how)))


# -- 3.4 The preface ----------------------------------------------------------


@case("3.4", "the server's SETTINGS come on the preface alone, first",
      begin=False)
def _(peer):
    peer.send(PREFACE)
    peer.until(lambda: peer.settings_came, "SETTINGS")


@case("3.4", "SETTINGS of the server come before the ACK of the client's",
      begin=False)
def _(peer):
    peer.send(PREFACE + settings((MAX_STREAMS, 10)))
    peer.until(lambda: peer.acks, "an ACK")
    if peer.frames[0].kind != SETTINGS or peer.frames[0].flags & ACK:
        raise Wrong("SETTINGS first", str(peer.frames[0]))


@case("3.4", "preface, SETTINGS and a call in one write", begin=False)
def _(peer):
    peer.send(PREFACE + settings() + request(1))
    served(peer, 1)


@case("3.4", "preface, SETTINGS and a call, byte by byte", begin=False)
def _(peer):
    for byte in PREFACE + settings() + request(1):
        peer.send(bytes([byte]))
    served(peer, 1)


@case("3.4", "a preface that goes wrong at any byte ends the connection",
      begin=False)
def _(peer):
    for at in range(1, len(PREFACE)):
        wrong = bytearray(PREFACE)
        wrong[at] ^= 0x20
        with Peer(peer.address, begin=False) as other:
            other.send(bytes(wrong) + settings())
            other.until(lambda: other.closed,
                        f"close after a wrong byte {at}")


@case("3.4", "a client's first frame that is not SETTINGS", begin=False)
def _(peer):
    peer.send(PREFACE + ping())
    peer.until(lambda: peer.closed, "close")
    if peer.goaway and peer.goaway[1] != PROTOCOL:
        raise Wrong("PROTOCOL_ERROR", peer.end())


accepts("3.4", "settings of every kind in the first SETTINGS", pairs=(
    (TABLE_SIZE, 4096), (ENABLE_PUSH, 0), (MAX_STREAMS, 0), (WINDOW, 4194303),
    (MAX_FRAME, 4194303), (MAX_LIST, 8192), (0xfe03, 1)))

# -- 4.1 Frames ---------------------------------------------------------------

for kind in (0x0a, 0x0c, 0x10, 0x42, 0xff):
    accepts("4.1", f"frames of unknown type {kind:#x} are ignored",
            frame(kind, 0xff, 0, b"anything"), frame(kind, 0, 7, b"at all"),
            frame(kind, 0, 0, b""))
accepts("4.1", "an unknown frame between HEADERS and DATA",
        open_stream(), frame(0xbb, 0, 1, b"x"), frame(0xbb, 0, 0, b"x"),
        data(1, message(), end=True), stream=1)
accepts("4.1", "undefined flags are ignored",
        frame(SETTINGS, 0xfe, 0, b""),
        frame(WINDOW_UPDATE, 0xff, 0, u32(1)),
        frame(HEADERS, END_HEADERS | 0xd2, 1, block(fields_of())),
        frame(DATA, END_STREAM | 0xf6, 1, message()), stream=1)
accepts("4.1", "the reserved bit of a stream is ignored",
        open_stream(0x80000001), data(0x80000001, message(), end=True),
        frame(WINDOW_UPDATE, 0, 0x80000000, u32(1)), stream=1)


@case("4.1", "an undefined flag of PING is ignored")
def _(peer):
    peer.send(frame(PING, 0xfe, 0, PATTERN))
    peer.until(lambda: peer.pongs == [PATTERN], "an ACK of PING")


# -- 4.2 Sizes ----------------------------------------------------------------


@case("4.2", "a frame of 16384 bytes is read")
def _(peer):
    peer.send(frame(0x42, 0, 0, bytes(FRAME_START)))
    peer.send(frame(0x42, 0, 1, bytes(FRAME_START)))
    good_call(peer)


@case("4.2", "a HEADERS frame of 16384 bytes is read")
def _(peer):
    most = peer.settings.get(MAX_LIST, 32768)
    payload = block(fields_of())
    room = FRAME_START - len(payload)
    if most >= FRAME_START + 500:
        payload += literal("x-filler", "f" * (room - 13))
    peer.send(headers(1, payload) + data(1, message(), end=True))
    served(peer, 1)


def too_big(peer):
    """One byte more than the server has said it takes."""
    return peer.settings.get(MAX_FRAME, FRAME_START) + 1


@case("4.2", "a HEADERS frame above MAX_FRAME_SIZE: connection error "
      "FRAME_SIZE_ERROR")
def _(peer):
    peer.send(headers(1, block(fields_of()).ljust(too_big(peer), b"\0")))
    peer.expect_connection_error(FRAME_SIZE)


@case("4.2", "a DATA frame above MAX_FRAME_SIZE: FRAME_SIZE_ERROR")
def _(peer):
    peer.send(open_stream() + data(1, bytes(too_big(peer)), end=True))
    expect_stream_error(peer, 1, (FRAME_SIZE,), answer_too=False)


@case("4.2", "a SETTINGS frame above MAX_FRAME_SIZE: connection error "
      "FRAME_SIZE_ERROR")
def _(peer):
    peer.send(frame(SETTINGS, 0, 0, bytes((too_big(peer) + 5) // 6 * 6)))
    peer.expect_connection_error(FRAME_SIZE)


@case("4.2", "a frame of unknown type above MAX_FRAME_SIZE: "
      "FRAME_SIZE_ERROR")
def _(peer):
    peer.send(frame(0x42, 0, 0, bytes(too_big(peer))))
    peer.expect_connection_error(FRAME_SIZE)


breaks("4.2", "a length of 2^24-1 is refused by its header alone",
       FRAME_SIZE, frame(HEADERS, END_HEADERS, 1, b"", length=0xffffff))

# -- 4.3 Field blocks ---------------------------------------------------------

breaks("4.3", "HEADERS, then a frame of another type before END_HEADERS",
       PROTOCOL, headers(1, block(fields_of()), flags=0), ping())
breaks("4.3", "HEADERS, then an unknown frame before END_HEADERS",
       PROTOCOL, headers(1, block(fields_of()), flags=0),
       frame(0x42, 0, 1, b"x"), frame(CONTINUATION, END_HEADERS, 1))
breaks("4.3", "HEADERS, then HEADERS of another stream before END_HEADERS",
       PROTOCOL, headers(1, block(fields_of()), flags=0), open_stream(3))
breaks("4.3", "HEADERS, then CONTINUATION of another stream", PROTOCOL,
       headers(1, block(fields_of()), flags=0),
       frame(CONTINUATION, END_HEADERS, 3))
breaks("4.3", "HEADERS, then DATA of its stream before END_HEADERS",
       PROTOCOL, headers(1, block(fields_of()), flags=0),
       data(1, message(), end=True))
breaks("4.3", "a block that does not decode", COMPRESSION,
       headers(1, b"\x80", end=True))
breaks("4.3", "a block that ends within a field", COMPRESSION,
       headers(1, block(fields_of())[:-1], end=True))


@case("4.3", "all streams share one table, and blocks are decoded in order")
def _(peer):
    peer.send(headers(1, block(fields_of(), INDEXED)))
    peer.send(headers(3, b"".join(index(67 - i) for i in range(6))))
    peer.send(data(3, message(), end=True) + data(1, message(), end=True))
    served(peer, 3)
    served(peer, 1)


# -- 5.1 States ---------------------------------------------------------------

breaks("5.1", "idle: DATA", PROTOCOL, data(1, b"x", end=True))
breaks("5.1", "idle: RST_STREAM", PROTOCOL, reset(1))
breaks("5.1", "idle: WINDOW_UPDATE", PROTOCOL, window_update(1, 100))
breaks("5.1", "idle: CONTINUATION", PROTOCOL,
       frame(CONTINUATION, END_HEADERS, 1, block(fields_of())))
accepts("5.1", "idle: PRIORITY", priority(1), priority(9, 1), priority(7, 9))


def half_closed(peer):
    """Stream 1: asked, its answer held back by a window of none."""
    peer.send(request(1))
    answer = peer.answer_of(1)
    peer.until(lambda: answer.blocks, "the head of an answer")


NO_WINDOW = ((WINDOW, 0),)


@case("5.1", "half-closed (remote): DATA is STREAM_CLOSED", pairs=NO_WINDOW)
def _(peer):
    peer.send(request(1) + data(1, b"x", end=True))
    answer = peer.answer(1)
    if answer.reset != STREAM_CLOSED:
        peer.expect_connection_error(STREAM_CLOSED)


@case("5.1", "half-closed (remote): HEADERS is STREAM_CLOSED",
      pairs=NO_WINDOW)
def _(peer):
    peer.send(request(1) + headers(1, block([("x", "y")]), end=True))
    answer = peer.answer(1)
    if answer.reset != STREAM_CLOSED:
        peer.expect_connection_error(STREAM_CLOSED, PROTOCOL)


@case("5.1", "half-closed (remote): PRIORITY, WINDOW_UPDATE and RST_STREAM "
      "are taken", pairs=NO_WINDOW)
def _(peer):
    half_closed(peer)
    peer.send(priority(1) + window_update(1, 1))
    peer.until(lambda: len(peer.answer_of(1).body) == 1, "one byte")
    peer.send(reset(1) + settings((WINDOW, WINDOW_START)))
    indexed_call(peer)
    if peer.answer_of(1).reset is not None:
        raise Wrong("no RST_STREAM after RST_STREAM", str(peer.answer_of(1)))


@case("5.1", "half-closed (remote): CONTINUATION is a connection error",
      pairs=NO_WINDOW)
def _(peer):
    peer.send(request(1) + frame(CONTINUATION, END_HEADERS, 1, b"\x88"))
    peer.expect_connection_error(PROTOCOL, STREAM_CLOSED)


@case("5.1", "closed: WINDOW_UPDATE, RST_STREAM and PRIORITY are ignored")
def _(peer):
    served(peer, peer.call(1))
    peer.send(window_update(1, 5) + reset(1) + priority(1))
    indexed_call(peer)


@case("5.1", "closed: DATA is STREAM_CLOSED, or discarded")
def _(peer):
    served(peer, peer.call(1))
    peer.send(data(1, b"x", end=True))
    peer.send(ping())
    peer.until(lambda: peer.pongs or peer.over(), "an answer")
    if peer.over():
        peer.expect_connection_error(STREAM_CLOSED)
    elif peer.answer_of(1).reset not in (None, NO_ERROR, STREAM_CLOSED):
        raise Wrong("STREAM_CLOSED", str(peer.answer_of(1)))
    else:
        indexed_call(peer)


@case("5.1", "closed by RST_STREAM: DATA is STREAM_CLOSED, or discarded")
def _(peer):
    peer.send(open_stream() + reset(1) + data(1, message(), end=True))
    peer.send(ping())
    peer.until(lambda: peer.pongs or peer.over(), "an answer")
    if peer.over():
        peer.expect_connection_error(STREAM_CLOSED)
    elif peer.answer_of(1).reset not in (None, STREAM_CLOSED):
        raise Wrong("STREAM_CLOSED", str(peer.answer_of(1)))
    else:
        indexed_call(peer)


@case("5.1", "closed: HEADERS do not open it again")
def _(peer):
    served(peer, peer.call(1))
    peer.send(request(1))
    peer.send(ping())
    peer.until(lambda: peer.pongs or peer.over(), "an answer")
    if peer.over():
        peer.expect_connection_error(STREAM_CLOSED, PROTOCOL)
    elif peer.answer_of(1).reset != STREAM_CLOSED:
        raise Wrong("STREAM_CLOSED", str(peer.answer_of(1)))


@case("5.1", "closed by RST_STREAM: HEADERS do not open it again")
def _(peer):
    peer.send(open_stream() + reset(1) + request(1) + ping())
    peer.until(lambda: peer.pongs or peer.over(), "an answer")
    if peer.over():
        peer.expect_connection_error(STREAM_CLOSED, PROTOCOL)
    elif peer.answer_of(1).reset not in (STREAM_CLOSED, PROTOCOL):
        raise Wrong("STREAM_CLOSED", str(peer.answer_of(1)))


@case("5.1", "closed by RST_STREAM of the server: what is under way is "
      "discarded, its block decoded")
def _(peer):
    bad = block(fields_of(more=[("bad name", "x")]))
    peer.send(headers(1, bad) + data(1, message()) + window_update(1, 1) +
              headers(1, block([("x-table", "step")], INDEXED), end=True))
    answer = peer.answer(1)
    if peer.over():
        peer.expect_connection_error(PROTOCOL, STREAM_CLOSED)
        return
    if answer.status == OK:
        raise Wrong("an error", str(answer))
    peer.send(headers(3, block(fields_of()) + index(62)) +
              data(3, message(), end=True))
    served(peer, 3)


# -- 5.1.1 Numbers of streams -------------------------------------------------

breaks("5.1.1", "an even stream", PROTOCOL, request(2))
breaks("5.1.1", "a stream below the last one", (PROTOCOL, STREAM_CLOSED),
       request(5), request(3))
accepts("5.1.1", "streams may be skipped", request(1), request(9), stream=9)


@case("5.1.1", "the last stream there is, 2^31-1")
def _(peer):
    peer.call(0x7fffffff)
    served(peer, 0x7fffffff)
    peer.expect_alive()


# -- 5.1.2 How many streams ---------------------------------------------------


def most_streams(peer):
    most = peer.settings.get(MAX_STREAMS)
    if not most or most > 10000:
        raise Wrong("MAX_CONCURRENT_STREAMS in SETTINGS", str(most))
    return most


@case("5.1.2", "as many streams as announced are served together",
      pairs=NO_WINDOW)
def _(peer):
    streams = [peer.call() for _ in range(most_streams(peer))]
    peer.send(settings((WINDOW, WINDOW_START)))
    for stream in streams:
        served(peer, stream)


@case("5.1.2", "one more than announced is REFUSED_STREAM, its block "
      "decoded", pairs=NO_WINDOW)
def _(peer):
    streams = [peer.call() for _ in range(most_streams(peer))]
    more = peer.stream()
    peer.send(headers(more, block(fields_of(), INDEXED)) +
              data(more, message(), end=True))
    answer = peer.answer(more)
    if answer.reset not in (REFUSED, PROTOCOL):
        raise Wrong("REFUSED_STREAM", f"{answer}, {peer.end()}")
    peer.send(reset(streams[0]))
    again = peer.stream()
    peer.send(headers(again, b"".join(index(67 - i) for i in range(6))) +
              data(again, message(), end=True))
    peer.send(settings((WINDOW, WINDOW_START)))
    for stream in streams[1:] + [again]:
        served(peer, stream)


@case("5.1.2", "open, half-closed, and reset: only what is open counts")
def _(peer):
    for _ in range(3 * most_streams(peer) // 2):
        stream = peer.stream()
        peer.send(open_stream(stream) + reset(stream))
        peer.expect_alive()
    good_call(peer)


# -- 5.3 Priority -------------------------------------------------------------

accepts("5.3", "HEADERS with priority, as grpc-java sends them",
        frame(HEADERS, END_HEADERS | WITH_PRIORITY, 3,
              u32(0) + b"\x0f" + block(fields_of())),
        data(3, message(), end=True), stream=3)
accepts("5.3", "five PRIORITY frames and a call on 13, as nghttp sends them",
        priority(3, 0, 200), priority(5, 0, 100), priority(7, 0, 0),
        priority(9, 7, 0), priority(11, 3, 0),
        frame(HEADERS, END_HEADERS | WITH_PRIORITY, 13,
              u32(11) + b"\x0f" + block(fields_of())),
        data(13, message(), end=True), stream=13)


@case("5.3", "a stream that depends on itself: ignored, or PROTOCOL_ERROR")
def _(peer):
    peer.send(priority(3, 3) + ping())
    peer.until(lambda: peer.pongs or peer.over(), "an answer")
    if peer.over():
        peer.expect_connection_error(PROTOCOL)


# -- 5.4, 5.5 Errors and extensions -------------------------------------------


@case("5.4.2", "no RST_STREAM in answer to RST_STREAM")
def _(peer):
    peer.send(open_stream() + reset(1) + ping())
    peer.until(lambda: peer.pongs, "an ACK of PING")
    if peer.answer_of(1).reset is not None:
        raise Wrong("no RST_STREAM", str(peer.answer_of(1)))


accepts("5.5", "an unknown setting is ignored",
        settings((0x0, 1), (0xff00, 0xffffffff), (0x7, 3)))
accepts("5.5", "settings of other RFCs: 8 (CONNECT), 9 (no priorities)",
        pairs=((8, 1), (9, 1)))

# -- 6.1 DATA -----------------------------------------------------------------

breaks("6.1", "DATA on stream 0", PROTOCOL, data(0, b"x"))
breaks("6.1", "DATA with as much padding as payload", PROTOCOL,
       open_stream(), frame(DATA, PADDED | END_STREAM, 1, b"\x05abcd"))
breaks("6.1", "DATA with more padding than payload", PROTOCOL,
       open_stream(), frame(DATA, PADDED | END_STREAM, 1, b"\xff"))
breaks("6.1", "PADDED DATA without a pad length", (FRAME_SIZE, PROTOCOL),
       open_stream(), frame(DATA, PADDED | END_STREAM, 1, b""))
for pad in (0, 1, 255):
    accepts("6.1", f"DATA with {pad} bytes of padding", open_stream(),
            data(1, message(), end=True, pad=pad), stream=1)
accepts("6.1", "DATA of padding alone", open_stream(), data(1, pad=30),
        data(1, message(), pad=7), data(1, pad=0, end=True), stream=1)
accepts("6.1", "an empty DATA frame ends the stream", open_stream(),
        data(1, message()), data(1, end=True), stream=1)

# -- 6.2 HEADERS --------------------------------------------------------------


def padded(stream, payload, pad, extra=b"", flags=0):
    return frame(HEADERS, END_HEADERS | PADDED | flags, stream,
                 bytes([pad]) + extra + payload + bytes(pad))


breaks("6.2", "HEADERS on stream 0", PROTOCOL, open_stream(0))
breaks("6.2", "HEADERS with more padding than payload", PROTOCOL,
       frame(HEADERS, END_HEADERS | PADDED, 1, b"\x09\x82\x86\x84"))
breaks("6.2", "PADDED HEADERS without a pad length", (FRAME_SIZE, PROTOCOL),
       frame(HEADERS, END_HEADERS | PADDED, 1, b""))
breaks("6.2", "HEADERS with a priority cut short", (FRAME_SIZE, PROTOCOL),
       frame(HEADERS, END_HEADERS | WITH_PRIORITY, 1, b"\0\0\0\0"))
for pad in (0, 1, 255):
    accepts("6.2", f"HEADERS with {pad} bytes of padding",
            padded(1, block(fields_of()), pad),
            data(1, message(), end=True), stream=1)
accepts("6.2", "HEADERS with padding and priority",
        padded(1, block(fields_of()), 9, u32(0) + b"\x20", WITH_PRIORITY),
        data(1, message(), end=True), stream=1)
accepts("6.2", "padded HEADERS that CONTINUATION goes on with",
        frame(HEADERS, PADDED, 1, b"\x04" + block(fields_of())[:20] +
              bytes(4)),
        frame(CONTINUATION, END_HEADERS, 1, block(fields_of())[20:]),
        data(1, message(), end=True), stream=1)

# -- 6.3, 6.4 PRIORITY, RST_STREAM --------------------------------------------

breaks("6.3", "PRIORITY on stream 0", PROTOCOL, priority(0))


@case("6.3", "PRIORITY of 4 bytes: stream error FRAME_SIZE_ERROR")
def _(peer):
    peer.send(open_stream() + frame(PRIORITY, 0, 1, bytes(4)))
    expect_stream_error(peer, 1, (FRAME_SIZE,), answer_too=False)


breaks("6.4", "RST_STREAM on stream 0", PROTOCOL, reset(0))
for size in (0, 3, 5):
    breaks("6.4", f"RST_STREAM of {size} bytes", FRAME_SIZE, open_stream(),
           frame(RST_STREAM, 0, 1, bytes(size)))
accepts("6.4", "RST_STREAM with an unknown error code", open_stream(),
        reset(1, 0xdeadbeef))
accepts("6.4", "RST_STREAM before the message has come", open_stream(),
        data(1, message(b"abcdef", length=9)), reset(1))

# -- 6.5 SETTINGS -------------------------------------------------------------

breaks("6.5", "SETTINGS with ACK and a payload", FRAME_SIZE,
       frame(SETTINGS, ACK, 0, setting(MAX_STREAMS, 1)))
breaks("6.5", "SETTINGS on a stream", PROTOCOL, frame(SETTINGS, 0, 1))
for size in (1, 5, 7):
    breaks("6.5", f"SETTINGS of {size} bytes", FRAME_SIZE,
           frame(SETTINGS, 0, 0, bytes(size)))
for value in (2, 0xffffffff):
    breaks("6.5.2", f"ENABLE_PUSH {value}", PROTOCOL,
           settings((ENABLE_PUSH, value)))
for value in (1 << 31, 0xffffffff):
    breaks("6.5.2", f"INITIAL_WINDOW_SIZE {value}", FLOW_CONTROL,
           settings((WINDOW, value)))
for value in (0, 16383, 1 << 24):
    breaks("6.5.2", f"MAX_FRAME_SIZE {value}", PROTOCOL,
           settings((MAX_FRAME, value)))
breaks("6.5.2", "a wrong value after a right one", PROTOCOL,
       settings((MAX_FRAME, 16384), (MAX_FRAME, 16383)))
breaks("6.5.2", "a wrong value before a right one", PROTOCOL,
       settings((MAX_FRAME, 16383), (MAX_FRAME, 16384)))
accepts("6.5.2", "the ends of what is allowed", settings(
    (ENABLE_PUSH, 0), (MAX_FRAME, 16384), (MAX_FRAME, 0xffffff),
    (WINDOW, 0x7fffffff), (MAX_LIST, 0xffffffff), (TABLE_SIZE, 0xffffffff),
    (MAX_STREAMS, 0)))
accepts("6.5.2", "ENABLE_PUSH 1", settings((ENABLE_PUSH, 1)))


@case("6.5.3", "each SETTINGS is acknowledged")
def _(peer):
    peer.send(settings() + settings((MAX_STREAMS, 7)) +
              settings((0x99, 1), (0x98, 2)))
    peer.until(lambda: peer.acks == 4, "four ACKs")
    good_call(peer)


@case("6.5.3", "values are taken in order, the last one holds")
def _(peer):
    peer.send(settings((WINDOW, 0), (WINDOW, 3), (WINDOW, WINDOW_START)))
    good_call(peer)


@case("6.5.3", "an ACK that nobody waits for is ignored, or PROTOCOL_ERROR")
def _(peer):
    peer.send(SETTINGS_ACK + ping())
    peer.until(lambda: peer.pongs or peer.over(), "an answer")
    if peer.over():
        peer.expect_connection_error(PROTOCOL)
    elif peer.acks != 1:
        raise Wrong("one ACK", str(peer.acks))


@case("6.5.3", "a server whose SETTINGS are never acknowledged serves")
def _(peer):
    good_call(peer)


# -- 6.6, 6.7, 6.8 PUSH_PROMISE, PING, GOAWAY ---------------------------------

breaks("6.6", "PUSH_PROMISE from a client", PROTOCOL, open_stream(),
       frame(PUSH_PROMISE, END_HEADERS, 1, u32(2) + block(fields_of())))


@case("6.7", "PING is acknowledged with its 8 bytes")
def _(peer):
    peer.send(ping(PATTERN) + ping(bytes(8)) + ping(b"\xff" * 8))
    peer.until(lambda: len(peer.pongs) == 3, "three ACKs")
    if peer.pongs != [PATTERN, bytes(8), b"\xff" * 8]:
        raise Wrong("the same bytes", str(peer.pongs))


@case("6.7", "PING with ACK is not answered")
def _(peer):
    peer.send(ping(PATTERN, ACK) + ping(b"another!"))
    peer.until(lambda: peer.pongs, "an ACK")
    good_call(peer)
    if peer.pongs != [b"another!"]:
        raise Wrong("one ACK", str(peer.pongs))


breaks("6.7", "PING on a stream", PROTOCOL, frame(PING, 0, 1, PATTERN))
for size in (0, 7, 9):
    breaks("6.7", f"PING of {size} bytes", FRAME_SIZE,
           frame(PING, 0, 0, bytes(size)))
breaks("6.8", "GOAWAY on a stream", PROTOCOL,
       frame(GOAWAY, 0, 1, bytes(8)))
breaks("6.8", "GOAWAY of 7 bytes", FRAME_SIZE, frame(GOAWAY, 0, 0, bytes(7)))


@case("6.8", "calls that are under way are answered after a client's GOAWAY",
      pairs=NO_WINDOW)
def _(peer):
    half_closed(peer)
    peer.send(goaway(0, 0xbeef, b"client transport shutdown"))
    peer.send(window_update(1, WINDOW_START))
    served(peer, 1)


# -- 6.9 WINDOW_UPDATE and flow control ---------------------------------------

breaks("6.9", "WINDOW_UPDATE of 0 on the connection", PROTOCOL,
       window_update(0, 0))
resets("6.9", "WINDOW_UPDATE of 0 on a stream", PROTOCOL, request(1),
       window_update(1, 0), pairs=NO_WINDOW)
for size in (0, 3, 5):
    breaks("6.9", f"WINDOW_UPDATE of {size} bytes", FRAME_SIZE,
           frame(WINDOW_UPDATE, 0, 0, bytes(size)))
breaks("6.9.1", "the connection's window goes above 2^31-1", FLOW_CONTROL,
       window_update(0, 0x7fffffff))
resets("6.9.1", "a stream's window goes above 2^31-1", FLOW_CONTROL,
       open_stream(), window_update(1, 0x7fffffff), window_update(1, 1),
       pairs=NO_WINDOW)
accepts("6.9.1", "the connection's window reaches 2^31-1",
        window_update(0, 0x7fffffff - WINDOW_START))
accepts("6.9", "the reserved bit of the increment is ignored",
        frame(WINDOW_UPDATE, 0, 0, u32(0x80000001)))


def expect_body(peer, size):
    """So much on stream 1, and no more once a PING has been answered."""
    answer = peer.answer_of(1)
    peer.until(lambda: len(answer.body) >= size, f"{size} bytes of DATA")
    peer.expect_alive()
    if len(answer.body) != size:
        raise Wrong(f"{size} bytes of DATA", str(len(answer.body)))


@case("6.9.1", "no DATA goes beyond a stream's window", pairs=NO_WINDOW)
def _(peer):
    half_closed(peer)
    expect_body(peer, 0)
    for size in range(1, 6):
        peer.send(window_update(1, 1))
        expect_body(peer, size)
    peer.send(window_update(1, 1000))
    served(peer, 1)


@case("6.9.2", "a window of 1 lets one byte through", pairs=((WINDOW, 1),))
def _(peer):
    half_closed(peer)
    expect_body(peer, 1)


@case("6.9.2", "a new INITIAL_WINDOW_SIZE goes for streams that are open",
      pairs=NO_WINDOW)
def _(peer):
    half_closed(peer)
    peer.send(settings((WINDOW, 2)))
    expect_body(peer, 2)
    peer.send(settings((WINDOW, 6)))
    expect_body(peer, 6)
    peer.send(settings((WINDOW, WINDOW_START)))
    served(peer, 1)


@case("6.9.2", "a window can be below 0", pairs=((WINDOW, 5),))
def _(peer):
    half_closed(peer)
    expect_body(peer, 5)
    peer.send(settings((WINDOW, 0)))
    peer.send(window_update(1, 5))
    expect_body(peer, 5)
    peer.send(window_update(1, 1))
    expect_body(peer, 6)
    peer.send(window_update(1, 1000))
    served(peer, 1)


breaks("6.9.2", "INITIAL_WINDOW_SIZE that lifts a window above 2^31-1",
       FLOW_CONTROL, open_stream(), window_update(1, 0x7fffffff),
       settings((WINDOW, 1)), pairs=NO_WINDOW)


@case("6.9.2", "INITIAL_WINDOW_SIZE leaves the connection's window alone",
      pairs=NO_WINDOW)
def _(peer):
    peer.send(settings((WINDOW, 0x7fffffff)) +
              window_update(0, 0x7fffffff - WINDOW_START))
    good_call(peer)


@case("6.9.1", "no DATA goes beyond the connection's window")
def _(peer):
    total = 0
    while True:
        stream = peer.call(path=SERVICE + "Config")
        answer = peer.answer_of(stream)
        peer.until(lambda: answer.blocks, "the head of an answer")
        peer.expect_alive()
        total += len(answer.body)
        if total > WINDOW_START:
            raise Wrong("65535 bytes at most", str(total))
        if not answer.ended:
            break
    if total != WINDOW_START:
        raise Wrong("65535 bytes", str(total))
    peer.send(window_update(0, WINDOW_START))
    served(peer, stream)


@case("6.9.1", "a client's window is opened again for what it has sent")
def _(peer):
    left = WINDOW_START
    for _ in range(800):
        stream = peer.stream()
        peer.send(open_stream(stream))
        left -= send_padding(peer, stream, left)
        peer.send(data(stream, message(), end=True))
        answer = served(peer, stream)
        peer.send(window_update(0, len(answer.body) + 1))
    given = sum(int.from_bytes(f.payload, "big") for f in peer.frames
                if f.kind == WINDOW_UPDATE and f.stream == 0)
    if given < 800 * 261 - WINDOW_START:
        raise Wrong("WINDOW_UPDATE for what was sent", str(given))


def send_padding(peer, stream, left):
    """A frame of padding, once the connection's window has room."""
    def room():
        return left + sum(
            int.from_bytes(f.payload, "big") for f in peer.frames
            if f.kind == WINDOW_UPDATE and f.stream == 0)
    peer.until(lambda: room() >= 256 + 5, "WINDOW_UPDATE")
    peer.send(data(stream, pad=255))
    return 256 + 5


@case("6.9.1", "DATA on a stream that the server has reset counts as well")
def _(peer):
    for _ in range(40):
        stream = peer.stream()
        peer.send(headers(stream, block(fields_of(without=["te"]))))
        peer.send(b"".join(data(stream, pad=255) for _ in range(5)))
        peer.send(data(stream, end=True) + ping())
        answer = peer.answer_of(stream)
        peer.until(lambda: answer.ended or answer.reset is not None,
                   "an end")
    peer.expect_alive()
    given = sum(int.from_bytes(f.payload, "big") for f in peer.frames
                if f.kind == WINDOW_UPDATE and f.stream == 0)
    if given < 40 * 5 * 256 - WINDOW_START // 2:
        raise Wrong("WINDOW_UPDATE for what was thrown away", str(given))


@case("6.9.1", "more DATA than the windows allow: FLOW_CONTROL_ERROR, or "
      "the call is refused")
def _(peer):
    peer.send(open_stream() + data(1, message(length=1 << 20)))
    for _ in range(64):
        peer.send(data(1, bytes(FRAME_START)))
    peer.send(data(1, end=True))
    answer = peer.answer(1)
    if peer.over():
        peer.expect_connection_error(FLOW_CONTROL, STREAM_CLOSED)
    elif answer.status == OK or not answer.http and answer.reset is None:
        raise Wrong("FLOW_CONTROL_ERROR, or an error", str(answer))


@case("6.9", "a client that reads nothing but sends PING is not waited for")
def _(peer):
    peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    for _ in range(100):
        peer.send(ping(PATTERN))
    peer.until(lambda: len(peer.pongs) == 100, "100 ACKs")


# -- 6.10 CONTINUATION --------------------------------------------------------


@case("6.10", "a block may be cut anywhere")
def _(peer):
    payload = block(fields_of())
    for at in range(len(payload) + 1):
        stream = peer.stream()
        peer.send(headers(stream, payload[:at], flags=0) +
                  frame(CONTINUATION, END_HEADERS, stream, payload[at:]) +
                  data(stream, message(), end=True))
        served(peer, stream)


accepts("6.10", "four CONTINUATION frames",
        fragmented(1, block(fields_of()), -(-len(block(fields_of())) // 5)),
        data(1, message(), end=True), stream=1)
accepts("6.10", "an empty CONTINUATION frame",
        headers(1, block(fields_of()), flags=0),
        frame(CONTINUATION, 0, 1), frame(CONTINUATION, END_HEADERS, 1),
        data(1, message(), end=True), stream=1)
breaks("6.10", "CONTINUATION on stream 0", PROTOCOL,
       headers(1, block(fields_of()), flags=0),
       frame(CONTINUATION, END_HEADERS, 0))
breaks("6.10", "CONTINUATION after END_HEADERS", PROTOCOL, open_stream(),
       frame(CONTINUATION, END_HEADERS, 1, block([("x", "y")])))
breaks("6.10", "CONTINUATION after a CONTINUATION with END_HEADERS",
       PROTOCOL, headers(1, block(fields_of()), flags=0),
       frame(CONTINUATION, END_HEADERS, 1),
       frame(CONTINUATION, END_HEADERS, 1))
breaks("6.10", "CONTINUATION after DATA", PROTOCOL, open_stream(),
       data(1, message()), frame(CONTINUATION, END_HEADERS, 1, b"\x88"))
