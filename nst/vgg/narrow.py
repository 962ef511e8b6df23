"""A narrower VGG19: each convolution with few filters, whose answers are mixed into all channels.

What the filters of a layer answer is correlated, so that a few combinations of them say nearly all.
These are the principal components of the answers to a picture like a photo (Zhang et al., 2015,
"Accelerating Very Deep Convolutional Networks for Classification and Detection"). The features have
the channels and nearly the values of the whole network, for a third of the multiplications.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from nst import layers
from nst.vgg.calibration import dead_leaves
from nst.vgg.convolution import FrozenConvolution, FrozenLayers, Unpooled
from nst.vgg.pooling import pool
from nst.vgg.stem import mix
from nst.vgg.threads import one_thread
from nst.vgg.workspace import Workspace

# Of a layer, by its block. Strokes look no deeper, and the deeper layers would take longer to make
# than these.
FILTERS = {1: 32, 2: 64, 3: 64}
SIDE = 192  # px, of the picture whose answers are looked at; deep layers need enough places


def narrowed(whole: FrozenLayers) -> FrozenLayers:
    """The network up to block 3, with few filters in all layers but the first, which is quick.

    One thread makes it: that takes hardly longer than several do, half as long beside other
    programs, and gives the same to the bit however many there are.
    """
    with one_thread():
        return _narrowed(whole)


def _narrowed(whole: FrozenLayers) -> FrozenLayers:
    picture = dead_leaves(SIDE, torch.Generator().manual_seed(0))
    x = picture.to(whole.stem.weight1.device, whole.precision)
    convolutions: dict[str, FrozenConvolution] = {}
    stem = whole.stem
    for name, layer in whole.convolutions.items():
        if layers.block(name) not in FILTERS:
            break
        if layers.begins_block(name) and layers.block(name) > 1:
            x = F.max_pool2d(x, 2)
        answers = F.conv2d(x, layer.filters, padding=1)
        components = principal_components(answers[0].flatten(1), FILTERS[layers.block(name)])
        convolutions[name] = layer
        if name == "conv1_2":
            stem = whole.stem.narrowed(components)
        elif layers.block(name) > 1:
            convolutions[name] = NarrowConvolution(layer, components)
        x = (answers + layer.bias[:, None, None]).relu_()
    return FrozenLayers(convolutions, whole.average_gains, stem, whole.precision)


def principal_components(answers: Tensor, count: int) -> Tensor:
    """The `count` directions, (C, count), in which the columns of (C, n) are largest."""
    answers = answers.float()
    likeness = answers @ answers.T
    directions: Tensor = torch.linalg.eigh(likeness).eigenvectors
    return directions[:, -count:]


class NarrowConvolution(FrozenConvolution):
    """A convolution with as many filters as its components, (O, k), have columns."""

    def __init__(self, whole: FrozenConvolution, components: Tensor) -> None:
        filters = torch.einsum("ok,oihw->kihw", components, whole.filters.float())
        super().__init__(whole.name, filters, filters.new_zeros(len(filters)), whole.precision)
        mixing = components[:, :, None, None].to(whole.precision)
        self._mixing = mixing.contiguous(memory_format=torch.channels_last)
        self._unmixing = mixing.transpose(0, 1).contiguous(memory_format=torch.channels_last)
        self._mixed_bias = whole.bias

    def linear(self, x: Tensor, workspace: Workspace) -> Tensor:
        """See `FrozenConvolution.linear`."""
        return mix(super().linear(x, workspace), self._mixing, self._mixed_bias)

    def convolve_and_pool(
        self, x: Tensor, pooling: str, workspace: Workspace
    ) -> tuple[Tensor, Tensor]:
        """See `FrozenConvolution.convolve_and_pool`."""
        return pool(self.convolve(x, workspace), pooling)

    def gradient(self, shape: torch.Size, gradient: Tensor, workspace: Workspace) -> Tensor:
        """See `FrozenConvolution.gradient`."""
        return super().gradient(shape, mix(gradient, self._unmixing), workspace)

    def gradient_of_pooled(
        self, shape: torch.Size, unpooled: Unpooled, workspace: Workspace
    ) -> Tensor:
        """See `FrozenConvolution.gradient_of_pooled`."""
        return self.gradient(shape, unpooled(0, shape[2]), workspace)
