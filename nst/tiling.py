"""Losses and their gradient tile by tile, exactly those of the whole picture.

A Gram matrix is a sum over positions, so that a first pass over the tiles can add it up without
remembering anything. Then it is known how the loss depends on each Gram matrix, and a second pass
differentiates one tile after the other: their gradients add up to the picture's. No feature map of
the whole picture is ever held, at the price of looking twice and of what lies around the tiles.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from nst import losses, memory
from nst.settings import LAYERS
from nst.tiles import Window, tiles
from nst.vgg import VGG19, Look

Grams = dict[str, Tensor]


class Eye:
    """How the trunk looks at pictures of one size: at once, or in tiles of at most `side` px."""

    def __init__(
        self,
        vgg: VGG19,
        size: tuple[int, int],
        side: int,
        layers: Sequence[str],
        pooling: str,
    ) -> None:
        deepest = max(layers, key=LAYERS.index)
        self.vgg, self.pooling = vgg, pooling
        self.short_of_memory = side < memory.WHOLE
        self.windows = [Window(tile, deepest) for tile in tiles(*size, side)]

    def look(
        self,
        pixels: Tensor,
        window: Window,
        content_layers: Sequence[str],
        style_layers: Sequence[str],
        guides: Tensor | None = None,
    ) -> Look:
        """What is seen in the pixels of one of the windows."""
        return self.vgg.look(pixels, content_layers, style_layers, guides, self.pooling, window)

    @torch.no_grad()
    def grams(self, picture: Picture, layers: Sequence[str], guides: Tensor | None = None) -> Grams:
        """The Gram matrices of a picture."""
        total: Grams = {}
        for window in self.windows:
            for layer, part in self.look(picture(window), window, (), layers, guides).grams.items():
                total[layer] = total[layer] + part if layer in total else part
        self.rest()
        return total

    def rest(self) -> None:
        """To be called between looking at one thing and at another."""
        if self.short_of_memory:
            memory.give_back()


Picture = Callable[[Window], Tensor]


def pixels_of(picture: Tensor) -> Picture:
    """A picture in the network's units, cut into windows."""
    return lambda window: picture[(..., *window.pixels)]


def photo_of(picture: Tensor, vgg: VGG19) -> Picture:
    """A picture in 0..1 or 8 bits, cut into windows in the network's units.

    So it is never held twice as a whole.
    """
    return lambda window: vgg.normalize(expand(picture[(..., *window.pixels)]))


def expand(picture: Tensor) -> Tensor:
    """A picture in 0..1; one in 8 bits is converted."""
    return picture.float().div_(255) if picture.dtype == torch.uint8 else picture


class ContentTarget:
    """The features that a picture is compared with in place, tile by tile.

    Those of a whole picture come from `recall`, which may know them from an earlier run instead of
    computing them.
    """

    def __init__(
        self,
        eye: Eye,
        picture: Picture,
        layer: str,
        recall: Callable[[Callable[[], Tensor]], Tensor] = lambda make: make(),
    ) -> None:
        self.layer = layer
        self._eye, self._picture = eye, picture
        self._kept: list[Tensor | Packed] = []
        # Features of the first blocks are as large as many pictures, and soon looked at again.
        if len(eye.windows) == 1:
            self._kept = [recall(lambda: self._look(eye.windows[0]))]
        elif int(layer[4]) >= memory.SHALLOW:
            self._kept = [Packed(self._look(window)) for window in eye.windows]
        eye.rest()

    def features(self, number: int) -> Tensor:
        """Those of the core of a window, (1, C, h, w)."""
        if not self._kept:
            return self._look(self._eye.windows[number])
        kept = self._kept[number]
        return kept.unpack() if isinstance(kept, Packed) else kept

    @torch.no_grad()
    def _look(self, window: Window) -> Tensor:
        seen = self._eye.look(self._picture(window), window, [self.layer], ())
        return seen.features[self.layer]


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

    `style_loss` takes Gram matrices to a scalar.
    """

    def __init__(
        self,
        eye: Eye,
        style_layers: Sequence[str],
        style_loss: Callable[[Grams], Tensor],
        style_weight: float,
        guides: Tensor | None = None,
        content: ContentTarget | None = None,
        content_weight: float = 0.0,
    ) -> None:
        self.eye, self.style_layers, self.guides = eye, style_layers, guides
        self.style_loss, self.style_weight = style_loss, style_weight
        self.content, self.content_weight = content, content_weight

    def add_gradient(self, pixels: Tensor, gradient: Tensor) -> tuple[float, float]:
        """Add that of the weighted losses to `gradient`, (1, 3, H, W) as the pixels are.

        Returns the losses of content and style, without their weights.
        """
        windows = self.eye.windows
        seen = None
        if len(windows) == 1:  # once is enough
            seen = self._look(pixels, windows[0])
            grams = seen[1].grams
        else:
            grams = self.eye.grams(pixels_of(pixels), self.style_layers, self.guides)
        style, of_grams = self._style(grams)
        content = 0.0
        for number, window in enumerate(windows):
            cut, look = seen or self._look(pixels, window)
            outputs = [look.grams[layer] for layer in self.style_layers]
            gradients = list(of_grams)
            if self.content is not None:
                found = look.features[self.content.layer]
                loss, of_found = self._content(found, number)
                content += loss
                outputs.append(found)
                gradients.append(of_found)
            del look
            gradient[(..., *window.pixels)] += torch.autograd.grad(outputs, cut, gradients)[0]
        self.eye.rest()
        return content, style

    def _look(self, pixels: Tensor, window: Window) -> tuple[Tensor, Look]:
        cut = pixels_of(pixels)(window).detach().requires_grad_()
        layers = [] if self.content is None else [self.content.layer]
        return cut, self.eye.look(cut, window, layers, self.style_layers, self.guides)

    def _content(self, found: Tensor, number: int) -> tuple[float, Tensor]:
        """What the features of a window contribute to the loss, and how it depends on them."""
        assert self.content is not None
        height, width = self.eye.windows[number].size(int(self.content.layer[4]))
        share = found[0, 0].numel() / (height * width)
        known = found.detach().requires_grad_()
        loss = share * losses.content_loss(known, self.content.features(number))
        (gradient,) = torch.autograd.grad(self.content_weight * loss, known)
        return float(loss.detach()), gradient

    def _style(self, grams: Grams) -> tuple[float, tuple[Tensor, ...]]:
        """The loss, and how it depends on each of the Gram matrices."""
        known = {layer: gram.detach().requires_grad_() for layer, gram in grams.items()}
        loss = self.style_loss(known)
        gradients = torch.autograd.grad(
            self.style_weight * loss, [known[layer] for layer in self.style_layers]
        )
        return float(loss.detach()), gradients
