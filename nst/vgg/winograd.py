"""Winograd's 3x3 convolution for frozen weights: a quarter of the multiplications.

Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2016), F(4x4, 3x3). The plain
convolution of a current processor already runs at the speed of its matrix product, so only fewer
multiplications make it faster. Every 4x4 block of the output needs a 6x6 block of the input; in
the transformed space a block costs 36 products a channel pair instead of 144.

Both directions are linear, so the backward pass is the forward pass transposed and uses the same
transformed weights. These are four times as large as the weights. To keep them saves 20 ms a look,
which is little on a large canvas, where memory is short: so a `Workspace` decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from nst.vgg.strips import strips
from nst.vgg.workspace import Workspace

BLOCK, HALO = 4, 2  # output side of a block, and how much larger its input is

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
    """A frozen 3x3 convolution, stride 1, zero padding 1, in float32 on the CPU.

    Takes weights of (O, I, 3, 3), a bias of (O,) or none, and the name of the layer.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None, name: str) -> None:
        self.outputs, self.inputs = weight.shape[:2]
        self.bias, self.name = bias, name
        self._weight = weight.permute(2, 3, 1, 0).reshape(9, self.inputs * self.outputs)
        self._weight_transform = _both_axes(_WEIGHT)
        self.input_transform = _both_axes(_INPUT)
        self.output_transform = _both_axes(_OUTPUT)

    @property
    def filters(self) -> Tensor:
        """The weights as they were given, (O, I, 3, 3)."""
        return self._weight.view(3, 3, self.inputs, self.outputs).permute(3, 2, 0, 1)

    @property
    def transformed_size(self) -> int:
        """See `workspace.Transformable`."""
        return 36 * self.inputs * self.outputs

    def transform(self, out: Tensor) -> None:
        """See `workspace.Transformable`."""
        torch.mm(self._weight_transform, self._weight, out=out.view(36, -1))

    def _transformed(self, workspace: Workspace) -> Tensor:
        """The weights as the products need them, (36, I, O)."""
        return workspace.weights(self).view(36, self.inputs, self.outputs)

    def forward(self, x: Tensor, workspace: Workspace) -> Tensor:
        """(1, I, H, W) -> (1, O, H, W), both channels last."""
        y = x.new_empty(*x.shape[2:], self.outputs)
        for top, bottom, rows in self.forward_strips(x, workspace):
            y[top:bottom] = rows[0].permute(1, 2, 0)
        return y.permute(2, 0, 1)[None]

    def forward_strips(self, x: Tensor, workspace: Workspace) -> Iterator[tuple[int, int, Tensor]]:
        """`forward` as strips of rows: the first, the one behind the last, (1, O, rows, W)."""
        height, width = x.shape[2:]
        down, across = -(-height // BLOCK), -(-width // BLOCK)
        rows, weight = x[0].permute(1, 2, 0), self._transformed(workspace)
        for first, last in strips(down, across * self._block_bytes(), x.device):
            top, bottom = first * BLOCK, min(height, last * BLOCK)
            blocks = _blocks(_padded(rows, top - 1, last * BLOCK + 1, across))
            blocks = self.input_transform @ blocks
            product = torch.bmm(blocks.view(36, -1, x.shape[1]), weight)
            del blocks  # a strip's memory is for the next to use
            tiles = self.output_transform @ product.view(36, -1)
            del product
            tiles = tiles.view(BLOCK, BLOCK, -1, across, self.outputs)
            y = tiles.permute(2, 0, 3, 1, 4).reshape(-1, across * BLOCK, self.outputs)
            if self.bias is not None:
                y += self.bias
            y = y[: bottom - top, :width]
            yield top, bottom, y.permute(2, 0, 1)[None]

    def backward(self, gradient: Tensor, workspace: Workspace) -> Tensor:
        """Gradient with respect to the input, (1, I, H, W), given that of the output."""
        return self.backward_strips(
            gradient.shape, lambda top, bottom: gradient[:, :, top:bottom], workspace
        )

    def backward_strips(
        self,
        shape: Sequence[int],
        gradient: Callable[[int, int], Tensor],
        workspace: Workspace,
    ) -> Tensor:
        """`backward` for an output of this shape, whose gradient is asked for in strips of rows.

        `gradient` takes the first row and the one behind the last, all of them multiples of 4 but
        the very last.
        """
        height, width = shape[2:]
        down, across = -(-height // BLOCK), -(-width // BLOCK)
        weight = self._transformed(workspace).transpose(1, 2)
        result: Tensor | None = None
        for first, last in strips(down, across * self._block_bytes(), weight.device):
            top, bottom = first * BLOCK, last * BLOCK
            rows = gradient(top, min(height, bottom))[0].permute(1, 2, 0)
            if result is None:
                result = rows.new_zeros(height, width, self.inputs)
            below = max(0, bottom - height)
            tiles = F.pad(rows, (0, 0, 0, across * BLOCK - width, 0, below))
            tiles = tiles.view(-1, BLOCK, across, BLOCK, rows.shape[2]).permute(1, 3, 0, 2, 4)
            tiles = self.output_transform.T @ tiles.reshape(16, -1)
            product = torch.bmm(tiles.view(36, -1, rows.shape[2]), weight)
            del tiles, rows
            blocks = self.input_transform.T @ product.view(36, -1)
            del product
            canvas = _overlap_add(blocks.view(6, 6, -1, across, result.shape[2]))
            # It begins one row and one column before the strip does.
            start, end = max(0, top - 1), min(height, bottom + 1)
            result[start:end] += canvas[start - top + 1 : end - top + 1, 1 : width + 1]
        assert result is not None
        return result.permute(2, 0, 1)[None]

    def _block_bytes(self) -> int:
        return 36 * 4 * max(self.inputs, self.outputs)


def _padded(rows: Tensor, top: int, bottom: int, across: int) -> Tensor:
    """Rows `top` to `bottom` of (H, W, C), with one column before and the last tile filled up.

    What lies outside is 0.
    """
    height, width = rows.shape[:2]
    above, below = max(0, -top), max(0, bottom - height)
    columns = (1, across * BLOCK + 1 - width)
    return F.pad(rows[top + above : bottom - below], (0, 0, *columns, above, below))


def _blocks(rows: Tensor) -> Tensor:
    """The overlapping 6x6 blocks of (4 down + 2, 4 across + 2, C), as (36, blocks * C)."""
    row, column, channel = rows.stride()
    blocks = rows.as_strided(
        (
            BLOCK + HALO,
            BLOCK + HALO,
            rows.shape[0] // BLOCK,
            rows.shape[1] // BLOCK,
            rows.shape[2],
        ),
        (row, column, BLOCK * row, BLOCK * column, channel),
        rows.storage_offset(),
    )
    return blocks.reshape(36, -1)


def _overlap_add(blocks: Tensor) -> Tensor:
    """The transpose of `_blocks`, (6, 6, down, across, C) -> (4 down + 4, 4 across + 4, C).

    A block covers its own tile and two rows and columns of its neighbours.
    """
    down, across, channels = blocks.shape[2:]
    canvas = blocks.new_zeros(down + 1, BLOCK, across + 1, BLOCK, channels)
    blocks = blocks.permute(2, 0, 3, 1, 4)
    canvas[:-1, :, :-1] += blocks[:, :BLOCK, :, :BLOCK]
    canvas[:-1, :, 1:, :HALO] += blocks[:, :BLOCK, :, BLOCK:]
    canvas[1:, :HALO, :-1] += blocks[:, BLOCK:, :, :BLOCK]
    canvas[1:, :HALO, 1:, :HALO] += blocks[:, BLOCK:, :, BLOCK:]
    return canvas.view((down + 1) * BLOCK, (across + 1) * BLOCK, channels)
