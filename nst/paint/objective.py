"""What a canvas is compared with: the interface that the loop knows, and what objectives share.

There are two: `composition.Composition` and `brushwork.Brushwork`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch.nn.functional as F
from torch import Tensor

from nst.layers import deepest, suitable_side
from nst.paint import losses, memory
from nst.paint.claims import Claims
from nst.paint.neighbours import COMPARED, REFINED
from nst.paint.spread import SpreadViewer, Team
from nst.paint.targets import TargetCache
from nst.paint.tensors import expand, reduced
from nst.paint.viewer import LocalViewer
from nst.settings import Settings
from nst.vgg.network import VGG19
from nst.vgg.tiles import Window, tiles
from nst.vgg.workspace import Workspace

LEAST_SHARE = 0.01  # of a style, that its variation is measured by


@dataclass(frozen=True)
class Losses:
    """The losses of a canvas; `total` is the sum of the three, each times its weight."""

    content: float
    style: float
    tv: float
    total: float

    @property
    def finite(self) -> bool:
        """Whether all losses are finite: a sum is finite only if all of its terms are."""
        return math.isfinite(self.total)


class Objective(Protocol):
    """Tells how far a canvas is from what it shall be, and the gradient that leads there."""

    @property
    def choices(self) -> Tensor | None:
        """What pictures alone do not tell a resumed run, int32 of (h, w), or None."""
        ...

    def evaluate(self, pixels: Tensor) -> tuple[Tensor, Losses]:
        """The gradient of the weighted total, (1, 3, H, W) as `pixels` are, and the losses."""
        ...

    def forget(self) -> None:
        """Let go of all that depends on how the canvas is cut; it is made again when needed."""
        ...


@dataclass
class Scene:
    """All that an objective may look at, at one size of the canvas."""

    vgg: VGG19
    settings: Settings
    photo: Tensor  # `tensors.compact`, of the canvas' size
    styles: Sequence[Tensor]  # `tensors.compact`, as they were given
    workspace: Workspace
    full: int  # px, the longer side of the content as it was given
    digests: Sequence[str]  # of the content and each style, as they were given
    claims: Claims | None = None  # of the canvas' size; None where everything is painted
    tile: int = memory.WHOLE  # px, the longest side of the tiles; gets smaller if memory runs out
    known: TargetCache | None = None
    team: Team | None = None
    colourless: bool = False  # whether no style has any colour
    faces: Tensor | None = None  # (1, 1, H, W) in 0..1; None where there are none
    # For each style how much each place counts, (1, 1, h, w) in 0..1; None where all of it does.
    style_masks: Sequence[Tensor | None] = ()
    refining: bool = False  # whether strokes were drawn on a smaller canvas already

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the canvas, px."""
        height, width = self.photo.shape[2:]
        return height, width

    @property
    def compared(self) -> tuple[str, ...]:
        """The layers in which strokes are compared."""
        return REFINED if self.refining else COMPARED

    @property
    def guides(self) -> Tensor | None:
        """The masks as Gram matrices take them, (R, H, W)."""
        return None if self.claims is None else self.claims.masks[0]

    @property
    def weights(self) -> tuple[float, ...]:
        """How much each style counts."""
        return self.settings.style_weights or (1.0,) * len(self.styles)

    def viewer(self, size: tuple[int, int], layers: Sequence[str]) -> LocalViewer | SpreadViewer:
        """A viewer of pictures of this height and width, up to the deepest of the layers."""
        windows, pooling = self.windows(size, layers), self.settings.pooling
        if self.team is not None and len(windows) > 1:
            return SpreadViewer(self.vgg, windows, pooling, self.team)
        return self._viewer(windows)

    def viewer_here(self, size: tuple[int, int], layers: Sequence[str]) -> LocalViewer:
        """The same as `viewer`, but in this process even if there is a team."""
        return self._viewer(self.windows(size, layers))

    def _viewer(self, windows: list[Window]) -> LocalViewer:
        pooling, sparing = self.settings.pooling, self.tile < memory.WHOLE
        return LocalViewer(self.vgg, windows, pooling, self.workspace, sparing)

    def windows(self, size: tuple[int, int], layers: Sequence[str]) -> list[Window]:
        """The windows into which a picture of this height and width is cut."""
        return [Window(tile, deepest(layers)) for tile in tiles(*size, self.tile)]

    def styles_here(self, size: tuple[int, int] | None = None) -> Iterator[Tensor]:
        """The styles reduced as the canvas is, so that strokes keep their size; `compact`."""
        scale = max(size or self.size) / self.full
        for style in self.styles:
            yield reduced(style, *(suitable_side(side * scale) for side in style.shape[2:]))

    def style_guides(self, size: tuple[int, int] | None = None) -> Iterator[Tensor | None]:
        """How much each place of the `styles_here` counts, (1, h, w); None where all of it does."""
        masks = self.style_masks or (None,) * len(self.styles)
        for style, mask in zip(self.styles_here(size), masks, strict=True):
            yield None if mask is None else F.interpolate(mask, style.shape[2:], mode="area")[0]

    def variation(self) -> float:
        """The mean of the styles' total variation, by their weights.

        What of a style does not count is smooth, so that its variation is that of the rest.
        """
        varied = 0.0
        for weight, style, guide in zip(
            self.weights, self.styles_here(), self.style_guides(), strict=True
        ):
            share = 1.0 if guide is None else max(float(guide.mean()), LEAST_SHARE)
            varied += weight * losses.variation(self.vgg.normalize(expand(style))) / share
        return varied / sum(self.weights)

    def recall(self, key: Hashable, make: Callable[[], list[Tensor]]) -> list[Tensor]:
        """What `make` returns, or what it returned for this key in an earlier run."""
        return self.known.recall((key, self.vgg.is_narrow), make) if self.known else make()
