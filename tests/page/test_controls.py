"""Each control changes the picture in the direction it names, measured on small pictures.

Everything goes the way of the command line: `prepare`, `transfer.steps`, `finish`.
"""

from __future__ import annotations

import dataclasses
import itertools
from dataclasses import dataclass
from pathlib import Path

import definitions
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from benchmarks import judges
from nst.layers import LAYERS
from nst.paint import losses, transfer
from nst.paint.targets import TargetCache
from nst.pictures import color, fitting, reading, tensors
from nst.settings import CONTROLS, Settings
from nst.studio.finishing import finish
from nst.studio.order import Pictures
from nst.studio.preparation import prepare
from nst.vgg import network

RESOURCES = Path(__file__).parents[2] / "Resources"
BASE = Settings(resolution=96, iterations=14)
GRAM = {"style_loss": "gram"}  # for what Gram matrices and content layers are made to do
DRAWN = {"iterations": 30}  # so many that strokes are drawn, and not only begun
STYLE_LAYERS = BASE.style_layers


@dataclass(frozen=True)
class Painting:
    """A finished picture and the last `Progress` of its run."""

    picture: Image.Image
    last: transfer.Progress


class Studio:
    """Paints, and remembers its paintings: several tests look at the same ones."""

    def __init__(self, trunk: network.VGG19, photo: Image.Image, styles: dict[str, Image.Image]):
        self.trunk, self.photo, self.styles = trunk, photo, styles
        self._known: dict[object, Painting] = {}
        self._targets = TargetCache()

    def paint(self, styles: str = "sky", **changes: object) -> Painting:
        """The photo in the styles of these names, with these settings on top of `BASE`."""
        chosen = dataclasses.replace(BASE, **changes)
        key = (styles, chosen)
        if key not in self._known:
            pictures = [self.styles[name] for name in styles.split()]
            self._known[key] = self.run(self.photo, pictures, chosen)
        return self._known[key]

    def run(self, photo, styles, chosen, masks=(), init=None) -> Painting:
        prepared = prepare(Pictures(photo, styles, masks, init), chosen)
        run = transfer.steps(
            prepared.canvas(),
            chosen,
            self.trunk,
            options=transfer.Options(known=self._targets),
        )
        *_, last = run
        painting = tensors.to_picture(last.image)
        return Painting(finish(painting, photo, chosen, prepared.masks), last)

    def features(self, picture, layers):
        return self.trunk.features(self.trunk.normalize(tensors.to_tensor(picture)), layers)

    def style_error(self, picture, style: str, layers=STYLE_LAYERS) -> float:
        """How far the Gram matrices are from those of the style, always seen at one size."""
        seen = self.features(picture, layers)
        wanted = self.features(fitting.fit(self.styles[style], BASE.resolution), layers)
        return float(
            losses.style_loss(
                [definitions.gram_matrix(seen[layer]) for layer in layers],
                [definitions.gram_matrix(wanted[layer]) for layer in layers],
            )
        )

    def content_error(self, picture) -> float:
        layer = BASE.content_layer
        seen, wanted = (self.features(p, [layer])[layer] for p in (picture, self.photo))
        return float(losses.content_loss(seen, wanted))


@pytest.fixture(scope="module")
def studio(trunk, photo, artwork):
    glass = reading.open_picture(RESOURCES / "styles" / "stained_glass.jpg")
    return Studio(trunk, fitting.fit(photo, 96), {"sky": artwork, "glass": glass})


def values(picture: Image.Image) -> np.ndarray:
    """(height, width, 3) in 0..1."""
    return np.asarray(picture, dtype=float) / 255


def distance(one: Image.Image, other: Image.Image) -> float:
    return float(abs(values(one) - values(other)).mean())


def luminance(picture: Image.Image) -> np.ndarray:
    return values(picture) @ color.LUMINANCE


