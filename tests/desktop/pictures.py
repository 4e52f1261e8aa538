# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pictures of a screen: taken from Xvfb's frame buffer, compared, saved."""

import struct
import zlib
from dataclasses import dataclass


@dataclass
class Picture:
    """Lines of pixels of four bytes: blue, green, red, nothing."""

    width: int
    height: int
    lines: list

    @classmethod
    def of_frame_buffer(cls, path):
        """Reads what `Xvfb -fbdir` keeps (XWDFile.h): a header of 32-bit numbers, a color table, the pixels."""
        data = path.read_bytes()
        header = struct.unpack(">25I", data[:100])
        width, height, bits, line, colors = header[4], header[5], header[11], header[12], header[19]
        assert bits == 32, "not a screen of 24 bits depth"
        start = header[0] + colors * 12
        return cls(width, height, [data[at : at + width * 4] for at in range(start, start + line * height, line)])

    @classmethod
    def load(cls, path):
        """Reads what save() wrote."""
        data = path.read_bytes()
        width, height = struct.unpack(">II", data[16:24])
        start = data.index(b"IDAT") + 4
        (length,) = struct.unpack(">I", data[start - 8 : start - 4])
        rows = zlib.decompress(data[start : start + length])
        line = 1 + width * 3
        assert len(rows) == line * height, "not a PNG of ours"
        return cls(width, height, [cls._to_line(rows[at + 1 : at + line]) for at in range(0, len(rows), line)])

    @staticmethod
    def _to_line(row):
        return b"".join(bytes((row[at + 2], row[at + 1], row[at], 0)) for at in range(0, len(row), 3))

    @classmethod
    def beside(cls, pictures, gap):
        """Pictures in a row on black, their tops level, so many pixels apart and away from the edge."""
        height = max(picture.height for picture in pictures)
        black = bytes(gap * 4)
        lines = []
        for y in range(height):
            parts = [picture.lines[y] if y < picture.height else bytes(picture.width * 4) for picture in pictures]
            lines.append(black + black.join(parts) + black)
        width = sum(picture.width + gap for picture in pictures) + gap
        return cls(width, height + 2 * gap, [bytes(width * 4)] * gap + lines + [bytes(width * 4)] * gap)

    def __eq__(self, other):
        return self.lines == other.lines

    def pixels(self, y):
        """(red, green, blue) of a line."""
        line = self.lines[y]
        return [(line[at + 2], line[at + 1], line[at]) for at in range(0, len(line), 4)]

    def greys(self):
        """The brightness of every pixel, 0 to 255."""
        return [
            (red * 299 + green * 587 + blue * 114) // 1000 for y in range(self.height) for red, green, blue in self.pixels(y)
        ]

    def difference(self, other):
        """(x, y, width, height) of all that is not the same in another picture; None if nothing is."""
        rows = [y for y in range(self.height) if self.lines[y] != other.lines[y]]
        if not rows:
            return None
        columns = {
            at // 4 for y in rows for at in range(0, self.width * 4, 4)
            if self.lines[y][at : at + 3] != other.lines[y][at : at + 3]
        }
        if not columns:
            return None
        left, top = min(columns), min(rows)
        return left, top, max(columns) - left + 1, max(rows) - top + 1

    def crop(self, box):
        x, y, width, height = box
        assert x >= 0 and y >= 0 and x + width <= self.width and y + height <= self.height, box
        return Picture(width, height, [line[x * 4 : (x + width) * 4] for line in self.lines[y : y + height]])

    def save(self, path):
        """As PNG."""

        def chunk(kind, data):
            return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

        rows = b"".join(b"\0" + bytes(value for pixel in self.pixels(y) for value in pixel) for y in range(self.height))
        path.write_bytes(
            b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")
        )
