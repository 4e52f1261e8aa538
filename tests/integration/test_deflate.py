# SPDX-License-Identifier: LGPL-2.1-or-later
"""The agent and compression: how little an event takes, every server's parameters, and servers that mean harm."""

import asyncio
import http
import json
import os
import re
import threading
import time
import zlib
from pathlib import Path

import pytest
import websockets
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory as Deflate

from labsync_testing import Proxy, until
from server_client import announce

EPOCH = "0b6f5c1e-2f4b-4c8f-9a55-6f1c2d3e4f50"
MAX_BYTES = 60  # of an event on the wire
SLACK = 24 << 20  # of the agent's memory, for a hostile server


def test_bytes_of_an_event(server, desk, world):
    """A stream of single changes of a grade, each in a frame of its own, from our server."""
    proxy = world.enter_context(Proxy(server))
    desktop = desk(proxy.url)
    desktop.sign_in("admin@demo.test")
    desktop.wait_state("live")
    person = server.person("admin@demo.test")
    rows = [row["id"] for row in person.rows("grades")]

    def write(count):
        for number in range(count):
            person.update("grades", rows[number % len(rows)], score=number % 100)
        versions = {row["id"]: row["version"] for row in person.rows("grades")}
        until(lambda: {key: version for key, (version, _) in desktop.cached("grade").items()} == versions)
        return proxy.socket_size

    before = write(10)
    size = (write(200) - before) / 200
    print(f"{size:.1f} bytes an event, pongs included")
    assert 20 < size <= MAX_BYTES


class School:
    """A server on an independent implementation of WebSocket, as far as an agent gets live with it."""

    def __init__(self, extension, hostile=None, n_hostile=1, pause=0):
        self.extension = extension
        self.hostile = hostile  # what to send behind the welcome, to the first n_hostile connections
        self.n_hostile = n_hostile
        self.pause = pause  # seconds between the two
        self.heard = []
        self.client = None
        self.offset = 1000
        self.n_opened = 0
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        self.listener = self._run(self._serve())
        self.port = self.listener.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        return self

    def __exit__(self, *_):
        self.listener.close()
        self._run(self.listener.wait_closed())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def _run(self, what):
        return asyncio.run_coroutine_threadsafe(what, self.loop).result(10)

    async def _serve(self):
        return await websockets.serve(
            self._speak, "127.0.0.1", 0, subprotocols=["labsync.v1"], ping_interval=None, compression=None,
            close_timeout=1, extensions=[self.extension] if self.extension else [], process_request=self._answer,
            extra_headers={"X-Labsync-Server": "1"},
        )

    async def _answer(self, path, _headers):
        if path.startswith("/ws"):
            return None
        headers = {"X-Labsync-Server": "1", "Content-Type": "application/json"}
        data = {"cursor": f"{EPOCH}:{self.offset}"}
        entity = re.search(r"^/api/snapshot\?entity=(\w+)", path)
        if entity:
            data.update(entity=entity[1], rows=[], next=None)
        elif path.startswith("/api/updates?"):
            data.update(updates=[], more=False, resume="resumed")
        else:
            return http.HTTPStatus.NOT_FOUND, headers, b'{"success":false,"message":"","error":"not-found","status":404}'
        return http.HTTPStatus.OK, headers, json.dumps({"success": True, "data": data}).encode()

    async def _speak(self, client):
        self.n_opened += 1
        try:
            async for text in client:
                message = json.loads(text)
                self.heard.append(message)
                await self._react(client, message)
        except websockets.ConnectionClosed:
            pass

    async def _react(self, client, message):
        cursor = f"{EPOCH}:{self.offset}"
        if message["type"] == "ping":
            await client.send(json.dumps(
                {"type": "pong", "timestamp": message["timestamp"], "sent": cursor, "cursor": cursor}))
        elif message["type"] == "hello":
            await client.send(json.dumps({
                "type": "welcome", "resume": "fresh", "cursor": cursor, "heartbeat": 25000,
                "user": {"id": "u-1", "role": "admin", "extraRole": None}, "expiresAt": int(time.time() + 3600) * 1000,
            }))
            self.client = client
            if self.hostile and self.n_opened <= self.n_hostile:
                await asyncio.sleep(self.pause)
                for chunk in self.hostile():
                    client.transport.write(chunk)

    def send_event(self, title, parts=1):
        """An event, in a message of one or more fragments."""
        frame = events_message(self.offset, {"title": title})
        self.offset += 1
        size = len(frame) // parts + 1
        pieces = [frame[i:i + size] for i in range(0, len(frame), size)]
        self._run(self.client.send(pieces if parts > 1 else frame))


def events_message(offset, data):
    """A message with the one event that follows an offset."""
    event = {
        "type": "announcement_created", "entity": "announcement", "entityId": f"a-{offset}",
        "data": {"id": f"a-{offset}", **data}, "timestamp": 1795413600123, "userRole": "admin",
        "userId": "u-1", "offset": offset + 1, "version": 1, "actionId": None,
    }
    return json.dumps({
        "type": "events", "prev": f"{EPOCH}:{offset}", "cursor": f"{EPOCH}:{offset + 1}",
        "more": False, "events": [event],
    })


