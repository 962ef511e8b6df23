"""What a film is read from, and its frames at an even rate, however they were timed.

A film is read frame by frame and never held as a whole. Everything that a foreign file can do wrong
ends in the modules that read it, as an `ImageError`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from PIL import Image

from nst.errors import ImageError

SLOWEST, FASTEST = Fraction(1, 10), Fraction(120)  # frames a second of a film that is written


class DamagedError(ImageError):
    """A film cannot be read to its end; the frames before are good."""


@dataclass(frozen=True)
class Timed:
    """A frame of a source."""

    picture: Image.Image  # RGB, upright, reduced as the source was asked to
    seconds: float  # when it is shown, from the film's beginning


class Source(Protocol):
    """A film, an animation or a folder of pictures."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height as it is shown, px."""
        ...

    @property
    def rate(self) -> Fraction:
        """Frames a second, on the whole."""
        ...

    @property
    def seconds(self) -> float:
        """How long it is, as far as it says."""
        ...

    def frames(self, start: float, side: int) -> Iterator[Timed]:
        """The frames from the one that is shown at `start`, the longer side about `side` px.

        Raises `DamagedError` where it cannot be read any further.
        """
        ...


@dataclass(frozen=True)
class Clip:
    """The part of a film that is painted, and at how many frames a second."""

    start: float  # s
    end: float
    rate: Fraction

    @property
    def count(self) -> int:
        """How many frames it has."""
        return max(1, math.ceil((self.end - self.start) * self.rate - 1e-3))


def clip_of(source: Source, start: float, end: float | None, rate: Fraction | None) -> Clip:
    """The part from `start` to `end`, or all there is; raises `ImageError` if that is nothing."""
    last = source.seconds if end is None else min(end, source.seconds)
    if last <= start:
        raise ImageError(
            f"Nothing is to be seen from {start:g} s to {last:g} s of a film of "
            f"{source.seconds:.1f} s; choose a part of it with --from and --to."
        )
    return Clip(start, last, min(FASTEST, max(SLOWEST, rate or source.rate)))


def sampled(source: Source, clip: Clip, side: int, first: int = 0) -> Iterator[Image.Image]:
    """The frames of a clip from number `first` on: for each what the source shows at its time.

    A picture that is shown for longer comes again as the same object. Raises what
    `Source.frames` does.
    """
    number, shown = first, None
    for timed in source.frames(clip.start + float(first / clip.rate), side):
        # A frame that begins within a thousandth of a second is there.
        while shown is not None and clip.start + number / clip.rate + 1e-3 < timed.seconds:
            if number >= clip.count:
                return
            yield shown
            number += 1
        shown = timed.picture
    while shown is not None and number < clip.count:
        yield shown
        number += 1


def no_frames(shown: str) -> ImageError:
    """The error for a film that shows nothing; `shown` is what it is called."""
    return ImageError(f"{shown} has no frames; choose another film.")


def reduced_size(size: tuple[int, int], side: int) -> tuple[int, int]:
    """Width and height with the longer side at most `side` px."""
    scale = min(1.0, side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
