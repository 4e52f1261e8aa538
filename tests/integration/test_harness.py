# SPDX-License-Identifier: LGPL-2.1-or-later
"""The breaking link itself: a test that trusts it should know that it breaks what it says."""

import os
import socket
import struct
import threading
import zlib

import pytest

from labsync_testing import Frames, Proxy, until
from server_client import ADMIN


class Echo:
    """Accepts one connection after the other and sends each the same bytes."""

    def __init__(self, data):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.data = data
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            client.sendall(self.data)


def read_all(port):
    got = b""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
            while len(got) < 1000:
                data = client.recv(4096)
                if not data:
                    return got, "closed"
                got += data
    except ConnectionResetError:
        return got, "reset"
    return got, "whole"


@pytest.fixture
def echo():
    echo = Echo(b"x" * 1000)
    yield echo
    echo.listener.close()


def test_passes_bytes(echo):
    with Proxy(echo) as proxy:
        assert read_all(proxy.port) == (b"x" * 1000, "whole")


def test_cuts_at_the_byte(echo):
    with Proxy(echo) as proxy:
        proxy.cut_after(137)
        got, end = read_all(proxy.port)
        # A reset may overtake bytes that the reader has not fetched yet; more must never come.
        assert end == "reset" and len(got) <= 137
        assert proxy.cuts == 1
        assert read_all(proxy.port)[1] == "whole"


def test_refuses(echo):
    with Proxy(echo) as proxy:
        proxy.refusing = True
        assert read_all(proxy.port) == (b"", "reset")


def frame(payload, packer):
    first_byte = 0x81
    if packer:
        first_byte = 0xC1
        payload = (packer.compress(payload) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]
    size = len(payload)
    head = struct.pack(">BB", first_byte, size) if size < 126 else struct.pack(">BBH", first_byte, 126, size)
    return head + payload


@pytest.mark.parametrize("packer", [None, zlib.compressobj(wbits=-15)], ids=["plain", "compressed"])
@pytest.mark.parametrize("step", [1, 2, 7, 1000])
def test_finds_frames(step, packer):
    packer = packer and packer.copy()
    body = b'{"type":"events","prev":"E:1","cursor":"E:2","more":true,"events":[' + os.urandom(100).hex().encode() + b"]}"
    welcome = b'{"type":"welcome","cursor":"E:9"}'
    stream = b"HTTP/1.1 101 Switching\r\nX: y\r\n\r\n" + frame(welcome, packer) + frame(body, packer)
    frames = Frames()
    for at in range(0, len(stream), step):
        frames.feed(stream[at : at + step])
    assert (frames.cursor, frames.target) == ("E:2", "E:9")
    assert frames.in_backlog and not frames.inside_a_frame
    assert frames.size == len(stream) - len("HTTP/1.1 101 Switching\r\nX: y\r\n\r\n")
    last = frame(body.replace(b"true", b"false"), packer)
    frames.feed(last)
    assert not frames.in_backlog
    frames.feed(last[:-1])
    assert frames.inside_a_frame and frames.in_backlog
    frames.feed(last[-1:])
    assert not frames.inside_a_frame and not frames.in_backlog


def test_until_says_what():
    with pytest.raises(AssertionError, match="the moon"):
        until(lambda: False, 0.05, "the moon")


def test_both_servers_demonstrate_the_same_school(classic, server):
    """The same people and rows; what differs is what labsync-server adds to all of them, and how it says it."""
    ours, theirs = server.person(ADMIN), classic.person(ADMIN)
    added = {"version", "created_at", "updated_at", "expires_at", "target_audience"}
    for table in ("users", "teachers", "subjects", "classes", "students", "schedules", "grades", "attendance",
                  "announcements", "e_library", "school_events"):
        expected = {row["id"]: row for row in ours.rows(table)}
        found = {row["id"]: row for row in theirs.rows(table)}
        assert list(found) and found.keys() == expected.keys(), table
        for row_id, row in found.items():
            shared = (row.keys() & expected[row_id].keys()) - added
            assert {key: row[key] for key in shared} == {key: expected[row_id][key] for key in shared}
