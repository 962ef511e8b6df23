"""Where tiles and their windows lie."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nst.layers import LAYERS
from nst.vgg.tiles import BLOCK, GRID, Tile, Window, margins, tiles

sides = st.integers(2, 40).map(lambda steps: 16 * steps)


@given(sides, sides, st.sampled_from((64, 96, 128, 256, 512)))
def test_tiles_cover_every_pixel_once(height, width, side):
    counted = torch.zeros(height, width)
    for tile in tiles(height, width, side):
        (top, bottom), (left, right) = tile.rows, tile.columns
        assert 0 < bottom - top <= side
        assert 0 < right - left <= side
        assert top % GRID == left % GRID == 0
        counted[top:bottom, left:right] += 1
    assert (counted == 1).all()


def test_what_is_not_too_large_is_one_tile():
    assert tiles(96, 128, 128) == [Tile.whole(96, 128)]


def test_how_far_the_network_looks():
    assert margins("conv1_2") == {1: 4}  # 2 px, rounded up
    # 1, 6, 16, 34 and 70 positions, rounded up.
    assert margins("conv5_1") == {5: 4, 4: 8, 3: 16, 2: 36, 1: 72}


@given(sides, sides, st.sampled_from((64, 128, 256)), st.sampled_from(LAYERS))
def test_windows_hold_their_cores_block_by_block(height, width, side, deepest):
    for tile in tiles(height, width, side):
        window = Window(tile, deepest)
        rows, columns = window.pixels
        assert 0 <= rows.start < rows.stop <= height
        assert 0 <= columns.start < columns.stop <= width
        shown = (rows.stop - rows.start, columns.stop - columns.start)
        for block in range(1, int(deepest[4]) + 1):
            if block > 1:
                cut = window.trim(block)
                for part, length in zip(cut, shown, strict=True):
                    assert 0 <= part.start < part.stop <= length // 2
                shown = tuple(part.stop - part.start for part in cut)
            for part, place, length in zip(
                window.core(block), window.place(block), shown, strict=True
            ):
                assert 0 <= part.start < part.stop <= length
                assert part.stop - part.start == place.stop - place.start


@pytest.mark.parametrize("deepest", ["conv3_1", "conv5_1"])
def test_blocks_of_winograd_lie_as_in_the_whole_picture(deepest):
    for tile in tiles(640, 640, 128):
        window = Window(tile, deepest)
        for block in range(1, int(deepest[4]) + 1):
            for place, core in zip(window.place(block), window.core(block), strict=True):
                assert (place.start - core.start) % BLOCK == 0
