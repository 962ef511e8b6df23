"""Winograd's 3x3 convolution for frozen weights: a quarter of the multiplications.

Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2016), F(4x4, 3x3). The plain
convolution of a current processor already runs at the speed of its matrix product, so only fewer
multiplications make it faster. Every 4x4 block of the output needs a 6x6 block of the input; in
the transformed space a block costs 36 products a channel pair instead of 144.

Both directions are linear, so the backward pass is the forward pass transposed and shares its
transformed weights.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

TILE, HALO = 4, 2  # output side of a block, and how much larger its input is
# Blocks are transformed a strip at a time: what does not leave the processor's cache is twice as
# fast, and the memory it takes does not grow with the picture.
STRIP_BYTES = 16 * 2**20

# The transforms for the interpolation points 0, 1, -1, 2, -2 and infinity.
_INPUT = (
    (4, 0, -5, 0, 1, 0),
    (0, -4, -4, 1, 1, 0),
    (0, 4, -4, -1, 1, 0),
    (0, -2, -1, 2, 1, 0),
    (0, 2, -1, -2, 1, 0),
    (0, 4, 0, -5, 0, 1),
)
_WEIGHT = (
    (1 / 4, 0, 0),
    (-1 / 6, -1 / 6, -1 / 6),
    (-1 / 6, 1 / 6, -1 / 6),
    (1 / 24, 1 / 12, 1 / 6),
    (1 / 24, -1 / 12, 1 / 6),
    (0, 0, 1),
)
_OUTPUT = (
    (1, 1, 1, 1, 1, 0),
    (0, 1, -1, 2, -2, 0),
    (0, 1, 1, 4, 4, 0),
    (0, 1, -1, 8, -8, 1),
)


def _both_axes(matrix: tuple[tuple[float, ...], ...]) -> Tensor:
    """The transform of rows and columns at once, as one matrix on flattened blocks."""
    rows = torch.tensor(matrix, dtype=torch.float32)
    return torch.kron(rows, rows)


class WinogradConv:
    """A frozen 3x3 convolution, stride 1, zero padding 1, in float32.

    Takes weights of (O, I, 3, 3) and a bias of (O,) or none.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        transform = _both_axes(_WEIGHT).to(weight.device)
        outputs, inputs = weight.shape[:2]
        flat = transform @ weight.permute(2, 3, 1, 0).reshape(9, inputs * outputs)
        self.weight = flat.view(36, inputs, outputs)
        self.bias = bias
        self.input_transform = _both_axes(_INPUT).to(weight.device)
        self.output_transform = _both_axes(_OUTPUT).to(weight.device)

    def forward(self, x: Tensor) -> Tensor:
        """(1, I, H, W) -> (1, O, H, W), both channels last."""
        height, width = x.shape[2:]
        down, across = -(-height // TILE), -(-width // TILE)
        x = F.pad(x, (1, across * TILE + 1 - width, 1, down * TILE + 1 - height))
        rows = x[0].permute(1, 2, 0)
        y = x.new_empty(down, TILE, across, TILE, self.weight.shape[2])
        for strip in _strips(down, across * self._block_bytes()):
            blocks = self.input_transform @ _blocks(rows, strip, across)
            product = torch.bmm(blocks.view(36, -1, x.shape[1]), self.weight)
            tiles = self.output_transform @ product.view(36, -1)
            y[strip] = tiles.view(TILE, TILE, -1, across, y.shape[4]).permute(2, 0, 3, 1, 4)
        if self.bias is not None:
            y += self.bias
        y = y.view(1, down * TILE, across * TILE, -1).permute(0, 3, 1, 2)
        return y[:, :, :height, :width]

    def backward(self, gradient: Tensor) -> Tensor:
        """The gradient of the input, (1, I, H, W), for that of the output, (1, O, H, W)."""
        height, width = gradient.shape[2:]
        down, across = -(-height // TILE), -(-width // TILE)
        if (height, width) != (down * TILE, across * TILE):
            gradient = F.pad(gradient, (0, across * TILE - width, 0, down * TILE - height))
        tiles = gradient[0].permute(1, 2, 0).reshape(down, TILE, across, TILE, -1)
        canvas = gradient.new_zeros(down + 1, TILE, across + 1, TILE, self.weight.shape[1])
        for strip in _strips(down, across * self._block_bytes()):
            part = tiles[strip].permute(1, 3, 0, 2, 4).reshape(16, -1)
            part = self.output_transform.T @ part
            product = torch.bmm(part.view(36, -1, tiles.shape[4]), self.weight.transpose(1, 2))
            blocks = self.input_transform.T @ product.view(36, -1)
            blocks = blocks.view(6, 6, -1, across, canvas.shape[4])
            _overlap_add(canvas[strip.start : strip.stop + 1], blocks)
        rows = canvas.view(1, (down + 1) * TILE, (across + 1) * TILE, -1)
        return rows[:, 1 : height + 1, 1 : width + 1].permute(0, 3, 1, 2)

    def _block_bytes(self) -> int:
        return 36 * 4 * max(self.weight.shape[1:])


def _strips(down: int, row_bytes: int) -> Iterator[slice]:
    """Equal slices of the tile rows, each of about `STRIP_BYTES` once transformed."""
    most = max(1, STRIP_BYTES // row_bytes)
    rows = -(-down // -(-down // most))
    for start in range(0, down, rows):
        yield slice(start, min(down, start + rows))


def _blocks(rows: Tensor, strip: slice, across: int) -> Tensor:
    """The overlapping 6x6 blocks of a strip of (H + 2, W + 2, C), as (36, blocks * C)."""
    rows = rows[strip.start * TILE : strip.stop * TILE + HALO]
    row, column, channel = rows.stride()
    blocks = rows.as_strided(
        (TILE + HALO, TILE + HALO, strip.stop - strip.start, across, rows.shape[2]),
        (row, column, TILE * row, TILE * column, channel),
        rows.storage_offset(),
    )
    return blocks.reshape(36, -1)


def _overlap_add(canvas: Tensor, blocks: Tensor) -> None:
    """The transpose of `_blocks`: add (6, 6, down, across, C) to (down + 1, 4, across + 1, 4, C).

    A block covers its own tile and two rows and columns of its neighbours.
    """
    blocks = blocks.permute(2, 0, 3, 1, 4)
    canvas[:-1, :, :-1] += blocks[:, :TILE, :, :TILE]
    canvas[:-1, :, 1:, :HALO] += blocks[:, :TILE, :, TILE:]
    canvas[1:, :HALO, :-1] += blocks[:, TILE:, :, :TILE]
    canvas[1:, :HALO, 1:, :HALO] += blocks[:, TILE:, :, TILE:]
