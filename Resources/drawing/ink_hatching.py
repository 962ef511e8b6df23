"""A valley in pen and ink."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from Resources.drawing.arrays import Floats, Mask, Rng
from Resources.drawing.colour import mix, palette, ramp, to_array, to_image
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
from Resources.drawing.strokes import normals, polygon, spaced_lines


class Plate:
    """The drawing's plan: how dark it is, which way hatching runs, and which form is where."""

    def __init__(self, rng: Rng) -> None:
        self.x, self.y = unit_grid(FIELD)
        self.rng, self.rough = rng, fbm(FIELD, 26, rng, 3)
        self.dark = 0.13 + 0.9 * np.clip(0.42 - self.y, 0, 1) ** 1.2
        self.dark += 0.35 * (fbm(FIELD, 4, rng, 3, 3) - 0.55)
        self.angle = 0.2 * np.sin(5 * self.x + 3 * self.y) + 0.4 * (fbm(FIELD, 3, rng, 2) - 0.5)
        self.form = np.zeros((FIELD, FIELD), np.int64)
        self.leafy = np.zeros((FIELD, FIELD), bool)
        self.sky_forms = 1

    def put(self, inside: Mask, dark: Floats, angle: Floats) -> None:
        """Cover what lies behind with a new form."""
        self.dark, self.angle = (
            np.where(inside, dark, self.dark),
            np.where(inside, angle, self.angle),
        )
        self.form[inside] = self.form.max() + 1
        self.leafy &= ~inside

    def puffs(self, at: Floats, radii: Floats, base: float, contrast: float, ragged: float) -> None:
        """Heap up balls, lit from the upper left, to a cloud or the crown of a tree."""
        heap = np.zeros((FIELD, FIELD), bool)
        dark, angle = self.dark.copy(), self.angle.copy()
        for (cx, cy), radius in zip(at[np.argsort(at[:, 1])], radii, strict=True):
            dx, dy = (self.x - cx) / radius, (self.y - cy) / radius
            ball = np.hypot(dx, dy) < 1 + ragged * (self.rough - 0.5)
            shade = (
                base + contrast * (0.12 + 0.42 * dx + 0.55 * dy) + 0.3 * ragged * (self.rough - 0.5)
            )
            dark[ball], angle[ball] = (
                shade[ball],
                (np.arctan2(dy + 1.5, dx + 1.3) + np.pi / 2)[ball],
            )
            heap |= ball
        self.put(heap, dark, angle)
        if base > 0.3:
            self.leafy |= heap

    def hill(self, ridge: Floats, parcels: int) -> None:
        """Lay a hill of parcelled fields, each with its own furrows."""
        depth = self.y - ridge
        fall = np.gradient(ridge, axis=1) * FIELD
        across = np.floor((self.x + (0.9 if parcels % 2 else -0.7) * depth) * parcels + 3)
        parcel = (across + 31 * np.floor(np.sqrt(np.clip(depth, 0, 1)) * 5.2)).astype(int) % 97
        tone, turn = self.rng.normal(0, 0.13, 97), self.rng.choice([0.0, 0.3, -0.45, 0.8], 97)
        dark = 0.42 + 0.5 * fall + tone[parcel] + 0.35 * np.exp(-depth / 0.012) * (fall > 0)
        self.put(depth > 0, dark, np.arctan(fall) + turn[parcel] + 1.2 * depth)
        self.form += np.where(depth > 0, parcel * 1000, 0)


