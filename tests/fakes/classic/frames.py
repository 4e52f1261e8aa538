# SPDX-License-Identifier: LGPL-2.1-or-later
"""WebSocket frames as the original's runtime takes and sends them; no sockets here."""

import base64
import enum
import hashlib
import struct
import zlib
from collections import namedtuple

MAX_MESSAGE = 32 << 20
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TAIL = b"\x00\x00\xff\xff"


class Opcode(enum.IntEnum):
    """Kinds of frames."""

    CONTINUATION = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10


DATA = (Opcode.CONTINUATION, Opcode.TEXT, Opcode.BINARY)

Message = namedtuple("Message", "opcode payload")
Header = namedtuple("Header", "final compressed opcode masked length size")


class Violation(Exception):
    """The peer broke the protocol: the connection ends with this code."""

    def __init__(self, code, reason):
        super().__init__(reason)
        self.code = code


def accept_key(key):
    return base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()


class Deflate:
    """permessage-deflate of one connection."""

    def __init__(self, parameters):
        self._fresh = "server_no_context_takeover" in parameters
        self._client_fresh = "client_no_context_takeover" in parameters
        self._bits = int(parameters.get("server_max_window_bits") or 15)
        self._deflater = self._inflater = None

    def compress(self, payload):
        if self._deflater is None or self._fresh:
            self._deflater = zlib.compressobj(wbits=-self._bits)
        data = self._deflater.compress(payload) + self._deflater.flush(zlib.Z_SYNC_FLUSH)
        return data[: -len(TAIL)]

    def decompress(self, payload):
        if self._inflater is None or self._client_fresh:
            self._inflater = zlib.decompressobj(wbits=-15)
        try:
            data = self._inflater.decompress(payload + TAIL, MAX_MESSAGE + 1)
        except zlib.error as error:
            raise Violation(1002, "Decompression failed") from error
        if len(data) > MAX_MESSAGE:
            raise Violation(1009, f"Message is too large: {len(data)} > {MAX_MESSAGE}")
        return data


def negotiate(offers):
    """(header, Deflate) for the first offer that can be taken up, (None, None) without one."""
    for offer in offers.split(","):
        name, *pairs = [part.strip() for part in offer.split(";")]
        parameters = {key.strip(): value.strip('" ') for key, _, value in (pair.partition("=") for pair in pairs)}
        if name != "permessage-deflate" or parameters.get("server_max_window_bits") == "8":
            continue
        if "client_max_window_bits" in parameters:
            parameters["client_max_window_bits"] = parameters["client_max_window_bits"] or "15"
        told = [f"{key}={value}" if value else key for key, value in parameters.items()]
        return "; ".join([name, *told]), Deflate(parameters)
    return None, None


def build(opcode, payload=b"", deflate=None):
    """One whole frame from the server."""
    first = 0x80 | opcode
    if deflate and opcode in DATA:
        first |= 0x40
        payload = deflate.compress(payload)
    if len(payload) < 126:
        head = struct.pack("!BB", first, len(payload))
    elif len(payload) < 65536:
        head = struct.pack("!BBH", first, 126, len(payload))
    else:
        head = struct.pack("!BBQ", first, 127, len(payload))
    return head + payload


def build_close(code, reason=""):
    return build(Opcode.CLOSE, struct.pack("!H", code) + reason.encode()[:123])


def _unmask(payload, mask):
    size = len(payload)
    key = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")


class Reader:
    """Makes messages of bytes. Takes frames without a mask, too."""

    def __init__(self, deflate=None):
        self._buffer = bytearray()
        self._deflate = deflate
        self._message = None  # (opcode, compressed, bytearray) of a message in fragments
        self.data_seen = False

    def feed(self, data):
        """Yields what is complete. Raises Violation, after what came before it."""
        self._buffer += data
        while (header := self._header()) and len(self._buffer) >= header.size + header.length:
            end = header.size + header.length
            payload = bytes(self._buffer[header.size:end])
            if header.masked:
                payload = _unmask(payload, bytes(self._buffer[header.size - 4:header.size]))
            del self._buffer[:end]
            message = self._take(header, payload)
            if message:
                yield message

    def _header(self):
        """The next frame's header if all of it is there; checked before its payload comes."""
        if len(self._buffer) < 2:
            return None
        first, second = self._buffer[:2]
        extra = {126: 2, 127: 8}.get(second & 0x7F, 0)
        masked = bool(second & 0x80)
        size = 2 + extra + 4 * masked
        if len(self._buffer) < size:
            return None
        length = int.from_bytes(self._buffer[2:2 + extra], "big") if extra else second & 0x7F
        header = Header(bool(first & 0x80), bool(first & 0x40), first & 0x0F, masked, length, size)
        self._check(header, first)
        return header

    def _check(self, header, first):
        if first & 0x30:
            raise Violation(1002, "Received frame had RSV bits 2 or 3 set")
        if header.opcode not in Opcode._value2member_map_:
            raise Violation(1002, f"Unknown opcode {header.opcode}")
        if header.opcode not in DATA:
            if not header.final:
                raise Violation(1002, "Received fragmented control frame")
            return
        if header.compressed and not self._deflate:
            raise Violation(1002, "Received a compressed frame, but compression was not negotiated")
        if header.opcode == Opcode.CONTINUATION and self._message is None:
            raise Violation(1002, "Unexpected continuation frame")
        if header.opcode != Opcode.CONTINUATION and self._message is not None:
            raise Violation(1002, "Missing continuation frame")
        total = header.length + (len(self._message[2]) if self._message else 0)
        if total > MAX_MESSAGE:
            raise Violation(1009, f"Message is too large: {total} > {MAX_MESSAGE}")

    def _take(self, header, payload):
        if header.opcode not in DATA:
            return Message(Opcode(header.opcode), payload)
        self.data_seen = True
        if header.opcode != Opcode.CONTINUATION:
            self._message = (Opcode(header.opcode), header.compressed, bytearray())
        self._message[2].extend(payload)
        if not header.final:
            return None
        opcode, compressed, whole = self._message
        self._message = None
        return Message(opcode, self._deflate.decompress(bytes(whole)) if compressed else bytes(whole))
