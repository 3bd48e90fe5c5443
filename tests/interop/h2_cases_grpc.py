# SPDX-License-Identifier: Apache-2.0
"""gRPC's PROTOCOL-HTTP2.md, and what this service says where that leaves
a choice. Cases with `needs` start a server of their own."""

import contextlib
import signal
import socket

from h2_case import (accepts, answers, case, gives_http, good_call,
                     indexed_call, refuses)
from h2_wire import *  # noqa: F403: it is what is written in

HEALTH = "/grpc.health.v1.Health/"
GRPC = "application/grpc"


def head(**how):
    return headers(1, block(fields_of(**how)))


def call(**how):
    return request(1, **how)


# -- Paths --------------------------------------------------------------------


@case("gRPC path", "Status says the server's pid and its VMs")
def _(peer):
    payload = peer.expect_served(peer.call()).messages[0]
    if payload[:1] != b"\x08" or b"\x12" not in payload:
        raise Wrong("a GrpcStatus", payload.hex())


@case("gRPC path", "Config says what the VMs are")
def _(peer):
    payload = peer.expect_served(
        peer.call(path=SERVICE + "Config")).messages[0]
    if payload[:1] != b"\x0a" or b"HypervisorType" not in payload:
        raise Wrong("a GrpcVMConfig", payload.hex())


@case("gRPC path", "GetBaseVM hands a VM over")
def _(peer):
    payload = peer.expect_served(
        peer.call(path=SERVICE + "GetBaseVM")).messages[0]
    if payload[:1] != b"\x0a":
        raise Wrong("a GrpcVM", payload.hex())


for path in ("/cache.CacheService/None", "/cache.CacheService/",
             "/cache.CacheService/status", "/Cache.CacheService/Status",
             "/cache.cacheservice/Status", "/none.Service/Status",
             "/CacheService/Status", "/", "//", "/cache.CacheService",
             "/cache.CacheService/Status/", "//cache.CacheService/Status",
             "/cache.CacheService//Status", "/cache.CacheService/Status?x=y",
             "/cache.CacheService/%53tatus", "/cache.CacheService/Status/x",
             "/cache.CacheService/Statu", "/cache.CacheService/Statuss",
             "/x/cache.CacheService/Status", "/cache.CacheService/../Status",
             "/cache.CacheService/" + "m" * 300, "/" + "s" * 300 + "/m"):
    answers("gRPC path", f"{path[:40]} is UNIMPLEMENTED", UNIMPLEMENTED,
            call(path=path))
for path in ("cache.CacheService/Status", "Status", "*", "x/",
             "http://localhost/cache.CacheService/Status"):
    refuses("gRPC path", f"no leading slash: {path}", call(path=path))
answers("gRPC path", "a service's name alone does not run its method",
        UNIMPLEMENTED, call(path="/cache.CacheServiceStatus"))
refuses("gRPC path", "a path of high bytes and percent signs",
        call(path=SERVICE + "\xe4\xf6%\xfc"))

# -- Methods and content-type -------------------------------------------------

for method in ("GET", "PUT", "DELETE", "OPTIONS", "post", "POSTS", "X"):
    gives_http("gRPC method", f"{method} is HTTP 405", 405,
               call(change={":method": method}))
gives_http("gRPC method", "GET without a body is HTTP 405", 405, headers(
    1, block(fields_of(change={":method": "GET"})), end=True))
gives_http("gRPC content-type", "none is HTTP 415", 415,
           call(without=["content-type"]))
for value in ("application/json", "text/plain", "application/grpcx",
              "application/grpc-web", "application/gRP", "", "grpc",
              "application/grp", "xapplication/grpc"):
    gives_http("gRPC content-type", f"{value!r} is HTTP 415", 415,
               call(change={"content-type": value}))
for value in (GRPC, GRPC + "+proto", GRPC + ";charset=utf-8",
              GRPC + "+proto;x=y", GRPC + "; x=y"):
    accepts("gRPC content-type", f"{value} is served",
            call(change={"content-type": value}), stream=1)

# -- te, authority, scheme, other fields --------------------------------------

