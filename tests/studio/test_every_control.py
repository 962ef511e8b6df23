"""Each control reaches the picture, whatever it does there; with a slim network."""

from __future__ import annotations

import dataclasses
import itertools

import pytest
from controls import BASE, distance, falls, studio_of
from slim import trunk as trunk

from nst.paint import transfer
from nst.settings import CONTROLS
from nst.studio.finishing import finish
from nst.studio.order import Pictures
from nst.studio.preparation import prepare


@pytest.fixture
def studio(trunk, photo, artwork):
    return studio_of(trunk, photo, artwork)


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


def test_noise_is_that_of_the_seed(studio):
    chosen = dataclasses.replace(BASE, init="noise", iterations=6)
    one, again, other = (
        studio.run(studio.photo, [studio.styles["sky"]], dataclasses.replace(chosen, seed=seed))
        for seed in (1, 1, 2)
    )
    assert one.picture.tobytes() == again.picture.tobytes()
    assert distance(one.picture, other.picture) > 0.05


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
