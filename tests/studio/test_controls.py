"""Each control changes the picture in the direction it names, measured on small pictures.

Everything goes the way of the command line: `prepare`, `transfer.steps`, `finish`.
"""

from __future__ import annotations

import dataclasses

import definitions
import numpy as np
import pytest
from controls import BASE, DRAWN, GRAM, chroma, distance, falls, frequency, luminance, values
from PIL import Image

from benchmarks import judges
from nst.pictures import fitting, tensors
from nst.settings import CONTROLS, Settings

# For what half of the network's channels cannot tell.
whole = pytest.mark.parametrize("studio", ["whole"], indirect=True)


def test_a_larger_content_weight_keeps_more_of_the_photo(studio):
    paintings = [studio.paint(content_weight=weight, **GRAM).picture for weight in (1, 10, 100)]
    assert falls(*(studio.content_error(picture) for picture in paintings), by=0.8)
    assert falls(*(distance(picture, studio.photo) for picture in paintings))


def test_a_larger_style_weight_comes_nearer_to_the_style(studio):
    weights = (1000, 10_000, 100_000)
    paintings = [studio.paint(style_weight=weight, **GRAM).picture for weight in weights]
    assert falls(*(studio.style_error(picture, "sky") for picture in paintings), by=0.95)
    assert falls(*(distance(picture, studio.photo) for picture in reversed(paintings)))


def test_strokes_keep_more_of_the_photo_with_a_larger_content_weight(studio):
    """By a judge that is not minimised, too."""
    paintings = [studio.paint(content_weight=weight, **DRAWN).picture for weight in (1, 10, 100)]
    assert falls(*(judges.edges(picture, studio.photo) for picture in paintings))
    assert falls(*(studio.content_error(picture) for picture in paintings))
    assert falls(*(distance(picture, studio.photo) for picture in paintings))


def test_strokes_come_nearer_to_the_artwork_with_a_larger_style_weight(studio):
    weights = (1000, 10_000, 100_000)
    paintings = [studio.paint(style_weight=weight, **DRAWN).picture for weight in weights]
    artwork = fitting.fit(studio.styles["sky"], BASE.resolution)
    assert falls(*(judges.patch(picture, artwork) for picture in paintings))
    assert falls(*(distance(picture, studio.photo) for picture in reversed(paintings)))


@pytest.mark.parametrize("kind", CONTROLS["style_loss"].choices)
def test_more_smoothness_calms(studio, kind):
    paintings = [studio.paint(tv_weight=weight, style_loss=kind).picture for weight in (0, 30, 500)]
    variations = [float(definitions.total_variation(tensors.to_tensor(p))) for p in paintings]
    assert falls(*variations, by=0.8)


def test_a_lower_content_layer_keeps_more_of_the_details(studio):
    pictures = [
        studio.paint(content_layer=layer, content_weight=100, **GRAM).picture
        for layer in ("conv5_1", "conv4_2", "conv1_1")
    ]
    assert falls(*(distance(picture, studio.photo) for picture in pictures), by=0.9)


@whole
def test_each_style_layer_is_matched_where_it_is_chosen(studio):
    low = studio.paint(style_layers=("conv1_1", "conv1_2"), **GRAM).picture
    high = studio.paint(style_layers=("conv4_1", "conv5_1"), **GRAM).picture
    assert studio.style_error(low, "sky", ["conv1_1"]) < 0.5 * studio.style_error(
        high, "sky", ["conv1_1"]
    )
    assert studio.style_error(high, "sky", ["conv5_1"]) < 0.5 * studio.style_error(
        low, "sky", ["conv5_1"]
    )


@whole
def test_weights_of_the_style_layers(studio):
    low = studio.paint(style_layer_weights=(10, 1, 1, 1, 1), **GRAM).picture
    high = studio.paint(style_layer_weights=(1, 1, 1, 1, 10), **GRAM).picture
    for layer, one, other in (("conv1_1", low, high), ("conv5_1", high, low)):
        assert studio.style_error(one, "sky", [layer]) < 0.7 * studio.style_error(
            other, "sky", [layer]
        )


def test_both_poolings_paint_the_style_but_differently(studio):
    sharp, smooth = (studio.paint(pooling=pooling).picture for pooling in ("max", "avg"))
    # Judged with the pooling that VGG19 was trained with.
    errors = [studio.style_error(picture, "sky") for picture in (sharp, smooth, studio.photo)]
    assert max(errors[:2]) < 0.75 * errors[2]
    assert errors[1] < 1.25 * errors[0]
    assert distance(sharp, smooth) > 0.01


@pytest.mark.long
@whole
@pytest.mark.parametrize("kind", CONTROLS["style_loss"].choices)
def test_weights_of_two_styles_go_from_one_to_the_other(studio, kind):
    pictures = [
        studio.paint("sky glass", style_weights=weights, style_loss=kind).picture
        for weights in ((1, 0), (2, 1), (1, 2), (0, 1))
    ]
    sky, glass = (
        [studio.style_error(picture, name) for picture in pictures] for name in ("sky", "glass")
    )
    assert falls(*glass)
    assert falls(*reversed(sky))
    if kind == "gram":
        assert sky[1] < glass[1]
        assert sky[2] > glass[2]


