"""About how many bytes a picture's file takes, told without making the file."""

from __future__ import annotations

import math

from PIL import Image

from nst.pictures import writing

SAMPLE = 512 * 512  # px that are encoded: a hundredth of a second as JPEG, some as PNG
TILES = 3  # of the sample along each side, spread evenly over the picture


def estimate(picture: Image.Image, size: tuple[int, int], format: str) -> int:
    """Bytes of a file in which `picture` has `size`, (width, height) px; `format` as in `writing`.

    Tiles of the picture are enlarged and encoded, all of it where it is small. Where `picture` is
    itself a smaller view, what only the large one shows is not counted.
    """
    pixels = size[0] * size[1]
    if pixels <= SAMPLE:
        return len(writing.encode(picture.resize(size, Image.Resampling.LANCZOS), format))
    share = math.sqrt(SAMPLE / pixels) / TILES  # of a side, in each tile
    tile = max(1, round(size[0] * share)), max(1, round(size[1] * share))
    sample = Image.new("RGB", (TILES * tile[0], TILES * tile[1]))
    for row in range(TILES):
        for column in range(TILES):
            box = (*_span(column, share, picture.width), *_span(row, share, picture.height))
            part = picture.resize(
                tile, Image.Resampling.LANCZOS, box=(box[0], box[2], box[1], box[3])
            )
            sample.paste(part, (column * tile[0], row * tile[1]))
    encoded = len(writing.encode(sample, format))
    return round(encoded * pixels / (sample.width * sample.height))


def _span(index: int, share: float, length: int) -> tuple[float, float]:
    """Where a tile begins and ends along a side: in the middle of its third."""
    middle = (index + 0.5) / TILES
    return (middle - share / 2) * length, (middle + share / 2) * length
