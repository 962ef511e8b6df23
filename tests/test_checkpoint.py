"""Going on from a file must end in the picture of a run that was never interrupted."""

from __future__ import annotations

import dataclasses
import os
import zipfile

import numpy as np
import pytest
import torch

from nst import checkpoint, images, transfer
from nst.checkpoint import CheckpointError, State
from nst.optimizers import OptimizerState
from nst.settings import Settings, UserError


def state(**changes):
    generator = torch.Generator().manual_seed(0)
    pixels, first, second = torch.rand(3, 1, 3, 32, 48, generator=generator)
    optimizer = OptimizerState({"first": first, "second": second}, {"count": 3.0})
    return dataclasses.replace(State((3.25, 2.1, 1 / 3), 12.5, 512, pixels, optimizer), **changes)


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


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_a_resumed_run_ends_in_the_same_picture(content, style, trunk, tmp_path, optimizer):
    settings = Settings(
        resolution=96,
        optimizer=optimizer,
        iterations=8,
        early_stop=False,
        content_layer="conv2_2",
        style_layers=("conv1_1", "conv2_1"),
    )
    through = list(transfer.steps(content, [style], settings, trunk))
    last_of_first_scale = max(p.iteration for p in through if p.scale == 64)
    for stop in (last_of_first_scale, last_of_first_scale + 1):
        path = tmp_path / "run.nst"
        run = transfer.steps(content, [style], settings, trunk)
        for progress in run:
            if progress.iteration == stop:
                checkpoint.save(path, progress.state(), "")
                break
        run.close()
        found, _ = checkpoint.load(path)
        pixels = found.pixels.clone()
        rest = list(transfer.steps(content, [style], settings, trunk, resume=found))
        assert [p.iteration for p in rest] == list(range(stop + 1, len(through) + 1))
        assert [p.total_loss for p in rest] == [p.total_loss for p in through[stop:]]
        assert torch.equal(rest[-1].image, through[-1].image)
        assert rest[0].seconds > progress.seconds
        assert torch.equal(found.pixels, pixels)  # which may be gone on from again


def test_a_full_disk_leaves_the_last_checkpoint(saved, monkeypatch):
    before = saved.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(images.ImageError, match="No space left"):
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
    run = transfer.steps(content, [style], Settings(resolution=96), trunk, resume=other)
    with pytest.raises(CheckpointError) as refused:
        next(run)
    assert str(refused.value) == (
        "The checkpoint is of a canvas of another size; give the pictures and settings that it was "
        "made with."
    )


def test_a_run_that_was_over_is_not_gone_on_with(content, style, trunk):
    settings = Settings(resolution=96, iterations=2)
    run = transfer.steps(content, [style], settings, trunk, resume=state())
    with pytest.raises(UserError, match="was over"):
        next(run)
