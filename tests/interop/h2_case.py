# SPDX-License-Identifier: Apache-2.0
"""How a case of the conformance list is written.

@case(section, name) makes a function of a Peer a case of its own
connection. Most need no function: they are bytes and what must come of
them.

  breaks   the connection must end with GOAWAY and one of these codes
  resets   the stream must: RST_STREAM, or an answer that is an error (RFC
           9113 8.1.1), or the connection (5.4.1); else it lives on, with
           its header table in step
  accepts  whatever it is, a call after it is served
  answers  a call gets one of these statuses
"""

from h2_wire import (ANY_ERROR, INDEXED, OK, Peer, WINDOW, WINDOW_START, Wrong,
                     block, data, error_names, fields_of, headers, index,
                     message, settings)

CASES = []


class Case:

    def __init__(self, section, name, test, begin=True, pairs=(), needs=""):
        self.section, self.title, self.test = section, name, test
        self.begin, self.pairs, self.needs = begin, pairs, needs

    @property
    def name(self):
        return f"{self.section} {self.title}"

    @property
    def grpc(self):
        return self.section.startswith(("gRPC", "ours"))

    def run(self, world):
        if self.needs:
            self.test(world)
            return
        with Peer(world.address, self.begin, self.pairs) as peer:
            peer.plain = world.plain
            self.test(peer)


def case(section, name, **how):
    def add(test):
        CASES.append(Case(section, name, test, **how))
        return test
    return add


def served(peer, stream):
    """A whole answer; of a server of gRPC, a good one."""
    if not peer.plain:
        return peer.expect_served(stream)
    answer = peer.answer(stream)
    if not answer.ended or not answer.http:
        raise Wrong("an answer", f"{answer}, {peer.end()}")
    return answer


def indexed_call(peer):
    """A call that leaves entries in the header table, and one that refers
    to them: served only if both ends have the same table."""
    fields = fields_of()
    one, two = peer.stream(), peer.stream()
    peer.send(headers(one, block(fields, INDEXED)) +
              data(one, message(), end=True))
    # the newest entry has the lowest index
    again = b"".join(index(62 + len(fields) - 1 - i)
                     for i in range(len(fields)))
    peer.send(headers(two, again) + data(two, message(), end=True))
    served(peer, one)
    served(peer, two)


def good_call(peer):
    return served(peer, peer.call())


def breaks(section, name, codes, *pieces, **how):
    codes = codes if isinstance(codes, tuple) else (codes,)

    def test(peer):
        peer.send(b"".join(pieces))
        peer.expect_connection_error(*codes)
    case(section, name, **how)(test)


def expect_stream_error(peer, stream, codes, answer_too=True):
    answer = peer.answer(stream)
    if peer.over():
        peer.expect_connection_error(*codes)
        return
    refused = answer.http >= 400 or answer.status in ANY_ERROR
    if not (answer.reset in codes or answer_too and refused):
        raise Wrong(f"stream error {error_names(codes)}", str(answer))
    peer.send(settings((WINDOW, WINDOW_START)))
    indexed_call(peer)


def resets(section, name, codes, *pieces, stream=1, **how):
    codes = codes if isinstance(codes, tuple) else (codes,)

    def test(peer):
        peer.send(b"".join(pieces))
        expect_stream_error(peer, stream, codes)
    case(section, name, **how)(test)


def accepts(section, name, *pieces, stream=None, **how):
    """If stream is given, that one is served too."""
    def test(peer):
        peer.send(b"".join(pieces))
        if stream:
            served(peer, stream)
        indexed_call(peer)
    case(section, name, **how)(test)


def answers(section, name, codes, *pieces, **how):
    """The call is all of its pieces, on stream 1."""
    codes = codes if isinstance(codes, tuple) else (codes,)

    def test(peer):
        peer.send(b"".join(pieces))
        if codes == (OK,):
            peer.expect_served(1)
        else:
            peer.expect_status(1, *codes)
        indexed_call(peer)
    case(section, name, **how)(test)


def refuses(section, name, *pieces, **how):
    """An error of some kind, never silence, never OK; the connection
    lives."""
    def test(peer):
        peer.send(b"".join(pieces))
        answer = peer.answer(1)
        if peer.over():
            raise Wrong("an error of the call", peer.end())
        if answer.status == OK or answer.http == 200 and (
                answer.status is None and answer.reset is None):
            raise Wrong("an error", str(answer))
        indexed_call(peer)
    case(section, name, **how)(test)


def gives_http(section, name, http, *pieces, **how):
    """An answer of HTTP with that status, and a grpc-status beside it."""
    def test(peer):
        peer.send(b"".join(pieces))
        answer = peer.answer(1)
        if answer.http != http or not answer.ended:
            raise Wrong(f"HTTP {http}", f"{answer}, {peer.end()}")
        if answer.status not in ANY_ERROR:
            raise Wrong("a grpc-status that is an error", str(answer))
        indexed_call(peer)
    case(section, name, **how)(test)