refuses("gRPC te", "none is an error", call(without=["te"]))
for value in (None, "", "localhost", "unix:///run/cache.sock",
              "/run/cache.sock", "%2Frun%2Fcache.sock", "[::]:50051",
              "localhost:80", "a,b"):
    accepts("gRPC authority", f"{value!r} is not judged",
            call(without=[":authority"]) if value is None else
            call(change={":authority": value}), stream=1)
accepts("gRPC scheme", "https is not judged",
        call(change={":scheme": "https"}), stream=1)
accepts("gRPC fields", "what real clients send", call(more=[
    ("user-agent", "grpc-go/1.82.1"), ("accept-encoding", "identity"),
    ("grpc-accept-encoding", "identity,deflate,gzip"),
    ("grpc-trace-bin", "AAAA"), ("grpc-tags-bin", "AA=="),
    ("x-forwarded-for", ""), ("via", "2 x"), ("grpc-message-type", "x"),
    ("content-length", "5"), ("x-a", "1"), ("x-a", "2")]), stream=1)
accepts("gRPC fields", "300 bytes of metadata",
        call(more=[("x-meta", "m" * 300)]), stream=1)
accepts("gRPC fields", "content-type and te after other fields",
        call(without=["content-type", "te"], more=[
            ("x-first", "1"), ("te", "trailers"), ("content-type", GRPC)]),
        stream=1)


@case("gRPC fields", "SETTINGS_MAX_HEADER_LIST_SIZE is announced")
def _(peer):
    if peer.settings.get(MAX_LIST, 0) < 1024:
        raise Wrong("MAX_HEADER_LIST_SIZE of some KiB", str(peer.settings))


def list_of(size):
    """Fields so that the list (RFC 9113 6.5.2) has just that size."""
    fields = fields_of()
    used = sum(len(n) + len(v) + 32 for n, v in fields)
    more = []
    while used < size:
        room = min(size - used, 4000)
        if 0 < size - used - room < 40:
            room -= 40
        more.append(("x-m", "m" * (room - 35)))
        used += room
    return fields + more


def send_list(peer, stream, size, kind=PLAIN):
    payload = block(list_of(size), kind)
    first, rest = payload[:FRAME_START], payload[FRAME_START:]
    out = headers(stream, first, flags=0 if rest else END_HEADERS)
    while rest:
        piece, rest = rest[:FRAME_START], rest[FRAME_START:]
        out += frame(CONTINUATION, 0 if rest else END_HEADERS, stream, piece)
    peer.send(out + data(stream, message(), end=True))


@case("gRPC fields", "a header list as big as announced is served")
def _(peer):
    stream = peer.stream()
    send_list(peer, stream, peer.settings[MAX_LIST])
    peer.expect_served(stream)
    indexed_call(peer)


@case("gRPC fields", "a bigger header list is RESOURCE_EXHAUSTED or HTTP "
      "431, and the table stays in step")
def _(peer):
    for more in (1, 1000, 4000):
        stream = peer.stream()
        send_list(peer, stream, peer.settings[MAX_LIST] + more, INDEXED)
        answer = peer.answer(stream)
        if answer.http != 431 and answer.status != RESOURCE_EXHAUSTED:
            raise Wrong("RESOURCE_EXHAUSTED or HTTP 431",
                        f"{answer}, {peer.end()}")
        indexed_call(peer)


# -- Timeouts -----------------------------------------------------------------


def timeout(value):
    return call(more=[("grpc-timeout", value)])


for value in ("1H", "1M", "10S", "5010m", "4999995u", "99999999n",
              "99999999H", "99999999u", "00000009S"):
    accepts("gRPC timeout", f"{value} is taken", timeout(value), stream=1)
for value in ("", "S", "abc", "1", "1s", "1h", "-1S", "+1S", " 1S", "1 S",
              "1.5S", "0x1S", "123456789S", "1SS", "1S1S", "99999999999999n"):
    if value.strip() == value:
        refuses("gRPC timeout", f"{value!r} is an error", timeout(value))
for value in ("0n", "0S", "00000000H"):
    answers("gRPC timeout", f"{value} is DEADLINE_EXCEEDED",
            DEADLINE_EXCEEDED, timeout(value))

