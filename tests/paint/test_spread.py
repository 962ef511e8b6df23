"""A picture that others look at is painted as one that is looked at here."""

from __future__ import annotations

import functools
import pickle

import pytest
import torch
from same import check_same

from nst.paint import memory, spread, transfer
from nst.paint.loop import Loop
from nst.paint.schedule import Stage
from nst.paint.spread import TeamError, TeamLostError
from nst.paint.transfer import Canvas
from nst.pictures import tensors
from nst.settings import CONTROLS, Settings
from nst.vgg.tiles import tiles


class Held:
    """What stands for something that one of the team keeps."""

    def __init__(self, value):
        self.value = value


class LocalTeam:
    """Everyone is this process; all that travels is pickled. Calls in `losing` lose somebody."""

    def __init__(self, trunk, members=2, losing=()):
        self.trunk, self.members = trunk, members
        self.losing, self.calls, self.regrouped = set(losing), 0, 0

    def __len__(self):
        return self.members

    def regroup(self):
        changed = bool(self.losing) and self.calls >= min(self.losing)
        if changed:
            self.losing.remove(min(self.losing))
            self.members, self.regrouped = max(1, self.members - 1), self.regrouped + 1
        return changed

    def give(self, parts):
        return [Held(pickle.loads(pickle.dumps(part))) for part in parts]

    def keep(self, work, *arguments):
        return [Held(found) for found in self._do(work, arguments)]

    def fetch(self, work, *arguments):
        return (pickle.loads(pickle.dumps(found)) for found in self._do(work, arguments))

    def _do(self, work, arguments):
        self.calls += 1
        if self.calls in self.losing:
            raise TeamLostError
        for own in zip(*arguments, strict=True):
            sent = [each.value if isinstance(each, Held) else _copy(each) for each in own]
            yield work(self.trunk, *sent)


def _copy(value):
    return pickle.loads(pickle.dumps(value))


@pytest.fixture
def paint(trunk, photo, artwork):
    content = tensors.to_tensor(photo.resize((128, 96)))
    style = tensors.to_tensor(artwork.resize((96, 128)))
    masks = [
        torch.rand(1, 1, 96, 128, generator=torch.Generator().manual_seed(seed)) for seed in (1, 2)
    ]

    def run(team=None, regions=False, iterations=2, **changes):
        settings = Settings(
            iterations=iterations,
            coarse_to_fine=False,
            content_layer="conv3_1",
            style_layers=("conv1_1", "conv2_1"),
            **changes,
        )
        styles, claimed = ([style, content], masks) if regions else ([style], ())
        return transfer.stylize(
            Canvas(content, styles, masks=claimed),
            settings,
            trunk,
            options=transfer.Options(tile=64, team=team),
        )

    return run


@pytest.fixture
def alone(paint):
    """What one paints alone, each kind once."""
    return functools.cache(lambda kind: paint(style_loss=kind))


KINDS = pytest.mark.parametrize("kind", CONTROLS["style_loss"].choices)


@KINDS
@pytest.mark.parametrize("members", [1, 3, 5])  # five are more than there are tiles
def test_the_picture_is_the_same_whoever_looks(trunk, paint, alone, members, kind):
    check_same(paint(LocalTeam(trunk, members), style_loss=kind), alone(kind))


@KINDS
def test_with_masks_and_the_other_optimiser(trunk, paint, kind):
    changes = {"regions": True, "optimizer": "lbfgs", "style_loss": kind, "iterations": 4}
    team = LocalTeam(trunk)
    check_same(paint(team, **changes), paint(**changes))
    assert team.calls


@KINDS
@pytest.mark.parametrize("late", [False, True])
def test_who_is_lost_is_done_without(trunk, paint, late, kind):
    """At the beginning and over what is painted last: strokes, whose neighbours stay the same."""
    team = LocalTeam(trunk, 3)
    expected = paint(team, style_loss=kind)
    losing = (team.calls - 4, team.calls - 1) if late else (1, 4, 9)
    team = LocalTeam(trunk, 5, losing)
    check_same(paint(team, style_loss=kind), expected)
    assert team.regrouped == len(losing)


def test_each_of_the_team_keeps_the_neighbours_of_his_windows(trunk, photo):
    """And counts their distance as a part of the whole, not of what he sees."""
    content = tensors.to_tensor(photo.resize((128, 64)))
    painters = [
        Loop(
            trunk,
            Settings(),
            Canvas(content, [content.flip(3)]),
            transfer.Options(tile=64, team=team),
        )
        for team in (None, LocalTeam(trunk, 2))
    ]
    found = []
    for painter in painters:
        painter.begin(Stage(64, 128, 1, brushwork=True))
        found.append(painter.objective.evaluate(painter.pixels))
    (gradient, losses), (spread_gradient, spread_losses) = found
    assert spread_losses.content == pytest.approx(losses.content, rel=1e-5)
    torch.testing.assert_close(spread_gradient, gradient)
    assert painters[1].team.calls > 0


def test_nobody_gets_through(trunk, paint):
    with pytest.raises(TeamError, match="smaller --tile"):
        paint(LocalTeam(trunk, 3, losing=range(1, 100)))


def test_a_canvas_is_cut_for_the_team_where_memory_would_not_ask_for_it(trunk, photo, monkeypatch):
    monkeypatch.setattr(spread, "SHARED_SIDES", (96, 64, 32))
    content = tensors.to_tensor(photo.resize((128, 64)))
    settings = Settings(
        iterations=1, coarse_to_fine=False, content_layer="conv1_2", style_layers=("conv1_1",)
    )
    team = LocalTeam(trunk, 2)
    (progress,) = transfer.steps(
        Canvas(content, [content]), settings, trunk, options=transfer.Options(team=team)
    )
    assert progress.tile == spread.tile_side(64, 128, 2) == 32
    assert team.calls


def test_small_canvases_are_looked_at_here(trunk, photo):
    content = tensors.to_tensor(photo.resize((64, 64)))
    team = LocalTeam(trunk)
    transfer.stylize(
        Canvas(content, [content]),
        Settings(iterations=1),
        trunk,
        options=transfer.Options(team=team),
    )
    assert team.calls == 0


@pytest.mark.parametrize("size", [(1024, 1024), (4096, 2736), (576, 512)])
@pytest.mark.parametrize("members", [2, 10, 1000])
def test_tiles_are_as_large_as_keeps_everyone_busy(size, members):
    side = spread.tile_side(*size, members)
    assert side in spread.SHARED_SIDES
    assert len(tiles(*size, side)) >= 4 * members or side == min(spread.SHARED_SIDES)


def test_one_tile_is_no_work_for_a_team():
    assert spread.tile_side(512, 336, 2) == memory.WHOLE
