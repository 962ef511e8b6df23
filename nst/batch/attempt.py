"""One job, carried out: read, painted unless it is there already, and written."""

from __future__ import annotations

import dataclasses
import os
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from nst.batch import painting_thread, storage
from nst.batch.job import Job
from nst.batch.manifest import Record, Status
from nst.errors import is_out_of_memory, unfinished
from nst.pictures import png, writing
from nst.studio import recipe
from nst.studio.order import Order
from nst.studio.recipe import Recipe, RecipeError
from nst.studio.studio import Painting, Studio

if TYPE_CHECKING:
    from torch import Tensor

    from nst.paint.transfer import Progress

LOSSES = ("content_loss", "style_loss", "tv_loss", "total_loss")


@dataclass(frozen=True)
class Painted:
    """What a worker sends back: the bytes of a PNG, the words of what went wrong, or both."""

    data: bytes
    error: str = ""
    painting_seconds: float = 0.0
    iterations: int = 0
    losses: Mapping[str, float] = dataclasses.field(default_factory=dict)
    worker: str = ""
    waited: float = 0.0  # seconds until the painting before this one was done


Each = Callable[[float], None]  # is told the fraction done after an iteration


@dataclass(frozen=True)
class Driven:
    """A painting that is finished, and how long it took."""

    last: Progress
    seconds: float  # that it took
    waited: float  # seconds until the painting before it was done


def drive(painting: Painting, studio: Studio, each: Each | None = None) -> Driven:
    """Paint in the one thread of this process that paints; `each` is called from there.

    Raises `UserError` for a painting that falls apart.
    """
    ready, left = time.perf_counter(), threading.Event()

    def work() -> Driven:
        waited = time.perf_counter() - ready
        painter = studio.painter
        began = time.perf_counter()
        for progress in painting.steps(painter.paint):
            if left.is_set():
                raise StoppedError
            if each:
                each(progress.fraction)
            last = dataclasses.replace(progress, image=None, state=None)
            del progress  # whose state is larger than the picture
        return Driven(last, time.perf_counter() - began, waited)

    try:
        return painting_thread.paint(work)
    finally:
        left.set()  # who waits here may be interrupted, and then nobody wants it any more


def paint(studio: Studio, order: Order, each: Each | None = None) -> Painted:
    """Paint an order to the bytes of its PNG.

    Raises `UserError` for pictures that cannot be read or a painting that falls apart.
    """
    painting = studio.begin(order)
    driven = drive(painting, studio, each)
    last = driven.last
    data, error = _encoded(painting, last.snapshot(), studio.recipe(order))
    return Painted(
        data,
        error,
        painting_seconds=round(driven.seconds, 3),
        iterations=last.iteration,
        losses={name: getattr(last, name) for name in LOSSES},
        worker=f"{socket.gethostname()}:{os.getpid()}",
        waited=driven.waited,
    )


def _encoded(painting: Painting, image: Tensor, made: Recipe) -> tuple[bytes, str]:
    """The bytes of the result's PNG, and what went wrong.

    Where there is no memory for the size of the result, they are the painting as it is, without
    the recipe: so the next batch does not take it for done.
    """
    try:
        return writing.encode(painting.finish(image), text={recipe.KEY: made.to_json()}), ""
    except Exception as error:
        if not is_out_of_memory(error):
            raise
    # Not above: the error holds on to all that finishing has made.
    canvas = painting.unfinished(image)
    return writing.encode(canvas), unfinished(*canvas.size)


class StoppedError(Exception):
    """Nobody waits for this painting any more."""


def is_painted(target: str, order: Order, wanted: Recipe) -> bool:
    """Whether the file `target` is whole, of the order's size and painted by its recipe, `wanted`.

    Versions of programs do not count: an update is no reason to paint all again. Raises `UserError`
    for a photo that cannot be read.
    """
    if not storage.exists(target):
        return False
    data = storage.read(target, storage.LARGEST_RESULT)
    try:
        found = recipe.read(data)
        recipe.check_whole(data)
    except RecipeError:
        return False
    if _without_versions(found) != _without_versions(wanted):
        return False
    # Last, as a large photo takes a moment to decode.
    return png.size(data) == order.size_for(order.content.open(ground=None).size)


def _without_versions(found: Recipe) -> dict[str, Any]:
    return {name: value for name, value in found.ingredients.items() if name != "versions"}


class Attempt:
    """One try at a job: when it began, and the record of how it ended."""

    def __init__(self, job: Job, folder: str, number: int = 1) -> None:
        self.job, self.number = job, number
        self.target = storage.join(folder, job.output)
        self.started = datetime.now(UTC).isoformat(timespec="seconds")
        self._began = time.perf_counter()

    def finish(self, painting: Painted) -> Record:
        """Write the painting into the folder; its record, that of a failure if it has an error.

        Raises `ImageError` if it cannot be written.
        """
        storage.write(self.target, painting.data)
        self._began += painting.waited
        return self._record(
            Status.FAILED if painting.error else Status.PAINTED,
            error=painting.error,
            painting_seconds=painting.painting_seconds,
            iterations=painting.iterations,
            worker=painting.worker,
            **painting.losses,
        )

    def skip(self) -> Record:
        """The record of a result that was there already."""
        return self._record(Status.SKIPPED)

    def fail(self, error: str) -> Record:
        """The record of a job that failed for this reason."""
        return self._record(Status.FAILED, error=error)

    def adopt(self, record: Record) -> Record:
        """The record that another process has made of this attempt."""
        job = self.job
        return dataclasses.replace(
            record, content=job.content, styles=job.styles, attempts=self.number
        )

    def _record(self, status: Status, **more: Any) -> Record:
        return Record(
            self.job.output,
            self.job.content,
            self.job.styles,
            status,
            started=self.started,
            seconds=round(time.perf_counter() - self._began, 3),
            attempts=self.number,
            **more,
        )


def carry_out(attempt: Attempt, studio: Studio, each: Each | None = None) -> Record:
    """Read, paint and write a job, unless that was done before.

    Raises `UserError` for a file that cannot be read or written or a painting that falls apart.
    """
    order = attempt.job.read()
    if is_painted(attempt.target, order, studio.recipe(order)):
        return attempt.skip()
    return attempt.finish(paint(studio, order, each))


def unexpected(error: BaseException) -> str:
    """A sentence about an error that was not foreseen."""
    return f"Something unexpected went wrong: {type(error).__name__}: {error}"
