"""A `Progress` is a value: good whenever it is asked, whatever has become of the run."""

from __future__ import annotations

import copy

import pytest
import torch
import torch.nn.functional as F

from nst import errors
from nst.paint import transfer
from nst.paint.schedule import plan
from nst.settings import CONTROLS, Settings

LAYER = ("conv1_1", "conv2_1")
KINDS = pytest.mark.parametrize("kind", CONTROLS["style_loss"].choices)


def brief(kind, **changes):
    """Few iterations at each of several sizes."""
    given = {"resolution": 96, "iterations": 8, "early_stop": False, "style_layers": LAYER}
    return Settings(style_loss=kind, content_layer="conv2_2", **given | changes)


def same_state(one, other):
    assert (one.losses, one.seconds, one.tile) == (other.losses, other.seconds, other.tile)
    assert torch.equal(one.pixels, other.pixels)
    assert one.optimizer.numbers == other.optimizer.numbers
    assert one.optimizer.tensors.keys() == other.optimizer.tensors.keys()
    for name, tensor in one.optimizer.tensors.items():
        assert torch.equal(tensor, other.optimizer.tensors[name])
    assert (one.choices is None) == (other.choices is None)
    assert one.choices is None or torch.equal(one.choices, other.choices)


def watch(run, seen, shown):
    """Keep what a run yields, and the picture as it is then."""
    for progress in run:
        shown.append(progress.snapshot())
        seen.append(progress)


@KINDS
@pytest.mark.parametrize("optimizer", CONTROLS["optimizer"].choices)
@pytest.mark.parametrize("init", ["content", "noise"])
def test_is_the_same_after_the_run_as_during_it(content, style, trunk, kind, optimizer, init):
    settings = brief(kind, optimizer=optimizer, init=init)
    mask = torch.zeros(1, 1, *content.shape[2:])
    mask[..., : content.shape[3] // 2] = 1
    grey = style.mean(1, keepdim=True).expand_as(style).contiguous()  # so the picture is made grey
    run = transfer.steps(transfer.Canvas(content, [grey], masks=[mask]), settings, trunk)
    seen = [(each, each.snapshot(), copy.deepcopy(each.state())) for each in run]
    assert len({each.scale for each, *_ in seen}) > 1
    for progress, image, state in seen:
        assert torch.equal(progress.snapshot(), image)
        same_state(progress.state(), state)


@KINDS
def test_no_memory_for_the_next_size_leaves_the_picture(content, style, trunk, kind, monkeypatch):
    settings = brief(kind)
    first = plan(settings, *content.shape[2:])[0]
    interpolate = F.interpolate

    def no_memory(image, size, **how):
        if how.get("mode") == "bicubic" and len(seen) == first.iterations:
            raise MemoryError
        return interpolate(image, size, **how)

    seen, shown = [], []
    run = transfer.steps(transfer.Canvas(content, [style]), settings, trunk)
    with monkeypatch.context() as short:
        short.setattr(F, "interpolate", no_memory)
        with pytest.raises(errors.NoMemoryError):
            watch(run, seen, shown)
    assert len(seen) == first.iterations
    assert torch.equal(seen[-1].snapshot(), shown[-1])
    assert seen[-1].state().losses == tuple(each.total_loss for each in seen)


@KINDS
def test_an_interrupt_at_the_next_size_leaves_the_picture(content, style, trunk, kind, monkeypatch):
    settings = brief(kind)
    first = plan(settings, *content.shape[2:])[0]
    seen, shown = [], []
    normalize = type(trunk).normalize

    def interrupted(self, image):
        if len(seen) == first.iterations:
            raise KeyboardInterrupt
        return normalize(self, image)

    with monkeypatch.context() as stop:
        stop.setattr(type(trunk), "normalize", interrupted)
        with pytest.raises(KeyboardInterrupt):
            watch(transfer.steps(transfer.Canvas(content, [style]), settings, trunk), seen, shown)
    assert torch.equal(seen[-1].snapshot(), shown[-1])


def test_a_run_keeps_no_canvas_that_nobody_holds(content, style, trunk):
    """One that was let go of in time costs no copy: the next goes on with the same memory."""
    run = transfer.steps(transfer.Canvas(content, [style]), brief("gram"), trunk)
    for held in (False, True):
        progress = next(run)
        before = progress.state().optimizer.tensors["first"].data_ptr()
        if not held:
            del progress
        after = next(run).state().optimizer.tensors["first"].data_ptr()
        assert (before != after) == held
