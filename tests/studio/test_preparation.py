"""From opened pictures to what is painted from: sizes, stroke size, masks, colours."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from nst.settings import Settings
from nst.studio import preparation
from nst.studio.order import Pictures
from nst.studio.preparation import prepare


def noise(width, height, seed=0):
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def test_the_content_sets_the_size_and_styles_keep_their_aspect():
    made = prepare(Pictures(noise(120, 80), [noise(50, 100)]), Settings(resolution=96))
    assert made.content.size == (96, 64)
    assert made.styles[0].size == (48, 96)
    canvas = made.canvas()
    assert canvas.content.shape == (1, 3, 64, 96)
    assert [style.shape for style in canvas.styles] == [(1, 3, 96, 48)]
    assert canvas.init is None
    assert not canvas.masks


@pytest.mark.parametrize(("scale", "longer"), [(0.25, 32), (0.5, 64), (1, 128), (4, 512)])
def test_stroke_size_is_the_scale_of_the_style(scale, longer):
    settings = Settings(resolution=128, style_scale=scale)
    made = prepare(Pictures(noise(64, 64), [noise(100, 80)]), settings)
    assert max(made.styles[0].size) == longer


def test_of_a_style_enlarged_too_far_the_middle_is_taken():
    style = Image.new("RGB", (200, 200), "black")
    style.paste("white", (50, 50, 150, 150))
    settings = Settings(resolution=1024, style_scale=4)
    (fitted,) = prepare(Pictures(noise(64, 64), [style]), settings).styles
    assert max(fitted.size) == preparation.LARGEST_STYLE
    assert fitted.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0)) == (255, 255, 255)


def test_masks_and_start_get_the_size_of_the_content():
    mask = Image.new("L", (10, 10), 0)
    mask.paste(255, (0, 0, 5, 10))
    pictures = Pictures(noise(120, 80), [noise(64, 64)], [mask.convert("RGB")], noise(30, 30))
    made = prepare(pictures, Settings(resolution=96)).canvas()
    assert made.init.shape == (1, 3, 64, 96)
    assert made.masks[0].shape == (1, 1, 64, 96)
    assert made.masks[0][..., :40].min() == 1
    assert made.masks[0][..., 56:].max() == 0


def test_match_gives_the_style_the_mean_of_the_photo():
    photo, style = Image.new("RGB", (64, 64), (200, 40, 90)), noise(64, 64)
    settings = Settings(resolution=64, preserve_color="match")
    (fitted,) = prepare(Pictures(photo, [style]), settings).styles
    mean = np.asarray(fitted).reshape(-1, 3).mean(0)
    assert np.abs(mean - (200, 40, 90)).max() < 3
