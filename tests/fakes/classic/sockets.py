# SPDX-License-Identifier: LGPL-2.1-or-later
"""/ws: the handshake, and what an open socket does and does not do."""

import asyncio
import base64
import binascii

from . import frames
from .http import READ_SIZE, TEXT, Response, Switch
from .javascript import dump_json, parse_json

LINGER = 5  # s; how long what a client still sends is read after the end, so that it gets our Close
KEPT = 100  # messages, to be looked at by a test,
KEPT_LENGTH = 65536  # and this much of each


class Socket:
    """One open socket."""

    def __init__(self, sockets, payload, peer, deflate):
        self._sockets = sockets
        self._deflate = deflate
        self._parser = frames.Reader(deflate)
        self._writer = None
        self._closed = False  # we have sent Close
        self._left = False  # the peer has sent Close
        self._timers = []
        self.payload = payload
        self.peer = peer
        self.subscriptions = set()
        self.received = []
        self.pongs = 0

    async def run(self, reader, writer, early):
        self._writer = writer
        self._sockets.open.append(self)
        self.arm()
        try:
            await self._listen(reader, early)
        finally:
            self._sockets.open.remove(self)
            self._disarm()
        await self._linger(reader)

    async def _listen(self, reader, data):
        """Reads until the connection is to end."""
        try:
            while True:
                for message in self._parser.feed(data):
                    if not await self._take(message):
                        return
                data = await reader.read(READ_SIZE)
                if not data:
                    return
        except frames.Violation as violation:
            self.close(violation.code, str(violation))

    async def _linger(self, reader):
        """Says FIN, and takes what still comes: a reset would destroy the Close on its way."""
        if self._writer.transport.is_closing():
            return
        self._writer.write_eof()
        try:
            async with asyncio.timeout(LINGER):
                while await reader.read(READ_SIZE):
                    pass
        except TimeoutError:
            pass

    async def _take(self, message):
        """Returns whether to go on."""
        if self._left:
            return True
        if message.opcode == frames.Opcode.CLOSE:
            # Never echoed. Without a data message before, the original's TCP connection just stays.
            self._left = True
            return self._is_silent() or not (self._parser.data_seen or self._closed)
        if message.opcode == frames.Opcode.PING:
            self._write(frames.build(frames.Opcode.PONG, message.payload))
        elif message.opcode == frames.Opcode.PONG:
            self.pongs += 1
        else:
            await self._act(message)
        return True

    async def _act(self, message):
        self.received = [*self.received[-KEPT + 1:], message.payload[:KEPT_LENGTH].decode(errors="replace")]
        slow = self._sockets.faults.find("slow", "/ws")
        if slow and slow.path:
            await asyncio.sleep(slow.value / 1000)
        try:
            if message.opcode == frames.Opcode.BINARY:
                raise ValueError("not a text")
            document = parse_json(message.payload.decode(errors="replace"))
            if document is None:
                raise ValueError("null has no type")
        except ValueError:
            self.send({"type": "error", "message": "Pesan WebSocket tidak valid"})
            return
        if isinstance(document, dict):
            self._obey(document)

    def _obey(self, document):
        kind = document.get("type")
        if kind == "subscribe":
            self.subscriptions.add(str(document.get("eventType")))
        elif kind == "unsubscribe":
            self.subscriptions.discard(str(document.get("eventType")))
        elif kind == "ping":
            self.send({"type": "pong", "timestamp": self._sockets.clock.iso()})
        elif kind == "disconnect":
            self.close(1000, "Client disconnect")

    def _is_silent(self):
        return self._sockets.faults.find("silence", "/ws") is not None

    def _write(self, data):
        if not self._writer.transport.is_closing() and not self._is_silent():
            self._writer.write(data)

    def send(self, document):
        huge = self._sockets.faults.strike("huge", "/ws")
        self.send_data(dump_json({**document, "padding": "x" * huge.value} if huge else document))

    def send_data(self, data, opcode=frames.Opcode.TEXT):
        if not self._closed:
            self._write(frames.build(opcode, data, self._deflate))

    def close(self, code, reason=""):
        """Sends Close; 1006 resets the connection instead, as that is what this code means."""
        if code == 1006:
            self._writer.transport.abort()
        elif not self._closed:
            self._write(frames.build_close(code, reason))
            self._closed = True

    def arm(self):
        """Sets the timers that only faults need."""
        self._disarm()
        loop = asyncio.get_running_loop()
        faults, clock = self._sockets.faults, self._sockets.clock
        code, expires = faults.value("close-at-expiry"), self.payload.get("exp")
        if code is not None and expires is not None:
            left = max(0, expires * 1000 - clock.now()) / 1000
            self._timers.append(loop.call_later(left, self.close, code, "Token expired"))
        interval = faults.value("pings")
        if interval:
            self._timers.append(loop.call_later(interval / 1000, self._ping))

    def _ping(self):
        self._write(frames.build(frames.Opcode.PING, b"alive?"))
        self.arm()

    def _disarm(self):
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

    def describe(self):
        return {
            "user": self.payload.get("user_id"), "address": self.peer, "subscriptions": sorted(self.subscriptions),
            "received": self.received, "pongs": self.pongs, "deflate": self._deflate is not None,
        }


