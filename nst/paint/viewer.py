"""How the network looks at a picture, tile by tile, with the gradient of the whole picture.

A Gram matrix is a sum over positions, so that a first pass over the tiles can add it up without
remembering anything. Then it is known how the loss depends on each Gram matrix, and a second pass
differentiates one tile after the other: their gradients add up to the picture's. No feature map of
the whole picture is ever held, at the price of looking twice and of what lies around the tiles.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, Protocol, TypeVar

import torch
from torch import Tensor

from nst.machine import malloc
from nst.paint.tensors import expand
from nst.vgg.network import VGG19
from nst.vgg.threads import all_threads
from nst.vgg.tiles import Window
from nst.vgg.wanted import Glimpse, Look, Wanted
from nst.vgg.workspace import Workspace

Grams = dict[str, Tensor]  # of a layer, (R, C, C)
GramsByRegion = dict[str, list[Tensor]]  # of a layer R times (C, C)
Picture = Callable[[Window], Tensor]  # the pixels of a window, in the network's units
MakeFeatures = Callable[[], Tensor]
Recall = Callable[[MakeFeatures], Tensor]
Shown = TypeVar("Shown")  # a picture that was shown to a viewer
Kept = TypeVar("Kept")  # a target that a viewer keeps


def compute(features: MakeFeatures) -> Tensor:
    """A `Recall` that remembers nothing."""
    return features()


class Compared(NamedTuple):
    """How far the features of a window are from what they shall be."""

    loss: float  # without its weight
    gradients: dict[str, Tensor]  # of the weighted loss, for each layer


class Part(NamedTuple):
    """What a window contributes to the gradient and the loss of the picture."""

    window: Window
    content_loss: float
    gradient: Tensor  # with respect to the window's pixels


class Target(Protocol):
    """What features are compared with in place, window by window."""

    @property
    def layers(self) -> Sequence[str]:
        """The layers whose features are compared."""
        ...

    @property
    def cell(self) -> int:
        """The side of the cells over which features are averaged, px; 1 for none."""
        ...

    def compare(self, found: Mapping[str, Tensor], number: int) -> Compared:
        """Compare the features of the window of this number with what they shall be."""
        ...


class TargetMaker(Protocol):
    """Makes a `Target`; it can be sent to where the target is needed."""

    def make(self, viewer: LocalViewer, picture: Picture, recall: Recall) -> Target:
        """The target of the viewer's windows, for this photo."""
        ...


@dataclass(frozen=True)
class Style:
    """How a picture's Gram matrices are judged."""

    layers: Sequence[str]
    loss: Callable[[GramsByRegion], Tensor]  # a scalar
    weight: float
    guides: Tensor | None = None  # (R, H, W), the weights of the positions

    @all_threads()
    def differentiate(self, grams: Grams) -> tuple[float, Grams]:
        """The loss, and the gradient of the weighted loss with respect to each Gram matrix."""
        if not self.layers:
            return 0.0, {}
        known = {
            layer: [matrix.requires_grad_() for matrix in grams[layer].detach().unbind()]
            for layer in self.layers
        }
        loss = self.loss(known)
        matrices = [matrix for by_region in known.values() for matrix in by_region]
        gradients = iter(torch.autograd.grad(self.weight * loss, matrices))
        of_grams = {
            layer: _stacked([next(gradients) for _ in by_region])
            for layer, by_region in known.items()
        }
        return float(loss.detach()), of_grams


def _stacked(matrices: Sequence[Tensor]) -> Tensor:
    """(C, C) each -> (R, C, C); a view of a single one, as a copy takes as long as a product."""
    return matrices[0][None] if len(matrices) == 1 else torch.stack([*matrices])


@dataclass(frozen=True)
class Content:
    """What a picture's features are compared with."""

    photo: Picture
    maker: TargetMaker
    recall: Recall = compute


class Judge(Protocol):
    """The losses of style and content at one size of the picture."""

    def add_gradient(self, pixels: Tensor, gradient: Tensor) -> tuple[float, float]:
        """Add the gradient of the weighted losses to `gradient`, (1, 3, H, W) as the pixels are.

        Returns the losses of content and style, without their weights.
        """
        ...


class Viewer(ABC, Generic[Shown, Kept]):
    """Looks at pictures of one size, at once or window by window.

    Only the viewer itself knows what it makes of a picture that it is shown, and of a target.
    """

    def __init__(self, vgg: VGG19, windows: Sequence[Window], pooling: str) -> None:
        self.vgg, self.windows, self.pooling = vgg, windows, pooling

    @abstractmethod
    def show(self, picture: Picture) -> Shown:
        """The picture, ready to be looked at more than once."""

    @abstractmethod
    def remember(self, shown: Shown, maker: TargetMaker, recall: Recall = compute) -> Kept:
        """The target that is made of a photo."""

    @abstractmethod
    def grams(self, shown: Shown, layers: Sequence[str], guides: Tensor | None = None) -> Grams:
        """The picture's Gram matrices."""

    @abstractmethod
    def gradients(
        self, shown: Shown, of_grams: Grams, guides: Tensor | None, content: Kept | None
    ) -> Iterator[Part]:
        """The gradient of the weighted losses, window by window: their sum is the picture's.

        `of_grams` are the gradients with respect to the Gram matrices. Without `content` only
        style counts.
        """

    def grams_of(
        self, picture: Picture, layers: Sequence[str], guides: Tensor | None = None
    ) -> Grams:
        """`grams` of a picture that is looked at once."""
        return self.grams(self.show(picture), layers, guides)

    def judged(
        self, shown: Shown, style: Style, content: Kept | None
    ) -> tuple[float, Iterator[Part]]:
        """The style loss, and all `gradients`."""
        grams = self.grams(shown, style.layers, style.guides) if style.layers else {}
        loss, of_grams = style.differentiate(grams)
        return loss, self.gradients(shown, of_grams, style.guides, content)

    def judge(self, style: Style, content: Content | None = None) -> Judge:
        """What judges pictures with this viewer."""
        kept = None
        if content is not None:
            kept = self.remember(self.show(content.photo), content.maker, content.recall)
        return _Judge(self, style, kept)


