"""Untrusted bytes to picture; fit; picture to tensor and back; save."""

import io
import os
import re
import stat
import struct
import subprocess
import sys
import threading
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from nst.errors import ImageError, UserError
from nst.pictures import color_management, fitting, metadata, reading, tensors, writing
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


class TestColour:
    @pytest.mark.parametrize("format", ["PNG", "BMP", "TIFF"])
    def test_lossless_formats_keep_every_pixel(self, format):
        assert open_picture(encoded(noise(), format)).tobytes() == noise().tobytes()

    @pytest.mark.parametrize("format", ["JPEG", "WEBP", "AVIF"])
    def test_lossy_formats_keep_the_colour(self, format):
        assert near(
            pixel(encoded(Image.new("RGB", (40, 40), (200, 100, 50)), format)), (200, 100, 50), 4
        )

    @pytest.mark.parametrize(
        ("mode", "colour", "format", "expected"),
        [
            ("L", 77, "PNG", (77, 77, 77)),
            ("1", 1, "PNG", WHITE),
            ("1", 0, "TIFF", (0, 0, 0)),
            ("P", 0, "GIF", (0, 0, 0)),
            ("CMYK", (0, 255, 255, 0), "TIFF", RED),
            ("CMYK", (0, 255, 255, 0), "JPEG", RED),
            ("YCbCr", (76, 85, 255), "TIFF", RED),
            ("RGBA", (255, 0, 0, 0), "PNG", WHITE),
            ("RGBA", (255, 0, 0, 255), "PNG", RED),
            ("RGBA", (0, 0, 0, 127), "PNG", (128, 128, 128)),
            ("RGBA", (255, 0, 0, 0), "WEBP", WHITE),
            ("LA", (0, 51), "PNG", (204, 204, 204)),
            ("LA", (0, 51), "TIFF", (204, 204, 204)),
            ("LAB", (255, 128, 128), "TIFF", WHITE),
            ("LAB", (138, 166, 174), "TIFF", (200, 100, 50)),  # L* 54, a* 38, b* 46 under D50
        ],
    )
    def test_mode(self, mode, colour, format, expected):
        assert near(pixel(encoded(Image.new(mode, (40, 40), colour), format)), expected, 3)

    def test_palette(self):
        picture = Image.new("P", (40, 40), 3)
        picture.putpalette([0, 0, 0, 9, 9, 9, 8, 8, 8, 0, 0, 255])
        assert pixel(encoded(picture)) == BLUE

    @pytest.mark.parametrize("transparency", [1, b"\xff\x00"])
    def test_transparent_palette_entry(self, transparency):
        picture = Image.new("P", (40, 40), 0)
        picture.putpalette([255, 0, 0, 0, 255, 0])
        picture.putpixel((5, 5), 1)
        data = encoded(picture, transparency=transparency)
        assert (pixel(data), pixel(data, (6, 6))) == (WHITE, RED)

    def test_palette_with_alpha(self):
        picture = Image.new("RGBA", (40, 40), (255, 0, 0, 128)).convert("PA")
        assert near(pixel(encoded(picture, "TIFF")), (255, 127, 127))

    def test_premultiplied_alpha(self):
        data = encoded(Image.new("RGBA", (40, 40), (128, 0, 0, 128)), "TIFF")
        unassociated = struct.pack("<HHII", 338, 3, 1, 2)
        assert data.count(unassociated) == 1
        data = data.replace(unassociated, struct.pack("<HHII", 338, 3, 1, 1))
        assert near(pixel(data), (255, 127, 127))

    def test_transparent_colour_key(self):
        for mode, colour in (("RGB", (10, 20, 30)), ("L", 10)):
            data = encoded(Image.new(mode, (40, 40), colour), transparency=colour)
            assert pixel(data) == WHITE

    @pytest.mark.parametrize("order", ["<u2", ">u2"])
    @pytest.mark.parametrize("format", ["PNG", "TIFF"])
    def test_16_bit_grey_is_scaled(self, order, format):
        values = np.zeros((40, 40), np.uint16)
        values[0, :3] = 65535, 128 * 257, 257
        picture = Image.fromarray(values.astype(order))
        assert picture.mode in ("I;16", "I;16B")
        grey = [open_picture(encoded(picture, format)).getpixel((x, 0))[0] for x in range(4)]
        assert grey == [255, 128, 1, 0]

    def test_16_bit_grey_with_a_transparent_value(self):
        picture = Image.fromarray(np.full((40, 40), 30000, np.uint16))
        picture.putpixel((0, 0), 5 * 257)
        data = encoded(picture, transparency=30000)
        assert (pixel(data), pixel(data, (0, 0))) == (WHITE, (5, 5, 5))

    @pytest.mark.parametrize(
        ("dtype", "values", "expected"),
        [
            (np.int32, [0, 32768, 65535], [0, 128, 255]),
            (np.int32, [0, 1000, 200_000], [0, 1, 255]),
            (np.int32, [-65535, 0, 65535], [0, 128, 255]),
            (np.float32, [0.0, 0.5, 1.0], [0, 128, 255]),
            (np.float32, [0.0, 0.25, 0.5], [0, 64, 128]),
            (np.float32, [0.0, 100.0, 200.0], [0, 128, 255]),
            (np.float32, [0.5, np.nan, np.inf], [128, 0, 0]),
            (np.float32, [-3e38, 0.0, 3e38], [0, 128, 255]),
        ],
    )
    def test_wide_values_are_scaled_and_never_clipped(self, dtype, values, expected):
        pixels = np.zeros((40, 40), dtype)
        pixels[0, :3] = values
        if min(values) < 0:
            pixels[1:] = min(values)
        picture = open_picture(encoded(Image.fromarray(pixels), "TIFF"))
        assert [picture.getpixel((x, 0))[0] for x in range(3)] == expected

    def test_16_bit_colour_png(self):
        row = b"\0" + struct.pack(">3H", 65535, 128 * 257, 0) * 40
        data = png_of(40, 40, data=zlib.compress(row * 40))
        data = data.replace(
            struct.pack(">BBBBB", 8, 2, 0, 0, 0), struct.pack(">BBBBB", 16, 2, 0, 0, 0)
        )
        header = data[12:29]
        data = data[:29] + struct.pack(">I", zlib.crc32(header)) + data[33:]
        assert pixel(data) == (255, 128, 0)

    @pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG", "TIFF"])
    def test_first_frame_of_an_animation(self, format):
        frames = [Image.new("RGB", (40, 40), colour) for colour in (RED, GREEN, BLUE)]
        options = {"lossless": True} if format == "WEBP" else {}
        data = encoded(frames[0], format, save_all=True, append_images=frames[1:], **options)
        assert Image.open(io.BytesIO(data)).n_frames == 3
        assert pixel(data) == RED

    def test_first_picture_of_a_phone_s_mpo(self):
        frames = [Image.new("RGB", (40, 40), colour) for colour in (RED, BLUE)]
        data = encoded(frames[0], "MPO", save_all=True, append_images=frames[1:])
        assert Image.open(io.BytesIO(data)).format == "MPO"
        assert near(pixel(data), RED)


