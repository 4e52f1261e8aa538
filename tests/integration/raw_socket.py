# SPDX-License-Identifier: LGPL-2.1-or-later
"""A WebSocket client that does exactly what it is told, also what no client should."""

import base64
import json
import os
import socket
import struct
from collections import namedtuple

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10

Frame = namedtuple("Frame", "first payload")  # the first byte as it came: FIN, RSV and opcode


def begin_handshake(server, token=None, query=None, path="/ws", headers=None, method="GET", early=b""):
    """A connection that a handshake was sent on, and what is early right behind it."""
    if query is None:
        query = f"?token={token}" if token else ""
    sent = {
        "Host": "school", "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(), **(headers or {}),
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in sent.items() if value is not None)
    end = socket.create_connection((server.host, server.port), timeout=5)
    end.sendall(f"{method} {path}{query} HTTP/1.1\r\n{lines}\r\n".encode() + early)
    return end


class RawSocket:
    """Begins a handshake; status, headers and body are the answer."""

    def __init__(self, server, *asked, **options):
        self.end = begin_handshake(server, *asked, **options)
        self.buffer = b""
        head = self._until(b"\r\n\r\n").decode()
        status, *lines = head.splitlines()
        self.status = int(status.split()[1])
        self.headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}
        self.body = self._take(int(self.headers.get("content-length", 0)))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end.close()

    def _more(self):
        """Returns whether anything came before the end."""
        part = self.end.recv(1 << 20)
        self.buffer += part
        return bool(part)

    def _take(self, size):
        while len(self.buffer) < size:
            if not self._more():
                raise EOFError(self.buffer)
        taken, self.buffer = self.buffer[:size], self.buffer[size:]
        return taken

    def _until(self, mark):
        while mark not in self.buffer:
            if not self._more():
                raise EOFError(self.buffer)
        return self._take(self.buffer.index(mark) + len(mark))

    def frame(self, opcode, payload=b"", final=True, masked=True, reserved=0):
        """Sends one frame."""
        head = bytes([(0x80 if final else 0) | reserved << 4 | opcode])
        mark = 0x80 if masked else 0
        if len(payload) < 126:
            head += bytes([mark | len(payload)])
        elif len(payload) < 65536:
            head += struct.pack("!BH", mark | 126, len(payload))
        else:
            head += struct.pack("!BQ", mark | 127, len(payload))
        if masked:
            key = os.urandom(4)
            pad = (key * (len(payload) // 4 + 1))[: len(payload)]
            number = int.from_bytes(payload, "big") ^ int.from_bytes(pad, "big")
            head, payload = head + key, number.to_bytes(len(payload), "big")
        self.end.sendall(head + payload)

    def send(self, message, **options):
        """Sends a text, or a document as JSON."""
        text = message if isinstance(message, str) else json.dumps(message)
        self.frame(TEXT, text.encode(), **options)

    def close_frame(self, code=None):
        self.frame(CLOSE, b"" if code is None else struct.pack("!H", code))

    def receive(self, seconds=5):
        """The next frame. EOFError at the end, TimeoutError when nothing comes."""
        self.end.settimeout(seconds)
        first, length = self._take(2)
        if length > 125:
            size = 2 if length == 126 else 8
            length = int.from_bytes(self._take(size), "big")
        return Frame(first, self._take(length))

    def json(self, seconds=5):
        frame = self.receive(seconds)
        assert frame.first == 0x80 | TEXT, frame
        return json.loads(frame.payload)

    def closed_with(self, seconds=5):
        """Code and reason of the next frame, which has to be a Close."""
        frame = self.receive(seconds)
        assert frame.first == 0x80 | CLOSE, frame
        return struct.unpack("!H", frame.payload[:2])[0], frame.payload[2:].decode()

    def wait_end(self, seconds=3):
        """Waits for the server to end the connection; nothing else may come before."""
        self.end.settimeout(seconds)
        assert self.end.recv(1) == b"" and not self.buffer

    def pong(self):
        """Asks for a pong: whatever else would have been sent has come before it."""
        self.send({"type": "ping"})
        answer = self.json()
        assert answer["type"] == "pong", answer
        return answer
