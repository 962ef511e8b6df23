"""Planes over the whole picture: noise, slopes, softness, and where to put things."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from Resources.drawing.arrays import Floats, Rng
from Resources.drawing.colour import luminance, to_array

FIELD = 512  # side of the grids that steer strokes; fixed, so that strokes are the same at any size
OVERSAMPLING = 2


def unit_grid(n: int) -> tuple[Floats, Floats]:
    """Give x (to the right) and y (downwards) of every pixel centre, in 0..1."""
    y, x = (np.mgrid[0:n, 0:n] + 0.5) / n
    return x, y


def fbm(n: int, cells: float, rng: Rng, octaves: int = 4, stretch: float = 1.0) -> Floats:
    """Sum octaves of value noise to 0..1, `cells` blobs high, each `stretch` times as wide."""
    total = np.zeros((n, n))
    for octave in range(octaves):
        rows, columns = (int(c * 2**octave) + 3 for c in (cells, cells / stretch))
        lattice = Image.fromarray(rng.random((rows, columns), dtype=np.float32))
        total += np.asarray(lattice.resize((n, n), Image.Resampling.BICUBIC)) * 0.5**octave
    return np.asarray(np.clip(0.5 + (total - total.mean()) / (4 * total.std()), 0, 1))


def blur(plane: Floats, radius: float) -> Floats:
    """Soften a plane of 0..1 by a Gaussian whose radius is a fraction of its side."""
    pixels = Image.fromarray((np.clip(plane, 0, 1) * 255).astype(np.uint8))
    return to_array(pixels.filter(ImageFilter.GaussianBlur(radius * len(plane))))


def smoothstep(low: float, high: float, plane: Floats) -> Floats:
    """Rise from 0 at `low` to 1 at `high` without a corner."""
    t = np.clip((plane - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def look_up(field: Floats, points: Floats) -> Floats:
    """Read a field at (..., 2) points in picture units, nearest pixel."""
    column, row = np.moveaxis(np.clip((points * len(field)).astype(int), 0, len(field) - 1), -1, 0)
    return np.asarray(field[row, column])


def direction(angle: Floats | float) -> Floats:
    """Give the unit vector of an angle, along a new last axis."""
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1)


def scatter(across: int, rng: Rng) -> Floats:
    """Shuffle `across` squared points, one in each cell of a grid, so that none leaves a hole."""
    cells = np.stack(np.meshgrid(np.arange(across), np.arange(across)), axis=-1).reshape(-1, 2)
    points = (cells + rng.random(cells.shape)) / across
    return rng.permutation(points)


def emboss(picture: Floats, strength: float) -> Floats:
    """Light a picture from the upper left as if its bright paint stood higher than its dark."""
    down, right = np.gradient(blur(luminance(picture), 0.0012))
    relief = np.asarray(np.clip((down + right) * len(picture) / 128, -1, 1))
    return np.asarray(np.clip(picture * (1 + strength * relief)[..., None], 0, 1))
