"""What the masks claim of each place of a canvas, and how styles share what several of them claim.

Where the masks claim more than all of a place, its styles share it: each gets a part in proportion
to its mask times its weight, and all parts together are 1. So masks that are all white paint as the
plain blend of their styles does. Masks that claim no more than all of any place stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from nst.vgg.strips import picture_strips

ROUNDING = 0.5 / 255  # by which a mask in 8 bits may be too white
LEAST_PART = 0.1  # of a shared cell, that a style gets strokes there
MOST_BLENDS = 16  # of styles that share cells


@dataclass(frozen=True)
class Claims:
    """How much each style gets of each place, at one size of the canvas."""

    masks: Tensor  # (1, R, H, W), one a style; their sum is at most 1, but for rounding
    shared: Tensor | None  # (1, 1, H, W), 1 where styles share a place; None if they do nowhere
    # For each mask how much each style counts in its region, together 1: where styles share places,
    # their textures are blended.
    blends: tuple[tuple[float, ...], ...]
    # For each mask how much its region counts, in the units of the styles' weights. A shared place
    # counts as much as the style with the largest weight there would count alone.
    weights: tuple[float, ...]

    @classmethod
    def of(cls, masks: Tensor, weights: Sequence[float]) -> Claims:
        """The claims of `masks`, (1, R, H, W) in 0..1, of styles with these weights."""
        count = masks.shape[1]
        scales = torch.tensor(weights, device=masks.device).view(1, -1, 1, 1)
        parts, shared = torch.empty_like(masks), torch.empty_like(masks[:, :1])
        together = masks.new_zeros(count, count)  # of each two, how much they share
        claimed, gained = masks.new_zeros(count), masks.new_zeros(count)
        for strip in picture_strips(masks):
            given = masks[strip]
            total = given.sum(1, keepdim=True)
            here = total > 1 + count * ROUNDING
            parts[strip] = torch.where(here, _shares(given, scales), given)
            shared[strip] = here
            strongest = ((given > 0) * scales).amax(1, keepdim=True)
            own = parts[strip] * here
            together += own[0].flatten(1) @ own[0].flatten(1).T
            claimed += parts[strip].sum((0, 2, 3))
            gained += (own * (strongest - scales)).sum((0, 2, 3))
        others = (together / claimed.clamp_min(1e-12)[:, None]).fill_diagonal_(0)
        blends = others + torch.diag(1 - others.sum(1))
        more = (gained / claimed.clamp_min(1e-12)).tolist()
        return cls(
            parts,
            shared if bool(shared.any()) else None,
            tuple(map(tuple, blends.tolist())),
            tuple(weight + add for weight, add in zip(weights, more, strict=True)),
        )

    def resized(self, height: int, width: int) -> Claims:
        """The claims at another size of the canvas."""
        shared = self.shared
        return Claims(
            F.interpolate(self.masks, (height, width), mode="area"),
            None if shared is None else F.interpolate(shared, (height, width), mode="area"),
            self.blends,
            self.weights,
        )

    @property
    def painted(self) -> Tensor:
        """How much of each place is painted at all, (1, 1, H, W) in 0..1."""
        return self.masks.sum(1, keepdim=True).clamp(max=1)

    def of_cells(self) -> tuple[Tensor, list[tuple[float, ...]]]:
        """Whose strokes each cell may get: the number of a blend, (H, W), and the blends.

        A blend says how much each style counts; the first of them are each style alone. A cell that
        is not shared is left to the style that claims most of it.
        """
        masks = self.masks[0]
        count = len(masks)
        owner = masks.argmax(0)
        blends = [tuple(float(style == other) for other in range(count)) for style in range(count)]
        if self.shared is None:
            return owner, blends
        takes_part = masks >= LEAST_PART * masks.sum(0)
        shared = (self.shared[0, 0] >= 0.5) & (takes_part.sum(0) > 1)
        digits = 2 ** torch.arange(count, device=masks.device).view(-1, 1, 1)
        groups = (takes_part * digits).sum(0)
        found, cells = torch.unique(groups[shared], return_counts=True)
        for group in found[cells.argsort(descending=True, stable=True)][:MOST_BLENDS]:
            here = shared & (groups == group)
            part = (masks[:, here] * takes_part[:, here]).mean(1)
            owner[here] = len(blends)
            blends.append(tuple((part / part.sum()).tolist()))
        return owner, blends


def _shares(masks: Tensor, scales: Tensor) -> Tensor:
    """What each style gets of places that the masks claim more than once, together 1."""
    weighed = masks * scales
    total = weighed.sum(1, keepdim=True)
    # Styles without any weight share a place alike.
    alike = masks / masks.sum(1, keepdim=True).clamp_min(1e-12)
    return torch.where(total > 0, weighed / total.clamp_min(1e-12), alike)
