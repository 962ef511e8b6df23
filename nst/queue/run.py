"""One run of the painter over a job: what is recorded of it, and why it ends."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

from nst.errors import UserError
from nst.pictures import previews, tensors
from nst.queue import messages
from nst.queue.bounds import Bounds
from nst.queue.history import Standing
from nst.queue.job import Job, JobState, LatestPicture
from nst.queue.painter import Painter

if TYPE_CHECKING:
    from nst.paint.transfer import Progress

REFRESH = 0.8  # seconds a preview may be old; making one costs a sixtieth of that
# The quality of a preview that the next one soon replaces, as a JPEG: 70 % of the bytes, and
# no difference is seen on a canvas that is still soft.
PASSING = 80
# px, its longer side: as wide as a window of 1360 px shows it, which enlarging it any further would
# take twice the time for. A larger canvas is shown pixel by pixel.
PASSING_SIDE = 800

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class JobRun:
    """Paints a job in the thread that calls; `lock` guards the job's fields."""

    job: Job
    lock: threading.Lock
    bounds: Bounds
    clock: Callable[[], float]
    gives_way: Callable[[], bool]  # whether nobody looks at the job and another waits

    def paint(self, painter: Painter) -> tuple[JobState, str] | None:
        """The final state and its message; the job has its latest picture, however it ends.

        None for a film whose turn is over, and which goes on later.
        An error of any kind ends this job alone, as others wait for the same thread.
        """
        try:
            return self._follow(painter)
        except UserError as error:
            image = getattr(error, "image", None)  # DivergedError brings the last good picture
            if image is None:
                return JobState.FAILED, self._told(error)
            told = str(error)
        except BaseException:
            return self._failed()
        try:
            self._keep(tensors.to_picture(image))
        except Exception:
            return self._failed()
        return JobState.FAILED, told

    def _failed(self) -> tuple[JobState, str]:
        """Log the error that is being handled, and return how the job ends by it."""
        log.exception("Painting %d failed", self.job.number)
        if self.job.picture is None:
            return JobState.FAILED, messages.UNEXPECTED
        return JobState.FAILED, f"{messages.UNEXPECTED} {self._so_far()}"

    def _told(self, error: UserError) -> str:
        """What is told of an error that ends the job without a picture of its own."""
        return str(error)

    def _so_far(self) -> str:
        """What is kept where there is anything."""
        return messages.SO_FAR

    def _follow(self, painter: Painter) -> tuple[JobState, str] | None:
        """Follow the painter to the end, or to a reason to stop."""
        job, progress = self.job, None
        assert job.prepared is not None
        with contextlib.closing(painter.paint(job.prepared, job.settings)) as steps:
            for progress in steps:
                self._record(progress)
                reason = self._reason_to_stop()
                if reason and not progress.finished:
                    self._keep(tensors.to_picture(progress.snapshot()))
                    return JobState.STOPPED, reason
        assert progress is not None
        assert progress.image is not None
        self._keep(tensors.to_picture(progress.image))
        return JobState.FINISHED, ""

    def _record(self, progress: Progress) -> None:
        """Take in an iteration: its numbers, and its picture where one is due."""
        job, standing, now = self.job, Standing.of(progress), self.clock()
        due = progress.image is not None or job.picture is None or now - job.previewed >= REFRESH
        picture = frame = None
        if due or job.frames.due:
            image = progress.snapshot() if progress.image is None else progress.image
            canvas = tensors.to_picture(image)
            picture = self._passing(canvas) if due else None
            frame = previews.frame(canvas) if job.frames.due else None
        with self.lock:
            job.standing = standing
            job.history.add(standing)
            job.frames.add(frame)
            if picture is not None:
                job.picture, job.previewed = picture, now

    def _reason_to_stop(self) -> str:
        """Why the job must end now; "" if it need not."""
        if self.job.cancel.is_set():
            return messages.STOPPED
        if self.gives_way():
            return messages.GAVE_WAY.format(minutes=self.bounds.patience / 60)
        if self.clock() - self.job.began > self.bounds.deadline:
            return messages.TOO_LONG.format(minutes=self.bounds.deadline / 60)
        return ""

    def _keep(self, canvas: Image.Image) -> None:
        picture = self._picture(canvas)
        with self.lock:
            self.job.picture = picture

    def _passing(self, canvas: Image.Image) -> LatestPicture:
        """What is shown of a canvas that is still painted on."""
        shown = self.job.as_shown(canvas, self.job.settings, max(PASSING_SIDE, *canvas.size))
        return LatestPicture(canvas, previews.encoded(shown, PASSING))

    def _picture(self, canvas: Image.Image) -> LatestPicture:
        """What is shown and saved of the canvas, in the job's colours and strength."""
        return LatestPicture(canvas, previews.encoded(self.job.as_shown(canvas, self.job.settings)))
