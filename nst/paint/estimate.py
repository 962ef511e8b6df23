"""What a painting will take, in memory and in time, before anything is painted.

Memory is that of `memory`'s model. Time is that of a short measurement of the trunk on this
machine, times the pixels that the run will show it.
"""

from __future__ import annotations

import math
import statistics
import time
from dataclasses import dataclass, replace

import torch

from nst.errors import TooLargeError
from nst.layers import BLOCKS, block, deepest, suitable_side
from nst.paint import memory, neighbours
from nst.paint.schedule import OVERHEAD, STROKE_COST, Stage, plan, pyramid
from nst.settings import CONTROLS, Settings
from nst.vgg.network import VGG19
from nst.vgg.tiles import Window, tiles
from nst.vgg.wanted import Wanted
from nst.vgg.workspace import Workspace

MEASURED = 256  # px, the side of the picture that is looked at to measure the machine
ROUNDS = 5
# What a pixel takes longer where memory is spared, beyond `memory.LARGE`: weights are transformed
# for every look, blocks are given back and asked for anew. Fitted to canvases of 768 to 2560 px.
SPARED = 1.15
# Of the time of a look there and back: the way there, and the parts of the blocks.
FORTH = 0.5
SHARES = {1: 0.11, 2: 0.16, 3: 0.36, 4: 0.34, 5: 0.03}
MATCHING = 0.35  # what a pixel costs when neighbours are chosen, beside looking at it
PICTURES = 3 + 4  # bytes a pixel: the photo as the painting holds it, and as a picture
STEP = 64  # px, between the sizes that are tried


@dataclass(frozen=True)
class Estimate:
    """What a painting takes at most."""

    height: int  # px, of the last canvas
    width: int
    scales: tuple[int, ...]  # px, the longer side of each canvas
    iterations: int
    tile: int  # px, the longest side of its pieces; `memory.WHOLE` for one
    memory: int  # bytes that the process has at its peak
    seconds: float

    @property
    def pieces(self) -> int:
        """Into how many the last canvas is cut."""
        return len(tiles(self.height, self.width, self.tile))


def peak(load: memory.Workload, side: int) -> int:
    """Bytes of a process of its own that paints the canvas in tiles of this side."""
    program = memory.PROGRAM + (memory.WEIGHTS if load.area <= memory.LARGE else 0)
    return program + memory.total(load, side) + PICTURES * load.area


def check(load: memory.Workload, free: int) -> None:
    """Raises `TooLargeError` for a canvas that does not fit into so many bytes.

    Its message names the largest resolution that would.
    """
    least = memory.SIDES[-1]
    if memory.total(load, least) <= free:
        return
    needed = memory.total(load, least) / 1e9
    raise TooLargeError(
        f"A canvas of {load.width} x {load.height} px needs {needed:.1f} GB of memory even in "
        f"small pieces, and {free / 1e9:.1f} GB are free; {_advice(load, free)}"
    )


def _advice(load: memory.Workload, free: int) -> str:
    longer = max(load.height, load.width)
    smallest = int(CONTROLS["resolution"].minimum or STEP)
    for side in range(longer // STEP * STEP, smallest - 1, -STEP):
        height, width = (
            suitable_side(length * side / longer) for length in (load.height, load.width)
        )
        reduced = replace(load, height=height, width=width)
        if side < longer and memory.total(reduced, memory.SIDES[-1]) <= free:
            return f"choose a resolution of at most {side} px."
    return "close other programs, or use a computer with more memory."


def measure(vgg: VGG19, settings: Settings) -> float:
    """Seconds that a pixel takes to be looked at, there and back, with these layers.

    Each picture costs as much as `OVERHEAD` pixels more.
    """
    picture = torch.rand(1, 3, MEASURED, MEASURED, generator=torch.Generator().manual_seed(0))
    wanted = Wanted([settings.content_layer], settings.style_layers, settings.pooling)
    workspace, took = Workspace(BLOCKS), []
    for _ in range(ROUNDS):
        pixels = vgg.normalize(picture).requires_grad_()
        began = time.perf_counter()
        seen = vgg.look(pixels, wanted, workspace=workspace)
        outputs = [*seen.features.values(), *seen.grams.values()]
        gradient = torch.autograd.grad(outputs, pixels, [torch.ones_like(x) for x in outputs])[0]
        gradient[0, 0, 0, 0].item()  # waits for the device
        took.append(time.perf_counter() - began)
    # Not the fastest: a painting meets the machine's slow moments, too. The first gets ready what
    # the others reuse.
    return statistics.median(took[1:]) / (MEASURED**2 + OVERHEAD)


def estimate(
    load: memory.Workload, styles: int, tile: int | None, free: int, pace: float
) -> Estimate:
    """What a canvas in so many styles takes, with so many bytes free.

    `tile` is as in `transfer.steps`, `pace` as from `measure`.
    """
    stages = plan(load.settings, load.height, load.width)
    sides = [
        tile or memory.tile_side(replace(load, height=stage.height, width=stage.width), free)
        for stage in stages
    ]
    pixels = sum(
        _shown(stage, load.settings, styles, side)
        for stage, side in zip(stages, sides, strict=True)
    )
    side = sides[-1]
    return Estimate(
        load.height,
        load.width,
        tuple(dict.fromkeys(stage.scale for stage in stages)),
        sum(stage.iterations for stage in stages),
        side,
        max(
            peak(replace(load, height=stage.height, width=stage.width), side)
            for stage, side in zip(stages, sides, strict=True)
        ),
        pixels * pace,
    )


def _shown(stage: Stage, settings: Settings, styles: int, side: int) -> float:
    """Pixels that take as long as what the trunk looks at, there and back, at a scale."""
    slower = SPARED if stage.area > memory.LARGE else 1.0
    if stage.brushwork:
        return slower * _shown_to_paint(stage, styles, side)
    sizes = [(stage.height, stage.width)]
    if settings.coarse_to_fine:
        sizes = pyramid(stage.height, stage.width)
    last = deepest((settings.content_layer, *settings.style_layers))
    step, begin = 0.0, 0.0
    for number, (height, width) in enumerate(sizes):
        windows = [Window(tile, last) for tile in tiles(height, width, side)]
        area = sum(_area(window) + OVERHEAD for window in windows)
        twice = FORTH if len(windows) > 1 else 0.0
        step += area * (1 + twice)
        begin += FORTH * area * (styles + (number == 0))
    return slower * (begin + step * stage.iterations)


def _shown_to_paint(stage: Stage, styles: int, side: int) -> float:
    """As `_shown`, of a scale at which strokes are drawn."""
    cut = tiles(stage.height, stage.width, side)
    seen = sum(_area(Window(tile, neighbours.LAYERS[-1])) + OVERHEAD for tile in cut)
    # Twice for each style, once for its Gram matrices, and in tiles twice for what is painted.
    begin = FORTH * STROKE_COST * seen * (2 * styles + (2 if len(cut) > 1 else 1))
    begin += MATCHING * stage.area
    step = STROKE_COST * seen * (1 + (FORTH if len(cut) > 1 else 0.0))
    return begin + step * stage.iterations


def _area(window: Window) -> float:
    """Pixels of a window, those of each block by what the block costs."""
    blocks = range(1, block(window.deepest) + 1)
    costs = sum(SHARES[number] for number in blocks)
    total = 0.0
    for number in blocks:
        total += SHARES[number] / costs * math.prod(window.shown(number)) * 4 ** (number - 1)
    return total
