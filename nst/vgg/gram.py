"""Gram matrices: which channels of a layer are active together, averaged over positions.

Equation 3 of Gatys et al. (2016), divided by the number of positions, so that pictures of different
sizes can be compared. Weights of the positions, (R, H, W) in 0..1, give R matrices: the guided Gram
matrices of Gatys et al. (2017), equation 4, with the square root of a guide as its guidance
channel, so that grey counts as much as it says. All are in float32.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from nst.vgg.strips import strips
from nst.vgg.threads import all_threads


@all_threads()
def gram_sums(features: Tensor, weights: Tensor | None) -> Tensor:
    """Gram matrices before the division by `total_weights`, (R, C, C), of (1, C, H, W) features.

    Sums over parts of a picture add up to that of the whole. R is 1 without `weights`.
    """
    flat = _flat(features)
    if weights is None:
        return (flat @ flat.T).float()[None]
    rows = weights.to(flat.dtype).flatten(1)
    return torch.stack([((flat * row) @ flat.T).float() for row in rows])


def _flat(features: Tensor) -> Tensor:
    """(1, C, H, W) -> (C, H * W) with the channels last in memory; a view if they are already."""
    return features[0].permute(1, 2, 0).flatten(0, 1).T


def added(sums: Sequence[Tensor]) -> Tensor:
    """The sum of the parts' matrices."""
    return sums[0] if len(sums) == 1 else torch.stack([*sums]).sum(0)


def both_ways(gradient: Tensor, precision: torch.dtype) -> Tensor:
    """What `gram_sums_gradient` takes, given the gradient with respect to Gram matrices, (R, C, C).

    That and its transpose, added. A matrix that is read across takes five times as long to add as
    one that was turned before.
    """
    turned = torch.empty_like(gradient)
    for matrix, across in zip(turned, gradient, strict=True):
        matrix.copy_(across.T)
    return turned.add_(gradient).to(precision)


@all_threads()
def gram_sums_gradient(features: Tensor, weights: Tensor | None, symmetric: Tensor) -> Tensor:
    """Gradient with respect to the features, given that of their `gram_sums`, `both_ways`.

    Symmetry needs one matrix product where autograd would take two.
    """
    flat = _flat(features)
    # Written so that the result has the memory layout of `flat` (channels last).
    if weights is None:
        product = flat.T @ symmetric[0]
    else:
        columns = weights.to(flat.dtype).flatten(1)[..., None]
        product = torch.stack(
            [(flat.T * column) @ matrix for column, matrix in zip(columns, symmetric, strict=True)]
        ).sum(0)
    return product.T.view(features.shape)


def position_weights(guides: Tensor | None, height: int, width: int) -> Tensor | None:
    """`guides` at the size of a layer, (R, height, width); None for the whole picture."""
    if guides is None or tuple(guides.shape[1:]) == (height, width):
        return guides
    return F.interpolate(guides[None], (height, width), mode="area")[0]


def total_weights(weights: Tensor | None, positions: int) -> Tensor | int:
    """What `gram_sums` are divided by."""
    if weights is None:
        return positions
    return weights.sum((1, 2)).clamp_min(torch.finfo(torch.float32).tiny)[:, None, None]


@dataclass(frozen=True)
class Positions:
    """Which positions of a layer count in Gram matrices, and how much.

    The Gram matrices of the parts of a picture, each by its own positions, add up to those of the
    whole.
    """

    rows: slice
    columns: slice
    weights: Tensor | None  # of these, (R, rows, columns)
    total: Tensor | int  # of all weights of the whole picture

    def grams(self, features: Tensor) -> Tensor:
        """What these positions add to the picture's Gram matrices, (R, C, C)."""
        height, row_bytes = features.shape[2], 4 * features[0, :, 0].numel()
        if self.columns == slice(0, features.shape[3]):
            parts = [(0, height)]
        else:  # cut out, they are copied: a strip at a time
            parts = list(strips(height, row_bytes, features.device))
        sums = []
        for top, bottom in parts:
            rows, weights = self.strip(top, bottom)
            sums.append(gram_sums(features[:, :, top:bottom][:, :, rows, self.columns], weights))
        # In place: a matrix of 512 channels is a megabyte, and each pass over it waits for memory.
        return added(sums).div_(self.total)

    def strip(self, top: int, bottom: int) -> tuple[slice, Tensor | None]:
        """The rows between `top` and `bottom` that count, counted from `top`, and their weights."""
        first = max(top, self.rows.start)
        last = max(first, min(bottom, self.rows.stop))
        weights = self.weights
        if weights is not None:
            weights = weights[:, first - self.rows.start : last - self.rows.start]
        return slice(first - top, last - top), weights
