"""Pictures as a page shows them."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from nst.pictures import previews
from nst.queue import job


@pytest.mark.parametrize("count", range(1, 17))
@pytest.mark.parametrize("size", [(60, 40), (40, 60)])
def test_styles_are_tiled_in_equal_rows_without_gaps(count: int, size: tuple[int, int]) -> None:
    whites = [Image.new("RGB", (50, 70), "white")] * count
    shown = Image.open(io.BytesIO(previews.tiled(whites, size)))
    assert shown.size == size
    assert shown.convert("L").getextrema()[0] > 250  # no part of the sheet is bare
    mixed = [Image.new("RGB", (50, 70), (index * 10,) * 3) for index in range(count)]
    tiled = Image.open(io.BytesIO(previews.tiled(mixed, size))).convert("L")
    assert tiled.getpixel((1, 1)) < 8
    assert abs(tiled.getpixel((size[0] - 2, size[1] - 2)) - (count - 1) * 10) < 12


def test_frames_are_kept_small() -> None:
    channels = [Image.effect_noise((1024, 1024), 100) for _ in "RGB"]
    large = Image.merge("RGB", channels)
    assert max(Image.open(io.BytesIO(previews.frame(large))).size) == previews.FRAME_SIDE
    assert large.size == (1024, 1024)
    assert len(previews.frame(large)) * job.FRAMES < 12 * 1024**2  # as the comment says
    noise = Image.merge("RGB", [Image.effect_noise((480, 480), 100) for _ in "RGB"])
    assert len(previews.frame(noise)) * job.FRAMES < 12 * 1024**2
    small = Image.new("RGB", (64, 48))
    assert Image.open(io.BytesIO(previews.frame(small))).size == small.size
