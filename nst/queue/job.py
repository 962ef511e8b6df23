"""A painting job: what it paints, how far it is, and what others see of it."""

from __future__ import annotations

import dataclasses
import secrets
import threading
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from PIL import Image

from nst.film.cost import FrameCost
from nst.film.footage import Facts, Footage
from nst.pictures import previews, reading, transparency
from nst.queue import messages
from nst.queue.history import History, Standing
from nst.queue.pace import work
from nst.queue.reel import Reel
from nst.settings import Settings
from nst.studio.film import FRAMES
from nst.studio.finishing import finish
from nst.studio.order import Input, Order
from nst.studio.preparation import Prepared, prepare
from nst.studio.recipe import Recipe
from nst.studio.thinned import Thinned


class JobState(StrEnum):
    """Where a job is between `submit` and its end."""

    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"

    @property
    def active(self) -> bool:
        """Whether the job waits or runs."""
        return self in (JobState.QUEUED, JobState.RUNNING)


class LatestPicture(NamedTuple):
    """A job's picture at one moment, as it was painted and as it is shown."""

    canvas: Image.Image  # as it was painted
    preview: bytes  # JPEG of what is shown, at the strength of the job's settings


@dataclass(frozen=True)
class Snapshot:
    """A job as it is at one moment."""

    id: str
    state: JobState
    ahead: int  # paintings to be finished before this one begins
    wait: float  # seconds until it begins, as far as can be foreseen
    guessed: bool  # whether that wait is no more than a guess
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
    film: Facts | None = None  # what it will be, if it is a film
    stopping: bool = False  # whether it was told to end, and has not yet

    @property
    def active(self) -> bool:
        """Whether the job waits or runs."""
        return self.state.active


