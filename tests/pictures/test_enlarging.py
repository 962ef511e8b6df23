"""A painting at the size of its photo: sharp where it follows the photo, and nothing but itself."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageOps

from nst.pictures import enlarging, fitting

SMALL, LARGE = (64, 48), (256, 192)


def edges(size, low=60, high=190):
    """A picture of upright edges every 17th of the width."""
    columns = (np.arange(size[0]) * 17 // size[0]) % 2
    values = np.where(columns, high, low).astype(np.uint8)
    return Image.fromarray(np.tile(values, (size[1], 1))).convert("RGB")


def reduced(picture):
    return picture.resize(SMALL, Image.Resampling.LANCZOS)


def steepness(picture):
    """The mean step from pixel to pixel."""
    return float(np.abs(np.diff(np.asarray(picture.convert("L"), float), axis=1)).max(1).mean())


def test_an_edge_that_the_painting_has_becomes_as_sharp_as_half_of_the_photos():
    photo = edges(LARGE)
    soft = fitting.resize(reduced(photo), LARGE)
    sharp = enlarging.enlarge(reduced(photo), photo)
    assert sharp.size == LARGE
    half = (steepness(soft) + steepness(photo)) / 2
    assert 0.9 * half < steepness(sharp) < 1.1 * half


@pytest.mark.parametrize("painted", ["flat", "inverted", "other"])
def test_what_the_painting_does_not_follow_does_not_show_through(painted):
    photo = edges(LARGE)
    painting = {
        "flat": Image.new("RGB", SMALL, (200, 40, 90)),
        "inverted": ImageOps.invert(reduced(photo)),
        "other": edges(SMALL).transpose(Image.Transpose.ROTATE_90).resize(SMALL),
    }[painted]
    plain = np.asarray(fitting.resize(painting, LARGE), int)
    difference = np.abs(np.asarray(enlarging.enlarge(painting, photo), int) - plain)
    assert difference.mean() < 1
    assert painted == "other" or difference.max() == 0


def test_only_light_and_dark_come_from_the_photo():
    photo = edges(LARGE)
    painting = Image.merge("RGB", [reduced(photo).getchannel(0).point(lambda v: v // 2)] * 3)
    painting = Image.blend(painting, Image.new("RGB", SMALL, (255, 0, 0)), 0.3)
    plain = np.asarray(fitting.resize(painting, LARGE), int)
    added = np.asarray(enlarging.enlarge(painting, photo), int) - plain
    assert added.any()
    inside = (plain > 30).all(2) & (plain < 225).all(2)
    assert np.ptp(added, axis=2)[inside].max() <= 1


def test_a_faint_photo_is_taken_for_noise():
    photo = edges(LARGE, 126, 129)
    painting = edges(SMALL, 60, 190)
    plain = np.asarray(fitting.resize(painting, LARGE), int)
    assert np.abs(np.asarray(enlarging.enlarge(painting, photo), int) - plain).max() <= 2


@pytest.mark.parametrize("size", [SMALL, (50, 40), (16, 192)])
def test_a_photo_that_is_not_larger_has_nothing_to_add(size):
    painting, photo = edges(SMALL), Image.effect_noise(size, 90).convert("RGB")
    assert not enlarging.has_more(size, SMALL)
    result = enlarging.enlarge(painting, photo)
    assert result.tobytes() == fitting.resize(painting, size).tobytes()


def test_a_huge_canvas_is_looked_at_reduced(monkeypatch):
    photo = edges(LARGE)
    full = np.asarray(enlarging.enlarge(reduced(photo), photo), int)
    monkeypatch.setattr(enlarging, "SLOPES_SIDE", 48)
    quick = np.asarray(enlarging.enlarge(reduced(photo), photo), int)
    assert np.abs(quick - full).mean() < 2


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (37, 1001)])
def test_pictures_of_any_shape(size):
    photo = Image.effect_noise(size, 90).convert("RGB")
    assert enlarging.enlarge(Image.new("RGB", (32, 32), "teal"), photo).size == size
