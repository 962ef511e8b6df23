"""What a painting will take, in memory and in time, before anything is painted.

Memory follows from the model in `memory`. Time is a short measurement of this machine, of the
network and of the choice of neighbours, times the pixels that the run will look at, as
`schedule.cost` counts them, and those that it will choose neighbours for.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch

from nst.errors import TooLargeError
from nst.layers import BLOCKS, block, channels, deepest, suitable_side
from nst.paint import memory, neighbours
from nst.paint.bank import PLACES
from nst.paint.schedule import OVERHEAD, STROKE_COST, Stage, canvases, cost, plan
from nst.settings import CONTROLS, Settings
from nst.vgg.network import VGG19
from nst.vgg.stem import CELL
from nst.vgg.tiles import Window, tiles
from nst.vgg.wanted import Wanted
from nst.vgg.workspace import Workspace

MEASURED = 256  # px, the side of the picture that is looked at to measure the machine
ROUNDS = 4
# How much longer a pixel takes on canvases beyond `memory.LARGE`, where memory is spared: weights
# are transformed for every look, and memory is given back and asked for anew. Fitted to canvases of
# 768 to 2560 px.
SPARED = 1.15
# The shares of a look's time: of the forward pass, and of each block. Those of the blocks are about
# the shares of their multiplications (0.11, 0.15, 0.36, 0.36, 0.03).
FORTH = 0.5
SHARES = {1: 0.11, 2: 0.16, 3: 0.36, 4: 0.34, 5: 0.03}
PICTURES = 3 + 4  # bytes a pixel: the photo as the painting holds it, and as a picture


class Rates(NamedTuple):
    """How fast a machine is, in seconds a pixel, and what a process does once, in seconds."""

    look: float  # the network there and back
    match: float  # a neighbour is chosen
    narrowing: float = 0.0  # the narrow network is made


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
    # Only weights of float32 are transformed.
    transformed = memory.keeps_weights(load.area) and load.element_size == 4
    program = memory.PROGRAM + (memory.WEIGHTS if transformed else 0)
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
    control = CONTROLS["resolution"]
    smallest, step = int(control.minimum or 1), int(control.step or 1)
    for side in range(longer // step * step, smallest - 1, -step):
        height, width = (
            suitable_side(length * side / longer) for length in (load.height, load.width)
        )
        reduced = replace(load, height=height, width=width)
        if side < longer and memory.total(reduced, memory.SIDES[-1]) <= free:
            return f"choose a resolution of at most {side} px."
    return "close other programs, or use a computer with more memory."


def measure(vgg: VGG19, settings: Settings) -> Rates:
    """How fast this machine is with these layers; takes about a second.

    Each picture that is looked at costs as much as `OVERHEAD` pixels more.
    """
    picture = torch.rand(1, 3, MEASURED, MEASURED, generator=torch.Generator().manual_seed(0))
    wanted = Wanted([settings.content_layer], settings.style_layers, settings.pooling)
    workspace = Workspace(
        BLOCKS if memory.keeps_weights(MEASURED**2) else 0,
        may_round=settings.style_loss == "neighbours",
    )
    length = sum(channels(layer) for layer in neighbours.COMPARED)
    bank = torch.rand(PLACES, length, device=vgg.device)

    def look() -> None:
        pixels = vgg.normalize(picture).requires_grad_()
        seen = vgg.look(pixels, wanted, workspace=workspace)
        outputs = [*seen.features.values(), *seen.grams.values()]
        # Of one number: given gradients for several, torch would import sympy, which takes 60 MB.
        loss = torch.stack([output.square().sum() for output in outputs]).sum()
        torch.autograd.grad(loss, pixels)[0][0, 0, 0, 0].item()  # waits for the device

    def match() -> None:
        places = bank[: neighbours.PIECE]
        matcher = neighbours.Matcher(bank, places, precision=vgg.precision)
        matcher.nearest(places)[0].item()

    matched = neighbours.PIECE * CELL**2
    began = time.perf_counter()
    vgg.narrow.normalize(picture)  # made when it is asked for first
    narrowing = time.perf_counter() - began
    return Rates(_seconds(look) / (MEASURED**2 + OVERHEAD), _seconds(match) / matched, narrowing)


def _seconds(work: Callable[[], None]) -> float:
    """Median seconds of `work`, and not the least: a painting meets slow moments, too."""
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return statistics.median(took[1:])  # the first gets ready what the others reuse


def estimate(
    load: memory.Workload,
    styles: int,
    tile: int | None,
    free: int,
    rates: Rates,
    stages: Sequence[Stage] = (),
) -> Estimate:
    """What a canvas in so many styles takes, with so many bytes free.

    `tile` is as in `transfer.steps`, `rates` as from `measure`. The stages are those of a painting
    unless others are given.
    """
    stages = stages or plan(load.settings, load.height, load.width)
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
        pixels * rates.look
        + _matched(stages) * rates.match
        + any(stage.narrow for stage in stages) * rates.narrowing,
    )


def _shown(stage: Stage, settings: Settings, styles: int, side: int) -> float:
    """Pixels that take as long to be looked at, forward and backward, as all of a scale."""
    last = deepest((settings.content_layer, *settings.style_layers))
    if stage.brushwork:
        last = neighbours.COMPARED[-1]

    def cut(height: int, width: int) -> list[float]:
        """What each window of a picture costs."""
        return [_area(Window(tile, last)) + OVERHEAD for tile in tiles(height, width, side)]

    def look(height: int, width: int) -> float:
        """Tiles are looked at once more, for the Gram matrices of them all."""
        windows = cut(height, width)
        return sum(windows) * (1 + FORTH if len(windows) > 1 else 1.0)

    if stage.brushwork:
        windows = cut(stage.height, stage.width)
        # Twice for each style, once for its Gram matrices, and in tiles twice for the canvas.
        begin = FORTH * STROKE_COST * sum(windows) * (2 * styles + (2 if len(windows) > 1 else 1))
    else:
        sizes = canvases(stage.height, stage.width, settings)
        begin = FORTH * sum(styles * sum(cut(*size)) for size in sizes)
        begin += FORTH * sum(cut(*sizes[0]))  # the photo
    slower = SPARED if stage.area > memory.LARGE else 1.0
    return slower * (begin + cost(stage, settings, look) * stage.iterations)


def _matched(stages: Sequence[Stage]) -> int:
    """Pixels of all canvases that neighbours are chosen for."""
    return sum(stage.area for stage in stages if stage.brushwork)


def _area(window: Window) -> float:
    """Pixels of a window, those of each block by what the block costs."""
    blocks = range(1, block(window.deepest) + 1)
    costs = sum(SHARES[number] for number in blocks)
    total = 0.0
    for number in blocks:
        total += SHARES[number] / costs * math.prod(window.shown(number)) * 4 ** (number - 1)
    return total
