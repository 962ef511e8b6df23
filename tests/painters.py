"""Painters of the queue for tests: a function that yields what a run would."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PIL import Image

from nst.film.cost import FrameCost
from nst.film.live import Shot
from nst.film.order import FilmOrder
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

    def cost_of_film(self, order: FilmOrder, shape: tuple[int, int]) -> FrameCost:
        """A second for each frame."""
        return FrameCost(1.0, 1.0)

    def paint_film(self, order: FilmOrder) -> Iterator[Shot]:
        """White frames."""
        for number in range(order.clip.count):
            yield white_frame(order, number)


def white_frame(order: FilmOrder, number: int) -> Shot:
    """A frame that is finished, painted white; it was ever lighter."""
    size = order.settings.resolution, order.settings.resolution
    frame = Image.new("RGB", size, (number,) * 3)
    return Shot(number + 1.0, frame, Image.new("RGB", size, "white"))
