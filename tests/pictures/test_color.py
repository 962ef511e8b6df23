"""Colours against values worked out by hand, and on any small picture."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from nst.pictures import color

PAIRS = [
    color.match_color,
    color.match_luminance,
    color.with_colors_of,
    lambda painting, photo: color.blend(painting, photo, 0.3),
]
NAMES = ["match_color", "match_luminance", "with_colors_of", "blend"]
RED, BLUE, BROWN = (255, 0, 0), (0, 0, 255), (120, 80, 40)


def plain(colour: tuple[int, int, int] | str, size: tuple[int, int] = (4, 3)) -> Image.Image:
    return Image.new("RGB", size, colour)


def noise(seed: int, mean=(128, 128, 128), spread=30, size: tuple[int, int] = (90, 80)):
    """Correlated colours, none of which is clipped."""
    random = np.random.default_rng(seed)
    mixing = np.eye(3) + random.uniform(-0.4, 0.4, (3, 3))
    values = random.uniform(-1, 1, (size[1], size[0], 3)) @ mixing * spread + mean
    assert values.min() > 0
    assert values.max() < 255
    return Image.fromarray(np.rint(values).astype(np.uint8))


def greys(seed: int) -> Image.Image:
    return noise(seed).convert("L").convert("RGB")


def values(picture: Image.Image) -> np.ndarray:
    """(pixels, 3) in float64."""
    return np.asarray(picture).reshape(-1, 3).astype(float)


def luminance(picture: Image.Image) -> np.ndarray:
    return values(picture) @ [0.299, 0.587, 0.114]


def is_grey(picture: Image.Image) -> bool:
    return bool((np.ptp(values(picture), axis=1) == 0).all())


@st.composite
def pictures(draw: st.DrawFn, mode: str = "RGB") -> Image.Image:
    width, height = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    size = width * height * len(mode)
    data = draw(st.binary(min_size=size, max_size=size))
    return Image.frombytes(mode, (width, height), data).convert("RGB")


def test_matched_colors_have_the_mean_and_covariance_of_the_photo():
    photo = noise(1, mean=(110, 140, 120))
    matched = values(color.match_color(noise(2, mean=(90, 100, 160), spread=20), photo))
    np.testing.assert_allclose(matched.mean(0), values(photo).mean(0), atol=0.05)
    np.testing.assert_allclose(np.cov(matched.T), np.cov(values(photo).T), atol=1)


def test_statistics_of_several_strips_are_those_of_the_whole(monkeypatch):
    monkeypatch.setattr(color, "STRIP_PIXELS", 200)  # two rows, and one that is left
    picture = noise(3, size=(90, 81))
    mean, covariance = color._statistics(picture)
    np.testing.assert_allclose(mean, values(picture).mean(0))
    np.testing.assert_allclose(covariance, np.cov(values(picture).T, bias=True))


def test_colors_that_match_already_stay():
    picture = noise(4)
    np.testing.assert_array_equal(values(color.match_color(picture, picture)), values(picture))


def test_colors_are_not_swapped():
    """The symmetric root of uncorrelated colours scales each for itself."""
    axes = np.repeat(np.eye(3), 2, axis=0) * np.tile([1, -1], 3)[:, None]
    style = Image.fromarray((128 + axes * [10, 20, 40])[None].astype(np.uint8))
    photo = Image.fromarray((128 + axes * [40, 20, 10])[None].astype(np.uint8))
    matched = color.match_color(style, photo)
    np.testing.assert_array_equal(values(matched), values(photo))


@pytest.mark.parametrize("match", [color.match_color, color.match_luminance])
def test_matched_to_a_grey_photo_is_grey(match):
    matched = match(noise(3), greys(1))  # at some pixels, only rounding parts the channels
    assert is_grey(matched)
    assert luminance(matched).std() > 5


def test_a_grey_style_keeps_to_one_line_of_colors():
    matched = values(color.match_color(greys(7), noise(8)))
    assert np.isfinite(matched).all()
    strengths = np.linalg.svd(matched - matched.mean(0), compute_uv=False)
    assert strengths[1] < 0.05 * strengths[0]


def test_a_plain_style_becomes_the_mean_of_the_photo():
    photo = Image.new("RGB", (2, 1), RED)
    photo.putpixel((1, 0), (55, 100, 0))
    assert color.match_color(plain(BLUE), photo).getcolors() == [(12, (155, 50, 0))]
    # Rounded luminances: 76 of red, 75 of the other.
    assert color.match_luminance(plain(BLUE), photo).getcolors()[0][1] in [(76,) * 3, (75,) * 3]


def test_matched_to_a_plain_photo_is_plain():
    assert color.match_color(noise(9), plain(BROWN)).getcolors() == [(7200, BROWN)]
    assert color.match_luminance(noise(9), plain("white")).getcolors() == [(7200, (255,) * 3)]


def test_noise_of_a_plain_style_is_not_spread_over_all_colors():
    style = Image.fromarray(np.random.default_rng(0).integers(127, 130, (80, 90, 3), np.uint8))
    matched = color.match_color(style, noise(10, spread=45))
    assert values(matched).std(0).max() < 12
    assert values(color.match_luminance(style, noise(10, spread=45))).std() < 12


def test_matched_luminance_has_the_mean_and_deviation_of_the_photo():
    photo = noise(11, mean=(90, 150, 120), spread=35)
    matched = color.match_luminance(noise(12, spread=25), photo)
    assert is_grey(matched)
    assert luminance(matched).mean() == pytest.approx(luminance(photo).mean(), abs=0.3)
    assert luminance(matched).std() == pytest.approx(luminance(photo).std(), abs=0.3)


@pytest.mark.parametrize(
    ("colour", "expected"),
    [(RED, 76), ((0, 255, 0), 150), (BLUE, 29), ((7, 7, 7), 7), ((255, 255, 255), 255)],
)
def test_grey_by_hand(colour, expected):
    assert color.grey(plain(colour)).getcolors() == [(12, (expected,) * 3)]


def test_painting_with_colors_by_hand():
    """Brown is 87.4 + (32.6, -7.4, -47.4); at 100 all of it fits, at 24 about half."""
    assert color.with_colors_of(plain((100,) * 3), plain(BROWN)).getpixel((0, 0)) == (133, 93, 53)
    assert color.with_colors_of(plain((24,) * 3), plain(BROWN)).getpixel((0, 0)) == (41, 20, 0)


@pytest.mark.parametrize("colour", ["black", "white"])
def test_black_and_white_take_no_color(colour):
    result = color.with_colors_of(plain(colour), plain(RED))
    assert result.getcolors() == plain(colour).getcolors()


def test_colors_of_itself_are_its_own():
    picture = noise(13)
    result = color.with_colors_of(picture, picture)
    np.testing.assert_array_equal(values(result), values(picture))


@given(pictures(), pictures())
def test_luminance_is_that_of_the_painting(painting, photo):
    result = color.with_colors_of(painting, photo)
    np.testing.assert_allclose(luminance(result), luminance(painting), atol=0.51)


@given(pictures(), pictures())
def test_hue_is_that_of_the_photo_or_none(painting, photo):
    photo = photo.resize(painting.size)
    result = color.with_colors_of(painting, photo)
    given_, found = (values(p) - luminance(p)[:, None] for p in (photo, result))
    # Parallel, and no longer than given, but for the rounding of the result.
    share = (given_ * found).sum(1) / np.maximum((given_**2).sum(1), 1e-9)
    assert np.abs(found - share[:, None] * given_).max() <= 1.01
    assert (np.abs(found) <= np.abs(given_) + 1.01).all()


def test_half_black_and_half_white_is_half_the_light():
    assert color.blend(plain("white"), plain("black"), 0.5).getcolors() == [(12, (188,) * 3)]
    assert color.blend(plain("black"), plain("white"), 0.5).getcolors() == [(12, (188,) * 3)]


def test_blended_by_hand():
    """A fifth of the light: 1.055 * 0.2^(1 / 2.4) - 0.055 = 0.4845, times 255 is 123.5."""
    assert color.blend(plain(RED), plain("black"), 0.2).getpixel((0, 0)) == (124, 0, 0)
    # Dark values lie on the straight part of the curve.
    assert color.blend(plain((10,) * 3), plain("black"), 0.5).getpixel((0, 0)) == (5, 5, 5)


@given(pictures(), pictures())
def test_the_ends_of_a_blend_are_exact(painting, photo):
    resized = photo.resize(painting.size, Image.Resampling.LANCZOS)
    assert color.blend(painting, photo, 0).tobytes() == resized.tobytes()
    assert color.blend(painting, photo, 1).tobytes() == painting.tobytes()


@given(pictures(), pictures(), st.floats(0, 1))
def test_a_blend_lies_between_the_two(painting, photo, strength):
    photo = photo.resize(painting.size)
    mixed = values(color.blend(painting, photo, strength))
    assert (mixed >= np.minimum(values(painting), values(photo))).all()
    assert (mixed <= np.maximum(values(painting), values(photo))).all()


@pytest.mark.parametrize("strength", [-0.01, 1.01, float("nan"), float("inf")])
def test_a_strength_out_of_range_is_refused(strength):
    with pytest.raises(ValueError, match=r"expected a strength in 0\.\.1, got"):
        color.blend(plain(RED), plain(BLUE), strength)


@pytest.mark.parametrize("function", PAIRS, ids=NAMES)
@given(one=pictures(), other=pictures())
def test_any_pictures_give_one_of_the_first_size(function, one, other):
    before = one.tobytes(), other.tobytes()
    result = function(one, other)
    assert (result.mode, result.size) == ("RGB", one.size)
    assert (one.tobytes(), other.tobytes()) == before
    assert result is not one
    assert result is not other


@pytest.mark.parametrize("function", PAIRS, ids=NAMES)
@given(one=pictures("L"), other=pictures("L"))
def test_grey_stays_grey(function, one, other):
    assert is_grey(function(one, other))


@given(pictures(), pictures("L"))
def test_a_grey_photo_makes_grey(picture, photo):
    for function in PAIRS[:3]:
        assert is_grey(function(picture, photo))


@given(pictures())
def test_grey_is_the_luminance(picture):
    before = picture.tobytes()
    result = color.grey(picture)
    assert is_grey(result)
    np.testing.assert_allclose(values(result)[:, 0], luminance(picture), atol=0.51)
    assert color.grey(result).tobytes() == result.tobytes()
    assert picture.tobytes() == before


@pytest.mark.parametrize("function", PAIRS, ids=NAMES)
def test_strips_do_not_show(function, monkeypatch):
    one, other = noise(14, size=(31, 37)), noise(15, size=(31, 37))
    whole = function(one, other)
    monkeypatch.setattr(color, "STRIP_PIXELS", 1)
    assert function(one, other).tobytes() == whole.tobytes()
