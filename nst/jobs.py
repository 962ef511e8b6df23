"""Painting jobs for the page: a bounded queue, one worker thread, and what a job shows of itself.

The worker knows nothing of who looks on: a page asks for snapshots and may come and go. torch is
imported by the worker's first job, so that importing this module is instant.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import logging
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Generic, TypeVar

from PIL import Image, ImageOps

from nst import export, images
from nst.canvas import Canvas, finish, needs_photo, prepare
from nst.recipe import KEY, Recipe, Source, versions
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
SHOWN_SIDE = 768  # px, longer side of what is shown; the download has the photo's own size
REFRESH = 1.0  # seconds a preview may be old; showing one costs a hundredth of that
HISTORY = 400  # losses kept for the chart
# Kept for the time-lapse. A JPEG of paint takes 20 to 40 KB at the default resolution and up to
# 120 KB at 480 x 480 px, one of noise 200 KB: a job holds 1 to 2 MB, 12 MB at the very most.
FRAMES = 60
FRAME_SIDE = 480  # px, longer side

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

T = TypeVar("T")


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
class Input:
    """A picture that goes in, as a file: what the page calls it, its bytes and its name."""

    title: str
    data: bytes
    file_name: str

    @cached_property
    def source(self) -> Source:
        """What a recipe says of the picture."""
        return Source.of(self.data, self.file_name)

    def open(self) -> Image.Image:
        """The picture; raises `ImageError`."""
        return images.open_picture(self.data, self.file_name)


@dataclass(frozen=True)
class Order:
    """What is to be painted, from what, and how.

    `masks` are none or one a style; `init` goes with the setting of the same name, "picture".
    """

    content: Input
    styles: tuple[Input, ...]
    settings: Settings
    masks: tuple[Input, ...] = ()
    init: Input | None = None

    @property
    def style_name(self) -> str:
        """The styles as one says them: Night sky, Watercolour and Pointillism."""
        *others, last = [style.title for style in self.styles]
        return f"{', '.join(others)} and {last}" if others else last

    @property
    def recipe(self) -> Recipe:
        """All it takes to paint this again, but for the weights and versions."""
        return Recipe(
            self.settings,
            self.content.source,
            tuple(style.source for style in self.styles),
            tuple(mask.source for mask in self.masks),
            None if self.init is None else self.init.source,
        )


@dataclass(frozen=True)
class Standing:
    """The numbers of an iteration: those of `transfer.Progress`, without its pictures."""

    iteration: int
    total: int
    scale: int
    scales: tuple[int, ...]
    total_loss: float
    content_loss: float
    style_loss: float
    seconds: float
    seconds_left: float
    fraction: float

    @classmethod
    def of(cls, progress: Progress) -> Standing:
        """The numbers of `progress`."""
        return cls(**{name: getattr(progress, name) for name in cls.__dataclass_fields__})


class Thinned(Generic[T]):
    """At most `limit` things, spread evenly over all that came."""

    def __init__(self, limit: int) -> None:
        self._limit, self._stride, self._count = limit, 1, 0
        self._kept: list[T] = []

    @property
    def due(self) -> bool:
        """Whether the next thing is kept; one that is not need not be made."""
        return self._count % self._stride == 0

    def add(self, thing: T | None) -> None:
        """Take in the next thing, which may be None where it is not due."""
        if self.due and thing is not None:
            self._kept.append(thing)
        self._count += 1
        if len(self._kept) >= self._limit:
            self._kept, self._stride = self._kept[::2], self._stride * 2

    def kept(self) -> tuple[T, ...]:
        """What is kept, oldest first."""
        return tuple(self._kept)


class History:
    """Standings for the chart: at most `limit`, spread evenly over the run, and the last."""

    def __init__(self, limit: int = HISTORY) -> None:
        self._points: Thinned[Standing] = Thinned(limit)
        self._last: Standing | None = None

    def add(self, standing: Standing) -> None:
        """Take in the next iteration."""
        self._points.add(standing)
        self._last = standing

    def points(self) -> tuple[Standing, ...]:
        """What is kept, oldest first."""
        points = self._points.kept()
        last = () if self._last in points[-1:] or self._last is None else (self._last,)
        return (*points, *last)


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
        return encoded(_at_strength(painted, photo, strength))

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
            (f"Photo: {job.content_name}", _decoded(job.content_shown)),
            (f"Style: {job.style_name}", _decoded(job.style_shown)),
            ("Painting", _at_strength(painted, job.content_shown, strength)),
        )
        return images.encode(export.contact_sheet([panels]))

    def timelapse(self, job_id: str, format: str, strength: float | None = None) -> bytes:
        """How the painting came about, as an animated GIF or WebP (`format`) that ends with it.

        At this strength and in the colours of the result, at most `FRAME_SIDE` px. Takes one to
        three seconds. Raises `UserError` if there is no painting.
        """
        job, painted = self._painted_job(job_id)
        settings = _with_strength(job.settings, strength)
        with self._lock:
            frames, masks = job.frames.kept(), job.canvas.masks
        photo = _decoded(job.content_shown)
        photo.thumbnail((FRAME_SIDE, FRAME_SIDE))
        coloured = dataclasses.replace(settings, preserve_color="off")  # what `painted` has
        with self._animating:
            pictures = [finish(_decoded(frame), photo, settings, masks) for frame in frames]
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
        size = shown_size(content.size)
        return _Job(
            id=secrets.token_urlsafe(16),
            canvas=prepare(content, styles, order.settings, masks, init),
            settings=order.settings,
            recipe=order.recipe,
            size=content.size,
            photo=order.content,
            content_name=order.content.title,
            style_name=order.style_name,
            content_shown=show(content, size),
            style_shown=show_tiled(styles, size),
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
            preview = self._shown(job, picture) if preview_due else None
            frame = _frame(picture) if job.frames.due else None
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
        preview = encoded(_at_strength(painted, job.content_shown, job.settings.strength))
        with self._lock:
            job.result, job.painted, job.preview = picture, painted, preview

    def _shown(self, job: _Job, picture: Image.Image) -> bytes:
        """The picture as the download will be, at the size it is shown at."""
        painted = self._painted(job, picture)
        return encoded(_at_strength(painted, job.content_shown, job.settings.strength))

    @staticmethod
    def _painted(job: _Job, picture: Image.Image) -> Image.Image:
        masks = job.canvas.masks
        return finish(
            picture, _decoded(job.content_shown), _with_strength(job.settings, 1.0), masks
        )


def _with_strength(settings: Settings, strength: float | None) -> Settings:
    return settings if strength is None else dataclasses.replace(settings, strength=strength)


def _at_strength(painted: Image.Image, photo: bytes, strength: float) -> Image.Image:
    """A finished painting mixed with its photo, a JPEG of the same size."""
    if strength == 1:
        return painted
    from nst import color  # late, as the page's first paint must not wait for numpy

    return color.blend(painted, _decoded(photo), strength)


def _frame(picture: Image.Image) -> bytes:
    """The canvas as the time-lapse keeps it; small ones are enlarged when it is made."""
    if max(picture.size) > FRAME_SIDE:
        picture = picture.copy()
        picture.thumbnail((FRAME_SIDE, FRAME_SIDE))
    return encoded(picture, quality=80)


def _decoded(jpeg: bytes) -> Image.Image:
    """A picture of the program's own making."""
    return Image.open(io.BytesIO(jpeg)).convert("RGB")


