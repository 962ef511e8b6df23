"""The losses of Gatys, Ecker and Bethge (2016) as pure functions on tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

from nst.vgg.strips import strips
from nst.vgg.threads import all_threads, total

# The relative Gram error of a good painting is about 0.1 and its content error about 1. This
# constant brings the two to one scale, so that content weight 10 and style weight 10,000 are the
# balanced middle of their ranges.
STYLE_UNIT = 0.028

# The variation of a picture with hardly any texture: a flat style would forbid every edge.
LEAST_VARIATION = 0.02


def content_loss(features: Tensor, target: Tensor) -> Tensor:
    """Mean squared error of two feature maps of one shape, a scalar in float32.

    Gatys et al. (2016), equation 1, as a mean so that it does not depend on the picture's size.
    """
    return F.mse_loss(features.float(), target.float())


class _SquaredDistance(torch.autograd.Function):
    """|x - y|^2, with the gradient for x; autograd would go over the matrices twice as often."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, y: Tensor) -> Tensor:
        difference = x - y
        ctx.save_for_backward(difference)
        return difference.square().sum()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (difference,) = ctx.saved_tensors
        return difference * (2 * gradient), None


@dataclass(frozen=True)
class GramTarget:
    """The Gram matrix that a layer shall have."""

    gram: Tensor
    energy: Tensor  # of all of its values, a scalar, above 0

    @classmethod
    @all_threads()
    def of(cls, gram: Tensor) -> GramTarget:
        """The target of this matrix."""
        return cls(gram, gram.square().sum().clamp_min(torch.finfo(torch.float32).tiny))

    def error(self, gram: Tensor) -> Tensor:
        """|gram - target|^2 / |target|^2: 0 for the style itself, about 1 for an empty picture.

        Gatys et al. divide by the layer's size instead; then the layer with the largest activations
        decides alone, and the picture gets speckle and hardly any strokes.
        """
        error: Tensor = _SquaredDistance.apply(gram, self.gram) / self.energy
        return error


def style_loss(
    grams: Sequence[Tensor], targets: Sequence[GramTarget], weights: Sequence[float] = ()
) -> Tensor:
    """Mean error of the layers' Gram matrices times `STYLE_UNIT`, a scalar in float32.

    `weights` are those of the layers, not all 0; without them all count alike.
    """
    errors = torch.stack([target.error(gram) for gram, target in zip(grams, targets, strict=True)])
    shares = torch.tensor(weights or [1.0] * len(errors), device=errors.device)
    return (errors * shares).sum() / shares.sum() * STYLE_UNIT


def variation_unit(target: float) -> float:
    """The number that `variation` is divided by: the artwork's own, so that 1 is a clean painting.

    Relative like the other losses, so that one weight suits a smooth and a richly textured style.
    """
    return max(target, LEAST_VARIATION)


def variation(image: Tensor, weight: float = 0.0, gradient: Tensor | None = None) -> float:
    """Mean squared difference of neighbouring pixels of (1, C, H, W): total variation.

    The smooth variant of Mahendran and Vedaldi (2015) with exponent 2; it calms speckle. Adds the
    gradient of `weight` times it to `gradient`. In strips, as autograd would need the memory of
    several pictures.
    """
    varied = 0.0
    for axis in (2, 3):
        length, row_bytes = image.shape[2], 4 * image[0, :, 0].numel()
        pairs = image.shape[2] - 1 if axis == 2 else length
        mean = 1 / (image.numel() - image.numel() // image.shape[axis])
        for top, bottom in strips(pairs, row_bytes, image.device):
            near, far = _neighbours(axis, top, bottom)
            difference = image[far] - image[near]
            varied += mean * total(difference.square())
            if gradient is not None:
                difference *= 2 * weight * mean
                gradient[far] += difference
                gradient[near] -= difference
    return varied


def _neighbours(axis: int, top: int, bottom: int) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Slices for the first and for the second of each pair of neighbours in these rows."""
    everything = slice(None)
    if axis == 2:
        return (
            (everything, everything, slice(top, bottom)),
            (everything, everything, slice(top + 1, bottom + 1)),
        )
    rows = (everything, everything, slice(top, bottom))
    return (*rows, slice(None, -1)), (*rows, slice(1, None))
