"""The size of a canvas, and pictures resized to it."""

from __future__ import annotations

import numpy as np
import pytest
from files import noise
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from nst.pictures import fitting

SIZES = st.tuples(st.integers(32, 20_000), st.integers(32, 20_000)).filter(
    lambda size: max(size) <= 8 * min(size)
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
            ((100, 100), 104, (96, 96)),
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
        assert fitting.resize(picture, (96, 64)).tobytes() == sharp.tobytes()
        assert fitting.resize(picture, (48, 32)) is picture
        assert fitting.resize(picture, (480, 333)).size == (480, 333)
        flat = fitting.resize(Image.new("RGB", (48, 32), (9, 99, 199)), (100, 70))
        assert flat.getcolors() == [(7000, (9, 99, 199))]
