"""From a painting to the result: the photo's size, colours, strength, and what no mask claims."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from nst.pictures import color, enlarging, fitting
from nst.settings import CONTROLS, Settings
from nst.studio.finishing import finish, mixes_photo
from nst.studio.order import Pictures
from nst.studio.preparation import prepare


def noise(width, height, seed=0):
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


@pytest.mark.parametrize("kind", CONTROLS["style_loss"].choices)
def test_luminance_paints_in_grey_and_gives_the_colours_back(kind):
    photo, painting = noise(60, 40), noise(48, 32, seed=1)
    settings = Settings(resolution=64, preserve_color="luminance", style_loss=kind)
    made = prepare(Pictures(photo, [noise(64, 64)]), settings)
    for picture in (made.content, *made.styles):
        red, green, blue = picture.split()
        assert red.tobytes() == green.tobytes() == blue.tobytes()
    finished = finish(painting, photo, settings)
    assert finished.size == photo.size
    if kind == "gram":
        enlarged = enlarging.enlarge(painting, photo)
    else:
        enlarged = fitting.resize(painting, photo.size)
    wanted = color.with_colors_of(enlarged, photo)
    assert finished.tobytes() == wanted.tobytes()


def test_the_photos_hairlines_are_added_to_a_composition_and_not_to_strokes():
    photo = noise(24, 16).resize((96, 64), Image.Resampling.NEAREST)
    painting = photo.resize((48, 32))
    composed, drawn = (
        finish(painting, photo, Settings(style_loss=kind)) for kind in ("gram", "neighbours")
    )
    assert drawn.tobytes() == fitting.resize(painting, photo.size).tobytes()
    apart = [abs(np.asarray(each, float) - np.asarray(photo)).mean() for each in (composed, drawn)]
    assert apart[0] < 0.9 * apart[1]


@pytest.mark.parametrize("mode", ["off", "luminance", "match"])
def test_grey_pictures_in_every_colour_mode(mode):
    photo, style = color.grey(noise(64, 64)), color.grey(noise(64, 64, seed=1))
    settings = Settings(resolution=64, preserve_color=mode, strength=0.5)
    made = prepare(Pictures(photo, [style]), settings)
    finished = finish(made.styles[0], photo, settings)
    red, green, blue = (np.asarray(band).astype(int) for band in finished.split())
    assert max(abs(red - green).max(), abs(green - blue).max()) <= 1


def test_strength():
    photo, painting = Image.new("RGB", (64, 64), "black"), Image.new("RGB", (64, 64), "white")
    for strength, expected in ((0, 0), (0.5, 188), (1, 255)):
        picture = finish(painting, photo, Settings(strength=strength))
        assert abs(picture.getpixel((3, 3))[0] - expected) <= 1


def test_the_arguments_stay_as_they_were():
    photo, style = noise(64, 64), noise(64, 64, seed=1)
    before = photo.tobytes(), style.tobytes()
    for mode in ("luminance", "match"):
        settings = Settings(resolution=64, preserve_color=mode, strength=0.3)
        made = prepare(Pictures(photo, [style]), settings)
        finish(fitting.fit(made.content, 64), photo, settings)
    assert (photo.tobytes(), style.tobytes()) == before


def test_what_no_mask_claims_is_the_photo_at_its_own_size():
    photo, painting = noise(200, 100), Image.new("RGB", (64, 32), "red")
    left, right = (Image.new("L", (64, 32)) for _ in range(2))
    left.paste(255, (0, 0, 16, 32))
    right.paste(255, (48, 0, 64, 32))
    assert mixes_photo(Settings(), [left])
    finished = finish(painting, photo, Settings(), [left, right.convert("RGB")])
    middle = (60, 0, 140, 100)
    assert finished.crop(middle).tobytes() == photo.crop(middle).tobytes()
    for painted in ((0, 0, 40, 100), (160, 0, 200, 100)):
        assert finished.crop(painted).getcolors() == [(40 * 100, (255, 0, 0))]


def test_what_is_painted_in_part_is_left_to_the_painting():
    photo, painting = noise(64, 64), noise(64, 64)
    partly = Image.new("L", (64, 64), 64)
    finished = finish(painting, photo, Settings(), [partly])
    assert finished.tobytes() == painting.tobytes()