def shown_size(size: tuple[int, int]) -> tuple[int, int]:
    """The (width, height) at which everything of a photo of `size` is shown, whatever the canvas.

    Pictures of one size keep the page from jumping when the canvas grows.
    """
    factor = SHOWN_SIDE / max(size)
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def show(picture: Image.Image, size: tuple[int, int]) -> bytes:
    """A JPEG file of the picture, stretched to `size`."""
    return encoded(picture.resize(size, Image.Resampling.BICUBIC))


def encoded(picture: Image.Image, quality: int = 90) -> bytes:
    """A JPEG file of the picture, to be shown."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def show_cropped(picture: Image.Image, size: tuple[int, int]) -> bytes:
    """A JPEG file of the picture at `size`, cut at its sides where its aspect is another."""
    return encoded(ImageOps.fit(picture, size, Image.Resampling.BICUBIC))


def show_tiled(pictures: Sequence[Image.Image], size: tuple[int, int]) -> bytes:
    """A JPEG file of `size` that up to four pictures, or more, share in equal parts."""
    sheet = Image.new("RGB", size)
    for picture, (left, top, right, bottom) in zip(
        pictures, _tiles(len(pictures), size), strict=True
    ):
        tile = max(1, right - left), max(1, bottom - top)
        sheet.paste(ImageOps.fit(picture, tile, Image.Resampling.BICUBIC), (left, top))
    return encoded(sheet)


def _tiles(count: int, size: tuple[int, int]) -> list[tuple[int, int, int, int]]:
    """(left, top, right, bottom) of so many tiles: two along the longer side, else two a row."""
    width, height = size
    columns = 1 if count == 1 or (count == 2 and height > width) else 2
    rows = -(-count // columns)
    tiles = []
    for index in range(count):
        row, column = divmod(index, columns)
        in_row = min(columns, count - row * columns)  # an odd one has its row for itself
        tiles.append(
            (
                width * column // in_row,
                height * row // rows,
                width * (column + 1) // in_row,
                height * (row + 1) // rows,
            )
        )
    return tiles


def _load_quietly(painter: VGGPainter) -> None:
    # A job that needs the weights fails with the same error in words; nobody is asking yet.
    try:
        painter.load()
    except UserError as error:
        log.warning("VGG19 could not be loaded ahead of the first painting: %s", error)