@pytest.mark.parametrize(
    "extension",
    [
        None,
        Deflate(),
        Deflate(client_max_window_bits=15),  # what the existing server answers
        Deflate(server_max_window_bits=9, client_max_window_bits=9),
        Deflate(server_no_context_takeover=True),
        Deflate(client_no_context_takeover=True),
        Deflate(True, True, 10, 10),
    ],
    ids=["plain", "defaults", "existing", "small", "server-forgets", "client-forgets", "all"],
)
def test_speaks_with_an_independent_server(world, desk, extension):
    school = world.enter_context(School(extension))
    desktop = desk(school.url)
    desktop.sign_in_anywhere()
    desktop.wait_state("live")
    app = desktop.app("announcement_created")
    assert len(school.client.extensions) == (1 if extension else 0)
    assert school.heard[0]["type"] == "hello"
    assert len(json.dumps(school.heard[0])) > 300  # so that it came compressed
    titles = [f"Pengumuman {number} ä€😀 " + "upacara " * number * 20 for number in range(20)]
    for number, title in enumerate(titles):
        school.send_event(title, parts=number % 4 + 1)
    app.until(lambda: len(app.events) == len(titles), what="all events")
    assert [json.loads(event.data)["title"] for event in app.events] == titles
    assert school.n_opened == 1
    app.close()


def test_speaks_with_the_existing_system(classic, desk):
    classic.fault("push")
    desktop = desk(classic.url)
    desktop.sign_in()
    desktop.wait_state("live")
    assert classic.wait_socket(subscribed=["announcement_created"])["deflate"]
    app = desktop.app("announcement_created")
    titles = [f"Pengumuman {number} " + "upacara " * number * 20 for number in range(5)]
    teacher = classic.person("teacher@demo.test")
    for title in titles:
        announce(teacher, title, created_by="demo-teacher")
    app.until(lambda: len(app.events) == len(titles), what="all events")
    assert [json.loads(event.data)["title"] for event in app.events] == titles
    app.close()


def pack(packer, data):
    return (packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]


def frame(first_byte, payload):
    return bytes([first_byte, 127]) + len(payload).to_bytes(8, "big") + payload


def bomb():
    return [frame(0xC1, pack(zlib.compressobj(wbits=-15), bytes(64 << 20)))]


def many_bombs():
    """Each is just small enough, and useless."""
    packer = zlib.compressobj(wbits=-15)
    text = b" " * (1 << 20)
    return [small_frame(pack(packer, text)) for _ in range(300)] + bomb()


def small_frame(payload):
    return bytes([0xC1, 126]) + len(payload).to_bytes(2, "big") + payload


def fragments(first_byte):
    return [frame(first_byte if number == 0 else 0, bytes(100_000)) for number in range(601)]


def large_event():
    return events_message(1000, {"content": "x" * (2 << 20)}).encode()


HOSTILE = {
    "bomb": (Deflate(), bomb),
    "many bombs": (Deflate(), many_bombs),
    "fragments, compressed": (Deflate(), lambda: fragments(0x41)),
    "fragments": (Deflate(), lambda: fragments(0x01)),
    "fragments, nothing agreed on": (None, lambda: fragments(0x01)),
    "event of 2 MiB": (None, lambda: [frame(0x81, large_event())]),
    "event of 2 MiB, compressed": (Deflate(), lambda: [frame(0xC1, pack(zlib.compressobj(wbits=-15), large_event()))]),
}


def peak(desktop):
    """The most memory that the agent ever had, in bytes."""
    text = Path(f"/proc/{desktop.agent.pid}/status").read_text()
    return int(re.search(r"^VmHWM:\s+(\d+)", text, re.M)[1]) << 10


def assert_cost_little(desktop, before, what):
    print(f"{what}: {(peak(desktop) - before) >> 10} KiB more memory")
    assert peak(desktop) - before < SLACK or "ASAN_OPTIONS" in os.environ  # which keeps what was freed


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_server_costs_little(world, desk, name):
    extension, hostile = HOSTILE[name]
    chunks = hostile()  # before anything else is measured
    school = world.enter_context(School(extension, lambda: chunks))
    desktop = desk(school.url)
    before = peak(desktop)
    desktop.sign_in_anywhere()
    until(lambda: school.n_opened > 1, 20, "another attempt")
    assert_cost_little(desktop, before, f"{name}, {sum(map(len, chunks)) >> 10} KiB")
    desktop.wait_state("live")


@pytest.mark.parametrize("name", ["bomb", "fragments", "event of 2 MiB", "event of 2 MiB, compressed"])
def test_a_server_that_stays_hostile_is_asked_less_often(world, desk, name):
    """Each connection is welcomed, gets live and then gets the same again. That does not make it a good one."""
    extension, hostile = HOSTILE[name]
    chunks = hostile()
    school = world.enter_context(School(extension, lambda: chunks, n_hostile=1000, pause=0.2))
    desktop = desk(school.url, Connection_reconnect_initial="10ms", Connection_reconnect_max="60s")
    before = peak(desktop)
    states = set()

    def attempt():
        states.add(desktop.state())
        return desktop.bus.property("Connection", "Attempt")

    desktop.sign_in_anywhere()
    until(lambda: attempt() >= 8, 20, "eight attempts")
    assert school.n_opened <= attempt() + 1
    assert "live" in states
    desktop.wait_state("waiting")
    assert desktop.reason() == "server-unreachable"
    assert_cost_little(desktop, before, f"{name}, {school.n_opened} times")