class TestProfile:
    def test_the_hand_made_profiles_are_valid(self):
        for profile, space in ((ROTATED, "RGB "), (LINEAR_GREY, "GRAY")):
            made = ImageCms.ImageCmsProfile(io.BytesIO(profile)).profile
            assert made.xcolor_space == space
            assert made.is_intent_supported(0, 0)

    @pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "TIFF", "AVIF"])
    def test_is_converted_to_srgb(self, format):
        data = encoded(Image.new("RGB", (40, 40), RED), format, icc_profile=ROTATED)
        assert near(pixel(data), GREEN, 6)

    def test_of_a_palette(self):
        picture = Image.new("P", (40, 40), 0)
        picture.putpalette([255, 0, 0])
        assert near(pixel(encoded(picture, icc_profile=ROTATED)), GREEN)
        half = encoded(picture, transparency=b"\x80", icc_profile=ROTATED)
        assert near(pixel(half), (127, 255, 127))

    def test_colour_is_converted_before_alpha_is_laid_on_white(self):
        data = encoded(Image.new("RGBA", (40, 40), (255, 0, 0, 128)), icc_profile=ROTATED)
        assert near(pixel(data), (127, 255, 127))

    def test_of_a_grey_picture(self):
        data = encoded(Image.new("L", (40, 40), 55), icc_profile=LINEAR_GREY)
        assert near(pixel(data), (128, 128, 128), 3)
        data = encoded(Image.new("LA", (40, 40), (55, 255)), icc_profile=LINEAR_GREY)
        assert near(pixel(data), (128, 128, 128), 3)

    def test_of_a_16_bit_grey_picture(self):
        picture = Image.fromarray(np.full((40, 40), 55 * 257, np.uint16))
        assert near(pixel(encoded(picture, icc_profile=LINEAR_GREY)), (128, 128, 128), 3)

    def test_for_colour_on_a_grey_picture(self):
        linear = icc_profile(
            b"RGB ",
            rXYZ=xyz(0.4361, 0.2225, 0.0139),
            gXYZ=xyz(0.3851, 0.7169, 0.0971),
            bXYZ=xyz(0.1431, 0.0606, 0.7141),
            **dict.fromkeys(("rTRC", "gTRC", "bTRC"), gamma(1.0)),
        )
        data = encoded(Image.new("L", (40, 40), 55), "JPEG", icc_profile=linear)
        assert near(pixel(data), (128, 128, 128), 3)

    def test_of_lab(self):
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
        data = encoded(Image.new("LAB", (40, 40), (138, 166, 174)), "TIFF", icc_profile=profile)
        assert near(pixel(data), (200, 100, 50), 3)
        data = encoded(Image.new("LAB", (40, 40), (138, 166, 174)), "TIFF", icc_profile=ROTATED)
        assert near(pixel(data), (200, 100, 50), 3)  # Lab colours have no use for an RGB profile

    @pytest.mark.parametrize(
        "profile", [b"no profile", ROTATED[:200], bytes(600), LINEAR_GREY], ids=len
    )
    @pytest.mark.parametrize("mode", ["RGB", "CMYK"])
    def test_broken_or_unsuitable_is_ignored(self, profile, mode):
        colour = RED if mode == "RGB" else (0, 255, 255, 0)
        data = encoded(Image.new(mode, (40, 40), colour), "TIFF", icc_profile=profile)
        assert pixel(data) == RED

    def test_cmyk_reaches_its_profile_unconverted(self, monkeypatch):
        # There is no small CMYK profile to build here: record what LittleCMS is given.
        given = []

        class Recorder:
            input_mode = "CMYK"

            def apply(self, image):
                given.append((image.mode, image.getpixel((0, 0))))
                return Image.new("RGB", image.size, GREEN)

        def build(source, target, *modes):
            given.append(modes)
            return Recorder()

        monkeypatch.setattr(ImageCms, "buildTransform", build)
        data = encoded(Image.new("CMYK", (40, 40), (9, 8, 7, 6)), "TIFF", icc_profile=ROTATED)
        assert pixel(data) == GREEN
        assert given == [("CMYK", "RGB"), ("CMYK", (9, 8, 7, 6))]


