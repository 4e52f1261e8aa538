# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clients of labsync-server for its own tests, and what these tests have in common."""

import asyncio
import json
import sys
import uuid
from pathlib import Path

import websockets

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fakes"))

import wire_schema  # noqa: E402

ADMIN, TEACHER, STUDENT, STUDENT2, PARENT = (
    f"{name}@demo.test" for name in ("admin", "teacher", "student", "student2", "parent")
)
LARGE_LIMIT = 2 << 20  # what this client takes, more than the server may send


def upgrade_headers(token, *offers):
    """With which a raw socket asks for labsync.v1, and offers extensions."""
    headers = {"Sec-WebSocket-Protocol": "labsync.v1", "Authorization": f"Bearer {token}"}
    return {**headers, "Sec-WebSocket-Extensions": ", ".join(offers)} if offers else headers


def hello_members(cursor=None, types=None, machine=None):
    agent = {"version": "1.0", "machine": machine or uuid.uuid4().hex}
    return {"cursor": cursor, "eventTypes": types, "agent": agent}


class Socket:
    """A client of labsync.v1, step by step. Every frame is checked against its schema."""

    def __init__(self, server, token, protocols=("labsync.v1",), query="", headers=None, extensions=(), **options):
        self.loop = asyncio.new_event_loop()
        if headers is None:
            headers = {"Authorization": f"Bearer {token}"} if token else {}

        async def connect():
            return await websockets.connect(
                f"ws://{server.host}:{server.port}/ws{query}",
                subprotocols=list(protocols), extra_headers=headers, max_size=LARGE_LIMIT,
                ping_interval=None, close_timeout=0.5, compression=None, extensions=list(extensions), **options,
            )

        try:
            self.ws = self._run(connect())
        except Exception:
            self.loop.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if not self.loop.is_closed():
            self._run(self.ws.close())
            self.loop.close()

    def _run(self, what, seconds=10):
        async def bounded():
            return await asyncio.wait_for(what, seconds)

        return self.loop.run_until_complete(bounded())

    def raw(self, data):
        self._run(self.ws.send(data))

    def send(self, kind, **members):
        text = json.dumps({"type": kind, **members})
        wire_schema.validate(kind, text)
        self.raw(text)

    def receive(self, kind=None, seconds=10):
        text = self._run(self.ws.recv(), seconds)
        frame = wire_schema.validate_frame(text)
        assert kind is None or wire_schema.frame_kind(text) == kind, frame
        return frame

    def hello(self, cursor=None, types=None, machine=None):
        self.send("hello", **hello_members(cursor, types, machine))
        return self.receive("welcome")

    def ping(self):
        """The pong, and what came before it."""
        self.send("ping", timestamp=1)
        frames = []
        while True:
            frame = self.receive()
            if frame["type"] == "pong":
                return frame, frames
            frames.append(frame)

    def events(self):
        """All events up to now; checks that the frames follow on each other."""
        _, frames = self.ping()
        for before, after in zip(frames, frames[1:]):
            assert after["prev"] == before["cursor"]
        return [event for frame in frames for event in frame["events"]]

    def wait_close(self, seconds=10):
        """The close code; frames that still come are dropped."""

        async def drop():
            try:
                while True:
                    await self.ws.recv()
            except websockets.ConnectionClosed:
                return self.ws.close_code

        return self._run(drop(), seconds)


def offset(cursor):
    return int(cursor.rsplit(":", 1)[1])


def announce(person, title="Upacara", **columns):
    return person.create("announcements", **{"title": title, "content": "…", "category": "umum", **columns})


def refusal(answer, status, code):
    assert answer.status == status, answer
    assert (answer.body["success"], answer.body["error"]) == (False, code), answer
    assert answer.body["status"] == status
    assert answer.headers["X-Labsync-Server"] == "1"


def heartbeat(directory, value):
    path = directory / "server.conf"
    path.write_text(f"[Server]\nheartbeat={value}\ndrain-retry=3s\ndrain-spread=7s\n")
    return path
