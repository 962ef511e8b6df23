"""Where each place of a frame was in the frame before it, and whether it was to be seen there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Values: TypeAlias = NDArray[np.float32]
Bytes: TypeAlias = NDArray[np.uint8]

# Two flows agree where the way there and back ends this near its start: the square of it in px may
# be so much of the squared length of both, and so much more. Sundaram et al. (2010), "Dense Point
# Trajectories by GPU-Accelerated Large Displacement Optical Flow", as Ruder et al. have them.
APART, APART_AT_REST = 0.01, 0.5
# At the edges of what moves the flow is not to be trusted: where the square of its slope is more.
# At rest they allow 0.002, which this flow's own noise exceeds in a tenth of a still picture.
SLOPE, SLOPE_AT_REST = 0.01, 0.05
# A place is another one if its brightness, 0..255 and smoothed over so many px, has changed by so
# much.
CHANGED, SMOOTHED = 24.0, 5
NEAR = 3  # px, the window in which no place may have been hidden
# Of a frame, how much is to be seen in the one before it, unless a new scene begins.
SAME_SCENE = 0.35


@dataclass(frozen=True)
class Motion:
    """From a frame back to the one before it."""

    back: Values  # (H, W, 2), px to the right and down, to where each place was
    held: Values  # (H, W), 1 where the place and all around was to be seen there, else 0

    @property
    def is_cut(self) -> bool:
        """Whether so little is to be seen again that a new scene begins."""
        return float(self.held.mean()) < SAME_SCENE


class Flow:
    """Finds motion between frames, by dense inverse search.

    Kroeger et al. (2016), "Fast Optical Flow using Dense Inverse Search".
    """

    def __init__(self) -> None:
        self._search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)

    def between(self, before: Bytes, after: Bytes) -> Motion:
        """The motion from `after` back to `before`, both (H, W, 3), RGB, of one size."""
        old, new = _grey(before), _grey(after)
        back, forth = self._way(new, old), self._way(old, new)
        held = _agree(back, forth) & ~_is_edge(back) & ~_changed(old, new, back)
        near = np.ones((NEAR, NEAR), np.uint8)
        return Motion(back, np.asarray(cv2.erode(held.astype(np.float32), near), np.float32))

    def _way(self, here: Bytes, there: Bytes) -> Values:
        """Where each place of one frame is in the other."""
        nothing = np.zeros((*here.shape, 2), np.float32)
        return np.asarray(self._search.calc(here, there, nothing), np.float32)


def moved(picture: Values, back: Values) -> Values:
    """What a frame shows of `picture`, (H, W) or (H, W, C), that was there in the frame before it.

    Places from outside take what is at the rim. Values are weighed as Lanczos does, which keeps
    fine strokes fine however often they are moved.
    """
    return _looked_up(picture, _places(back), cv2.INTER_LANCZOS4)


def _grey(frame: Bytes) -> Bytes:
    return np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), np.uint8)


def _places(back: Values) -> Values:
    """Where each place was, (H, W, 2), px from the left and the top."""
    height, width = back.shape[:2]
    here = np.dstack(np.meshgrid(np.arange(width), np.arange(height)))
    return np.asarray(here + back, np.float32)


def _looked_up(picture: Values, places: Values, way: int) -> Values:
    found = cv2.remap(picture, places[..., 0], places[..., 1], way, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found, np.float32)


def _agree(back: Values, forth: Values) -> NDArray[np.bool_]:
    """Where the way back and forth ends at its start, and does not leave the frame."""
    places = _places(back)
    last = np.array(back.shape[1::-1]) - 1
    inside = ((places >= 0) & (places <= last)).all(2)
    returned = _looked_up(forth, places, cv2.INTER_LINEAR)
    apart = ((back + returned) ** 2).sum(2)
    length = (back**2).sum(2) + (returned**2).sum(2)
    return np.asarray(inside & (apart <= APART * length + APART_AT_REST), np.bool_)


def _is_edge(back: Values) -> NDArray[np.bool_]:
    """Where what moves ends."""
    slope = sum(np.gradient(back[..., part], axis=axis) ** 2 for part in (0, 1) for axis in (0, 1))
    return np.asarray(slope > SLOPE * (back**2).sum(2) + SLOPE_AT_REST, np.bool_)


def _changed(old: Bytes, new: Bytes, back: Values) -> NDArray[np.bool_]:
    """Where there is something else than before, or the light has changed."""
    before = cv2.blur(moved(old.astype(np.float32), back), (SMOOTHED, SMOOTHED))
    after = cv2.blur(new.astype(np.float32), (SMOOTHED, SMOOTHED))
    return np.asarray(np.abs(before - after) > CHANGED, np.bool_)
