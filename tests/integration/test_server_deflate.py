# SPDX-License-Identifier: LGPL-2.1-or-later
"""labsync-server compresses: with every parameter, for an independent client, and at a bounded cost."""

import fcntl
import re
import socket
import struct
import termios
import time
import zlib
from contextlib import suppress
from pathlib import Path

import pytest
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory as Deflate

from labsync_testing import Server
from raw_socket import PING, TEXT, RawSocket, begin_handshake
from server_client import STUDENT, TEACHER, announce, hello_members, upgrade_headers

LIMIT = (1 << 20) + (64 << 10)  # bytes of a message that the server looks at
SLACK = 24 << 20  # what it may cost to find out that one has more

OURS = "permessage-deflate; server_max_window_bits=12; client_no_context_takeover"


def peak(server):
    """The most memory that the server ever had, in bytes."""
    text = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.search(r"^VmHWM:\s+(\d+)", text, re.M)[1]) << 10


def pack(data):
    packer = zlib.compressobj(wbits=-15)
    return (packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]


def raw(server, person, *offers):
    return RawSocket(server, headers=upgrade_headers(person.token, *offers))


def agreed(server, person, *offers):
    """What the server answers to offers: None without a word about extensions."""
    with raw(server, person, *offers) as client:
        assert client.status == 101
        return client.headers.get("sec-websocket-extensions")


@pytest.fixture
def greeted(server, student, world):
    """Makes raw sockets that said hello, with offers of extensions."""

    def make(*offers):
        client = world.enter_context(raw(server, student, *offers))
        client.send({"type": "hello", **hello_members()})
        assert client.json()["type"] == "welcome"
        return client

    return make


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
    assert agreed(server, student, *offers) == answer


def test_a_lost_handshake_harms_nobody(directory, world):
    """libsoup's own handler would keep the extensions of one, and refuse everybody from then on."""
    server = world.enter_context(Server(directory / "open", "--max-connects-per-second=2000"))
    person = server.person(STUDENT)
    for number in range(400):
        end = begin_handshake(server, headers=upgrade_headers(person.token, "permessage-deflate"))
        time.sleep(number % 40 * 0.00003)
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        end.close()
    assert agreed(server, person, "permessage-deflate") == OURS


def test_a_bomb_is_not_unpacked(server, greeted):
    client = greeted("permessage-deflate")
    bomb = pack(bytes(64 << 20))
    before = peak(server)
    client.frame(TEXT, bomb, reserved=4)
    assert client.closed_with()[0] == 1009
    print(f"{len(bomb)} bytes for {64 << 20}: {(peak(server) - before) >> 10} KiB")
    assert peak(server) - before < SLACK


@pytest.mark.parametrize("count", [LIMIT // 100_000 + 1, 601])
@pytest.mark.parametrize(
    ("offers", "reserved"), [((), 0), (("permessage-deflate",), 0), (("permessage-deflate",), 4)],
    ids=["plain", "agreed on", "compressed"],
)
def test_fragments_have_an_end(server, greeted, offers, reserved, count):
    client = greeted(*offers)
    before = peak(server)
    reason = None
    with suppress(OSError, EOFError):
        client.frame(TEXT, bytes(100_000), final=False, reserved=reserved)
        for _ in range(count - 1):
            client.frame(0, bytes(100_000), final=False)
        reason = client.closed_with()[0]
    # Who goes on sending is reset, and does not read why.
    assert reason == 1009 or (count > 600 and reason is None)
    assert peak(server) - before < SLACK


def unread(end):
    """Bytes that have come and that nobody has read."""
    return int.from_bytes(fcntl.ioctl(end, termios.FIONREAD, bytes(4)), "little")


def test_who_goes_on_behind_an_error_is_cut(directory, world, namespace):
    """libsoup reads on, and keeps all of it, until its close frame is out: for ever if nobody reads that."""
    small = "echo 4096 16384 65536 >/proc/sys/net/ipv4/tcp_wmem; exec \"$@\""  # what the kernel takes of us
    wrapper = (*namespace.inside, "sh", "-c", small, "sh")
    server = world.enter_context(Server(directory / "far", host=namespace.address, wrapper=wrapper))
    student, teacher = server.person(STUDENT), server.person(TEACHER)
    cursor = student.call("GET", "/api/snapshot?entity=grade").body["data"]["cursor"]
    for number in range(10):
        announce(teacher, str(number), content="x" * 900_000)
    client = world.enter_context(raw(server, student))
    client.send({"type": "hello", **hello_members(cursor)})
    waiting = [0, 1]
    while waiting[-1] != waiting[-2] or waiting[-1] < 100_000:  # until the server can send no more
        time.sleep(0.3)
        waiting.append(unread(client.end))
        assert len(waiting) < 50, waiting
    before = peak(server)
    with pytest.raises(OSError):
        for _ in range(2000):
            client.frame(TEXT, bytes(100_000), masked=False)
    print(f"{waiting[-1]} bytes were not read; {(peak(server) - before) >> 10} KiB more")
    assert peak(server) - before < SLACK


@pytest.mark.parametrize(
    ("offers", "opcode", "reserved", "payload"),
    [
        (("permessage-deflate",), TEXT, 4, b"\x07"), (("permessage-deflate",), TEXT, 2, b"x"),
        (("permessage-deflate",), PING, 4, b"x"), ((), TEXT, 4, pack(b"{}")),
    ],
    ids=["broken", "reserved bit", "compressed ping", "not agreed on"],
)
def test_broken_frames_close(teacher, connect, greeted, offers, opcode, reserved, payload):
    bystander = connect(teacher)
    bystander.hello()
    client = greeted(*offers)
    client.frame(opcode, payload, reserved=reserved)
    assert client.closed_with()[0] == 1002
    bystander.ping()


def test_what_is_small_goes_out_as_it_is(greeted):
    """A connection that only pings needs no context."""
    client = greeted("permessage-deflate")
    client.send({"type": "ping", "timestamp": 1})
    assert client.json()["type"] == "pong"  # in a frame without the bit
