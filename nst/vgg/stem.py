"""VGG19's first block, from the pixels to the first pooling, in strips of rows.

At the size of the picture 64 channels are by far the largest thing in the network. Nothing of that
size is ever held: both passes go over the picture a strip at a time, and the backward pass
computes conv1_1 anew, which takes 1 % of a step.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from nst.vgg import gram
from nst.vgg.pooling import pool, unpool
from nst.vgg.strips import strips
from nst.vgg.threads import all_threads

CELL = 4  # px, the side of the cells over which conv1_1 can be averaged


def averages(features: Tensor, finer: int) -> Tensor:
    """Average (1, C, H, W) over cells of `finer` x `finer` positions; unchanged if that is 1."""
    return features if finer == 1 else F.avg_pool2d(features, finer)


def add_averages_gradient(of_averages: Tensor, finer: int, gradient: Tensor) -> None:
    """Add the gradient with respect to the features, given that of their `averages`, in place."""
    if finer == 1:
        gradient += of_averages
        return
    channels, height, width = of_averages.shape[1:]
    cells = gradient.view(1, channels, height, finer, width, finer)
    cells += (of_averages / finer**2)[:, :, :, None, :, None]


def replicate_rim(pixels: Tensor) -> Tensor:
    """Repeat the outermost pixels of (1, 3, H, W) once on every side.

    A frame of zeros, which are grey, would attract strokes of its own at the rim.
    """
    return F.pad(pixels, (1, 1, 1, 1), mode="replicate")


def fold_rim(padded: Tensor) -> Tensor:
    """Gradient with respect to the input of `replicate_rim`; changes that of the output."""
    for axis in (2, 3):
        length = padded.shape[axis] - 2
        padded.select(axis, 1).add_(padded.select(axis, 0))
        padded.select(axis, length).add_(padded.select(axis, length + 1))
        padded = padded.narrow(axis, 1, length)
    return padded


@dataclass(frozen=True)
class StemTape:
    """What the backward pass needs from the forward pass."""

    padded: Tensor
    pooled: Tensor
    gate: Tensor
    counted: gram.Positions
    pooling: str


class Stem:
    """conv1_1 and conv1_2, frozen; weights are (64, 3, 3, 3) and (64, 64, 3, 3).

    With components of conv1_2, (64, k), that has k filters; see `narrow`.
    """

    def __init__(
        self,
        first: tuple[Tensor, Tensor],
        second: tuple[Tensor, Tensor],
        components: Tensor | None = None,
    ) -> None:
        (self.weight1, self.bias1), (self.weight2, self.bias2) = first, second
        self.mixing = self.unmixing = None
        if components is not None:
            precision = self.weight2.dtype
            filters = torch.einsum("ok,oihw->kihw", components, self.weight2.float())
            self.weight2 = filters.to(precision, memory_format=torch.channels_last)
            mixing = components[:, :, None, None].to(precision)
            self.mixing = mixing.contiguous(memory_format=torch.channels_last)
            self.unmixing = mixing.transpose(0, 1).contiguous(memory_format=torch.channels_last)
        # Both directions of conv1_2 are convolutions that look one row up and one row down.
        flipped = self.weight2.flip(2, 3).transpose(0, 1)
        self.weight2_back = flipped.contiguous(memory_format=torch.channels_last)
        self.columns = self.weight1.contiguous().flatten(1).T.contiguous()  # (27, 64)

    def narrowed(self, components: Tensor) -> Stem:
        """The same with as many filters in conv1_2 as it has components, (64, k)."""
        return Stem((self.weight1, self.bias1), (self.weight2, self.bias2), components)

    def forward(
        self, pixels: Tensor, counted: gram.Positions, pooling: str, averaged: bool = False
    ) -> tuple[Tensor, Tensor, Tensor | None, StemTape]:
        """Pooled conv1_2, Gram matrices of conv1_1, and if `averaged` conv1_1 averaged over cells.

        `pixels` are (1, 3, H, W) in float32, both sides even, for means multiples of `CELL`. The
        shapes are (1, 64, H/2, W/2), (R, 64, 64) and (1, 64, H/4, W/4); matrices and means are of
        the positions that are `counted`.
        """
        height, width = pixels.shape[2:]
        padded = replicate_rim(pixels)
        size = (1, len(self.bias2), height // 2, width // 2)
        pooled = torch.empty(
            size, dtype=self.weight2.dtype, device=pixels.device, memory_format=torch.channels_last
        )
        gate = torch.empty_like(pooled, dtype=torch.int16)
        sums, cells = [], []
        for top, bottom in self._strips(height, width, CELL if averaged else 2):
            first = self._conv1_1(padded, top - 1, bottom + 1)
            rows, weights = counted.strip(top, bottom)
            core = first[:, :, 1:-1][:, :, rows, counted.columns]
            sums.append(gram.gram_sums(core, weights))
            if averaged and core.shape[2]:
                cells.append(averages(core, CELL))
            second = self._conv1_2(first).relu_()
            half = slice(top // 2, bottom // 2)
            pooled[:, :, half], gate[:, :, half] = pool(second, pooling)
        grams = gram.added(sums).div_(counted.total)
        means = torch.cat(cells, 2) if averaged else None
        return pooled, grams, means, StemTape(padded, pooled, gate, counted, pooling)

    def backward(
        self,
        tape: StemTape,
        pooled_gradient: Tensor,
        gram_gradient: Tensor | None,
        cell_gradient: Tensor | None = None,
    ) -> Tensor:
        """Gradient with respect to the pixels, (1, 3, H, W), given those of the outputs."""
        height, width = tape.padded.shape[2] - 2, tape.padded.shape[3] - 2
        of_sums = None
        if gram_gradient is not None:
            of_sums = gram.both_ways(gram_gradient / tape.counted.total, self.weight1.dtype)
        result = torch.zeros_like(tape.padded)
        multiple = 2 if cell_gradient is None else CELL
        for top, bottom in self._strips(height, width, multiple):
            # conv1_2 looks one row up and one row down, and pooling at pairs of rows.
            above, below = max(0, top - 2), min(height, bottom + 2)
            half = (..., slice(above // 2, below // 2), slice(None))
            gradient = unpool(
                pooled_gradient[half], tape.pooled[half], tape.gate[half], tape.pooling
            )
            gradient = F.pad(gradient, (0, 0, above - top + 1, bottom + 1 - below))
            if self.unmixing is not None:
                gradient = mix(gradient, self.unmixing)
            gradient = F.conv2d(gradient, self.weight2_back, padding=(0, 1))
            first = self._conv1_1(tape.padded, top, bottom)
            if of_sums is not None:
                rows, weights = tape.counted.strip(top, bottom)
                core = (..., rows, tape.counted.columns)
                gradient[core] += gram.gram_sums_gradient(first[core], weights, of_sums)
            if cell_gradient is not None:
                _add_cells(cell_gradient, tape.counted, top, gradient)
            gradient = torch.ops.aten.threshold_backward(gradient, first, 0)
            # As a matrix product: a convolution with three outputs is five times slower.
            columns = (self.columns @ gradient[0].flatten(1)).float()
            result[:, :, top : bottom + 2] += F.fold(columns, (bottom - top + 2, width + 2), 3)
        return fold_rim(result)

    def _strips(self, height: int, width: int, multiple: int) -> Iterator[tuple[int, int]]:
        row_bytes = width * len(self.bias1) * self.weight1.element_size()
        return strips(height, row_bytes, self.weight1.device, multiple)

    def _conv1_1(self, padded: Tensor, top: int, bottom: int) -> Tensor:
        """Rows of conv1_1 after the ReLU; those outside the picture are 0."""
        above, below = max(0, -top), max(0, bottom + 2 - padded.shape[2])
        rows = padded[:, :, top + above : bottom - below + 2].to(self.weight1.dtype)
        rows = rows.contiguous(memory_format=torch.channels_last)
        y = F.conv2d(rows, self.weight1, self.bias1).relu_()
        return F.pad(y, (0, 0, above, below)) if above or below else y

    def _conv1_2(self, first: Tensor) -> Tensor:
        """What conv1_2 answers to rows of conv1_1, in front of the ReLU."""
        if self.mixing is None:
            return F.conv2d(first, self.weight2, self.bias2, padding=(0, 1))
        return mix(F.conv2d(first, self.weight2, padding=(0, 1)), self.mixing, self.bias2)


def mix(x: Tensor, filters: Tensor, bias: Tensor | None = None) -> Tensor:
    """A convolution with filters of one position, (O, C, 1, 1)."""
    if x.dtype != torch.float32:
        return F.conv2d(x, filters, bias)
    with all_threads():
        return F.conv2d(x, filters, bias)


def _add_cells(cell_gradient: Tensor, counted: gram.Positions, top: int, gradient: Tensor) -> None:
    """Add the cells' gradient to that of a strip of conv1_1 whose first row is `top`, in place."""
    bottom = top + gradient.shape[2]
    rows, _ = counted.strip(top, bottom)
    start = counted.rows.start
    first, last = top + rows.start - start, top + rows.stop - start  # in the core
    cells = cell_gradient[:, :, first // CELL : -(-last // CELL)]
    if cells.shape[2]:
        core = gradient[:, :, rows, counted.columns]
        add_averages_gradient(cells, CELL, core)
