"""Convolutions with constant weights, forward and backward."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.grad import conv2d_input

from nst import layers
from nst.vgg.calibration import NormalizedLayer
from nst.vgg.packed import PackedConv, can_pack
from nst.vgg.pooling import pool
from nst.vgg.stem import Stem
from nst.vgg.winograd import WinogradConv
from nst.vgg.workspace import Workspace

# Positions of a map up to which packed weights are faster than Winograd's, which are four times as
# many bytes to read: two to four times on maps of 10 x 14 and less, hardly on 20 x 28.
SMALL = 300
# The gradient in front of a pooling, from one row of a layer's output to another.
Unpooled = Callable[[int, int], Tensor]


class FrozenConvolution:
    """A convolution with constant weights, in both directions."""

    def __init__(self, name: str, weight: Tensor, bias: Tensor, precision: torch.dtype) -> None:
        self.name, self.precision = name, precision
        self.padding = 0 if weight.shape[1] == 3 else 1  # the picture's own rim is padded outside
        self.bias = bias.to(precision)
        self.winograd: WinogradConv | None = None
        self.packed: PackedConv | None = None
        # The fewer the channels, the less Winograd's transforms are worth.
        if precision == torch.float32 and weight.device.type == "cpu" and weight.shape[1] >= 128:
            self.winograd = WinogradConv(weight, bias, name)
        else:
            self.weight = weight.to(precision, memory_format=torch.channels_last)
        if can_pack(self.filters) and (self.winograd or precision == torch.bfloat16):
            self.packed = PackedConv(self.filters, self.bias, name)

    @property
    def filters(self) -> Tensor:
        """The weights, (O, I, 3, 3) in the network's precision."""
        return self.winograd.filters if self.winograd else self.weight

    def _quick(self, shape: torch.Size, workspace: Workspace) -> WinogradConv | PackedConv | None:
        """What is quicker than torch's own convolution on maps of this shape, if anything is."""
        small = shape[2] * shape[3] <= SMALL
        # In bfloat16 the bits are the same either way. In float32 they are not, so that there it
        # must not depend on what is kept, which is less where memory is short.
        packs = (workspace.may_round and small) if self.winograd else workspace.keeps(self.name)
        return self.packed if self.packed and packs else self.winograd

    def linear(self, x: Tensor, workspace: Workspace) -> Tensor:
        """(1, I, H, W) -> (1, O, H, W) in front of the ReLU."""
        if quick := self._quick(x.shape, workspace):
            return quick.forward(x, workspace)
        return F.conv2d(x, self.weight, self.bias, padding=self.padding)

    def convolve(self, x: Tensor, workspace: Workspace) -> Tensor:
        """(1, I, H, W) -> (1, O, H, W) after the ReLU."""
        return self.linear(x, workspace).relu_()

    def convolve_and_pool(
        self, x: Tensor, pooling: str, workspace: Workspace
    ) -> tuple[Tensor, Tensor]:
        """`pool` of `convolve`, of which Winograd's convolution holds but a strip at a time."""
        quick = self._quick(x.shape, workspace)
        if not isinstance(quick, WinogradConv):
            return pool(self.convolve(x, workspace), pooling)
        strips = quick.forward_strips(x, workspace)
        parts = [pool(y.relu_(), pooling) for _, _, y in strips]
        pooled, gates = zip(*parts, strict=True)
        return torch.cat(pooled, 2), torch.cat(gates, 2)

    def gradient_of_pooled(
        self,
        shape: torch.Size,
        unpooled: Unpooled,
        workspace: Workspace,
    ) -> Tensor:
        """Gradient with respect to the input, of this shape, if the output was pooled."""
        quick = self._quick(shape, workspace)
        if isinstance(quick, WinogradConv):
            return quick.backward_strips(shape, unpooled, workspace)
        return self.gradient(shape, unpooled(0, shape[2]), workspace)

    def gradient(self, shape: torch.Size, gradient: Tensor, workspace: Workspace) -> Tensor:
        """Gradient with respect to the input, of this shape, given that of the output."""
        if quick := self._quick(gradient.shape, workspace):
            return quick.backward(gradient, workspace)
        return conv2d_input(  # type: ignore[no-any-return, no-untyped-call]
            shape, self.weight, gradient, padding=self.padding
        )


@dataclass(frozen=True)
class FrozenLayers:
    """All layers of the network, and what belongs to its poolings."""

    convolutions: Mapping[str, FrozenConvolution]
    average_gains: Mapping[int, float]  # block -> how much larger its maxima are than its averages
    stem: Stem
    precision: torch.dtype

    @classmethod
    def of(cls, normalized: Iterable[NormalizedLayer], precision: torch.dtype) -> FrozenLayers:
        """The layers, one after the other, so that they are never in memory twice."""
        convolutions, gains = {}, {}
        for layer in normalized:
            convolutions[layer.name] = FrozenConvolution(
                layer.name, layer.weight, layer.bias, precision
            )
            if layers.ends_block(layer.name):
                gains[layers.block(layer.name)] = layer.average_gain
        first, second = convolutions["conv1_1"], convolutions["conv1_2"]
        stem = Stem((first.weight, first.bias), (second.weight, second.bias))
        return cls(convolutions, gains, stem, precision)
