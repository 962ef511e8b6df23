"""Losses and their gradient tile by tile, exactly those of the whole picture.

A Gram matrix is a sum over positions, so that a first pass over the tiles can add it up without
remembering anything. Then it is known how the loss depends on each Gram matrix, and a second pass
differentiates one tile after the other: their gradients add up to the picture's. No feature map of
the whole picture is ever held, at the price of looking twice and of what lies around the tiles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from nst.layers import block
from nst.machine import malloc
from nst.paint import losses, memory
from nst.paint.tensors import expand
from nst.vgg.network import VGG19
from nst.vgg.tiles import Window
from nst.vgg.wanted import Glimpse, Look, Wanted
from nst.vgg.workspace import Workspace

Grams = dict[str, Tensor]
Picture = Callable[[Window], Tensor]
Features = Callable[[], Tensor]


def compute(features: Features) -> Tensor:
    """A `recall` that remembers nothing."""
    return features()


class Compared(NamedTuple):
    """How far the features of a window are from what they shall be."""

    loss: float  # without its weight
    gradients: dict[str, Tensor]  # of the weighted loss, for each layer


class Part(NamedTuple):
    """What a window contributes."""

    window: Window
    content_loss: float
    gradient: Tensor  # of its pixels


class Target(Protocol):
    """What features are compared with in place, window by window."""

    @property
    def layers(self) -> Sequence[str]:
        """What is compared."""
        ...

    @property
    def cell(self) -> int:
        """The side of the cells over which features are averaged, px; 1 for as they are."""
        ...

    def compare(self, found: Mapping[str, Tensor], number: int) -> Compared:
        """The features of the window of this number, beside what they shall be."""
        ...


class Plan(Protocol):
    """How to make a `Target`; it can be sent to where that is needed."""

    def make(self, eye: Eye, picture: Picture, recall: Callable[[Features], Tensor]) -> Target:
        """The target of the eye's windows, for the photo."""
        ...


class Eye:
    """How the trunk looks at pictures of one size: at once, or window by window.

    What is `show`n and what is `remember`ed is for the eye alone to look into.
    """

    def __init__(
        self,
        vgg: VGG19,
        windows: Sequence[Window],
        pooling: str,
        workspace: Workspace,
        short_of_memory: bool,
    ) -> None:
        self.vgg, self.windows, self.pooling = vgg, windows, pooling
        self.workspace, self.short_of_memory = workspace, short_of_memory

    def show(self, picture: Picture) -> Any:
        """The picture, to be looked at more than once."""
        return picture

    @torch.no_grad()
    def grams(self, shown: Any, layers: Sequence[str], guides: Tensor | None = None) -> Grams:
        """What the windows contribute to the picture's Gram matrices, altogether."""
        total: Grams = {}
        wanted = Wanted((), layers, self.pooling)
        for window in self.windows:
            for layer, part in self._look(shown(window), window, wanted, guides).grams.items():
                total[layer] = total[layer] + part if layer in total else part
        self.rest()
        return total

    def remember(
        self, shown: Any, plan: Plan, recall: Callable[[Features], Tensor] = compute
    ) -> Any:
        """The `Target` that the plan makes of a photo."""
        return plan.make(self, shown, recall)

    @torch.no_grad()
    def features(
        self, pixels: Tensor, window: Window, layers: Sequence[str], cell: int = 1
    ) -> dict[str, Tensor]:
        """Those of the core of a window, (1, C, h, w) each."""
        return self.see(pixels, window, layers, (), cell).features

    @torch.no_grad()
    def see(
        self,
        pixels: Tensor,
        window: Window,
        layers: Sequence[str],
        style_layers: Sequence[str],
        cell: int = 1,
    ) -> Look:
        """The `features` of a window, and what it contributes to Gram matrices."""
        wanted = Wanted(layers, style_layers, self.pooling, cell)
        return self._look(pixels, window, wanted)

    def glimpse(
        self,
        shown: Any,
        window: Window,
        layers: Sequence[str],
        guides: Tensor | None = None,
        content: Any = None,
    ) -> Glimpse:
        """One window, to be differentiated."""
        compared, cell = ((), 1) if content is None else (content.layers, content.cell)
        wanted = Wanted(compared, layers, self.pooling, cell)
        return self.vgg.glimpse(shown(window), wanted, guides, window, self.workspace)

    def gradients(
        self,
        shown: Any,
        of_grams: Grams,
        guides: Tensor | None = None,
        content: Any = None,
        seen: Glimpse | None = None,
    ) -> Iterator[Part]:
        """The gradient of the weighted losses, window by window: their sum is the picture's.

        `of_grams` is how the loss depends on each Gram matrix; `content`, what was `remember`ed,
        is left out where only style counts. `seen` is the window if there is one and it was looked
        at.
        """
        for number, window in enumerate(self.windows):
            look, back = seen or self.glimpse(shown, window, [*of_grams], guides, content)
            compared = Compared(0.0, {})
            if content is not None:
                compared = content.compare(look.features, number)
                look.features.clear()  # which are as large as the gradients
            yield Part(window, compared.loss, back(compared.gradients, of_grams))
        self.rest()

    def rest(self) -> None:
        """To be called between looking at one thing and at another."""
        if self.short_of_memory:
            malloc.give_back()

    def _look(
        self, pixels: Tensor, window: Window, wanted: Wanted, guides: Tensor | None = None
    ) -> Look:
        return self.vgg.look(pixels, wanted, guides, window, self.workspace)


