"""Any mode and profile to RGB, 8 bits, sRGB."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from files import (
    BLUE,
    GREEN,
    LINEAR_GREY,
    RED,
    ROTATED,
    WHITE,
    encoded,
    gamma,
    icc_profile,
    near,
    noise,
    pixel,
    png_of,
    xyz,
)
from PIL import Image, ImageCms

from nst.pictures import color_management
from nst.pictures.reading import open_picture


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


def test_strips_join_without_a_seam(monkeypatch):
    pictures = [noise(70, 90), noise(70, 90).convert("RGBA"), noise(70, 90).convert("P")]
    deep = Image.fromarray(np.random.default_rng(0).integers(0, 90_000, (90, 70), np.int32))
    files = [encoded(each, "TIFF", icc_profile=ROTATED) for each in [*pictures, deep]]
    whole = [open_picture(data).tobytes() for data in files]
    monkeypatch.setattr(color_management, "STRIP_PIXELS", 70 * 7)
    assert [open_picture(data).tobytes() for data in files] == whole
