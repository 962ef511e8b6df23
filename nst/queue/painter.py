"""Who paints for the page's worker: what any painter can do, and the one that paints with VGG19."""

from __future__ import annotations

import contextlib
import gc
import threading
from collections.abc import Generator
from typing import TYPE_CHECKING, Protocol

from nst.machine import limits, malloc
from nst.queue.pace import FIRST_GUESS
from nst.settings import Settings
from nst.studio import engine
from nst.studio.preparation import Prepared

# torch is imported by the first painting: the page's first paint must not wait for it.
if TYPE_CHECKING:
    from nst.film.cost import FrameCost
    from nst.film.live import Shot
    from nst.film.order import FilmOrder
    from nst.paint.estimate import Rates
    from nst.paint.transfer import Progress
    from nst.vgg.network import VGG19

# Seconds a pixel, as `estimate.Rates` has them, until they can be measured: on two cores.
USUAL_RATES = FIRST_GUESS / 1e6, 2.4e-5


class Painter(engine.Painter, Protocol):
    """What the queue needs of whoever paints."""

    def load(self) -> object:
        """Get ready; raises `UserError` if that is impossible. May be called more than once."""

    def measure(self) -> tuple[float, float]:
        """A short piece of work, as `schedule.cost` counts, and the seconds that it took."""

    def cost_of_film(self, order: FilmOrder, shape: tuple[int, int]) -> FrameCost:
        """Seconds that the frames of a film of this shape take where nobody else paints.

        Raises `UserError` where it cannot be painted.
        """
        ...

    def paint_film(self, order: FilmOrder) -> Generator[Shot, None, None]:
        """Begin a film; to stop is to iterate no further."""
        ...


class ServerPainter:
    """Paints with `transfer.steps`; the VGG19 trunk is loaded once and kept.

    One thing at a time is painted or measured, whichever threads ask for it: a draft that gives way
    and the painting that it gives way to would need memory for both.
    """

    def __init__(self) -> None:
        self._loading, self._painting = threading.Lock(), threading.Lock()
        self._trunk: VGG19 | None = None
        self._rates: Rates | None = None  # how fast this machine was when nobody painted

    def load(self) -> VGG19:
        """The trunk; takes some seconds the first time."""
        with self._loading:
            if self._trunk is None:
                from nst.vgg import network

                if limits.memory_is_short():
                    malloc.give_back_early()
                self._trunk = network.load()
                # Nothing is painted while Python looks for garbage: it need not go through the
                # 200,000 objects of torch each time, which stay anyway.
                gc.collect()
                gc.freeze()
            return self._trunk

    def measure(self) -> tuple[float, float]:
        """A short piece of work, as `schedule.cost` counts, and the seconds that it took."""
        from nst.paint import estimate, schedule

        settings, side = Settings(coarse_to_fine=False), estimate.MEASURED
        work = schedule.cost(schedule.Stage(side, side, 1), settings)
        trunk = self.load()
        with self._painting:
            # What is made once has been made now, for all paintings.
            self._rates = estimate.measure(trunk, settings)._replace(narrowing=0.0)
        return work, self._rates.look * work

    def paint(self, prepared: Prepared, settings: Settings) -> Generator[Progress, None, None]:
        """One `Progress` an iteration."""
        painter = engine.VGGPainter(self.load())
        with self._painting:
            yield from painter.paint(prepared, settings)

    def cost_of_film(self, order: FilmOrder, shape: tuple[int, int]) -> FrameCost:
        """Seconds that its frames take, by the same estimate as `nst video --plan`.

        Takes some seconds itself where nothing was measured before.
        """
        from nst.film import plan
        from nst.paint import estimate

        if self._rates is None and not self._painting.locked():  # nobody waits here for a painting
            self.measure()
        rates = self._rates or estimate.Rates(*USUAL_RATES)
        return plan.frame_seconds(order, shape, self.load(), rates)[0]

    def paint_film(self, order: FilmOrder) -> Generator[Shot, None, None]:
        """Some `Shot`s a frame; between them others may paint."""
        from nst.film import live
        from nst.paint.targets import TargetCache
        from nst.paint.transfer import Options

        painter = engine.VGGPainter(self.load(), Options(known=TargetCache()))
        with contextlib.closing(live.paint(order, painter)) as shots:
            while True:
                with self._painting:
                    shot = next(shots, None)
                if shot is None:
                    return
                yield shot
