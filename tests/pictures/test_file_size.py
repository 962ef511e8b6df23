"""The bytes of a file are told about right before it is made."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from nst.pictures import file_size, writing

EXAMPLE = Path(__file__).parents[2] / "Resources" / "examples" / "cat-in-night_sky.jpg"


@pytest.mark.parametrize("format", ["PNG", "JPEG"])
@pytest.mark.parametrize("size", [(225, 150), (451, 300), (1353, 900), (1804, 400)])
def test_the_estimate_is_near(size: tuple[int, int], format: str) -> None:
    with Image.open(EXAMPLE) as picture:
        shown = picture.convert("RGB")
    true = len(writing.encode(shown.resize(size, Image.Resampling.LANCZOS), format))
    assert file_size.estimate(shown, size, format) == pytest.approx(true, rel=0.2)


def test_a_line_of_pixels_has_a_size() -> None:
    assert file_size.estimate(Image.new("RGB", (1200, 1)), (16_000, 40), "PNG") > 0
