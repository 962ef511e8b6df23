"""Which kind of film a path leads to."""

from __future__ import annotations

import os
from fractions import Fraction

from nst.film.animation import Animation, is_animation
from nst.film.folder import Folder
from nst.film.source import Source
from nst.film.video import Video


def open_source(path: str, rate: Fraction | None = None) -> Source:
    """The film at `path`: a folder of numbered pictures, a GIF or WebP, or what PyAV reads.

    `rate` is how many pictures of a folder are shown in a second. Raises `ImageError`.
    """
    if os.path.isdir(path):
        return Folder(path, rate)
    if is_animation(path):
        return Animation(path)
    return Video(path)
