"""Pictures as a page shows them: small JPEG files of one size."""

from __future__ import annotations

import functools
import io
from collections.abc import Sequence

from PIL import Image, ImageOps

from nst.pictures.transparency import laid_on

# px, longer side of what is shown: as wide as the page shows a painting in a window of 1920 px, or
# on a phone with three pixels a point. The download has the photo's own size.
SHOWN_SIDE = 1200
QUALITY = 90  # of JPEGs that are looked at closely
FRAME_SIDE = 480  # px, longer side of a frame of the time-lapse


def frame(picture: Image.Image) -> bytes:
    """The canvas as the time-lapse keeps it; small ones are enlarged when it is made."""
    if max(picture.size) > FRAME_SIDE:
        picture = picture.copy()
        picture.thumbnail((FRAME_SIDE, FRAME_SIDE))
    return encoded(picture, quality=80)


def decoded(jpeg: bytes) -> Image.Image:
    """A picture of the program's own making, mode RGB; its pixels are read when they are used.

    Where only its size is asked for, as in most paintings, that saves the most of the time.
    """
    picture = Image.open(io.BytesIO(jpeg))
    return picture if picture.mode == "RGB" else picture.convert("RGB")


@functools.lru_cache(maxsize=2)  # of what is painted, and of a time-lapse that is made meanwhile
def reduced(jpeg: bytes, side: int) -> Image.Image:
    """The picture made smaller, where need be, so that neither side has more than `side` px.

    Whoever asks again gets the same picture, so nobody may change it.
    """
    picture = decoded(jpeg)
    picture.thumbnail((side, side))
    picture.load()
    return picture


def size_of(size: tuple[int, int]) -> tuple[int, int]:
    """The (width, height) at which everything of a photo of `size` is shown, whatever the canvas.

    Pictures of one size keep the page from jumping when the canvas grows.
    """
    factor = SHOWN_SIDE / max(size)
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def stretched(picture: Image.Image, size: tuple[int, int], quality: int = QUALITY) -> bytes:
    """A JPEG file of the picture, stretched to `size`."""
    return encoded(picture.resize(size, Image.Resampling.BICUBIC), quality)


def encoded(picture: Image.Image, quality: int = QUALITY) -> bytes:
    """A JPEG file of the picture, to be shown."""
    buffer = io.BytesIO()
    laid_on(picture, "white").save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def cropped(picture: Image.Image, size: tuple[int, int]) -> bytes:
    """A WebP file of the picture at `size`, cut at its sides where its aspect is another."""
    return compact(ImageOps.fit(picture, size, Image.Resampling.BICUBIC))


def compact(picture: Image.Image) -> bytes:
    """A WebP file of the picture, with half the bytes of a JPEG: a page begins with many."""
    buffer = io.BytesIO()
    laid_on(picture, "white").save(buffer, "WEBP", quality=70)
    return buffer.getvalue()


def tiled(pictures: Sequence[Image.Image], size: tuple[int, int]) -> bytes:
    """A JPEG file of `size` that up to four pictures, or more, share in equal parts."""
    sheet = Image.new("RGB", size)
    for picture, (left, top, right, bottom) in zip(
        pictures, _tiles(len(pictures), size), strict=True
    ):
        tile = max(1, right - left), max(1, bottom - top)
        sheet.paste(
            ImageOps.fit(laid_on(picture, "white"), tile, Image.Resampling.BICUBIC), (left, top)
        )
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