def chroma(picture: Image.Image) -> np.ndarray:
    return values(picture) - luminance(picture)[..., None]


def frequency(pattern: np.ndarray) -> float:
    """The centroid of the power spectrum, in cycles a pixel: high for fine strokes."""
    height, width = pattern.shape
    # Windowed, as the jump from one rim to the other is no stroke.
    window = np.hanning(height)[:, None] * np.hanning(width)
    power = abs(np.fft.rfft2((pattern - pattern.mean()) * window)) ** 2
    radius = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width))
    return float((power * radius).sum() / power.sum())


def falls(*numbers: float, by: float = 1.0) -> bool:
    """Whether each number is less than `by` times the one before it."""
    return all(after < by * before for before, after in itertools.pairwise(numbers))


# The loss: how much of what


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


# Several styles


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


# Colours, strength


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


# Strokes


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


# Where it starts and how it goes on


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


# Masks


def halves() -> tuple[Image.Image, Image.Image]:
    """Masks of the left and of the right half, with a soft edge, larger than the canvas."""
    left = Image.new("L", (192, 128))
    left.paste(255, (0, 0, 96, 128))
    left = left.filter(ImageFilter.GaussianBlur(2))
    return left, left.point(lambda value: 255 - value)


def test_what_no_style_claims_stays_the_photo(studio):
    for side, mask in enumerate(halves()):
        painted = studio.run(studio.photo, [studio.styles["sky"]], BASE, [mask]).picture
        changed = abs(values(painted) - values(studio.photo)).mean((0, 2))
        left, right = changed[:44], changed[52:]
        masked, free = (left, right) if side == 0 else (right, left)
        assert free.max() < 1e-9
        assert masked.mean() > 0.03


def seam(picture: Image.Image, photo: Image.Image) -> float:
    """The step in the middle of the picture, beyond the photo's own, as a part of the usual step.

    Both are steps from a column of pixels to the next.
    """
    steps = abs(np.diff(values(picture), axis=1)).mean((0, 2))
    own = abs(np.diff(values(photo), axis=1)).mean((0, 2))
    return float((steps[47] - own[47]) / np.median(steps[32:64]))


def test_between_two_styles_there_is_no_seam(studio):
    """Compared with two whole paintings that are cut and pasted at the same place."""
    sky, glass = studio.paint("sky"), studio.paint("glass")
    pasted = sky.picture.copy()
    pasted.paste(glass.picture.crop((48, 0, 96, 64)), (48, 0))
    styles = [studio.styles["sky"], studio.styles["glass"]]
    painted = studio.run(studio.photo, styles, BASE, halves()).picture
    naive = seam(pasted, studio.photo)
    assert naive > 0.4
    assert abs(seam(painted, studio.photo)) < 0.35 * naive


def test_between_the_painting_and_the_photo_there_is_no_seam(studio):
    painting = studio.paint().picture
    pasted = painting.copy()
    pasted.paste(studio.photo.crop((48, 0, 96, 64)), (48, 0))
    painted = studio.run(studio.photo, [studio.styles["sky"]], BASE, halves()[:1]).picture
    naive = seam(pasted, studio.photo)
    assert naive > 0.4
    assert abs(seam(painted, studio.photo)) < 0.35 * naive


# Everything together


def lists_of(count: int) -> st.SearchStrategy[tuple[float, ...]]:
    """Weights, of which the first is not 0, or none."""
    rest = st.lists(st.floats(0, 10), min_size=count - 1, max_size=count - 1)
    weights = st.tuples(st.floats(0.1, 10), rest).map(lambda given: (given[0], *given[1]))
    return st.one_of(st.just(()), weights)


@dataclass(frozen=True)
class Order:
    """Everything that goes into a painting."""

    photo: Image.Image
    styles: list[Image.Image]
    masks: list[Image.Image]
    init: Image.Image | None
    settings: Settings


