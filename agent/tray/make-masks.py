#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Renders the tray's symbolic icons and writes their coverage as C: make-masks.py RSVG-CONVERT C-FILE SVG…

One mask an icon and size, one byte a pixel, in the order of the arguments. Only the shape counts: the
program paints it.
"""

import struct
import subprocess
import sys
import zlib

SIZES = (16, 22, 24, 32, 48)


def unfilter(kind, line, before, width):
    """One line of a PNG of `width` bytes a pixel (PNG specification, "Filtering")."""
    for at, value in enumerate(line):
        left = line[at - width] if at >= width else 0
        up = before[at]
        corner = before[at - width] if at >= width else 0
        guess = left + up - corner
        nearest = min((left, up, corner), key=lambda each: abs(guess - each))
        line[at] = (value + (0, left, up, (left + up) // 2, nearest)[kind]) & 255
    return line


def alpha(png):
    """The alpha channel of a PNG with 8 bits of red, green, blue and alpha, as rsvg-convert writes it."""
    at, data, size = 8, b"", 0
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        chunk = png[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            size, _, depth, color, _, _, interlaced = struct.unpack(">IIBBBBB", chunk)
            assert (depth, color, interlaced) == (8, 6, 0), "not a plain RGBA image"
        elif kind == b"IDAT":
            data += chunk
        at += length + 12
    lines, before, found = zlib.decompress(data), bytearray(size * 4), bytearray()
    for start in range(0, len(lines), size * 4 + 1):
        line = bytearray(lines[start + 1 : start + 1 + size * 4])
        before = unfilter(lines[start], line, before, 4)
        found += before[3::4]
    assert len(found) == size * size
    return found


def main(convert, target, *icons):
    with open(target, "w", encoding="utf-8") as out:
        out.write("/* SPDX-License-Identifier: LGPL-2.1-or-later */\n")
        out.write('/* Made by make-masks.py. */\n#include "ls-tray-masks.h"\n\n')
        rows = []
        for number, icon in enumerate(icons):
            row = []
            for size in SIZES:
                png = subprocess.run(
                    [convert, "--width", str(size), "--height", str(size), icon], check=True, capture_output=True
                ).stdout
                values = ",".join(map(str, alpha(png)))
                out.write(f"static const guint8 mask_{number}_{size}[] = {{{values}}};\n")
                row.append(f"{{{size}, mask_{number}_{size}}}")
            rows.append("{" + ", ".join(row) + "}")
        assert rows and len(SIZES) == 5
        out.write("\nconst LsTrayMask ls_tray_masks[][LS_TRAY_N_SIZES] = {" + ", ".join(rows) + "};\n")


main(*sys.argv[1:])
