"""From coarse to fine: which sizes the canvas goes through, and when it leaves each of them."""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from nst.errors import UserError
from nst.layers import SHORTEST, suitable_side
from nst.settings import Settings

COARSEST = 64  # px, longer side of the first canvas
GROWTH = 2.0  # the most a side grows from one canvas to the next
# Most numbers below are the best of those that benchmarks/NOTES.md lists.
# Iterations until a canvas has converged. The first begins with a photo; the others have only
# details to add, and the last, which costs most, gets the fewest.
FIRST, LATER, LAST = 40, 40, 9
FIRST_COMPOSED = 24  # in place of the first, where strokes are drawn upon it
# The longer side up to which a picture is composed before strokes are drawn, px. Not a part of the
# resolution: so the picture has the same strokes at each resolution. When the style weight is
# raised, strokes lay out the picture, too: the side is multiplied by a power of the ratio of
# content to style weight, so that at a ratio of a tenth only the first canvas is composed.
COMPOSED = 128
COMPOSED_POWER = 0.3
MOST_STROKES, LAST_STROKES = 50, 12  # iterations of drawing strokes, at most and at the full size
SMALL_EFFORT = 0.5  # the power of the effort that small canvases get where strokes are drawn
# Iterations of a film's next frame on a canvas of half the size and at the full size, and how far
# those at the full size go beside one of a painting: with longer steps colours drift into speckle.
NEXT_COARSE, NEXT, NEXT_PACE = 12, 8, 0.25
WARM_UP = 5  # iterations in which Adam's moments settle before it takes full steps
WINDOW = 6  # iterations over which improvement is measured
STALLED = 0.001  # a scale ends when an iteration improves the loss by less than this part
STROKE_RATE = 2.5  # times the learning rate, at the beginning of a scale of brushwork
FINAL_RATE = 0.05  # of the first learning rate, at the end of a scale
# What an iteration costs beside the pixels it works on, counted in pixels, for each picture of the
# pyramid; and what it costs to begin a scale, in iterations at that scale: looking at the photo and
# at each style. Fitted to runs of one and two styles on two cores.
OVERHEAD = 5000
BEGIN, BEGIN_STYLE = 0.1, 0.5
# The same where strokes are drawn: a pixel beside one of a composition, and what it costs to begin,
# with the neighbours to be chosen. The last is for the narrow network, and where strokes are only
# refined.
STROKE_COST, BEGIN_STROKES, LIGHT_STROKE_COST = 0.6, 2.5, 0.4
RECENT = 12  # iterations that tell a run's pace


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
        needed = _needed(sizes, FIRST)
    else:
        most = COMPOSED * min(1.0, settings.content_to_style) ** COMPOSED_POWER
        composed = [size for size in sizes if max(size) <= max(most, max(sizes[0]))]
        painted = sizes[len(composed) - 1 :]
        full = sizes[-1]
        stages = [Stage(*size, 0) for size in composed]
        stages += [Stage(*size, 0, brushwork=True, narrow=size != full) for size in painted]
        needed = [*_needed(composed, FIRST_COMPOSED), *_needed_for_brushwork(painted)]
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
    stages = [replace(last, iterations=NEXT, pace=NEXT_PACE)]
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


def _needed(sizes: list[tuple[int, int]], first: int) -> list[float]:
    """Iterations until each canvas has converged; the first takes `first` if it is small."""
    full = math.prod(sizes[-1])
    later = [min(LATER, LAST * math.sqrt(full / math.prod(size))) for size in sizes[1:]]
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


def canvases(stage: Stage, settings: Settings) -> list[tuple[int, int]]:
    """The sizes at which a canvas is looked at in each iteration."""
    size = (stage.height, stage.width)
    return pyramid(*size) if settings.coarse_to_fine and not stage.brushwork else [size]


def cost(stage: Stage, settings: Settings, look: Callable[[int, int], float] = at_once) -> float:
    """What an iteration takes of a machine's time, in pixels that take as long.

    `look` gives the cost of looking at a picture of a height and width. Every forecast of time,
    before a painting and during it, is made with this function.
    """
    looks = float(sum(look(*size) for size in canvases(stage, settings)))
    if not stage.brushwork:
        return looks
    if stage.narrow or stage.refining:
        return LIGHT_STROKE_COST * looks
    return STROKE_COST * looks + (1 - STROKE_COST) * OVERHEAD


