# SPDX-License-Identifier: Apache-2.0
"""HTTP/2 and gRPC by hand, for tests of a server: what no well-behaved
client would send can be sent. Header blocks are written here byte by byte;
the server's are read by python3-hpack, which is somebody else's.

Peer is one connection. It reads frames, keeps an Answer for each stream,
and raises Wrong when the server breaks the protocol by itself. Nothing here
waits without a deadline.
"""

import os
import socket
import struct
import subprocess
import threading
import time

import hpack
from hpack.huffman import HuffmanEncoder
from hpack.huffman_constants import REQUEST_CODES, REQUEST_CODES_LENGTH

DEADLINE = float(os.environ.get("H2_DEADLINE", "10"))
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

(DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY,
 WINDOW_UPDATE, CONTINUATION) = range(10)
NAMES = ("DATA HEADERS PRIORITY RST_STREAM SETTINGS PUSH_PROMISE PING GOAWAY "
         "WINDOW_UPDATE CONTINUATION").split()

# flags
END_STREAM = ACK = 1
END_HEADERS = 4
PADDED = 8
WITH_PRIORITY = 32

# settings
(TABLE_SIZE, ENABLE_PUSH, MAX_STREAMS, WINDOW, MAX_FRAME,
 MAX_LIST) = range(1, 7)

# errors of HTTP/2
(NO_ERROR, PROTOCOL, INTERNAL, FLOW_CONTROL, SETTINGS_TIMEOUT, STREAM_CLOSED,
 FRAME_SIZE, REFUSED, CANCEL, COMPRESSION, CONNECT, CALM) = range(12)
ERRORS = ("NO_ERROR PROTOCOL_ERROR INTERNAL_ERROR FLOW_CONTROL_ERROR "
          "SETTINGS_TIMEOUT STREAM_CLOSED FRAME_SIZE_ERROR REFUSED_STREAM "
          "CANCEL COMPRESSION_ERROR CONNECT_ERROR ENHANCE_YOUR_CALM").split()

# statuses of gRPC
(OK, CANCELLED, UNKNOWN, INVALID_ARGUMENT, DEADLINE_EXCEEDED, NOT_FOUND) = (
    range(6))
(RESOURCE_EXHAUSTED, UNIMPLEMENTED, INTERNAL_ERROR, UNAVAILABLE) = (
    8, 12, 13, 14)
ANY_ERROR = tuple(range(1, 17))

WINDOW_START = 65535
FRAME_START = 16384
SERVICE = "/cache.CacheService/"


class Wrong(Exception):
    """What was expected, and what came instead."""

    def __init__(self, expected, got):
        super().__init__(f"expected {expected}, got {got}")


def error_name(code):
    return ERRORS[code] if code < len(ERRORS) else f"error {code:#x}"


def error_names(codes):
    return " or ".join(error_name(code) for code in codes)


# -- Frames -------------------------------------------------------------------


def frame(kind, flags=0, stream=0, payload=b"", length=None):
    """One frame; a length that is given is said instead of the true one."""
    if length is None:
        length = len(payload)
    return struct.pack(">I", length)[1:] + struct.pack(
        ">BBI", kind, flags, stream) + payload


def u32(number):
    return struct.pack(">I", number)


def setting(identifier, value):
    return struct.pack(">HI", identifier, value)


def settings(*pairs):
    return frame(SETTINGS, payload=b"".join(setting(*p) for p in pairs))


SETTINGS_ACK = frame(SETTINGS, ACK)


def ping(opaque=b"12345678", flags=0):
    return frame(PING, flags, 0, opaque)


def window_update(stream, increment):
    return frame(WINDOW_UPDATE, 0, stream, u32(increment))


def reset(stream, code=CANCEL):
    return frame(RST_STREAM, 0, stream, u32(code))


def goaway(last=0, code=NO_ERROR, debug=b""):
    return frame(GOAWAY, 0, 0, u32(last) + u32(code) + debug)


def priority(stream, depends=0, weight=15):
    return frame(PRIORITY, 0, stream, u32(depends) + bytes([weight]))


def data(stream, payload=b"", end=False, pad=None):
    flags = END_STREAM if end else 0
    if pad is not None:
        payload = bytes([pad]) + payload + bytes(pad)
        flags |= PADDED
    return frame(DATA, flags, stream, payload)


# -- HPACK --------------------------------------------------------------------