# -- Compression --------------------------------------------------------------


def encoded(value, flag=0, payload=b""):
    return head(more=[("grpc-encoding", value)]) + data(
        1, message(payload, flag), end=True)


accepts("gRPC encoding", "identity is served", encoded("identity"), stream=1)
for value in ("gzip", "snappy", "deflate", "IDENTITYX"):
    for flag in (0, 1):
        @case("gRPC encoding", f"{value}, flag {flag}: UNIMPLEMENTED, with "
              "grpc-accept-encoding: identity")
        def _(peer, value=value, flag=flag):
            peer.send(encoded(value, flag, b"x" * flag))
            answer = peer.expect_status(1, UNIMPLEMENTED)
            accepted = {**answer.headers, **answer.trailers}.get(
                "grpc-accept-encoding")
            if accepted != "identity":
                raise Wrong("grpc-accept-encoding: identity", str(accepted))
            indexed_call(peer)
answers("gRPC encoding", "a compressed message without grpc-encoding is "
        "INTERNAL", INTERNAL_ERROR, head(),
        data(1, message(b"x", flag=1), end=True))
answers("gRPC encoding", "a compressed message, identity, is INTERNAL",
        INTERNAL_ERROR, encoded("identity", 1))
for flag in (2, 0x80, 0xff):
    refuses("gRPC message", f"a flag of {flag} is an error", head(),
            data(1, message(flag=flag), end=True))


@case("gRPC encoding", "an answer is not compressed, whatever is accepted")
def _(peer):
    stream = peer.call(more=[("grpc-accept-encoding", "gzip"),
                             ("accept-encoding", "gzip")])
    answer = peer.expect_served(stream)
    if answer.headers.get("grpc-encoding", "identity") != "identity":
        raise Wrong("identity", str(answer.headers))


# -- Messages -----------------------------------------------------------------

BODY = message(b"\x2a\x06abcdef")  # a field that nobody knows

for cut in range(1, 6):
    accepts("gRPC message", f"cut after {cut} of its bytes", head(),
            data(1, BODY[:cut]), data(1, BODY[cut:], end=True), stream=1)
accepts("gRPC message", "byte by byte, some frames empty", head(),
        *(data(1, BODY[i:i + 1], pad=i % 3) for i in range(len(BODY))),
        data(1), data(1, end=True), stream=1)
accepts("gRPC message", "of 64 bytes", head(),
        data(1, message(b"\x2a\x3e" + b"m" * 62), end=True), stream=1)
refuses("gRPC message", "none, HEADERS end the stream",
        headers(1, block(fields_of()), end=True))
refuses("gRPC message", "none, an empty DATA frame ends the stream", head(),
        data(1, end=True))
refuses("gRPC message", "two", head(), data(1, BODY), data(1, BODY, end=True))
refuses("gRPC message", "two in one frame", head(),
        data(1, message() + message(), end=True))
for size in range(1, 5):
    refuses("gRPC message", f"a prefix of {size} bytes", head(),
            data(1, bytes(size), end=True))
refuses("gRPC message", "shorter than it says", head(),
        data(1, message(b"\x2a\x01", length=5), end=True))
refuses("gRPC message", "longer than it says by one byte", head(),
        data(1, message() + b"\0", end=True))
for length in (1 << 20, 0x7fffffff, 0x80000000, 0xffffffff):
    answers("gRPC message", f"of {length:#x} bytes is RESOURCE_EXHAUSTED by "
            "its prefix", RESOURCE_EXHAUSTED, head(),
            data(1, message(length=length)))


@case("gRPC message", "of 60000 bytes is RESOURCE_EXHAUSTED, and read away")
def _(peer):
    peer.send(head() + data(1, message(length=60000)))
    for _ in range(6):
        peer.send(data(1, bytes(10000), end=False))
    peer.send(data(1, end=True))
    peer.expect_status(1, RESOURCE_EXHAUSTED)
    indexed_call(peer)


@case("gRPC message", "one that is no protobuf is no silence")
def _(peer):
    peer.send(head() + data(1, message(b"\xff\xff\xff"), end=True))
    peer.expect_status(1, OK, INVALID_ARGUMENT, INTERNAL_ERROR)
    indexed_call(peer)


