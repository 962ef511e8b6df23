"""Pictures from hell: hundreds of hostile, broken and odd files, made anew each time.

`corpus` is deterministic, as all chance in it is seeded. `python tests/hostile.py FOLDER` writes
the files to look at them; they are never stored in the project.
"""

from __future__ import annotations

import gzip
import io
import json
import pickle
import random
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hostile_heif
import numpy as np
from PIL import Image, ImageCms

SIGNATURE = b"\x89PNG\r\n\x1a\n"
LARGEST = (7344, 4896)  # px; 36 megapixels, the most that is read


@dataclass(frozen=True)
class Hostile:
    """A file as a visitor may send it."""

    kind: str
    title: str  # what is wrong with it
    name: str  # what the visitor calls it
    data: bytes


def corpus(large: bool = True) -> Iterator[Hostile]:
    """All files, one after the other; `large` are those that decode to many megapixels."""
    kinds: dict[str, Callable[[], Iterator[tuple[str, bytes]]]] = {
        "cut off": truncated,
        "flipped bits": flipped,
        "no picture": no_pictures,
        "polyglot": polyglots,
        "size": sizes,
        "pixel bomb": pixel_bombs,
        "metadata": metadata,
        "profile": profiles,
        "mode": modes,
        "animation": animations,
        "passes": passes,
        "loop": loops,
        "heic": hostile_heif.broken,
    }
    if large:
        kinds["large"] = large_pictures
    for kind, make in kinds.items():
        for title, data in make():
            yield Hostile(kind, title, f"{title}.png", data)
    for title, name in NAMES.items():
        yield Hostile("name", f"picture, {title}", name, SAMPLES["png"])
        yield Hostile("name", f"no picture, {title}", name, b"no picture")


# --- parts of files ---------------------------------------------------------------------------


def encoded(picture: Image.Image, format: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format, **options)
    return buffer.getvalue()


def noise(width: int = 48, height: int = 40, seed: int = 0) -> Image.Image:
    return Image.frombytes(
        "RGB", (width, height), random.Random(seed).randbytes(3 * width * height)
    )


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(
    size: tuple[int, int],
    data: bytes = b"",
    bits: int = 8,
    colour: int = 2,
    interlaced: int = 0,
    before: bytes = b"",
) -> bytes:
    """A PNG of this header, with other chunks before its (compressed) data."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, bits, colour, 0, 0, interlaced))
    return SIGNATURE + header + before + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def rows(size: tuple[int, int], bytes_per_pixel: int = 3) -> bytes:
    """What a PNG of zeros holds before compression."""
    return (b"\0" + bytes(size[0] * bytes_per_pixel)) * size[1]


PNG_ROWS = rows((48, 40))


def segment(marker: int, body: bytes) -> bytes:
    """A segment of a JPEG."""
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def after_start(jpeg: bytes, *segments: bytes) -> bytes:
    """A JPEG with more segments at its beginning."""
    return jpeg[:2] + b"".join(segments) + jpeg[2:]


def tiff(
    entries: list[tuple[int, int, int, int]],
    rest: bytes = b"",
    following: int = 0,
    count: int | None = None,
) -> bytes:
    """A TIFF of one directory of (tag, type, count, value), and what comes after it."""
    number = len(entries) if count is None else count
    body = b"".join(struct.pack("<HHII", *entry) for entry in sorted(entries))
    return struct.pack("<2sHIH", b"II", 42, 8, number) + body + struct.pack("<I", following) + rest


def tiff_entries(
    width: int = 48, height: int = 40, **changes: int
) -> list[tuple[int, int, int, int]]:
    """Directory of a grey, uncompressed picture whose pixels are at the file's beginning."""
    values = {
        "width": (256, 4, 1, width),
        "height": (257, 4, 1, height),
        "bits": (258, 3, 1, 8),
        "compression": (259, 3, 1, 1),
        "photometric": (262, 3, 1, 1),
        "offset": (273, 4, 1, 0),
        "samples": (277, 3, 1, 1),
        "rows": (278, 4, 1, height),
        "length": (279, 4, 1, width * height),
    }
    for name, value in changes.items():
        values[name] = (*values[name][:3], value)
    return list(values.values())


def gif(size: tuple[int, int], frames: bytes, screen: tuple[int, int] | None = None) -> bytes:
    """A GIF of two colours with these blocks."""
    start = b"GIF89a" + struct.pack("<HHBBB", *(screen or size), 0x80, 0, 0)
    return start + b"\0\0\0\xff\xff\xff" + frames + b";"


def gif_frame(
    left: int, top: int, width: int, height: int, data: bytes = b"\x02\x02D\x01\0"
) -> bytes:
    return b"," + struct.pack("<HHHHB", left, top, width, height, 0) + data