PLAIN, INDEXED, NEVER = 0x00, 0x40, 0x10
PREFIX_BITS = {PLAIN: 4, INDEXED: 6, NEVER: 4, 0x20: 5, 0x80: 7}
HUFFMAN = HuffmanEncoder(REQUEST_CODES, REQUEST_CODES_LENGTH)


def integer(value, bits, first=0):
    top = (1 << bits) - 1
    if value < top:
        return bytes([first | value])
    out = [first | top]
    value -= top
    while value >= 128:
        out.append(0x80 | value & 127)
        value >>= 7
    return bytes(out + [value])


def octets(text):
    return text if isinstance(text, bytes) else text.encode("latin-1")


def string(text, huffman=False):
    text = octets(text)
    if huffman:
        text = HUFFMAN.encode(text)
        return integer(len(text), 7, 0x80) + text
    return integer(len(text), 7) + text


def index(number):
    return integer(number, 7, 0x80)


def table_size(size):
    return integer(size, 5, 0x20)


def literal(name, value, kind=PLAIN, huffman=False):
    """A field; its name is a text, or the index of one."""
    bits = PREFIX_BITS[kind]
    if isinstance(name, int):
        return integer(name, bits, kind) + string(value, huffman)
    return integer(0, bits, kind) + string(name, huffman) + string(
        value, huffman)


def block(fields, kind=PLAIN, huffman=False):
    return b"".join(literal(n, v, kind, huffman) for n, v in fields)


# -- Requests -----------------------------------------------------------------


def fields_of(path=SERVICE + "Status", without=(), change=(), more=()):
    """The header list of a call: less some names, with others' values
    changed, and with more at its end."""
    fields = [(":method", "POST"), (":scheme", "http"), (":path", path),
              (":authority", "localhost"),
              ("content-type", "application/grpc"), ("te", "trailers")]
    change = dict(change)
    fields = [(n, change.get(n, v)) for n, v in fields if n not in without]
    return fields + list(more)


def headers(stream, payload, end=False, flags=END_HEADERS):
    if end:
        flags |= END_STREAM
    return frame(HEADERS, flags, stream, payload)


def message(payload=b"", flag=0, length=None):
    if length is None:
        length = len(payload)
    return bytes([flag]) + u32(length) + payload


def fragmented(stream, payload, size):
    """A block as HEADERS and CONTINUATIONs of so many bytes each."""
    pieces = [payload[i:i + size] for i in range(0, len(payload), size)]
    out = headers(stream, pieces[0], flags=0)
    for piece in pieces[1:-1]:
        out += frame(CONTINUATION, 0, stream, piece)
    return out + frame(CONTINUATION, END_HEADERS, stream, pieces[-1])


def request(stream, payload=b"", **how):
    """A whole call, as fields_of says."""
    return headers(stream, block(fields_of(**how))) + data(
        stream, message(payload), end=True)


# -- The server's side of a stream --------------------------------------------


class Answer:
    """What came on one stream."""

    def __init__(self):
        self.blocks = []
        self.body = b""
        self.reset = None
        self.ended = False

    @property
    def headers(self):
        return dict(self.blocks[0]) if self.blocks else {}

    @property
    def trailers(self):
        return dict(self.blocks[-1]) if self.blocks and self.ended else {}

    @property
    def http(self):
        return int(self.headers.get(":status", "0"))

    @property
    def status(self):
        """grpc-status, or None."""
        text = self.trailers.get("grpc-status")
        return None if text is None else int(text)

    @property
    def messages(self):
        out, rest = [], self.body
        while rest:
            if len(rest) < 5 or len(rest) < 5 + int.from_bytes(
                    rest[1:5], "big"):
                raise Wrong("whole messages", f"{self.body.hex()}")
            if rest[0]:
                raise Wrong("a message as it is", "a compressed one")
            end = 5 + int.from_bytes(rest[1:5], "big")
            out.append(rest[5:end])
            rest = rest[end:]
        return out

    def __str__(self):
        if self.reset is not None and not self.ended:
            return f"RST_STREAM {error_name(self.reset)}"
        if not self.blocks:
            return "no answer"
        text = f"HTTP {self.http}"
        if self.status is not None:
            text += f", grpc-status {self.status}"
        if "grpc-message" in self.trailers:
            text += f" ({self.trailers['grpc-message']})"
        return text if self.ended else text + ", not ended"


# -- A connection -------------------------------------------------------------


