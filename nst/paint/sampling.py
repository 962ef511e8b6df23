"""Hypercolumns of some cells of a picture, however the picture is cut into windows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from nst.paint.neighbours import DEEPEST_BLOCK, Features, hypercolumns, pieces
from nst.paint.viewer import LocalViewer, Picture
from nst.vgg.stem import CELL
from nst.vgg.tiles import Window

SAMPLE = 2048  # cells of the canvas that represent all, when neighbours are weighed

SeeWindow = Callable[[Window], Features]  # what hypercolumns of a window are made of


def seen_in(
    viewer: LocalViewer, picture: Picture, compared: Sequence[str], window: Window
) -> Features:
    """The features that hypercolumns are made of, in the core of a window."""
    return viewer.features(picture(window), window, compared, CELL)


def columns(viewer: LocalViewer, look: SeeWindow, chosen: Tensor) -> Tensor:
    """The hypercolumns of the chosen cells, (n, channels), row by row however the canvas is cut."""
    numbers = torch.arange(chosen.numel(), device=chosen.device).view(chosen.shape)
    rows, found = [], []
    for window in viewer.windows:
        features, place = look(window), window.place(DEEPEST_BLOCK)
        here, names = chosen[place], numbers[place]
        for top, bottom in pieces(*here.shape):
            asked = here[top:bottom]
            rows.append(hypercolumns(features, top, bottom)[asked.flatten()])
            found.append(names[top:bottom][asked])
        viewer.rest()
    return torch.cat(rows)[torch.cat(found).argsort()]


def evenly(owner: Tensor) -> Tensor:
    """Choose a sample: at most `SAMPLE` cells of each owner, evenly spread over all it has."""
    flat = owner.flatten()
    chosen = torch.zeros_like(flat, dtype=torch.bool)
    for number in torch.unique(flat).tolist():
        places = (flat == number).nonzero()[:, 0]
        count = min(SAMPLE, len(places))
        chosen[places[torch.arange(count, device=flat.device) * len(places) // count]] = True
    return chosen.view(owner.shape)
