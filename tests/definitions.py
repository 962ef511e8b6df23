"""What is compared, as its definition says it: of whole pictures, and left to autograd."""

from __future__ import annotations

from torch import Tensor

from nst.vgg import gram


def gram_matrices(features: Tensor, guides: Tensor | None = None) -> Tensor:
    """Correlations of the channels of `features`, averaged over positions.

    (1, C, C) for (1, C, H, W); (R, C, C) with `guides`, (R, h, w) in 0..1 of any size.
    """
    height, width = features.shape[2:]
    weights = gram.position_weights(guides, height, width)
    return gram.gram_sums(features, weights) / gram.total_weights(weights, height * width)


def gram_matrix(features: Tensor) -> Tensor:
    """The only one of `gram_matrices` without guides, (C, C)."""
    return gram_matrices(features)[0]


def total_variation(image: Tensor) -> Tensor:
    """Mean squared difference of neighbouring pixels of (1, C, H, W), a scalar.

    The smooth variant of Mahendran and Vedaldi (2015) with exponent 2; it calms speckle.
    """
    down = image[..., 1:, :] - image[..., :-1, :]
    right = image[..., :, 1:] - image[..., :, :-1]
    return down.square().mean() + right.square().mean()
