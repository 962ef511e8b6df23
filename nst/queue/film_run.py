"""A turn of the painter at a film, whose frames are shown as they come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nst.errors import UserError
from nst.pictures import previews, tensors
from nst.queue import messages
from nst.queue.job import JobState, LatestPicture
from nst.queue.run import PASSING, REFRESH, JobRun

if TYPE_CHECKING:
    from nst.film.live import Shot
    from nst.queue.painter import Painter
    from nst.queue.reel import Reel


@dataclass(frozen=True)
class FilmRun(JobRun):
    """Paints at a film; see `JobRun`. Between turns its generator stands where it was."""

    turn_over: Callable[[], bool]  # whether a painting that waits is to go first

    def _follow(self, painter: Painter) -> tuple[JobState, str] | None:
        reel, began = self._reel, self.clock()
        before = reel.seconds
        if reel.shots is None:
            assert reel.order is not None
            reel.shots = painter.paint_film(reel.order)
        for shot in reel.shots:
            reel.add(shot)
            self._record_shot(shot, before + self.clock() - began)
            if reel.frames == reel.facts.frames:
                break
            if reason := self._reason_to_stop():
                return JobState.STOPPED, reason
            if shot.painting is not None and self.turn_over():
                return None
        return JobState.FINISHED, ""

    def _record_shot(self, shot: Shot, seconds: float) -> None:
        """Take in how far the film is, and a frame beside what it is painted from."""
        job, reel, now = self.job, self._reel, self.clock()
        painting = shot.painting
        if painting is None and shot.so_far is not None and now - job.previewed >= REFRESH:
            painting = tensors.to_picture(shot.so_far())
        picture = frame = None
        if painting is not None and shot.frame is not None:
            shown = previews.size_of(shot.frame.size)
            picture = LatestPicture(painting, previews.stretched(painting, shown, PASSING))
            frame = previews.stretched(shot.frame, shown, PASSING)
        with self.lock:
            reel.seconds = seconds
            job.standing = reel.standing(shot)
            if picture is not None and frame is not None:
                job.picture, job.content_shown, job.previewed = picture, frame, now

    def _reason_to_stop(self) -> str:
        reel, minutes = self._reel, self.bounds.patience / 60
        if self.job.cancel.is_set():
            return messages.film_stopped(reel.frames, reel.facts.frames)
        if self.gives_way():
            return messages.FILM_GAVE_WAY.format(minutes=minutes, frames=reel.frames)
        if reel.seconds > self.bounds.deadline:
            minutes = self.bounds.deadline / 60
            return messages.FILM_TOO_LONG.format(minutes=minutes, frames=reel.frames)
        return ""

    def _told(self, error: UserError) -> str:
        return f"{error} {self._so_far()}" if self._reel.frames else str(error)

    def _so_far(self) -> str:
        return messages.FILM_SO_FAR.format(frames=self._reel.frames)

    @property
    def _reel(self) -> Reel:
        assert self.job.reel is not None
        return self.job.reel
