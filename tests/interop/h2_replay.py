#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What clients of other people have sent, byte by byte, and our answers.

    h2_replay.py PROGRAM

captures/NAME.hex holds what NAME sent on one connection: a line of its
origin, a line `= STREAM:STATUS …` of what must be answered (- for a call that
the client gave up), then its bytes, where 0a62*500 is these 500 times. Each is
sent in one piece, frame by frame, and byte by byte; then a call is made
on the same connection, so that it is known to be still in step.
"""

import os
import sys
import tempfile

import hpack

from h2_wire import *  # noqa: F403: it is what is written in

CAPTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                        "captures")


class Capture:

    def __init__(self, path):
        self.name = os.path.basename(path)[:-len(".hex")]
        self.expected, self.sent = {}, b""
        with open(path, encoding="ascii") as lines:
            for line in lines:
                self.take(line.strip())
        self.pings, self.settings, self.paths = [], 0, {}
        self.decoder = hpack.Decoder()
        self.pieces = list(self.cut())

    def take(self, line):
        if line.startswith("="):
            self.expected = dict(p.split(":") for p in line[1:].split())
        elif "*" in line:
            some, times = line.split("*")
            self.sent += bytes.fromhex(some) * int(times)
        elif not line.startswith("#"):
            self.sent += bytes.fromhex(line)

    def cut(self):
        """Preface and frames; what the server must answer is noted."""
        yield self.sent[:len(PREFACE)]
        at, fragments = len(PREFACE), b""
        while at < len(self.sent):
            end = at + 9 + int.from_bytes(self.sent[at:at + 3], "big")
            kind, flags = self.sent[at + 3], self.sent[at + 4]
            stream = int.from_bytes(self.sent[at + 5:at + 9], "big")
            payload = self.sent[at + 9:end]
            if kind == PING and not flags & ACK:
                self.pings.append(payload)
            if kind == SETTINGS and not flags & ACK:
                self.settings += 1
            if kind in (HEADERS, CONTINUATION):
                fragments += content(kind, flags, payload)
                if flags & END_HEADERS:
                    fields = dict(self.decoder.decode(fragments))
                    self.paths[stream] = fields[":path"]
                    fragments = b""
            yield self.sent[at:end]
            at = end

    def says_goodbye(self):
        return any(piece[3] == GOAWAY for piece in self.pieces[1:])


def content(kind, flags, payload):
    """A fragment of a block, without what is around it."""
    if kind == CONTINUATION:
        return payload
    if flags & PADDED:
        payload = payload[1:len(payload) - payload[0]]
    return payload[5:] if flags & WITH_PRIORITY else payload


# -- What is in a good answer --------------------------------------------------


def varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def check_payload(path, payload, server):
    method = path.rsplit("/", 1)[1]
    begin = {"Status": b"\x08" + varint(server.process.pid),
             "Config": b"\x0a", "GetBaseVM": b"\x0a\x24"}[method]
    if not payload.startswith(begin):
        raise Wrong(f"an answer to {method}: {begin.hex()}",
                    payload.hex()[:80])
    if method == "Config" and b'"HypervisorType":"mock"' not in payload:
        raise Wrong("a configuration", repr(payload))


def check_answer_of(peer, capture, server, stream, expected):
    if expected == "-":
        return
    answer = peer.expect_status(stream, int(expected))
    if answer.status == OK:
        check_payload(capture.paths[stream], answer.messages[0], server)
    elif answer.status == UNIMPLEMENTED and "Nope" not in capture.paths[
            stream] and answer.headers.get(
                "grpc-accept-encoding") != "identity":
        raise Wrong("grpc-accept-encoding: identity", str(answer.headers))


# -- Sending it ----------------------------------------------------------------


def replay(capture, server, pieces):
    with Peer(server.endpoint, begin=False) as peer:
        peer.answering = False  # the capture's answers are in it
        for piece in pieces:
            peer.send(piece)
        for stream, expected in capture.expected.items():
            check_answer_of(peer, capture, server, int(stream), expected)
        peer.until(lambda: len(peer.pongs) >= len(capture.pings) and
                   peer.acks >= capture.settings,
                   f"ACKs of {capture.settings} SETTINGS and "
                   f"{len(capture.pings)} PINGs")
        if peer.pongs != capture.pings:
            raise Wrong("the bytes of each PING", str(peer.pongs))
        if not capture.says_goodbye():
            peer.expect_served(peer.call(1001))


def bytes_of(capture):
    """Byte by byte, but for what is so long that it would take minutes."""
    few = capture.sent[:2000]
    return [few[i:i + 1] for i in range(len(few))] + [
        capture.sent[i:i + 7] for i in range(2000, len(capture.sent), 7)]


def main():
    report = Report()
    with tempfile.TemporaryDirectory() as directory:
        server = Server(os.path.realpath(sys.argv[1]), directory,
                        "--number", "16")
        try:
            server.ready(16)
            for name in sorted(os.listdir(CAPTURES)):
                capture = Capture(os.path.join(CAPTURES, name))
                for how, pieces in (("at once", [capture.sent]),
                                    ("by frames", capture.pieces),
                                    ("by bytes", bytes_of(capture))):
                    report.run(f"{capture.name} {how}", lambda: replay(
                        capture, server, pieces))
        finally:
            server.stop()
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
