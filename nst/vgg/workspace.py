"""Memory that a run lends to the network for its computations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor

from nst import layers


class Transformable(Protocol):
    """A layer whose weights have to be transformed before they are used."""

    @property
    def name(self) -> str:
        """The layer's name."""
        ...

    @property
    def transformed_size(self) -> int:
        """How many numbers its transformed weights are."""
        ...

    def transform(self, out: Tensor) -> None:
        """Put the transformed weights into a flat tensor of that size."""
        ...


class Workspace:
    """Transformed and packed weights, of one run and for one thread at a time.

    Those of the first `blocks` are kept from look to look, up to 135 MB in all. Of the others the
    transformed ones share the memory of one layer: asked for anew every time, it would take longer
    to get than to fill. They are not packed, as only keeping what is packed saves anything.
    """

    def __init__(self, blocks: int = 0) -> None:
        self._blocks = blocks
        self._kept: dict[tuple[str, str], Tensor] = {}  # of a layer, and for which use
        self._shared = torch.empty(0)

    def keep(self, blocks: int) -> None:
        """Keep the weights of so many blocks from now on, and drop those of the others."""
        self._blocks = blocks
        self._kept = {
            (name, use): weights for (name, use), weights in self._kept.items() if self.keeps(name)
        }

    def keeps(self, name: str) -> bool:
        """Whether the weights of the layer of this name are kept."""
        return layers.block(name) <= self._blocks

    def weights(self, layer: Transformable) -> Tensor:
        """The transformed weights of a layer, flat; good until another layer's are asked for."""
        key = layer.name, "transformed"
        if key in self._kept:
            return self._kept[key]
        size = layer.transformed_size
        if self.keeps(layer.name):
            weights = self._kept[key] = torch.empty(size)
        else:
            if self._shared.numel() < size:
                self._shared = torch.empty(size)
            weights = self._shared[:size]
        layer.transform(weights)
        return weights

    def packed(self, name: str, use: str, pack: Callable[[], Tensor]) -> Tensor:
        """What `pack` made of a layer's weights for this use, of a layer whose weights are kept."""
        key = name, use
        if key not in self._kept:
            self._kept[key] = pack()
        return self._kept[key]
