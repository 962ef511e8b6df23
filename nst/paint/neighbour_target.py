"""Comparing a canvas with the features of chosen neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from nst import layers
from nst.paint.neighbours import DEEPEST_BLOCK, layer_of, unit
from nst.paint.viewer import Compared, LocalViewer, Picture, Target
from nst.vgg.stem import CELL
from nst.vgg.strips import strips
from nst.vgg.threads import total
from nst.vgg.tiles import Window


@dataclass(frozen=True)
class NeighbourMaker:
    """The neighbours of all cells, and how to compare with them; see `viewer.TargetMaker`."""

    layers: tuple[str, ...]  # that hypercolumns are made of
    bank: Tensor  # (n, channels), hypercolumns
    choices: Tensor  # (h, w), a number in the bank for each cell
    painted: Tensor | None  # (h, w), 0..1
    weight: float

    def make(self, viewer: LocalViewer, picture: Picture, recall: object = None) -> Target:
        """See `viewer.TargetMaker.make`; the photo is in the choices already."""
        return NeighbourTarget(self, viewer)


class NeighbourTarget:
    """The features of the chosen neighbours, fetched anew at each look; see `viewer.Target`."""

    def __init__(self, maker: NeighbourMaker, viewer: LocalViewer) -> None:
        self.layers, self.cell = maker.layers, CELL
        self._viewer, self._weight = viewer, maker.weight
        device = viewer.vgg.device
        bank = maker.bank.to(device)
        self._bank = {layer: layer_of(bank, layer) for layer in self.layers}
        self._choices = maker.choices.to(device)
        self._painted = None if maker.painted is None else maker.painted.to(device)
        # The loss is relative to the energy of all that is compared with.
        energy = torch.stack([rows.square().sum(1) for rows in self._bank.values()]).sum(0)
        energies = energy[self._choices.long()]
        if self._painted is not None:
            energies = energies * self._painted
        self._scale = 1 / max(float(energies.sum(dtype=torch.float64)), 1e-12)

    @torch.no_grad()
    def compare(self, found: Mapping[str, Tensor], number: int) -> Compared:
        """See `viewer.Target.compare`."""
        window, loss = self._viewer.windows[number], 0.0
        gradients = {}
        for layer in self.layers:
            seen, counted = found[layer], self._counted(layer, window)
            gradient = torch.empty_like(seen)
            height, row_bytes = seen.shape[2], 4 * seen[0, :, 0].numel()
            for top, bottom in strips(height, row_bytes, seen.device):
                rows = (..., slice(top, bottom), slice(None))
                difference = seen[rows].float() / unit(layer)
                difference -= self._wanted(layer, window, top, bottom)
                weighted = difference if counted is None else difference * counted[rows]
                loss += self._scale * total(weighted * difference)
                gradient[rows] = weighted.mul_(2 * self._scale * self._weight / unit(layer))
            gradients[layer] = gradient
        return Compared(loss, gradients)

    def _wanted(self, layer: str, window: Window, top: int, bottom: int) -> Tensor:
        """The neighbours' features in a layer for some rows of a window's core, (1, C, rows, w)."""
        choices = self._choices[window.place(DEEPEST_BLOCK)][top:bottom].long()
        chosen = self._bank[layer][choices.flatten()]
        return chosen.view(*choices.shape, -1).permute(2, 0, 1)[None]

    def _counted(self, layer: str, window: Window) -> Tensor | None:
        """How much each place in the core of a window counts, (1, 1, h, w)."""
        painted = self._painted
        counted = None if painted is None else painted[window.place(DEEPEST_BLOCK)][None, None]
        return _without_rim(counted, layer, window, self._choices.device)


def _without_rim(
    counted: Tensor | None, layer: str, window: Window, device: torch.device
) -> Tensor | None:
    """The weights of the places, 0 at the rim of a picture, beside which the network sees zeros."""
    block = layers.block(layer)
    if block < DEEPEST_BLOCK:
        return counted
    (rows, columns), (height, width) = window.place(block), window.size(block)
    shape = (1, 1, rows.stop - rows.start, columns.stop - columns.start)
    weights = torch.ones(shape, device=device) if counted is None else counted.clone()
    if rows.start == 0:
        weights[:, :, 0] = 0
    if rows.stop == height:
        weights[:, :, -1] = 0
    if columns.start == 0:
        weights[..., 0] = 0
    if columns.stop == width:
        weights[..., -1] = 0
    return weights
