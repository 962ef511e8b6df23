"""Untrusted bytes to picture."""

from __future__ import annotations

import struct
import subprocess
import sys

import pytest
from files import (
    BLUE,
    GREEN,
    RED,
    ROTATED,
    encoded,
    near,
    noise,
    pixel,
    refusal,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageStat

from nst.errors import ImageError
from nst.pictures import reading, writing
from nst.pictures.reading import open_picture


class TestOrientation:
    # The stored picture is A B over C D; what a viewer shows for each value of the tag.
    SHOWN = ("ABCD", "BADC", "DCBA", "CDAB", "ACBD", "CADB", "DBCA", "BDAC")

    @pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_is_applied(self, orientation, format):
        colours = {"A": RED, "B": GREEN, "C": BLUE, "D": (255, 255, 0)}
        picture = Image.new("RGB", (80, 64))
        corners = [(0, 0), (40, 0), (0, 32), (40, 32)]
        for (x, y), letter in zip(corners, "ABCD", strict=True):
            picture.paste(colours[letter], (x, y, x + 40, y + 32))
        exif = Image.Exif()
        exif[0x0112] = orientation
        upright = open_picture(encoded(picture, format, exif=exif))
        assert upright.size == ((80, 64) if orientation < 5 else (64, 80))
        width, height = upright.size
        for index, letter in enumerate(self.SHOWN[orientation - 1]):
            at = (width // 4 + index % 2 * width // 2, height // 4 + index // 2 * height // 2)
            assert near(upright.getpixel(at), colours[letter], 8), (index, letter)

    @settings(max_examples=80, deadline=None)
    @given(st.binary(max_size=80))
    def test_broken_exif_does_not_cost_the_picture(self, exif):
        for start in (b"Exif\0\0", b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12"):
            data = encoded(Image.new("RGB", (40, 40), RED), "JPEG", exif=start + exif)
            assert near(pixel(data), RED)

    def test_metadata_does_not_travel_into_the_result(self):
        exif = Image.Exif()
        exif[0x010E] = "my secret garden"
        options = {"icc_profile": ROTATED, "exif": exif}
        for format in ("JPEG", "PNG", "WEBP", "TIFF"):
            picture = open_picture(encoded(noise(), format, **options))
            assert picture.info == {}
            assert not picture.getexif()
            for output in ("PNG", "JPEG", "WEBP", "TIFF"):
                assert b"secret" not in writing.encode(picture, output)


class TestReduction:
    """What is larger than it need be is read smaller by the decoder itself."""

    SMOOTH = noise(12, 10).resize((192, 160), Image.Resampling.BICUBIC)
    JPEG = encoded(SMOOTH, "JPEG", quality=95, subsampling=0)

    @pytest.mark.parametrize(
        ("most_pixels", "size"),
        [
            (192 * 160, (192, 160)),
            (192 * 160 - 1, (96, 80)),
            (96 * 80, (96, 80)),
            (96 * 80 - 1, (48, 40)),
        ],
    )
    def test_a_jpeg_of_more_pixels_than_may_be_held(self, most_pixels, size):
        picture = open_picture(self.JPEG, most_pixels=most_pixels)
        assert picture.size == size
        expected = self.SMOOTH.reduce(192 // size[0])
        assert ImageStat.Stat(ImageChops.difference(picture, expected)).mean < [3, 3, 3]

    @pytest.mark.parametrize(
        ("longer_side", "size"),
        [(192, (192, 160)), (97, (192, 160)), (96, (96, 80)), (49, (96, 80)), (48, (48, 40))],
    )
    def test_a_jpeg_of_which_less_is_needed(self, longer_side, size):
        assert open_picture(self.JPEG, longer_side=longer_side).size == size
        tall = encoded(self.SMOOTH.rotate(90, expand=True), "JPEG")
        assert open_picture(tall, longer_side=longer_side).size == size[::-1]

    def test_nothing_is_reduced_unasked(self):
        assert open_picture(self.JPEG).size == (192, 160)
        assert open_picture(encoded(self.SMOOTH), longer_side=48).size == (192, 160)

    def test_what_is_turned_is_reduced_as_well(self):
        exif = Image.Exif()
        exif[0x0112] = 6
        data = encoded(self.SMOOTH, "JPEG", exif=exif)
        assert open_picture(data, longer_side=96).size == (80, 96)

    def test_a_small_rest_is_still_a_picture(self):
        data = encoded(noise(64, 40), "JPEG")
        assert open_picture(data, longer_side=1).size == (64, 40)  # 32 x 20 px would be too small

    @pytest.mark.parametrize(("subsampling", "cost"), [(0, 6), (2, 3)])
    def test_coefficients_of_a_progressive_jpeg_count(self, subsampling, cost):
        large = self.SMOOTH.resize((384, 320))
        data = encoded(large, "JPEG", progressive=True, subsampling=subsampling)
        pixels = 384 * 320
        least = -(-pixels * (cost + 4 / 8**2) // reading.BYTES_A_PIXEL)
        assert open_picture(data, most_pixels=2 * pixels).size == (384, 320)
        assert open_picture(data, most_pixels=int(least)).size == (48, 40)
        with pytest.raises(ImageError, match="megapixels are allowed in a progressive JPEG; make"):
            open_picture(data, most_pixels=int(least) - 1)

    @pytest.mark.parametrize(
        ("size", "read"), [((8064, 6048), (4032, 3024)), ((12_000, 9000), (6000, 4500))]
    )
    def test_photos_of_phones(self, size, read):
        """48 and 108 megapixels; before, 36 were the most."""
        data = encoded(Image.new("L", size, 77), "JPEG")
        picture = open_picture(data)
        assert picture.size == read
        assert picture.getpixel((99, 99)) == (77, 77, 77)

    @pytest.mark.long
    def test_the_largest_sensor(self):
        data = encoded(Image.new("L", (16_320, 12_240), 77), "JPEG")
        assert open_picture(data).size == (4080, 3060)

    def test_more_than_any_sensor_has(self):
        data = bytearray(encoded(noise(), "JPEG"))
        at = data.index(b"\xff\xc0") + 5
        data[at : at + 4] = struct.pack(">HH", 15_000, 15_000)
        assert "at most 210 megapixels are allowed in a JPEG" in refusal(bytes(data))

    def test_the_peak_of_memory_is_said(self):
        assert reading.peak_bytes() == 8 * 36_000_000 + 8_000_000
        assert reading.peak_bytes(10**6) == 16_000_000


def test_import_needs_neither_torch_nor_numpy():
    code = "import sys, nst.pictures.reading, nst.pictures.writing; "
    code += "print(sorted({'torch', 'numpy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_memory_of_a_picture_is_counted_as_pillow_holds_it():
    colour = Image.new("RGB", (40, 30))
    assert reading.held_bytes(colour) == 40 * 30 * 4
    assert reading.held_bytes(colour.convert("L")) == 40 * 30
