# SPDX-License-Identifier: Apache-2.0
"""RFC 9113, section 8: messages and their fields."""

from h2_case import accepts, case, indexed_call, resets, served
from h2_wire import *  # noqa: F403: it is what is written in


def call(**how):
    return request(1, **how)


def call_of(fields):
    return headers(1, block(fields)) + data(1, message(), end=True)


FIELDS = fields_of()
ALL_METHODS = (PROTOCOL, REFUSED)

# -- 8.1 Messages -------------------------------------------------------------

resets("8.1", "HEADERS without END_STREAM after DATA", PROTOCOL,
       headers(1, block(FIELDS)), data(1, message()),
       headers(1, block([("x-trailer", "1")])))
resets("8.1", "pseudo-headers in trailers", PROTOCOL,
       headers(1, block(FIELDS)), data(1, message()),
       headers(1, block([(":method", "POST")]), end=True))


@case("8.1", "trailers of a request are no silence")
def _(peer):
    peer.send(headers(1, block(FIELDS)) + data(1, message()) +
              headers(1, block([("x-trailer", "1")], INDEXED), end=True))
    peer.answer(1)
    if not peer.over():
        indexed_call(peer)


for length in ("4", "6", "0"):
    resets("8.1.1", f"content-length {length}, of 5 bytes", PROTOCOL,
           call(more=[("content-length", length)]))
resets("8.1.1", "content-length, of 5 bytes in two DATA frames", PROTOCOL,
       headers(1, block(fields_of(more=[("content-length", "4")]))),
       data(1, b"\0\0\0"), data(1, b"\0\0", end=True))
accepts("8.1.1", "content-length that is right, as curl sends it",
        call(more=[("content-length", "5")]), stream=1)
accepts("8.1.1", "content-length counts no padding",
        headers(1, block(fields_of(more=[("content-length", "5")]))),
        data(1, message(), end=True, pad=99), stream=1)

# -- 8.2 Fields ---------------------------------------------------------------

for name in ("X-Upper", "x-uppeR", "Te"):
    resets("8.2", f"a name with an upper-case letter: {name}", PROTOCOL,
           call(more=[(name, "trailers")]))
resets("8.2.1", "an empty name", PROTOCOL, call(more=[("", "x")]))
for byte in (0x00, 0x0a, 0x0d, 0x20, 0x7f, 0x80, 0xff):
    resets("8.2.1", f"a name with the byte {byte:#04x}", PROTOCOL,
           call(more=[(b"x-" + bytes([byte]) + b"y", "z")]))
resets("8.2.1", "a name with a colon in it", PROTOCOL,
       call(more=[("x:y", "z")]))
for byte in (0x00, 0x0a, 0x0d):
    for value in (b"a%cb", b"%cb", b"a%c"):
        where = ("within", "at the beginning", "at the end")[
            (b"a%cb", b"%cb", b"a%c").index(value)]
        resets("8.2.1", f"a value with the byte {byte:#04x} {where}",
               PROTOCOL, call(more=[("x-y", value % byte)]))
for value in (" a", "a ", "\ta", "a\t"):
    resets("8.2.1", f"a value with blanks at an end: {value!r}", PROTOCOL,
           call(more=[("x-y", value)]))
accepts("8.2.1", "an empty value", call(more=[("x-y", "")]), stream=1)
accepts("8.2.1", "a value with blanks, tabs and high bytes within",
        call(more=[("x-y", b"a b\tc\xe4\xff d")]), stream=1)
accepts("8.2.1", "a name of every character that is allowed",
        call(more=[("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz",
                    "x")]), stream=1)
for name, value in (("connection", "close"), ("keep-alive", "1"),
                    ("proxy-connection", "x"), ("upgrade", "h2c"),
                    ("transfer-encoding", "chunked")):
    resets("8.2.2", f"a field of HTTP/1 connections: {name}", PROTOCOL,
           call(more=[(name, value)]))
resets("8.2.2", "te that is not trailers", PROTOCOL,
       call(change={"te": "gzip"}))
accepts("8.2.3", "cookie in pieces",
        call(more=[("cookie", "a=b"), ("cookie", "c=d")]), stream=1)

# -- 8.3 Pseudo-headers -------------------------------------------------------

resets("8.3", "a pseudo-header after a field", PROTOCOL,
       call_of(FIELDS[:2] + FIELDS[3:] + FIELDS[2:3]))
resets("8.3", "an unknown pseudo-header", PROTOCOL,
       call_of([(":test", "ok")] + FIELDS))
resets("8.3", "a pseudo-header of responses", PROTOCOL,
       call_of([(":status", "200")] + FIELDS))
resets("8.3", "an upper-case pseudo-header", PROTOCOL,
       call_of([(":Method", "POST")] + FIELDS[1:]))
for name in (":method", ":scheme", ":path"):
    resets("8.3.1", f"no {name}", PROTOCOL, call(without=[name]))
    value = dict(FIELDS)[name]
    resets("8.3.1", f"{name} twice", PROTOCOL,
           call_of([(name, value)] + FIELDS))
resets("8.3.1", ":authority twice", PROTOCOL,
       call_of([(":authority", "localhost")] + FIELDS))
resets("8.3.1", "an empty :path", PROTOCOL, call(path=""))
resets("8.3.1", "no fields at all", PROTOCOL, headers(1, b"", end=True))
resets("8.3.1", "no pseudo-headers", PROTOCOL, call_of(FIELDS[4:]))
accepts("8.3.1", "pseudo-headers in any order",
        call_of([FIELDS[i] for i in (2, 3, 0, 1)] + FIELDS[4:]), stream=1)
accepts("8.3.1", "host instead of :authority",
        call(without=[":authority"], more=[("host", "localhost")]), stream=1)
resets("8.5", "CONNECT", ALL_METHODS, headers(1, block(
    [(":method", "CONNECT"), (":authority", "localhost:1")]), end=True))
resets("8.6", ":protocol that was not agreed upon (RFC 8441)", PROTOCOL,
       call_of([(":protocol", "websocket")] + FIELDS))


@case("8.1", "an answer that comes early is whole")
def _(peer):
    """What is still sent for a call that was answered does no harm."""
    peer.send(headers(1, block(fields_of(path=SERVICE + "None"))))
    peer.expect_alive()
    peer.send(data(1, message()) + data(1, end=True))
    answer = peer.answer(1)
    if not answer.ended or not answer.http:
        raise Wrong("an answer", str(answer))
    served(peer, peer.call())
