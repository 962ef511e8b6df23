"""A window of leaded glass."""

from __future__ import annotations

import numpy as np
from PIL import Image

from Resources.drawing.arrays import Floats, Ints, Rng
from Resources.drawing.colour import mix, palette, to_image
from Resources.drawing.fields import OVERSAMPLING, blur, direction, fbm, smoothstep, unit_grid


def rosette(
    x: Floats, y: Floats, centre: tuple[float, float], rings: list[tuple[float, int]]
) -> Ints:
    """Number the panes of petalled rings (outer radius, panes) around a centre; 0 is outside."""
    dx, dy = x - centre[0], y - centre[1]
    radius, turn = np.hypot(dx, dy), np.arctan2(dy, dx) / (2 * np.pi) + 0.5
    panes = np.zeros(x.shape, np.int64)
    for number, (outer, count) in reversed(list(enumerate(rings, 1))):
        phase = turn * count + 0.5 * (number % 2)
        lobe = np.abs(np.sin(np.pi * phase))
        arch = outer * (1 + (0.11 * lobe if number % 3 else 0.20 * lobe**3))  # round, or pointed
        panes = np.where(radius < arch, number * 1000 + phase.astype(int) % count, panes)
    return panes


def glass_panes(x: Floats, y: Floats) -> Ints:
    """Number every pane of the window; the millions name its region, the thousands its ring."""
    sun = (0.52, 0.34)
    rings = [(0.035, 1), (0.075, 8), (0.125, 16), (0.18, 16), (0.235, 24)]
    rings += [(0.285 + 0.055 * k, 32 + 8 * (k // 3)) for k in range(13)]
    panes = rosette(x, y, sun, rings)
    for k in range(9):
        crest = 0.615 + 0.043 * k + 0.03 * np.sin(6 * x + 1.9 * k) + 0.012 * np.sin(15 * x - k)
        slant = x + (0.9 if k % 2 else -0.8) * (y - crest)
        cut = np.floor(slant * (15 + k % 4) + 0.4 * k).astype(int) + 40
        panes = np.where(y > crest, 1_000_000 + k * 1000 + cut, panes)
    petals = [(0.018, 1), (0.042, 6), (0.066, 9), (0.092, 12)]
    for k, (cx, cy, scale) in enumerate(
        [
            (0.15, 0.77, 1.0),
            (0.82, 0.76, 1.1),
            (0.46, 0.84, 0.85),
            (0.66, 0.94, 0.7),
            (0.26, 0.95, 0.7),
        ]
    ):
        stalk = np.abs(x - cx - 0.03 * np.sin(9 * (y - cy)))
        leaf = stalk < 0.006 + 0.05 * np.abs(np.sin(17 * (y - cy))) ** 3
        side = (x > cx).astype(int) + 2 * np.floor(17 * (y - cy) / np.pi).astype(int)
        panes = np.where(leaf & (y > cy), 3_000_000 + k * 1000 + side, panes)
        bloom = rosette(x, y, (cx, cy), [(scale * r, count) for r, count in petals])
        panes = np.where(bloom > 0, 2_000_000 + k * 10_000 + bloom, panes)
    return panes


def glass_colours(names: Ints, rng: Rng) -> Floats:
    """Choose the colour of every pane by its region and ring, with jitter."""
    sun = palette("fff3b0 ffd23c f58a1f d8281f ffb52e 8e1630 1f3fae 2f6fd6 1b2f8f 3a9bd9 5a2a9c")
    fields = palette("1f8f5f 0f6b5a 7fb52e 12577f e0b52a 2a7f3a 0d4a4a 5fae4a")
    flowers = palette("f7c531 e23a3a f08fb0 b01f5f f7f0d0 d84a9a 6a2fb0 f07a2a")
    region, ring = names // 1_000_000, names // 1000
    pick = rng.integers(0, 8, len(names))
    beam = 6 + (ring + names % 1000 + pick // 3) % 5
    colours = sun[np.where(ring < 6, ring - 1, beam) % len(sun)]
    colours = np.where((region == 1)[:, None], fields[(ring * 3 + pick // 3) % 8], colours)
    colours = np.where((region == 2)[:, None], flowers[(ring % 1000 * 3) % 8], colours)
    colours = np.where((region == 3)[:, None], fields[2 + 3 * (pick % 2)], colours)
    return np.asarray(colours * rng.lognormal(0, 0.22, (len(names), 1)) + rng.normal(0, 0.03, 3))


def stained_glass(size: int, rng: Rng) -> Image.Image:
    """Lead a window of a sun rose over fields and flowers, lit from behind."""
    n = size * OVERSAMPLING
    x, y = unit_grid(n)
    bend = 0.012
    panes = glass_panes(x + bend * fbm(n, 5, rng, 2), y + bend * fbm(n, 5, rng, 2))
    names, pane = np.unique(panes, return_inverse=True)
    area = np.bincount(pane.ravel())
    centre = [np.bincount(pane.ravel(), plane.ravel()) / area for plane in (x, y)]
    slope = direction(rng.uniform(0, 2 * np.pi, len(names))) / np.sqrt(area)[:, None] * n
    shade = (x - centre[0][pane]) * slope[pane, 0] + (y - centre[1][pane]) * slope[pane, 1]

    edge = np.zeros((n, n))
    edge[1:] += panes[1:] != panes[:-1]
    edge[:, 1:] += panes[:, 1:] != panes[:, :-1]
    thin = n / 2048  # an edge is a pixel wide: a smaller part of a larger picture
    lead = blur(edge, 0.0034) * thin
    swirl = np.sin(2 * np.pi * (4 * fbm(n, 5, rng, 4) + 0.6 * shade))  # opalescent streaks
    light = 0.62 + 0.34 * shade + 0.16 * swirl + 0.45 * (fbm(n, 60, rng, 3) - 0.5)
    light *= 1.2 - 1.8 * thin * blur(edge, 0.010)  # glass painters shade towards the lead
    light *= 1.25 - 0.55 * np.hypot(x - 0.52, y - 0.34)
    glass = glass_colours(names, rng)[pane] * (light * 1.35)[..., None]
    glass = mix(glass, np.ones(3), 0.5 * smoothstep(0.85, 1.4, light))
    came = mix(palette("0b0c12")[0], palette("6b6f7c")[0], smoothstep(0.16, 0.28, lead) * 0.7)
    return to_image(mix(glass, came, smoothstep(0.045, 0.075, lead)), size)