class LocalViewer(Viewer[Picture, Target]):
    """A viewer in this process."""

    def __init__(
        self,
        vgg: VGG19,
        windows: Sequence[Window],
        pooling: str,
        workspace: Workspace,
        short_of_memory: bool,
    ) -> None:
        super().__init__(vgg, windows, pooling)
        self.workspace, self.short_of_memory = workspace, short_of_memory

    def show(self, picture: Picture) -> Picture:
        """See `Viewer.show`."""
        return picture

    @torch.no_grad()
    def grams(self, shown: Picture, layers: Sequence[str], guides: Tensor | None = None) -> Grams:
        """See `Viewer.grams`."""
        total: Grams = {}
        wanted = Wanted((), layers, self.pooling)
        for window in self.windows:
            for layer, part in self._look(shown(window), window, wanted, guides).grams.items():
                total[layer] = total[layer] + part if layer in total else part
        self.rest()
        return total

    def remember(self, shown: Picture, maker: TargetMaker, recall: Recall = compute) -> Target:
        """See `Viewer.remember`."""
        return maker.make(self, shown, recall)

    @torch.no_grad()
    def features(
        self, pixels: Tensor, window: Window, layers: Sequence[str], cell: int = 1
    ) -> dict[str, Tensor]:
        """The features in the core of a window, (1, C, h, w) each."""
        return self.see(pixels, window, Wanted(layers, (), self.pooling, cell)).features

    @torch.no_grad()
    def see(
        self, pixels: Tensor, window: Window, wanted: Wanted, guides: Tensor | None = None
    ) -> Look:
        """Features in the core of a window, and what it contributes to Gram matrices."""
        return self._look(pixels, window, wanted, guides)

    def judged(
        self, shown: Picture, style: Style, content: Target | None
    ) -> tuple[float, Iterator[Part]]:
        """See `Viewer.judged`; a single window is looked at only once."""
        if len(self.windows) > 1:
            return super().judged(shown, style, content)
        window, layers, guides = self.windows[0], style.layers, style.guides
        glimpse = self._glimpse(shown(window), window, layers, guides, content)
        loss, of_grams = style.differentiate(glimpse.look.grams)
        part = self._part(0, glimpse, of_grams, content)
        self.rest()
        return loss, iter([part])

    def gradients(
        self, shown: Picture, of_grams: Grams, guides: Tensor | None, content: Target | None
    ) -> Iterator[Part]:
        """See `Viewer.gradients`."""
        for number, window in enumerate(self.windows):
            glimpse = self._glimpse(shown(window), window, [*of_grams], guides, content)
            yield self._part(number, glimpse, of_grams, content)
            del glimpse
        self.rest()

    def _part(self, number: int, glimpse: Glimpse, of_grams: Grams, content: Target | None) -> Part:
        """What the window of this number contributes, as it was seen."""
        look, back = glimpse
        compared = Compared(0.0, {})
        if content is not None:
            compared = content.compare(look.features, number)
            look.features.clear()  # which are as large as the gradients
        return Part(self.windows[number], compared.loss, back(compared.gradients, of_grams))

    def rest(self) -> None:
        """To be called between looking at one picture and at another."""
        if self.short_of_memory:
            malloc.give_back()

    def _glimpse(
        self,
        pixels: Tensor,
        window: Window,
        layers: Sequence[str],
        guides: Tensor | None,
        content: Target | None,
    ) -> Glimpse:
        compared, cell = ((), 1) if content is None else (content.layers, content.cell)
        wanted = Wanted(compared, layers, self.pooling, cell)
        return self.vgg.glimpse(pixels, wanted, guides, window, self.workspace)

    def _look(
        self, pixels: Tensor, window: Window, wanted: Wanted, guides: Tensor | None = None
    ) -> Look:
        return self.vgg.look(pixels, wanted, guides, window, self.workspace)


class _Judge(Generic[Shown, Kept]):
    """See `Judge`."""

    def __init__(self, viewer: Viewer[Shown, Kept], style: Style, content: Kept | None) -> None:
        self.viewer, self.style, self.content = viewer, style, content

    def add_gradient(self, pixels: Tensor, gradient: Tensor) -> tuple[float, float]:
        """See `Judge.add_gradient`."""
        shown = self.viewer.show(pixels_of(pixels))
        style, parts = self.viewer.judged(shown, self.style, self.content)
        content = 0.0
        for part in parts:
            gradient[(..., *part.window.pixels)] += part.gradient
            content += part.content_loss
        return content, style


def pixels_of(picture: Tensor) -> Picture:
    """A picture in the network's units, cut into windows."""
    return lambda window: picture[(..., *window.pixels)]


def photo_of(picture: Tensor, vgg: VGG19) -> Picture:
    """A picture in 0..1 or 8 bits, cut into windows in the network's units.

    So it is never held twice as a whole.
    """
    return lambda window: vgg.normalize(expand(picture[(..., *window.pixels)]))
