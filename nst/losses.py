"""The losses of Gatys, Ecker and Bethge (2016) as pure functions on tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from nst.strips import strips

# The relative Gram error of a good painting is about 0.1 and its content error about 1. This
# constant brings the two to one scale, so that content weight 10 and style weight 10,000 are the
# balanced middle of their ranges.
STYLE_UNIT = 0.028

# Of a picture with hardly any texture. A flat style would otherwise forbid every edge.
LEAST_VARIATION = 0.02


def gram_matrices(features: Tensor, guides: Tensor | None = None) -> Tensor:
    """Correlations of the channels of `features`, averaged over positions.

    Takes (1, C, H, W) of any precision. Without `guides` the average is that over all positions,
    (1, C, C) in float32: Gatys et al. (2016), equation 3, divided by the number of positions, so
    that pictures of different sizes can be compared. With `guides`, (R, h, w) in 0..1 of any size,
    it is (R, C, C), each average weighted by one of them: the guided Gram matrices of Gatys et al.
    (2017), equation 4, with the square root of a guide as its guidance channel, so that grey counts
    as much as it says.
    """
    height, width = features.shape[2:]
    weights = position_weights(guides, height, width)
    return gram_sums(features, weights) / total_weights(weights, height * width)


def gram_matrix(features: Tensor) -> Tensor:
    """The only one of `gram_matrices` without guides, (C, C)."""
    return gram_matrices(features)[0]


def gram_sums(features: Tensor, weights: Tensor | None) -> Tensor:
    """`gram_matrices` before the division, for (R, H, W) weights of the positions; (R, C, C).

    Sums over parts of a picture add up to that of the whole.
    """
    flat = _flat(features)
    if weights is None:
        return (flat @ flat.T).float()[None]
    rows = weights.to(flat.dtype).flatten(1)
    return torch.stack([((flat * row) @ flat.T).float() for row in rows])


def _flat(features: Tensor) -> Tensor:
    """(1, C, H, W) -> (C, H * W) with the channels last in memory; a view if they are already."""
    return features[0].permute(1, 2, 0).flatten(0, 1).T


def gram_sums_gradient(features: Tensor, weights: Tensor | None, gradient: Tensor) -> Tensor:
    """The gradient of `features` for that of their `gram_sums`, (R, C, C).

    Symmetry needs one matrix product where autograd would take two.
    """
    flat = _flat(features)
    symmetric = (gradient + gradient.mT).to(flat.dtype)
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
        """What the positions contribute to the picture's `gram_matrices`, (R, C, C)."""
        height, row_bytes = features.shape[2], 4 * features[0, :, 0].numel()
        if self.columns == slice(0, features.shape[3]):
            parts = [(0, height)]
        else:  # cut out, they are copied: a strip at a time
            parts = list(strips(height, row_bytes, features.device))
        sums = []
        for top, bottom in parts:
            rows, weights = self.strip(top, bottom)
            sums.append(gram_sums(features[:, :, top:bottom][:, :, rows, self.columns], weights))
        return torch.stack(sums).sum(0) / self.total

    def strip(self, top: int, bottom: int) -> tuple[slice, Tensor | None]:
        """The rows that count from `top` to `bottom`, where `top` is 0, and their weights."""
        first = max(top, self.rows.start)
        last = max(first, min(bottom, self.rows.stop))
        weights = self.weights
        if weights is not None:
            weights = weights[:, first - self.rows.start : last - self.rows.start]
        return slice(first - top, last - top), weights


def content_loss(features: Tensor, target: Tensor) -> Tensor:
    """Mean squared error of two feature maps of one shape, a scalar in float32.

    Gatys et al. (2016), equation 1, as a mean so that it does not depend on the picture's size.
    """
    return F.mse_loss(features.float(), target.float())


def gram_error(gram: Tensor, target: Tensor) -> Tensor:
    """|gram - target|^2 / |target|^2: 0 for the style itself, about 1 for an empty picture.

    Gatys et al. divide by the layer's size instead; then the layer with the largest activations
    decides alone, and the picture gets speckle and hardly any strokes.
    """
    energy = target.square().sum().clamp_min(torch.finfo(torch.float32).tiny)
    return (gram - target).square().sum() / energy


def style_loss(
    grams: Sequence[Tensor], targets: Sequence[Tensor], weights: Sequence[float] = ()
) -> Tensor:
    """Mean `gram_error` over the layers times `STYLE_UNIT`, a scalar in float32.

    `weights` are those of the layers, not all 0; without them all count alike.
    """
    errors = torch.stack(
        [gram_error(gram, target) for gram, target in zip(grams, targets, strict=True)]
    )
    shares = torch.tensor(weights or [1.0] * len(errors), device=errors.device)
    return (errors * shares).sum() / shares.sum() * STYLE_UNIT


def variation_unit(target: float) -> float:
    """What `total_variation` is divided by: the artwork's own, so that 1 is a clean painting.

    Relative like the other losses, so that one weight suits a smooth and a richly textured style.
    """
    return max(target, LEAST_VARIATION)


def total_variation(image: Tensor) -> Tensor:
    """Mean squared difference of neighbouring pixels of (1, C, H, W), a scalar.

    The smooth variant of Mahendran and Vedaldi (2015) with exponent 2; it calms speckle.
    """
    down = image[..., 1:, :] - image[..., :-1, :]
    right = image[..., :, 1:] - image[..., :, :-1]
    return down.square().mean() + right.square().mean()


def variation(image: Tensor, weight: float = 0.0, gradient: Tensor | None = None) -> float:
    """`total_variation`, in strips; adds the gradient of `weight` times it to `gradient`.

    Differentiated by autograd it would need the memory of several pictures.
    """
    total = 0.0
    for axis in (2, 3):
        length, row_bytes = image.shape[2], 4 * image[0, :, 0].numel()
        pairs = image.shape[2] - 1 if axis == 2 else length
        mean = 1 / (image.numel() - image.numel() // image.shape[axis])
        for top, bottom in strips(pairs, row_bytes, image.device):
            near, far = _neighbours(axis, top, bottom)
            difference = image[far] - image[near]
            total += mean * float(difference.square().sum())
            if gradient is not None:
                difference *= 2 * weight * mean
                gradient[far] += difference
                gradient[near] -= difference
    return total


def _neighbours(axis: int, top: int, bottom: int) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Where the first and the second of each pair of neighbours in these rows are."""
    everything = slice(None)
    if axis == 2:
        return (
            (everything, everything, slice(top, bottom)),
            (everything, everything, slice(top + 1, bottom + 1)),
        )
    rows = (everything, everything, slice(top, bottom))
    return (*rows, slice(None, -1)), (*rows, slice(1, None))
