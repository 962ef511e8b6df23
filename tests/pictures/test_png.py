"""The chunks of a PNG."""

from __future__ import annotations

import struct
import zlib

import pytest

from nst.pictures import png

MOST = png.MAX_CHUNKS


@pytest.mark.parametrize(
    ("lengths", "count"),
    [((), 0), ((0,), 1), ((5, 0, 300), 3), ((70_000, 1), 2), ((0,) * (MOST + 9), MOST + 1)],
)
def test_chunks_of_a_png(lengths, count):
    chunks = b"".join(struct.pack(">I", length) + bytes(8 + length) for length in lengths)
    assert png.count(b"\x89PNG\r\n\x1a\n" + chunks) == count


def made(*parts: tuple[bytes, bytes]) -> bytes:
    return png.SIGNATURE + b"".join(png.encoded(*part) for part in parts)


def test_a_chunk_by_hand():
    assert png.encoded(b"IEND").hex() == "0000000049454e44ae426082"
    assert png.encoded(b"tEXt", b"a\0b")[:8] == b"\0\0\0\3tEXt"
    assert png.header(3, 2, 16)[8:21].hex() == "00000003000000021002000000"
    assert png.header(3, 2, 8, 4)[8:21].hex() == "00000003000000020806000000"


def test_the_size_that_a_png_states():
    end = png.encoded(b"IEND")
    assert png.size(png.SIGNATURE + png.header(300, 2, 8) + end) == (300, 2)
    for chunk in (b"", png.encoded(b"IDAT"), png.encoded(b"IHDR", b"short")):
        with pytest.raises(png.PngError, match="expected IHDR"):
            png.size(png.SIGNATURE + chunk + end)


def test_chunks_come_as_they_stand():
    data = made((b"tEXt", b"abc"), (b"IDAT", b""), (b"IEND", b""), (b"late", b""))
    first, second = png.chunks(data)
    assert (first.kind, bytes(first.body), first.checksum) == (
        b"tEXt",
        b"abc",
        zlib.crc32(b"tEXtabc"),
    )
    assert second.kind == b"IDAT"
    assert first.is_intact
    assert second.is_intact
    damaged = data.replace(b"abc", b"abd")
    assert [each.is_intact for each in png.chunks(damaged)] == [False, True]


def test_what_is_cut_off_or_endless_is_refused():
    data = made((b"tEXt", b"abc"), (b"IEND", b""))
    assert len(list(png.chunks(data))) == 1
    many = made(*[(b"teSt", b"")] * (MOST - 1), (b"IEND", b""))
    assert len(list(png.chunks(many))) == MOST - 1
    for wrong in (
        *(b"", b"GIF89a", data[:-1], data[:20], png.SIGNATURE),
        made(*[(b"teSt", b"")] * MOST, (b"IEND", b"")),
    ):
        with pytest.raises(png.PngError):
            list(png.chunks(wrong))