def pixels_of(picture: Tensor) -> Picture:
    """A picture in the network's units, cut into windows."""
    return lambda window: picture[(..., *window.pixels)]


def photo_of(picture: Tensor, vgg: VGG19) -> Picture:
    """A picture in 0..1 or 8 bits, cut into windows in the network's units.

    So it is never held twice as a whole.
    """
    return lambda window: vgg.normalize(expand(picture[(..., *window.pixels)]))


@dataclass(frozen=True)
class ContentPlan:
    """A photo's features at a layer, and the weight of the loss."""

    layer: str
    weight: float

    def make(self, eye: Eye, picture: Picture, recall: Callable[[Features], Tensor]) -> Target:
        """See `Plan.make`."""
        return ContentTarget(eye, picture, self.layer, self.weight, recall)


class ContentTarget:
    """The features that a picture is compared with in place, window by window.

    Those of a whole picture come from `recall`, which may know them from an earlier run instead of
    computing them.
    """

    def __init__(
        self,
        eye: Eye,
        picture: Picture,
        layer: str,
        weight: float,
        recall: Callable[[Features], Tensor] = compute,
    ) -> None:
        self.layers, self.cell = (layer,), 1
        self.layer, self._weight = layer, weight
        self._eye, self._picture = eye, picture
        self._kept: list[Tensor | Packed] = []
        # Features of the first blocks are as large as many pictures, and soon looked at again.
        if len(eye.windows) == 1:
            self._kept = [recall(lambda: self._look(eye.windows[0]))]
        elif block(layer) >= memory.SHALLOW:
            self._kept = [Packed(self._look(window)) for window in eye.windows]
        eye.rest()

    def compare(self, found: Mapping[str, Tensor], number: int) -> Compared:
        """What the features of a window contribute to the loss, and how it depends on them.

        The loss is without its weight, the gradient with it.
        """
        features = found[self.layer]
        height, width = self._eye.windows[number].size(block(self.layer))
        share = features[0, 0].numel() / (height * width)
        known = features.detach().requires_grad_()
        loss = share * losses.content_loss(known, self._features(number))
        (gradient,) = torch.autograd.grad(self._weight * loss, known)
        return Compared(float(loss.detach()), {self.layer: gradient})

    def _features(self, number: int) -> Tensor:
        if not self._kept:
            return self._look(self._eye.windows[number])
        kept = self._kept[number]
        return kept.unpack() if isinstance(kept, Packed) else kept

    def _look(self, window: Window) -> Tensor:
        return self._eye.features(self._picture(window), window, [self.layer])[self.layer]


class Packed:
    """Activations after a ReLU, most of which are 0: a bit for each, and the others' values."""

    def __init__(self, x: Tensor) -> None:
        last = x.permute(0, 2, 3, 1)
        self._shape = last.shape
        flat = last.reshape(-1, 8)
        positive = flat > 0
        self._values = flat[positive]
        self._bits = (positive.to(torch.uint8) << self._places(x.device)).sum(1, dtype=torch.uint8)

    def unpack(self) -> Tensor:
        """(1, C, H, W), channels last."""
        positive = (self._bits[:, None] >> self._places(self._bits.device)) & 1
        flat = torch.zeros(positive.shape, dtype=self._values.dtype, device=self._bits.device)
        flat[positive.bool()] = self._values
        return flat.view(self._shape).permute(0, 3, 1, 2)

    @staticmethod
    def _places(device: torch.device) -> Tensor:
        return torch.arange(8, dtype=torch.uint8, device=device)


class Judge:
    """The losses of style and, if there is a target, of content at one size of the picture.

    `style_loss` takes Gram matrices to a scalar, `content` is what the eye `remember`s.
    """

    def __init__(
        self,
        eye: Eye,
        style_layers: Sequence[str],
        style_loss: Callable[[Grams], Tensor],
        style_weight: float,
        guides: Tensor | None = None,
        content: Any = None,
    ) -> None:
        self.eye, self.style_layers, self.guides = eye, style_layers, guides
        self.style_loss, self.style_weight = style_loss, style_weight
        self.content = content

    def add_gradient(self, pixels: Tensor, gradient: Tensor) -> tuple[float, float]:
        """Add that of the weighted losses to `gradient`, (1, 3, H, W) as the pixels are.

        Returns the losses of content and style, without their weights.
        """
        eye, seen = self.eye, None
        shown = eye.show(pixels_of(pixels))
        if len(eye.windows) == 1:  # once is enough
            seen = eye.glimpse(shown, eye.windows[0], self.style_layers, self.guides, self.content)
            grams = seen.look.grams
        else:
            grams = eye.grams(shown, self.style_layers, self.guides) if self.style_layers else {}
        style, of_grams = self._style(grams) if self.style_layers else (0.0, {})
        content = 0.0
        for part in eye.gradients(shown, of_grams, self.guides, self.content, seen):
            gradient[(..., *part.window.pixels)] += part.gradient
            content += part.content_loss
        return content, style

    def _style(self, grams: Grams) -> tuple[float, Grams]:
        """The loss, and how it depends on each of the Gram matrices."""
        known = {layer: grams[layer].detach().requires_grad_() for layer in self.style_layers}
        loss = self.style_loss(known)
        gradients = torch.autograd.grad(self.style_weight * loss, [*known.values()])
        return float(loss.detach()), dict(zip(known, gradients, strict=True))
