"""Scaling each layer of VGG19 to a mean activation of 1."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from nst import layers
from nst.vgg.weights import MEAN, STD, Convolution

DISCS = 600  # of a picture that stands in for photos


@dataclass(frozen=True)
class NormalizedLayer:
    """A layer whose mean activation on photo-like pictures is 1."""

    name: str
    weight: Tensor
    bias: Tensor
    average_gain: float  # how much larger its maximum of four neighbours is than their average


def normalize_layers(convolutions: Iterable[Convolution]) -> Iterator[NormalizedLayer]:
    """Scale each layer so that its mean activation on photo-like pictures is 1.

    A ReLU network allows it: a layer's weights and bias are divided by its mean and the next
    layer's weights are multiplied by it. Layers, not filters as in the paper's own code: the
    losses of filters that hardly ever fire explode when they do.
    """
    x = dead_leaves(128, torch.Generator().manual_seed(0))
    before = 1.0
    for name, (weight, bias) in zip(layers.LAYERS, convolutions, strict=False):
        if layers.begins_block(name) and layers.block(name) > 1:
            x = F.max_pool2d(x, 2)
        weight = weight * before  # not in place: the caller's tensors stay as they are
        x = F.conv2d(x.to(weight.device), weight, bias, padding=1).relu_()
        mean = max(float(x.mean()), torch.finfo(torch.float32).tiny)
        x /= mean
        gain = float(F.max_pool2d(x, 2).mean() / x.mean())
        yield NormalizedLayer(name, weight.div_(mean), bias / mean, gain)
        before = mean


def dead_leaves(side: int, generator: torch.Generator) -> Tensor:
    """A picture with the statistics of a photo, `normalize`d, (1, 3, side, side).

    Opaque discs of many sizes on top of each other (Lee, Mumford and Huang, 2001). It stands in
    for photos in calibration, so that no picture has to be shipped with the package.
    """
    u, v, r, grey, *rgb = torch.rand(DISCS, 7, generator=generator).T
    radii = (1 / 2 - (1 / 2 - 1 / side) * r.sqrt()) * side / 2
    # As muted as photos are: discs differ more in brightness than in hue.
    colours = 0.5 + 0.7 * (0.75 * grey + 0.25 * torch.stack(rgb) - 0.5)
    discs = torch.stack([u * side, v * side, radii, *colours]).T.numpy()
    # In NumPy, and each disc in its own square: ten times as fast, and every painting waits for it.
    image = np.full((3, side, side), 0.5, np.float32)
    places = np.arange(side, dtype=np.float32)
    for x, y, radius, *colour in discs:
        columns, rows = (slice(max(0, int(at - radius)), int(at + radius) + 1) for at in (x, y))
        inside = (places[columns] - x) ** 2 + (places[rows, None] - y) ** 2 < radius**2
        image[:, rows, columns][:, inside] = np.array(colour)[:, None]
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (MEAN, STD))
    return (torch.from_numpy(image) - mean) / std
