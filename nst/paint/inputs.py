"""What a run is given beside its settings: the pictures, and how to compute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from nst.layers import DIVISOR
from nst.paint.spread import Team
from nst.paint.steady import Moved
from nst.paint.targets import TargetCache


@dataclass(frozen=True)
class Canvas:
    """The pictures that a run paints from, with values in 0..1; `check` tests their shapes."""

    content: Tensor  # (1, 3, H, W), both sides multiples of 16
    styles: Sequence[Tensor]  # at least one, each (1, 3, h, w)
    init: Tensor | None = None  # (1, 3, h, w), where to start instead of what the settings name
    masks: Sequence[Tensor] = ()  # none, or one for each style, (1, 1, H, W)
    # None, or for each style how much each place of it counts, (1, 1, h, w) of its size; None: all.
    style_masks: Sequence[Tensor | None] = ()
    moved: Moved | None = None  # the last painting of a film, from which its next frame starts

    def check(self) -> None:
        """Raises ValueError for tensors of the wrong shape."""
        images = [("content", self.content), *(("style", style) for style in self.styles)]
        for name, image in images:
            if image.ndim != 4 or image.shape[:2] != (1, 3):
                raise ValueError(f"{name} must be (1, 3, H, W), got {tuple(image.shape)}")
        if not self.styles:
            raise ValueError("at least one style is needed")
        size = self.content.shape[2:]
        if size[0] % DIVISOR or size[1] % DIVISOR:
            raise ValueError(
                f"content's sides must be multiples of {DIVISOR}, got {tuple(self.content.shape)}"
            )
        for mask in self.masks:
            if mask.shape != (1, 1, *size):
                raise ValueError(f"a mask must be (1, 1, H, W) like the content, got {mask.shape}")
        if self.moved is not None:
            self.moved.check(size)
        for style, counted in zip(self.styles, self.style_masks, strict=bool(self.style_masks)):
            if counted is not None and counted.shape != (1, 1, *style.shape[2:]):
                raise ValueError(
                    f"a style's mask must be (1, 1, H, W) like the style, got {counted.shape}"
                )


@dataclass(frozen=True)
class Options:
    """How a run computes. None of it changes the picture, but for the last bits of rounding."""

    tile: int | None = None  # px, the longest side of tiles, instead of what the memory suggests
    known: TargetCache | None = None  # keeps what is computed from the pictures for further runs
    team: Team | None = None  # looks at the tiles of large canvases instead of this process
