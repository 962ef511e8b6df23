"""The losses of Gatys, Ecker and Bethge (2016) as pure functions on tensors."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

# The relative Gram error of a good painting is about 0.1 and its content error about 1. This
# constant brings the two to one scale, so that content weight 10 and style weight 10,000 are the
# balanced middle of their ranges.
STYLE_UNIT = 0.03

# Of a picture with hardly any texture. A flat style would otherwise forbid every edge.
LEAST_VARIATION = 0.02


class _Gram(torch.autograd.Function):
    """F F^T / positions. Autograd would take two matrix products back where symmetry needs one."""

    @staticmethod
    def forward(ctx, flat: Tensor) -> Tensor:  # type: ignore[no-untyped-def]
        ctx.save_for_backward(flat)
        gram: Tensor = (flat @ flat.T).float() / flat.shape[1]
        return gram

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:  # type: ignore[no-untyped-def]
        (flat,) = ctx.saved_tensors
        symmetric = (gradient + gradient.T) / flat.shape[1]
        # Written so that the result has the memory layout of `flat` (channels last).
        product: Tensor = (flat.T @ symmetric.to(flat.dtype)).T
        return product


def gram_matrix(features: Tensor) -> Tensor:
    """Correlations of the channels of `features`, averaged over all positions.

    Takes (1, C, H, W) of any precision and returns (C, C) in float32.
    Gatys et al. (2016), equation 3, divided by the number of positions H * W, so that pictures
    of different sizes can be compared.
    """
    return _Gram.apply(features[0].flatten(1))  # type: ignore[no-any-return]


def content_loss(features: Tensor, target: Tensor) -> Tensor:
    """Mean squared error of two feature maps of one shape, a scalar in float32.

    Gatys et al. (2016), equation 1, as a mean so that it does not depend on the picture's size.
    """
    return (features - target).float().square().mean()


def gram_error(gram: Tensor, target: Tensor) -> Tensor:
    """|gram - target|^2 / |target|^2: 0 for the style itself, about 1 for an empty picture.

    Gatys et al. divide by the layer's size instead; then the layer with the largest activations
    decides alone, and the picture gets speckle and hardly any strokes.
    """
    energy = target.square().sum().clamp_min(torch.finfo(torch.float32).tiny)
    return (gram - target).square().sum() / energy


def style_loss(grams: Sequence[Tensor], targets: Sequence[Tensor]) -> Tensor:
    """Mean `gram_error` over the layers times `STYLE_UNIT`, a scalar in float32."""
    errors = [gram_error(gram, target) for gram, target in zip(grams, targets, strict=True)]
    return torch.stack(errors).mean() * STYLE_UNIT


def relative_variation(image: Tensor, target: float) -> Tensor:
    """`total_variation` as a part of the artwork's own, `target`: about 1 for a clean painting.

    Relative like the other losses, so that one weight suits a smooth and a richly textured style.
    """
    return total_variation(image) / max(target, LEAST_VARIATION)


def total_variation(image: Tensor) -> Tensor:
    """Mean squared difference of neighbouring pixels of (1, C, H, W), a scalar.

    The smooth variant of Mahendran and Vedaldi (2015) with exponent 2; it calms speckle.
    """
    down = image[..., 1:, :] - image[..., :-1, :]
    right = image[..., :, 1:] - image[..., :, :-1]
    return down.square().mean() + right.square().mean()
