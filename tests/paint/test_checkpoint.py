"""Going on from a file must end in the picture of a run that was never interrupted."""

from __future__ import annotations

import dataclasses
import itertools
import os
import zipfile

import numpy as np
import pytest
import torch

from nst import errors
from nst.errors import UserError
from nst.paint import checkpoint, transfer
from nst.paint.checkpoint import CheckpointError, RunState
from nst.paint.loop import Loop
from nst.paint.optimizers import OptimizerState
from nst.paint.schedule import plan
from nst.settings import CONTROLS, Settings

LAYER = ("conv1_1",)


def state(**changes):
    generator = torch.Generator().manual_seed(0)
    pixels, first, second = torch.rand(3, 1, 3, 32, 48, generator=generator)
    optimizer = OptimizerState({"first": first, "second": second}, {"count": 3.0})
    return dataclasses.replace(
        RunState((3.25, 2.1, 1 / 3), 12.5, 512, pixels, optimizer), **changes
    )


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "run.nst"
    checkpoint.save(path, state(), "a recipe")
    return path


def test_what_is_saved_is_loaded(saved):
    found, recipe = checkpoint.load(saved)
    expected = state()
    assert recipe == "a recipe"
    assert (found.losses, found.seconds, found.tile) == ((3.25, 2.1, 1 / 3), 12.5, 512)
    assert torch.equal(found.pixels, expected.pixels)
    assert found.optimizer.numbers == {"count": 3.0}
    assert set(found.optimizer.tensors) == {"first", "second"}
    assert torch.equal(found.optimizer.tensors["second"], expected.optimizer.tensors["second"])
    assert os.listdir(saved.parent) == ["run.nst"]


def test_choices_are_kept_with_the_rest(tmp_path):
    choices = torch.arange(8 * 12, dtype=torch.int32).view(8, 12)
    checkpoint.save(tmp_path / "run.nst", state(choices=choices), "")
    found, _ = checkpoint.load(tmp_path / "run.nst")
    assert found.choices.dtype == torch.int32
    assert torch.equal(found.choices, choices)
    assert set(found.optimizer.tensors) == {"first", "second"}


def test_there_need_be_no_choices(saved):
    assert checkpoint.load(saved)[0].choices is None


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
@pytest.mark.parametrize("kind", CONTROLS["style_loss"].choices)
def test_a_resumed_run_ends_in_the_same_picture(content, style, trunk, tmp_path, optimizer, kind):
    """From the first and the last iteration of every stage."""
    settings = Settings(
        resolution=96,
        style_loss=kind,
        optimizer=optimizer,
        iterations=8,
        early_stop=False,
        content_layer="conv2_2",
        style_layers=("conv1_1", "conv2_1"),
    )
    stages = plan(settings, *content.shape[2:])
    assert len(stages) == (3 if kind == "neighbours" else 2)
    ends = list(itertools.accumulate(stage.iterations for stage in stages))
    stops = sorted({1, *(end for end in ends[:-1]), *(end + 1 for end in ends[:-1])} - {ends[-1]})
    through, paths = [], {}
    for progress in transfer.steps(transfer.Canvas(content, [style]), settings, trunk):
        through.append(progress)
        if progress.iteration in stops:
            paths[progress.iteration] = tmp_path / f"{progress.iteration}.nst"
            checkpoint.save(paths[progress.iteration], progress.state(), "")
    for stop, path in paths.items():
        found, _ = checkpoint.load(path)
        assert (found.choices is not None) == (kind == "neighbours" and stop > ends[-2])
        pixels = found.pixels.clone()
        rest = list(
            transfer.steps(transfer.Canvas(content, [style]), settings, trunk, resume=found)
        )
        assert [p.iteration for p in rest] == list(range(stop + 1, len(through) + 1))
        assert [p.total_loss for p in rest] == [p.total_loss for p in through[stop:]]
        assert torch.equal(rest[-1].image, through[-1].image)
        assert rest[0].seconds > through[stop - 1].seconds
        assert torch.equal(found.pixels, pixels)  # which may be gone on from again


@pytest.fixture
def drawing(content, style, trunk):
    """A run that has just drawn strokes for the first time: its settings and where it stands."""
    settings = Settings(resolution=96, iterations=3, coarse_to_fine=False, style_layers=LAYER)
    assert [(s.iterations, s.brushwork) for s in plan(settings, 64, 96)][-1][1]
    for progress in transfer.steps(transfer.Canvas(content, [style]), settings, trunk):
        found = progress.state()
        if found.choices is not None:
            break
    return settings, found


def test_neighbours_are_not_chosen_again(content, style, trunk, drawing):
    """They are those of the canvas as it was when strokes began."""
    settings, found = drawing
    painter = Loop(trunk, settings, transfer.Canvas(content, [style]))
    stage = plan(settings, 64, 96)[-1]
    assert stage.brushwork
    given = found.choices.flip(0).contiguous()
    painter.begin(stage, resume=dataclasses.replace(found, choices=given))
    assert torch.equal(painter.objective.choices, given)


