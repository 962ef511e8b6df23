"""Bare trees by a lake in charcoal."""

from __future__ import annotations

import numpy as np
from PIL import Image

from Resources.drawing.arrays import Floats, Rng
from Resources.drawing.colour import mix, palette, to_array, to_image
from Resources.drawing.dry import Paper
from Resources.drawing.fields import (
    FIELD,
    OVERSAMPLING,
    blur,
    direction,
    fbm,
    look_up,
    scatter,
    smoothstep,
    unit_grid,
)
from Resources.drawing.strokes import trace

SHORE = 0.60


def lake(rng: Rng) -> tuple[Floats, Floats]:
    """Give how dark mountains, clouds and water are, and which way the stick goes there."""
    x, y = unit_grid(FIELD)
    billow = fbm(FIELD, 4, rng, 5, 1.6)
    dark = 0.06 + 0.62 * smoothstep(0.45, 0.85, billow) * (1.1 - y)
    down, right = np.gradient(blur(billow, 0.01))
    angle = np.arctan2(right, -down) + 0.2
    for depth, tone in enumerate((0.30, 0.48, 0.72)):
        peak = np.abs(np.sin((4.5 + 2 * depth) * x + 1.3 + 1.7 * depth))
        ridge = 0.30 + 0.10 * depth + 0.13 * (1 - peak) + 0.05 * fbm(FIELD, 9, rng, 4)
        land = (y > ridge) & (y < SHORE)
        rock = fbm(FIELD, 7, rng, 4)
        lit = np.gradient(blur(rock, 0.006), axis=1) * FIELD
        dark = np.where(land, tone + 0.10 * lit - 0.9 * (y - ridge), dark)
        angle = np.where(land, 1.0 + 1.2 * (peak > 0.6) + 0.5 * (rock - 0.5), angle)
    mirror = np.clip(((2 * SHORE - y) * FIELD).astype(int), 0, FIELD - 1)
    ripple = 0.5 + 0.5 * np.sin(2 * np.pi * (y**1.5 * 30 + 1.2 * fbm(FIELD, 4, rng, 3, 6)))
    water = 0.75 * np.take_along_axis(dark, mirror, axis=0) + 0.45 * ripple * (y - 0.4)
    dark = np.where(y > SHORE, water, dark)
    angle = np.where(y > SHORE, 0.05 * np.sin(9 * x), angle)
    bank = y > 0.86 - 0.16 * np.exp(-((x / 0.35) ** 2)) - 0.10 * np.exp(-(((x - 1) / 0.22) ** 2))
    dark = np.where(bank, 0.75 + 0.5 * (fbm(FIELD, 16, rng, 3) - 0.5), dark)
    return np.clip(dark, 0, 1), np.where(bank, -1.2 + 0.8 * (fbm(FIELD, 6, rng) - 0.5), angle)


def limbs(root: Floats, heading: float, reach: float, girth: float, rng: Rng) -> list[Floats]:
    """Grow a limb and its branches: rows of 7 points, and the girth as one more point."""
    bend = np.linspace(0, rng.normal(0, 0.2), 7)
    path = root + np.cumsum(direction(heading + bend), axis=0) * reach / 7
    grown = [np.concatenate([path, [[girth, 0.0]]])]
    if reach > 0.018:
        for at in rng.choice(np.arange(2, 7), 3, replace=False):
            turn = rng.choice([-1, 1]) * rng.uniform(0.2, 0.5)
            share = rng.uniform(0.55, 0.75)
            grown += limbs(path[at], heading + bend[at] + turn, share * reach, 0.6 * girth, rng)
    return grown


def charcoal(size: int, rng: Rng) -> Image.Image:
    """Draw mountains, a lake and bare trees with sticks of charcoal, and lift lights out again."""
    dark, angle = lake(rng)
    paper = Paper(size * OVERSAMPLING, palette("efe8da")[0], rng)
    soot = palette("1d1b1c")[0]
    smudge = to_array(to_image(np.repeat(blur(dark, 0.012)[..., None], 3, axis=2), paper.n))[..., 0]
    paper.sheet = mix(paper.sheet, soot, 0.5 * smudge * (0.6 + 0.8 * paper.tooth))
    for across, width, length, threshold, pressure in (
        (55, 0.020, 0.090, 0.14, 0.35),
        (62, 0.010, 0.080, 0.28, 0.55),
        (70, 0.006, 0.070, 0.42, 0.75),
        (70, 0.005, 0.055, 0.60, 0.95),
    ):
        starts = scatter(across, rng)
        tone = look_up(dark, starts) + rng.normal(0, 0.06, len(starts))
        starts, tone = starts[tone > threshold], tone[tone > threshold]
        turned = angle + rng.choice([0.0, 0.0, 0.55])
        paths = trace(turned, starts, length * rng.uniform(0.5, 1.3, len(starts)))
        paths -= paths[:, 3:4] - starts[:, None]
        grey = np.clip(0.75 - 0.9 * tone, 0, 1)[:, None]
        paper.rub(
            paths, width * rng.uniform(0.6, 1.2, len(starts)), soot + grey * (1 - soot), pressure
        )
    starts = scatter(60, rng)  # an eraser finds the lights of clouds and water again
    starts = starts[look_up(dark, starts) + rng.normal(0, 0.05, len(starts)) < 0.12]
    paths = trace(angle, starts, 0.05 * rng.uniform(0.4, 1.2, len(starts)))
    paper.rub(paths, np.full(len(starts), 0.004), np.tile(palette("f8f3e8"), (len(starts), 1)), 0.9)
    grown = []
    for x, y, reach, girth in ((0.17, 0.86, 0.26, 0.016), (0.88, 0.90, 0.20, 0.012)):
        grown += limbs(np.array([x, y]), -np.pi / 2 + rng.normal(0, 0.1), reach, girth, rng)
    trees = np.array(grown)
    paper.rub(trees[:, :7], np.maximum(trees[:, 7, 0], 0.0016), np.tile(soot, (len(trees), 1)), 1.0)
    return to_image(paper.sheet, size)
