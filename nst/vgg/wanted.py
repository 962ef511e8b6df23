"""What is asked of the network when it looks at a picture, and what it answers."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

from nst import layers


@dataclass(frozen=True)
class Wanted:
    """The layers whose features and Gram matrices are wanted, and how to compute them.

    `pooling` is "max" or "avg"; the latter is scaled so that activations keep their size. With a
    `cell` of 2 or 4 px, features of layers that have finer positions are averaged over cells of
    that side; those of deeper layers are as they are.
    """

    features: tuple[str, ...]
    grams: tuple[str, ...]
    pooling: str
    cell: int

    def __init__(
        self,
        features: Iterable[str],
        grams: Iterable[str] = (),
        pooling: str = "max",
        cell: int = 1,
    ) -> None:
        """Raises `UserError` for a layer that VGG19 does not have."""
        object.__setattr__(self, "features", layers.checked(features))
        object.__setattr__(self, "grams", layers.checked(grams))
        object.__setattr__(self, "pooling", pooling)
        object.__setattr__(self, "cell", cell)

    @functools.cached_property
    def deepest(self) -> str:
        """The last layer that has to be computed."""
        return layers.deepest((*self.features, *self.grams))

    def __contains__(self, layer: str) -> bool:
        return layer in self.features or layer in self.grams

    def cell_side(self, layer: str) -> int:
        """Positions of a layer's features along the side of a cell, at least 1."""
        return max(1, self.cell >> (layers.block(layer) - 1))


@dataclass(frozen=True)
class Look:
    """What the network sees in a picture, by the names of layers."""

    features: dict[str, Tensor]  # (1, C, h, w) after the ReLU, in the network's precision
    # Gram matrices, (R, C, C) in float32; of a tile, what it contributes to the picture's.
    grams: dict[str, Tensor]


class Glimpse(NamedTuple):
    """A look, and what leads from its gradients to the pixels'; see `Passage.back`."""

    look: Look
    back: Callable[[dict[str, Tensor], Mapping[str, Tensor | None]], Tensor]
