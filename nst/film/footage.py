"""A film that a visitor gave, checked, within what a host allows; it never touches a disk."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from fractions import Fraction

from nst.errors import ImageError
from nst.film.given import Upload, title
from nst.film.order import FilmOrder
from nst.film.source import Clip
from nst.film.video import BYTES_A_PIXEL, HELD_FRAMES, Video
from nst.film.writing import size_of
from nst.pictures import checks, previews
from nst.settings import Settings
from nst.studio.order import Input, Order

LONGER = 0.5  # seconds, that a film may have more and lose: cameras stop a moment late
TOO_MANY_BYTES = "make the film shorter, or save it at a lower resolution"
FASTEST = 240  # stored frames a second; all of them are decoded


@dataclass(frozen=True)
class FilmBounds:
    """The films that a host lets be painted."""

    seconds: float = 10.0
    side: int = 240  # px, the longer side that is painted at most
    rate: Fraction = Fraction(12)  # frames a second, at most
    most_bytes: int = checks.MAX_BYTES
    memory: int | None = None  # bytes that reading one may take; None for as many as there are


@dataclass(frozen=True, kw_only=True)
class Footage(Input):
    """A film; where a picture is looked at, it is its first frame."""

    film: Upload
    clip: Clip
    shape: tuple[int, int]  # px, as the film is shown
    side: int  # px, the longer side that is painted at most
    sound: bool

    @property
    def still(self) -> Input:
        """The first frame alone, as a photo."""
        return Input("First frame", self.data, self.file_name)

    def settings(self, settings: Settings) -> Settings:
        """The settings, with their resolution lowered to what is allowed for films."""
        return dataclasses.replace(settings, resolution=min(settings.resolution, self.side))


@dataclass(frozen=True)
class Facts:
    """A film as it will be."""

    frames: int
    size: tuple[int, int]  # px
    rate: float  # frames a second
    sound: bool


def read(name: str, upload: Upload, bounds: FilmBounds) -> Footage:
    """What was given, called `name` for people; raises `ImageError` for what is not allowed."""
    shown = title(upload)
    checks.check_bytes(len(upload.data), shown, bounds.most_bytes, TOO_MANY_BYTES)
    source = Video(upload)
    _check_memory(source.size, shown, bounds)
    if source.seconds > bounds.seconds + LONGER:
        raise ImageError(
            f"{shown} is {source.seconds:.1f} s long, but films of at most {bounds.seconds:g} s "
            "are painted here; cut it first, or paint it with the command line."
        )
    if source.stored > FASTEST * (source.seconds + 1):
        raise ImageError(
            f"{shown} has more than {FASTEST} frames a second; save it with fewer of them first."
        )
    if source.cut_off:
        raise ImageError(f"{shown} is cut off; open it in another program and save it anew.")
    first = next(source.frames(0.0, previews.SHOWN_SIDE), None)
    if first is None:
        raise ImageError(f"{shown} has no frames; choose another film.")
    return Footage(
        title=name,
        data=previews.encoded(first.picture),
        file_name=upload.name,
        film=upload,
        clip=Clip(0.0, min(source.seconds, bounds.seconds), min(source.rate, bounds.rate)),
        shape=source.size,
        side=bounds.side,
        sound=source.sound,
    )


def film_order(order: Order, footage: Footage) -> FilmOrder:
    """What an order of a footage is to those who paint films."""
    return FilmOrder(
        footage.film,
        footage.clip,
        footage.settings(order.settings),
        order.styles,
        order.masks,
        order.style_masks,
        order.init,
    )


def size_bytes(order: FilmOrder) -> int:
    """How many bytes of memory a film and its masks take as they were given."""
    inputs = (*order.styles, *order.masks, *order.style_masks)
    given = 0 if isinstance(order.film, str) else len(order.film.data)
    return given + sum(len(each.data) for each in inputs)


def facts(footage: Footage, settings: Settings) -> Facts:
    """What is painted of a footage with these settings."""
    clip, size = footage.clip, size_of(footage.shape, footage.settings(settings))
    return Facts(clip.count, size, float(clip.rate), footage.sound)


def _check_memory(size: tuple[int, int], shown: str, bounds: FilmBounds) -> None:
    """Raises `ImageError` for frames that there is no memory to read beside a painting."""
    needed = size[0] * size[1] * HELD_FRAMES * BYTES_A_PIXEL
    if bounds.memory is not None and needed > bounds.memory:
        raise ImageError(
            f"{shown} has frames of {size[0]} x {size[1]} px, larger than this server has memory "
            "for; save it at a lower resolution first."
        )
