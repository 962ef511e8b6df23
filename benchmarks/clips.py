"""Clips whose motion is known, made of the sample pictures: what films are measured on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from nst.film.flow import Bytes, Values

TURN, ZOOM, DRIFT = 0.0025, 0.004, 0.010  # a frame: radians, part of the size, part of the side


@dataclass(frozen=True)
class Frame:
    """A frame, and where each of its places was in the frame before it."""

    picture: Bytes  # (H, W, 3)
    back: Values  # (H, W, 2), px
    seen: Values  # (H, W), 1 where the place was to be seen before, else 0; 0 after a cut


def camera(picture: Image.Image, size: tuple[int, int], count: int) -> Iterator[Frame]:
    """A camera that drifts over a still picture, turns and comes nearer; `size` is (w, h) in px."""
    width, height = size
    still = np.asarray(picture.convert("RGB").resize((2 * width, 2 * height)))
    place = _places(size)
    last = None
    for number in range(count):
        here = _view(number, size)
        shown = cv2.warpAffine(
            still,
            here,
            size,
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REFLECT,
        )
        before = here if last is None else last
        returning = np.asarray(cv2.invertAffineTransform(before), np.float32)
        back = _through(_through(place, here), returning) - place
        yield _frame(np.asarray(shown, np.uint8), back, first=last is None)
        last = here


def crossing(
    picture: Image.Image, thing: Image.Image, size: tuple[int, int], count: int
) -> Iterator[Frame]:
    """A round thing that crosses a still picture from left to right."""
    width, height = size
    ground = np.asarray(picture.convert("RGB").resize(size))
    side = height // 2
    round_ = np.asarray(thing.convert("RGB").resize((side, side)))
    last: tuple[Values, float] | None = None
    step = 0.02 * width
    for number in range(count):
        left = 0.05 * width + number * step
        move = np.array([[1, 0, left], [0, 1, height * 0.3]], np.float32)
        shown = cv2.warpAffine(round_, move, size, flags=cv2.INTER_LINEAR)
        disc = np.zeros((side, side), np.float32)
        cv2.circle(disc, (side // 2, side // 2), side // 2 - 2, 1.0, -1, cv2.LINE_AA)
        cover = cv2.warpAffine(disc, move, size, flags=cv2.INTER_LINEAR)
        mixed = ground + cover[..., None] * (shown.astype(np.float32) - ground)
        back = np.zeros((height, width, 2), np.float32)
        back[cover > 0.5, 0] = -step
        frame = _frame(np.rint(mixed).astype(np.uint8), back, first=last is None)
        seen = frame.seen
        if last is not None:
            # Nothing counts that is partly thing, and no ground that the thing has hidden.
            pure = (cover < 0.01) | (cover > 0.99)
            hidden = (cover < 0.5) & (last[0] > 0.01)
            seen = seen * pure * ~hidden
        yield Frame(frame.picture, back, seen.astype(np.float32))
        last = np.asarray(cover, np.float32), left


def cut(*scenes: Iterator[Frame]) -> Iterator[Frame]:
    """Scenes one after another."""
    for scene in scenes:
        yield from scene


def _frame(picture: Bytes, back: Values, first: bool) -> Frame:
    height, width = picture.shape[:2]
    place = _places((width, height)) + back
    inside = (place >= 0).all(2) & (place[..., 0] <= width - 1) & (place[..., 1] <= height - 1)
    return Frame(picture, back, (inside & (not first)).astype(np.float32))


def _places(size: tuple[int, int]) -> Values:
    width, height = size
    return np.dstack(np.meshgrid(np.arange(width), np.arange(height))).astype(np.float32)


def _through(place: Values, transform: Values) -> Values:
    return np.asarray(place @ transform[:, :2].T + transform[:, 2], np.float32)


def _view(number: int, size: tuple[int, int]) -> Values:
    """From a frame to the picture, which is twice as large."""
    width, height = size
    scale = 1.25 * (1 - ZOOM) ** number
    cosine, sine = scale * np.cos(TURN * number), scale * np.sin(TURN * number)
    centre = np.array([width * (0.75 + DRIFT * number), height * (0.8 + DRIFT * number / 2)])
    turn = np.array([[cosine, -sine], [sine, cosine]])
    offset = centre - turn @ np.array([width / 2, height / 2])
    return np.hstack([turn, offset[:, None]]).astype(np.float32)
