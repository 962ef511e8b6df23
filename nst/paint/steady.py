"""Painting the next frame of a film: what was painted before, moved along, is held where it fits.

Ruder et al. (2016), "Artistic Style Transfer for Videos": each frame starts from the last painting,
moved as the film moves, and a temporal term holds it there, but for places that were hidden before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch.nn.functional as F
from torch import Tensor

from nst.paint.objective import Losses, Objective
from nst.paint.tensors import resize
from nst.vgg.network import VGG19
from nst.vgg.strips import picture_strips
from nst.vgg.threads import total

# The weight of the temporal term, chosen by looking at films: with less, fine strokes boil; with
# more, what moving blurs is not drawn anew.
WEIGHT = 400.0


@dataclass(frozen=True)
class Moved:
    """The last painting of a film, moved to where the next frame has what it shows."""

    picture: Tensor  # (1, 3, H, W) in 0..1; the run starts from it
    held: Tensor  # (1, 1, H, W) in 0..1, how much each place is held; 0 where it was hidden before

    def at(self, size: Sequence[int], vgg: VGG19) -> Moved:
        """The same at this height and width, in the network's units and on its device."""
        height, width = size
        picture = vgg.normalize(resize(self.picture.to(vgg.device), height, width))
        held = F.interpolate(self.held.to(vgg.device), (height, width), mode="area")
        return Moved(picture, held)

    def check(self, size: Sequence[int]) -> None:
        """Raises ValueError unless the tensors are of a canvas of this height and width."""
        if self.picture.shape != (1, 3, *size) or self.held.shape != (1, 1, *size):
            raise ValueError(
                f"what moved must be of the content's size, {tuple(size)}, got "
                f"{tuple(self.picture.shape)} and {tuple(self.held.shape)}"
            )


class Steady:
    """Another objective with a temporal term: the squared distance from what moved along.

    An `objective.Objective`; `moved` is what `Moved.at` gives for its canvas.
    """

    def __init__(self, objective: Objective, moved: Moved) -> None:
        self._objective, self._moved = objective, moved
        self._weight = WEIGHT / moved.held.numel()

    @property
    def choices(self) -> Tensor | None:
        """See `Objective.choices`."""
        return self._objective.choices

    def forget(self) -> None:
        """See `Objective.forget`."""
        self._objective.forget()

    def evaluate(self, pixels: Tensor) -> tuple[Tensor, Losses]:
        """See `Objective.evaluate`; the temporal term is in the total alone."""
        gradient, losses = self._objective.evaluate(pixels)
        distance = 0.0
        for strip in picture_strips(pixels):
            apart = pixels[strip] - self._moved.picture[strip]
            weighted = apart * self._moved.held[strip]
            distance += total(weighted * apart)
            gradient[strip] += weighted.mul_(2 * self._weight)
        return gradient, replace(losses, total=losses.total + self._weight * distance)
