"""Animated GIF and WebP as films, read by Pillow."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from fractions import Fraction

from PIL import Image

from nst.film.source import DamagedError, Timed, no_frames, reduced_size
from nst.pictures import checks, reading
from nst.pictures.naming import shown_name
from nst.pictures.transparency import laid_on

# Seconds that browsers show a frame which says less than `LEAST_SECONDS`.
USUAL_SECONDS, LEAST_SECONDS = 0.1, 0.011


def is_animation(path: str) -> bool:
    """Whether a file begins as a GIF or WebP does; False for one that cannot be read."""
    try:
        with open(path, "rb") as file:
            head = file.read(12)
    except OSError:
        return False
    return head.startswith(b"GIF8") or (head.startswith(b"RIFF") and head.endswith(b"WEBP"))


class Animation:
    """A GIF or WebP; see `source.Source`."""

    def __init__(self, path: str) -> None:
        self._path, self._shown = path, shown_name(path, "The film")
        self._data = reading.read_bytes(path)
        with reading.pillow_errors(self._shown), self._opened() as image:
            checks.check_sides(image.size, self._shown)
            if image.width * image.height > reading.MAX_PIXELS:
                raise checks.too_many_pixels(
                    image.size, self._shown, reading.MAX_PIXELS, "an animation"
                )
            self.size = image.size
        self._times = [0.0]
        try:
            for seconds, _ in self._walk(1):
                self._times.append(self._times[-1] + seconds)
        except DamagedError:
            # Its beginning can be painted; whoever paints meets the damage, and says so.
            self._times.append(self._times[-1] + USUAL_SECONDS)
        if len(self._times) == 1:
            raise no_frames(self._shown)

    @property
    def seconds(self) -> float:
        """See `Source.seconds`."""
        return self._times[-1]

    @property
    def rate(self) -> Fraction:
        """See `Source.rate`: as many as its shortest frame stands for, so that none is left out."""
        lengths = [after - before for before, after in itertools.pairwise(self._times)]
        return Fraction(1 / min(lengths)).limit_denominator(1000)

    def frames(self, start: float, side: int) -> Iterator[Timed]:
        """See `Source.frames`."""
        begins = 0.0
        for seconds, picture in self._walk(side):
            if begins + seconds > start:
                yield Timed(picture, begins)
            begins += seconds

    def _opened(self) -> Image.Image:
        return Image.open(io.BytesIO(self._data), formats=("GIF", "WEBP"))

    def _walk(self, side: int) -> Iterator[tuple[float, Image.Image]]:
        """The seconds of each frame, and what it shows."""
        with self._opened() as image:
            for number in range(getattr(image, "n_frames", 1)):
                try:
                    with reading.pillow_errors(self._shown):
                        image.seek(number)
                        shown = laid_on(image.convert("RGBA"), "white")
                except ValueError as error:
                    raise _damaged(self._shown, number) from error
                seconds = image.info.get("duration", 0) / 1000
                size = reduced_size(shown.size, side)
                picture = shown.resize(size, Image.Resampling.BOX, reducing_gap=2.0)
                yield (seconds if seconds >= LEAST_SECONDS else USUAL_SECONDS), picture


def _damaged(shown: str, number: int) -> DamagedError:
    return DamagedError(
        f"{shown} is damaged from frame {number + 1} on; open it in another program and save it "
        "anew to paint the rest."
    )
