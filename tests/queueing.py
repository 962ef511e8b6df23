"""A queue for tests, with painters that wait to be told, and orders for it."""

from __future__ import annotations

import dataclasses
import io
import threading
import time
from collections.abc import Callable, Generator
from typing import Any

import engines
import torch
from painters import PainterOf, Steps, white_frame
from PIL import Image

from nst.film.cost import FrameCost
from nst.film.live import Shot
from nst.film.order import FilmOrder
from nst.paint.transfer import Progress
from nst.pictures import writing
from nst.queue.bounds import Bounds
from nst.queue.job import Snapshot
from nst.queue.manager import JobManager
from nst.queue.painter import Painter
from nst.settings import Settings
from nst.studio.order import Input, Order
from nst.studio.preparation import Prepared

SETTINGS = Settings(resolution=64, iterations=10)


PHOTO_SIZE = (120, 80)


def progress(iteration: int, total: int, preview: bool, shade: float | None = None) -> Progress:
    """Iteration `iteration` of `total`; the picture is grey, the lighter the later."""
    picture = torch.full((1, 3, 48, 64), iteration / total if shade is None else shade)
    return engines.progress(
        picture,
        iteration,
        total,
        total_loss=100.0 / iteration,
        seconds=iteration * 0.1,
        seconds_left=(total - iteration) * 0.1,
        image=picture if preview or iteration == total else None,
    )


class StepwisePainter:
    """Takes an iteration for each `allow`, so that a test decides how far a job is."""

    def load(self) -> None:
        """There is nothing to load."""

    def measure(self) -> tuple[float, float]:
        """As quick as any."""
        return 1000.0, 1.0

    def __init__(self, total: int = 10) -> None:
        self.total, self.closed, self.started = total, 0, 0
        self._allowed = threading.Semaphore(0)

    def allow(self, iterations: int = 1) -> None:
        self._allowed.release(iterations)

    def paint(self, prepared: Prepared, settings: Settings) -> Generator[Progress, None, None]:
        self.started += 1
        try:
            for iteration in range(1, self.total + 1):
                assert self._allowed.acquire(timeout=60)
                yield progress(iteration, self.total, preview=iteration == 1)
        finally:
            self.closed += 1

    def cost_of_film(self, order: FilmOrder, shape: tuple[int, int]) -> FrameCost:
        """A second for each frame."""
        return FrameCost(1.0, 1.0)

    def paint_film(self, order: FilmOrder) -> Generator[Shot, None, None]:
        """A white frame for each `allow`."""
        self.started += 1
        try:
            for number in range(order.clip.count):
                assert self._allowed.acquire(timeout=60)
                yield white_frame(order, number)
        finally:
            self.closed += 1


class Clock:
    """A clock that goes only when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def plain_input(
    color: str | tuple[int, int, int], size: tuple[int, int] = (64, 64), title: str = "Sky"
) -> Input:
    """A picture of one colour."""
    data = writing.encode(Image.new("RGB", size, color))
    return Input(title, data, f"{title}.png")


def queue_of(
    painter: Painter | Steps, clock: Callable[[], float] = time.monotonic, **bounds: Any
) -> JobManager:
    """A queue with this painter, or one that takes these steps, within these bounds."""
    found: Any = painter if hasattr(painter, "load") else PainterOf(painter)  # type: ignore[arg-type]
    return JobManager(found, Bounds(**bounds), clock)


def order(settings: Settings = SETTINGS, **changes: Any) -> Order:
    base = Order(plain_input("red", PHOTO_SIZE, "Cat"), (plain_input("blue"),), settings)
    return dataclasses.replace(base, **changes)


def submit(manager: JobManager, settings: Settings = SETTINGS) -> str:
    return manager.submit(order(settings))


def paint_white(prepared: Prepared, settings: Settings) -> Generator[Progress, None, None]:
    """One iteration, and done."""
    yield progress(1, 1, preview=True, shade=1.0)


def wait_for(manager: JobManager, job_id: str, condition: Callable[[Snapshot], bool]) -> Snapshot:
    """The first snapshot of the job that meets `condition`."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        snapshot = manager.snapshot(job_id)
        assert snapshot is not None
        if condition(snapshot):
            return snapshot
        time.sleep(0.005)
    raise AssertionError(f"still {snapshot.state}, {snapshot.standing}")


def ended(snapshot: Snapshot) -> bool:
    return not snapshot.active


def at_iteration(number: int) -> Callable[[Snapshot], bool]:
    return lambda job: job.standing is not None and job.standing.iteration == number


def size_of(data: bytes | None) -> tuple[int, int]:
    assert data is not None
    return Image.open(io.BytesIO(data)).size


def failing(error: Exception) -> Steps:
    def paint(prepared: Prepared, settings: Settings) -> Generator[Progress, None, None]:
        yield progress(1, 10, preview=True)
        raise error

    return paint


def level(picture: Image.Image) -> int:
    """The brightness in the middle of a picture."""
    return picture.convert("L").getpixel((picture.width // 2, picture.height // 2))


def ended_job(manager: JobManager, **changes: Any) -> str:
    job_id = manager.submit(order(**changes))
    wait_for(manager, job_id, ended)
    return job_id
