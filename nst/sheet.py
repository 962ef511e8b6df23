"""Many paintings on one sheet, each in a tile of the same size."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PIL import Image

from nst import export

SIDE = 256  # px, of a tile, where there are not very many
LEAST_SIDE = 48
MOST_PIXELS = 40_000_000  # of a sheet, roughly; viewers open no larger ones
MISSING = (225, 225, 225)

Tile = tuple[str, Image.Image | None]  # its caption, and no picture where there is none


def side_for(count: int) -> int:
    """The side of a tile, in px, for a sheet of `count` tiles."""
    fits = math.isqrt(MOST_PIXELS // max(1, count))
    return max(LEAST_SIDE, min(SIDE, fits))


def fit_tile(picture: Image.Image, side: int) -> Image.Image:
    """The picture as large as it fits into a white square of `side` px, in its middle."""
    scale = side / max(picture.size)
    width, height = (max(1, round(length * scale)) for length in picture.size)
    small = picture.resize((width, height), Image.Resampling.LANCZOS)
    tile = Image.new("RGB", (side, side), "white")
    tile.paste(small, ((side - width) // 2, (side - height) // 2))
    return tile


def in_rows(tiles: Sequence[Tile], columns: int | None = None) -> list[list[Tile]]:
    """The tiles in rows of `columns`, by default about as many as there are rows."""
    columns = columns or max(1, math.ceil(math.sqrt(len(tiles))))
    return [list(tiles[start : start + columns]) for start in range(0, len(tiles), columns)]


def draw(rows: Sequence[Sequence[Tile]], side: int) -> Image.Image:
    """The sheet; a tile without a picture is grey.

    Pictures that are not squares of `side` px are fitted into them.
    """
    missing = Image.new("RGB", (side, side), MISSING)
    return export.contact_sheet(
        [
            [
                (caption, missing if picture is None else fit_tile(picture, side))
                for caption, picture in row
            ]
            for row in rows
        ]
    )