def bmp(width: int, height: int, bits: int = 24, compression: int = 0, data: bytes = b"") -> bytes:
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, compression, 0, 0, 0, 0, 0)
    return struct.pack("<2sIHHI", b"BM", 54 + len(data), 0, 0, 54) + header + data


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    """A WebP of these chunks."""
    body = b"".join(
        kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
        for kind, data in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def riff_part(webp: bytes) -> bytes:
    """The lossless pixels of a WebP."""
    at = webp.index(b"VP8L")
    return webp[at + 8 : at + 8 + int.from_bytes(webp[at + 4 : at + 8], "little")]


def vp8x(width: int, height: int, flags: int = 0) -> tuple[bytes, bytes]:
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"VP8X", bytes([flags, 0, 0, 0]) + size


def exif(orientation: int = 6) -> Image.Exif:
    tags = Image.Exif()
    tags[0x0112] = orientation
    tags[0x010E] = "a secret garden"
    return tags


SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def _samples() -> dict[str, bytes]:
    more = {"exif": exif(), "icc_profile": SRGB}
    palette = noise().convert("P")
    pages = {"save_all": True, "append_images": [noise(seed=1)]}
    return {
        "jpeg": encoded(noise(), "JPEG", **more),
        "progressive": encoded(noise(), "JPEG", progressive=True),
        "cmyk": encoded(noise().convert("CMYK"), "JPEG"),
        "mpo": encoded(noise(), "MPO", **pages),
        "png": encoded(noise(), "PNG", **more),
        "palette": encoded(palette, "PNG", transparency=b"\0\x80"),
        "apng": encoded(noise(), "PNG", **pages),
        "webp": encoded(noise(), "WEBP", **more),
        "lossless": encoded(noise().convert("RGBA"), "WEBP", lossless=True),
        "gif": encoded(palette, "GIF", transparency=3, **pages),
        "tiff": encoded(noise(), "TIFF", **more),
        "lzw": encoded(noise(), "TIFF", compression="tiff_lzw"),
        "deflate": encoded(noise().convert("LAB"), "TIFF", compression="tiff_adobe_deflate"),
        "float": encoded(Image.new("F", (48, 40), 0.5), "TIFF"),
        "bmp": encoded(noise(), "BMP"),
        "avif": encoded(noise(), "AVIF", **more),
        "heic": hostile_heif.SAMPLE,
        "tiled heic": hostile_heif.TILED,
    }


SAMPLES = _samples()


# --- kinds of files ---------------------------------------------------------------------------


def truncated() -> Iterator[tuple[str, bytes]]:
    for name, data in SAMPLES.items():
        whole = len(data)
        places = {1, 4, 12, 20, 33, 64, whole // 10, whole // 4, whole // 2, whole * 9 // 10}
        for place in sorted({*places, whole - 1}):
            yield f"{name} cut at byte {place}", data[:place]


def flipped() -> Iterator[tuple[str, bytes]]:
    for name, data in SAMPLES.items():
        for seed in range(6):
            chance = random.Random(f"{name} {seed}")
            damaged = bytearray(data)
            # Half of the files are hit where headers and tables are.
            end = min(len(damaged), 300) if seed % 2 else len(damaged)
            for _ in range(1 + seed):
                damaged[chance.randrange(end)] ^= 1 << chance.randrange(8)
            yield f"{name} flipped {seed}", bytes(damaged)


def no_pictures() -> Iterator[tuple[str, bytes]]:
    yield "empty", b""
    yield "one byte", b"\xff"
    yield "spaces", b" " * 5000
    yield "zeros", bytes(100_000)
    yield "chance", random.Random(0).randbytes(100_000)
    yield "text in UTF-16", "a picture, honestly".encode("utf-16")
    yield "svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"
    yield (
        "svg of entities",
        b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a '&b;&b;'>]><svg>&a;</svg>",
    )
    yield "html", b"<!doctype html><script>alert(1)</script>"
    yield "pdf", b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj"
    yield "postscript", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n(%pipe%id)(w)file"
    yield "program", b"MZ" + bytes(400)
    yield "program of Linux", b"\x7fELF" + bytes(400)
    yield "shell", b"#!/bin/sh\nid\n"
    yield "json", json.dumps({"picture": [1] * 1000}).encode()
    yield "pickle", pickle.dumps({"picture": print})
    yield "gzip bomb", gzip.compress(bytes(20_000_000))
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        files.writestr("../../etc/passwd", "root")
    yield "archive", archive.getvalue()
    yield "film", struct.pack(">I4s4sI4s", 24, b"ftyp", b"isom", 0, b"mp42") + bytes(500)
    yield "heic", struct.pack(">I4s4sI4s4s", 24, b"ftyp", b"heic", 0, b"mif1", b"heic")
    yield "avif of nothing", struct.pack(">I4s4sI4s4s", 24, b"ftyp", b"avif", 0, b"mif1", b"avif")
    for format in (
        "ICO",
        "PPM",
        "JPEG2000",
        "ICNS",
        "TGA",
        "PCX",
        "PDF",
        "EPS",
        "DDS",
        "SGI",
    ):
        yield f"{format} is not offered", encoded(noise(64, 64), format)
    for name in SAMPLES:
        yield f"only the signature of {name}", SAMPLES[name][:16]


def polyglots() -> Iterator[tuple[str, bytes]]:
    script = b"*/=1;alert(document.domain)//<script>alert(1)</script>"
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        files.writestr("a.html", script)
    for name in ("jpeg", "png", "gif", "webp", "bmp", "tiff", "avif", "heic"):
        yield f"{name} and archive", SAMPLES[name] + archive.getvalue()
        yield f"{name} and html", SAMPLES[name] + b"<html>" + script
        yield f"pdf before {name}", b"%PDF-1.7\n" + SAMPLES[name]
    yield "script in gif", gif((48, 40), b"!\xfe" + bytes([len(script)]) + script + b"\0")
    yield "script in jpeg", after_start(SAMPLES["jpeg"], segment(0xFE, script))
    yield (
        "php in png",
        png((48, 40), PNG_ROWS, before=chunk(b"tEXt", b"a\0<?php system($_GET[0]);")),
    )
    yield "jpeg in jpeg", after_start(SAMPLES["jpeg"], segment(0xE5, SAMPLES["progressive"]))


def sizes() -> Iterator[tuple[str, bytes]]:
    for size in ((0, 40), (40, 0), (0, 0), (1, 1), (1, 40), (40, 1), (31, 31), (2**31 - 1, 1)):
        yield f"png of {size[0]} x {size[1]}", png(size, PNG_ROWS)
        yield f"bmp of {size[0]} x {size[1]}", bmp(*size, data=bytes(6000))
        yield (
            f"tiff of {size[0]} x {size[1]}",
            tiff(tiff_entries(*size)[:])[:2000]
            if max(size) < 2**20
            else tiff(tiff_entries(size[0], size[1], length=1920)),
        )
    for size in ((0, 40), (40, 0), (1, 1), (0, 0)):
        yield f"gif of {size[0]} x {size[1]}", gif(size, gif_frame(0, 0, *size))
        jpeg = bytearray(SAMPLES["progressive"])
        at = jpeg.index(b"\xff\xc2") + 5
        jpeg[at : at + 4] = struct.pack(">HH", size[1], size[0])
        yield f"jpeg of {size[0]} x {size[1]}", bytes(jpeg)
    yield "bmp upside down", bmp(48, -40, data=bytes(48 * 40 * 3))
    yield "bmp of least height", bmp(48, -(2**31), data=bytes(5000))
    yield "strip", encoded(Image.new("RGB", (32, 257)), "PNG")


def pixel_bombs() -> Iterator[tuple[str, bytes]]:
    for side in (6400, 9000, 12_000, 20_000, 65_535, 2**31 - 1):
        yield f"png of {side}", png((side, side))
        yield f"png of {side}, interlaced", png((side, side), interlaced=1)
    yield "gif of 65535", gif((65_535, 65_535), gif_frame(0, 0, 65_535, 65_535))
    yield "gif of a frame of 65535", gif((48, 40), gif_frame(0, 0, 65_535, 65_535))
    yield "gif of a frame far away", gif((48, 40), gif_frame(65_000, 65_000, 500, 500))
    yield "gif that grows", gif((48, 40), gif_frame(0, 0, 48, 40) + gif_frame(0, 0, 65_535, 65_535))
    yield "bmp of 32000", bmp(32_000, 32_000)
    yield "bmp of the most", bmp(2**31 - 1, 2**31 - 1)
    yield "bmp of runs", bmp(6000, 6000, 8, 1, b"\xff\x01" * 500 + b"\0\1")
    yield "bmp of jumps", bmp(6000, 6000, 8, 1, b"\0\2\xff\xff" * 500 + b"\0\1")
    yield "bmp of many colours", bmp(48, 40, 8, data=bytes(100))
    yield "tiff of 2**32", tiff(tiff_entries(2**32 - 1, 2**32 - 1, length=1))
    yield "tiff of one long row", tiff(tiff_entries(40_000_000, 1, length=1))
    yield "tiff of many samples", tiff(tiff_entries(4000, 4000, samples=65_535, length=1))
    yield "tiff of many bits", tiff(tiff_entries(bits=65_535))
    yield "tiff of rows without end", tiff(tiff_entries(rows=2**32 - 1))
    yield "tiff of a strip beyond the file", tiff(tiff_entries(offset=2**32 - 1))
    for number in (
        2,
        3,
        4,
        5,
        6,
        7,
        8,
        32_773,
        32_946,
        34_676,
        34_712,
        34_925,
        50_000,
        50_001,
        9999,
    ):
        yield (
            f"tiff of compression {number}",
            tiff(tiff_entries(5000, 5000, compression=number, length=64)),
        )
    tile = [entry for entry in tiff_entries() if entry[0] not in (273, 278, 279)]
    for side in (65_536, 2**31 - 16):
        tiled = [*tile, (322, 4, 1, side), (323, 4, 1, side), (324, 4, 1, 8), (325, 4, 1, 64)]
        yield f"tiff of tiles of {side}", tiff(tiled)
        deflated = [(259, 3, 1, 8) if entry[0] == 259 else entry for entry in tiled]
        yield f"tiff of deflated tiles of {side}", tiff(deflated)
    yield "webp of 16383", riff(vp8x(16_383, 16_383), (b"VP8 ", bytes(20)))
    yield "webp canvas of 2**24", riff(vp8x(2**24, 2**24), (b"VP8 ", bytes(20)))
    for side in (9000, 65_500):
        jpeg = bytearray(SAMPLES["jpeg"])
        at = jpeg.index(b"\xff\xc0") + 5
        jpeg[at : at + 4] = struct.pack(">HH", side, side)
        yield f"jpeg of {side}", bytes(jpeg)
    avif = SAMPLES["avif"]
    at = avif.index(b"ispe") + 8
    yield "avif of 2**31", avif[:at] + struct.pack(">II", 2**31, 2**31) + avif[at + 8 :]
    yield "avif of other sizes", avif[:at] + struct.pack(">II", 5000, 5000) + avif[at + 8 :]


def metadata() -> Iterator[tuple[str, bytes]]:
    bomb = zlib.compress(bytes(60 * 2**20))
    for kind, start in ((b"zTXt", b"a\0\0"), (b"iCCP", b"a\0\0"), (b"iTXt", b"a\0\1\0\0\0")):
        yield f"{kind.decode()} bomb", png((48, 40), PNG_ROWS, before=chunk(kind, start + bomb))
        yield (
            f"a hundred {kind.decode()}",
            png(
                (48, 40), PNG_ROWS, before=chunk(kind, start + zlib.compress(bytes(900_000))) * 100
            ),
        )
    yield "long text", png((48, 40), PNG_ROWS, before=chunk(b"tEXt", b"a\0" + b"x" * 15 * 2**20))
    yield "many texts", png((48, 40), PNG_ROWS, before=chunk(b"tEXt", b"a\0b") * 300_000)
    yield "many empty chunks", png((48, 40), PNG_ROWS, before=chunk(b"teSt", b"") * 1_000_000)
    empty = chunk(b"IDAT", b"") * 1_000_000
    yield "many empty IDAT", png((48, 40), PNG_ROWS, before=empty)
    split = b"".join(chunk(b"IDAT", bytes([byte])) for byte in zlib.compress(PNG_ROWS))
    yield "a byte an IDAT", SIGNATURE + png((48, 40))[8:33] + split + chunk(b"IEND", b"")
    yield "chunk longer than the file", png((48, 40))[:33] + struct.pack(">I4s", 2**31 - 1, b"tEXt")
    yield "two headers", png((48, 40), PNG_ROWS, before=png((9000, 9000))[8:33])
    yield "no header", SIGNATURE + chunk(b"IDAT", zlib.compress(PNG_ROWS)) + chunk(b"IEND", b"")
    yield "more pixels than said", png((48, 40), bytes(60 * 2**20))
    yield (
        "palette of 300",
        png((48, 40), rows((48, 40), 1), colour=3, before=chunk(b"PLTE", bytes(900))),
    )
    yield "no palette", png((48, 40), rows((48, 40), 1), colour=3)
    yield "exif in png", png((48, 40), PNG_ROWS, before=chunk(b"eXIf", bytes(15 * 2**20)))
    for name, marker in (("comments", 0xFE), ("APP1", 0xE1), ("APP2", 0xE2), ("APP13", 0xED)):
        many = (segment(marker, b"x" * 65_000) for _ in range(280))
        yield f"18 MB of {name}", after_start(SAMPLES["jpeg"], *many)
        yield f"300000 {name}", after_start(SAMPLES["jpeg"], segment(marker, b"") * 300_000)
    parts = (
        segment(0xE2, b"ICC_PROFILE\0" + bytes([n, 255]) + bytes(60_000)) for n in range(1, 256)
    )
    yield "profile of 15 MB", after_start(SAMPLES["progressive"], *parts)
    photoshop = b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0\0\0\0\0" * 5000
    yield "photoshop blocks", after_start(SAMPLES["jpeg"], segment(0xED, photoshop) * 200)
    yield "fill bytes", SAMPLES["jpeg"][:2] + b"\xff" * 15 * 2**20 + SAMPLES["jpeg"][2:]
    for count in (1, 65_535):
        body = (
            struct.pack("<2sHIH", b"II", 42, 8, count) + struct.pack("<HHII", 274, 3, 1, 6) * 5000
        )
        yield (
            f"exif of {count} tags",
            after_start(SAMPLES["progressive"], segment(0xE1, b"Exif\0\0" + body[:65_000])),
        )
    for value in (0, 9, 65_535):
        tags = exif()
        tags[0x0112] = value
        yield f"orientation {value}", encoded(noise(), "JPEG", exif=tags)
    body = tiff([(50_000 + n % 9000, 7, 10_000_000, 8) for n in range(60_000)], bytes(10_000_000))
    for name, kind, start in (("exif", b"eXIf", b""), ("text", b"zTXt", b"a\0\0")):
        data = body if not start else start + zlib.compress(body.hex().encode())
        yield (
            f"tags that share 10 MB, {name} of png",
            png((48, 40), PNG_ROWS, before=chunk(kind, data)),
        )
    raw = b"Raw profile type exif\0\0"
    small = tiff([(50_000 + n % 9000, 7, 90_000, 8) for n in range(9000)], bytes(90_000))
    text = b"\nexif\n 9\n" + b"Exif\0\0".hex().encode() + small.hex().encode()
    hexadecimal = chunk(b"zTXt", raw + zlib.compress(text))
    yield "tags that share, as text of png", png((48, 40), PNG_ROWS, before=hexadecimal)
    yield "tags that share 10 MB, tiff", body
    yield (
        "tags that share 10 MB, webp",
        riff(vp8x(48, 40, 8), (b"VP8L", riff_part(SAMPLES["lossless"])), (b"EXIF", body)),
    )
    parts = [body[at : at + 60_000] for at in range(0, 6_000_000, 60_000)]
    segments = [segment(0xE1, b"Exif\0\0" + part) for part in parts]
    yield "tags that share 6 MB, jpeg", after_start(SAMPLES["progressive"], *segments)
    index = segment(
        0xE2, b"MPF\0" + tiff([(50_000 + n, 7, 9000, 8) for n in range(4000)], bytes(9000))
    )
    yield "tags that share, index of mpo", after_start(SAMPLES["progressive"], index)
    wide = struct.pack("<HHII", 274, 2, 2**31, 8)
    yield (
        "orientation as endless text",
        after_start(
            SAMPLES["progressive"],
            segment(0xE1, b"Exif\0\0" + struct.pack("<2sHIH", b"II", 42, 8, 1) + wide),
        ),
    )
    comment = b"!\xfe" + (b"\xff" + b"x" * 255) * 60_000 + b"\0"
    yield "gif of a long comment", gif((48, 40), comment + gif_frame(0, 0, 48, 40))
    yield (
        "gif of many comments",
        gif((48, 40), b"!\xfe\x01x\0" * 1_000_000 + gif_frame(0, 0, 48, 40)),
    )
    yield "gif of many extensions", gif((48, 40), b"!\xff\x01x\0" * 1_000_000)
    yield "gif of rubbish", gif((48, 40), bytes(10_000_000))
    yield "webp of many chunks", riff(vp8x(48, 40), *[(b"XXXX", b"")] * 500_000)
    yield (
        "webp of much metadata",
        riff(
            vp8x(48, 40, 0x2C),
            (b"ICCP", bytes(5_000_000)),
            (b"EXIF", bytes(5_000_000)),
            (b"VP8 ", b""),
        ),
    )
    body = bytes(4 * 2**20)
    for tag, name in (
        (34_675, "profile"),
        (700, "xmp"),
        (34_665, "exif"),
        (330, "pages"),
        (37_724, "notes"),
    ):
        offset = 8 + 2 + 12 * 10 + 4
        entries = [*tiff_entries(offset=offset), (tag, 7, len(body), offset)]
        yield f"tiff of a large {name}", tiff(entries, body)
    yield "tiff of 65535 tags", tiff([(40_000, 3, 1, 0)] * 65_535)
    yield "tiff that says 65535 tags", tiff(tiff_entries(), count=65_535)
    yield "tiff of a tag without end", tiff([*tiff_entries(), (40_000, 12, 2**31, 8)])
    offsets = [(273, 4, 2**30, 8) if entry[0] == 273 else entry for entry in tiff_entries()]
    yield "tiff of strips without end", tiff(offsets)
    yield "tiff of types that do not exist", tiff([(tag, 99, 1, 1) for tag in range(256, 280)])


def profiles() -> Iterator[tuple[str, bytes]]:
    picture = Image.new("RGB", (48, 40), (200, 100, 50))

    def icc(tags: dict[bytes, bytes], space: bytes = b"RGB ", kind: bytes = b"mntr") -> bytes:
        body, table = b"", struct.pack(">I", len(tags))
        for name, value in tags.items():
            table += name + struct.pack(">II", 132 + 12 * len(tags) + len(body), len(value))
            body += value
        header = struct.pack(">I4sI", 132 + len(table) + len(body), b"lcms", 0x02400000)
        header += kind + space + b"XYZ " + bytes(12) + b"acsp"
        return header.ljust(128, b"\0") + table + body

    grid = b"mft2" + bytes(4) + bytes([3, 3, 255, 0]) + struct.pack(">9i", *[65_536] * 9)
    curve = struct.pack(">4sII", b"curv", 0, 2**31)
    made = {
        "tables of 255 to the third": icc({b"A2B0": grid + bytes(3_000_000)}),
        "tables for 15 channels": icc({b"A2B0": grid[:8] + bytes([15, 15, 9, 0]) + bytes(9000)}),
        "a curve without end": icc({b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}),
        "2**31 tags": SRGB[:128] + struct.pack(">I", 2**31) + SRGB[132:],
        "tags that overlap": icc({bytes([65, 66, 67, n]): SRGB for n in range(99)}),
        "tags beyond the end": SRGB[:136] + struct.pack(">II", 2**31, 2**31) + SRGB[144:],
        "a link": icc({}, kind=b"link"),
        "named colours": icc({b"ncl2": bytes(5000)}, kind=b"nmcl"),
        "four channels": icc({}, space=b"CMYK"),
        "an unknown space": icc({}, space=b"XXXX"),
        "8 MB of nothing": SRGB + bytes(8_000_000),
        "half": SRGB[: len(SRGB) // 2],
        "zeros": bytes(600),
        "text": b"profile" * 100,
    }
    for title, profile in made.items():
        yield f"profile with {title}", encoded(picture, "PNG", icc_profile=profile)
    for mode in ("L", "CMYK", "LAB", "1"):
        yield f"profile of RGB on {mode}", encoded(picture.convert(mode), "TIFF", icc_profile=SRGB)


def modes() -> Iterator[tuple[str, bytes]]:
    for bits, colour, width in ((16, 2, 6), (16, 6, 8), (16, 0, 2), (16, 4, 4)):
        yield (
            f"png of {bits} bits, type {colour}",
            png((48, 40), rows((48, 40), width), bits, colour),
        )
    for bits in (1, 2, 4):
        data = (b"\0" + bytes(48 * bits // 8)) * 40
        yield f"grey of {bits} bits", png((48, 40), data, bits, 0)
        yield (
            f"palette of {bits} bits",
            png((48, 40), data, bits, 3, before=chunk(b"PLTE", bytes(6)) + chunk(b"tRNS", b"\x80")),
        )
    for bits, colour in ((3, 0), (16, 3), (32, 2), (0, 0), (8, 7), (8, 1)):
        yield f"png of impossible {bits} bits, type {colour}", png((48, 40), PNG_ROWS, bits, colour)
    yield "png of an unknown interlacing", png((48, 40), PNG_ROWS, interlaced=7)
    yield "png with unknown filters", png((48, 40), (b"\x09" + bytes(144)) * 40)
    for mode in (
        "1",
        "L",
        "LA",
        "P",
        "PA",
        "RGB",
        "RGBA",
        "CMYK",
        "YCbCr",
        "LAB",
        "I;16",
        "I",
        "F",
    ):
        picture = Image.new(mode, (48, 40)) if mode[0] in "IFP" else noise().convert(mode)
        yield f"tiff in {mode}", encoded(picture, "TIFF")
    for values in ([np.nan, np.inf, -np.inf], [3e38, -3e38], [1e-45]):
        pixels = np.resize(np.float32(values), (40, 48))
        yield f"tiff of {values}", encoded(Image.fromarray(pixels), "TIFF")
    yield (
        "tiff of signed numbers",
        encoded(Image.fromarray(np.full((40, 48), -(2**31), np.int32)), "TIFF"),
    )
    for subsampling in (0, 1, 2):
        yield (
            f"jpeg of subsampling {subsampling}",
            encoded(noise(), "JPEG", subsampling=subsampling),
        )
    for bits, compression in (
        (1, 0),
        (4, 0),
        (4, 2),
        (8, 1),
        (16, 0),
        (16, 3),
        (32, 3),
        (24, 4),
        (5, 0),
    ):
        yield f"bmp of {bits} bits, kind {compression}", bmp(48, 40, bits, compression, bytes(9000))
    yield "palette with alpha", encoded(noise().convert("RGBA").convert("PA"), "TIFF")
    yield "cmyk of Adobe", encoded(noise().convert("CMYK"), "JPEG", quality=30)


def animations() -> Iterator[tuple[str, bytes]]:
    many = [noise(seed=seed) for seed in range(30)]
    for format in ("GIF", "WEBP", "PNG", "TIFF"):
        yield f"animated {format}", encoded(many[0], format, save_all=True, append_images=many[1:])
    yield (
        "animated AVIF",
        encoded(many[0], "AVIF", save_all=True, append_images=many[1:3], speed=10),
    )
    yield "gif of 100000 frames", gif((48, 40), gif_frame(0, 0, 48, 40) * 100_000)
    yield "gif without a frame", gif((48, 40), b"")
    yield "gif of a frame of nothing", gif((48, 40), gif_frame(0, 0, 0, 0))
    for method in range(8):
        control = b"!\xf9\x04" + bytes([method << 2 | 1, 0, 0, 1]) + b"\0"
        frames = (control + gif_frame(5, 5, 20, 20)) * 3
        yield f"gif of disposal {method}", gif((48, 40), frames)
    for count in (0, 1, 2**31 - 1):
        control = chunk(b"acTL", struct.pack(">II", count, 0))
        frame = chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, 48, 40, 0, 0, 1, 1, 0, 0))
        yield f"apng that says {count} frames", png((48, 40), PNG_ROWS, before=control + frame)
    far = chunk(
        b"fcTL", struct.pack(">IIIIIHHBB", 0, 2**31 - 1, 2**31 - 1, 2**31 - 1, 9, 1, 1, 9, 9)
    )
    control = chunk(b"acTL", struct.pack(">II", 2, 0))
    yield "apng of a frame far away", png((48, 40), PNG_ROWS, before=control + far)
    frame = bytes(12) + struct.pack("<I", 100)
    animation = (b"ANIM", bytes(6))
    yield "webp of broken frames", riff(vp8x(48, 40, 2), animation, *[(b"ANMF", frame)] * 1000)
    mpo = SAMPLES["mpo"]
    at = mpo.index(b"MPF\0")
    yield "mpo of a broken index", mpo[: at + 20] + b"\xff" * 40 + mpo[at + 60 :]


def passes() -> Iterator[tuple[str, bytes]]:
    data = encoded(noise(96, 80), "JPEG", progressive=True)
    starts = [place for place in range(len(data)) if data[place : place + 2] == b"\xff\xda"]
    for number, start in enumerate(starts):
        after = starts[number + 1] if number + 1 < len(starts) else len(data) - 2
        yield f"pass {number} is missing", data[:start] + data[after:]
        yield f"pass {number} comes twice", data[:after] + data[start:after] + data[after:]
    yield (
        "passes in reverse",
        data[: starts[0]]
        + b"".join(
            data[a:b]
            for a, b in reversed(list(zip(starts, [*starts[1:], len(data) - 2], strict=True)))
        ),
    )
    yield "one pass only", data[: starts[1]] + b"\xff\xd9"
    yield "restarts without end", data[:-2] + b"\xff\xd0" * 1_000_000
    for title, size in (("small", (64, 64)), ("large", LARGEST)):
        grey = encoded(Image.new("L", size, 128), "JPEG", progressive=True)
        last = grey[grey.rindex(b"\xff\xda") : -2]
        for count in (490, 5000):
            yield f"{count} passes, {title}", grey[:-2] + last * count + b"\xff\xd9"


def loops() -> Iterator[tuple[str, bytes]]:
    yield "tiff whose next page is itself", tiff(tiff_entries(), bytes(2000), following=8)
    chain = b"".join(struct.pack("<HI", 0, 14 + 6 * n) for n in range(1, 100_001))
    yield "tiff of 100000 pages", struct.pack("<2sHI", b"II", 42, 8) + chain
    for tag, name in (
        (330, "subdirectory"),
        (34_665, "exif"),
        (34_853, "place"),
        (40_965, "interop"),
    ):
        yield f"tiff whose {name} is itself", tiff([*tiff_entries(), (tag, 4, 1, 8)])
        body = struct.pack("<2sHIH", b"II", 42, 8, 1) + struct.pack("<HHII", tag, 4, 1, 8)
        body += struct.pack("<I", 8)
        exif_loop = segment(0xE1, b"Exif\0\0" + body)
        yield f"jpeg whose {name} is itself", after_start(SAMPLES["progressive"], exif_loop)
        yield f"png whose {name} is itself", png((48, 40), PNG_ROWS, before=chunk(b"eXIf", body))
    big = struct.pack("<2sHHHQ", b"II", 43, 8, 0, 16) + struct.pack("<QHHQQ", 1, 330, 18, 1, 16)
    yield "bigtiff whose page is itself", big + struct.pack("<Q", 16)
    yield "bigtiff of 2**60 tags", struct.pack("<2sHHHQQ", b"II", 43, 8, 0, 16, 2**60)
    avif = SAMPLES["avif"]
    for name in (b"meta", b"iprp", b"ipco", b"iloc", b"mdat"):
        at = avif.find(name)
        for size in (0, 1, 8, 2**31 - 1, 2**32 - 1):
            box = avif[: at - 4] + struct.pack(">I", size) + avif[at:]
            yield f"avif whose {name.decode()} is {size} long", box


def large_pictures() -> Iterator[tuple[str, bytes]]:
    """Few bytes that become as many pixels as are allowed, in what costs most to read."""
    turned = {"exif": exif(), "icc_profile": SRGB, "quality": 20}
    flat = Image.new("RGB", LARGEST, (20, 90, 160))
    yield "large jpeg, turned", encoded(flat, "JPEG", **turned)
    for bits, colour, width, size in (
        (8, 6, 4, LARGEST),
        (8, 4, 2, LARGEST),
        (16, 6, 8, (6000, 3000)),
        (16, 0, 2, (6000, 3000)),
    ):
        more = chunk(b"eXIf", exif().tobytes()[6:]) + chunk(b"iCCP", b"a\0\0" + zlib.compress(SRGB))
        if bits == 16 and colour == 0:
            more += chunk(b"tRNS", b"\0\0")
        data = rows(size, width)
        yield f"large png of {bits} bits, type {colour}", png(size, data, bits, colour, 0, more)
    yield "large interlaced png", png((6000, 6000), bytes(6000 * 6000 * 4 + 90_000), 8, 6, 1)
    yield "large gif", encoded(Image.new("1", LARGEST), "GIF")
    yield "large palette with alpha", encoded(Image.new("P", LARGEST), "PNG", transparency=b"\x80")
    size = (6000, 4000)  # 24 megapixels
    for mode in ("RGB", "CMYK"):
        picture = Image.new(mode, size, (20, 90, 160, 9)[: len(mode)])
        progressive = {"progressive": True, "subsampling": 0}
        yield f"large progressive {mode}", encoded(picture, "JPEG", **progressive, **turned)
    for mode in ("F", "I", "LAB", "CMYK", "RGBA", "1"):
        picture = Image.new(mode, size)
        title = f"large tiff in {mode}"
        yield title, encoded(picture, "TIFF", compression="tiff_lzw", exif=exif(), icc_profile=SRGB)
    lossless = {"lossless": True, "quality": 0, "method": 0, "exif": exif(), "icc_profile": SRGB}
    yield "large webp", encoded(Image.new("RGBA", (5000, 3200), (9, 9, 9, 9)), "WEBP", **lossless)
    avif = SAMPLES["avif"]
    at = avif.index(b"ispe") + 8
    yield "large avif", avif[:at] + struct.pack(">II", 5000, 3200) + avif[at + 8 :]
    yield "large bmp of runs", bmp(2000, 2000, 8, 1, bytes(1024) + b"\1\7" * 4_000_000)
    yield "large bmp of jumps", bmp(2000, 2000, 8, 1, bytes(1024) + b"\0\2\0\0" * 4_500_000)


NAMES = {
    "path": "../../../etc/passwd",
    "path of Windows": "C:\\Windows\\System32\\config\\sam",
    "absolute path": "/etc/shadow",
    "encoded path": "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "device": "/dev/zero",
    "device of Windows": "CON.png",
    "end of string": "holiday.png\0.exe",
    "control characters": "a\x1b[2J\x1b[31mred\x07\n\r\t.png",
    "line feeds": "a\nnst: all is well\n.png",
    "right to left": "photo\u202egnp.exe",
    "invisible": "\u200b\u200e\u2066\ufeff.png",
    "combining": "a" + "\u0301" * 300 + ".png",
    "255 bytes": "x" * 251 + ".png",
    "255 bytes of three": "猫" * 83 + ".png",
    "5000 characters": "y" * 5000,
    "lone surrogate": "a\ud800b.png",
    "html": "<img src=x onerror=alert(1)>.png",
    "script": "</script><script>alert(1)</script>.png",
    "markdown": "![x](https://example.org/x.png) **bold** $x^2$ :red[x].png",
    "format": "%s%n{0.__class__}{}.png",
    "shell": "$(id);`id`|id&.png",
    "flag": "-rf",
    "empty": "",
    "dots": "..",
    "slashes": "////",
    "spaces": "   ",
    "json": '{"a": "\\u0000"}',
    "no extension": "picture",
    "emoji": "\U0001f469\u200d\U0001f3a8.png",
}


def main(folder: str) -> None:
    """Write all files into a new folder."""
    place = Path(folder)
    place.mkdir(parents=True)
    for number, each in enumerate(corpus()):
        (place / f"{number:04} {each.title.replace('/', ' ')[:80]}").write_bytes(each.data)


if __name__ == "__main__":
    main(*sys.argv[1:])
