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
    to get than to fill. Packed ones are made anew.

    Where small maps `may_round` otherwise than by Winograd's convolution, what is quicker for them
    is taken. Pictures by Gram matrices alone may not: they stay to the bit what they were.
    """

    def __init__(self, blocks: int = 0, *, may_round: bool = False) -> None:
        self.may_round = may_round
        self._blocks = blocks
        self._kept: dict[tuple[str, str], Tensor] = {}  # of a layer, and for which use
        self._shared = torch.empty(0)

    def keep(self, blocks: int) -> None:
        """Keep the weights of so many blocks from now on, and drop those of the others.

        For a canvas of another size float32 is packed anew, as the last bits may depend on it.
        """
        self._blocks = blocks
        self._kept = {
            (name, use): weights
            for (name, use), weights in self._kept.items()
            if self.keeps(name) and (use == "transformed" or weights.dtype != torch.float32)
        }

    def clear(self) -> None:
        """Drop all weights: another network is to use it."""
        self._kept.clear()

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
        """What `pack` makes of the weights of a layer for this use, or has made if it is kept."""
        key = name, use
        if key in self._kept:
            return self._kept[key]
        packed = pack()
        if self.keeps(name):
            self._kept[key] = packed
        return packed
