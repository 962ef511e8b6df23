"""Each control changes the picture in the direction it names, measured on small pictures.

Everything goes the way of the command line: `prepare`, `transfer.steps`, `finish`.
"""

from __future__ import annotations

import dataclasses
import itertools

import definitions
import numpy as np
import pytest
from controls import BASE, DRAWN, GRAM, chroma, distance, falls, frequency, luminance, values
from PIL import Image

from benchmarks import judges
from nst.paint import transfer
from nst.pictures import fitting, tensors
from nst.settings import CONTROLS, Settings
from nst.studio.finishing import finish
from nst.studio.order import Pictures
from nst.studio.preparation import prepare


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


def test_each_style_layer_is_matched_where_it_is_chosen(studio):
    low = studio.paint(style_layers=("conv1_1", "conv1_2"), **GRAM).picture
    high = studio.paint(style_layers=("conv4_1", "conv5_1"), **GRAM).picture
    assert studio.style_error(low, "sky", ["conv1_1"]) < 0.5 * studio.style_error(
        high, "sky", ["conv1_1"]
    )
    assert studio.style_error(high, "sky", ["conv5_1"]) < 0.5 * studio.style_error(
        low, "sky", ["conv5_1"]
    )


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


def test_strength_goes_from_the_photo_to_the_painting(studio):
    painting = studio.paint().picture
    pictures = [
        finish(painting, studio.photo, dataclasses.replace(BASE, strength=strength))
        for strength in (0, 0.25, 0.5, 0.75, 1)
    ]
    assert pictures[0].tobytes() == studio.photo.tobytes()
    assert pictures[-1].tobytes() == painting.tobytes()
    assert falls(*(distance(picture, pictures[-1]) for picture in pictures))
    assert falls(*(distance(picture, studio.photo) for picture in reversed(pictures)))


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


def test_noise_is_that_of_the_seed(studio):
    chosen = dataclasses.replace(BASE, init="noise", iterations=6)
    one, again, other = (
        studio.run(studio.photo, [studio.styles["sky"]], dataclasses.replace(chosen, seed=seed))
        for seed in (1, 1, 2)
    )
    assert one.picture.tobytes() == again.picture.tobytes()
    assert distance(one.picture, other.picture) > 0.05


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


@pytest.mark.parametrize("anneal", [True, False])
def test_annealing_ends_with_small_steps(studio, anneal):
    chosen = dataclasses.replace(BASE, anneal=anneal, coarse_to_fine=False, early_stop=False)
    prepared = prepare(Pictures(studio.photo, [studio.styles["sky"]]), chosen)
    canvas = prepared.canvas()
    run = transfer.steps(canvas, chosen, studio.trunk)
    pictures = [canvas.content, *(progress.snapshot() for progress in run)]
    moved = [float((b - a).abs().mean()) for a, b in itertools.pairwise(pictures)]
    assert (moved[-1] < 0.2 * max(moved)) == anneal


def test_a_square_canvas_is_one(studio):
    chosen = dataclasses.replace(BASE, square=True, iterations=2)
    painted = studio.run(studio.photo, [studio.styles["sky"]], chosen)
    assert painted.last.image.shape == (1, 3, 96, 96)
    assert painted.picture.size == studio.photo.size == (96, 64)


SEVERAL_SCALES: dict[str, object] = {"resolution": 96, "iterations": 8, "style_loss": "gram"}


# A setting that changes the picture, for each control. Some need company to show.
CHANGES: dict[str, tuple[dict[str, object], dict[str, object]]] = {
    "content_weight": ({}, {"content_weight": 1000}),
    "style_weight": ({}, {"style_weight": 100}),
    "style_loss": ({}, {"style_loss": "gram"}),
    "style_scale": ({}, {"style_scale": 0.5}),
    "preserve_color": ({}, {"preserve_color": "match"}),
    "strength": ({}, {"strength": 0.5}),
    "tv_weight": ({}, {"tv_weight": 500}),
    "iterations": ({}, {"iterations": 2}),
    "learning_rate": ({}, {"learning_rate": 0.3}),
    "resolution": ({}, {"resolution": 96}),
    "effort": ({"iterations": 20}, {"iterations": 20, "effort": 1}),
    "init": ({}, {"init": "style"}),
    "style_weights": ({"style_weights": (1, 1)}, {"style_weights": (1, 3)}),
    "content_layer": ({}, {"content_layer": "conv1_1"}),
    "style_layers": ({}, {"style_layers": ("conv1_1",)}),
    "style_layer_weights": ({}, {"style_layer_weights": (9, 1, 1, 1, 1)}),
    "pooling": ({}, {"pooling": "avg"}),
    "optimizer": ({}, {"optimizer": "lbfgs"}),
    "seed": ({"init": "noise"}, {"init": "noise", "seed": 1}),
    "early_stop": (SEVERAL_SCALES, SEVERAL_SCALES | {"early_stop": False}),
    "coarse_to_fine": (SEVERAL_SCALES, SEVERAL_SCALES | {"coarse_to_fine": False}),
    "anneal": ({}, {"anneal": False}),
    "square": ({}, {"square": True}),
}


def test_every_control_is_looked_at():
    assert set(CHANGES) == set(CONTROLS) - {"refresh_every"}  # it shows, and paints nothing


@pytest.mark.parametrize("name", CHANGES)
def test_every_control_changes_the_picture(studio, name):
    few = {"iterations": 4, "effort": 0.1, "resolution": 64}
    styles = "sky glass" if name == "style_weights" else "sky"
    one, other = (studio.paint(styles, **{**few, **changes}) for changes in CHANGES[name])
    assert distance(one.picture, other.picture) > 0.002
