"""A run's clock: how large the next step is, when a size is over, and how long the rest takes."""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Sequence

from nst.errors import UserError
from nst.paint.schedule import Stage, cost
from nst.settings import Settings

WARM_UP = 5  # iterations in which Adam's moments settle before it takes full steps
WINDOW = 6  # iterations over which improvement is measured
STALLED = 0.001  # a scale ends when an iteration improves the loss by less than this part
STROKE_RATE = 2.5  # times the learning rate, at the beginning of a scale of brushwork
FINAL_RATE = 0.05  # of the first learning rate, at the end of a scale
# What it costs to begin a scale, in iterations at that scale: looking at the photo, at each style,
# and where strokes are drawn choosing the neighbours. Fitted to runs of one and two styles.
BEGIN, BEGIN_STYLE, BEGIN_STROKES = 0.1, 0.5, 2.5
RECENT = 12  # iterations that tell a run's pace


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
