"""HEIC and HEIF: the photos of phones."""

from __future__ import annotations

import io
import struct
import subprocess
import sys

import numpy as np
import pillow_heif
import pytest
from files import BLUE, GREEN, RED, ROTATED, near
from PIL import Image, ImageChops, ImageStat

from nst.errors import ImageError
from nst.pictures import heif, metadata, reading
from nst.pictures.reading import open_picture

LOSSLESS = {"quality": -1, "chroma": 444}


def encoded(picture: Image.Image, **options) -> bytes:
    buffer = io.BytesIO()
    options = LOSSLESS | options
    pillow_heif.encode(picture.mode, picture.size, picture.tobytes(), buffer, **options)
    return buffer.getvalue()


def corners(width: int = 80, height: int = 64) -> Image.Image:
    """Red, green, blue and yellow, from the upper left to the lower right."""
    picture = Image.new("RGB", (width, height))
    for x, y, colour in ((0, 0, RED), (1, 0, GREEN), (0, 1, BLUE), (1, 1, (255, 255, 0))):
        left, top = x * width // 2, y * height // 2
        picture.paste(colour, (left, top, left + width // 2, top + height // 2))
    return picture


def exif(orientation: int) -> bytes:
    tags = Image.Exif()
    tags[0x0112], tags[0x010F] = orientation, "Maker"
    tags.get_ifd(0x8825).update({1: "N", 2: (51.0, 30.0, 0.0)})
    return tags.tobytes()


def difference(one: Image.Image, other: Image.Image) -> float:
    return max(ImageStat.Stat(ImageChops.difference(one, other)).mean)


@pytest.mark.parametrize("name", ["IMG_0001.HEIC", "photo.jpg", "noname"])
def test_is_read_whatever_it_is_called(name):
    assert difference(open_picture(encoded(corners()), name), corners()) < 1


def test_other_brands_of_the_same():
    data = encoded(corners())
    for brand in (b"mif1", b"heix", b"msf1"):
        assert open_picture(data[:8] + brand + data[12:]).size == (80, 64)
    assert not heif.is_heif(data[:8] + b"mp42" + data[12:])
    assert not heif.is_heif(struct.pack(">I4s4sI4s4s", 24, b"ftyp", b"mif1", 0, b"mif1", b"avif"))
    assert not heif.is_heif(b"")


@pytest.mark.parametrize("chroma", [420, 444])
def test_ten_bits(chroma):
    values = np.zeros((64, 80, 3), np.uint16)
    values[...] = 65535, 32768, 8224
    buffer = io.BytesIO()
    options = {"quality": -1, "chroma": chroma}
    pillow_heif.encode("RGB;16", (80, 64), values.tobytes(), buffer, **options)
    assert pillow_heif.open_heif(buffer.getvalue()).info["bit_depth"] == 10
    assert near(open_picture(buffer.getvalue()).getpixel((9, 9)), (255, 128, 32))


def test_grey_of_ten_bits_also_reduced():
    buffer = io.BytesIO()
    values = np.full((64, 80), 32768, np.uint16)
    pillow_heif.encode("I;16", (80, 64), values.tobytes(), buffer, quality=-1)
    assert near(open_picture(buffer.getvalue()).getpixel((9, 9)), (128, 128, 128))
    assert open_picture(buffer.getvalue(), longer_side=40).size == (40, 32)


def test_its_profile_is_converted_to_srgb():
    data = encoded(Image.new("RGB", (80, 64), RED), icc_profile=ROTATED, icc_profile_type="prof")
    assert near(open_picture(data).getpixel((9, 9)), GREEN, 6)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turned_once_where_box_and_exif_say_the_same(orientation):
    data = encoded(corners(), exif=exif(orientation))
    assert heif.is_turned(data) == (orientation > 1)
    buffer = io.BytesIO()
    corners().save(buffer, "PNG", exif=exif(orientation))
    assert difference(open_picture(data), open_picture(buffer.getvalue())) < 1


def test_turned_by_exif_alone():
    data = encoded(corners(), exif=exif(1))
    tag = struct.pack(">HHIH", 0x0112, 3, 1, 1)
    assert data.count(tag) == 1
    turned = data.replace(tag, struct.pack(">HHIH", 0x0112, 3, 1, 6))
    assert not heif.is_turned(turned)
    assert difference(open_picture(turned), corners().transpose(Image.Transpose.ROTATE_270)) < 1


def test_the_main_one_of_several_pictures():
    file = pillow_heif.HeifFile()
    for colour in (RED, GREEN, BLUE):
        file.add_frombytes("RGB", (80, 64), Image.new("RGB", (80, 64), colour).tobytes())
    for index, colour in enumerate((RED, GREEN, BLUE)):
        buffer = io.BytesIO()
        file.save(buffer, primary_index=index, **LOSSLESS)
        assert near(open_picture(buffer.getvalue()).getpixel((9, 9)), colour)


def test_a_thumbnail_and_tiles_are_no_pictures_of_their_own():
    large = corners(320, 256)
    for options in ({"thumbnails": [64]}, {"tile_size": 128}):
        assert difference(open_picture(encoded(large, **options)), large) < 1


def test_transparency_is_laid_on_white():
    data = encoded(Image.new("RGBA", (80, 64), (0, 0, 0, 127)))
    assert near(open_picture(data).getpixel((9, 9)), (128, 128, 128))


def test_what_is_larger_than_it_need_be_is_reduced(monkeypatch):
    smooth = corners(8, 6).resize((330, 250), Image.Resampling.BICUBIC)
    data = encoded(smooth, chroma=420)
    monkeypatch.setattr(heif, "STRIP_PIXELS", 330 * 7)
    whole = open_picture(data)
    assert whole.size == (330, 250)
    half = open_picture(data, longer_side=100)
    assert half.size == (165, 125)
    assert half.tobytes() == whole.reduce(2).tobytes()
    assert open_picture(data, most_pixels=330 * 250 * 3 // 4).size == (165, 125)
    with pytest.raises(ImageError, match="megapixels are allowed in a HEIC; make it smaller"):
        open_picture(data, most_pixels=330 * 250 // 2)
    deep = encoded(smooth, chroma=444)
    with pytest.raises(ImageError, match="in a HEIC of this kind; make it smaller first, or save"):
        open_picture(deep, most_pixels=330 * 250)


def test_damaged_files_are_refused():
    data = encoded(corners())
    for wrong in (data[: len(data) // 2], data[:40], data.replace(b"hvcC", b"free")):
        with pytest.raises(ImageError, match=r'^"a\.heic" is damaged or cut off; choose'):
            open_picture(wrong, "a.heic")


def test_camera_data():
    kept = Image.Exif()
    kept.load(metadata.camera_data(encoded(corners(), exif=exif(6)), "a.heic"))
    assert kept[0x010F] == "Maker"
    assert 0x0112 not in kept
    assert not kept.get_ifd(0x8825)
    assert metadata.camera_data(encoded(corners()), "a.heic") == b""


def test_nothing_is_registered_with_pillow():
    code = """
import sys
from nst.pictures import reading
assert "pillow_heif" not in sys.modules
from PIL import Image
Image.init()
before = sorted(Image.OPEN)
reading.open_picture(sys.stdin.buffer.read())
assert "pillow_heif" in sys.modules
assert before == sorted(Image.OPEN)
"""
    subprocess.run([sys.executable, "-c", code], input=encoded(corners()), check=True)


def test_without_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(ImageError, match=r'^"a\.heic" is a HEIC picture, for which the package'):
        open_picture(encoded(corners()), "a.heic")


def test_formats_name_it():
    assert "HEIC" in reading.FORMATS
