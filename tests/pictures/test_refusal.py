"""Files that are refused, each in one sentence."""

from __future__ import annotations

import os
import stat
import struct
import zlib

import pytest
from damaged import survives
from files import (
    RED,
    encoded,
    near,
    noise,
    pixel,
    png_of,
    refusal,
)
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from nst.errors import ImageError, UserError
from nst.pictures import checks, png, reading
from nst.pictures.reading import open_picture


class TestRefusal:
    def test_is_a_user_error(self):
        assert issubclass(ImageError, UserError)

    def test_empty(self, tmp_path):
        assert refusal(b"", "a.png") == '"a.png" is empty; choose a JPEG, PNG or WebP picture.'
        (tmp_path / "b.png").touch()
        assert refusal(tmp_path / "b.png").startswith('"b.png" is empty')

    @pytest.mark.parametrize(
        "data",
        [
            b"hello world",
            b"%PDF-1.7\n",
            b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            encoded(Image.new("RGB", (64, 64)), "ICO"),
            encoded(Image.new("RGB", (64, 64)), "PPM"),
            encoded(Image.new("RGB", (64, 64)), "JPEG2000"),
            encoded(Image.new("RGB", (64, 64)), "ICNS"),
            encoded(Image.new("RGB", (64, 64)), "TGA"),
        ],
        ids=lambda data: repr(data[:8]),
    )
    def test_not_a_picture_of_an_allowed_format(self, data):
        message = refusal(data, "x.png")
        assert message.startswith('"x.png" is not a picture that can be read')
        assert all(format in message for format in reading.FORMATS)

    def test_missing_file(self, tmp_path):
        assert refusal(tmp_path / "no.png") == (
            '"no.png" does not exist; check the path of the picture.'
        )

    def test_folder_and_device(self, tmp_path):
        (tmp_path / "holiday").mkdir()
        os.mkfifo(tmp_path / "pipe")
        assert '"holiday" is a folder or a device' in refusal(tmp_path / "holiday")
        assert '"pipe" is a folder or a device' in refusal(tmp_path / "pipe")

    def test_unreadable_file(self, tmp_path, monkeypatch):
        path = tmp_path / "a.png"
        path.write_bytes(encoded(noise()))

        def denied(*args, **options):
            raise PermissionError(13, "Permission denied", str(path))

        monkeypatch.setattr("builtins.open", denied)
        message = refusal(path)
        assert '"a.png" cannot be read (Permission denied)' in message
        assert str(tmp_path) not in message

    @pytest.mark.parametrize("path", ["a\0b.png", "x" * 5000 + ".png", "", "/dev/null/a.png"])
    def test_impossible_path(self, path):
        assert "read" in refusal(path) or "exist" in refusal(path)

    @pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF"])
    def test_cut_off(self, format):
        data = encoded(noise(100, 100), format)
        message = refusal(data[: len(data) // 2], "half")
        assert message.startswith('"half" is')
        assert "damaged or cut off" in message or "not a picture that can be read" in message

    def test_damaged_says_so_and_keeps_the_cause(self):
        data = encoded(noise(100, 100), "JPEG")
        with pytest.raises(ImageError, match="damaged or cut off") as caught:
            open_picture(data[:3000])
        assert isinstance(caught.value.__cause__, OSError)

    @pytest.mark.parametrize(
        "error",
        [
            OSError,
            SyntaxError,
            ValueError,
            struct.error,
            zlib.error,
            MemoryError,
            EOFError,
            IndexError,
            KeyError,
            TypeError,
            OverflowError,
            AttributeError,
            RecursionError,
        ],
    )
    def test_whatever_a_decoder_raises(self, error, monkeypatch):
        def fail(*args, **options):
            raise error("odd")

        monkeypatch.setattr(Image, "open", fail)
        assert "damaged or cut off" in refusal(encoded(noise()), "a.png")

    def test_too_many_bytes(self, tmp_path, monkeypatch):
        limit = reading.MAX_BYTES
        assert limit == 50 * 2**20
        path = tmp_path / "big.png"
        with path.open("wb") as file:
            file.truncate(limit + 1)
        for message in (refusal(bytes(limit + 1), "big.png"), refusal(path)):
            assert message.startswith('"big.png" has 50.1 MB, but at most 50 MB are allowed; ')
        # A file is refused by what its folder says of it, before anything is read.
        monkeypatch.setattr("builtins.open", None)
        refusal(path)

    def test_bytes_up_to_the_limit_are_allowed(self):
        data = encoded(Image.new("RGB", (40, 40), RED), "BMP")
        assert pixel(data.ljust(reading.MAX_BYTES, b"\0")) == RED

    def test_a_file_that_grows_is_read_no_further_than_the_limit(self, tmp_path, monkeypatch):
        path = tmp_path / "a.bmp"
        path.write_bytes(encoded(noise(), "BMP"))
        limit = path.stat().st_size
        monkeypatch.setattr(checks, "MAX_BYTES", limit)
        assert reading.read_bytes(path, "") == path.read_bytes()
        with monkeypatch.context() as patch:
            patch.setattr(os, "stat", lambda _: os.stat_result((stat.S_IFREG, *[0] * 9)))
            with path.open("ab") as file:
                file.write(bytes(10_000))
            data = reading.read_bytes(path, "")
        assert len(data) == limit + 1

    def test_too_many_pixels(self):
        message = refusal(png_of(7200, 5001), "x.png")
        assert message.startswith('"x.png" is 7200 x 5001 px (36.1 megapixels), but at most 36 ')
        assert "damaged" in refusal(png_of(7200, 5000))  # allowed by size, but nothing follows

    @pytest.mark.parametrize(
        ("format", "cost", "kind"),
        [("PNG", 8, "a PNG"), ("WEBP", 18, "a WEBP"), ("AVIF", 18, "an AVIF"), ("TIFF", 12, "a T")],
    )
    def test_formats_that_take_more_memory_may_be_less_large(self, format, cost, kind):
        most = 48 * 40 * cost // reading.BYTES_A_PIXEL
        data = encoded(noise(48, 40), format)
        assert open_picture(data, most_pixels=most).size == (48, 40)
        with pytest.raises(ImageError) as caught:
            open_picture(data, most_pixels=most - 1)
        assert f"megapixels are allowed in {kind}" in str(caught.value)
        assert str(caught.value).endswith("smaller first, or save it as a plain JPEG.")

    def test_a_png_of_16_bits_takes_twice_the_memory(self):
        data = encoded(Image.new("I;16", (48, 40)), "PNG")
        assert open_picture(data, most_pixels=2 * 48 * 40).size == (48, 40)
        with pytest.raises(ImageError, match="in a PNG of 16 bits"):
            open_picture(data, most_pixels=2 * 48 * 40 - 1)

    def test_a_bmp_of_runs_may_have_fewer_bytes(self):
        header = struct.pack("<IiiHHIIiiII", 40, 40, 36, 1, 8, 1, 0, 0, 0, 0, 0)
        runs = struct.pack("<2sIHHI", b"BM", 0, 0, 0, 54 + 1024) + header + bytes(1024)
        runs += b"\x28\x00\x00\x00" * 36 + b"\x00\x01"
        assert pixel(runs) == (0, 0, 0)
        assert "at most 1 MB are allowed" in refusal(runs + bytes(2**20))

    @pytest.mark.parametrize("side", [9_000, 12_000, 20_000, 2_000_000_000])
    def test_pixel_bombs_are_refused_undecoded_and_in_silence(self, side, monkeypatch, recwarn):
        monkeypatch.setattr(Image.Image, "load", None)
        before = Image.MAX_IMAGE_PIXELS
        message = refusal(png_of(side, side), "bomb.png")
        assert "megapixels" in message
        assert "36 " in message
        assert before == Image.MAX_IMAGE_PIXELS
        assert not recwarn

    @pytest.mark.parametrize("size", [(31, 100), (100, 31), (1, 1)])
    def test_too_small(self, size):
        message = refusal(encoded(Image.new("RGB", size)), "dot.png")
        assert f'"dot.png" is {size[0]} x {size[1]} px' in message
        assert "at least 32 px" in message
        assert open_picture(encoded(Image.new("RGB", (32, 32)))).size == (32, 32)

    @pytest.mark.parametrize("size", [(321, 40), (40, 321)])
    def test_too_long(self, size):
        message = refusal(encoded(Image.new("RGB", size)), "strip.png")
        assert f"{size[0]} x {size[1]} px" in message
        assert "at most 8 times the other" in message
        assert open_picture(encoded(Image.new("RGB", (320, 40)))).size == (320, 40)

    def test_jpeg_of_endless_passes(self):
        data = encoded(Image.new("L", (64, 64), 128), "JPEG", progressive=True)
        last = data[data.rindex(b"\xff\xda") : -2]
        assert near(pixel(data[:-2] + last * 20 + data[-2:]), (128, 128, 128))
        # What a phone appends holds those two bytes by chance.
        assert near(pixel(data + last * 1000), (128, 128, 128))
        message = refusal(data[:-2] + last * 1000 + data[-2:], "x.jpg")
        assert '"x.jpg" is stored in 501 or more passes' in message

    def test_passes_over_a_large_jpeg_are_fewer(self, monkeypatch):
        monkeypatch.setattr(checks, "MAX_PIXELS_OF_ALL_SCANS", 12 * 64 * 64)
        data = encoded(Image.new("L", (64, 64), 128), "JPEG", progressive=True)
        last = data[data.rindex(b"\xff\xda") : -2]
        own = data.count(b"\xff\xda")
        assert open_picture(data[:-2] + last * (12 - own) + data[-2:])
        assert "in 13 or more passes" in refusal(data[:-2] + last * (13 - own) + data[-2:])

    def test_jpeg_of_fill_bytes(self):
        data = encoded(noise(), "JPEG")
        for count in (100, checks.MAX_FILL_BYTES):
            assert open_picture(data[:2] + b"\xff" * count + data[2:]).size == (40, 36)
        assert "fill bytes" in refusal(data[:2] + b"\xff" * (checks.MAX_FILL_BYTES + 1) + data[2:])

    def test_png_of_endless_chunks(self):
        pixels = zlib.compress((b"\0" + bytes(120)) * 40)
        assert open_picture(png_of(40, 40, data=pixels, extra=((b"teSt", b""),) * 1000))
        many = png_of(40, 40, data=pixels, extra=((b"teSt", b""),) * png.MAX_CHUNKS)
        assert "more than 20000 parts" in refusal(many)

    def test_jpeg_of_endless_segments_and_gif_of_endless_blocks(self):
        data = encoded(noise(), "JPEG")
        segment = b"\xff\xfe\0\x02"
        assert open_picture(data[:2] + segment * 1000 + data[2:])
        assert "more than 20000 parts" in refusal(data[:2] + segment * 20_000 + data[2:])
        data = encoded(noise().convert("P"), "GIF")
        start = 13 + 3 * 256
        comment = b"!\xfe\x01x\0"
        assert open_picture(data[:start] + comment * 1000 + data[start:])
        for many in (comment * 10_001, b"!\xfe" + b"\x01x" * 20_001 + b"\0", bytes(20_001)):
            assert "more than 20000 parts" in refusal(data[:start] + many + data[start:])

    @pytest.mark.parametrize(
        "chunk",
        [
            (b"zTXt", b"a\0\0" + zlib.compress(bytes(8 * 2**20))),
            (b"iCCP", b"a\0\0" + zlib.compress(bytes(80 * 2**20))),
            (b"iTXt", b"a\0\1\0\0\0" + zlib.compress(bytes(8 * 2**20))),
        ],
        ids=lambda chunk: chunk[0].decode(),
    )
    def test_metadata_bombs_end_in_a_picture_or_a_refusal(self, chunk):
        pixels = zlib.compress((b"\0" + bytes(120)) * 40)
        assert survives(png_of(40, 40, data=pixels, extra=(chunk,)))

    def test_hostile_names(self):
        for name in ("../../etc/passwd", "C:\\secret\\passwd", "/etc/passwd/"):
            assert refusal(b"", name).startswith('"passwd" is empty')
        assert refusal(b"", "a\n\x1b[31m\u202egnp.exe\u200b\ud800").startswith('"a[31mgnp.exe" is')
        for name in (None, "", "\n", "\u202e", "/", "  "):
            assert refusal(b"", name).startswith("The picture is empty")
        long = refusal(b"", "y" * 5000 + ".jpeg")
        assert "yyy…yyy" in long
        assert '.jpeg" is' in long
        assert len(long) < 150

    @given(st.text())
    def test_any_name_gives_one_printable_sentence(self, name):
        assert refusal(b"", name).isprintable()

    def test_path_gives_the_name_unless_told_otherwise(self, tmp_path):
        path = tmp_path / "a.png"
        path.write_bytes(b"x")
        assert refusal(path).startswith('"a.png"')
        assert refusal(str(path), "b.png").startswith('"b.png"')
