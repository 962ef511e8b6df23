"""Colours of 0..1, and pictures of them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from PIL import Image

from Resources.drawing.arrays import Floats, Mask


def palette(hexes: str) -> Floats:
    """Turn "1b2a5c f0e0c0" into rows of RGB in 0..1."""
    return np.array([list(bytes.fromhex(code)) for code in hexes.split()]) / 255.0


def ramp(tone: Floats, colours: Floats) -> Floats:
    """Colour a tone of 0..1 by interpolating along a palette."""
    stops = np.linspace(0, 1, len(colours))
    return np.stack([np.interp(tone, stops, channel) for channel in colours.T], axis=-1)


def mix(first: Floats, second: Floats, share: Floats | Mask) -> Floats:
    """Blend two colours or pictures, `share` (a plane) of the second."""
    weight = np.clip(share.astype(np.float64), 0, 1)[..., None]
    return np.asarray(first + (second - first) * weight)


def luminance(picture: Floats) -> Floats:
    """Give the brightness of a picture, or of a list of colours."""
    return np.asarray(picture @ np.array([0.299, 0.587, 0.114]))


def rgb(colour: Iterable[float]) -> tuple[int, ...]:
    """Turn a colour of 0..1 into what Pillow draws with."""
    return tuple(round(255 * min(max(channel, 0.0), 1.0)) for channel in colour)


def to_image(picture: Floats, size: int) -> Image.Image:
    """Turn an array of 0..1 into a picture of the wanted size."""
    pixels = (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)
    return Image.fromarray(pixels).resize((size, size), Image.Resampling.LANCZOS)


def to_array(image: Image.Image) -> Floats:
    """Turn a picture into an array of 0..1."""
    return np.asarray(image, dtype=np.float64) / 255.0
