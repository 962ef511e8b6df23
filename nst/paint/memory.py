"""What a painting holds in memory, and how it is cut so that there is room for it.

A model, calibrated with measured peaks of processes on the CPU (benchmarks/child.py): everything
that grows with the picture is counted by the pixel, everything that is looked at once by the tile.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from nst import layers
from nst.errors import NoMemoryError
from nst.machine import limits
from nst.paint import neighbours
from nst.settings import Settings
from nst.vgg.stem import CELL
from nst.vgg.tiles import Window, tiles

WHOLE = 2**20  # px, the side of a tile that no picture is larger than
SIDES = (WHOLE, 1024, 512, 256, 128)  # of tiles, px
PROGRAM = 720_000_000  # bytes of a process that has loaded torch and VGG19 and has painted once
# Bytes of transformed weights, which are kept while the canvas is no larger than so many pixels:
# beyond, memory counts more than a fiftieth of the time. Without them a small canvas takes two or
# three times as long, so that they are only given up for good where memory is tight.
WEIGHTS, LARGE = 135_000_000, 400 * 400
SCRATCH = 90_000_000  # bytes that a look takes whatever its size
USABLE = 0.8  # of the memory that is free: other programs want some, too
PICTURE = 12  # bytes a pixel in float32
# Bytes a pixel that the optimiser holds while it steps: Adam two moments, L-BFGS its history.
OPTIMIZERS = {"adam": 2 * PICTURE, "lbfgs": 27 * PICTURE}
# Bytes of the artworks' places to choose from, twice while neighbours are looked for, and for each
# pixel of what is chosen for it and of where faces are.
BANK, CHOICES = 40_000_000, 5.0
DENSITY = 0.36  # of features after a ReLU, how many are not 0
SHALLOW = 3  # the first block whose features are kept for comparison by tiles


@dataclass(frozen=True)
class Workload:
    """What decides how much memory a painting takes, and how long."""

    height: int  # px
    width: int
    settings: Settings
    masks: int = 0
    element_size: int = 4  # bytes of a feature in the network's precision

    @property
    def area(self) -> int:
        """Pixels."""
        return self.height * self.width


def parts(load: Workload, side: int) -> dict[str, int]:
    """Bytes by what they are for, if the canvas is cut into tiles of at most `side` px.

    All that a painting adds to a process that is ready and has its photo as a float32 tensor.
    """
    settings, area = load.settings, load.area
    found = {
        "pixels": PICTURE * area,
        "gradient": PICTURE * area,
        "optimiser": OPTIMIZERS[settings.optimizer] * area,
    }
    if load.masks:
        found["masks"] = (
            4 * (2 * load.masks + 3) * area
        )  # what is painted, and twice what is shared
    composed, painted = _composing(load, side), _painting(load, side)
    if settings.style_loss == "gram":
        return found | composed
    # From coarse to fine, a large canvas is never composed.
    larger = max(composed, painted, key=lambda part: sum(part.values()))
    return found | (painted if settings.coarse_to_fine else larger)


def _composing(load: Workload, side: int) -> dict[str, int]:
    """The `parts` that comparing with content and Gram matrices adds."""
    settings, area = load.settings, load.area
    wanted = (settings.content_layer, *settings.style_layers)
    windows = _windows(load, side, wanted)
    look = _look([settings.content_layer], settings.style_layers, load.element_size)
    found = {
        "content target": round(_target(load, len(windows) > 1) * area),
        "tile": round(look * _largest(windows)) + SCRATCH,
    }
    if settings.coarse_to_fine:
        found["gradients of reduced copies"] = round(PICTURE * (1 / 4 + 1 / 16) * area)
    return found


def _painting(load: Workload, side: int) -> dict[str, int]:
    """The `parts` that comparing with neighbours adds."""
    compared, deepest = neighbours.COMPARED, neighbours.DEEPEST_BLOCK
    style = [layer for layer in load.settings.style_layers if layers.block(layer) <= deepest]
    windows = _windows(load, side, (*compared, *style))
    look = _look(compared, style, load.element_size, CELL)
    return {
        "neighbours": BANK + round(CHOICES * load.area),
        "tile": round(look * _largest(windows)) + SCRATCH,
    }


def _windows(load: Workload, side: int, wanted: Sequence[str]) -> list[Window]:
    deepest = layers.deepest(wanted)
    return [Window(tile, deepest) for tile in tiles(load.height, load.width, side)]


def _largest(windows: Sequence[Window]) -> int:
    """Pixels of the largest window."""
    return max(math.prod(window.shown(1)) for window in windows)


def _target(load: Workload, cut: bool) -> float:
    """Bytes a pixel of the features that the content is compared with."""
    layer = load.settings.content_layer
    block = layers.block(layer)
    features: float = layers.channels(layer) / 4 ** (block - 1)
    if not cut:
        return features * load.element_size
    return features * (1 / 8 + DENSITY * load.element_size) if block >= SHALLOW else 0.0


def _look(compared: Sequence[str], style: Sequence[str], size: int, cell: int = 1) -> float:
    """Bytes a pixel that a look keeps for the backward pass, and the largest thing in that pass.

    `compared` in place, over cells of `cell` px.
    """
    wanted = {*compared, *style}
    deepest = layers.deepest(wanted)
    stem = layers.block(deepest) > 1 and "conv1_2" not in wanted
    stem = stem and (cell > 1 or "conv1_1" not in compared)
    kept, largest = float(PICTURE), 0.0
    for name in layers.up_to(deepest):
        block = layers.block(name)
        features = layers.channels(name) / 4 ** (block - 1)
        ends = layers.ends_block(name) and name != deepest
        if ends:
            kept += features / 4 * (size + 2)  # and where the pooling's gradient goes
        if cell > 1 and name in compared:
            averaged = min(1.0, (2 ** (block - 1) / cell) ** 2)
            kept += 2 * features * averaged * size  # what was seen, and its gradient
        if stem and block == 1:
            continue
        largest = max(largest, features * size)
        if not ends or name in wanted:
            kept += features * size
    return kept + largest / 2


def total(load: Workload, side: int) -> int:
    """The sum of all `parts`, bytes."""
    return sum(parts(load, side).values())


def keeps_weights(area: int) -> bool:
    """Whether transformed weights are kept while a canvas of so many pixels is painted."""
    return area <= LARGE and not limits.memory_is_tight()


def tile_side(load: Workload, free: int) -> int:
    """The largest of `SIDES` with which the canvas takes no more than what can be used of `free`.

    The smallest if there is none.
    """
    fitting = [side for side in SIDES if total(load, side) <= USABLE * free]
    return next(iter(fitting), SIDES[-1])


def free_memory(device: torch.device) -> int:
    """Bytes that a painting on this device may take."""
    if device.type != "cuda":
        return limits.memory_available()
    free, _ = torch.cuda.mem_get_info(device)
    return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)


def smaller(side: int, height: int, width: int) -> int:
    """The next smaller side of tiles for a canvas of this size.

    Raises `NoMemoryError` if there is none.
    """
    left = [each for each in SIDES if each < min(side, max(height, width))]
    if not left:
        raise too_large(height, width)
    return left[0]


def too_large(height: int, width: int) -> NoMemoryError:
    """The error when memory ran out although the canvas was cut."""
    return NoMemoryError(
        f"There is not enough memory for a canvas of {width} x {height} px, even a piece at a "
        "time; choose a lower resolution or close other programs."
    )
