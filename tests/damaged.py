"""Whether a file, however damaged, is read or refused."""

from __future__ import annotations

import warnings

from nst.errors import ImageError
from nst.pictures.reading import open_picture


def survives(data: bytes) -> bool:
    """Whether `data` gives a picture within the limits, or an `ImageError`, and no warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            picture = open_picture(data)
        except ImageError:
            return True
    width, height = picture.size
    return picture.mode == "RGB" and min(width, height) >= 32 and width * height <= 36_000_000
