"""Painting jobs for the page: a bounded queue, one worker thread, and what a job shows of itself.

The worker knows nothing of who looks on: a page asks for snapshots and may come and go. Whoever
knows a job's id sees its pictures, so that ids cannot be guessed, and the log, which others read,
numbers the jobs instead and names no picture. torch is imported by the worker's first job, so that
importing this module is instant.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import logging
import math
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from PIL import Image

from nst.errors import UserError
from nst.machine import limits
from nst.pictures import fitting, previews, reading, sheet, tensors, timelapse, writing
from nst.pictures.canvas import Canvas, finish, mixes_photo, prepare
from nst.queue import footprint
from nst.queue.history import History, Standing, Thinned
from nst.queue.pace import Pace, work
from nst.queue.painter import VGGPainter
from nst.settings import Settings
from nst.studio.order import Input, Order
from nst.studio.recipe import KEY, Recipe, versions

if TYPE_CHECKING:
    from nst.paint.transfer import Progress

Painter = Callable[[Canvas, Settings], Generator["Progress", None, None]]

WEIGHTS = "original"  # of VGG19, that the page paints with
CAPACITY = 8  # paintings that may wait
KEPT = 20  # ended jobs that can still be looked at
KEPT_BYTES = 256 * 1024**2  # of pictures, in ended jobs; and as many in those that wait
PATIENCE = 150.0  # seconds without a look after which a job is given up; a reload takes far less
CLOSING = 8.0  # seconds; a container's engine kills after ten
DEADLINE = 1800.0  # seconds a job may run
FORESEEABLE = 0.05  # of its work, from which on a painting tells by itself what is left
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

SO_FAR = "The picture as it was before is kept."

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


class BusyError(UserError):
    """The visitor has a painting under way already, the job `job_id`."""

    def __init__(self, job_id: str) -> None:
        super().__init__(
            "A painting of yours is under way already, perhaps in another tab; stop it, or wait "
            "until it is finished, to begin another."
        )
        self.job_id = job_id


@dataclass(frozen=True)
class Snapshot:
    """A job as it is at one moment."""

    id: str
    state: State
    ahead: int  # paintings to be finished before this one begins
    wait: float  # seconds until it begins, as far as can be foreseen
    size: tuple[int, int]  # px, of the photo and of the result as a file
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


class Plan(NamedTuple):
    """What a painting will take."""

    seconds: float
    memory: int  # bytes of the process
    too_long: bool  # for one painting


class Picture(NamedTuple):
    """A job's picture at one moment, in all forms that are shown or saved."""

    canvas: Image.Image  # as it was painted
    shown: Image.Image  # in its final colours, at full strength and the size it is shown at
    preview: bytes  # JPEG of what is shown, at the strength of the job's settings


@dataclass
class _Job:
    id: str
    visitor: str  # who ordered it; "" for nobody in particular
    canvas: Canvas | None  # until the end
    masks: tuple[Image.Image, ...]  # of the canvas
    settings: Settings
    recipe: Recipe
    size: tuple[int, int]  # of the photo
    photo: Input  # as its file: its pixels may take 120 MB
    content_name: str
    style_name: str
    content_shown: bytes
    style_shown: bytes
    work: float  # that it costs at most
    ordered: float  # when it came, as are the following
    watched: float
    began: float = 0.0
    number: int = 0  # in the log
    state: State = State.QUEUED
    picture: Picture | None = None  # the latest that was made; it stays, however the job ends
    previewed: float = 0.0  # when it was made
    standing: Standing | None = None
    history: History = field(default_factory=History)
    frames: Thinned[bytes] = field(default_factory=lambda: Thinned(FRAMES))  # JPEG, of the canvas
    message: str = ""
    cancel: threading.Event = field(default_factory=threading.Event)

    @property
    def active(self) -> bool:
        """Whether the job waits or runs."""
        return self.state in (State.QUEUED, State.RUNNING)

    @property
    def result(self) -> Picture | None:
        """The picture of an ended job; None while it waits or runs, or if there is none."""
        return None if self.active else self.picture

    @property
    def size_bytes(self) -> int:
        """What its pictures take in memory."""
        pictures: list[Image.Image | None] = [*self.masks]
        preview = b""
        if self.picture is not None:
            pictures += [self.picture.canvas, self.picture.shown]
            preview = self.picture.preview
        if self.canvas is not None:
            pictures += [self.canvas.content, *self.canvas.styles, self.canvas.init]
        files = self.photo.data, self.content_shown, self.style_shown, preview
        return sum(reading.held_bytes(picture) for picture in pictures if picture) + sum(
            len(file) for file in (*files, *self.frames.kept())
        )


