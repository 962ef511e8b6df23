"""Many paintings on one sheet, in rows of captioned tiles."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PIL import Image

from nst.pictures import export

SIDE = 256  # px, longer side of a picture, where there are not very many
LEAST_SIDE = 48
MOST_PIXELS = 40_000_000  # of a sheet, roughly; viewers open no larger ones
MISSING = (225, 225, 225)

Tile = tuple[str, Image.Image | None]  # its caption, and no picture where there is none


def side_for(count: int) -> int:
    """The longer side of the pictures, in px, on a sheet of `count`."""
    fits = math.isqrt(MOST_PIXELS // max(1, count))
    return max(LEAST_SIDE, min(SIDE, fits))


def reduce(picture: Image.Image, side: int) -> Image.Image:
    """The picture with a longer side of `side` px."""
    scale = side / max(picture.size)
    width, height = (max(1, round(length * scale)) for length in picture.size)
    return picture.resize((width, height), Image.Resampling.LANCZOS)


def in_rows(tiles: Sequence[Tile], columns: int | None = None) -> list[list[Tile]]:
    """The tiles in rows of `columns`, by default about as many as there are rows."""
    columns = columns or max(1, math.ceil(math.sqrt(len(tiles))))
    return [list(tiles[start : start + columns]) for start in range(0, len(tiles), columns)]


def draw(rows: Sequence[Sequence[Tile]], side: int) -> Image.Image:
    """The sheet, every picture with a longer side of `side` px; grey where there is none."""
    reduced = [
        [(caption, picture and reduce(picture, side)) for caption, picture in row] for row in rows
    ]
    sizes = [picture.size for row in reduced for _, picture in row if picture]
    # Just as large as they need to be, so that nothing gapes where all have the same shape.
    box = tuple(max(lengths) for lengths in zip(*sizes, strict=True)) or (side, side)

    def tile(picture: Image.Image | None) -> Image.Image:
        ground = Image.new("RGB", box, "white" if picture else MISSING)
        if picture:
            # At the bottom, where its caption is.
            ground.paste(picture, ((box[0] - picture.width) // 2, box[1] - picture.height))
        return ground

    return export.contact_sheet(
        [[(caption, tile(picture)) for caption, picture in row] for row in reduced]
    )