@pytest.mark.parametrize(
    "damage",
    [
        lambda choices: choices + 1_000_000,
        lambda choices: choices - 1_000_000,
        lambda choices: torch.where(choices == choices.max(), choices + 4096, choices),
        lambda choices: choices[:-1],
        lambda choices: choices[:, :0],
        lambda choices: choices.T.contiguous(),
    ],
    ids=["beyond the bank", "negative", "one of them", "a row short", "none", "turned"],
)
def test_choices_that_cannot_be_are_refused_in_a_sentence(content, style, trunk, drawing, damage):
    settings, found = drawing
    damaged = dataclasses.replace(found, choices=damage(found.choices))
    run = transfer.steps(transfer.Canvas(content, [style]), settings, trunk, resume=damaged)
    with pytest.raises(CheckpointError) as refused:
        next(run)
    assert str(refused.value) == (
        "The checkpoint is of other pictures, or it is damaged; give those that it was made with, "
        "or start anew without it."
    )


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((8, 12), np.int64),
        np.zeros((8, 12), np.float32),
        np.zeros((8, 12), np.uint8),
        np.zeros(96, np.int32),
        np.zeros((1, 3, 8, 12), np.int32),
        np.array([[{"a": 1}]], dtype=object),  # a pickle
    ],
    ids=["long", "float", "bytes", "flat", "a picture", "objects"],
)
def test_an_array_that_holds_no_choices_is_refused(saved, tmp_path, array):
    with np.load(saved) as file:
        arrays = dict(file)

    def load(choices):
        path = tmp_path / "other.nst"
        with path.open("wb") as file:
            np.savez(file, **arrays, choices=choices, allow_pickle=True)
        return checkpoint.load(path)[0].choices

    assert load(np.ones((8, 12), np.int32)).sum() == 96
    with pytest.raises(CheckpointError, match=r"'other.nst' is no checkpoint"):
        load(array)


def test_damaged_choices_are_noticed(tmp_path):
    path = tmp_path / "run.nst"
    choices = torch.full((8, 12), 0x12345678, dtype=torch.int32)
    checkpoint.save(path, state(choices=choices), "")
    data = bytearray(path.read_bytes())
    data[data.index(b"\x78\x56\x34\x12") + 10] ^= 1
    path.write_bytes(data)
    with pytest.raises(CheckpointError, match="no checkpoint"):
        checkpoint.load(path)


def test_a_full_disk_leaves_the_last_checkpoint(saved, monkeypatch):
    before = saved.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(errors.ImageError, match="No space left"):
        checkpoint.save(saved, state(), "another")
    assert saved.read_bytes() == before
    assert os.listdir(saved.parent) == ["run.nst"]


def test_every_kind_of_damage_is_told_in_a_sentence(saved, tmp_path):
    whole = saved.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    broken = {
        "empty": b"",
        "cut": whole[: len(whole) // 2],
        "flipped": bytes(flipped),
        "text": b"painted by hand",
    }
    for name, data in broken.items():
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(CheckpointError, match=f"'{name}' is no checkpoint"):
            checkpoint.load(path)


def test_a_file_that_is_not_there_is_told_so(tmp_path):
    with pytest.raises(CheckpointError, match="cannot be read"):
        checkpoint.load(tmp_path / "none.nst")


@pytest.mark.parametrize(
    "arrays",
    [
        {"other": np.zeros(3)},
        {"about": np.frombuffer(b"[]", np.uint8)},
        {"about": np.frombuffer(b'{"format": 99}', np.uint8)},
        {"about": np.frombuffer(b'{"format": 1}', np.uint8), "pixels": np.zeros((2, 2))},
        {"about": np.array([{"format": 1}], dtype=object)},  # a pickle
    ],
)
def test_foreign_archives_are_refused(tmp_path, arrays):
    path = tmp_path / "foreign.npz"
    np.savez(path, allow_pickle=True, **arrays)
    with pytest.raises(CheckpointError, match="no checkpoint"):
        checkpoint.load(path)


def test_an_archive_that_lies_about_its_size_is_refused(saved, tmp_path):
    path = tmp_path / "huge.npz"
    with zipfile.ZipFile(saved) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name == "pixels.npy":
                data = data.replace(b"(1, 3, 32, 48)", b"(1, 3, 32, 49)")
            target.writestr(name, data)
    with pytest.raises(CheckpointError, match="no checkpoint"):
        checkpoint.load(path)


def test_a_checkpoint_of_another_canvas_is_refused(content, style, trunk):
    other = state(losses=(1.0,))
    run = transfer.steps(
        transfer.Canvas(content, [style]), Settings(resolution=96), trunk, resume=other
    )
    with pytest.raises(CheckpointError) as refused:
        next(run)
    assert str(refused.value) == (
        "The checkpoint is of a canvas of another size; give the pictures and settings that it was "
        "made with."
    )


def test_a_run_that_was_over_is_not_gone_on_with(content, style, trunk):
    settings = Settings(resolution=96, iterations=2)
    run = transfer.steps(transfer.Canvas(content, [style]), settings, trunk, resume=state())
    with pytest.raises(UserError, match="was over"):
        next(run)
