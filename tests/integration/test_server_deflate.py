# SPDX-License-Identifier: LGPL-2.1-or-later
"""labsync-server compresses: with every parameter, for an independent client, and at a bounded cost."""

import fcntl
import json
import re
import socket
import struct
import termios
import time
import zlib
from pathlib import Path

import pytest
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory as Deflate

from labsync_testing import Server
from server_client import STUDENT, TEACHER, announce, begin_handshake, frame

LIMIT = 4 << 20  # bytes of a message that the server looks at
SLACK = 24 << 20  # what it may cost to find out that one has more

OURS = "permessage-deflate; server_max_window_bits=12; client_no_context_takeover"


def peak(server):
    """The most memory that the server ever had, in bytes."""
    text = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.search(r"^VmHWM:\s+(\d+)", text, re.M)[1]) << 10


def pack(data, bits=15):
    packer = zlib.compressobj(wbits=-bits)
    return (packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]


def agreed(server, token, *offers):
    """What the server answers to offers: None without a word about extensions."""
    with begin_handshake(server, token, *offers) as client:
        answer = client.recv(65536).decode()
    assert answer.startswith("HTTP/1.1 101 "), answer
    found = re.findall(r"^Sec-WebSocket-Extensions: (.*)\r$", answer, re.M)
    assert len(found) <= 1
    return found[0] if found else None


def hello(cursor):
    agent = {"version": "1", "machine": "0" * 32}
    text = json.dumps({"type": "hello", "cursor": cursor, "eventTypes": None, "agent": agent})
    return frame(0x81, text.encode())


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"client_max_window_bits": None},
        {"client_max_window_bits": 9},
        {"server_max_window_bits": 15},
        {"server_max_window_bits": 9},
        {"server_no_context_takeover": True},
        {"client_no_context_takeover": True},
        {"server_no_context_takeover": True, "client_no_context_takeover": True,
         "server_max_window_bits": 10, "client_max_window_bits": 10},
    ],
    ids=str,
)
def test_speaks_with_an_independent_client(student, teacher, connect, options):
    client = connect(student, extensions=[Deflate(**options)])
    assert len(client.ws.extensions) == 1
    client.hello()
    texts = [f"Pengumuman {number}: " + "ä€😀 upacara " * (number * 40) for number in range(12)]
    for text in texts:
        announce(teacher, content=text)
    assert [event["data"]["content"] for event in client.events()] == texts
    # What the client sends is compressed whatever its size.
    client.raw('{"type":"dance","x":"' + "x" * 1_000_000 + '"}')
    assert client.receive("error")["code"] == "unknown-type"
    client.raw(b"\x00\xff")
    assert client.receive("error")["code"] == "bad-message"
    client.ping()


@pytest.mark.parametrize(
    ("offers", "answer"),
    [
        ((), None),
        (("permessage-deflate",), OURS),
        (("permessage-deflate; client_max_window_bits",), OURS + "; client_max_window_bits=12"),
        (("permessage-deflate; client_max_window_bits=\"9\"",), OURS + "; client_max_window_bits=9"),
        # The first that can be had is taken, once.
        (("permessage-deflate; server_max_window_bits=9, permessage-deflate",), OURS.replace("12", "9")),
        (("permessage-deflate; server_max_window_bits=7, permessage-deflate",), OURS),
        (("permessage-deflate; novelty", "x-other, permessage-deflate"), OURS),
        # What can't be is declined, and costs nothing else.
        (("permessage-deflate; server_max_window_bits",), None),
        (("permessage-deflate; server_max_window_bits=16",), None),
        (("permessage-deflate; client_max_window_bits=x",), None),
        (("permessage-deflate; server_no_context_takeover=1",), None),
        (("permessage-deflate; server_max_window_bits=9; server_max_window_bits=9",), None),
        (("x-webkit-deflate-frame",), None),
        (("",), None),
        ((", ,",), None),
        ((";",), None),
    ],
    ids=str,
)
def test_answers_offers(server, student, offers, answer):
    assert agreed(server, student.token, *offers) == answer


