#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What an event takes on the wire, and what a connection takes in the server, with compression and without.

Run it as `tests/bench/run wire`; it takes five minutes, most of which it waits for the server to give contexts back.
"""

import argparse
import re
import tempfile
import time
import uuid
from pathlib import Path

from labsync_testing import Frames, Server, until
from raw_socket import RawSocket
from server_client import hello_members, upgrade_headers

QUIET = 60  # seconds after which the server gives a context back
ROOM = ("--max-connections=2000", "--max-connections-per-address=2000", "--max-connects-per-second=2000")
OFFERS = (("permessage-deflate; client_max_window_bits",), ())  # with compression, and without


class Client(RawSocket):
    """A client that counts what comes, and does not look at it."""

    def __init__(self, server, token, *offers):
        super().__init__(server, headers=upgrade_headers(token, *offers))
        self.frames = Frames()
        self.frames.upgraded = True
        self.send({"type": "hello", **hello_members()})
        until(lambda: self.read().target, what="the welcome")

    def read(self):
        self.end.setblocking(False)
        try:
            while data := self.end.recv(65536):
                self.frames.feed(data)
        except BlockingIOError:
            pass
        finally:
            self.end.setblocking(True)
        return self.frames

    def ping(self):
        self.send({"type": "ping", "timestamp": 1})


def pss(server):
    text = Path(f"/proc/{server.process.pid}/smaps_rollup").read_text()
    return int(re.search(r"^Pss:\s+(\d+)", text, re.M)[1]) * 1024


def change(person, rows, count):
    """Changes rows one by one, so that each is a transaction and a frame of its own."""
    for number in range(count):
        person.update("grades", rows[number % len(rows)], score=number % 100)


def bytes_per_event(server, client, person, rows, count):
    """Bytes from the server for each of many events, once the first have gone by."""
    change(person, rows, len(rows))
    sizes = []
    for share in (0, count):
        change(person, rows, share)
        top = person.call("GET", "/api/snapshot?entity=grade").body["data"]["cursor"]
        until(lambda top=top: client.read().cursor == top, what="the last event")
        sizes.append(client.frames.size)
    return (sizes[1] - sizes[0]) / count


def measure_wire(directory, count, kind="short"):
    """Bytes an event: (with compression, without)."""
    with Server(Path(directory) / f"wire-{kind}") as server:
        person = server.person("admin@demo.test")
        rows = [row["id"] for row in person.rows("grades")]
        if kind == "uuid":
            grade = {key: value for key, value in person.rows("grades")[0].items()
                     if key not in ("id", "version", "created_at", "updated_at", "created_by")}
            rows = [person.create("grades", **{**grade, "id": str(uuid.uuid4())})["id"] for _ in range(30)]
        return tuple(
            bytes_per_event(server, Client(server, person.token, *offers), person, rows, count) for offers in OFFERS
        )


def measure_memory(directory, count, *offers):
    """Bytes a connection: (idle, after some events each, a quiet minute later)."""
    with Server(Path(directory) / f"memory-{len(offers)}", *ROOM) as server:
        person = server.person("admin@demo.test")
        rows = [row["id"] for row in person.rows("grades")]
        first = Client(server, person.token, *offers)
        change(person, rows, 10)
        before = pss(server)
        clients = [first, *(Client(server, person.token, *offers) for _ in range(count))]
        found = [pss(server) - before]
        change(person, rows, 10)
        found.append(pss(server) - before)
        for client in clients:
            client.read()
        time.sleep(QUIET + 1)
        for client in clients:
            client.ping()
        time.sleep(QUIET)  # the server gives back what was freed once a minute
        found.append(pss(server) - before)
        return [size / count for size in found]


def main():
    parser = argparse.ArgumentParser(prog="tests/bench/run wire", description=__doc__.splitlines()[0])
    parser.add_argument("--connections", type=int, default=400, help="how many (400)")
    parser.add_argument("--events", type=int, default=300, help="how many (300)")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory(prefix="ls-") as directory:
        print("| bytes on the wire an event | compressed | plain |\n|---|---|---|")
        for kind, what in (("short", "of 2 rows with short ids"), ("uuid", "of 30 rows with UUIDs, one after another")):
            packed, plain = measure_wire(directory, options.events, kind)
            print(f"| {what} | {packed:.1f} | {plain:.1f} |")
        print(f"\n| memory of the server a connection, of {options.connections} | compressed | plain |\n|---|---|---|")
        columns = [measure_memory(directory, options.connections, *offers) for offers in OFFERS]
        for what, packed, plain in zip(("idle", "10 events later", "a quiet minute later"), *columns):
            print(f"| {what} | {packed / 1024:.1f} KiB | {plain / 1024:.1f} KiB |")


if __name__ == "__main__":
    main()
