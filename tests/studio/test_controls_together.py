"""Masks, and controls in any combination."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from controls import BASE, halves, values
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from nst.layers import LAYERS
from nst.paint import transfer
from nst.pictures import tensors
from nst.settings import CONTROLS, Settings
from nst.studio.finishing import finish
from nst.studio.order import Pictures
from nst.studio.preparation import prepare


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
    whole = replace(BASE, iterations=60)  # strokes cross the border only in the end
    sky, glass = (studio.run(studio.photo, [studio.styles[x]], whole) for x in ("sky", "glass"))
    pasted = sky.picture.copy()
    pasted.paste(glass.picture.crop((48, 0, 96, 64)), (48, 0))
    styles = [studio.styles["sky"], studio.styles["glass"]]
    painted = studio.run(studio.photo, styles, whole, halves()).picture
    naive = seam(pasted, studio.photo)
    assert naive > 0.4
    assert abs(seam(painted, studio.photo)) < 0.25 * naive


def test_between_the_painting_and_the_photo_there_is_no_seam(studio):
    painting = studio.paint().picture
    pasted = painting.copy()
    pasted.paste(studio.photo.crop((48, 0, 96, 64)), (48, 0))
    painted = studio.run(studio.photo, [studio.styles["sky"]], BASE, halves()[:1]).picture
    naive = seam(pasted, studio.photo)
    assert naive > 0.4
    assert abs(seam(painted, studio.photo)) < 0.35 * naive


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