def test_a_lost_handshake_harms_nobody(directory, world):
    """libsoup's own handler would keep the extensions of one, and refuse everybody from then on."""
    server = world.enter_context(Server(directory / "open", "--max-connects-per-second=2000"))
    token = server.person(STUDENT).token
    for number in range(400):
        client = begin_handshake(server, token, "permessage-deflate")
        time.sleep(number % 40 * 0.00003)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
    assert agreed(server, token, "permessage-deflate") == OURS


def test_a_bomb_is_not_unpacked(server, student, connect):
    client = connect(student, extensions=[Deflate()])
    client.hello()
    bomb = pack(bytes(64 << 20))
    before = peak(server)
    client.frame(0xC1, bomb)
    assert client.wait_close() == 1009
    print(f"{len(bomb)} bytes for {64 << 20}: {(peak(server) - before) >> 10} KiB")
    assert peak(server) - before < SLACK


@pytest.mark.parametrize("count", [LIMIT // 100_000 + 1, 601])
@pytest.mark.parametrize(
    ("extensions", "first_byte"), [((), 0x01), ((Deflate(),), 0x01), ((Deflate(),), 0x41)],
    ids=["plain", "agreed on", "compressed"],
)
def test_fragments_have_an_end(server, student, connect, extensions, first_byte, count):
    client = connect(student, extensions=extensions)
    client.hello()
    before = peak(server)
    for number in range(count):
        client.frame(first_byte if number == 0 else 0x00, bytes(100_000))
    # Who goes on sending is reset, and does not read why.
    assert client.wait_close() in ((1009,) if count < 100 else (1009, 1006))
    assert peak(server) - before < SLACK


def unread(client):
    """Bytes that have come and that nobody has read."""
    return int.from_bytes(fcntl.ioctl(client, termios.FIONREAD, bytes(4)), "little")


def test_who_goes_on_behind_an_error_is_cut(directory, world, namespace):
    """libsoup reads on, and keeps all of it, until its close frame is out: for ever if nobody reads that."""
    small = "echo 4096 16384 65536 >/proc/sys/net/ipv4/tcp_wmem; exec \"$@\""  # what the kernel takes of us
    wrapper = (*namespace.inside, "sh", "-c", small, "sh")
    server = world.enter_context(Server(directory / "far", host=namespace.address, wrapper=wrapper))
    student, teacher = server.person(STUDENT), server.person(TEACHER)
    cursor = student.call("GET", "/api/snapshot?entity=grade").body["data"]["cursor"]
    for number in range(10):
        announce(teacher, str(number), content="x" * 900_000)
    client = begin_handshake(server, student.token)
    assert client.recv(65536).startswith(b"HTTP/1.1 101 ")
    client.sendall(hello(cursor))
    waiting = [0, 1]
    while waiting[-1] != waiting[-2] or waiting[-1] < 100_000:  # until the server can send no more
        time.sleep(0.3)
        waiting.append(unread(client))
        assert len(waiting) < 50, waiting
    before = peak(server)
    with pytest.raises(OSError), client:
        for _ in range(2000):
            client.sendall(b"\x81\x05hello" + bytes(100_000))  # not masked
    print(f"{waiting[-1]} bytes were not read; {(peak(server) - before) >> 10} KiB more")
    assert peak(server) - before < SLACK


@pytest.mark.parametrize(
    ("extensions", "first_byte", "payload"),
    [((Deflate(),), 0xC1, b"\x07"), ((Deflate(),), 0xA1, b"x"), ((Deflate(),), 0xC9, b"x"), ((), 0xC1, pack(b"{}"))],
    ids=["broken", "reserved bit", "compressed ping", "not agreed on"],
)
def test_broken_frames_close(student, teacher, connect, extensions, first_byte, payload):
    bystander = connect(teacher)
    bystander.hello()
    client = connect(student, extensions=extensions)
    client.hello()
    client.frame(first_byte, payload)
    assert client.wait_close() == 1002
    bystander.ping()


def test_what_is_small_goes_out_as_it_is(server, student):
    """A connection that only pings needs no context."""
    with begin_handshake(server, student.token, "permessage-deflate") as client:
        assert client.recv(65536).startswith(b"HTTP/1.1 101 ")
        for message in (hello(None), frame(0x81, b'{"type":"ping","timestamp":1}')):
            client.sendall(message)
            assert client.recv(65536)[0] == 0x81
