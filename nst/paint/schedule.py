"""From coarse to fine: which sizes the canvas goes through, for how long, and what that costs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from nst.layers import SHORTEST, suitable_side
from nst.settings import Settings

COARSEST = 64  # px, longer side of the first canvas
GROWTH = 2.0  # the most a side grows from one canvas to the next
# Most numbers below are the best of those that benchmarks/NOTES.md lists.
# Iterations until a canvas has converged. The first begins with a photo; the others have only
# details to add, and the last, which costs most, gets the fewest.
FIRST, LATER, LAST = 40, 40, 9
FIRST_COMPOSED, LAST_COMPOSED = 24, 6  # in place of these where strokes are drawn upon it
# The longer side up to which a picture is composed before strokes are drawn, px. Not a part of the
# resolution: so the picture has the same strokes at each resolution. When the style weight is
# raised, strokes lay out the picture, too: the side is multiplied by a power of the ratio of
# content to style weight, so that at a ratio of a tenth only the first canvas is composed.
COMPOSED = 128
COMPOSED_POWER = 0.3
MOST_STROKES, LAST_STROKES = 36, 9  # iterations of drawing strokes, at most and at the full size
SMALL_EFFORT = 0.5  # the power of the effort that small canvases get where strokes are drawn
# Iterations of a film's next frame on a canvas of half the size and at the full size, and how far
# those at the full size go beside one of a painting: with longer steps colours drift into speckle.
NEXT_COARSE, NEXT, NEXT_PACE = 12, 8, 0.25
# How long Adam remembers gradients and their squares: by default, in compositions that strokes are
# drawn upon, and in strokes. In so few iterations, what was true at first would count to the end.
BETAS, COMPOSED_BETAS, STROKE_BETAS = (0.9, 0.99), (0.7, 0.9), (0.6, 0.4)
# What an iteration costs beside the pixels it works on, counted in pixels, for each picture of the
# pyramid; and a pixel where strokes are drawn beside one of a composition, the last for the narrow
# network and where strokes are only refined. Fitted to runs on two cores.
OVERHEAD = 5000
STROKE_COST, LIGHT_STROKE_COST = 0.6, 0.4


@dataclass(frozen=True)
class Stage:
    """One size of the canvas."""

    height: int
    width: int
    iterations: int  # it takes at most
    brushwork: bool = False  # what is done at this size; else it is composed
    # Whether `VGG19.narrow` looks, which costs compositions, and the full size its fine textures.
    narrow: bool = False
    refining: bool = False  # whether strokes were drawn on a smaller canvas already
    pace: float = 1.0  # times the usual learning rate
    betas: tuple[float, float] = BETAS  # of Adam

    @property
    def scale(self) -> int:
        """The longer side, px."""
        return max(self.height, self.width)

    @property
    def area(self) -> int:
        return self.height * self.width


def plan(settings: Settings, height: int, width: int) -> list[Stage]:
    """The stages of a run whose result is `height` x `width`, both multiples of 16.

    `settings.iterations` are shared out as the scales need them, and a scale takes no more than it
    typically needs to converge, unless `settings.early_stop` is off: then all are used.
    """
    sizes = _sizes(height, width) if settings.coarse_to_fine else [(height, width)]
    if settings.style_loss == "gram":
        stages = [Stage(*size, 0) for size in sizes]
        needed = _needed(sizes, FIRST, LAST)
    else:
        most = COMPOSED * min(1.0, settings.content_to_style) ** COMPOSED_POWER
        composed = [size for size in sizes if max(size) <= max(most, max(sizes[0]))]
        painted = sizes[len(composed) - 1 :]
        full = sizes[-1]
        stages = [Stage(*size, 0, betas=COMPOSED_BETAS) for size in composed]
        stages += [
            Stage(*size, 0, brushwork=True, narrow=size != full, betas=STROKE_BETAS)
            for size in painted
        ]
        if not settings.anneal:
            stages = [replace(stage, betas=BETAS) for stage in stages]
        composing = _needed(composed, FIRST_COMPOSED, LAST_COMPOSED)
        needed = [*composing, *_needed_for_brushwork(painted)]
    counts = [
        max(1, round(_effort(settings, stage) * count))
        for stage, count in zip(stages, needed, strict=True)
    ]
    limit = settings.iterations
    if settings.early_stop and settings.anneal:
        limit = min(limit, sum(counts))
    shares = _shares(limit, counts)
    *kept, last = (
        replace(stage, iterations=share)
        for stage, share in zip(stages, shares, strict=True)
        if share
    )
    return [*kept, replace(last, refining=any(stage.brushwork for stage in kept))]


def plan_next(settings: Settings, height: int, width: int) -> list[Stage]:
    """The stages of a film's frame that starts from the last painting.

    Places that were hidden before get their strokes on a canvas of half the size, and all the rest
    is only touched up.
    """
    last = plan(settings, height, width)[-1]
    stages = [replace(last, iterations=NEXT, pace=NEXT_PACE, betas=BETAS)]
    if settings.coarse_to_fine:
        half = pyramid(height, width)[1:2]
        drawn = last.brushwork
        coarse = (Stage(*size, NEXT_COARSE, drawn, narrow=drawn) for size in half)
        stages = [*coarse, *stages]
    counts = [round(stage.iterations * settings.effort) for stage in stages]
    return [
        replace(stage, iterations=max(1, min(settings.iterations, count)))
        for stage, count in zip(stages, counts, strict=True)
    ]


def _sizes(height: int, width: int) -> list[tuple[int, int]]:
    """Sizes of canvases, each larger by the same factor, at most `GROWTH`, up to the full size."""
    longer, shorter = max(height, width), min(height, width)
    first = max(COARSEST, SHORTEST * longer / shorter)
    count = max(0, math.ceil(math.log(longer / first, GROWTH) - 1e-9)) if longer > first else 0
    sizes = []
    for step in range(count, -1, -1):
        factor = (first / longer) ** (step / count) if count else 1.0
        size = (suitable_side(height * factor), suitable_side(width * factor))
        if step == 0:
            size = (height, width)
        if size not in sizes:
            sizes.append(size)
    return sizes


def _needed(sizes: list[tuple[int, int]], first: int, last: int) -> list[float]:
    """Iterations until each canvas has converged; `first` is for a small first canvas."""
    full = math.prod(sizes[-1])
    later = [min(LATER, last * math.sqrt(full / math.prod(size))) for size in sizes[1:]]
    # Changes spread from position to position, so that a larger first canvas takes longer.
    return [first * math.sqrt(max(1.0, max(sizes[0]) / COARSEST)), *later]


def _effort(settings: Settings, stage: Stage) -> float:
    """What a size's iterations are multiplied by.

    Where strokes are drawn, effort changes a small canvas less than a large one: it costs little,
    and all later canvases are built on it.
    """
    small = settings.style_loss != "gram" and stage.scale <= COMPOSED
    return math.pow(settings.effort, SMALL_EFFORT) if small else settings.effort


def _needed_for_brushwork(sizes: list[tuple[int, int]]) -> list[float]:
    """Iterations until strokes are drawn; a larger canvas only adds fine strokes, so fewer."""
    full = math.prod(sizes[-1])
    return [min(MOST_STROKES, LAST_STROKES * math.sqrt(full / math.prod(size))) for size in sizes]


def _shares(iterations: int, needed: list[int]) -> list[int]:
    """`iterations` in proportion to `needed`, the full size served first, summing up exactly."""
    shares, left, weight = [], iterations, sum(needed)
    for need in reversed(needed):
        share = math.ceil(left * need / weight)
        shares.append(share)
        left, weight = left - share, weight - need
    return shares[::-1]


def pyramid(height: int, width: int) -> list[tuple[int, int]]:
    """The canvas, its half and its quarter, as far as they are not too small for VGG19."""
    sizes = [(height, width)]
    for factor in (2, 4):
        if min(height, width) / factor >= SHORTEST:
            sizes.append((suitable_side(height / factor), suitable_side(width / factor)))
    return sizes


def at_once(height: int, width: int) -> float:
    """What it costs to look at a picture that is not cut, in pixels that take as long."""
    return OVERHEAD + height * width


def canvases(height: int, width: int, settings: Settings) -> list[tuple[int, int]]:
    """The sizes at which a canvas is looked at in each iteration.

    What strokes are drawn upon is small, and its large shapes come from the canvas before it.
    """
    in_pyramid = settings.coarse_to_fine and settings.style_loss == "gram"
    return pyramid(height, width) if in_pyramid else [(height, width)]


def cost(stage: Stage, settings: Settings, look: Callable[[int, int], float] = at_once) -> float:
    """What an iteration takes of a machine's time, in pixels that take as long.

    `look` gives the cost of looking at a picture of a height and width. Every forecast of time,
    before a painting and during it, is made with this function.
    """
    sizes = canvases(stage.height, stage.width, settings)
    looks = float(sum(look(*size) for size in sizes))
    if not stage.brushwork:
        return looks
    if stage.narrow or stage.refining:
        return LIGHT_STROKE_COST * looks
    return STROKE_COST * looks + (1 - STROKE_COST) * OVERHEAD
