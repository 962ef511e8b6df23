"""A picture that others look at is painted as one that is looked at here."""

from __future__ import annotations

import pickle

import pytest
import torch

from nst import images, memory, spread, transfer
from nst.settings import Settings
from nst.spread import TeamError, TeamLostError
from nst.tiles import tiles


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
    content = images.to_tensor(photo.resize((128, 96)))
    style = images.to_tensor(artwork.resize((96, 128)))
    masks = [
        torch.rand(1, 1, 96, 128, generator=torch.Generator().manual_seed(seed)) for seed in (1, 2)
    ]

    def run(team=None, regions=False, **changes):
        settings = Settings(
            iterations=3,
            coarse_to_fine=False,
            content_layer="conv3_1",
            style_layers=("conv1_1", "conv2_1"),
            **changes,
        )
        styles, claimed = ([style, content], masks) if regions else ([style], ())
        return transfer.stylize(content, styles, settings, trunk, masks=claimed, tile=64, team=team)

    return run


@pytest.mark.parametrize("members", [1, 3, 5])  # five are more than there are tiles
def test_the_picture_is_the_same_whoever_looks(trunk, paint, members):
    assert (paint(LocalTeam(trunk, members)) - paint()).abs().max() < 1 / 255


def test_with_masks_and_the_other_optimiser(trunk, paint):
    changes = {"regions": True, "optimizer": "lbfgs"}
    team = LocalTeam(trunk)
    assert (paint(team, **changes) - paint(**changes)).abs().max() < 1 / 255
    assert team.calls


def test_who_is_lost_is_done_without(trunk, paint):
    team = LocalTeam(trunk, 3, losing=(1, 4, 9))
    assert (paint(team) - paint()).abs().max() < 1 / 255
    assert team.regrouped == 3


def test_nobody_gets_through(trunk, paint):
    with pytest.raises(TeamError, match="smaller --tile"):
        paint(LocalTeam(trunk, 3, losing=range(1, 100)))


def test_a_canvas_is_cut_for_the_team_where_memory_would_not_ask_for_it(trunk, photo, monkeypatch):
    monkeypatch.setattr(spread, "SIDES", (96, 64, 32))
    content = images.to_tensor(photo.resize((128, 64)))
    settings = Settings(
        iterations=1, coarse_to_fine=False, content_layer="conv1_2", style_layers=("conv1_1",)
    )
    team = LocalTeam(trunk, 2)
    (progress,) = transfer.steps(content, [content], settings, trunk, team=team)
    assert progress.tile == spread.tile_side(64, 128, 2) == 32
    assert team.calls


def test_small_canvases_are_looked_at_here(trunk, photo):
    content = images.to_tensor(photo.resize((64, 64)))
    team = LocalTeam(trunk)
    transfer.stylize(content, [content], Settings(iterations=1), trunk, team=team)
    assert team.calls == 0


@pytest.mark.parametrize("size", [(1024, 1024), (4096, 2736), (576, 512)])
@pytest.mark.parametrize("members", [2, 10, 1000])
def test_tiles_are_as_large_as_keeps_everyone_busy(size, members):
    side = spread.tile_side(*size, members)
    assert side in spread.SIDES
    assert len(tiles(*size, side)) >= 4 * members or side == min(spread.SIDES)


def test_one_tile_is_no_work_for_a_team():
    assert spread.tile_side(512, 336, 2) == memory.WHOLE
