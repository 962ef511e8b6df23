"""A lavender field at dusk in soft pastels on dark paper."""

from __future__ import annotations

import numpy as np
from PIL import Image

from Resources.drawing.arrays import Floats, Rng
from Resources.drawing.colour import mix, palette, ramp, to_image
from Resources.drawing.dry import Paper
from Resources.drawing.fields import (
    FIELD,
    OVERSAMPLING,
    fbm,
    look_up,
    scatter,
    smoothstep,
    unit_grid,
)
from Resources.drawing.strokes import trace

HORIZON = 0.42
VANISHING = (0.40, 0.36)  # where the rows of lavender meet


def dusk(rng: Rng) -> tuple[Floats, Floats]:
    """Give the colours of the sky, and which way its strokes go."""
    x, y = unit_grid(FIELD)
    sun = np.hypot((x - 0.70) * 0.8, y - 0.34)
    drift = fbm(FIELD, 4, rng, 3, 3)
    air = palette("1b2f7a 3a55b0 7a6cc8 d884b0 f7a06a fdd06a")
    sky = ramp(y / HORIZON + 0.35 * (drift - 0.5), air)
    sky = mix(sky, palette("ffe9a0")[0], smoothstep(0.30, 0.03, sun))
    cloud = smoothstep(0.55, 0.72, fbm(FIELD, 5, rng, 4, 4))
    sky = mix(sky, ramp(y / HORIZON, palette("8f7fd8 f28fb0 ffc08a fff0b8")), 0.9 * cloud)
    sky = mix(sky, palette("fffbe0")[0], smoothstep(0.065, 0.05, sun))
    angle = 0.25 * np.sin(6 * x + 5 * y) + 1.3 * np.exp(-((sun / 0.14) ** 2)) * np.sign(x - 0.7)
    return sky, angle


def lavender(rng: Rng) -> tuple[Floats, Floats]:
    """Give the colours of the field, and which way its rows run."""
    x, y = unit_grid(FIELD)
    depth = np.clip(y - VANISHING[1], 0.03, 1)
    row = (x - VANISHING[0]) / depth
    crest = 0.5 + 0.5 * np.sin(8.5 * row + 0.6 * np.sin(9 * y))
    bloom = ramp(
        crest + 0.5 * (fbm(FIELD, 26, rng, 2) - 0.5),
        palette("16333f 2f6f4a 4a3a9a 7a52d0 b07af0 f0b8f8"),
    )
    bloom = mix(bloom, palette("f9a870")[0], 0.5 * smoothstep(0.62, 0.42, y) * crest)
    return bloom, np.arctan2(y - VANISHING[1], x - VANISHING[0])


def chalk_scene(rng: Rng) -> tuple[Floats, Floats]:
    """Put sky, hills, trees, a house and the field together."""
    x, y = unit_grid(FIELD)
    colour, angle = dusk(rng)
    for depth, shades in enumerate(("3f4fa8 6f66c0 b07ab8", "23407f 3a6a9a 6f9a9a")):
        ridge = HORIZON - 0.085 + 0.05 * depth - 0.035 * np.sin((5 + 3 * depth) * x + 2 * depth)
        land = y > ridge
        colour = np.where(land[..., None], ramp((y - ridge) * 12, palette(shades)), colour)
        angle = np.where(land, 0.5 * np.cos(5 * x), angle)
    field, rows = lavender(rng)
    ground = y > HORIZON + 0.01 * np.sin(9 * x)
    colour, angle = np.where(ground[..., None], field, colour), np.where(ground, rows, angle)

    walls = (np.abs(x - 0.83) < 0.055) & (y > 0.375) & (y < 0.445)
    colour[walls] = np.where((x < 0.80)[..., None], palette("fff0c8"), palette("d8a8a0"))[walls]
    roof = (y > 0.335) & (y < 0.38) & (np.abs(x - 0.83) < 0.07 * (y - 0.31) / 0.07)
    colour[roof] = ramp(fbm(FIELD, 30, rng, 2), palette("b83a2a f0703a ffa860"))[roof]
    angle = np.where(walls, np.pi / 2, angle)
    for root, top, girth in ((0.93, 0.20, 0.026), (0.745, 0.30, 0.017), (0.30, 0.31, 0.013)):
        rise = np.clip((y - top) / (0.45 - top), 0, 1)
        tree = (np.abs(x - root) < girth * np.sin(np.pi * rise) ** 0.5) & (y < 0.45)
        leaf = ramp(0.5 + (root - x) / girth / 2, palette("0f2a3a 1f5a4a 6fa05a f0c070"))
        colour, angle = np.where(tree[..., None], leaf, colour), np.where(tree, 1.45, angle)
    trunk = np.abs(x - 0.12 - 0.04 * np.sin(8 * y)) < 0.016 + 0.12 * np.clip(y - 0.52, 0, 1) ** 1.5
    colour[trunk & (y > 0.25) & (y < 0.66)] = palette("4a2f5a")[0]
    crown = 1.1 - np.hypot((x - 0.13) / 0.25, (y - 0.17) / 0.20) + 0.8 * (fbm(FIELD, 7, rng) - 0.5)
    leaves = ramp(
        fbm(FIELD, 14, rng, 3) + 0.8 * (x - 0.13), palette("10303f 1f5f5a 4f9a5a b0d060 ffe080")
    )
    inside = crown > 0.25
    colour = np.where(inside[..., None], leaves, colour)
    return colour, np.where(inside, 6 * fbm(FIELD, 9, rng, 2), angle)


def chalk_pastel(size: int, rng: Rng) -> Image.Image:
    """Rub dusk over a lavender field in strokes of chalk, and leave dark paper between them."""
    colour, angle = chalk_scene(rng)
    angle = angle + 0.35 * (fbm(FIELD, 8, rng, 2) - 0.5)
    paper = Paper(size * OVERSAMPLING, palette("232a45")[0], rng)
    for across, width, length, pressure in (
        (60, 0.016, 0.06, 0.45),
        (88, 0.009, 0.045, 0.6),
        (100, 0.0055, 0.035, 0.8),
    ):
        starts = scatter(across, rng)
        lengths = length * rng.uniform(0.5, 1.3, len(starts))
        paths = trace(angle, starts, lengths)
        paths -= paths[:, 3:4] - starts[:, None]
        shades = look_up(colour, starts) * rng.lognormal(0.04, 0.2, (len(starts), 1))
        shades += rng.normal(0, 0.06, (len(starts), 3))
        paper.rub(paths, width * rng.uniform(0.6, 1.3, len(starts)), shades, pressure)
    return to_image(paper.sheet, size)
