"""Cutting a picture into tiles, which have the same features as the picture in one piece.

A feature of VGG19 depends on the pixels around it and on no others, 70 px to each side at conv5_1.
A tile with that much around it has the features of the whole picture in its core, and the cores
cover the picture without overlapping. Where the picture ends, the tile ends with it, so that the
rim of the picture is the only one that is ever seen.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

from nst import layers

# px; cores begin and end on multiples of it, where all poolings and the blocks of Winograd's
# convolution have their borders. These then compute the same as in the whole picture, to the bit
# nearly everywhere; otherwise rounding would move some values across the kinks of ReLU and pooling.
GRID, BLOCK = 64, 4


@dataclass(frozen=True)
class Tile:
    """A rectangle of a picture of `height` x `width` px."""

    height: int
    width: int
    rows: tuple[int, int]  # the first and the one behind the last, multiples of `GRID`
    columns: tuple[int, int]

    @classmethod
    def whole(cls, height: int, width: int) -> Tile:
        """The picture as one tile."""
        return cls(height, width, (0, height), (0, width))


def tiles(height: int, width: int, side: int) -> list[Tile]:
    """Tiles of about one size, at most `side` px high and wide, row by row.

    Height and width are multiples of 16. No tile is smaller than `GRID`, but at the end.
    """
    return [
        Tile(height, width, rows, columns)
        for rows in _cut(height, side)
        for columns in _cut(width, side)
    ]


def _cut(length: int, side: int) -> list[tuple[int, int]]:
    """Parts of `length`, as equal as multiples of `GRID` can be."""
    steps = -(-length // GRID)
    count = -(-steps // max(1, side // GRID))
    borders = [steps * number // count * GRID for number in range(count)]
    return list(zip(borders, [*borders[1:], length], strict=True))


@functools.lru_cache
def margins(deepest: str) -> dict[int, int]:
    """How many positions around a tile the first convolution of each block has to see.

    At the size of the block's features, for features that are right up to the layer `deepest`.
    """
    found: dict[int, int] = {}
    needed = 0
    for name in reversed(layers.up_to(deepest)):
        needed += 1  # a 3x3 convolution looks one position further
        if layers.begins_block(name):
            block = layers.block(name)
            found[block] = max(-(-needed // BLOCK) * BLOCK, 2 * found.get(block + 1, 0))
            needed *= 2
    return found


@dataclass(frozen=True)
class Window:
    """A tile and its surroundings, as far as its features up to a layer depend on them.

    What is around it gets less from block to block. All positions of a block are those of its
    features, which have half the size of the block before.
    """

    tile: Tile
    deepest: str

    @property
    def pixels(self) -> tuple[slice, slice]:
        """Rows and columns of the picture that the window takes up."""
        return self._seen(1)

    def shown(self, block: int) -> tuple[int, int]:
        """Height and width of what a block gets to see, in positions."""
        rows, columns = self._seen(block)
        return rows.stop - rows.start, columns.stop - columns.start

    def trim(self, block: int) -> tuple[slice, slice]:
        """Rows and columns of the pooled features of the block before that a block needs."""
        before, here = self._seen(block - 1), self._seen(block)
        rows, columns = (
            slice(part.start - whole.start // 2, part.stop - whole.start // 2)
            for whole, part in zip(before, here, strict=True)
        )
        return rows, columns

    def core(self, block: int) -> tuple[slice, slice]:
        """Rows and columns of the window's features in a block that belong to the tile."""
        rows, columns = (
            slice(core.start - seen.start, core.stop - seen.start)
            for core, seen in zip(self.place(block), self._seen(block), strict=True)
        )
        return rows, columns

    def place(self, block: int) -> tuple[slice, slice]:
        """Rows and columns of the whole picture's features in a block that belong to the tile."""
        scale = 2 ** (block - 1)
        (top, bottom), (left, right) = self.tile.rows, self.tile.columns
        return slice(top // scale, bottom // scale), slice(left // scale, right // scale)

    def size(self, block: int) -> tuple[int, int]:
        """Height and width of the block's features of the whole picture."""
        scale = 2 ** (block - 1)
        return self.tile.height // scale, self.tile.width // scale

    def _seen(self, block: int) -> tuple[slice, slice]:
        margin = margins(self.deepest)[block]
        rows, columns = (
            slice(max(0, core.start - margin), min(length, core.stop + margin))
            for core, length in zip(self.place(block), self.size(block), strict=True)
        )
        return rows, columns
