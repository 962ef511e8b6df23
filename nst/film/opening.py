"""Which kind of film a path leads to."""

from __future__ import annotations

import os
from fractions import Fraction

from nst.film.animation import Animation, is_animation
from nst.film.folder import Folder
from nst.film.given import Given
from nst.film.source import Source
from nst.film.video import Video


def open_source(film: Given, rate: Fraction | None = None) -> Source:
    """The film: a folder of numbered pictures, a GIF or WebP, or what PyAV reads.

    `rate` is how many pictures of a folder are shown in a second. Raises `ImageError`.
    """
    if isinstance(film, str) and os.path.isdir(film):
        return Folder(film, rate)
    if isinstance(film, str) and is_animation(film):
        return Animation(film)
    return Video(film)