class Frame:

    def __init__(self, kind, flags, stream, payload):
        self.kind, self.flags = kind, flags
        self.stream, self.payload = stream, payload

    def __str__(self):
        name = NAMES[self.kind] if self.kind < 10 else f"type {self.kind}"
        return f"{name} flags {self.flags} stream {self.stream}"


def dial(address):
    """A path, or HOST:PORT."""
    if "/" not in address:
        host, port = address.rsplit(":", 1)
        return socket.create_connection((host, int(port)), DEADLINE)
    stream = socket.socket(socket.AF_UNIX)
    stream.settimeout(DEADLINE)
    stream.connect(address)
    return stream


class Peer:
    """A connection to a server. `begin` sends the preface and SETTINGS, and
    reads until the server's SETTINGS and its ACK are there."""

    def __init__(self, address, begin=True, pairs=()):
        self.address = address
        self.socket = dial(address)
        self.plain = False       # HTTP/2 without gRPC
        self.buffer = b""
        self.begun = False       # a frame of the server has come
        self.closed = False      # the server has closed
        self.answering = True    # ACK SETTINGS and PING
        self.goaway = None       # (last stream, code, debug data)
        self.settings = {}
        self.frames = []         # all that came
        self.acks = 0
        self.pongs = []
        self.answers = {}
        self.decoder = hpack.Decoder()
        self.pending = None      # (stream, flags, fragments) of a block
        self.next_stream = 101
        self.on_frame = None
        if begin:
            self.send(PREFACE + settings(*pairs))
            self.until(lambda: self.settings_came and self.acks,
                       "SETTINGS, and an ACK of ours")

    @property
    def settings_came(self):
        return any(f.kind == SETTINGS and not f.flags & ACK
                   for f in self.frames)

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # sending

    def send(self, payload):
        """All of it; a server that has closed is noticed in reading."""
        try:
            self.socket.sendall(payload)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def call(self, stream=None, **how):
        """Sends a request and returns its stream."""
        stream = stream or self.stream()
        self.send(request(stream, **how))
        return stream

    def stream(self):
        self.next_stream += 2
        return self.next_stream - 2

    # reading

    def read_bytes(self):
        try:
            got = self.socket.recv(65536)
        except ConnectionResetError:
            got = b""
        self.closed = not got
        self.buffer += got

    def next(self, deadline=None):
        """The next frame; None when the server has closed."""
        until = time.monotonic() + (deadline or DEADLINE)
        while not self.complete():
            left = until - time.monotonic()
            if left <= 0:
                raise socket.timeout
            self.socket.settimeout(left)
            self.read_bytes()
            if self.closed:
                if self.buffer:
                    raise Wrong("whole frames", self.buffer.hex())
                return None
        return self.take()

    def complete(self):
        return len(self.buffer) >= 9 and len(
            self.buffer) >= 9 + int.from_bytes(self.buffer[:3], "big")

    def take(self):
        end = 9 + int.from_bytes(self.buffer[:3], "big")
        kind, flags, stream = struct.unpack(">BBI", self.buffer[3:9])
        got = Frame(kind, flags, stream & 0x7fffffff, self.buffer[9:end])
        self.buffer = self.buffer[end:]
        self.frames.append(got)
        self.check(got)
        self.handle(got)
        if self.on_frame:
            self.on_frame(got)
        return got

    def until(self, done, expected, deadline=None):
        """Reads until done() or the server has closed; says which."""
        while not done():
            if self.closed:
                raise Wrong(expected, self.end())
            try:
                self.next(deadline)
            except socket.timeout:
                raise Wrong(expected, "nothing in time") from None

    def end(self):
        """How the connection ended, in words."""
        if self.goaway:
            return (f"GOAWAY {error_name(self.goaway[1])}"
                    f" {self.goaway[2].decode('latin-1')}".rstrip())
        return "closed without GOAWAY" if self.closed else "open"

    # what a server may not do

    def check(self, got):
        if len(got.payload) > FRAME_START:
            raise Wrong("frames of 16384 bytes at most", str(got))
        if got.kind == PUSH_PROMISE:
            raise Wrong("no PUSH_PROMISE", str(got))
        if not self.begun and (got.kind, got.flags) != (SETTINGS, 0):
            raise Wrong("SETTINGS first", str(got))
        self.begun = True
        if self.pending and got.kind != CONTINUATION:
            raise Wrong("CONTINUATION", str(got))
        if got.kind in (DATA, HEADERS, RST_STREAM) and not got.stream:
            raise Wrong("a stream", str(got))
        answer = self.answers.get(got.stream)
        if got.kind in (DATA, HEADERS) and answer and (
                answer.ended or answer.reset is not None):
            raise Wrong("nothing after the end of a stream", str(got))

    # what came

    def handle(self, got):
        handler = getattr(self, "on_" + (
            NAMES[got.kind].lower() if got.kind < 10 else "unknown"))
        handler(got)

    def answer_of(self, stream):
        return self.answers.setdefault(stream, Answer())

    def on_unknown(self, got):
        pass

    on_priority = on_window_update = on_push_promise = on_unknown

    def on_data(self, got):
        answer = self.answer_of(got.stream)
        if not answer.blocks:
            raise Wrong("HEADERS before DATA", str(got))
        answer.body += got.payload
        answer.ended = bool(got.flags & END_STREAM)

    def on_headers(self, got):
        self.pending = (got.stream, got.flags, [])
        self.on_continuation(got)

    def on_continuation(self, got):
        if not self.pending or self.pending[0] != got.stream:
            raise Wrong("no CONTINUATION", str(got))
        stream, flags, fragments = self.pending
        fragments.append(got.payload)
        if not got.flags & END_HEADERS:
            return
        self.pending = None
        answer = self.answer_of(stream)
        try:
            fields = self.decoder.decode(b"".join(fragments))
        except hpack.HPACKError as error:
            raise Wrong("a header block", repr(error)) from None
        check_fields(fields, bool(answer.blocks))
        answer.blocks.append(fields)
        answer.ended = bool(flags & END_STREAM)

    def on_rst_stream(self, got):
        # a second one is allowed (RFC 9113 5.4.2)
        answer = self.answer_of(got.stream)
        if answer.reset is None:
            answer.reset = int.from_bytes(got.payload, "big")

    def on_settings(self, got):
        if got.flags & ACK:
            self.acks += 1
            return
        for i in range(0, len(got.payload), 6):
            self.settings.__setitem__(*struct.unpack(
                ">HI", got.payload[i:i + 6]))
        check_settings(self.settings)
        if self.answering:
            self.send(SETTINGS_ACK)

    def on_ping(self, got):
        if got.flags & ACK:
            self.pongs.append(got.payload)
        elif self.answering:
            self.send(ping(got.payload, ACK))

    def on_goaway(self, got):
        last, code = struct.unpack(">II", got.payload[:8])
        self.goaway = (last, code, got.payload[8:])

    # what was expected

    def over(self):
        """Nothing more will come: an error of the connection, or its end."""
        return self.closed or (self.goaway and self.goaway[1] != NO_ERROR)

    def answer(self, stream, deadline=None):
        """The whole answer on a stream, or as far as it came."""
        answer = self.answer_of(stream)
        self.until(lambda: answer.ended or answer.reset is not None or
                   self.over(), f"an end of stream {stream}", deadline)
        return answer

    def expect_status(self, stream, *codes):
        """A gRPC answer with one of these statuses."""
        answer = self.answer(stream)
        expected = "grpc-status " + " or ".join(str(code) for code in codes)
        if len(codes) == len(ANY_ERROR):
            expected = "grpc-status that is an error"
        if self.over() and not answer.ended:
            raise Wrong(expected, self.end())
        if answer.status not in codes:
            raise Wrong(expected, str(answer))
        check_answer(answer)
        return answer

    def expect_served(self, stream):
        """Status OK, with one message."""
        answer = self.expect_status(stream, OK)
        if len(answer.messages) != 1:
            raise Wrong("one message", f"{len(answer.messages)}")
        return answer

    def expect_connection_error(self, *codes):
        """GOAWAY with one of these codes, then the end."""
        self.until(lambda: self.closed, f"GOAWAY {error_names(codes)}, "
                   "then close")
        if not self.goaway or self.goaway[1] not in codes:
            raise Wrong(f"GOAWAY {error_names(codes)}", self.end() + "".join(
                f"; stream {s}: {a}" for s, a in self.answers.items()))

    def expect_alive(self):
        """The connection still answers a PING."""
        before = len(self.pongs)
        self.send(ping(b"alive..?"))
        self.until(lambda: len(self.pongs) > before, "an ACK of PING")


