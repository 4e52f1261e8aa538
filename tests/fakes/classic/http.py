# SPDX-License-Identifier: LGPL-2.1-or-later
"""HTTP as the original's runtime speaks it: no Date, gzip and chunked for whoever takes gzip."""

import enum
import functools
import gzip
import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Callable, Optional
from urllib.parse import parse_qs

import h11

from .data import FAILURES
from .javascript import dump_json

JSON = "application/json"
TEXT = "text/plain;charset=UTF-8"
READ_SIZE = 65536
MAX_HEAD = 65536
SERVER_ERROR = "Terjadi kesalahan pada server"


@dataclass
class Request:
    """One request, read to its end."""

    method: str
    target: str
    headers: dict  # lower-case names; a repeated one is joined
    body: bytes
    peer: str

    def __post_init__(self):
        # A proxy's client sends the whole URL.
        local = re.sub(r"^https?://[^/?]*", "", self.target)
        self.path, _, self.query = local.partition("?")

    def parameter(self, name):
        return parse_qs(self.query, keep_blank_values=True).get(name, [None])[0]

    @property
    def address(self):
        """Whom the limiter takes it for: what the client says there is believed."""
        return self.headers.get("cf-connecting-ip", self.peer)

    @property
    def wants_socket(self):
        return (
            self.path == "/ws" and self.method == "GET" and self.headers.get("upgrade", "").lower() == "websocket"
        )


@dataclass
class Response:
    """One answer. Its body is left out where HTTP has none (HEAD)."""

    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: list = field(default_factory=list)
    wrote: bool = False  # it says that a row was written
    cut: bool = False  # the connection ends in the middle of the body


@dataclass
class Switch:
    """A handshake that was accepted: run() takes the connection over."""

    headers: list
    run: Callable  # (reader, writer, bytes that came already)


class Nothing(enum.Enum):
    """No answer at all."""

    SILENCE = enum.auto()  # the connection stays, what comes is read
    DROP = enum.auto()  # the connection is reset


def answer(status, document, **options):
    return Response(status, dump_json(document), **options)


def success(data, message="Success", status=200, **options):
    return answer(status, {"success": True, "message": message, "data": data}, **options)


def error(status, message, said=500):
    """The original's error; said is the status in its body, which often is another one."""
    return answer(status, {"success": False, "message": message, "error": message, "status": said})


def unauthorized():
    return error(401, "Akses ditolak", 401)


def server_error():
    return error(500, SERVER_ERROR)


def guarded(handler):
    """Makes the original's 500 of whatever the caller did wrong, as it does itself."""

    @functools.wraps(handler)
    def respond(*arguments):
        try:
            return handler(*arguments)
        except (*FAILURES, ValueError, KeyError):
            return server_error()

    return respond


class Connection:
    """One client's connection, request after request."""

    def __init__(self, reader, writer, respond):
        self._reader = reader
        self._writer = writer
        self._respond = respond
        self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD)

    async def run(self):
        try:
            while await self._exchange():
                self._h11.start_next_cycle()
        except h11.RemoteProtocolError:
            if self._h11.our_state in (h11.IDLE, h11.SEND_RESPONSE):
                await self._send(Response(400, b"Bad Request", TEXT), close=True)
        finally:
            self._writer.close()

    async def _next(self):
        while True:
            event = self._h11.next_event()
            if event is not h11.NEED_DATA:
                return event
            if self._h11.they_are_waiting_for_100_continue:
                self._write(h11.InformationalResponse(status_code=100, headers=[]))
            self._h11.receive_data(await self._reader.read(READ_SIZE))

    async def _receive(self):
        head = await self._next()
        if not isinstance(head, h11.Request):
            return None
        body = bytearray()
        while isinstance(event := await self._next(), h11.Data):
            body += event.data
        if not isinstance(event, h11.EndOfMessage):
            return None
        headers = {}
        for name, value in head.headers:
            key, text = name.decode(), value.decode("latin-1")
            headers[key] = f"{headers[key]}, {text}" if key in headers else text
        peer = self._writer.get_extra_info("peername")[0]
        return Request(head.method.decode(), head.target.decode(), headers, bytes(body), peer)

    async def _exchange(self):
        """Returns whether another request may follow."""
        request = await self._receive()
        if request is None:
            return False
        outcome = await self._respond(request)
        if isinstance(outcome, Response):
            await self._send(outcome, request)
            return not outcome.cut and self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE
        if isinstance(outcome, Switch):
            self._write(h11.InformationalResponse(status_code=101, headers=outcome.headers))
            await outcome.run(self._reader, self._writer, self._h11.trailing_data[0])
        elif outcome is Nothing.DROP:
            self._writer.transport.abort()
        else:
            while await self._reader.read(READ_SIZE):
                pass
        return False

    def _write(self, event):
        self._writer.write(self._h11.send(event) or b"")

    async def _send(self, response, request: Optional[Request] = None, close=False):
        headers, body = list(response.headers), response.body
        if body:
            headers.append(("Content-Type", response.content_type))
        if body and request and "gzip" in request.headers.get("accept-encoding", ""):
            body = gzip.compress(body, compresslevel=6, mtime=0)
            headers.append(("Content-Encoding", "gzip"))
        else:
            headers.append(("Content-Length", str(len(body))))
        if close:
            headers.append(("Connection", "close"))
        self._write(h11.Response(status_code=response.status, headers=headers, reason=_reason(response.status)))
        if body and (request is None or request.method != "HEAD"):
            self._write(h11.Data(data=body[: len(body) // 2] if response.cut else body))
        if not response.cut:
            self._write(h11.EndOfMessage())
        await self._writer.drain()


def _reason(status):
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
