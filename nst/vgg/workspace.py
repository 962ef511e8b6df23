"""Memory that a run lends to the network for its computations."""

from __future__ import annotations

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
    """Transformed weights, of one run and for one thread at a time.

    Those of the first `blocks` are kept from look to look, up to 135 MB in all. The others share
    the memory of one layer: asked for anew every time, it would take longer to get than to fill.
    """

    def __init__(self, blocks: int = 0) -> None:
        self._blocks = blocks
        self._kept: dict[str, Tensor] = {}
        self._shared = torch.empty(0)

    def keep(self, blocks: int) -> None:
        """Keep the weights of so many blocks from now on, and drop those of the others."""
        self._blocks = blocks
        self._kept = {
            name: weights for name, weights in self._kept.items() if layers.block(name) <= blocks
        }

    def weights(self, layer: Transformable) -> Tensor:
        """The transformed weights of a layer, flat; good until another layer's are asked for."""
        if layer.name in self._kept:
            return self._kept[layer.name]
        size = layer.transformed_size
        if layers.block(layer.name) <= self._blocks:
            weights = self._kept[layer.name] = torch.empty(size)
        else:
            if self._shared.numel() < size:
                self._shared = torch.empty(size)
            weights = self._shared[:size]
        layer.transform(weights)
        return weights