# -- Answers ------------------------------------------------------------------


@case("gRPC answer", "HTTP 200, application/grpc, a message, trailers")
def _(peer):
    answer = peer.expect_served(peer.call())
    if len(answer.blocks) != 2 or answer.http != 200:
        raise Wrong("HTTP 200, and trailers", str(answer.blocks))


@case("gRPC answer", "an error is HTTP 200 with a text")
def _(peer):
    answer = peer.expect_status(peer.call(path=SERVICE + "No%ne \xe4"),
                                UNIMPLEMENTED)
    if answer.http != 200 or not answer.trailers.get("grpc-message"):
        raise Wrong("HTTP 200 and grpc-message", str(answer))


@case("gRPC answer", "16 calls in one write, whatever their order")
def _(peer):
    most = min(16, peer.settings.get(MAX_STREAMS, 16))
    streams = [peer.stream() for _ in range(most)]
    peer.send(b"".join(headers(s, block(fields_of())) for s in streams) +
              b"".join(data(s, message(), end=True)
                       for s in reversed(streams)))
    for stream in streams:
        peer.expect_served(stream)


@case("gRPC answer", "200 calls in one write are each refused")
def _(peer):
    fields = fields_of()
    again = b"".join(index(67 - i) for i in range(len(fields)))
    peer.send(headers(1, block(fields, INDEXED), end=True))
    streams = [peer.stream() for _ in range(200)]
    peer.send(b"".join(headers(s, again, end=True) for s in streams))
    for stream in streams:
        peer.expect_status(stream, *ANY_ERROR)


@case("gRPC answer", "1000 calls one after the other")
def _(peer):
    for _ in range(1000):
        answer = peer.expect_served(peer.call())
        peer.send(window_update(0, len(answer.body)))


@case("gRPC cancel", "RST_STREAM before, within and after a message")
def _(peer):
    for payload in (b"", message()[:3], message()):
        stream = peer.stream()
        peer.send(headers(stream, block(fields_of())) +
                  data(stream, payload) + reset(stream, CANCEL))
        indexed_call(peer)


@case("gRPC connection", "the client's end of writing is no end of answers")
def _(peer):
    stream = peer.call()
    peer.socket.shutdown(socket.SHUT_WR)
    peer.expect_served(stream)
    peer.until(lambda: peer.closed, "close")


# -- Health -------------------------------------------------------------------


def check(name):
    return message(b"\x0a" + bytes([len(name)]) + octets(name)
                   if name else b"")


for name in ("", "cache.CacheService"):
    @case("gRPC health", f"Check of {name!r} is SERVING")
    def _(peer, name=name):
        peer.send(head(path=HEALTH + "Check") + data(1, check(name),
                                                     end=True))
        answer = peer.expect_served(1)
        if answer.messages[0] != b"\x08\x01":
            raise Wrong("SERVING", answer.messages[0].hex())
for name in ("none", "cache.CacheServic", "cache.CacheService\0"):
    answers("gRPC health", f"Check of {name!r} is NOT_FOUND", NOT_FOUND,
            head(path=HEALTH + "Check"), data(1, check(name), end=True))
answers("gRPC health", "a method that is not there", UNIMPLEMENTED,
        call(path=HEALTH + "None"))

# -- Waiting for a VM, and the server's end -----------------------------------

SLOW = ("--number", "1", "--mock-boot", "600")


@contextlib.contextmanager
def slow(world):
    """A server whose VMs are not ready, and a connection to it."""
    with world.server(*SLOW) as server, Peer(server.endpoint) as peer:
        yield server, peer


def get(peer, **how):
    return peer.call(path=SERVICE + "GetBaseVM", **how)


@case("gRPC timeout", "no VM by then is DEADLINE_EXCEEDED", needs="a server")
def _(world):
    with slow(world) as (_, peer):
        peer.expect_status(get(peer, more=[("grpc-timeout", "50m")]),
                           DEADLINE_EXCEEDED)
        peer.expect_served(peer.call())


@case("gRPC answer", "Status is answered while a call waits",
      needs="a server")
