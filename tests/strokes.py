"""Canvases on which strokes are begun, and simple pictures for them."""

from __future__ import annotations

import torch

from nst.paint import transfer
from nst.paint.bank import RIM
from nst.paint.loop import Loop
from nst.paint.memory import WHOLE
from nst.paint.neighbours import COMPARED, hypercolumns
from nst.paint.schedule import Stage
from nst.paint.transfer import Canvas
from nst.settings import Settings
from nst.vgg.stem import CELL
from nst.vgg.wanted import Wanted

BASE = Settings(resolution=96)


def begun(trunk, content, styles, settings=BASE, masks=(), tile=WHOLE, face=None, **more):
    """A painter that is about to draw strokes at the content's size.

    With a `face`, (1, 1, H, W), it takes that for one; there is none in the photo of these tests.
    """
    painter = Loop(
        trunk, settings, Canvas(content, styles, None, masks), transfer.Options(tile=tile, **more)
    )
    assert painter.faces is None
    painter.faces = face
    painter.begin(Stage(*content.shape[2:], 1, brushwork=True))
    return painter


def elsewhere(pixels, by=0.3):
    """Somewhat away from what is on the canvas."""
    return pixels + by * torch.randn(pixels.shape, generator=torch.Generator().manual_seed(1))


def left_and_right(content, at=40):
    """Two masks that share a canvas out."""
    left = torch.zeros(1, 1, *content.shape[2:])
    left[..., :at] = 1
    return left, 1 - left


def face_in(content):
    """A soft disc in the middle."""
    height, width = content.shape[2:]
    rows = torch.arange(height).view(-1, 1) - height / 2
    columns = torch.arange(width) - width / 2
    return (2 - (rows.square() + columns.square()).sqrt() / 12).clamp(0, 1)[None, None]


def columns_of(trunk, picture):
    """The hypercolumns of all cells of a picture in 0..1, row by row."""
    seen = trunk.look(trunk.normalize(picture), Wanted(COMPARED, cell=CELL)).features
    return hypercolumns(seen)


def inner(picture):
    """Numbers of the cells of an artwork that lie not at its rim, row by row."""
    height, width = (side // CELL for side in picture.shape[2:])
    return [
        row * width + column
        for row in range(RIM, height - RIM)
        for column in range(RIM, width - RIM)
    ]