class Forecast:
    """Tells from the iterations that are done how long the rest takes.

    The pace is the mean of the latest iterations, as many of them are slow: a browser draws the
    previews on the same processor. The slowest is left out, so that a moment's interruption does
    not count. The first iteration is not counted: it also computes what is needed only once.
    """

    def __init__(self) -> None:
        self._before: tuple[float, float] | None = None
        self._recent: deque[tuple[float, float]] = deque(maxlen=RECENT)  # pace and work

    def seconds_left(self, seconds: float, spent: float, fraction: float) -> float:
        """How long the rest takes after `seconds`; to be asked after every iteration.

        `spent` is the work that was done in them and `fraction` where the run stands, both 0..1 of
        all work: a scale that ends early takes the run on without work.
        """
        if self._before is not None:
            work = spent - self._before[1]
            self._recent.append(((seconds - self._before[0]) / work, work))
        self._before = (seconds, spent)
        pace = self._mean() if self._recent else seconds / spent
        return pace * (1 - fraction)

    def _mean(self) -> float:
        """The mean pace of the recent work, without the slowest iteration if there are others."""
        kept = sorted(self._recent)[: max(1, len(self._recent) - 1)]
        return sum(pace * work for pace, work in kept) / sum(work for _, work in kept)


class Clock:
    """Counts the iterations of a run, says how large the next step is and when a scale is over."""

    def __init__(self, stages: list[Stage], settings: Settings, styles: int = 1) -> None:
        self._stages, self._settings = stages, settings
        costs = [cost(stage, settings) for stage in stages]
        # Of each scale, what it takes to begin it, and what an iteration takes.
        self._costs = [
            ((BEGIN_STROKES * stage.brushwork + BEGIN + styles * BEGIN_STYLE) * each, each)
            for stage, each in zip(stages, costs, strict=True)
        ]
        # What is behind when a scale begins, and at the end of the last.
        work = [
            begin + each * stage.iterations
            for (begin, each), stage in zip(self._costs, stages, strict=True)
        ]
        self._behind = list(itertools.accumulate(work, initial=0.0))
        self._spent = 0.0
        self.total = sum(stage.iterations for stage in stages)
        self.iteration = 0
        self._stage_index = 0
        self._begin_stage()

    def _begin_stage(self) -> None:
        self._done = 0  # iterations at this scale
        self._losses: deque[float] = deque(maxlen=WINDOW + 1)

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next iteration.

        Annealed, it falls along a cosine from twice the setting to almost nothing, so that the
        setting is its mean and annealing changes how steps are spread, not how far they reach.
        """
        rate = self._settings.learning_rate * self._stages[self._stage_index].pace
        if not self._settings.anneal or self._settings.optimizer == "lbfgs":
            return rate
        way = self._done / self._stages[self._stage_index].iterations
        course = FINAL_RATE + (1 - FINAL_RATE) * (1 + math.cos(math.pi * way)) / 2
        if self._stages[self._stage_index].brushwork:
            return STROKE_RATE * rate * course
        return 2 * rate * course * min(1.0, (self._done + 1) / WARM_UP)

    @property
    def stage_over(self) -> bool:
        """Whether the iteration just counted was the last at this scale."""
        if self._done >= self._stages[self._stage_index].iterations:
            return True
        return self._settings.early_stop and self._stalled()

    @property
    def preview_due(self) -> bool:
        """Whether the iteration just counted should show its picture."""
        regular = self.iteration % self._settings.refresh_every == 0
        # The first canvas is shown ever less often, so that it is seen to come alive.
        first_of_many = self._stage_index == 0 < len(self._stages) - 1
        early = self.iteration == 1 or (first_of_many and self.iteration.bit_count() == 1)
        return regular or early or self.stage_over

    def tick(self, loss: float) -> None:
        """Count an iteration that had this total loss."""
        begin, each = self._costs[self._stage_index]
        self._spent += each if self._done else begin + each
        self.iteration += 1
        self._done += 1
        self._losses.append(loss)

    def _stalled(self) -> bool:
        """Whether the best loss has not become better lately."""
        if len(self._losses) <= WINDOW:
            return False
        before, *since = self._losses
        return before - min(since) < STALLED * WINDOW * abs(before)

    def replay(self, losses: Sequence[float]) -> int:
        """Count the iterations of an earlier run by its losses; returns the number of its stage."""
        for loss in losses:
            if self.stage_over:
                if self._stage_index + 1 == len(self._stages):
                    raise UserError("The run was over before; there is nothing to go on with.")
                self.next_stage()
            self.tick(loss)
        return self._stage_index

    def next_stage(self) -> None:
        """Go on to the next scale."""
        self._stage_index += 1
        self._begin_stage()

    @property
    def fraction(self) -> float:
        """The part of the run that is behind, 0..1, by the time that it takes."""
        if self.stage_over:
            behind = self._behind[self._stage_index + 1]
        elif self._done:
            begin, each = self._costs[self._stage_index]
            behind = self._behind[self._stage_index] + begin + each * self._done
        else:
            behind = self._behind[self._stage_index]
        return behind / self._behind[-1]

    @property
    def spent(self) -> float:
        """The part of the run's work that was done, 0..1: no more than `fraction`.

        Less where scales ended early.
        """
        return self._spent / self._behind[-1]