class TestRange:
    """Numbers beyond 0 to 1, and beyond 16 bits, widen the range; what is no number is black."""

    def test_by_hand(self):
        def limits(values, mode: str = "F") -> tuple[float, float]:
            return color_management._range(Image.fromarray(np.asarray(values), mode))

        assert limits(np.full((32, 40), 0.5, np.float32)) == (0.0, 1.0)
        column = np.zeros((32, 40), np.float32)
        column[:, 0], column[-1, -1] = -3, 7
        assert limits(column) == (-3.0, 7.0)
        column[3, 3], column[4, 4] = -np.inf, np.inf
        assert limits(column) == (-3.0, 7.0)
        assert limits(np.full((32, 40), 9, np.int32), "I") == (0.0, 65535.0)
        assert limits(np.full((32, 40), 70_000, np.int32), "I") == (0.0, 70_000.0)

    def test_infinity_is_the_black_of_the_range(self):
        values = np.full((32, 40), 0.5, np.float32)
        values[0, :3] = -np.inf, np.inf, np.nan
        shown = color_management._values(Image.fromarray(values, "F"))
        assert shown[0, :4].tolist() == [0.0, 0.0, 0.0, 0.5]


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
            b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic",
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
        assert limit == 20 * 2**20
        path = tmp_path / "big.png"
        with path.open("wb") as file:
            file.truncate(limit + 1)
        for message in (refusal(bytes(limit + 1), "big.png"), refusal(path)):
            assert message.startswith('"big.png" has 20.1 MB, but at most 20 MB are allowed; ')
        # A file is refused by what its folder says of it, before anything is read.
        monkeypatch.setattr("builtins.open", None)
        refusal(path)

    def test_bytes_up_to_the_limit_are_allowed(self):
        data = encoded(Image.new("RGB", (40, 40), RED), "BMP")
        assert pixel(data.ljust(reading.MAX_BYTES, b"\0")) == RED

    def test_a_file_that_grows_is_read_no_further_than_the_limit(self, tmp_path, monkeypatch):
        path = tmp_path / "a.bmp"
        path.write_bytes(encoded(noise(), "BMP"))
        monkeypatch.setattr(reading, "MAX_BYTES", path.stat().st_size)
        assert reading.read_bytes(path, "") == path.read_bytes()
        with monkeypatch.context() as patch:
            patch.setattr(os, "stat", lambda _: os.stat_result((stat.S_IFREG, *[0] * 9)))
            with path.open("ab") as file:
                file.write(bytes(10_000))
            data = reading.read_bytes(path, "")
        assert len(data) == reading.MAX_BYTES + 1

    def test_too_many_pixels(self):
        message = refusal(png_of(7200, 5001), "x.png")
        assert message.startswith('"x.png" is 7200 x 5001 px (36.1 megapixels), but at most 36 ')
        assert "damaged" in refusal(png_of(7200, 5000))  # allowed by size, but nothing follows

    @pytest.mark.parametrize(
        ("format", "most", "kind"),
        [("WEBP", 16, "a WEBP"), ("AVIF", 16, "an AVIF"), ("TIFF", 24, "a TIFF")],
    )
    def test_formats_that_take_more_memory_may_be_less_large(self, format, most, kind, monkeypatch):
        assert reading.MAX_PIXELS_OF[format] == most * 10**6
        monkeypatch.setitem(reading.MAX_PIXELS_OF, format, 48 * 40)
        assert open_picture(encoded(noise(48, 40), format)).size == (48, 40)
        message = refusal(encoded(noise(48, 41), format))
        assert f"megapixels are allowed in {kind}; make it smaller first, or save" in message

    def test_kinds_that_take_longer_may_be_less_large(self, monkeypatch):
        monkeypatch.setattr(reading, "MAX_PIXELS_OF_PASSES", 48 * 40)
        monkeypatch.setattr(reading, "MAX_PIXELS_OF_16_BITS", 48 * 40)
        assert open_picture(encoded(noise(48, 40), "JPEG", progressive=True)).size == (48, 40)
        assert "in a progressive JPEG" in refusal(encoded(noise(48, 41), "JPEG", progressive=True))
        assert open_picture(encoded(noise(48, 41), "JPEG")).size == (48, 41)
        for height in (40, 41):
            data = encoded(Image.new("I;16", (48, height)), "PNG")
            if height == 40:
                assert open_picture(data).size == (48, 40)
            else:
                assert "in a PNG of 16 bits" in refusal(data)

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
        monkeypatch.setattr(reading, "MAX_PIXELS_OF_ALL_PASSES", 12 * 64 * 64)
        data = encoded(Image.new("L", (64, 64), 128), "JPEG", progressive=True)
        last = data[data.rindex(b"\xff\xda") : -2]
        own = data.count(b"\xff\xda")
        assert open_picture(data[:-2] + last * (12 - own) + data[-2:])
        assert "in 13 or more passes" in refusal(data[:-2] + last * (13 - own) + data[-2:])

    def test_jpeg_of_fill_bytes(self):
        data = encoded(noise(), "JPEG")
        for count in (100, reading.MAX_FILL_BYTES):
            assert open_picture(data[:2] + b"\xff" * count + data[2:]).size == (40, 36)
        assert "fill bytes" in refusal(data[:2] + b"\xff" * (reading.MAX_FILL_BYTES + 1) + data[2:])

    def test_png_of_endless_chunks(self):
        pixels = zlib.compress((b"\0" + bytes(120)) * 40)
        assert open_picture(png_of(40, 40, data=pixels, extra=((b"teSt", b""),) * 1000))
        many = png_of(40, 40, data=pixels, extra=((b"teSt", b""),) * reading.MAX_PARTS)
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

    def test_strips_join_without_a_seam(self, monkeypatch):
        pictures = [noise(70, 90), noise(70, 90).convert("RGBA"), noise(70, 90).convert("P")]
        deep = Image.fromarray(np.random.default_rng(0).integers(0, 90_000, (90, 70), np.int32))
        files = [encoded(each, "TIFF", icc_profile=ROTATED) for each in [*pictures, deep]]
        whole = [open_picture(data).tobytes() for data in files]
        monkeypatch.setattr(color_management, "STRIP_PIXELS", 70 * 7)
        assert [open_picture(data).tobytes() for data in files] == whole

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


