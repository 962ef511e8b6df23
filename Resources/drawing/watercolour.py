"""Poppies in transparent washes."""

from __future__ import annotations

import numpy as np
from PIL import Image

from Resources.drawing.arrays import Floats, Rng
from Resources.drawing.colour import mix, palette, to_image
from Resources.drawing.fields import fbm, smoothstep, unit_grid


class Wash:
    """Transparent paint, darker where it overlaps, at its edges and in the paper's pits."""

    def __init__(self, size: int, rng: Rng) -> None:
        self.n, self.rng = size, rng
        self.x, self.y = unit_grid(size)
        self.tooth = fbm(size, 240, rng, 2)
        self.noises = [fbm(2 * size, 14, rng, 6) for _ in range(3)]
        self.sheet = palette("fdf8ec")[0] * (0.94 + 0.06 * self.tooth)[..., None]

    def noise(self) -> Floats:
        """Give a random window of one of the stored noises: much cheaper than a new one."""
        row, column = (self.rng.random(2) * self.n).astype(int)
        plane = self.noises[self.rng.integers(len(self.noises))]
        return plane[row : row + self.n, column : column + self.n]

    def lay(
        self, inside: Floats, colour: Floats, strength: float, wet: float = 0.008, lift: float = 0.0
    ) -> None:
        """Lay a wash where `inside`, the depth within its edge, is positive, over lifted paint."""
        edge, pool, back = self.noise(), self.noise(), self.noise()
        rows, columns = (np.flatnonzero((inside > -0.04).any(axis=axis)) for axis in (1, 0))
        if not len(rows):
            return
        box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        depth = inside[box] + 0.035 * (edge[box] - 0.5)
        shape = smoothstep(0, wet, depth)
        rim = shape * np.exp(-np.clip(depth - wet / 2, 0, 1) / 0.0035)
        backrun = np.exp(-(((back[box] - 0.6) / 0.02) ** 2)) - smoothstep(0.60, 0.72, back[box])
        paint = shape * (0.30 + 0.9 * pool[box] + 0.42 * backrun) * (0.75 + 0.5 * self.tooth[box])
        sheet = mix(self.sheet[box], palette("fdf8ec")[0], lift * shape)
        load = strength * (np.clip(paint, 0, 2) + 1.2 * rim * edge[box])
        self.sheet[box] = sheet * np.clip(colour, 0.03, 1) ** load[..., None]


def poppy(paint: Wash, cx: float, cy: float, radius: float, colours: Floats) -> None:
    """Paint a flower of overlapping petals, back ones first, round a dark heart."""
    rng, tilt = paint.rng, paint.rng.uniform(0.6, 0.95)
    dx, dy = paint.x - cx, (paint.y - cy) / tilt
    turns = rng.uniform(0, 2 * np.pi) + np.arange(5) * 2 * np.pi / 5
    for turn in sorted(turns, key=np.sin):
        along = dx * np.cos(turn) + dy * np.sin(turn)
        across = dy * np.cos(turn) - dx * np.sin(turn)
        bulge = np.hypot((along - 0.52 * radius) / 0.56, across / rng.uniform(0.55, 0.68))
        frill = 0.05 * radius * np.sin(9 * np.arctan2(across, along - 0.5 * radius) + turn)
        colour = colours[rng.integers(len(colours))]
        paint.lay((radius - bulge) * 0.6 + frill, colour, rng.uniform(0.7, 1.0), 0.008, 0.8)
        vein = 0.11 * radius - np.abs(across) * (2 + np.cos(60 * across / radius))
        paint.lay(np.minimum(vein, 0.75 * radius - along) - 0.2 * (along < 0), colour, 0.45, 0.02)
    paint.lay(0.24 * radius - np.hypot(dx, dy), palette("a8485a")[0], 0.8, 0.03)


def meadow_leaf(paint: Wash, colour: Floats) -> None:
    """Paint one long leaf that bends out of the meadow, light at its tip."""
    rng = paint.rng
    cx, root, tall = rng.uniform(0, 1), rng.uniform(0.70, 1.15), rng.uniform(0.14, 0.36)
    up = (root - paint.y) / tall
    spine = cx + rng.uniform(-0.16, 0.16) * np.clip(up, 0, 1.2) ** 1.8
    girth = rng.uniform(0.006, 0.016) * np.clip(np.sin(np.pi * np.clip(up, 0, 1)), 0, 1) ** 0.6
    blade = np.where((up > 0) & (up < 1), 2 * (girth - np.abs(paint.x - spine)), -1.0)
    paint.lay(blade, colour, rng.uniform(0.6, 1.0), 0.007, 0.5)


def watercolour(size: int, rng: Rng) -> Image.Image:
    """Paint poppies before misty hills in transparent washes with wet edges."""
    paint = Wash(size, rng)
    x, y = paint.x, paint.y
    sky = palette("6fa8e0 f6b8a0 8f9ae0 fbd780 5fa8d8 d8a0d0 f7c890 7fc0d8")
    for k, colour in enumerate(sky):
        at = np.array([(k * 0.37) % 1, 0.04 + 0.05 * k]) + rng.normal(0, 0.05, 2)
        paint.lay(0.20 - np.hypot((x - at[0]) / 1.6, y - at[1]), colour, 0.6, 0.05)
    for k, colour in enumerate(palette("8f9fe0 6f8fd0 5fa0b8 58a888 84b85a a8c050 6fae58")):
        ridge = 0.28 + 0.075 * k - 0.05 * np.sin((3 + k) * x + 2.1 * k) - 0.02 * np.sin(17 * x + k)
        mist = 0.16 + 0.04 * np.sin(5 * x + k)  # each range fades into mist before the next
        paint.lay(np.minimum(y - ridge, mist + ridge - y), colour, 0.85, 0.008, 0.35)
    for k, colour in enumerate(palette("b8c858 6fae58 4f9a68 8fb848 3f8a6a")):
        patch = 0.17 - np.hypot((x - 0.1 - 0.2 * k) / 1.3, y - 0.86 - 0.05 * (k % 2))
        paint.lay(patch, colour, 0.7, 0.03)
    leaves = palette("2f8a4a 6fae3a 1f6f6a 9fb83a 3a7a8a 4f9a5a")
    families = [palette("ee3a24 f8682a d8203a"), palette("f488b0 e84f8a f4a8a0")]
    families += [palette("fab82a f58f1f fbd04a"), palette("6a58d0 4a6ad0 a062d8")]
    spots = [(0.66, 0.52, 0.045), (0.07, 0.56, 0.05), (0.95, 0.50, 0.045), (0.36, 0.55, 0.055)]
    spots += [(0.21, 0.64, 0.10), (0.53, 0.70, 0.115), (0.84, 0.63, 0.10), (0.07, 0.82, 0.08)]
    spots += [(0.34, 0.86, 0.11), (0.72, 0.87, 0.12), (0.95, 0.82, 0.08), (0.52, 0.96, 0.07)]
    spots += [(0.15, 0.97, 0.08), (0.92, 0.99, 0.08), (0.48, 0.47, 0.03), (0.20, 0.48, 0.03)]
    for k, (cx, cy, radius) in enumerate(spots):
        for _ in range(4):
            meadow_leaf(paint, leaves[rng.integers(len(leaves))])
        poppy(paint, cx, cy, radius, families[(k * 3 + k // 4) % 4])
    for _ in range(160):
        at, r = rng.uniform(0, 1, 2), 0.004 * rng.random() ** 3 - 0.007
        paint.lay(r - np.hypot(x - at[0], y - at[1]), families[rng.integers(4)][0], 1.0, 0.004)
    return to_image(paint.sheet, size)
