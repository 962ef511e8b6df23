"""The bank: places of the artworks that the places of a canvas choose from."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nst.paint.neighbours import CELL, LAYERS, Features, shares
from nst.paint.objective import Scene
from nst.paint.sampling import columns
from nst.paint.viewer import photo_of
from nst.vgg.tiles import Window
from nst.vgg.wanted import Wanted

PLACES = 4096  # in a bank: more are no better, and cost more
RIM = 2  # cells at the rim of an artwork that are never chosen, as zeros lie beside them


@dataclass(frozen=True)
class Bank:
    """Places of the artworks to choose from."""

    rows: Tensor  # (n, channels), their hypercolumns
    groups: list[slice]  # of the rows that belong together: all of them, or those of each mask

    @classmethod
    def of(cls, parts: Sequence[Tensor], masked: bool) -> Bank:
        """All places of all styles, or, for masks, each style's by themselves."""
        ends = list(itertools.accumulate(map(len, parts)))
        if not masked:
            return cls(torch.cat([*parts]), [slice(0, ends[-1])])
        groups = [slice(end - len(part), end) for part, end in zip(parts, ends, strict=True)]
        return cls(torch.cat([*parts]), groups)


def look_at_styles(scene: Scene, wanted: Sequence[str]) -> list[list[Tensor]]:
    """For each style hypercolumns of some of its places, (n, channels), and its Gram matrices.

    The places are chosen by chance: from all styles as many as their weights say, or, for masks, as
    many as there may be from each.
    """
    styles = list(scene.styles_here())
    offered = [len(_inner_cells(style)) for style in styles]
    if scene.masks is None:
        counts = shares(PLACES, scene.weights, offered)
    else:
        counts = [min(PLACES, count) for count in offered]
    settings = scene.settings
    return [
        scene.recall(
            (digest, *style.shape, scene.tile, *wanted, settings.pooling, count, settings.seed),
            functools.partial(_look_at, scene, style, count, wanted),
        )
        for digest, style, count in zip(scene.digests[1:], styles, counts, strict=True)
    ]


def _inner_cells(style: Tensor) -> Tensor:
    """Numbers of the cells of an artwork that may be chosen, row by row."""
    height, width = (side // CELL for side in style.shape[2:])
    numbers = torch.arange(height * width).view(height, width)
    return numbers[RIM : height - RIM, RIM : width - RIM].flatten()


def _look_at(scene: Scene, style: Tensor, count: int, wanted: Sequence[str]) -> list[Tensor]:
    """Hypercolumns of so many cells of an artwork, and its Gram matrices in these layers."""
    generator = torch.Generator().manual_seed(scene.settings.seed)
    height, width = style.shape[2:]
    inner = _inner_cells(style)
    chosen = torch.zeros(height // CELL * (width // CELL), dtype=torch.bool)
    chosen[inner[torch.randperm(len(inner), generator=generator)[:count]]] = True
    chosen = chosen.view(height // CELL, width // CELL).to(scene.vgg.device)
    viewer = scene.viewer_here((height, width), (*LAYERS, *wanted))
    picture = photo_of(style, scene.vgg)
    grams: dict[str, Tensor] = {}
    looked_at = Wanted(LAYERS, wanted, scene.settings.pooling, CELL)

    def look(window: Window) -> Features:
        seen = viewer.see(picture(window), window, looked_at)
        for layer, gram in seen.grams.items():
            grams[layer] = grams[layer] + gram if layer in grams else gram
        return seen.features

    return [columns(viewer, look, chosen), *(grams[layer][0] for layer in wanted)]