# -- What a server's lists and numbers must be --------------------------------


def check_fields(fields, again):
    names = [name for name, _ in fields]
    pseudo = [name for name in names if name.startswith(":")]
    if pseudo != ([] if again else [":status"]) or (
            pseudo and names[0] != ":status"):
        raise Wrong("no pseudo-header but :status first", f"{names}")
    for name, value in fields:
        if name != name.lower() or name in ("connection", "upgrade",
                                            "transfer-encoding"):
            raise Wrong("field names of HTTP/2", name)
        if value != value.strip() or any(c in value for c in "\0\r\n"):
            raise Wrong("field values of HTTP/2", repr(value))


def check_settings(values):
    if values.get(ENABLE_PUSH, 0) != 0:
        raise Wrong("no ENABLE_PUSH", str(values))
    if values.get(WINDOW, 0) > 0x7fffffff:
        raise Wrong("INITIAL_WINDOW_SIZE below 2^31", str(values))
    if not FRAME_START <= values.get(MAX_FRAME, FRAME_START) <= 0xffffff:
        raise Wrong("MAX_FRAME_SIZE in its range", str(values))


def check_answer(answer):
    """The form of a gRPC answer."""
    trailers = answer.trailers
    if not answer.headers.get("content-type", "").startswith(
            "application/grpc"):
        raise Wrong("content-type application/grpc", str(answer.headers))
    if str(answer.status) != trailers["grpc-status"]:
        raise Wrong("decimal without zeros", trailers["grpc-status"])
    text = trailers.get("grpc-message", "")
    if any(not " " <= c <= "~" for c in text):
        raise Wrong("grpc-message percent-encoded", repr(text))
    for piece in text.split("%")[1:]:
        if len(piece) < 2 or any(c not in "0123456789ABCDEFabcdef"
                                 for c in piece[:2]):
            raise Wrong("grpc-message percent-encoded", repr(text))