def picture(width: int, height: int, seed: int, mode: str = "RGB") -> Image.Image:
    """A few large patches with noise on them; seed 0 is a flat picture."""
    random = np.random.default_rng(seed)
    patches = random.integers(0, 256, (3, 4, 3)) * (seed > 0)
    large = Image.fromarray(patches.astype(np.uint8)).resize((width, height))
    noise = random.integers(0, 40, (height, width, 3)) * (seed > 0)
    noisy = np.minimum(np.asarray(large) + noise, 255).astype(np.uint8)
    return Image.fromarray(noisy).convert(mode)


@st.composite
def orders(draw) -> Order:
    count = draw(st.integers(1, 3))
    layers = draw(st.lists(st.sampled_from(LAYERS), min_size=1, max_size=4, unique=True))
    sides, seeds = st.integers(32, 90), st.integers(0, 99)

    def pictures(number: int, mode: str = "RGB") -> list[Image.Image]:
        return [picture(draw(sides), draw(sides), draw(seeds), mode) for _ in range(number)]

    init = draw(st.sampled_from(CONTROLS["init"].choices))
    limits = {name: (c.minimum, c.maximum) for name, c in CONTROLS.items() if not c.most}
    numbers = ("content_weight", "style_weight", "strength", "tv_weight", "learning_rate")
    chosen = Settings(
        **{name: draw(st.floats(*limits[name])) for name in numbers},
        style_scale=draw(st.sampled_from((0.25, 0.5, 1.0, 1.7))),
        iterations=draw(st.integers(1, 4)),
        resolution=draw(st.sampled_from((64, 80))),
        preserve_color=draw(st.sampled_from(CONTROLS["preserve_color"].choices)),
        init=init,
        style_loss=draw(st.sampled_from(CONTROLS["style_loss"].choices)),
        style_weights=draw(lists_of(count)),
        content_layer=draw(st.sampled_from(LAYERS)),
        style_layers=tuple(layers),
        style_layer_weights=draw(lists_of(len(layers))),
        pooling=draw(st.sampled_from(CONTROLS["pooling"].choices)),
        optimizer=draw(st.sampled_from(CONTROLS["optimizer"].choices)),
        seed=draw(st.integers(0, 2**32 - 1)),
        **{
            name: draw(st.booleans())
            for name in ("early_stop", "coarse_to_fine", "anneal", "square")
        },
    )
    return Order(
        *pictures(1),
        pictures(count),
        pictures(draw(st.sampled_from((0, count))), "L"),
        *(pictures(1) if init == "picture" else [None]),
        chosen,
    )


@given(orders())
@settings(
    max_examples=8,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_controls_work_together(studio, order):
    """Any of them: finite, displayable, of the photo's size, repeatable, and no input changed."""
    given_pictures = [order.photo, *order.styles, *order.masks]
    before = [given_picture.tobytes() for given_picture in given_pictures]
    prepared = prepare(Pictures(order.photo, order.styles, order.masks, order.init), order.settings)
    canvas = prepared.canvas()
    given = [canvas.content, *canvas.styles, *canvas.masks]
    given += [] if canvas.init is None else [canvas.init]
    copies = [tensor.clone() for tensor in given]

    def paint():
        seen = list(transfer.steps(canvas, order.settings, studio.trunk))
        for progress in seen:
            assert np.isfinite(progress.total_loss)
        return seen[-1]

    last = paint()
    assert last.image.shape == canvas.content.shape
    assert torch.isfinite(last.image).all()
    assert 0 <= last.image.min() <= last.image.max() <= 1
    assert torch.equal(paint().image, last.image)
    painting = tensors.to_picture(last.image)
    finished = finish(painting, order.photo, order.settings, prepared.masks)
    assert (finished.mode, finished.size) == ("RGB", order.photo.size)
    assert all(torch.equal(a, b) for a, b in zip(given, copies, strict=True))
    assert [given_picture.tobytes() for given_picture in given_pictures] == before