class JobManager:
    """Paints one job after the other in a thread of its own.

    All methods may be called from any thread and return at once, but for `submit` and those that
    return a picture or a file, which work on it. A job that nobody has looked at for `patience`
    seconds is given up, as is one that runs for longer than `deadline` seconds.

    Of ended jobs, those that were looked at last are kept: `kept` of them and any that was looked
    at within `patience`, as far as they take no more than `kept_bytes`. `memory` is what this
    process may use, in bytes; without it, a canvas of any size is taken.
    """

    def __init__(
        self,
        painter: Painter | None = None,
        *,
        capacity: int = CAPACITY,
        kept: int = KEPT,
        kept_bytes: int = KEPT_BYTES,
        memory: int | None = None,
        patience: float = PATIENCE,
        deadline: float = DEADLINE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._painter = painter or VGGPainter()
        self._capacity, self._kept, self._kept_bytes = capacity, kept, kept_bytes
        self._memory = memory
        self._patience, self._deadline, self._clock = patience, deadline, clock
        self._lock = threading.Lock()  # guards all below and the fields of every job
        self._full_size = threading.Lock()  # one at a time: a picture of 40 megapixels takes 120 MB
        self._jobs: dict[str, _Job] = {}
        self._queue: deque[_Job] = deque()
        self._pace = Pace()
        self._count = 0  # of jobs that were ever taken
        self._running: _Job | None = None
        self._worker: threading.Thread | None = None
        self._timer: threading.Timer | None = None  # of the warm-up

    def submit(self, order: Order, visitor: str = "") -> str:
        """Queue a painting and return its id, which cannot be guessed.

        `visitor` is something that nobody else can know of whoever orders it: each has one painting
        under way at a time. Orders of "", nobody in particular, are not counted.
        Raises `BusyError`, `QueueFullError`, `TooLargeError`, `ImageError` and `SettingsError`.
        """
        order.settings.check_inputs(len(order.styles), len(order.masks), order.init is not None)
        with self._lock:
            self._check_room(visitor)
        with self._full_size:
            job = self._new_job(order, visitor)
        with self._lock:
            self._check_room(visitor, job.size_bytes)
            self._count += 1
            job.number = self._count
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
                wait=self._wait(job),
                size=job.size,
                content_name=job.content_name,
                style_name=job.style_name,
                content_shown=job.content_shown,
                style_shown=job.style_shown,
                preview=None if job.picture is None else job.picture.preview,
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

    def forget(self, job_id: str) -> None:
        """Let go of the job and all its pictures; one that waits or runs is ended first."""
        self.stop(job_id)
        with self._lock:
            self._jobs.pop(job_id, None)

    def shown(self, job_id: str, strength: float) -> bytes | None:
        """An ended job's picture at this strength, as a JPEG to be shown; None if there is none.

        Takes some hundredths of a second: strength is chosen by eye, with a slider.
        """
        with self._lock:
            job = self._jobs.get(job_id)
            if job is None or job.result is None:
                return None
            painted, photo = job.result.shown, job.content_shown
        return previews.encoded(previews.at_strength(painted, photo, strength))

    def result(self, job_id: str, strength: float | None = None) -> Image.Image | None:
        """The picture of an ended job at the size of its photo, or None if there is none.

        Its strength is that of the job's settings unless another is given.
        """
        with self._lock:
            job = self._jobs.get(job_id)
            if job is None or job.result is None:
                return None
            picture, photo, masks = job.result.canvas, job.photo, job.masks
        settings = _with_strength(job.settings, strength)
        if picture.size == job.size and not mixes_photo(settings, masks):
            return picture
        return finish(picture, photo.open(), settings, masks)

    def png(self, job_id: str, strength: float | None = None) -> bytes:
        """The bytes of `result` as a PNG file with its recipe, made anew: kept, a large one would
        take 100 MB.

        The same picture gives the same bytes. Raises `UserError` if there is none.
        """
        job, _ = self._painted_job(job_id)
        from nst.vgg import weights

        recipe = dataclasses.replace(
            job.recipe,
            settings=_with_strength(job.settings, strength),
            weights=WEIGHTS,
            weights_sha256=weights.checksum(WEIGHTS),
            versions=versions(),
        )
        return self._encoded(job_id, strength, "PNG", text={KEY: recipe.to_json()})

    def jpeg(self, job_id: str, strength: float | None = None) -> bytes:
        """The bytes of `result` as a JPEG file; it carries no recipe.

        Raises `UserError` if there is no result.
        """
        return self._encoded(job_id, strength, "JPEG")

    def _encoded(self, job_id: str, strength: float | None, format: str, **options: Any) -> bytes:
        with self._full_size:
            picture = self.result(job_id, strength)
            if picture is None:
                raise UserError(NOT_KEPT)
            return writing.encode(picture, format, **options)

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
        return writing.encode(sheet.contact_sheet([panels]))

    def timelapse(self, job_id: str, format: str, strength: float | None = None) -> bytes:
        """How the painting came about, as an animated GIF or WebP (`format`) that ends with it.

        At this strength and in the colours of the result, at most `previews.FRAME_SIDE` px. Takes
        one to three seconds. Raises `UserError` if there is no painting.
        """
        job, painted = self._painted_job(job_id)
        settings = _with_strength(job.settings, strength)
        with self._lock:
            frames, masks = job.frames.kept(), job.masks
        photo = previews.decoded(job.content_shown)
        photo.thumbnail((previews.FRAME_SIDE, previews.FRAME_SIDE))
        coloured = dataclasses.replace(settings, preserve_color="off")  # what `painted` has
        with self._full_size:
            pictures = [finish(previews.decoded(frame), photo, settings, masks) for frame in frames]
            return timelapse.encode([*pictures, finish(painted, photo, coloured)], format)

    def warm_up(self, delay: float) -> None:
        """Load VGG19 after `delay` seconds in the background, so that no job has to wait for it."""
        if isinstance(self._painter, VGGPainter):
            self._timer = threading.Timer(delay, self._get_ready, [self._painter])
            self._timer.daemon = True
            self._timer.start()

    def close(self) -> None:
        """End all jobs and wait for the threads, as far as they end within `CLOSING` seconds.

        For the end of the process: Python takes down a thread that is left then, and the C++ that
        the thread is in takes this for an error and aborts.
        """
        with self._lock:
            for job in list(self._queue):
                self._leave_queue(job, LEFT_QUEUE)
            if self._running is not None:
                self._running.cancel.set()
            threads = self._worker, self._timer
        if self._timer is not None:
            self._timer.cancel()
        deadline = time.monotonic() + CLOSING
        for thread in threads:
            if thread is not None:
                thread.join(max(0.0, deadline - time.monotonic()))

    def _get_ready(self, painter: VGGPainter) -> None:
        """Load VGG19, and measure how fast this machine is while nobody paints."""
        # A job that needs the weights fails with the same error in words; nobody is asking yet.
        try:
            painter.load()
        except UserError as error:
            log.warning("VGG19 could not be loaded ahead of the first painting: %s", error)
            return
        with self._lock:
            busy = self._running is not None
        if not busy:
            work, seconds = painter.measure()
            with self._lock:
                self._pace.measured(work, seconds)

    def plan(self, settings: Settings, photo: tuple[int, int]) -> Plan:
        """What it takes to paint a photo of (width, height) px, or of that shape."""
        size = fitting.fit_size(photo, settings.resolution, settings.square)
        with self._lock:
            seconds = self._pace.seconds(work(settings, size))
        return Plan(seconds, footprint.needed(*size), seconds > self._deadline)

    def _painted_job(self, job_id: str) -> tuple[_Job, Image.Image]:
        """An ended job and its painting as it is shown at full strength; raises `UserError`."""
        with self._lock:
            job = self._jobs.get(job_id)
            if job is None or job.result is None:
                raise UserError(NOT_KEPT)
            return job, job.result.shown

    def _new_job(self, order: Order, visitor: str) -> _Job:
        content, styles = order.content.open(), [style.open() for style in order.styles]
        masks = [mask.open() for mask in order.masks]
        init = None if order.init is None else order.init.open()
        size = previews.size_of(content.size)
        canvas = prepare(content, styles, order.settings, masks, init)
        if self._memory is not None:
            footprint.check(canvas.content.size, self._memory)
        now = self._clock()
        return _Job(
            id=secrets.token_urlsafe(16),
            visitor=visitor,
            canvas=canvas,
            masks=canvas.masks,
            settings=order.settings,
            recipe=order.recipe,
            size=content.size,
            photo=order.content,
            content_name=order.content.title,
            style_name=order.style_name,
            content_shown=previews.stretched(content, size),
            style_shown=previews.tiled(styles, size),
            work=work(order.settings, canvas.content.size),
            ordered=now,
            watched=now,
        )

    def _check_room(self, visitor: str, size_bytes: int = 0) -> None:
        """Whether the visitor may queue a job of this size; the lock is held."""
        for job in [job for job in self._queue if self._unwatched(job)]:
            self._leave_queue(job, UNWATCHED)
        own = [job for job in self._jobs.values() if job.active and job.visitor == visitor != ""]
        if own:
            raise BusyError(own[0].id)
        held = sum(job.size_bytes for job in self._queue) + size_bytes
        full = len(self._queue) >= self._capacity
        if full or (self._queue and held > self._kept_bytes):
            log.info("An order was refused; %d waiting", len(self._queue))
            minutes = max(1, math.ceil(self._left(self._running) / 60))
            waiting = "painting is" if len(self._queue) == 1 else "paintings are"
            raise QueueFullError(
                f"{len(self._queue)} {waiting} waiting already; try again in about "
                f"{minutes} {'minute' if minutes == 1 else 'minutes'}."
            )

    def _ahead(self, job: _Job) -> int:
        if job.state is not State.QUEUED:
            return 0
        return self._queue.index(job) + (self._running is not None)

    def _wait(self, job: _Job) -> float:
        """Seconds until the job begins; the lock is held."""
        if job.state is not State.QUEUED:
            return 0.0
        before = itertools.takewhile(lambda other: other is not job, self._queue)
        return self._left(self._running) + sum(self._pace.seconds(other.work) for other in before)

    def _left(self, job: _Job | None) -> float:
        """Seconds that a running job will still take, 0 without one."""
        if job is None:
            return 0.0
        if job.standing is not None and job.standing.fraction >= FORESEEABLE:
            return job.standing.seconds_left
        return max(0.0, self._pace.seconds(job.work) - (self._clock() - job.began))

    def _unwatched(self, job: _Job) -> bool:
        return self._clock() - job.watched > self._patience

    def _leave_queue(self, job: _Job, message: str) -> None:
        self._queue.remove(job)
        self._end(job, State.STOPPED, message)

    def _end(self, job: _Job, state: State, message: str) -> None:
        """Set the final state and let go of what is no longer needed; the lock is held."""
        job.state, job.message, job.canvas = state, message, None
        if job.picture is None:
            job.photo = dataclasses.replace(job.photo, data=b"")
        self._note_end(job)
        self._drop_old()

    def _note_end(self, job: _Job) -> None:
        """Learn from the job how long others will take, and log it."""
        if job.standing is None:
            log.info("Painting %d %s before its first iteration", job.number, job.state)
            return
        seconds = self._clock() - job.began
        if job.state is not State.FAILED:
            self._pace.add(job.work * job.standing.fraction, seconds)
        log.info(
            "Painting %d %s after %d iterations and %.1f s; process up to %.2f GB; %d waiting",
            *(job.number, job.state, job.standing.iteration, seconds),
            *(limits.memory_peak() / 1e9, len(self._queue)),
        )

    def _drop_old(self) -> None:
        """Let go of the ended jobs that nobody has looked at for longest."""
        ended = sorted(
            (job for job in self._jobs.values() if not job.active), key=lambda job: job.watched
        )
        size = sum(job.size_bytes for job in ended)
        for count, job in zip(range(len(ended), 1, -1), ended, strict=False):
            if size <= self._kept_bytes and (count <= self._kept or not self._unwatched(job)):
                return
            size -= job.size_bytes
            del self._jobs[job.id]

    def _work(self) -> None:
        """The worker: runs until nothing waits."""
        try:
            while job := self._next_job():
                self._run(job)
        finally:
            # Also if it ends by an error: the next order starts another.
            with self._lock:
                if self._worker is threading.current_thread():
                    self._worker = None

    def _next_job(self) -> _Job | None:
        with self._lock:
            while self._queue:
                job = self._queue[0]
                if self._unwatched(job):
                    self._leave_queue(job, UNWATCHED)
                    continue
                self._queue.popleft()
                job.state, job.began, self._running = State.RUNNING, self._clock(), job
                return job
            # Under the same lock as the look at the queue: `submit` then starts another worker.
            self._worker = None
            return None

    def _note_begin(self, job: _Job) -> None:
        assert job.canvas is not None
        changed = [
            f"{name}={value}"
            for name, value in dataclasses.asdict(job.settings).items()
            if value != getattr(Settings(), name)
        ]
        log.info(
            "Painting %d begins: %d x %d px for a photo of %d x %d px, styles: %d, masks: %d, "
            "settings: %s; waited %.1f s; %d waiting",
            *(job.number, *job.canvas.content.size, *job.size),
            *(len(job.canvas.styles), len(job.masks), " ".join(changed) or "defaults"),
            *(self._clock() - job.ordered, len(self._queue)),
        )

    def _run(self, job: _Job) -> None:
        """Paint the job; whatever happens, it ends in a final state with its latest picture.

        An error of any kind is the job's alone: the worker goes on for those who wait.
        """
        state, message = State.FAILED, UNEXPECTED
        try:
            with self._lock:
                self._note_begin(job)
            state, message = self._paint_or_explain(job)
        except BaseException:
            log.exception("Painting %d failed", job.number)
            if job.picture is not None:
                message = f"{UNEXPECTED} {SO_FAR}"
        finally:
            with self._lock:
                self._running = None
                try:
                    self._end(job, state, message)
                except Exception:
                    log.exception("Painting %d ended, but not all was done after it", job.number)

    def _paint_or_explain(self, job: _Job) -> tuple[State, str]:
        """The final state and its message; errors that the user can mend are told as they are."""
        try:
            return self._paint(job)
        except UserError as error:
            image = getattr(error, "image", None)  # DivergedError brings the last good picture
            if image is not None:
                self._keep(job, tensors.to_picture(image))
            return State.FAILED, str(error)

    def _paint(self, job: _Job) -> tuple[State, str]:
        """Follow the painter to the end or to a reason to stop; the final state and its message."""
        assert job.canvas is not None
        progress = None
        with contextlib.closing(self._painter(job.canvas, job.settings)) as steps:
            for progress in steps:
                self._record(job, progress)
                reason = self._reason_to_stop(job)
                if reason and not progress.finished:
                    self._keep(job, tensors.to_picture(progress.snapshot()))
                    return State.STOPPED, reason
        assert progress is not None
        assert progress.image is not None
        self._keep(job, tensors.to_picture(progress.image))
        return State.FINISHED, ""

    def _record(self, job: _Job, progress: Progress) -> None:
        standing, now = Standing.of(progress), self._clock()
        due = progress.image is not None or job.picture is None or now - job.previewed >= REFRESH
        picture = frame = None
        if due or job.frames.due:
            image = progress.snapshot() if progress.image is None else progress.image
            canvas = tensors.to_picture(image)
            picture = self._picture(job, canvas) if due else None
            frame = previews.frame(canvas) if job.frames.due else None
        with self._lock:
            job.standing = standing
            job.history.add(standing)
            job.frames.add(frame)
            if picture is not None:
                job.picture, job.previewed = picture, now

    def _reason_to_stop(self, job: _Job) -> str:
        if job.cancel.is_set():
            return STOPPED
        with self._lock:
            if self._unwatched(job):
                return UNWATCHED
        if self._clock() - job.began > self._deadline:
            return TOO_LONG.format(minutes=self._deadline / 60)
        return ""

    def _keep(self, job: _Job, canvas: Image.Image) -> None:
        picture = self._picture(job, canvas)
        with self._lock:
            job.picture = picture

    @staticmethod
    def _picture(job: _Job, canvas: Image.Image) -> Picture:
        """What is shown and saved of the canvas, in the job's colours and strength."""
        photo = previews.decoded(job.content_shown)
        shown = finish(canvas, photo, _with_strength(job.settings, 1.0), job.masks)
        mixed = previews.at_strength(shown, job.content_shown, job.settings.strength)
        return Picture(canvas, shown, previews.encoded(mixed))


def _with_strength(settings: Settings, strength: float | None) -> Settings:
    return settings if strength is None else dataclasses.replace(settings, strength=strength)