def _(world):
    with slow(world) as (_, peer):
        waiting = get(peer)
        peer.expect_served(peer.call())
        if peer.answer_of(waiting).blocks:
            raise Wrong("no answer yet", str(peer.answer_of(waiting)))


@case("gRPC cancel", "a call that waits is cancelled by RST_STREAM and by "
      "the end of its connection", needs="a server")
def _(world):
    with world.server("--number", "1", "--mock-boot", "0.5") as server:
        with Peer(server.endpoint) as peer, Peer(server.endpoint) as other:
            waiting = get(peer)
            get(other)
            peer.send(reset(waiting))
            peer.expect_alive()
            other.expect_alive()
            other.close()
            server.ready(1)
            peer.expect_served(get(peer))
        if sum("vm-handed" in line for line in server.log) > 1:
            raise Wrong("one VM handed over", "\n".join(server.log))


@case("gRPC cancel", "a stream at its limit is free again after RST_STREAM",
      needs="a server")
def _(world):
    with slow(world) as (_, peer):
        most = peer.settings.get(MAX_STREAMS, 0)
        waiting = [get(peer) for _ in range(most)]
        more = get(peer)
        if peer.answer(more).reset != REFUSED:
            raise Wrong("REFUSED_STREAM", str(peer.answer_of(more)))
        for stream in waiting:
            peer.send(reset(stream))
        peer.expect_served(peer.call())


@case("gRPC answer", "one call more than VMC_CALL_MAX that wait is "
      "RESOURCE_EXHAUSTED", needs="a server")
def _(world):
    with slow(world) as (server, peer), contextlib.ExitStack() as stack:
        most = int(server.run("--version").split("VMC_CALL_MAX=")[1].split()[
            0])
        each = peer.settings[MAX_STREAMS]
        for begin in range(0, most, each):
            other = stack.enter_context(Peer(server.endpoint))
            for _ in range(min(each, most - begin)):
                get(other)
            other.expect_alive()
        peer.expect_status(get(peer), RESOURCE_EXHAUSTED)
        peer.expect_served(peer.call())


def expect_farewell(peer, stream, status):
    """The answer, GOAWAY(NO_ERROR) that covers it, the end; in order."""
    peer.expect_status(stream, status)
    if peer.goaway and peer.goaway[0] < stream:
        raise Wrong(f"a last stream of {stream} at least", str(peer.goaway))
    peer.until(lambda: peer.closed, "GOAWAY NO_ERROR, then close")
    if not peer.goaway or peer.goaway[1] != NO_ERROR:
        raise Wrong("GOAWAY NO_ERROR", peer.end())
    if peer.goaway[0] < stream:
        raise Wrong(f"a last stream of {stream} at least", str(peer.goaway))


def expect_end(server, peer):
    peer.until(lambda: peer.closed, "GOAWAY NO_ERROR, then close")
    if not peer.goaway or peer.goaway[1] != NO_ERROR:
        raise Wrong("GOAWAY NO_ERROR", peer.end())
    if server.ended():
        raise Wrong("exit status 0", str(server.process.returncode))


@case("gRPC stop", "Quit is answered, then GOAWAY, then close; others get "
      "GOAWAY; the process ends with 0", needs="a server")
def _(world):
    with world.server() as server, Peer(server.endpoint) as idle:
        with Peer(server.endpoint) as peer:
            expect_farewell(peer, peer.call(path=SERVICE + "Quit"), OK)
        expect_end(server, idle)


@case("gRPC stop", "SIGTERM: a call that waits gets UNAVAILABLE, then "
      "GOAWAY, then close", needs="a server")
def _(world):
    with slow(world) as (server, peer):
        waiting = get(peer)
        peer.expect_alive()
        server.process.send_signal(signal.SIGTERM)
        expect_farewell(peer, waiting, UNAVAILABLE)
        expect_end(server, peer)


@case("gRPC connection", "ttrpc and gRPC on one endpoint", needs="a server")
def _(world):
    with world.server() as server, Peer(server.endpoint) as peer:
        for _ in range(3):
            good_call(peer)
            if "VMs ready" not in server.run("status"):
                raise Wrong("an answer by ttrpc", "none")
