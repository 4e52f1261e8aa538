# SPDX-License-Identifier: LGPL-2.1-or-later
"""The existing system's stand-in: /ws, byte by byte."""

import asyncio
import json
import re
import signal
import socket
import zlib

import pytest
import websockets

from classic_server import ClassicServer, forge_token
from raw_socket import BINARY, PING, PONG, TEXT, RawSocket
from server_client import STUDENT, TEACHER

ERROR = {"type": "error", "message": "Pesan WebSocket tidak valid"}
LIMIT = 32 << 20
KEY = "dGhlIHNhbXBsZSBub25jZQ=="


@pytest.fixture
def token(classic):
    return classic.person(STUDENT).token


@pytest.fixture
def open_socket(classic, token, world):
    def make(**options):
        return world.enter_context(RawSocket(classic, token, **options))

    return make


@pytest.fixture
def client(open_socket):
    client = open_socket()
    assert client.status == 101
    return client


def answer_of(client):
    return client.status, client.headers.get("content-type"), client.body


# Handshake


def test_handshake(open_socket):
    client = open_socket(headers={
        "Sec-WebSocket-Key": KEY, "Sec-WebSocket-Protocol": "labsync.v1, chat", "Origin": "https://anywhere.test"})
    assert client.status == 101
    assert client.headers["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="  # RFC 6455, 1.3
    assert client.headers["upgrade"] == "websocket"
    assert not {"sec-websocket-protocol", "sec-websocket-extensions"} & client.headers.keys()
    assert client.pong()


def test_token_is_taken_from_the_query_alone(classic, token):
    bearer = {"Authorization": f"Bearer {token}"}
    with RawSocket(classic, headers=bearer) as client:
        assert answer_of(client) == (401, "text/plain;charset=UTF-8", b"Token required")
    with RawSocket(classic, query=f"?client=x&token={token}&v=2") as client:
        assert client.status == 101
    with RawSocket(classic, query="?token=") as client:
        assert answer_of(client) == (401, "text/plain;charset=UTF-8", b"Token required")


@pytest.mark.parametrize("bad", [
    "nonsense",
    forge_token({"user_id": "u", "exp": 1}),
    forge_token({"user_id": "u"}, secret="another"),
])
def test_bad_token(classic, bad):
    with RawSocket(classic, bad) as client:
        assert answer_of(client) == (401, "text/plain;charset=UTF-8", b"Invalid token")
        assert not {"www-authenticate", "x-ratelimit-limit"} & client.headers.keys()


def test_other_paths_and_no_upgrade(classic, token):
    for options in ({"path": "/ws/"}, {"path": "/api/ws"}, {"headers": {"Upgrade": None}},
                    {"headers": {"Upgrade": None}, "method": "POST"}):
        with RawSocket(classic, token, **options) as client:
            assert client.status == 404 and json.loads(client.body)["message"] == "Endpoint tidak ditemukan"


def test_version_and_capitals(classic, token):
    for version in ("8", None):
        with RawSocket(classic, token, headers={"Sec-WebSocket-Version": version}) as client:
            assert client.status == 400 and client.headers["content-type"].startswith("text/plain")
    with RawSocket(classic, token, headers={"Upgrade": "WebSocket"}) as client:
        assert client.status == 101


# Messages


@pytest.mark.parametrize("kind", ["subscribe", "unsubscribe"])
@pytest.mark.parametrize("members", [{"eventType": "grade_updated"}, {"eventType": 7}, {}, {"eventType": "no_such"}])
def test_subscriptions_are_not_answered(client, kind, members):
    client.send({"type": kind, **members})
    assert client.pong()  # nothing came before it


def test_ping(classic, client):
    classic.fault("clock-stopped")
    client.send({"type": "ping", "timestamp": 5})
    answer = client.json()
    assert list(answer) == ["type", "timestamp"] and answer["type"] == "pong"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", answer["timestamp"])
    assert int(answer["timestamp"][20:23]) == classic.now() % 1000


def test_burst_of_pings(client):
    for _ in range(100):
        client.send({"type": "ping"})
    assert [client.json()["type"] for _ in range(100)] == ["pong"] * 100


def test_rfc_ping(client):
    client.frame(PING, b"x" * 126)  # longer than a control frame may be
    frame = client.receive()
    assert (frame.first, frame.payload) == (0x80 | PONG, b"x" * 126)


@pytest.mark.parametrize("text", ["{", "", "null", "NaN", '{"type":"ping"', "{'type':'ping'}"])
def test_what_is_no_message(client, text):
    client.send(text)
    assert client.json() == ERROR
    assert client.pong()


def test_binary(client):
    client.frame(BINARY, b'{"type":"ping"}')
    assert client.json() == ERROR
    assert client.pong()


@pytest.mark.parametrize("text", ["[]", "42", '"x"', "{}", "true", '{"type":"hello"}', '{"type":{}}'])
def test_what_is_ignored(client, text):
    client.send(text)
    assert client.pong()


def test_disconnect(client):
    client.send({"type": "disconnect"})
    assert client.closed_with() == (1000, "Client disconnect")
    client.send({"type": "ping"})
    client.close_frame(1000)
    client.wait_end()


# Close and end


@pytest.mark.parametrize("code", [1000, 1001, 4001, None])
def test_close_is_not_echoed_but_ends_the_connection(client, code):
    assert client.pong()
    client.close_frame(code)
    client.wait_end()


@pytest.mark.parametrize("code", [1000, None])
def test_close_hangs_if_nothing_was_said(client, code):
    client.frame(PING)
    assert client.receive().first == 0x80 | PONG
    client.close_frame(code)
    with pytest.raises(TimeoutError):
        client.receive(seconds=0.5)
    client.end.shutdown(socket.SHUT_WR)
    client.wait_end()


def test_fin(client):
    client.end.shutdown(socket.SHUT_WR)
    client.wait_end()


def test_large_message(client):
    filler = b'{"type":"ping","x":"' + b"x" * (LIMIT - 22) + b'"}'
    client.frame(TEXT, filler)
    assert client.json()["type"] == "pong"


@pytest.mark.parametrize("fragmented", [False, True])
def test_message_too_large(client, fragmented):
    if fragmented:
        client.frame(TEXT, b"x", final=False)
    # The header says enough; the payload need not come.
    size = LIMIT if fragmented else LIMIT + 1
    client.end.sendall(bytes([0x80 | (0 if fragmented else TEXT), 0x80 | 127]) + size.to_bytes(8, "big") + bytes(4))
    assert client.closed_with() == (1009, f"Message is too large: {LIMIT + 1} > {LIMIT}")
    client.wait_end()


def test_message_too_large_that_comes_whole(client):
    client.frame(TEXT, b"x" * (LIMIT + 1))
    assert client.closed_with()[0] == 1009


@pytest.mark.parametrize("frames", [
    [(3, b"x", {})],
    [(11, b"", {})],
    [(TEXT, b"x", {"reserved": 4})],  # RSV1 without deflate
    [(TEXT, b"x", {"reserved": 2})],
    [(PING, b"x", {"final": False})],
    [(0, b"x", {})],
    [(TEXT, b"x", {"final": False}), (TEXT, b"y", {})],
])
def test_violations(client, frames):
    for opcode, payload, options in frames:
        client.frame(opcode, payload, **options)
    assert client.closed_with()[0] == 1002
    client.wait_end()


def test_what_is_said_before_a_violation_is_answered(client):
    client.send({"type": "ping"})
    client.frame(3)
    assert client.json()["type"] == "pong"
    assert client.closed_with()[0] == 1002


def test_fragments(client):
    client.frame(TEXT, b'{"type"', final=False)
    client.frame(PING, b"between")
    client.frame(0, b':"pi', final=False)
    client.frame(0, b'ng"}')
    assert client.receive().first == 0x80 | PONG
    assert client.json()["type"] == "pong"


def test_unmasked_and_invalid_utf_8(client):
    client.send({"type": "ping"}, masked=False)
    assert client.json()["type"] == "pong"
    client.frame(TEXT, b'{"type":"ping","x":"\xff"}')
    assert client.json()["type"] == "pong"
    client.frame(TEXT, b"\xff")
    assert client.json() == ERROR


def test_byte_by_byte(client):
    payload = b'{"type":"ping"}'
    for byte in bytes([0x80 | TEXT, len(payload)]) + payload:
        client.end.sendall(bytes([byte]))
    assert client.json()["type"] == "pong"


# What it never does


def test_no_events(classic, client):
    for event_type in ("grade_updated", "announcement_created", "announcement_deleted"):
        client.send({"type": "subscribe", "eventType": event_type})
    classic.wait_socket(subscribed=("announcement_deleted",))
    teacher = classic.person(TEACHER)
    teacher.update("grades", "grade-1", score=1)
    row = teacher.create("announcements", title="t", content="…", category="umum", created_by="demo-teacher")
    teacher.delete("announcements", row["id"])
    assert client.pong()


def test_stays_open_when_its_token_ends(classic, client, token):
    classic.fault("clock", 3600_000)
    assert classic.raw("GET", "/api/updates", token=token).status == 401
    with RawSocket(classic, token) as late:
        assert late.status == 401
    assert client.pong()


def test_message_right_behind_the_handshake(open_socket):
    client = open_socket(early=bytes([0x80 | TEXT, 15]) + b'{"type":"ping"}')
    assert client.status == 101 and client.json()["type"] == "pong"


def test_nothing_is_done_after_a_close(client):
    client.close_frame(1000)
    client.send({"type": "ping"})
    client.frame(PING)
    client.end.shutdown(socket.SHUT_WR)
    client.wait_end()


def test_many_sockets_on_one_token(classic, open_socket):
    clients = [open_socket() for _ in range(100)]
    assert all(client.pong() for client in clients)
    assert len(classic.sockets()) == 100


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_end_of_the_program(directory, how):
    with ClassicServer(directory) as school:
        with RawSocket(school, school.person(STUDENT).token) as client:
            assert client.pong()
            school.process.send_signal(how)
            with pytest.raises((EOFError, ConnectionResetError)):
                client.receive()
        assert school.process.wait(5) == (0 if how != signal.SIGKILL else -how)
        assert not (school.directory / "server.log").read_text()


# permessage-deflate


@pytest.mark.parametrize("offer, accepted", [
    ("permessage-deflate; client_max_window_bits", "permessage-deflate; client_max_window_bits=15"),
    ("x-other, permessage-deflate; client_max_window_bits=10", "permessage-deflate; client_max_window_bits=10"),
    ("permessage-deflate", "permessage-deflate"),
    ("permessage-deflate; server_no_context_takeover", "permessage-deflate; server_no_context_takeover"),
    ("x-other", None),
])
def test_deflate_is_taken_up(open_socket, offer, accepted):
    client = open_socket(headers={"Sec-WebSocket-Extensions": offer})
    assert client.headers.get("sec-websocket-extensions") == accepted
    client.send({"type": "ping"})  # a client may leave a message as it is
    frame = client.receive()
    if accepted:
        assert frame.first == 0xC0 | TEXT
        frame = frame._replace(payload=zlib.decompressobj(-15).decompress(frame.payload))
    assert json.loads(frame.payload)["type"] == "pong"


def test_deflate_bomb(open_socket):
    client = open_socket(headers={"Sec-WebSocket-Extensions": "permessage-deflate"})
    deflater = zlib.compressobj(wbits=-15)
    bomb = deflater.compress(b"x" * (LIMIT + 1)) + deflater.flush(zlib.Z_SYNC_FLUSH)
    client.frame(TEXT, bomb[:-4], reserved=4)
    assert client.closed_with()[0] == 1009


def test_a_library_gets_along_with_it(classic, token):
    """Compression with context over many messages, as somebody else implements it."""

    async def talk():
        url = f"ws://{classic.host}:{classic.port}/ws?token={token}"
        async with websockets.connect(url, compression="deflate", close_timeout=0.2) as client:
            assert [extension.name for extension in client.extensions] == ["permessage-deflate"]
            for _ in range(20):
                await client.send(json.dumps({"type": "ping", "filler": "x" * 2000}))
                assert json.loads(await client.recv())["type"] == "pong"
            await client.send("{")
            assert json.loads(await client.recv()) == ERROR
            await client.send('{"type":"disconnect"}')
            with pytest.raises(websockets.ConnectionClosedOK):
                await client.recv()
            return client.close_code

    assert asyncio.run(asyncio.wait_for(talk(), 10)) == 1000
