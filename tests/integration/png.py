"""Reads just enough of a PNG to say whether a picture shows anything."""

import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunks(data):
    assert data.startswith(SIGNATURE), f"not a PNG: {data[:16]!r}"
    offset = len(SIGNATURE)
    while offset < len(data):
        length, kind = struct.unpack_from("!I4s", data, offset)
        yield kind, data[offset + 8 : offset + 8 + length]
        offset += length + 12


def size(data):
    return next(struct.unpack_from("!II", content) for kind, content in chunks(data) if kind == b"IHDR")


def distinct_bytes(data):
    """How many different byte values the picture's filtered lines hold: 1 or 2 for one flat colour."""
    packed = b"".join(content for kind, content in chunks(data) if kind == b"IDAT")
    return len(set(zlib.decompress(packed)))
