"""The model of memory, and what follows from it."""

from __future__ import annotations

import pytest
import torch

from nst import errors
from nst.machine import limits, malloc
from nst.paint import memory, transfer
from nst.paint.memory import SIDES, WHOLE, Workload
from nst.settings import Settings
from nst.vgg.workspace import Workspace


def canvas(side, **changes):
    return Workload(side, side, Settings(**changes))


def test_smaller_tiles_take_less():
    sums = [memory.total(canvas(2048), side) for side in SIDES]
    assert sums == sorted(sums, reverse=True)
    assert sums[0] > 2 * sums[1]


def test_only_the_tile_grows_when_it_is_larger():
    small, large = (memory.parts(canvas(2048), side) for side in (256, 512))
    assert {name for name in small if small[name] != large[name]} == {"tile"}


@pytest.mark.parametrize(
    "changes",
    [
        {"optimizer": "lbfgs"},
        {"style_layers": ("conv1_1", "conv1_2")},
        {"content_layer": "conv3_1", "style_loss": "gram"},
    ],
)
def test_what_costs_more(changes):
    usual = {"style_loss": changes.get("style_loss", "neighbours")}
    more = memory.total(canvas(1024, **changes), 512)
    assert more > memory.total(canvas(1024, **usual), 512)


def test_masks_cost_memory():
    masked = Workload(512, 512, Settings(), masks=2)
    assert memory.total(masked, 256) - memory.total(canvas(512), 256) == 28 * 512 * 512


def test_a_canvas_is_cut_no_more_than_it_must_be():
    size = canvas(2048)
    for side in SIDES:
        free = memory.total(size, side) / memory.USABLE
        assert memory.tile_side(size, free + 1) == side
    assert memory.tile_side(size, 0) == SIDES[-1]


def test_a_side_smaller():
    assert memory.smaller(WHOLE, 1024, 2048) == 1024
    assert memory.smaller(WHOLE, 400, 512) == 256
    with pytest.raises(errors.NoMemoryError, match="2048 x 1024 px"):
        memory.smaller(128, 1024, 2048)


def test_free_memory_is_that_of_the_machine():
    assert 0 < memory.free_memory(torch.device("cpu")) <= limits.memory_limit()


def test_memory_is_spared_only_while_there_are_tiles(trunk, content, style, monkeypatch):
    asked = []
    monkeypatch.setattr(malloc, "_thrifty", set())
    monkeypatch.setattr(malloc, "_set", asked.append)
    settings = Settings(
        iterations=2,
        coarse_to_fine=False,
        content_layer="conv1_1",
        style_layers=("conv1_1",),
        style_loss="gram",
    )
    for tile, expected in ((WHOLE, []), (64, [malloc.SPARING, malloc.KEEPING])):
        transfer.stylize(
            transfer.Canvas(content, [style]), settings, trunk, options=transfer.Options(tile=tile)
        )
        assert asked == expected


def test_weights_are_transformed_anew_where_memory_is_tight(trunk, content, style, monkeypatch):
    """Which changes nothing in the picture."""
    pictures, kept = [], []
    keep = Workspace.keep
    monkeypatch.setattr(
        Workspace, "keep", lambda self, blocks: (kept.append(blocks), keep(self, blocks))
    )
    for size in (limits.TIGHT, limits.TIGHT - 1):
        monkeypatch.setattr(limits, "memory_limit", lambda size=size: size)
        settings = Settings(iterations=2, coarse_to_fine=False)
        pictures.append(transfer.stylize(transfer.Canvas(content, [style]), settings, trunk))
    half = len(kept) // 2
    assert all(kept[:half])
    assert not any(kept[half:])
    assert torch.equal(*pictures)
