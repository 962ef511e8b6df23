"""HEIC files from hell: cut boxes, huge sizes, loops of references, many tiles."""

from __future__ import annotations

import io
import random
import struct
from collections.abc import Iterator
from typing import Any

import pillow_heif
from PIL import Image


def encoded(picture: Image.Image, **options: Any) -> bytes:
    """The bytes of a HEIC file."""
    buffer = io.BytesIO()
    pillow_heif.encode(picture.mode, picture.size, picture.tobytes(), buffer, **options)
    return buffer.getvalue()


def noise(width: int, height: int) -> Image.Image:
    pixels = random.Random(width).randbytes(3 * width * height)
    return Image.frombytes("RGB", (width, height), pixels)


SAMPLE = encoded(noise(48, 40), quality=50)
TILED = encoded(noise(192, 128), quality=10, tile_size=64)
BOXES = (b"meta", b"iinf", b"iloc", b"pitm", b"iprp", b"ipco", b"ipma", b"iref", b"mdat", b"hvcC")


def patched(data: bytes, kind: bytes, offset: int, new: bytes) -> bytes:
    """The file with other bytes at `offset` behind the name of its first box of a kind."""
    at = data.index(kind) + 4 + offset
    return data[:at] + new + data[at + len(new) :]


def broken() -> Iterator[tuple[str, bytes]]:
    """Titles and files; all are read, or refused in a sentence."""
    for title, data in (("heic", SAMPLE), ("tiled heic", TILED)):
        for name in BOXES:
            at = data.find(name)
            if at < 0:
                continue
            for size in (0, 1, 8, 2**31 - 1, 2**32 - 1):
                box = data[: at - 4] + struct.pack(">I", size) + data[at:]
                yield f"{title} whose {name.decode()} is {size} long", box
            yield f"{title} without {name.decode()}", data.replace(name, b"free")
        for size in ((2**31, 2**31), (2**32 - 1, 1), (30_000, 30_000), (7000, 7000), (0, 0)):
            huge = struct.pack(">II", *size)
            yield f"{title} of {size[0]} x {size[1]}", patched(data, b"ispe", 4, huge)
            everywhere = data.replace(b"ispe" + bytes(4), b"ISPE")
            for _ in range(everywhere.count(b"ISPE")):
                everywhere = everywhere.replace(b"ISPE", b"ispe" + bytes(4), 1)
                everywhere = patched(everywhere, b"ispe", 4, huge)
            yield f"{title} of {size[0]} x {size[1]} everywhere", everywhere
    yield from tiles()


def tiles() -> Iterator[tuple[str, bytes]]:
    """Grids of very many tiles, and tiles that are the grid itself."""
    grid = TILED.index(struct.pack(">BBBBHH", 0, 0, 1, 2, 192, 128))
    for rows, columns in ((255, 255), (0, 0), (254, 3)):
        data = TILED[: grid + 2] + bytes([rows, columns]) + TILED[grid + 4 :]
        yield f"heic of {rows + 1} x {columns + 1} tiles", data
        large = struct.pack(">BBBBHH", 0, 0, rows, columns, 65_535, 65_535)
        yield (
            f"heic of {rows + 1} x {columns + 1} tiles, 65535 px",
            TILED[:grid] + large + TILED[grid + 8 :],
        )
    at = TILED.index(b"dimg")
    owner, count = struct.unpack(">HH", TILED[at + 4 : at + 8])
    itself = struct.pack(">H", owner) * count
    yield "heic whose tiles are itself", TILED[: at + 8] + itself + TILED[at + 8 + 2 * count :]
    missing = struct.pack(">H", 65_000) * count
    yield "heic whose tiles are missing", TILED[: at + 8] + missing + TILED[at + 8 + 2 * count :]
    for kind in (b"thmb", b"auxl", b"cdsc", b"prem"):
        yield f"heic whose {kind.decode()} is a loop", TILED.replace(b"dimg", kind)
    first = struct.unpack(">H", TILED[at + 8 : at + 10])[0]
    swapped = struct.pack(">HHH", first, count, owner)
    yield "heic of two that refer to each other", TILED[: at + 4] + swapped + TILED[at + 10 :]
    for start in range(0, len(TILED), max(1, len(TILED) // 40)):
        yield f"tiled heic cut at {start}", TILED[:start]
