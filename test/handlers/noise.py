# SPDX-License-Identifier: MIT
"""A picture of which tiles take long."""

import os
import struct
import zlib


def noise(side):
    """A PNG of gray pixels, 0 or 1 at random: few bytes, which take long to be deflated well."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = os.urandom(side * side).translate(bytes(code & 1 for code in range(256)))
    filtered = b"".join(b"\0" + rows[y * side:(y + 1) * side] for y in range(side))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(filtered, 1)) + chunk(b"IEND", b""))