@dataclass
class Job:
    """A job as the queue holds it. Its fields are guarded by the lock of its manager."""

    id: str
    visitor: str  # who ordered it; "" for nobody in particular
    prepared: Prepared | None  # until the end
    masks: tuple[Image.Image, ...]  # of the canvas
    recipe: Recipe
    size: tuple[int, int]  # of the photo
    photo: Input  # as its file: its pixels may take 120 MB
    content_name: str
    style_name: str
    content_shown: bytes
    cut_out: Image.Image | None  # the photo as it is shown, RGBA, if it is transparent in part
    style_shown: bytes
    work: float  # that it costs at most; of a film, the seconds as they were estimated
    ordered: float  # when it came, as are the following
    watched: float
    began: float = 0.0
    number: int = 0  # in the log
    state: JobState = JobState.QUEUED
    picture: LatestPicture | None = None  # the latest that was made; it stays, however the job ends
    previewed: float = 0.0  # when it was made
    standing: Standing | None = None
    history: History = field(default_factory=History)
    frames: Thinned[bytes] = field(default_factory=lambda: Thinned(FRAMES))  # JPEG, of the canvas
    film_bytes: dict[tuple[str, float], int] = field(default_factory=dict)  # of films made of it
    message: str = ""
    reel: Reel | None = None  # of a film
    cancel: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def of(cls, order: Order, visitor: str, now: float) -> Job:
        """A job for the order, with its pictures read and fitted to the canvas.

        The id cannot be guessed. Raises `ImageError`.
        """
        pictures = order.open()
        content, size = pictures.content, previews.size_of(pictures.content.size)
        prepared = prepare(pictures, order.settings)
        return cls(
            id=secrets.token_urlsafe(16),
            visitor=visitor,
            prepared=prepared,
            masks=prepared.masks,
            recipe=order.recipe,
            size=content.size,
            photo=order.content,
            content_name=order.content.title,
            style_name=order.style_name,
            content_shown=previews.stretched(content, size),
            cut_out=content.resize(size) if transparency.is_transparent(content) else None,
            style_shown=previews.tiled(pictures.styles, size),
            work=work(order.settings, prepared.content.size),
            ordered=now,
            watched=now,
        )

    @classmethod
    def of_film(
        cls, order: Order, given: Footage, cost: FrameCost, visitor: str, now: float
    ) -> Job:
        """A job for a film, with its pictures read; raises `ImageError`."""
        pictures, reel = order.open(), Reel.of(order, given, cost)
        shown = previews.size_of(pictures.content.size)
        return cls(
            id=secrets.token_urlsafe(16),
            visitor=visitor,
            prepared=None,
            masks=(),
            recipe=dataclasses.replace(order.recipe, settings=given.settings(order.settings)),
            size=reel.facts.size,
            photo=Input(given.title, b"", given.file_name),
            content_name=given.title,
            style_name=order.style_name,
            content_shown=previews.stretched(pictures.content, shown),
            cut_out=None,
            style_shown=previews.tiled(pictures.styles, shown),
            work=reel.work,
            ordered=now,
            watched=now,
            reel=reel,
        )

    @property
    def settings(self) -> Settings:
        """The settings that it was ordered with."""
        return self.recipe.settings

    @property
    def active(self) -> bool:
        """Whether the job waits or runs."""
        return self.state.active

    @property
    def goes_on(self) -> bool:
        """Whether it is a film that was begun and waits for its next turn, or has it."""
        return self.reel is not None and self.reel.shots is not None

    @property
    def leaving(self) -> str:
        """What is told of a film that ends between its turns."""
        assert self.reel is not None
        return messages.film_stopped(self.reel.frames, self.reel.facts.frames)

    @property
    def result(self) -> LatestPicture | None:
        """The picture of an ended job; None while it waits or runs, or if there is none."""
        return None if self.active else self.picture

    @property
    def size_bytes(self) -> int:
        """How many bytes its pictures take in memory."""
        pictures: list[Image.Image | None] = [*self.masks]
        preview = b""
        if self.picture is not None:
            pictures.append(self.picture.canvas)
            preview = self.picture.preview
        if self.prepared is not None:
            pictures += [self.prepared.content, *self.prepared.styles, self.prepared.init]
            pictures += self.prepared.style_masks
        files = self.photo.data, self.content_shown, self.style_shown, preview
        film = 0 if self.reel is None else self.reel.size_bytes
        return (
            film
            + sum(reading.held_bytes(picture) for picture in pictures if picture)
            + sum(len(file) for file in (*files, *self.frames.kept()))
        )

    def as_shown(
        self, canvas: Image.Image, settings: Settings, side: int | None = None
    ) -> Image.Image:
        """The canvas finished with these settings, its longer side at most `side` px if given.

        What the photo does not cover is white, as in a JPEG.
        """
        if side is None or side >= previews.SHOWN_SIDE:
            photo = previews.decoded(self.content_shown)
        else:
            photo = previews.reduced(self.content_shown, side)
        picture = finish(canvas, photo, settings, self.masks)
        if self.cut_out is None:
            return picture
        hidden = transparency.hidden_as_in(picture, self.cut_out.resize(picture.size))
        return transparency.laid_on(hidden, "white")

    def end(self, state: JobState, message: str) -> None:
        """Set the final state and let go of what is no longer needed."""
        self.state, self.message, self.prepared = state, message, None
        if self.reel is not None:
            self.reel.end()
            if not self.reel.mp4:  # what is seen of a first frame is no film
                self.picture = None
        if self.picture is None:
            self.photo = dataclasses.replace(self.photo, data=b"")
        self.over.set()

    def snapshot(self, ahead: int, wait: float, guessed: bool) -> Snapshot:
        """The job as it is now, with what its manager knows of its place in the queue."""
        return Snapshot(
            id=self.id,
            state=self.state,
            ahead=ahead,
            wait=wait,
            guessed=guessed,
            size=self.size,
            content_name=self.content_name,
            style_name=self.style_name,
            content_shown=self.content_shown,
            style_shown=self.style_shown,
            preview=None if self.picture is None else self.picture.preview,
            recipe=self.recipe,
            standing=self.standing,
            history=self.history.points(),
            message=self.message,
            film=None if self.reel is None else self.reel.facts,
            stopping=self.active and self.cancel.is_set(),
        )
