#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What RFC 9113 (sections 3 to 8), RFC 7541 and gRPC's PROTOCOL-HTTP2.md
demand of a server, case by case, each on its own connection and named by
its section.

    h2_conformance.py [--only TEXT] PROGRAM     starts PROGRAM serve
    h2_conformance.py [--only TEXT] [--plain] --at ADDRESS
                                                a server that is there

ADDRESS is a socket's path or HOST:PORT. --plain leaves out what is gRPC's,
for servers of any HTTP. Where an RFC leaves a choice (an error of the
stream or of the connection, to discard or to close), each is accepted.
"""

import argparse
import contextlib
import os
import sys
import tempfile

import h2_cases_fields  # noqa: F401
import h2_cases_frames  # noqa: F401
import h2_cases_grpc    # noqa: F401
import h2_cases_hpack   # noqa: F401
from h2_case import CASES
from h2_wire import Report, Server


class World:
    """Where the cases run."""

    def __init__(self, options):
        self.plain, self.address = options.plain, options.at
        self.program = options.program

    @contextlib.contextmanager
    def server(self, *options):
        with tempfile.TemporaryDirectory() as directory:
            server = Server(self.program, directory, *options)
            try:
                yield server
            finally:
                server.stop()


def run(world, only):
    report = Report()
    for case in CASES:
        if only not in case.name or world.plain and case.grpc:
            continue
        if case.needs and not world.program:
            continue
        report.run(case.name, lambda case=case: case.run(world))
    return report.end()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="")
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--at")
    parser.add_argument("program", nargs="?")
    options = parser.parse_args()
    if not options.at and not options.program:
        parser.error("PROGRAM or --at ADDRESS")
    world = World(options)
    if options.at:
        return run(world, options.only)
    world.program = os.path.realpath(options.program)
    with world.server("--number", "4") as server:
        world.address = server.endpoint
        server.ready(4)
        return run(world, options.only)


if __name__ == "__main__":
    sys.exit(main())
