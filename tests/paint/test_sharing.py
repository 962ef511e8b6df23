"""Runs that share a network and a process do not disturb each other."""

from __future__ import annotations

import copy
import itertools

import pytest
import torch

from nst.machine import malloc
from nst.paint import memory, transfer
from nst.settings import CONTROLS, Settings

LAYER = ("conv1_1", "conv3_1")


@pytest.fixture
def small_is_large(monkeypatch):
    """Canvases of more than 70 px are large, for which transformed weights are not kept."""
    monkeypatch.setattr(memory, "LARGE", 70**2)


def run(content, style, kind, trunk, tile=None, **changes):
    settings = Settings(style_loss=kind, style_layers=LAYER, early_stop=False, **changes)
    canvas = transfer.Canvas(content, [style])
    return transfer.steps(canvas, settings, trunk, options=transfer.Options(tile=tile))


@pytest.mark.usefixtures("small_is_large")
@pytest.mark.parametrize("kind", CONTROLS["style_loss"].choices)
def test_two_runs_in_turn_paint_what_they_paint_alone(content, style, trunk, kind):
    def both():
        small = content[..., :32, :48].contiguous()
        return (
            run(content, style, kind, trunk, tile=64, iterations=3),
            run(small, style, kind, trunk, iterations=4, seed=1, pooling="avg"),
        )

    alone = [[progress.snapshot() for progress in each] for each in both()]
    found = [[], []]
    for turn in itertools.zip_longest(*both()):
        for pictures, progress in zip(found, turn, strict=True):
            if progress is not None:
                pictures.append(progress.snapshot())
    for pictures, expected in zip(found, alone, strict=True):
        assert len(pictures) == len(expected)
        assert all(torch.equal(one, other) for one, other in zip(pictures, expected, strict=True))


def held(thing):
    """All that an object holds, with the objects in it."""
    if isinstance(thing, torch.Tensor):
        return thing.shape, thing.double().sum().item()
    if isinstance(thing, dict):
        return {name: held(each) for name, each in thing.items()}
    if isinstance(thing, (list, tuple)):
        return [held(each) for each in thing]
    return {name: held(each) for name, each in vars(thing).items()} if vars_of(thing) else thing


def vars_of(thing):
    return hasattr(thing, "__dict__") and type(thing).__module__.startswith("nst.")


@pytest.mark.usefixtures("small_is_large")
@pytest.mark.parametrize("tile", [None, 64])
def test_a_run_leaves_the_network_as_it_was(content, style, trunk, tile):
    before = copy.deepcopy(held(trunk))
    seen = run(content, style, "gram", trunk, tile, iterations=4)
    next(seen)
    assert held(trunk) == before
    list(seen)
    assert held(trunk) == before


def test_a_run_in_tiles_spares_memory_until_another_has_ended_too(content, style, trunk):
    one, other = (run(content, style, "gram", trunk, 64, iterations=4) for _ in range(2))
    next(one)
    next(other)
    sparing = len(malloc._thrifty)
    list(one)
    assert len(malloc._thrifty) == sparing - 1
    other.close()
    assert len(malloc._thrifty) == sparing - 2
