"""The next frame of a film: held where it moved along, painted anew where it was hidden."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from torch import Tensor

from nst.paint import schedule, transfer
from nst.paint.inputs import Canvas
from nst.paint.objective import Losses
from nst.paint.steady import WEIGHT, Moved, Steady
from nst.settings import Settings

SMALL = Settings(resolution=96)


class Still:
    """An objective that is content with everything."""

    choices = None

    def evaluate(self, pixels: Tensor) -> tuple[Tensor, Losses]:
        return torch.zeros_like(pixels), Losses(0.0, 0.0, 0.0, 1.0)

    def forget(self) -> None:
        """There is nothing to forget."""


def test_the_temporal_term_is_the_squared_distance_where_it_is_held():
    picture, held = torch.rand(1, 3, 8, 6), torch.rand(1, 1, 8, 6)
    pixels = torch.rand(1, 3, 8, 6).requires_grad_()
    gradient, losses = Steady(Still(), Moved(picture, held)).evaluate(pixels.detach())
    expected = WEIGHT * (held * (pixels - picture).square()).sum() / (8 * 6)
    assert losses.total == pytest.approx(1.0 + float(expected.detach()), rel=1e-5)
    (slope,) = torch.autograd.grad(expected, pixels)
    torch.testing.assert_close(gradient, slope)


@pytest.mark.parametrize("style_loss", ["neighbours", "gram"])
def test_what_moved_is_held_and_what_was_hidden_is_painted(trunk, content, style, style_loss):
    settings = dataclasses.replace(SMALL, style_loss=style_loss, effort=0.2)
    first = transfer.stylize(Canvas(content, [style]), settings, trunk)
    held = torch.ones(1, 1, *content.shape[2:])
    held[..., 48:] = 0
    moved = Moved(torch.where(held > 0, first, content), held)
    next_ = transfer.stylize(Canvas(content, [style], moved=moved), settings, trunk)
    apart = (next_ - moved.picture).abs().mean(1)[0]
    assert apart[8:-8, 8:40].mean() < 0.03
    assert apart[8:-8, 56:-8].mean() > 2 * apart[8:-8, 8:40].mean()


def test_the_next_frame_costs_a_fraction_of_a_painting():
    whole, later = schedule.plan(SMALL, 192, 256), schedule.plan_next(SMALL, 192, 256)
    costs = [sum(schedule.cost(s, SMALL) * s.iterations for s in each) for each in (whole, later)]
    assert costs[1] < costs[0] / 2
    assert [stage.scale for stage in later] == [128, 256]
    one = schedule.plan_next(dataclasses.replace(SMALL, iterations=1), 192, 256)
    assert [stage.iterations for stage in one] == [1, 1]
    # Nothing is smaller than the network takes.
    assert [stage.scale for stage in schedule.plan_next(SMALL, 32, 64)] == [64]


def test_what_moved_must_have_the_size_of_the_canvas(trunk, content, style):
    moved = Moved(content, torch.ones(1, 1, 16, 16))
    with pytest.raises(ValueError, match="must be of the content's size"):
        transfer.stylize(Canvas(content, [style], moved=moved), SMALL, trunk)
