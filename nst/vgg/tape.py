"""What the backward pass through a layer needs to know of the forward pass."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from nst.vgg import gram
from nst.vgg.convolution import FrozenConvolution
from nst.vgg.stem import add_averages_gradient
from nst.vgg.strips import strips


@dataclass(frozen=True)
class Step:
    """What the backward pass needs of a layer, and the pooling behind it, from the forward pass."""

    layer: FrozenConvolution
    input_shape: torch.Size
    output: Tensor | None  # the features; None if they were pooled right away
    pooled: Tensor | None  # the features after the pooling, if one follows
    gate: Tensor | None  # of the pooling
    counted: gram.Positions
    # Rows and columns that were cut off in front of the layer, as `F.pad` takes them.
    trimmed: tuple[int, int, int, int]

    def open(
        self,
        gradient: Tensor | None,
        of_content: Tensor | None,
        of_grams: Tensor | None,
        cell_side: int,
    ) -> Tensor:
        """The gradient in front of the ReLU, from deeper layers and from both losses.

        `of_content` is with respect to the features, averaged over cells of `cell_side` positions.
        Changes `gradient`, which nobody else holds.
        """
        assert self.output is not None
        if gradient is None:
            gradient = torch.zeros_like(
                self.output, dtype=self.layer.precision, memory_format=torch.channels_last
            )
        whole = (0, gradient.shape[2])
        self.add(of_content, cell_side, gradient, whole)
        if of_grams is None:
            self.close(gradient, whole)
            return gradient
        counted = self.counted
        of_sums = gram.both_ways(of_grams / counted.total, self.output.dtype)
        height, row_bytes = gradient.shape[2], 4 * gradient[0, :, 0].numel()
        for top, bottom in strips(height, row_bytes, gradient.device):
            strip, output = gradient[:, :, top:bottom], self.output[:, :, top:bottom]
            rows, weights = counted.strip(top, bottom)
            core = (..., rows, counted.columns)
            strip[core] += gram.gram_sums_gradient(output[core], weights, of_sums)
            self.close(strip, (top, bottom))
        return gradient

    def add(
        self,
        of_content: Tensor | None,
        cell_side: int,
        gradient: Tensor,
        between: tuple[int, int],
    ) -> None:
        """Add what comes from the loss of features to the gradient of some rows, in place.

        The rows are those `between` two, both multiples of 4, or the last one.
        """
        top, bottom = between
        if of_content is not None:
            rows, _ = self.counted.strip(top, bottom)
            first = max(top - self.counted.rows.start, 0) // cell_side
            here = of_content[:, :, first : first + (rows.stop - rows.start) // cell_side]
            add_averages_gradient(here, cell_side, gradient[:, :, rows, self.counted.columns])

    def close(self, gradient: Tensor, between: tuple[int, int]) -> None:
        """Set the gradient of some rows to 0 where the ReLU was closed, in place.

        Nothing is left to be closed behind a pooling that came right away. `masked_fill_` would
        take forty times as long, which is as long as a convolution.
        """
        if self.output is not None:
            output = self.output[:, :, slice(*between)]
            torch.ops.aten.threshold_backward.grad_input(gradient, output, 0, grad_input=gradient)
