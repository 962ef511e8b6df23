"""The bank: places of the artworks that the places of a canvas choose from."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from nst.paint.neighbours import Features, shares
from nst.paint.objective import Scene
from nst.paint.sampling import columns
from nst.paint.viewer import photo_of
from nst.vgg.stem import CELL
from nst.vgg.tiles import Window
from nst.vgg.wanted import Wanted

PLACES = 4096  # in a bank: more are no better, and cost more
LEAST_COUNTED = 0.5  # of a cell of an artwork, that it may be chosen
RIM = 2  # cells at the rim of an artwork that are never chosen, as zeros lie beside them


@dataclass(frozen=True)
class Bank:
    """Places of the artworks to choose from."""

    rows: Tensor  # (n, channels), their hypercolumns
    groups: list[Tensor]  # numbers of the rows that a cell may choose from, in ascending order

    @classmethod
    def of(cls, parts: Sequence[Tensor]) -> Bank:
        """A bank with one group: all places of all styles."""
        rows = torch.cat([*parts])
        return cls(rows, [torch.arange(len(rows), device=rows.device)])

    @classmethod
    def of_blends(
        cls, scene: Scene, parts: Sequence[Tensor], blends: Sequence[Sequence[float]]
    ) -> Bank:
        """A bank with a group for each blend, in which each style has a part as the blend says.

        `parts` are those of `look_at_styles` for masks. A style alone has all its places; others
        have those that the plain blend of their styles would have.
        """
        rows = torch.cat([*parts])
        counts = [len(part) for part in parts]
        offered = [
            len(_inner_cells(*each))
            for each in zip(scene.styles_here(), scene.style_guides(), strict=True)
        ]
        groups = []
        for blend in blends:
            start, numbers = 0, []
            for wanted, kept, there in zip(
                shares(PLACES, blend, counts), counts, offered, strict=True
            ):
                # The rows of a part are in ascending order of their cells.
                by_chance = _by_chance(there, kept, scene.settings.seed).argsort().argsort()
                numbers.append(start + by_chance[:wanted].sort().values)
                start += kept
            groups.append(torch.cat(numbers).to(rows.device))
        return cls(rows, groups)


def look_at_styles(scene: Scene, wanted: Sequence[str]) -> list[list[Tensor]]:
    """For each style hypercolumns of some of its places, (n, channels), and its Gram matrices.

    The places are chosen by chance: from all styles as many as their weights say, or, for masks, as
    many as there may be from each.
    """
    styles, guides = list(scene.styles_here()), list(scene.style_guides())
    offered = [len(_inner_cells(*each)) for each in zip(styles, guides, strict=True)]
    if scene.claims is None:
        counts = shares(PLACES, scene.weights, offered)
    else:
        counts = [min(PLACES, count) for count in offered]
    how = (scene.settings.pooling, scene.settings.seed)
    return [
        scene.recall(
            (digest, *style.shape, scene.tile, scene.compared, *wanted, *how, count),
            functools.partial(_look_at, scene, style, guide, count, wanted),
        )
        for digest, style, guide, count in zip(
            scene.digests[1:], styles, guides, counts, strict=True
        )
    ]


def _inner_cells(style: Tensor, guide: Tensor | None) -> Tensor:
    """Numbers of the cells of an artwork that may be chosen, row by row.

    With a `guide`, (1, h, w), those of which at least half counts; if none does, the one of which
    most does.
    """
    height, width = (side // CELL for side in style.shape[2:])
    numbers = torch.arange(height * width).view(height, width)
    inner = numbers[RIM : height - RIM, RIM : width - RIM].flatten()
    if guide is None:
        return inner
    share = F.interpolate(guide[None], (height, width), mode="area").flatten().cpu()[inner]
    enough = inner[share >= LEAST_COUNTED]
    return enough if len(enough) else inner[share.argmax()][None]


def _by_chance(offered: int, count: int, seed: int) -> Tensor:
    """At most `count` of the numbers below `offered`; fewer are the first of more."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randperm(offered, generator=generator)[:count]


def _look_at(
    scene: Scene, style: Tensor, guide: Tensor | None, count: int, wanted: Sequence[str]
) -> list[Tensor]:
    """Hypercolumns of `count` cells of an artwork, and its Gram matrices in these layers.

    `guide`, (1, h, w), says how much each place of it counts; None that all of it does.
    """
    height, width = style.shape[2:]
    inner = _inner_cells(style, guide)
    chosen = torch.zeros(height // CELL * (width // CELL), dtype=torch.bool)
    chosen[inner[_by_chance(len(inner), count, scene.settings.seed)]] = True
    chosen = chosen.view(height // CELL, width // CELL).to(scene.vgg.device)
    viewer = scene.viewer_here((height, width), (*scene.compared, *wanted))
    picture = photo_of(style, scene.vgg)
    grams: dict[str, Tensor] = {}
    looked_at = Wanted(scene.compared, wanted, scene.settings.pooling, CELL)

    def look(window: Window) -> Features:
        seen = viewer.see(picture(window), window, looked_at, guide)
        for layer, gram in seen.grams.items():
            grams[layer] = grams[layer] + gram if layer in grams else gram
        return seen.features

    return [columns(viewer, look, chosen), *(grams[layer][0] for layer in wanted)]