def ink_plan(rng: Rng) -> Plate:
    """Plan a valley of fields with clouds, groves and one great tree."""
    plate = Plate(rng)
    x, y = plate.x, plate.y
    for cx, cy, width in (
        (0.68, 0.17, 0.15),
        (0.40, 0.06, 0.12),
        (0.93, 0.30, 0.09),
        (0.47, 0.29, 0.07),
    ):
        at = np.array([cx, cy]) + np.clip(rng.normal(0, 1, (22, 2)), -1.7, 1.7) * (
            width * 0.6,
            width * 0.14,
        )
        radii = width * rng.uniform(0.16, 0.36, 22)
        plate.puffs(at, radii, 0.14, 0.5, 0.5)
    plate.sky_forms = int(plate.form.max()) + 1
    ridges = [
        (0.38 - 0.10 * np.abs(np.sin(4.1 * x + 0.4)) ** 1.3 - 0.02 * np.sin(17 * x), 23),
        (0.47 - 0.05 * np.sin(5 * x + 2.2) - 0.012 * np.sin(13 * x), 14),
        (0.59 - 0.06 * np.sin(4 * x + 0.2) + 0.015 * np.sin(11 * x), 9),
        (0.77 + 0.05 * np.sin(3.2 * x + 0.9) + 0.012 * np.sin(14 * x), 6),
    ]
    groves = [(0.55, 0.40, 0.014), (0.80, 0.475, 0.022), (0.55, 0.625, 0.032), (0.86, 0.73, 0.05)]
    for (ridge, parcels), (cx, cy, radius) in zip(ridges, groves, strict=True):
        plate.hill(ridge, parcels)
        for step in np.linspace(-1, 1, 6):
            middle = np.array([cx + step * radius * 3.6, cy - radius * rng.uniform(0.3, 1.2)])
            at = middle + rng.normal(0, 0.55, (6, 2)) * radius
            plate.puffs(at, radius * rng.uniform(0.5, 0.9, 6), 0.50, 0.8, 0.6)
    root = np.clip(y - 0.78, 0, 1)
    trunk = np.abs(x - 0.20 - 0.03 * np.sin(6 * y)) < 0.022 + 2.2 * root**2
    trunk &= (y > 0.40) & (y < 0.90 + 0.02 * np.sin(120 * x))
    plate.put(trunk, 0.85 + 7 * (x - 0.20), np.pi / 2 + 14 * (x - 0.2) * (1 + 4 * root))
    at = np.array([0.20, 0.34]) + np.clip(rng.normal(0, 1, (60, 2)), -1.6, 1.6) * (0.10, 0.08)
    plate.puffs(at, rng.uniform(0.030, 0.065, 60), 0.50, 0.85, 0.6)
    return plate


def pen(canvas: Image.Image, lines: list[Floats], width: float, inks: Floats, rng: Rng) -> None:
    """Draw lines with a nib, thin at the ends and trembling, in the ink of where they start."""
    draw = ImageDraw.Draw(canvas)
    for line in lines:
        pressure = np.sin(np.linspace(0.25, np.pi - 0.25, len(line))) ** 0.5
        wave = np.sin(np.linspace(0, rng.uniform(2, 7), len(line)) + rng.uniform(0, 6))
        path = line + normals(line) * (0.0006 * wave)[:, None]
        flank = normals(path) * (0.5 * width * rng.uniform(0.75, 1.25) * pressure)[:, None]
        ink = look_up(inks, line[0]) * rng.uniform(0.8, 1.3)
        polygon(draw, np.concatenate([path + flank, (path - flank)[::-1]]), ink)


def tufts(rng: Rng) -> list[Floats]:
    """Draw blades of grass in tufts along the foreground."""
    blades = []
    for x, y in rng.uniform((0, 0.86), (1, 1.05), (60, 2)):
        foot = np.array([x, y])
        for heading in rng.normal(-np.pi / 2, 0.4, 6):
            bend = np.linspace(0, rng.normal(0, 0.8), 8)
            blades.append(
                foot + np.cumsum(direction(heading + bend), axis=0) * rng.uniform(0.003, 0.009)
            )
    return blades


def ink_hatching(size: int, rng: Rng) -> Image.Image:
    """Hatch and cross-hatch hills, trees and clouds with a pen on warm paper."""
    plate = ink_plan(rng)
    n = size * OVERSAMPLING
    paper = ramp(fbm(n, 4, rng, 6), palette("dcc29a ecd9b4 f5e8cb"))
    canvas = to_image(paper * (1.03 - 0.06 * fbm(n, 200, rng, 2))[..., None], n)
    sky = ramp(plate.y / 0.45, palette("1f3a66 3a5a80"))
    earth = ramp((plate.y - 0.3) / 0.6, palette("7a5a70 8f4426 5a3020 2a1d1c 1c1618"))
    inks = np.where((plate.form < plate.sky_forms)[..., None], sky, earth)
    inks[plate.leafy] = palette("1b1c1e")[0]
    for turn, threshold in ((0, 0.07), (0.75, 0.34), (-0.65, 0.55), (1.55, 0.74)):
        density = np.clip((plate.dark - threshold) / (1 - threshold), 0, 1)
        gap = np.where(density > 0, 0.0088 - 0.0046 * density**0.7, 0)
        lines = spaced_lines(plate.angle + turn, gap, scatter(150, rng), 0.16, 0.010)
        pen(canvas, lines, 0.0023 + 0.0006 * threshold, inks, rng)
    pen(canvas, tufts(rng), 0.0024, inks, rng)

    edge = np.zeros((FIELD, FIELD))
    edge[1:] += plate.form[1:] != plate.form[:-1]
    edge[:, 1:] += plate.form[:, 1:] != plate.form[:, :-1]
    outline = to_array(to_image(np.repeat(edge[..., None], 3, axis=2), n))[..., 0]
    line = smoothstep(0.28, 0.42, blur(outline, 0.0014) * (0.5 + 0.8 * fbm(n, 14, rng, 3)))
    return to_image(mix(to_array(canvas), palette("201b1e")[0], 0.9 * line), size)