def test_luminance_keeps_the_colour_of_every_pixel_and_paints_its_lightness(studio):
    kept, off = (studio.paint(preserve_color=mode).picture for mode in ("luminance", "off"))
    found, usual = (abs(chroma(p) - chroma(studio.photo)).mean() for p in (kept, off))
    assert found < 0.1 * usual
    assert abs(luminance(kept) - luminance(studio.photo)).mean() > 0.02


def test_match_keeps_the_photos_colours_as_a_whole(studio):
    match, off = (studio.paint(preserve_color=mode).picture for mode in ("match", "off"))

    def shift(picture):
        return abs(values(picture).mean((0, 1)) - values(studio.photo).mean((0, 1))).mean()

    assert shift(match) < 0.5 * shift(off)
    found, usual = (abs(chroma(p) - chroma(studio.photo)).mean() for p in (match, off))
    assert found < 0.75 * usual
    assert abs(luminance(match) - luminance(studio.photo)).mean() > 0.02


def cells(pixels: int) -> Image.Image:
    """An artwork of random grey squares, `pixels` wide on a canvas of 96 px."""
    count = 96 // pixels
    squares = np.random.default_rng(0).integers(0, 2, (count, count), dtype=np.uint8) * 255
    return Image.fromarray(squares).resize((384, 384), Image.Resampling.NEAREST).convert("RGB")


@pytest.mark.parametrize(("kind", "iterations"), [("gram", 16), ("neighbours", 24)])
def test_a_larger_style_has_larger_strokes(studio, kind, iterations):
    """On a grey wall, so that all there is to see are strokes."""
    wall = Image.new("RGB", (96, 96), (128, 128, 128))
    found = []
    for scale in (0.5, 2):
        chosen = Settings(
            resolution=96,
            iterations=iterations,
            init="noise",
            content_weight=0.1,
            style_scale=scale,
            style_loss=kind,
        )
        painted = studio.run(wall, [cells(6)], chosen).picture
        found.append(frequency(luminance(painted)))
    assert falls(*found, by=0.9)


@pytest.mark.parametrize(("kind", "by"), [("gram", 0.8), ("neighbours", 0.95)])
def test_coarse_to_fine_paints_larger_strokes(studio, kind, by):
    changes = {"style_loss": kind}
    paintings = [studio.paint(coarse_to_fine=value, **changes).picture for value in (False, True)]
    strokes = [frequency(luminance(p) - luminance(studio.photo)) for p in paintings]
    assert falls(*strokes, by=by)


def test_a_larger_resolution_shows_finer_strokes(studio):
    sizes = [
        studio.paint(resolution=side, iterations=12, coarse_to_fine=False) for side in (96, 64)
    ]
    strokes = [frequency(luminance(p.picture) - luminance(studio.photo)) for p in sizes]
    assert falls(*strokes, by=0.9)
    assert [p.last.scale for p in sizes] == [96, 64]
    assert {p.picture.size for p in sizes} == {studio.photo.size}


def test_it_stays_near_to_where_it_starts(studio):
    few = {"iterations": 2, "coarse_to_fine": False}
    chosen = dataclasses.replace(BASE, init="picture", **few)
    start = fitting.fit(studio.styles["glass"], 96).resize(studio.photo.size)
    styles = [studio.styles["sky"]]
    given = studio.run(studio.photo, styles, chosen, init=start).picture
    from_photo, from_style, from_noise = (
        studio.paint(init=init, **few).picture for init in ("content", "style", "noise")
    )
    sky = fitting.fit(studio.styles["sky"], 96).resize(studio.photo.size)
    for picture, origin in ((given, start), (from_photo, studio.photo), (from_style, sky)):
        others = [p for p in (given, from_photo, from_style, from_noise) if p is not picture]
        assert distance(picture, origin) < 0.7 * min(distance(p, origin) for p in others)
    # Noise knows no shapes: nothing in it is where it is in the photo.
    assert distance(from_noise, studio.photo) > 2 * distance(from_photo, studio.photo)


def test_lbfgs_reaches_about_the_loss_of_adam_in_as_many_steps(studio):
    adam, lbfgs = (studio.paint(optimizer=name, **GRAM).last for name in ("adam", "lbfgs"))
    assert adam.iteration == lbfgs.iteration
    assert lbfgs.total_loss < 1.15 * adam.total_loss
    assert adam.total_loss < 1.15 * lbfgs.total_loss


def test_more_effort_and_more_iterations_lower_the_loss(studio):
    totals = (studio.paint(iterations=count, **GRAM).last.total_loss for count in (6, 14))
    assert falls(*totals, by=0.95)
    less, more = (studio.paint(iterations=1000, effort=effort).last for effort in (0.1, 0.4))
    assert less.iteration < more.iteration
    assert falls(less.total_loss, more.total_loss, by=0.95)


def test_a_larger_learning_rate_goes_further(studio):
    pictures = [studio.paint(learning_rate=rate).picture for rate in (0.5, 0.1, 0.01)]
    assert falls(*(distance(picture, studio.photo) for picture in pictures), by=0.7)
