"""Painters of the queue for tests: a function that yields what a run would."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from nst.paint.transfer import Progress
from nst.settings import Settings
from nst.studio.preparation import Prepared

Steps = Callable[[Prepared, Settings], Iterator[Progress]]


@dataclass(frozen=True)
class PainterOf:
    """A painter that needs no getting ready; `paint` is the function that it is given."""

    paint: Steps

    def load(self) -> None:
        """There is nothing to load."""

    def measure(self) -> tuple[float, float]:
        """A thousandth of a second for a thousand units of work."""
        return 1000.0, 0.001
