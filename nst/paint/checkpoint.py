"""Where a run stands, as a file: it goes on from there after a crash or a power cut.

The file is a NumPy archive of plain arrays and one text in JSON. It is read as data only: nothing
in it is run, and nothing that it names is opened.
"""

from __future__ import annotations

import json
import math
import os
import zipfile
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from nst.errors import UserError
from nst.paint.optimizers import OptimizerState
from nst.pictures import writing

FORMAT = 1  # of the file; others are refused
ABOUT, PIXELS, CHOICES = "about", "pixels", "choices"  # names of arrays
LONGEST_TEXT = 16 * 1024**2  # bytes of the text


class CheckpointError(UserError):
    """A checkpoint cannot be read, or is not one of this painting."""


@dataclass(frozen=True)
class RunState:
    """A run between two iterations."""

    losses: tuple[float, ...]  # the total of every iteration so far
    seconds: float  # that they took
    tile: int  # px, the longest side of the tiles
    pixels: torch.Tensor  # (1, 3, H, W) in the network's units, at the size of the canvas
    optimizer: OptimizerState
    choices: torch.Tensor | None = None  # of an objective, int32 (h, w); see `objective.Objective`


def save(path: str | os.PathLike[str], state: RunState, recipe: str) -> None:
    """Put the state in a file, wholly or not at all, with what the run was made of.

    `recipe` is a text by which it is known again. Raises `errors.ImageError` when the folder cannot
    be written or the disk is full; what was there before is still there then.
    """
    about = {
        "format": FORMAT,
        "recipe": recipe,
        "losses": state.losses,
        "seconds": state.seconds,
        "tile": state.tile,
        "optimizer": state.optimizer.numbers,
    }
    tensors = {PIXELS: state.pixels}
    tensors |= {f"optimizer_{name}": tensor for name, tensor in state.optimizer.tensors.items()}
    if state.choices is not None:
        tensors[CHOICES] = state.choices
    arrays = {name: tensor.cpu().numpy() for name, tensor in tensors.items()}
    arrays[ABOUT] = np.frombuffer(json.dumps(about).encode(), np.uint8)
    with writing.replacing(path, lasting=True) as file:
        np.savez(file, allow_pickle=False, **arrays)


def load(path: str | os.PathLike[str]) -> tuple[RunState, str]:
    """The state in a file and the recipe that was saved with it.

    Raises `CheckpointError` for a file that is not there, cut off, damaged, or none of `save`'s.
    """
    shown = os.path.basename(os.fspath(path))
    try:
        with zipfile.ZipFile(path) as archive:
            about = _about(archive)
            tensors = _tensors(archive)
            state = _state(about, tensors)
            return state, str(about["recipe"])
    except OSError as error:
        raise CheckpointError(
            f"The checkpoint {shown!r} cannot be read ({error.strerror or error}); check its path."
        ) from error
    # Whatever is wrong in a foreign or a damaged file: structure, checksums, names, types, sizes;
    # zipfile, NumPy and json raise nearly everything over it.
    except Exception as error:
        raise CheckpointError(
            f"{shown!r} is no checkpoint of this program, or it is damaged; start anew without it."
        ) from error


def _about(archive: zipfile.ZipFile) -> dict[str, Any]:
    if archive.getinfo(f"{ABOUT}.npy").file_size > LONGEST_TEXT:
        raise ValueError("too long")
    about = json.loads(_array(archive, ABOUT).tobytes())
    if not isinstance(about, dict) or about["format"] != FORMAT:
        raise ValueError("another format")
    return about


def _tensors(archive: zipfile.ZipFile) -> dict[str, torch.Tensor]:
    """The pictures in the archive, all of one size, and the choices where there are any."""
    found: dict[str, torch.Tensor] = {}
    for member in archive.namelist():
        name = member.removesuffix(".npy")
        if name == ABOUT:
            continue
        array = _array(archive, name)
        if name == CHOICES:
            if array.dtype != np.int32 or array.ndim != 2:
                raise ValueError(f"{name} are no numbers of neighbours")
            found[name] = torch.from_numpy(array)
            continue
        if array.dtype != np.float32 or array.ndim != 4 or array.shape[:2] != (1, 3):
            raise ValueError(f"{name} is no picture")
        found[name] = torch.from_numpy(array)
    if len({tensor.shape for name, tensor in found.items() if name != CHOICES}) > 1:
        raise ValueError("pictures of different sizes")
    return found


def _array(archive: zipfile.ZipFile, name: str) -> np.ndarray[Any, Any]:
    """One array, read to its end, where its checksum is compared."""
    info = archive.getinfo(f"{name}.npy")
    if info.compress_type != zipfile.ZIP_STORED:  # `save` compresses nothing; a bomb does
        raise ValueError(f"{name} is compressed")
    with archive.open(info) as file:
        array: np.ndarray[Any, Any] = np.lib.format.read_array(file, allow_pickle=False)
        if file.read(1):
            raise ValueError(f"{name} is longer than it says")
    return array


def _state(about: dict[str, Any], tensors: dict[str, torch.Tensor]) -> RunState:
    prefix = "optimizer_"
    pixels, choices = tensors.pop(PIXELS), tensors.pop(CHOICES, None)
    seconds, tile = _number(about["seconds"]), about["tile"]
    if seconds < 0 or not isinstance(tile, int) or tile < 1:
        raise ValueError("no time or no side of a tile")
    return RunState(
        tuple(map(_number, about["losses"])),
        seconds,
        tile,
        pixels,
        OptimizerState(
            {name.removeprefix(prefix): tensor for name, tensor in tensors.items()},
            {
                name: list(map(_number, value)) if isinstance(value, list) else _number(value)
                for name, value in about["optimizer"].items()
            },
        ),
        choices,
    )


def _number(value: Any) -> float:
    """A finite one; raises ValueError or TypeError for anything else."""
    if isinstance(value, bool) or not math.isfinite(value):
        raise ValueError(f"{value} is no number")
    return float(value)
