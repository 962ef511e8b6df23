"""The chunks of a PNG: read from untrusted bytes, counted, and written.

A chunk is the length of its body, four letters that name its kind, the body, and a checksum (PNG
specification, section 5.3). Only the standard library is imported here.
"""

from __future__ import annotations

import itertools
import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

SIGNATURE = b"\x89PNG\r\n\x1a\n"

# Programs that write small chunks write 8 KB each; a million empty ones are made to keep us busy.
MAX_CHUNKS = 20_000


class PngError(ValueError):
    """The bytes are no PNG, or one that is cut off or has too many chunks."""


class Chunk(NamedTuple):
    """A part of a PNG as it stands in the file."""

    kind: bytes  # four letters
    body: memoryview
    checksum: int  # as stored, right or wrong

    @property
    def is_intact(self) -> bool:
        """Whether the checksum is that of kind and body."""
        return zlib.crc32(self.body, zlib.crc32(self.kind)) == self.checksum


def chunks(data: bytes) -> Iterator[Chunk]:
    """The chunks of a PNG in their order, without the last, IEND.

    Raises `PngError` where the file is no PNG, ends too early or has more than `MAX_CHUNKS`.
    """
    if not data.startswith(SIGNATURE):
        raise PngError("expected a PNG, got other bytes")
    view = memoryview(data)
    for kind, start, end in itertools.islice(_spans(data), MAX_CHUNKS):
        if end + 4 > len(data):
            break
        if kind == b"IEND":
            return
        yield Chunk(kind, view[start:end], int.from_bytes(view[end : end + 4]))
    raise PngError(f"expected IEND within {MAX_CHUNKS} chunks and within the file, got none")


def count(data: bytes) -> int:
    """How many chunks a PNG has, whole or cut off; more than `MAX_CHUNKS` count as one more."""
    return sum(1 for _ in itertools.islice(_spans(data), MAX_CHUNKS + 1))


def size(data: bytes) -> tuple[int, int]:
    """Width and height that a PNG's first chunk states; raises `PngError` as `chunks` does."""
    first = next(chunks(data), None)
    if first is None or first.kind != b"IHDR" or len(first.body) < 8:
        raise PngError("expected IHDR as the first chunk, got another")
    width, height = struct.unpack_from(">2I", first.body)
    return width, height


def _spans(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Kind of each chunk, and where its body begins and ends, which may lie beyond the file."""
    position = len(SIGNATURE)
    while position < len(data):
        start = position + 8
        end = start + int.from_bytes(data[position : position + 4])
        yield data[position + 4 : start], start, end
        position = end + 4


def encoded(kind: bytes, body: bytes | memoryview = b"") -> bytes:
    """The bytes of a chunk, with its length and checksum."""
    checksum = zlib.crc32(body, zlib.crc32(kind))
    return b"".join((struct.pack(">I", len(body)), kind, body, struct.pack(">I", checksum)))


def header(width: int, height: int, bits: int, channels: int = 3) -> bytes:
    """The first chunk, IHDR, of a picture of 3 channels (RGB) or 4 (RGBA), not interlaced."""
    colour_type = {3: 2, 4: 6}[channels]
    return encoded(b"IHDR", struct.pack(">2I5B", width, height, bits, colour_type, 0, 0, 0))
