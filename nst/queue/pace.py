"""How long a painting will take, from how long those before it took."""

from __future__ import annotations

from collections import deque

from nst.paint import schedule
from nst.settings import Settings

# Seconds for a step on a million pixels, as `schedule.cost` counts them, on two cores without
# bfloat16 that also serve the page: what is told until something was measured.
FIRST_GUESS = 5.5
REMEMBERED = 10  # paintings


def work(settings: Settings, size: tuple[int, int]) -> float:
    """What a painting on a canvas of (width, height) costs at most, as `schedule.cost` counts."""
    width, height = size
    stages = schedule.plan(settings, height, width)
    return sum(schedule.cost(stage, settings) * stage.iterations for stage in stages)


class Pace:
    """Seconds a piece of work takes, as seen in the latest paintings.

    Large ones count more: of a small one, much is spent on getting ready. That a scale may end
    early is in the seconds, as all paintings before it could do so too.
    """

    def __init__(self, guess: float = FIRST_GUESS / 1e6) -> None:
        self._guess = guess
        self._seen: deque[tuple[float, float]] = deque(maxlen=REMEMBERED)

    def add(self, work: float, seconds: float) -> None:
        """Note that this much work took so many seconds."""
        self._seen.append((work, seconds))

    def measured(self, work: float, seconds: float) -> None:
        """Note a short measurement, which counts until a painting has ended."""
        self._guess = seconds / work

    @property
    def guesses(self) -> bool:
        """Whether no painting has been seen, so that `seconds` is hardly more than a guess."""
        return not self._seen

    def seconds(self, work: float) -> float:
        """How long this much work will take."""
        done = sum(each for each, _ in self._seen)
        if not done:
            return work * self._guess
        return work * sum(seconds for _, seconds in self._seen) / done
