"""Nearest neighbours of hypercolumns: which place in the artwork looks most like one in a picture.

Kolkin et al. (2022), "Neural Neighbor Style Transfer": a place is known by what several layers see
there, and is given the features of the place that is nearest to it, as they are.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from nst.layers import block, channels

# What a hypercolumn is made of: few layers, as more were no better. Layers of block 4, which see
# large things, cost a third more and drew the photo's lines less well.
COMPARED = ("conv1_1", "conv2_1", "conv2_2", "conv3_1", "conv3_3")
# The same at the full size, where what the deepest layer sees is settled: it would cost a third.
REFINED = COMPARED[:-1]
DEEPEST_BLOCK = block(COMPARED[-1])  # has one position a cell
PIECE = 1024  # places that are compared at once
SHARED = 4  # the nearest places, by which it is judged how popular a neighbour is
# For the prices at which all neighbours are chosen equally often: how soft the choice is, in units
# of twice the cosine; how often the prices are set anew; and the places that are looked at.
SOFTNESS, ROUNDS, PRICED = 0.05, 20, 1024

Features = Mapping[str, Tensor]  # of what is compared, averaged over cells, (1, C, h, w)


def hypercolumns(features: Features, top: int = 0, bottom: int | None = None) -> Tensor:
    """The hypercolumns of some rows of cells, (cells, channels).

    All layers count alike.
    """
    parts = []
    for layer, seen in features.items():
        found = seen[0, :, top:bottom]
        parts.append(found.float().permute(1, 2, 0).flatten(0, 1) / unit(layer))
    return torch.cat(parts, 1)


def layer_of(rows: Tensor, layer: str) -> Tensor:
    """The part of hypercolumns that comes from one layer, (n, C), still divided by `unit`."""
    start = sum(channels(name) for name in COMPARED[: COMPARED.index(layer)])
    return rows[:, start : start + channels(layer)]


def unit(layer: str) -> float:
    """The number that a layer's features are divided by in a hypercolumn."""
    return math.sqrt(channels(layer))


def pieces(height: int, width: int) -> Iterator[tuple[int, int]]:
    """Pieces of about `PIECE` cells: the first row of each, and the row behind its last."""
    step = max(1, PIECE // width)
    for top in range(0, height, step):
        yield top, min(height, top + step)


class Matcher:
    """Finds nearest neighbours in a bank, by the cosine of the differences from the mean.

    `bank` is (n, channels); `sample` are (m, channels) of the places that will be asked for, whose
    mean is subtracted. A neighbour that is near to many of them counts as that much further away:
    otherwise even areas would get the same few neighbours again and again. This is the
    "cross-domain similarity local scaling" of Conneau et al. (2018), "Word Translation Without
    Parallel Data". The greater `evenness`, 0..1, the more equally often all are chosen; at 1 as
    optimal transport says. Products are computed in `precision`.
    """

    def __init__(
        self,
        bank: Tensor,
        sample: Tensor,
        evenness: float = 0.0,
        precision: torch.dtype = torch.float32,
    ) -> None:
        self._offered = F.normalize(bank - bank.mean(0), dim=1).to(precision)
        self._mean = sample.mean(0)
        nearest = bank.new_empty(len(bank), 0)
        for part in torch.split(sample, PIECE):
            near = torch.cat([nearest, (self._offered @ self._directions(part).T).float()], 1)
            nearest = near.topk(min(SHARED, near.shape[1]), 1).values
        self._popularity = nearest.mean(1)
        if evenness:
            some = sample[:: math.ceil(len(sample) / PRICED)]
            even = self._even(self._directions(some))
            self._popularity = torch.lerp(self._popularity, even, evenness)

    def _even(self, asking: Tensor) -> Tensor:
        """How much further away each neighbour must seem for all to be chosen equally often.

        These are the dual variables of optimal transport: Cuturi (2013), "Sinkhorn Distances".
        """
        scores = 2 * (asking @ self._offered.T).float() / SOFTNESS
        price = torch.zeros_like(self._popularity)
        for _ in range(ROUNDS):
            share = (scores - price).log_softmax(1).logsumexp(0)
            price = price + share - math.log(len(asking) / len(price))
        return price * SOFTNESS

    def nearest(self, places: Tensor) -> Tensor:
        """The number in the bank of the nearest neighbour of each place, (p, channels) -> (p,)."""
        found = [
            (2 * (self._directions(part) @ self._offered.T).float() - self._popularity).argmax(1)
            for part in torch.split(places, PIECE)
        ]
        return torch.cat(found)

    def _directions(self, places: Tensor) -> Tensor:
        return F.normalize(places - self._mean, dim=1).to(self._offered.dtype)


def shares(most: int, weights: Sequence[float], offered: Sequence[int]) -> list[int]:
    """How many places of each style a bank of at most `most` takes.

    In proportion to the weights, as far as there are so many `offered`; at least one of each that
    has any weight.
    """
    total = sum(weights)
    return [
        min(count, max(1, round(most * weight / total))) if weight else 0
        for weight, count in zip(weights, offered, strict=True)
    ]
