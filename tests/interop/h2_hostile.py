#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Clients that mean harm, one attack after the other, for real.

    h2_hostile.py [--only TEXT] PROGRAM

What each must come to: an end in bounded time and bytes (GOAWAY
ENHANCE_YOUR_CALM or the like, then close), or answers, if all that is sent
is allowed. Meanwhile and after it an honest gRPC connection and `vmcache
status` (ttrpc) are served, the pool has its VMs, none was booted anew, and
the server's memory is what it was before.
"""

import argparse
import contextlib
import json
import os
import random
import select
import socket
import sys
import tempfile
import threading
import time

from h2_wire import *  # noqa: F403: it is what is written in

VMS = 2
# Pages that differ from run to run: stacks, and slots that are used for the
# first time in spite of warm_up.
MEMORY_KIB = 64
BATCH = 32
ATTACKS = []
PATIENT = []

HEAD = block(fields_of())
RUDE = (CALM, PROTOCOL, STREAM_CLOSED, FLOW_CONTROL, COMPRESSION)


def attack(name):
    def add(test):
        ATTACKS.append((name, test))
        return test
    return add


def patient(name):
    """One that the server has to time out; all of these run together."""
    def add(test):
        PATIENT.append((name, test))
        return test
    return add


# -- Sending more than a client would ------------------------------------------


def drain(peer):
    """Reads what is there."""
    try:
        peer.read_bytes()
    except BlockingIOError:
        return
    while peer.complete():
        peer.take()
    peer.frames.clear()
    peer.pongs.clear()


def push(peer, chunk, reading):
    """All of the chunk, unless the server ends; 0 if it takes no more."""
    while chunk and not peer.over():
        watched = [peer.socket] if reading else []
        readable, writable, _ = select.select(watched, [peer.socket], [],
                                              DEADLINE if reading else 1)
        if readable:
            drain(peer)
        elif writable:
            try:
                chunk = chunk[peer.socket.send(chunk):]
            except BlockingIOError:
                pass
            except OSError:
                drain(peer)
        elif reading:
            raise Wrong("to be read from", "nothing in time")
        else:
            return 0
    return not chunk


def flood(peer, make, most, reading=True):
    """Sends make(0), make(1) …, `most` at most. Returns how many went out."""
    peer.socket.setblocking(False)
    for i in range(0, most, BATCH):
        batch = b"".join(make(j) for j in range(i, min(i + BATCH, most)))
        if not push(peer, batch, reading):
            return i
    return most


def expect_end(peer, sent, most, codes=(CALM,)):
    """It was stopped before it had sent all, with one of these codes."""
    if sent >= most:
        raise Wrong(f"to be stopped before {most}", f"{sent} were taken, "
                    + peer.end())
    peer.expect_connection_error(*codes)


def expect_taken(peer):
    """What was sent is allowed: it lives, or was told to be calm."""
    if peer.over():
        peer.expect_connection_error(CALM)
    else:
        peer.expect_alive()


def stream_of(i):
    return 2 * i + 1


# -- Calls that come to nothing ------------------------------------------------


@attack("rapid reset: calls that are reset at once")
def _(peer):
    expect_end(peer, flood(peer, lambda i: headers(stream_of(i), HEAD) +
                           reset(stream_of(i)), 20000), 20000)


@attack("rapid reset: whole calls")
def _(peer):
    # they may have been answered, and are allowed then
    flood(peer, lambda i: request(stream_of(i)) + reset(stream_of(i)) +
          window_update(0, 200), 20000)
    expect_taken(peer)


RESETS = {
    "WINDOW_UPDATE of 0": lambda s: headers(s, HEAD) + window_update(s, 0),
    "a window above 2^31-1": lambda s: headers(s, HEAD) +
        window_update(s, 0x7fffffff),
    "malformed fields": lambda s: headers(s, HEAD + literal("Bad", "x")),
    "no pseudo-headers": lambda s: headers(s, b"", end=True),
    "content-length": lambda s: headers(s, HEAD + literal(
        "content-length", "1")) + data(s, message(), end=True),
    "refused messages": lambda s: headers(s, HEAD) + data(
        s, message(length=1 << 30)),
    "no message": lambda s: headers(s, HEAD, end=True),
    "unknown methods": lambda s: request(s, path=SERVICE + "None"),
    "DATA after the end": lambda s: headers(s, HEAD, end=True) + data(
        s, b"x"),
}

for what, make in RESETS.items():
    @attack(f"MadeYouReset: {what}")
    def _(peer, what=what, make=make):
        flood(peer, lambda i: make(stream_of(i)), 20000)
        if peer.over():
            peer.expect_connection_error(*RUDE)
        elif what == "unknown methods":
            peer.expect_alive()  # each was a call, and was answered
        else:
            raise Wrong("to be stopped", "20000 were taken")


# -- Header blocks -------------------------------------------------------------


@attack("CONTINUATION flood: without an end")
def _(peer):
    peer.send(headers(1, HEAD, flags=0))
    piece = frame(CONTINUATION, 0, 1, literal("x-a", "b" * 1000) * 16)
    expect_end(peer, flood(peer, lambda i: piece, 2000), 2000)


@attack("CONTINUATION flood: of nothing")
def _(peer):
    peer.send(headers(1, HEAD, flags=0))
    piece = frame(CONTINUATION, 0, 1)
    expect_end(peer, flood(peer, lambda i: piece, 100000), 100000)


@attack("CONTINUATION flood: a byte each")
def _(peer):
    peer.send(headers(1, HEAD, flags=0))
    piece = frame(CONTINUATION, 0, 1, b"\x88")
    expect_end(peer, flood(peer, lambda i: piece, 100000), 100000)


@attack("HPACK bomb: a big entry, a thousand times a block")
def _(peer):
    peer.send(headers(1, HEAD + literal("x", "v" * 4000, INDEXED)) +
              data(1, message(), end=True))
    peer.expect_served(1)
    bomb = HEAD + index(62) * 16000
    sent = flood(peer, lambda i: headers(2 * i + 3, bomb, end=True), 200)
    expect_taken(peer)
    for stream, answer in peer.answers.items():
        if stream > 1 and answer.status != RESOURCE_EXHAUSTED:
            raise Wrong("RESOURCE_EXHAUSTED", f"{answer}, after {sent}")


@attack("HPACK bomb: huge literals")
def _(peer):
    peer.send(headers(1, HEAD + b"\x00\x01x\x7f\xff\xff\xff\x07" +
                      b"v" * 15000, flags=0))
    piece = frame(CONTINUATION, 0, 1, b"v" * 16000)
    expect_end(peer, flood(peer, lambda i: piece, 2000), 2000,
               (CALM, COMPRESSION))


@attack("HPACK bomb: integers without end")
def _(peer):
    peer.send(headers(1, HEAD + b"\xff", flags=0))
    piece = frame(CONTINUATION, 0, 1, b"\x80" * 16000)
    expect_end(peer, flood(peer, lambda i: piece, 2000), 2000,
               (CALM, COMPRESSION))


@attack("HPACK bomb: thousands of fields without a name")
def _(peer):
    peer.send(headers(1, HEAD + b"\x40\x00\x00" * 4000, end=True))
    answer = peer.answer(1)
    if answer.status == OK:
        raise Wrong("an error", str(answer))


@attack("HPACK: the table is emptied and filled without end")
def _(peer):
    payload = HEAD + literal("x", "v" * 4000, INDEXED) * 3 + index(62)

    def make(i):
        return headers(stream_of(i), table_size(0) + table_size(4096) +
                       payload) + data(stream_of(i), message(), end=True)
    flood(peer, make, 1000)
    expect_taken(peer)


# -- Floods of small frames ----------------------------------------------------


SMALL = {
    "PING": ping(),
    "PING with ACK": ping(flags=ACK),
    "SETTINGS": settings(),
    "SETTINGS of 2700 entries": settings(*[(WINDOW, 70000)] * 2700),
    "SETTINGS with ACK": SETTINGS_ACK,
    "PRIORITY": priority(7, 5),
    "WINDOW_UPDATE": window_update(0, 1),
    "unknown frames": frame(0x77, 0, 0),
    "unknown frames on streams": frame(0x77, 0xff, 9, b"x"),
    "RST_STREAM of a stream that is over": reset(1),
    "WINDOW_UPDATE of a stream that is over": window_update(1, 1),
    "PRIORITY of a stream that is over": priority(1),
    "GOAWAY": goaway(0, CALM, b"go away"),
}

for what, one in SMALL.items():
    @attack(f"flood of {what}")
    def _(peer, what=what, one=one):
        peer.expect_served(peer.call(1))
        flood(peer, lambda i: one, 2000 if len(one) > 1000 else 60000)
        expect_taken(peer)


@attack("flood of empty DATA")
def _(peer):
    peer.send(headers(1, HEAD))
    expect_end(peer, flood(peer, lambda i: data(1), 60000), 60000)


@attack("flood of empty DATA of padding")
def _(peer):
    peer.send(headers(1, HEAD))
    flood(peer, lambda i: data(1, pad=200), 60000)
    expect_taken(peer)


@attack("flood of DATA on a stream that is over")
def _(peer):
    peer.expect_served(peer.call(1))
    flood(peer, lambda i: data(1, b"x"), 60000)
    if peer.over():
        peer.expect_connection_error(CALM, STREAM_CLOSED)
    else:
        peer.expect_alive()


@attack("INITIAL_WINDOW_SIZE up and down, with open streams")
def _(peer):
    peer.send(settings((WINDOW, 0)) + request(1) + headers(3, HEAD))
    flood(peer, lambda i: settings((WINDOW, 0x7fffffff * (i % 2))), 20000)
    if peer.over():
        peer.expect_connection_error(CALM, FLOW_CONTROL)
    else:
        peer.expect_alive()


@attack("frames of noise, 300 connections of them")
def _(peer):
    choose = random.Random(9113)
    for _ in range(300):
        noisy = Peer(peer.address)
        good = bytearray(request(1) + ping() + settings() + request(3))
        for _ in range(choose.randrange(1, 6)):
            good[choose.randrange(len(good))] = choose.randrange(256)
        noisy.send(bytes(good))
        noisy.socket.shutdown(socket.SHUT_WR)
        noisy.until(lambda noisy=noisy: noisy.closed, "an end")
        noisy.close()


# -- What is not to be done ----------------------------------------------------


def call_of(fields, payload=message(), end=True):
    return headers(1, block(fields)) + data(1, payload, end=end)


QUIT = SERVICE + "Quit"
QUITS = {
    **{f"path {path!r}": call_of(fields_of(path=path)) for path in (
        QUIT[1:], "/" + QUIT, QUIT + "/", QUIT + "?", QUIT + " ",
        QUIT + "\0", "/." + QUIT, "/x/.." + QUIT, QUIT.replace("Q", "%51"),
        QUIT.lower(), QUIT + "\u00ff", "http://localhost" + QUIT)},
    "two paths": call_of([(":path", SERVICE + "Status")] +
                         fields_of(path=QUIT)),
    "a path after fields": call_of(fields_of(without=[":path"]) +
                                   [(":path", QUIT)]),
    "GET": call_of(fields_of(path=QUIT, change={":method": "GET"})),
    "no te": call_of(fields_of(path=QUIT, without=["te"])),
    "no content-type": call_of(fields_of(path=QUIT,
                                         without=["content-type"])),
    "a bad timeout": call_of(fields_of(path=QUIT,
                                       more=[("grpc-timeout", "x")])),
    "no message": headers(1, block(fields_of(path=QUIT)), end=True),
    "half a message": call_of(fields_of(path=QUIT), b"\0\0"),
    "two messages": call_of(fields_of(path=QUIT), message() * 2),
    "a compressed message": call_of(fields_of(path=QUIT),
                                    message(b"x", flag=1)),
    "no end": call_of(fields_of(path=QUIT), end=False),
    "no block": headers(1, block(fields_of(path=QUIT)), flags=0),
}

for what, sent in QUITS.items():
    @attack(f"Quit that is none: {what}")
    def _(peer, sent=sent):
        peer.send(sent + ping())
        peer.until(lambda: peer.over() or peer.pongs or peer.answers,
                   "an answer")
        if peer.answer_of(1).status == OK:
            raise Wrong("an error", str(peer.answer_of(1)))


@attack("VMs that are taken with a window of 0 and given back")
def _(peer):
    peer.send(settings((WINDOW, 0)))
    for _ in range(50):
        stream = peer.call(path=SERVICE + "GetBaseVM")
        peer.expect_alive()
        peer.send(reset(stream) + ping())
        peer.expect_alive()


@attack("VMs that are taken with a window of 0 by who then goes")
def _(peer):
    for _ in range(20):
        with Peer(peer.address, pairs=((WINDOW, 0),)) as other:
            other.call(path=SERVICE + "GetBaseVM")
            other.expect_alive()


# -- Who only takes time -------------------------------------------------------


def expect_timed_out(peer, wait=None):
    """It was ended by the server, which has 10 seconds for a frame."""
    until = time.monotonic() + 3 * DEADLINE
    peer.socket.settimeout(1)
    while not peer.closed and time.monotonic() < until:
        if wait:
            wait()
        try:
            peer.next(1)
        except socket.timeout:
            pass
    if not peer.closed:
        raise Wrong("to be closed", "still open")


def dribble(peer, payload, then=b""):
    """A byte each second; the last one again and again."""
    rest = [payload[i:i + 1] for i in range(len(payload))]
    expect_timed_out(peer, lambda: peer.send(rest.pop(0) if rest else then))


@patient("nothing is said at all")
def _(address):
    with Peer(address, begin=False) as peer:
        expect_timed_out(peer)


@patient("a preface of a byte a second")
def _(address):
    with Peer(address, begin=False) as peer:
        dribble(peer, PREFACE + settings())


@patient("a preface, and no SETTINGS")
def _(address):
    with Peer(address, begin=False) as peer:
        peer.send(PREFACE)
        expect_timed_out(peer)


@patient("a frame of a byte a second")
def _(address):
    with Peer(address) as peer:
        dribble(peer, request(1)[:60])


@patient("a header block without an end, and CONTINUATION of a byte")
def _(address):
    with Peer(address) as peer:
        peer.send(headers(1, HEAD, flags=0))
        expect_timed_out(peer)


@patient("a call without its message")
def _(address):
    with Peer(address) as peer:
        peer.send(headers(1, HEAD))
        expect_timed_out(peer)


@patient("a message of a byte a second")
def _(address):
    with Peer(address) as peer:
        peer.send(headers(1, HEAD) + data(1, message(length=200)))
        expect_timed_out(peer, lambda: peer.send(data(1, b"x")))


@patient("answers that a window of 0 keeps from going")
def _(address):
    with Peer(address, pairs=((WINDOW, 0),)) as peer:
        for _ in range(peer.settings[MAX_STREAMS]):
            peer.call()
        expect_timed_out(peer)


@patient("more of these than there is room for answers")
def _(address):
    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(Peer(address, pairs=((WINDOW, 0),)))
                 for _ in range(12)]
        for peer in peers:
            peer.call()
        for peer in peers:
            expect_timed_out(peer)


@patient("answers that nobody reads")
def _(address):
    with Peer(address) as peer:
        flood(peer, lambda i: request(stream_of(i)) +
              window_update(0, 1000), 1000000, reading=False)
        expect_hang_up(peer)


@patient("PINGs whose answers nobody reads")
def _(address):
    with Peer(address) as peer:
        sent = flood(peer, lambda i: ping(), 1000000, reading=False)
        if sent * 17 > 4 << 20:
            raise Wrong("to be read no more", f"{sent} PINGs were read")
        expect_hang_up(peer)


def expect_hang_up(peer):
    """Closed by the server, seen without reading."""
    watch = select.poll()
    watch.register(peer.socket, select.POLLHUP)
    if not watch.poll(3000 * DEADLINE):
        raise Wrong("to be closed", "still open")


# -- Meanwhile -----------------------------------------------------------------


class Honest:
    """What must go on: a connection that was there before, and new ones."""

    def __init__(self, server):
        self.server = server
        self.peer = Peer(server.endpoint)

    def calls(self):
        for _ in range(3):
            answer = self.peer.expect_served(self.peer.call())
            self.peer.send(window_update(0, len(answer.body)))
        with Peer(self.server.endpoint) as other:
            other.expect_served(other.call())

    def ttrpc(self):
        told = json.loads(self.server.run("status", "--json"))
        if len(told["vms"]) != VMS:
            raise Wrong(f"{VMS} VMs", str(told))


def warm_up(server):
    """Touches what connections may touch: table, window, streams of as many
    as the server holds."""
    peers = []
    for _ in range(70):
        peers.append(Peer(server.endpoint))
        peers[-1].send(headers(1, HEAD + b"".join(
            literal(f"x-{n}", "v" * 400, INDEXED) for n in range(10))) +
            data(1, message(), end=True))
        peers[-1].expect_served(1)
    for peer in peers:
        peer.close()


class Trial:
    """An attack, and whether the server was any the worse for it."""

    def __init__(self, server, honest):
        self.server, self.honest = server, honest
        self.first = self.before = server.memory()

    def run(self, test):
        with Peer(self.server.endpoint) as peer:
            test(peer)
            self.honest.calls()
        self.settle()

    def settle(self):
        self.honest.calls()
        self.honest.ttrpc()
        self.check_memory()
        booted = sum("vm-ready" in line for line in self.server.log)
        if booted != VMS:
            raise Wrong("no VM spent", f"{booted - VMS} booted anew")

    def check_memory(self):
        before, self.before = self.before, self.server.memory()
        compare_memory(before, self.before)

    def check_all_memory(self):
        compare_memory(self.first, self.server.memory())

    def run_patient(self, chosen, report):
        """All at once, each in a thread; the honest are served all along."""
        results = {}
        threads = [threading.Thread(target=keep, daemon=True, args=(
            results, name, test, self.server.endpoint))
            for name, test in chosen]
        for thread in threads:
            thread.start()
        report.run("the honest are served all along",
                   lambda: self.serve_while(threads))
        for name, _ in chosen:
            report.run(name, lambda name=name: results[name]())
        report.run("memory and VMs after them", self.settle)

    def serve_while(self, threads):
        for thread in threads:
            while thread.is_alive():
                self.honest.calls()
                self.honest.ttrpc()
                thread.join(.2)


def compare_memory(before, after):
    """VmRSS and VmData, in KiB."""
    if after[0] > before[0] + MEMORY_KIB or after[1] != before[1]:
        raise Wrong(f"memory of {before} KiB", str(after))


def keep(results, name, test, address):
    def failed(error):
        raise error
    results[name] = lambda: failed(Wrong("an end", "none"))
    try:
        test(address)
        results[name] = lambda: None
    except (Wrong, OSError) as error:
        results[name] = lambda error=error: failed(error)


# -- All -----------------------------------------------------------------------


@patient("who is honest, and busy all the time, is no attacker")
def _(address):
    """There is no moment without half a frame under way."""
    with Peer(address) as peer:
        until = time.monotonic() + 13
        rest, streams = b"", []
        while time.monotonic() < until:
            streams += [peer.stream() for _ in range(4)]
            whole = rest + b"".join(request(s) for s in streams[-4:])
            peer.send(whole[:-3])
            rest = whole[-3:]
            for stream in streams[:-1]:
                answer = peer.expect_served(stream)
                rest += window_update(0, len(answer.body))
            streams = streams[-1:]
            peer.frames.clear()
            peer.answers = {s: a for s, a in peer.answers.items()
                            if s in streams}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="")
    parser.add_argument("program")
    options = parser.parse_args()
    report = Report()
    with tempfile.TemporaryDirectory() as directory:
        server = Server(os.path.realpath(options.program), directory,
                        "--number", str(VMS))
        try:
            server.ready(VMS)
            warm_up(server)
            trial = Trial(server, Honest(server))
            for name, test in ATTACKS:
                if options.only in name:
                    report.run(name, lambda test=test: trial.run(test))
            chosen = [p for p in PATIENT if options.only in p[0]]
            if chosen:
                trial.run_patient(chosen, report)
            report.run("memory after all of them", trial.check_all_memory)
        finally:
            server.stop()
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
