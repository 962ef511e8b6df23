"""Follows a painting to its end, or to where it cannot go on, and keeps the latest picture."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from nst import errors
from nst.cli.flags import FAILED
from nst.cli.interrupts import Interrupts
from nst.cli.report import Report, duration, numbers

if TYPE_CHECKING:
    from torch import Tensor

    from nst.paint.transfer import Progress

CHECKPOINT_SECONDS = 300.0  # between two versions of a checkpoint


class Point(NamedTuple):
    """What the chart of losses keeps of an iteration."""

    iteration: int
    scale: int
    total_loss: float
    content_loss: float
    style_loss: float


@dataclass(frozen=True)
class Outcome:
    """How a painting ended: finished, interrupted or failed."""

    status: str
    exit_code: int
    image: Tensor  # the latest picture, (1, 3, H, W) in 0..1
    last: Progress | None  # None if it fell apart at once
    history: Sequence[Point]
    message: str = ""  # what went wrong

    def unfinished(self, problem: str) -> Outcome:
        """The same picture, which could only be saved as it is painted, and why."""
        told = f"{self.message} {problem}".strip()
        return dataclasses.replace(self, status="failed", exit_code=FAILED, message=told)

    def interrupted(self, late: KeyboardInterrupt) -> Outcome:
        """The same picture, after an interrupt that came while it was saved."""
        return dataclasses.replace(self, status="interrupted", exit_code=errors.exit_code(late))


def tell_end(report: Report, outcome: Outcome, files: Sequence[str], size: tuple[int, int]) -> None:
    """The last word: where the picture of (width, height) px is, and how long it took.

    `files` are all that were written, the picture first.
    """
    last, path = outcome.last, files[0]
    report.emit(
        {
            "event": outcome.status,
            "output": path,
            "width": size[0],
            "height": size[1],
            "files": [*files],
            "message": outcome.message,
            **(numbers(last) if last else {}),
        }
    )
    if outcome.message:
        report.warn(outcome.message)
    seconds = duration(last.seconds if last else 0.0)
    report.say(f"{outcome.status.capitalize()} after {seconds}: {path}")


def follow(
    run: Iterator[Progress],
    interrupts: Interrupts,
    watchers: Sequence[Callable[[Progress], None]],
) -> Outcome:
    """Iterate, and show each `Progress` to the watchers.

    After Ctrl-C, without memory to go on, or once the loss is no number, the outcome holds the
    picture so far. Raises all these when there is no picture yet. Once there is an outcome,
    interrupts are held back.
    """
    from nst.paint.transfer import DivergedError

    history: list[Point] = []
    last = None
    status, code, message, image = "finished", 0, "", None
    try:
        for progress in run:
            last = dataclasses.replace(progress, image=None, state=None)
            history.append(Point(*(getattr(progress, name) for name in Point._fields)))
            for watcher in watchers:
                watcher(progress)
            del progress  # whose state is larger than the picture
        interrupts.hold()
    except KeyboardInterrupt as interrupt:
        if last is None:
            raise
        status, code = "interrupted", errors.exit_code(interrupt)
    except DivergedError as error:
        status, code, message, image = "failed", FAILED, str(error), error.image
    except Exception as error:
        if last is None or not errors.is_out_of_memory(error):
            raise
        message = f"{errors.NoMemoryError()} The picture so far is saved."
        status, code = "failed", FAILED
    interrupts.hold()
    if image is None:
        assert last is not None
        image = last.snapshot()
    return Outcome(status, code, image, last, history, message)


class Keeper:
    """A watcher that keeps where a painting stands in a file, every `CHECKPOINT_SECONDS`.

    `files` gets its path once it is written.
    """

    def __init__(self, path: str, recipe: str, report: Report, files: list[str]) -> None:
        self.path, self._recipe, self._report, self._files = path, recipe, report, files
        self._last = time.monotonic()
        self._failed = False

    def __call__(self, progress: Progress) -> None:
        """Save the state if it is time; what fails is told once, and tried again later."""
        now = time.monotonic()
        if progress.finished or now - self._last < CHECKPOINT_SECONDS or progress.state is None:
            return
        from nst.paint import checkpoint

        self._last = now
        try:
            checkpoint.save(self.path, progress.state(), self._recipe)
            self._failed = False
            if self.path not in self._files:
                self._files.append(self.path)
        except errors.ImageError as error:
            if not self._failed:
                self._report.say(f"{error} The painting goes on; the last checkpoint is kept.")
            self._failed = True
