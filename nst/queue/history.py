"""The numbers of a run, thinned out while it goes on so that they stay few."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nst.studio.thinned import Thinned

if TYPE_CHECKING:
    from nst.paint.transfer import Progress

HISTORY = 400  # losses kept for the chart


@dataclass(frozen=True)
class Standing:
    """The numbers of an iteration: those of `transfer.Progress`, without its pictures."""

    iteration: int
    total: int
    scale: int
    scales: tuple[int, ...]
    total_loss: float
    content_loss: float
    style_loss: float
    seconds: float
    seconds_left: float
    fraction: float

    @classmethod
    def of(cls, progress: Progress) -> Standing:
        """The numbers of `progress`."""
        return cls(**{name: getattr(progress, name) for name in cls.__dataclass_fields__})


class History:
    """Standings for the chart: at most `limit`, spread evenly over the run, and the last."""

    def __init__(self, limit: int = HISTORY) -> None:
        self._points: Thinned[Standing] = Thinned(limit)
        self._last: Standing | None = None

    def add(self, standing: Standing) -> None:
        """Take in the next iteration."""
        self._points.add(standing)
        self._last = standing

    def points(self) -> tuple[Standing, ...]:
        """What is kept, oldest first."""
        points = self._points.kept()
        last = () if self._last in points[-1:] or self._last is None else (self._last,)
        return (*points, *last)
