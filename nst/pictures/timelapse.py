"""The time-lapse: an animation of how a painting was made."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

from PIL import Image

# Pillow writes these two. Every browser shows both; WebP is half as large and has all colours, GIF
# is accepted everywhere.
FORMATS = ("GIF", "WEBP")
FRAME_SECONDS = 0.1
LAST_FRAME_SECONDS = 1.5  # time to look at the painting before the animation begins again


def encode(frames: Iterable[Image.Image], format: str) -> bytes:
    """An animation that repeats for ever, the last frame longest: the bytes of a GIF or WebP.

    `frames` are one or more, of one size. Raises `ValueError` for another format.
    """
    if format not in FORMATS:
        raise ValueError(f"expected one of {', '.join(FORMATS)}, got {format!r}")
    pictures = list(frames)
    if format == "GIF":
        pictures = _with_one_palette(pictures)
    first, *others = pictures
    milliseconds = [round(1000 * FRAME_SECONDS)] * len(others)
    buffer = io.BytesIO()
    first.save(
        buffer,
        format,
        save_all=True,
        append_images=others,
        duration=[*milliseconds, round(1000 * LAST_FRAME_SECONDS)],
        loop=0,
    )
    return buffer.getvalue()


def _with_one_palette(pictures: Sequence[Image.Image]) -> list[Image.Image]:
    """The pictures in 256 colours, the same for all: a palette each flickers and takes 15 times as
    long."""
    width, height = (max(1, side // 4) for side in pictures[0].size)  # that many are enough
    sheet = Image.new("RGB", (width, height * len(pictures)))
    for number, picture in enumerate(pictures):
        sample = picture.resize((width, height), Image.Resampling.NEAREST)
        sheet.paste(sample, (0, number * height))
    palette = sheet.quantize(256)
    return [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures]
