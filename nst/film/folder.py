"""A folder of numbered pictures as a film."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from fractions import Fraction

from PIL import Image

from nst.errors import ImageError
from nst.film.source import DamagedError, Timed, no_frames, reduced_size
from nst.pictures import fitting, reading
from nst.pictures.naming import reason, shown_name

RATE = Fraction(24)  # pictures a second, unless it is said
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".avif", ".heic")


class Folder:
    """The pictures of a folder with a number in their names, in the order of the numbers.

    See `source.Source`. All are shown at the size of the first.
    """

    def __init__(self, path: str, rate: Fraction | None = None) -> None:
        self._paths = numbered(path)
        if not self._paths:
            raise no_frames(shown_name(path, "The film"))
        self.rate = rate or RATE
        self.size = reading.open_picture(self._paths[0]).size

    @property
    def seconds(self) -> float:
        """See `Source.seconds`."""
        return float(len(self._paths) / self.rate)

    def frames(self, start: float, side: int) -> Iterator[Timed]:
        """See `Source.frames`."""
        size = reduced_size(self.size, side)
        for number in range(max(0, int(start * self.rate + 1e-3)), len(self._paths)):
            yield Timed(self._read(number, size), float(number / self.rate))

    def _read(self, number: int, size: tuple[int, int]) -> Image.Image:
        try:
            picture = reading.open_picture(self._paths[number], longer_side=max(size))
        except ImageError as error:
            raise DamagedError(str(error)) from error
        return fitting.resize(picture, size)


def numbered(path: str) -> list[str]:
    """The pictures in a folder whose names have a number at their end, by that number.

    Raises `ImageError` if it cannot be read.
    """
    try:
        names = os.listdir(path)
    except OSError as error:
        raise ImageError(
            f"{shown_name(path, 'The folder')} cannot be read ({reason(error)}); check who may "
            "read it."
        ) from error
    found = []
    for name in names:
        stem, suffix = os.path.splitext(name)
        number = re.search(r"\d+$", stem)
        if number and suffix.lower() in SUFFIXES and not name.startswith("."):
            found.append((int(number[0]), name))
    return [os.path.join(path, name) for _, name in sorted(found)]
