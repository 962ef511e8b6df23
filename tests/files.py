"""Small pictures and picture files that tests make, and what reading says of them."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from nst.errors import ImageError
from nst.pictures.reading import open_picture

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def encoded(picture: Image.Image, format: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format, **options)
    return buffer.getvalue()


def noise(width: int = 40, height: int = 36, seed: int = 0) -> Image.Image:
    values = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(values)


def pixel(data: bytes, at: tuple[int, int] = (5, 5)) -> tuple[int, ...]:
    picture = open_picture(data)
    assert type(picture) is Image.Image  # no file behind it that could be closed
    assert picture.mode == "RGB"
    return picture.getpixel(at)


def near(colour: tuple[int, ...], expected: tuple[int, ...], tolerance: int = 2) -> bool:
    return max(abs(a - b) for a, b in zip(colour, expected, strict=True)) <= tolerance


def refusal(source, name: str | None = None) -> str:
    with pytest.raises(ImageError) as caught:
        open_picture(source, name)
    message = str(caught.value)
    assert message.endswith(".")
    assert "\n" not in message
    assert len(message) < 300
    return message


def png_of(width: int, height: int, *, data: bytes = b"", extra: tuple = ()) -> bytes:
    """A PNG whose header claims a size, whatever its data holds."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    middle = b"".join(chunk(kind, body) for kind, body in extra)
    return b"\x89PNG\r\n\x1a\n" + header + middle + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def icc_profile(space: bytes, **tags: bytes) -> bytes:
    """A version 2 display profile made of `tags`."""
    tags = {"wtpt": xyz(0.9642, 1.0, 0.8249), **tags}
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, value in tags.items():
        table += name.encode() + struct.pack(">II", start + len(body), len(value))
        body += value + bytes(-len(value) % 4)
    header = struct.pack(">I4sI", start + len(body), b"lcms", 0x02400000)
    header += b"mntr" + space + b"XYZ " + struct.pack(">6H", 2020, 1, 1, 0, 0, 0) + b"acsp"
    header = header.ljust(68, b"\0") + struct.pack(">3i", 63190, 65536, 54061)
    return header.ljust(128, b"\0") + table + body


def xyz(*values: float) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in values))


def gamma(value: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(value * 256))


# sRGB's primaries in the order green, blue, red: what the file calls red is green.
ROTATED = icc_profile(
    b"RGB ",
    rXYZ=xyz(0.3851, 0.7169, 0.0971),
    gXYZ=xyz(0.1431, 0.0606, 0.7141),
    bXYZ=xyz(0.4361, 0.2225, 0.0139),
    rTRC=gamma(2.2),
    gTRC=gamma(2.2),
    bTRC=gamma(2.2),
)


LINEAR_GREY = icc_profile(b"GRAY", kTRC=gamma(1.0))
