"""What each control of the engine does to the loss."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from brief import PLAINLY, painter_of

from nst.paint import schedule, transfer
from nst.paint.optimizers import LBFGS, Adam
from nst.paint.transfer import Canvas


@pytest.fixture
def plainly(content, style, trunk):
    return transfer.stylize(Canvas(content, [style]), PLAINLY, trunk)


CHANGES = pytest.mark.parametrize(
    "changes",
    [
        {"optimizer": "lbfgs"},
        {"pooling": "avg"},
        {"content_layer": "conv1_1"},
        {"style_layers": ("conv1_1", "conv1_2", "conv4_4")},
        {"style_layer_weights": (5, 4, 3, 2, 1)},
        {"optimizer": "lbfgs", "pooling": "avg", "style_layers": ("conv2_2", "conv4_1")},
    ],
)


@CHANGES
def test_every_control_of_the_engine_lowers_the_loss(content, style, trunk, plainly, changes):
    settings = dataclasses.replace(PLAINLY, **changes)
    run = list(transfer.steps(Canvas(content, [style]), settings, trunk))
    assert run[-1].total_loss < 0.9 * run[0].total_loss
    assert torch.isfinite(run[-1].image).all()
    assert (run[-1].image - plainly).abs().mean() > 1e-3


@CHANGES
def test_every_control_of_the_engine_lowers_the_loss_of_strokes(content, style, trunk, changes):
    """After a single step of composition."""
    settings = dataclasses.replace(PLAINLY, style_loss="neighbours", **changes)
    painter = painter_of(trunk, settings, content, [style])
    painter.begin(schedule.Stage(*content.shape[2:], 1))
    painter.step(0.1)
    painter.begin(schedule.Stage(*content.shape[2:], 5, brushwork=True), last=True)
    totals = [painter.step(0.1).total for _ in range(5)]
    assert totals[-1] < 0.95 * totals[0]
    assert torch.isfinite(painter.moment().image()).all()


@pytest.mark.parametrize("drawing", [False, True])
def test_the_optimiser_is_the_one_that_was_chosen(content, style, trunk, drawing):
    for name, kind in (("adam", Adam), ("lbfgs", LBFGS)):
        settings = dataclasses.replace(PLAINLY, optimizer=name)
        painter = painter_of(trunk, settings, content, [style])
        painter.begin(schedule.Stage(*content.shape[2:], 1, drawing))
        assert type(painter.optimizer) is kind
