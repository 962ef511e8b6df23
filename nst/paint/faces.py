"""Where faces are in a photo, so that they stay faces: people look at them first.

Viola and Jones (2001), with the cascades that come with OpenCV; a face that is overlooked is
painted as everything else is, and what is taken for a face keeps a little more of the photo.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from nst.paint.tensors import LUMINANCE, expand, resize

if TYPE_CHECKING:
    import cv2

LOOKED_AT = 512  # px, the longer side at which faces are looked for
SMALLEST_FACE = 20  # px at that size; what is smaller has no features to keep
SURE = 5  # overlapping findings, from which on it is held to be a face
SEARCH_GROWTH = 1.1  # from one size that is looked for to the next
# Half the axes of a face's ellipse, in sides of the square that was found, so that it reaches from
# chin to brow; and the part of it beyond its rim over which the map falls from 1 to 0.
ACROSS, DOWN, FADE = 0.45, 0.55, 0.5


def find(photo: Tensor) -> Tensor | None:
    """How much each place of a `tensors.compact` photo is a face, (1, 1, H, W) in 0..1.

    None where there is none.
    """
    height, width = photo.shape[2:]
    factor = min(1.0, LOOKED_AT / max(height, width))
    small = resize(expand(photo.cpu()), round(height * factor), round(width * factor))
    shares = torch.tensor(LUMINANCE).view(1, 3, 1, 1)
    grey = ((small * shares).sum(1)[0] * 255).clamp(0, 255).round().to(torch.uint8).numpy()
    boxes = _cascade().detectMultiScale(
        grey, SEARCH_GROWTH, SURE, minSize=(SMALLEST_FACE, SMALLEST_FACE)
    )
    if not len(boxes):
        return None
    rows = torch.arange(height).view(-1, 1) * factor
    columns = torch.arange(width).view(1, -1) * factor
    found = torch.zeros(height, width)
    for left, top, across, down in boxes:
        x = (columns - (left + across / 2)) / (ACROSS * across)
        y = (rows - (top + down / 2)) / (DOWN * down)
        found = torch.maximum(found, ((1 + FADE - (x * x + y * y).sqrt()) / FADE).clamp(0, 1))
    return found[None, None].to(photo.device)


def _cascade() -> cv2.CascadeClassifier:
    """A classifier of its own for each painting: two threads must not share one."""
    # Imported here: most of what uses this package never paints.
    import cv2
    import cv2.data

    return cv2.CascadeClassifier(f"{cv2.data.haarcascades}haarcascade_frontalface_alt2.xml")