# -- Servers to test ----------------------------------------------------------


class Server:
    """A `vmcache serve` of our own, in a directory of its own."""

    def __init__(self, program, directory, *options):
        self.program = program
        self.endpoint = os.path.join(directory, "cache.sock")
        self.log = []
        self.changed = threading.Condition()
        self.process = subprocess.Popen(
            [program, "serve", "--endpoint", self.endpoint, "--run-dir",
             os.path.join(directory, "run"), "--hypervisor", "mock",
             *options], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.reader = threading.Thread(target=self.keep_log, daemon=True)
        self.reader.start()
        self.logged("listening")

    def keep_log(self):
        for line in self.process.stderr:
            with self.changed:
                self.log.append(line.rstrip("\n"))
                self.changed.notify_all()

    def logged(self, text, count=1):
        """Waits until so many lines of the log have the text."""
        with self.changed:
            if not self.changed.wait_for(
                    lambda: sum(text in line for line in self.log) >= count,
                    2 * DEADLINE):
                raise Wrong(f'"{text}" in the log', "\n".join(self.log[-5:]))

    def run(self, *command):
        """Another of the program's commands; its output."""
        done = subprocess.run(
            [self.program, *command], env={
                **os.environ, "VMCACHE_ENDPOINT": self.endpoint},
            capture_output=True, text=True, check=False,
            timeout=4 * DEADLINE)
        if done.returncode:
            raise Wrong(f"vmcache {' '.join(command)}", done.stderr.strip())
        return done.stdout

    def ready(self, number):
        self.run("status", f"--wait-ready={number}", "--timeout", "20")

    def memory(self):
        """(VmRSS, VmData) in KiB."""
        if self.process.poll() is not None:
            raise Wrong("a server", f"its end: {self.process.returncode}")
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as f:
            lines = dict(line.split(":", 1) for line in f)
        return tuple(int(lines[name].split()[0])
                     for name in ("VmRSS", "VmData"))

    def ended(self):
        """Waits for its end; its exit status."""
        return self.process.wait(2 * DEADLINE)

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.reader.join(DEADLINE)


class Report:
    """Lines as tests/run.sh counts them, and the sum."""

    def __init__(self):
        self.passed = self.failed = 0

    def run(self, name, test):
        try:
            test()
        except (Wrong, OSError, subprocess.SubprocessError) as error:
            self.failed += 1
            text = str(error) or repr(error)
            print(f"not ok {name}: {text}", flush=True)
            return
        self.passed += 1
        print(f"ok {name}", flush=True)

    def end(self):
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed or not self.passed else 0
