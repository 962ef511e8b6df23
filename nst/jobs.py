"""Painting jobs for the page: a bounded queue, one worker thread, and what a job shows of itself.

The worker knows nothing of who looks on: a page asks for snapshots and may come and go. torch is
imported by the worker's first job, so that importing this module is instant.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from PIL import Image

from nst import export, images, previews
from nst.canvas import Canvas, finish, needs_photo, prepare
from nst.history import History, Standing, Thinned
from nst.order import Input, Order
from nst.recipe import KEY, Recipe, versions
from nst.settings import Settings, UserError

if TYPE_CHECKING:
    from nst.transfer import Progress
    from nst.vgg import VGG19

Painter = Callable[[Canvas, Settings], Generator["Progress", None, None]]

WEIGHTS = "original"  # of VGG19, that the page paints with
CAPACITY = 8  # paintings that may wait
KEPT = 20  # ended jobs that can still be looked at
PATIENCE = 150.0  # seconds without a look after which a job is given up; a reload takes far less
DEADLINE = 1800.0  # seconds a job may run
REFRESH = 0.5  # seconds a preview may be old; showing one costs a fiftieth of that
# Kept for the time-lapse. A JPEG of paint takes 20 to 40 KB at the default resolution and up to
# 120 KB at 480 x 480 px, one of noise 200 KB: a job holds 1 to 2 MB, 12 MB at the very most.
FRAMES = 60

STOPPED = "Stopped; the picture is kept as it is."
LEFT_QUEUE = "Taken out of the queue before its turn came."
UNWATCHED = "Stopped, because its page had been closed for a while."
TOO_LONG = "Stopped after {minutes:.0f} minutes, the most a painting may take; the picture is kept."
NOT_KEPT = "This painting is no longer kept here; press Paint to make it again."
UNEXPECTED = (
    "Something went wrong while painting, and it has been logged. Press Paint to try again; if it "
    "happens again, choose a lower resolution or other pictures."
)

log = logging.getLogger(__name__)


class State(StrEnum):
    """Where a job is between `submit` and its end."""

    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"


class QueueFullError(UserError):
    """Too many paintings are waiting."""


@dataclass(frozen=True)
class Snapshot:
    """A job as it is at one moment."""

    id: str
    state: State
    ahead: int  # paintings to be finished before this one begins
    content_name: str
    style_name: str
    content_shown: bytes  # JPEG, as is `style_shown`; both have the shape of `preview`
    style_shown: bytes
    preview: bytes | None  # JPEG of the picture as far as it is; of the result at the end
    recipe: Recipe
    standing: Standing | None
    history: tuple[Standing, ...]
    message: str  # why it ended, when there is something to tell

    @property
    def active(self) -> bool:
        """Whether the job waits or runs."""
        return self.state in (State.QUEUED, State.RUNNING)


@dataclass
class _Job:
    id: str
    canvas: Canvas
    settings: Settings
    recipe: Recipe
    size: tuple[int, int]  # of the photo
    photo: Input  # as its file: its pixels may take 120 MB
    content_name: str
    style_name: str
    content_shown: bytes
    style_shown: bytes
    watched: float
    state: State = State.QUEUED
    preview: bytes | None = None
    previewed: float = 0.0  # when the preview was made
    result: Image.Image | None = None
    painted: Image.Image | None = None  # the result at full strength and the size it is shown at
    standing: Standing | None = None
    history: History = field(default_factory=History)
    frames: Thinned[bytes] = field(default_factory=lambda: Thinned(FRAMES))  # JPEG, of the canvas
    message: str = ""
    cancel: threading.Event = field(default_factory=threading.Event)


class VGGPainter:
    """Paints with `transfer.steps`; the VGG19 trunk is loaded once and kept."""

    def __init__(self) -> None:
        self._loading = threading.Lock()
        self._trunk: VGG19 | None = None

    def load(self) -> VGG19:
        """The trunk; takes some seconds the first time."""
        with self._loading:
            if self._trunk is None:
                from nst import vgg

                self._trunk = vgg.load()
            return self._trunk

    def __call__(self, canvas: Canvas, settings: Settings) -> Generator[Progress, None, None]:
        """One `Progress` an iteration."""
        from nst import transfer

        trunk = self.load()
        content, styles, init, masks = canvas.tensors()
        yield from transfer.steps(content, styles, settings, trunk, init, masks)


class JobManager:
    """Paints one job after the other in a thread of its own.

    All methods may be called from any thread and return at once, but for `submit` and those that
    return a picture or a file, which work on it. A job that nobody has looked at for `patience`
    seconds is given up, as is one that runs for longer than `deadline` seconds.
    """

    def __init__(
        self,
        painter: Painter | None = None,
        *,
        capacity: int = CAPACITY,
        kept: int = KEPT,
        patience: float = PATIENCE,
        deadline: float = DEADLINE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._painter = painter or VGGPainter()
        self._capacity, self._kept = capacity, kept
        self._patience, self._deadline, self._clock = patience, deadline, clock
        self._lock = threading.Lock()  # guards all below and the fields of every job
        self._animating = threading.Lock()  # a time-lapse takes 60 MB while it is made
        self._jobs: dict[str, _Job] = {}
        self._queue: deque[_Job] = deque()
        self._ended: deque[str] = deque()
        self._running: _Job | None = None
        self._worker: threading.Thread | None = None

    def submit(self, order: Order) -> str:
        """Queue a painting and return its id, which cannot be guessed.

        Raises `QueueFullError`, `ImageError` and `SettingsError`.
        """
        order.settings.check_inputs(len(order.styles), len(order.masks), order.init is not None)
        with self._lock:
            self._check_room()
        job = self._new_job(order)
        with self._lock:
            self._check_room()
            self._jobs[job.id] = job
            self._queue.append(job)
            if self._worker is None:
                self._worker = threading.Thread(target=self._work, name="painter", daemon=True)
                self._worker.start()
        return job.id

    def snapshot(self, job_id: str) -> Snapshot | None:
        """The job as it is now, or None if it is unknown or was dropped."""
        with self._lock:
            job = self._jobs.get(job_id)
            if job is None:
                return None
            return Snapshot(
                id=job.id,
                state=job.state,
                ahead=self._ahead(job),
                content_name=job.content_name,
                style_name=job.style_name,
                content_shown=job.content_shown,
                style_shown=job.style_shown,
                preview=job.preview,
                recipe=job.recipe,
                standing=job.standing,
                history=job.history.points(),
                message=job.message,
            )

    def touch(self, job_id: str) -> None:
        """Tell that somebody is looking at the job."""
        with self._lock:
            if job := self._jobs.get(job_id):
                job.watched = self._clock()

    def stop(self, job_id: str) -> None:
        """End the job after its present step, keeping the picture; an ended job stays as it is."""
        with self._lock:
            job = self._jobs.get(job_id)
            if job is None:
                return
            job.cancel.set()
            if job.state is State.QUEUED:
                self._leave_queue(job, LEFT_QUEUE)

    def shown(self, job_id: str, strength: float) -> bytes | None:
        """An ended job's picture at this strength, as a JPEG to be shown; None if there is none.

        Takes some hundredths of a second: strength is chosen by eye, with a slider.
        """
        with self._lock:
            job = self._jobs.get(job_id)
            if job is None or job.painted is None:
                return None
            painted, photo = job.painted, job.content_shown
        return previews.encoded(previews.at_strength(painted, photo, strength))

    def result(self, job_id: str, strength: float | None = None) -> Image.Image | None:
        """The picture of an ended job at the size of its photo, or None if there is none.

        Its strength is that of the job's settings unless another is given.
        """
        with self._lock:
            job = self._jobs.get(job_id)
            if job is None or job.result is None:
                return None
            picture, photo, size = job.result, job.photo, job.size
            settings, masks = _with_strength(job.settings, strength), job.canvas.masks
        if not needs_photo(settings, masks):
            return images.enlarge(picture, size)
        return finish(picture, photo.open(), settings, masks)

    def png(self, job_id: str, strength: float | None = None) -> bytes:
        """The bytes of `result` as a PNG file with its recipe, made anew: kept, a large one would
        take 100 MB.

        The same picture gives the same bytes. Raises `UserError` if there is none.
        """
        picture = self.result(job_id, strength)
        with self._lock:
            job = self._jobs.get(job_id)
        if picture is None or job is None:
            raise UserError(NOT_KEPT)
        from nst import weights

        recipe = dataclasses.replace(
            job.recipe,
            settings=_with_strength(job.settings, strength),
            weights=WEIGHTS,
            weights_sha256=weights.checksum(WEIGHTS),
            versions=versions(),
        )
        return images.encode(picture, "PNG", text={KEY: recipe.to_json()})

    def jpeg(self, job_id: str, strength: float | None = None) -> bytes:
        """The bytes of `result` as a JPEG file; it carries no recipe.

        Raises `UserError` if there is no result.
        """
        picture = self.result(job_id, strength)
        if picture is None:
            raise UserError(NOT_KEPT)
        return images.encode(picture, "JPEG")

    def side_by_side(self, job_id: str, strength: float | None = None) -> bytes:
        """Photo, style and painting beside each other with captions, as a PNG file.

        At the size they are shown at. Raises `UserError` if there is no painting.
        """
        job, painted = self._painted_job(job_id)
        strength = job.settings.strength if strength is None else strength
        panels = (
            (f"Photo: {job.content_name}", previews.decoded(job.content_shown)),
            (f"Style: {job.style_name}", previews.decoded(job.style_shown)),
            ("Painting", previews.at_strength(painted, job.content_shown, strength)),
        )
        return images.encode(export.contact_sheet([panels]))

    def timelapse(self, job_id: str, format: str, strength: float | None = None) -> bytes:
        """How the painting came about, as an animated GIF or WebP (`format`) that ends with it.

        At this strength and in the colours of the result, at most `previews.FRAME_SIDE` px. Takes
        one to three seconds. Raises `UserError` if there is no painting.
        """
        job, painted = self._painted_job(job_id)
        settings = _with_strength(job.settings, strength)
        with self._lock:
            frames, masks = job.frames.kept(), job.canvas.masks
        photo = previews.decoded(job.content_shown)
        photo.thumbnail((previews.FRAME_SIDE, previews.FRAME_SIDE))
        coloured = dataclasses.replace(settings, preserve_color="off")  # what `painted` has
        with self._animating:
            pictures = [finish(previews.decoded(frame), photo, settings, masks) for frame in frames]
            return export.timelapse([*pictures, finish(painted, photo, coloured)], format)

    def warm_up(self, delay: float) -> None:
        """Load VGG19 after `delay` seconds in the background, so that no job has to wait for it."""
        if isinstance(self._painter, VGGPainter):
            timer = threading.Timer(delay, _load_quietly, [self._painter])
            timer.daemon = True
            timer.start()

    def _painted_job(self, job_id: str) -> tuple[_Job, Image.Image]:
        """An ended job and its painting as it is shown at full strength; raises `UserError`."""
        with self._lock:
            job = self._jobs.get(job_id)
            if job is None or job.painted is None:
                raise UserError(NOT_KEPT)
            return job, job.painted

    def _new_job(self, order: Order) -> _Job:
        content, styles = order.content.open(), [style.open() for style in order.styles]
        masks = [mask.open() for mask in order.masks]
        init = None if order.init is None else order.init.open()
        size = previews.size_of(content.size)
        return _Job(
            id=secrets.token_urlsafe(16),
            canvas=prepare(content, styles, order.settings, masks, init),
            settings=order.settings,
            recipe=order.recipe,
            size=content.size,
            photo=order.content,
            content_name=order.content.title,
            style_name=order.style_name,
            content_shown=previews.stretched(content, size),
            style_shown=previews.tiled(styles, size),
            watched=self._clock(),
        )

    def _check_room(self) -> None:
        for job in [job for job in self._queue if self._unwatched(job)]:
            self._leave_queue(job, UNWATCHED)
        if len(self._queue) >= self._capacity:
            raise QueueFullError(
                f"{len(self._queue)} paintings are waiting already; try again in a few minutes."
            )

    def _ahead(self, job: _Job) -> int:
        if job.state is not State.QUEUED:
            return 0
        return self._queue.index(job) + (self._running is not None)

    def _unwatched(self, job: _Job) -> bool:
        return self._clock() - job.watched > self._patience

    def _leave_queue(self, job: _Job, message: str) -> None:
        self._queue.remove(job)
        self._end(job, State.STOPPED, message)

    def _end(self, job: _Job, state: State, message: str) -> None:
        """Set the final state and let go of the oldest ended job; the lock is held."""
        job.state, job.message = state, message
        self._ended.append(job.id)
        while len(self._ended) > self._kept:
            del self._jobs[self._ended.popleft()]

    def _work(self) -> None:
        """The worker: runs until nothing waits."""
        while job := self._next_job():
            try:
                self._run(job)
            finally:
                with self._lock:
                    self._running = None

    def _next_job(self) -> _Job | None:
        with self._lock:
            while self._queue:
                job = self._queue[0]
                if self._unwatched(job):
                    self._leave_queue(job, UNWATCHED)
                    continue
                self._queue.popleft()
                job.state, self._running = State.RUNNING, job
                return job
            # Under the same lock as the look at the queue: `submit` then starts another worker.
            self._worker = None
            return None

    def _run(self, job: _Job) -> None:
        """Paint the job; whatever happens, it ends in a final state."""
        state, message = State.FAILED, UNEXPECTED
        try:
            state, message = self._paint_or_explain(job)
        except Exception:
            log.exception("A painting failed")
        finally:
            with self._lock:
                self._end(job, state, message)

    def _paint_or_explain(self, job: _Job) -> tuple[State, str]:
        """The final state and its message; errors that the user can mend are told as they are."""
        try:
            return self._paint(job)
        except UserError as error:
            image = getattr(error, "image", None)  # DivergedError brings the last good picture
            if image is not None:
                self._keep(job, images.to_picture(image))
            return State.FAILED, str(error)

    def _paint(self, job: _Job) -> tuple[State, str]:
        """Follow the painter to the end or to a reason to stop; the final state and its message."""
        began = self._clock()
        progress = None
        with contextlib.closing(self._painter(job.canvas, job.settings)) as steps:
            for progress in steps:
                self._record(job, progress)
                reason = self._reason_to_stop(job, began)
                if reason and not progress.finished:
                    self._keep(job, images.to_picture(progress.snapshot()))
                    return State.STOPPED, reason
        assert progress is not None
        assert progress.image is not None
        self._keep(job, images.to_picture(progress.image))
        return State.FINISHED, ""

    def _record(self, job: _Job, progress: Progress) -> None:
        standing, now = Standing.of(progress), self._clock()
        preview = frame = None
        preview_due = progress.image is not None or now - job.previewed >= REFRESH
        if preview_due or job.frames.due:
            image = progress.snapshot() if progress.image is None else progress.image
            picture = images.to_picture(image)
            preview = self._preview(job, self._painted(job, picture)) if preview_due else None
            frame = previews.frame(picture) if job.frames.due else None
        with self._lock:
            job.standing = standing
            job.history.add(standing)
            job.frames.add(frame)
            if preview is not None:
                job.preview, job.previewed = preview, now

    def _reason_to_stop(self, job: _Job, began: float) -> str:
        if job.cancel.is_set():
            return STOPPED
        with self._lock:
            if self._unwatched(job):
                return UNWATCHED
        if self._clock() - began > self._deadline:
            return TOO_LONG.format(minutes=self._deadline / 60)
        return ""

    def _keep(self, job: _Job, picture: Image.Image) -> None:
        painted = self._painted(job, picture)
        preview = self._preview(job, painted)
        with self._lock:
            job.result, job.painted, job.preview = picture, painted, preview

    @staticmethod
    def _preview(job: _Job, painted: Image.Image) -> bytes:
        """The picture as the download will be, at the size it is shown at."""
        strength = job.settings.strength
        return previews.encoded(previews.at_strength(painted, job.content_shown, strength))

    @staticmethod
    def _painted(job: _Job, picture: Image.Image) -> Image.Image:
        masks = job.canvas.masks
        return finish(
            picture, previews.decoded(job.content_shown), _with_strength(job.settings, 1.0), masks
        )


def _with_strength(settings: Settings, strength: float | None) -> Settings:
    return settings if strength is None else dataclasses.replace(settings, strength=strength)


def _load_quietly(painter: VGGPainter) -> None:
    # A job that needs the weights fails with the same error in words; nobody is asking yet.
    try:
        painter.load()
    except UserError as error:
        log.warning("VGG19 could not be loaded ahead of the first painting: %s", error)