class Sockets:
    """All open sockets."""

    def __init__(self, clock, faults, auth):
        self.clock = clock
        self.faults = faults
        self.open = []
        self._auth = auth
        self._held = None

    def respond(self, request):
        """Answers a handshake. The token counts in the query alone, and its session does not count at all."""
        refused = self.faults.strike("refuse-upgrade", request.path)
        if refused:
            return Response(refused.value, b"Upgrade refused", TEXT)
        token = request.parameter("token")
        if not token:
            return Response(401, b"Token required", TEXT)
        payload = self._auth.verify(token)
        if payload is None:
            return Response(401, b"Invalid token", TEXT)
        key = request.headers.get("sec-websocket-key")
        if request.headers.get("sec-websocket-version") != "13" or not key:
            return Response(400, b"The requested WebSocket version is not supported.", TEXT)
        headers = [
            ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Accept", frames.accept_key(key)),
        ]
        extension, deflate = frames.negotiate(request.headers.get("sec-websocket-extensions", ""))
        if extension:
            headers.append(("Sec-WebSocket-Extensions", extension))
        return Switch(headers, Socket(self, payload, request.peer, deflate).run)

    def rearm(self):
        for socket in self.open:
            socket.arm()

    def push(self, event, everyone=False):
        """Sends an event as the faults want it; returns how many sockets will get it."""
        late = self.faults.value("push-late", 0)
        events = [event] * (2 if self.faults.find("push-twice") else 1)
        if self.faults.find("push-swapped"):
            events, self._held = ([*events, *self._held], None) if self._held else ([], events)
        for each in events:
            if late:
                asyncio.get_running_loop().call_later(late / 1000, self._deliver, each, everyone)
            else:
                self._deliver(each, everyone)
        return len(self._subscribers(event, everyone))

    def _subscribers(self, event, everyone):
        return [socket for socket in self.open if everyone or event.get("type") in socket.subscriptions]

    def _deliver(self, event, everyone):
        for socket in self._subscribers(event, everyone):
            socket.send(event)

    def send(self, text=None, binary=None):
        """Sends a text as it is, or bytes in base64, to everybody. Raises ValueError."""
        try:
            data = text.encode() if text is not None else base64.b64decode(binary or "", validate=True)
        except binascii.Error as error:
            raise ValueError(str(error)) from error
        for socket in self.open:
            socket.send_data(data, frames.Opcode.TEXT if text is not None else frames.Opcode.BINARY)
        return len(self.open)

    def close(self, code, reason=""):
        sockets = list(self.open)
        for socket in sockets:
            socket.close(code, reason)
        return len(sockets)