def survives(data: bytes) -> bool:
    """Whether `data` gives a picture within the limits, or an `ImageError`, and no warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            picture = open_picture(data)
        except ImageError:
            return True
    width, height = picture.size
    return picture.mode == "RGB" and min(width, height) >= 32 and width * height <= 36_000_000


def samples() -> list[bytes]:
    exif = Image.Exif()
    exif[0x0112] = 6
    palette = noise().convert("P")
    return [
        encoded(noise(), "JPEG", exif=exif, icc_profile=ROTATED),
        encoded(noise(), "JPEG", progressive=True),
        encoded(noise().convert("CMYK"), "JPEG"),
        encoded(noise(), "MPO", save_all=True, append_images=[noise(seed=1)]),
        encoded(noise(), "PNG", exif=exif, icc_profile=ROTATED),
        encoded(palette, "PNG", transparency=b"\0\x80"),
        encoded(noise(), "PNG", save_all=True, append_images=[noise(seed=1)]),
        encoded(noise(), "WEBP", exif=exif, icc_profile=ROTATED),
        encoded(noise().convert("RGBA"), "WEBP", lossless=True),
        encoded(palette, "GIF", transparency=3, save_all=True, append_images=[noise(seed=1)]),
        encoded(noise(), "TIFF", exif=exif, icc_profile=ROTATED),
        encoded(noise(), "TIFF", compression="tiff_lzw"),
        encoded(Image.new("F", (40, 40), 0.5), "TIFF"),
        encoded(Image.new("LAB", (40, 40)), "TIFF", compression="tiff_adobe_deflate"),
        encoded(noise(), "BMP"),
        encoded(noise(), "AVIF", exif=exif, icc_profile=ROTATED),
    ]


SAMPLES = samples()


class TestDamage:
    def test_the_samples_are_pictures(self):
        for data in SAMPLES:
            open_picture(data)

    @settings(
        max_examples=250,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.differing_executors],
    )
    @given(st.data())
    def test_flipped_bytes_and_cuts_give_a_picture_or_a_refusal(self, data):
        damaged = bytearray(data.draw(st.sampled_from(SAMPLES)))
        # Half of the blows go to the first bytes, where headers and tables are.
        place = st.one_of(st.integers(0, 300), st.integers(0, len(damaged) - 1))
        for position in data.draw(st.lists(place, max_size=8)):
            damaged[position % len(damaged)] = data.draw(st.integers(0, 255))
        cut = data.draw(st.one_of(st.just(len(damaged)), st.integers(1, len(damaged))))
        assert survives(bytes(damaged[:cut]))

    @settings(max_examples=100, deadline=None)
    @given(st.sampled_from(SAMPLES), st.binary(max_size=200))
    def test_a_true_beginning_and_then_anything(self, sample, rest):
        assert survives(sample[:12] + rest)

    def test_cut_off_pictures_print_nothing(self, capfd):
        for data in SAMPLES:
            survives(data[: len(data) // 2])
        assert capfd.readouterr() == ("", "")

    def test_threads_may_open_pictures_at_once(self):
        filters = list(warnings.filters)
        results = []

        def work():
            results.extend(open_picture(SAMPLES[index % 8]).mode for index in range(16))

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert results == ["RGB"] * 64
        assert list(warnings.filters) == filters


SIZES = st.tuples(st.integers(32, 20_000), st.integers(32, 20_000)).filter(
    lambda size: max(size) <= 8 * min(size)
)


MOST = reading.MAX_PARTS
EXTENSION = b"!\xf9\x01a\x00"  # of a GIF, with one part


class TestParts:
    """The counts that keep files of a million parts out, by hand."""

    @pytest.mark.parametrize(
        ("rest", "count"),
        [
            (b"", 0),
            (b",", 0),
            (b"a;aaa", 1),
            (b"abc,", 3),
            (EXTENSION + b",", 2),
            (EXTENSION + EXTENSION + b",", 4),
            (b"!\xf9\x02ab\x01c\x00;", 3),
            (b"!\xf9\x00" + b"a,", 2),
            (b"!", 1),
            (b"!\xfe\x05ab", 2),
            (b'"a,', 2),
            (b"a" * MOST + b",", MOST),
            (b"a" * (MOST + 9), MOST + 1),
            (b"!\xfe" + b"\x01a" * (MOST + 9), MOST + 1),
        ],
    )
    def test_blocks_before_the_first_frame_of_a_gif(self, rest, count):
        head = b"GIF89a" + struct.pack("<HH", 40, 36)
        assert reading._gif_blocks(head + b"\x00\x81\x00" + rest) == count
        for flags in (0x80, 0x81, 0x82):  # tables of 2, 4 and 8 colours, which say nothing
            table = b"!" * 3 * 2 ** (flags % 8 + 1)
            assert reading._gif_blocks(head + bytes([flags, 0, 0]) + table + rest) == count

    def test_a_gif_that_ends_in_its_head(self):
        head = b"GIF89a" + struct.pack("<HH", 40, 36) + b"\x80\x00\x00"
        assert [reading._gif_blocks(head[:length]) for length in range(6, 14)] == [0] * 8

    @pytest.mark.parametrize(
        ("lengths", "count"),
        [((), 0), ((0,), 1), ((5, 0, 300), 3), ((70_000, 1), 2), ((0,) * (MOST + 9), MOST + 1)],
    )
    def test_chunks_of_a_png(self, lengths, count):
        chunks = b"".join(struct.pack(">I", length) + bytes(8 + length) for length in lengths)
        assert reading._png_chunks(b"\x89PNG\r\n\x1a\n" + chunks) == count

    def test_passes_of_a_jpeg(self):
        part, scan, end = b"\xff\xe0\x00\x04ab", b"\xff\xda\x00\x03a", b"\xff\xd9"
        data = b"\x01\xff\x00\x02\xff\xd3\x03"  # of a pass, with what is no marker in it
        start = b"\xff\xd8"
        assert reading._jpeg_passes(start + part + end, "") == 0
        assert reading._jpeg_passes(start + part + scan + data + scan + data + end, "") == 2
        assert reading._jpeg_passes(start + scan + data + end + scan, "") == 1
        assert reading._jpeg_passes(start + part * (MOST - 1) + scan + data + end, "") == 1
        with pytest.raises(ImageError, match=f'^"a" is made of more than {MOST} parts'):
            reading._jpeg_passes(start + part * (MOST + 1) + end, '"a"')

    def test_fill_bytes_of_a_jpeg_are_counted_in_all_its_header(self):
        def passes(*fills: int) -> int:
            parts = b"".join(b"\x00" * fill + b"\xff\xe0\x00\x04ab" for fill in fills)
            behind = b"\xff\xda\x00\x03a" + bytes(20_000) + b"\xff\xd9"
            return reading._jpeg_passes(b"\xff\xd8" + parts + behind, "It")

        assert passes(4000, 6000) == 1
        with pytest.raises(ImageError, match=r"fill bytes; open it in .* save it anew\.$"):
            passes(4000, 6001)

    def test_passes_over_many_pixels(self):
        reading._check_passes((100, 20_000), 500, "It")
        reading._check_passes((40_000, 30_000), 1, "It")
        for size, passes in (((100, 20_000), 501), ((40_000, 30_000), 2), ((3000, 1000), 334)):
            with pytest.raises(ImageError, match=f"in {passes} or more .* program and save"):
                reading._check_passes(size, passes, "It")

    def test_two_passes_are_progressive(self):
        jpeg = Image.open(io.BytesIO(encoded(noise(), "JPEG")))
        assert reading._most_pixels(jpeg, b"", 2) == (24_000_000, "a progressive JPEG")
        assert reading._most_pixels(jpeg, b"", 1) == (reading.MAX_PIXELS, "a JPEG")

    def test_too_many_pixels_in_words(self):
        with pytest.raises(ImageError) as plain:
            reading._check_size((9000, 9000), "It", reading.MAX_PIXELS, "a JPEG")
        assert str(plain.value) == (
            "It is 9000 x 9000 px (81.0 megapixels), but at most 36 megapixels are allowed; make "
            "it smaller first."
        )
        with pytest.raises(ImageError) as special:
            reading._check_size((9000, 9000), "It", 16_000_000, "a WEBP")
        assert str(special.value) == (
            "It is 9000 x 9000 px (81.0 megapixels), but at most 16 megapixels are allowed in a "
            "WEBP; make it smaller first, or save it as a plain JPEG."
        )


class TestFit:
    @pytest.mark.parametrize(
        ("size", "longer_side", "expected"),
        [
            ((4000, 3000), 384, (384, 288)),
            ((3000, 4000), 384, (288, 384)),
            ((1000, 1000), 384, (384, 384)),
            ((1920, 1080), 512, (512, 288)),
            ((800, 100), 128, (128, 32)),
            ((100, 100), 100, (96, 96)),
            ((100, 100), 104, (112, 112)),
            ((640, 480), 1, (32, 32)),
        ],
    )
    def test_by_hand(self, size, longer_side, expected):
        assert fitting.fit_size(size, longer_side) == expected

    @given(SIZES, st.integers(64, 1024))
    def test_properties(self, size, longer_side):
        fitted = fitting.fit_size(size, longer_side)
        longer, shorter = max(fitted), min(fitted)
        assert longer % 16 == shorter % 16 == 0
        assert shorter >= 32
        assert abs(longer - longer_side) <= 8
        # The shorter side is the best multiple of 16 for the aspect, or the least allowed.
        assert abs(shorter - longer * min(size) / max(size)) <= 8 or shorter == 32
        assert fitting.fit_size(size[::-1], longer_side) == fitted[::-1]
        if size[0] > size[1]:
            assert fitted[0] >= fitted[1]

    @given(SIZES, st.integers(64, 1024))
    def test_square(self, size, longer_side):
        width, height = fitting.fit_size(size, longer_side, square=True)
        assert width == height == max(fitting.fit_size(size, longer_side))

    def test_fit_resizes_smoothly(self):
        stripes = Image.fromarray(np.tile(np.uint8([0, 255]), (192, 96))).convert("RGB")
        fitted = fitting.fit(stripes, 64)
        assert fitted.size == (64, 64)
        assert fitted.mode == "RGB"
        assert np.abs(np.asarray(fitted, float) - 127.5).max() < 40  # nearest would keep 0 and 255
        assert fitting.fit(noise(80, 40), 64, square=True).size == (64, 64)
        assert fitting.fit(noise(80, 40), 64).size == (64, 32)
        sharp = noise(80, 80).resize((64, 64), Image.Resampling.LANCZOS)
        assert fitting.fit(noise(80, 80), 64).tobytes() == sharp.tobytes()

    def test_enlarge(self):
        picture = noise(48, 32)
        sharp = picture.resize((96, 64), Image.Resampling.LANCZOS)
        assert fitting.enlarge(picture, (96, 64)).tobytes() == sharp.tobytes()
        assert fitting.enlarge(picture, (48, 32)) is picture
        assert fitting.enlarge(picture, (480, 333)).size == (480, 333)
        flat = fitting.enlarge(Image.new("RGB", (48, 32), (9, 99, 199)), (100, 70))
        assert flat.getcolors() == [(7000, (9, 99, 199))]


class TestTensor:
    def test_by_hand(self):
        picture = Image.new("RGB", (3, 2), (0, 51, 255))
        picture.putpixel((2, 1), RED)
        tensor = tensors.to_tensor(picture)
        assert tensor.shape == (1, 3, 2, 3)
        assert tensor.dtype == torch.float32
        assert tensor.is_contiguous()
        assert tensor[0, :, 0, 0].tolist() == pytest.approx([0, 0.2, 1])
        assert tensor[0, :, 1, 2].tolist() == [1, 0, 0]

    def test_the_picture_is_not_shared(self):
        picture = noise()
        tensors.to_tensor(picture).zero_()
        assert picture.tobytes() == noise().tobytes()

    @given(st.integers(1, 20), st.integers(1, 20), st.integers(0, 2**32 - 1))
    def test_round_trip_is_exact(self, width, height, seed):
        picture = noise(width, height, seed)
        back = tensors.to_picture(tensors.to_tensor(picture))
        assert back.size == picture.size
        assert back.tobytes() == picture.tobytes()

    def test_round_trip_of_all_256_values(self):
        ramp = Image.fromarray(np.tile(np.arange(256, dtype=np.uint8)[None, :, None], (1, 1, 3)))
        assert tensors.to_picture(tensors.to_tensor(ramp)).tobytes() == ramp.tobytes()

    def test_rounds_and_clamps(self):
        values = torch.tensor([0.999 / 255, 1.4 / 255, -3.0, 7.0, 254.6 / 255])
        picture = tensors.to_picture(values.expand(1, 3, 1, 5))
        assert np.asarray(picture)[0, :, 0].tolist() == [1, 1, 0, 255, 255]

    def test_takes_any_float_type_and_gradients(self):
        for dtype in (torch.float64, torch.bfloat16, torch.float16):
            tensor = torch.ones(1, 3, 4, 5, dtype=dtype, requires_grad=True)
            assert tensors.to_picture(tensor).getpixel((0, 0)) == WHITE
        channels_last = tensors.to_tensor(noise()).contiguous(memory_format=torch.channels_last)
        assert tensors.to_picture(channels_last).tobytes() == noise().tobytes()

    def test_leaves_the_tensor_alone(self):
        tensor = torch.full((1, 3, 4, 4), 2.0)
        tensors.to_picture(tensor)
        assert (tensor == 2).all()

    @pytest.mark.parametrize("shape", [(3, 4, 4), (2, 3, 4, 4), (1, 1, 4, 4), (1, 3, 0, 4), ()])
    def test_wrong_shape(self, shape):
        with pytest.raises(ValueError, match=re.escape(f"got {shape}")):
            tensors.to_picture(torch.zeros(shape))

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
    def test_not_finite(self, value):
        tensor = torch.zeros(1, 3, 4, 4)
        tensor[0, 1, 2, 3] = value
        with pytest.raises(ValueError, match="finite"):
            tensors.to_picture(tensor)

    def test_wrong_mode(self):
        with pytest.raises(ValueError, match="mode RGB, got RGBA"):
            tensors.to_tensor(Image.new("RGBA", (4, 4)))


def leftovers(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


class TestEncode:
    def test_the_profile_is_dated_and_of_no_moment(self):
        profile = writing.srgb_profile()
        assert struct.unpack(">6H", profile[24:36]) == (2000, 1, 1, 0, 0, 0)
        assert len(profile) == struct.unpack(">I", profile[:4])[0]

    def test_what_is_saved_is_what_is_encoded(self, tmp_path):
        kept = Image.Exif()
        kept[0x010F] = "Maker"
        path, exif = tmp_path / "a.jpg", kept.tobytes()
        writing.save(noise(), path, quality=60, dpi=300, exif=exif)
        assert path.read_bytes() == writing.encode(noise(), "JPEG", 60, dpi=300, exif=exif)
        assert "dpi" not in Image.open(io.BytesIO(writing.encode(noise()))).info
        writing.save(noise(), tmp_path / "b.png")
        assert (tmp_path / "b.png").read_bytes() == writing.encode(noise())

    def test_camera_data_of_what_is_no_picture(self):
        for data in (b"no picture", encoded(noise(), "PPM")):
            with pytest.raises(ImageError, match=r'^"photo\.jpg" is not a picture'):
                metadata.camera_data(data, "folder/photo.jpg")

    def test_camera_data_of_a_photo_with_details_only(self):
        photo = Image.Exif()
        photo.get_ifd(0x8769)[0x9003] = "2026:11:23 10:00:00"
        buffer = io.BytesIO()
        noise().save(buffer, "JPEG", exif=photo)
        found = Image.Exif()
        found.load(metadata.camera_data(buffer.getvalue(), "photo.jpg"))
        assert found.get_ifd(0x8769)[0x9003] == "2026:11:23 10:00:00"

    @pytest.mark.parametrize("format", ["PNG", "TIFF", "BMP"])
    def test_lossless(self, format):
        assert open_picture(writing.encode(noise(), format)).tobytes() == noise().tobytes()

    @pytest.mark.parametrize("format", ["JPEG", "WEBP"])
    def test_quality(self, format):
        smooth = noise(8, 8).resize((96, 96), Image.Resampling.BICUBIC)
        best, worse = writing.encode(smooth, format), writing.encode(smooth, format, quality=40)
        assert len(worse) < len(best)
        difference = np.asarray(open_picture(best), float) - np.asarray(smooth, float)
        assert np.abs(difference).mean() < 2.5

    def test_jpeg_keeps_full_colour_resolution(self):
        image = Image.open(io.BytesIO(writing.encode(noise(), "JPEG")))
        assert [layer[1:3] for layer in image.layer] == [(1, 1)] * 3
        assert image.quantization[0][0] == 2  # quality 95

    @pytest.mark.parametrize("format", ["PNG", "JPEG", "TIFF", "BMP"])
    def test_dots_an_inch(self, format):
        image = Image.open(io.BytesIO(writing.encode(noise(), format, dpi=300)))
        assert [round(float(value)) for value in image.info["dpi"]] == [300, 300]

    @pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "TIFF"])
    def test_camera_data_without_the_place(self, format):
        photo, details, place = Image.Exif(), 0x8769, 0x8825
        photo[0x010F], photo[0x0112] = "Maker", 6  # the latter on its side
        photo.get_ifd(details).update({0x9003: "2026:11:23 10:00:00", 0x927C: b"51 N 7 E"})
        photo.get_ifd(place).update({1: "N", 2: (51.0, 30.0, 0.0)})
        buffer = io.BytesIO()
        noise().save(buffer, "JPEG", exif=photo)
        kept = metadata.camera_data(buffer.getvalue(), "photo.jpg")
        found = Image.open(io.BytesIO(writing.encode(noise(), format, exif=kept))).getexif()
        assert found[0x010F] == "Maker"
        taken = {} if format == "TIFF" else {0x9003: "2026:11:23 10:00:00"}
        assert dict(found.get_ifd(details)) == taken
        assert not found.get_ifd(place)
        assert found.get(0x0112, 1) == 1
        assert metadata.camera_data(writing.encode(noise(), "JPEG"), "plain.jpg") == b""

    @pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "TIFF"])
    def test_srgb_profile(self, format):
        image = Image.open(io.BytesIO(writing.encode(noise(), format)))
        profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
        assert "sRGB" in ImageCms.getProfileDescription(profile)

    def test_same_picture_same_bytes_at_any_time(self, monkeypatch):
        made = iter([b"\x07" * 12, b"\x08" * 12])
        profile = writing.srgb_profile()

        class LaterProfile:
            def __init__(self, _):
                pass

            def tobytes(self):
                return profile[:24] + next(made) + profile[36:]

        monkeypatch.setattr(ImageCms, "ImageCmsProfile", LaterProfile)
        assert writing.encode(noise()) == writing.encode(noise())

    def test_text_is_kept_in_a_png_uncompressed(self):
        text = {"note": "plain " * 200, "other": "Größe 猫"}
        data = writing.encode(noise(), text=text)
        assert Image.open(io.BytesIO(data)).text == text
        for value, coding in (("plain " * 200, "ascii"), ("Größe 猫", "utf-8")):
            assert value.encode(coding) in data
        assert writing.encode(noise(), text=text) == data
        assert writing.encode(noise(), text={}) == writing.encode(noise())
        assert open_picture(data).info == {}

    @pytest.mark.parametrize("format", ["JPEG", "WEBP", "TIFF", "BMP"])
    def test_other_formats_are_written_without_the_text(self, format):
        data = writing.encode(noise(), format, text={"note": "plain"})
        assert data == writing.encode(noise(), format)

    def test_unknown_format(self):
        with pytest.raises(ImageError, match="no output format 'GIF'; choose PNG, JPEG, WEBP"):
            writing.encode(noise(), "GIF")

    def test_picture_the_format_cannot_hold(self):
        with pytest.raises(
            ImageError, match=r"17000 x 1 px cannot be stored as WEBP .*; choose PNG"
        ):
            writing.encode(Image.new("RGB", (17_000, 1)), "WEBP")


class TestSave:
    @pytest.mark.parametrize(
        ("name", "format"),
        [
            ("a.png", "PNG"),
            ("a.jpg", "JPEG"),
            ("a.JPEG", "JPEG"),
            ("a.webp", "WEBP"),
            ("a.tif", "TIFF"),
            ("a.TIFF", "TIFF"),
            ("a.bmp", "BMP"),
            ("a.jpg.PNG", "PNG"),
        ],
    )
    def test_extension_chooses_the_format(self, tmp_path, name, format):
        writing.save(noise(), tmp_path / name)
        assert leftovers(tmp_path) == [name]
        with Image.open(tmp_path / name) as image:
            assert image.format == format
        assert open_picture(tmp_path / name).size == (40, 36)

    def test_overwrites_and_is_readable_as_any_new_file(self, tmp_path):
        (tmp_path / "a.png").write_bytes(b"old")
        (tmp_path / "plain").touch()
        writing.save(noise(), str(tmp_path / "a.png"))
        assert open_picture(tmp_path / "a.png").tobytes() == noise().tobytes()
        assert (tmp_path / "a.png").stat().st_mode == (tmp_path / "plain").stat().st_mode

    def test_text(self, tmp_path):
        for name in ("a.png", "a.jpg"):
            writing.save(noise(), tmp_path / name, {"note": "plain"})
        with Image.open(tmp_path / "a.png") as image:
            assert image.text == {"note": "plain"}
        assert b"plain" not in (tmp_path / "a.jpg").read_bytes()

    def test_relative_path(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        writing.save(noise(), "a.png")
        assert leftovers(tmp_path) == ["a.png"]

    def test_longest_possible_name(self, tmp_path):
        writing.save(noise(), tmp_path / ("x" * 251 + ".png"))
        assert len(leftovers(tmp_path)) == 1

    def test_a_symbolic_link_stays_one(self, tmp_path):
        (tmp_path / "real").mkdir()
        link = tmp_path / "a.png"
        link.symlink_to(tmp_path / "real" / "b.png")
        writing.save(noise(), link)
        assert link.is_symlink()
        assert leftovers(tmp_path / "real") == ["b.png"]

    @pytest.mark.parametrize("step", ["write", "replace"])
    @pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
    def test_a_failing_write_leaves_the_old_file_whole(self, tmp_path, monkeypatch, step, error):
        path = tmp_path / "a.png"
        path.write_bytes(b"old")

        class FullDisk(io.FileIO):
            def write(self, data):
                super().write(data[:100])
                raise error

        def failing(*args):
            raise error

        if step == "write":
            monkeypatch.setattr("builtins.open", FullDisk)
        else:
            monkeypatch.setattr(os, "replace", failing)
        expected = ImageError if isinstance(error, OSError) else KeyboardInterrupt
        with pytest.raises(expected) as caught:
            writing.save(noise(), path)
        monkeypatch.undo()
        if expected is ImageError:
            message = str(caught.value)
            assert message.startswith('"a.png" cannot be written (No space left on device); ')
        assert path.read_bytes() == b"old"
        assert leftovers(tmp_path) == ["a.png"]

    def test_a_picture_that_cannot_be_encoded_leaves_the_old_file_whole(self, tmp_path):
        path = tmp_path / "a.webp"
        path.write_bytes(b"old")
        with pytest.raises(ImageError, match="choose PNG"):
            writing.save(Image.new("RGB", (17_000, 1)), path)
        assert path.read_bytes() == b"old"
        assert leftovers(tmp_path) == ["a.webp"]


def output_refusal(path) -> str:
    """The message of `check_output`, which `save` must give as well."""
    with pytest.raises(ImageError) as checked:
        writing.check_output(path)
    with pytest.raises(ImageError) as saved:
        writing.save(noise(), path)
    assert str(checked.value) == str(saved.value)
    return str(checked.value)


class TestCheckOutput:
    def test_a_name_that_cannot_be_shown(self, tmp_path):
        hidden = "\u202e.\u202e"
        message = output_refusal(tmp_path / hidden)
        assert message.startswith('"." does not say which kind')
        message = output_refusal(tmp_path / "\u202e" / "a.png")
        assert message.endswith("there is no folder for it; create it first or choose another.")
        assert output_refusal("\u202e").startswith("The result does not say which kind")
        (tmp_path / "\u202e").mkdir()
        with pytest.raises(ImageError, match=r"^The result is a folder or a device"):
            writing.check_writable(tmp_path / "\u202e")

    def test_leaves_nothing_behind(self, tmp_path):
        assert writing.check_output(tmp_path / "a.png") is None
        assert leftovers(tmp_path) == []
        (tmp_path / "a.png").write_bytes(b"old")
        assert writing.check_output(str(tmp_path / "a.png")) is None
        assert (tmp_path / "a.png").read_bytes() == b"old"
        assert leftovers(tmp_path) == ["a.png"]

    @pytest.mark.parametrize("name", ["a", "a.gif", "a.png.exe", ".png", "", "a.pdf"])
    def test_unknown_extension(self, tmp_path, name):
        message = output_refusal(tmp_path / name if name else "")
        assert "let its name end in one of .png, .jpg, .jpeg, .webp, .tif, .tiff, .bmp." in message
        assert leftovers(tmp_path) == []

    def test_missing_folder(self, tmp_path):
        message = output_refusal(tmp_path / "nowhere" / "a.png")
        assert message.startswith('"a.png" cannot be written, because there is no folder "nowhere"')
        (tmp_path / "file").touch()
        assert 'no folder "file"' in output_refusal(tmp_path / "file" / "a.png")
        assert leftovers(tmp_path) == ["file"]

    def test_folder_or_device_of_that_name(self, tmp_path):
        (tmp_path / "a.png").mkdir()
        assert '"a.png" is a folder or a device' in output_refusal(tmp_path / "a.png")
        (tmp_path / "b.png").symlink_to("/dev/null")
        assert '"b.png" is a folder or a device' in output_refusal(tmp_path / "b.png")
        assert stat.S_ISCHR(os.stat("/dev/null").st_mode)

    def test_folder_that_may_not_be_written(self, tmp_path, monkeypatch):
        def denied(*args, **options):
            raise PermissionError(13, "Permission denied", options["dir"])

        monkeypatch.setattr("tempfile.TemporaryFile", denied)
        message = output_refusal(tmp_path / "a.png")
        assert message == (
            '"a.png" cannot be written (Permission denied); choose another place for it.'
        )

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
    def test_folder_without_permission(self, tmp_path):
        tmp_path.chmod(0o500)
        assert "Permission denied" in output_refusal(tmp_path / "a.png")
        tmp_path.chmod(0o700)

    @pytest.mark.parametrize("name", ["a\0.png", "x" * 252 + ".png"])
    def test_impossible_name(self, tmp_path, name):
        assert "cannot be written (" in output_refusal(tmp_path / name)


def test_import_needs_neither_torch_nor_numpy():
    code = "import sys, nst.pictures.reading, nst.pictures.writing; "
    code += "print(sorted({'torch', 'numpy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_memory_of_a_picture_is_counted_as_pillow_holds_it():
    colour = Image.new("RGB", (40, 30))
    assert reading.held_bytes(colour) == 40 * 30 * 4
    assert reading.held_bytes(colour.convert("L")) == 40 * 30
