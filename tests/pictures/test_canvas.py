"""From pictures to tensors and back: sizes, stroke size, colours, strength."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from nst.pictures import canvas, color, enlarging, fitting
from nst.settings import CONTROLS, Settings


def noise(width, height, seed=0):
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def test_the_content_sets_the_size_and_styles_keep_their_aspect():
    made = canvas.prepare(noise(120, 80), [noise(50, 100)], Settings(resolution=96))
    assert made.content.size == (96, 64)
    assert made.styles[0].size == (48, 96)
    content, styles, init, masks = made.tensors()
    assert content.shape == (1, 3, 64, 96)
    assert [style.shape for style in styles] == [(1, 3, 96, 48)]
    assert init is None
    assert masks == []


@pytest.mark.parametrize(("scale", "longer"), [(0.25, 32), (0.5, 64), (1, 128), (4, 512)])
def test_stroke_size_is_the_scale_of_the_style(scale, longer):
    settings = Settings(resolution=128, style_scale=scale)
    made = canvas.prepare(noise(64, 64), [noise(100, 80)], settings)
    assert max(made.styles[0].size) == longer


def test_of_a_style_enlarged_too_far_the_middle_is_taken():
    style = Image.new("RGB", (200, 200), "black")
    style.paste("white", (50, 50, 150, 150))
    settings = Settings(resolution=1024, style_scale=4)
    (fitted,) = canvas.prepare(noise(64, 64), [style], settings).styles
    assert max(fitted.size) == canvas.LARGEST_STYLE
    assert fitted.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0)) == (255, 255, 255)


def test_masks_and_start_get_the_size_of_the_content():
    mask = Image.new("L", (10, 10), 0)
    mask.paste(255, (0, 0, 5, 10))
    made = canvas.prepare(
        noise(120, 80),
        [noise(64, 64)],
        Settings(resolution=96),
        [mask.convert("RGB")],
        noise(30, 30),
    )
    _, _, init, masks = made.tensors()
    assert init.shape == (1, 3, 64, 96)
    assert masks[0].shape == (1, 1, 64, 96)
    assert masks[0][..., :40].min() == 1
    assert masks[0][..., 56:].max() == 0


@pytest.mark.parametrize("kind", CONTROLS["style_loss"].choices)
def test_luminance_paints_in_grey_and_gives_the_colours_back(kind):
    photo, painting = noise(60, 40), noise(48, 32, seed=1)
    settings = Settings(resolution=64, preserve_color="luminance", style_loss=kind)
    made = canvas.prepare(photo, [noise(64, 64)], settings)
    for picture in (made.content, *made.styles):
        red, green, blue = picture.split()
        assert red.tobytes() == green.tobytes() == blue.tobytes()
    finished = canvas.finish(painting, photo, settings)
    assert finished.size == photo.size
    if kind == "gram":
        enlarged = enlarging.enlarge(painting, photo)
    else:
        enlarged = fitting.enlarge(painting, photo.size)
    wanted = color.with_colors_of(enlarged, photo)
    assert finished.tobytes() == wanted.tobytes()


def test_the_photos_hairlines_are_added_to_a_composition_and_not_to_strokes():
    photo = noise(24, 16).resize((96, 64), Image.Resampling.NEAREST)
    painting = photo.resize((48, 32))
    composed, drawn = (
        canvas.finish(painting, photo, Settings(style_loss=kind)) for kind in ("gram", "neighbours")
    )
    assert drawn.tobytes() == fitting.enlarge(painting, photo.size).tobytes()
    apart = [abs(np.asarray(each, float) - np.asarray(photo)).mean() for each in (composed, drawn)]
    assert apart[0] < 0.9 * apart[1]


def test_match_gives_the_style_the_mean_of_the_photo():
    photo, style = Image.new("RGB", (64, 64), (200, 40, 90)), noise(64, 64)
    settings = Settings(resolution=64, preserve_color="match")
    (fitted,) = canvas.prepare(photo, [style], settings).styles
    mean = np.asarray(fitted).reshape(-1, 3).mean(0)
    assert np.abs(mean - (200, 40, 90)).max() < 3


@pytest.mark.parametrize("mode", ["off", "luminance", "match"])
def test_grey_pictures_in_every_colour_mode(mode):
    photo, style = color.grey(noise(64, 64)), color.grey(noise(64, 64, seed=1))
    settings = Settings(resolution=64, preserve_color=mode, strength=0.5)
    made = canvas.prepare(photo, [style], settings)
    finished = canvas.finish(made.styles[0], photo, settings)
    red, green, blue = (np.asarray(band).astype(int) for band in finished.split())
    assert max(abs(red - green).max(), abs(green - blue).max()) <= 1


def test_strength():
    photo, painting = Image.new("RGB", (64, 64), "black"), Image.new("RGB", (64, 64), "white")
    for strength, expected in ((0, 0), (0.5, 188), (1, 255)):
        picture = canvas.finish(painting, photo, Settings(strength=strength))
        assert abs(picture.getpixel((3, 3))[0] - expected) <= 1


def test_the_arguments_stay_as_they_were():
    photo, style = noise(64, 64), noise(64, 64, seed=1)
    before = photo.tobytes(), style.tobytes()
    for mode in ("luminance", "match"):
        settings = Settings(resolution=64, preserve_color=mode, strength=0.3)
        made = canvas.prepare(photo, [style], settings)
        canvas.finish(fitting.fit(made.content, 64), photo, settings)
    assert (photo.tobytes(), style.tobytes()) == before


def test_what_no_mask_claims_is_the_photo_at_its_own_size():
    photo, painting = noise(200, 100), Image.new("RGB", (64, 32), "red")
    left, right = (Image.new("L", (64, 32)) for _ in range(2))
    left.paste(255, (0, 0, 16, 32))
    right.paste(255, (48, 0, 64, 32))
    assert canvas.mixes_photo(Settings(), [left])
    finished = canvas.finish(painting, photo, Settings(), [left, right.convert("RGB")])
    middle = (60, 0, 140, 100)
    assert finished.crop(middle).tobytes() == photo.crop(middle).tobytes()
    for painted in ((0, 0, 40, 100), (160, 0, 200, 100)):
        assert finished.crop(painted).getcolors() == [(40 * 100, (255, 0, 0))]


def test_what_is_painted_in_part_is_left_to_the_painting():
    photo, painting = noise(64, 64), noise(64, 64)
    partly = Image.new("L", (64, 64), 64)
    finished = canvas.finish(painting, photo, Settings(), [partly])
    assert finished.tobytes() == painting.tobytes()
