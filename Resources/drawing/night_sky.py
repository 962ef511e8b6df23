"""A windy night in oil."""

from __future__ import annotations

import numpy as np
from PIL import Image

from Resources.drawing.arrays import Floats, Rng
from Resources.drawing.colour import mix, palette, ramp, to_array, to_image
from Resources.drawing.fields import (
    FIELD,
    OVERSAMPLING,
    emboss,
    fbm,
    look_up,
    scatter,
    smoothstep,
    unit_grid,
)
from Resources.drawing.strokes import brush, trace


def night_flow(rng: Rng) -> tuple[Floats, Floats]:
    """Give the wind's stream function, and the light of moon and stars."""
    x, y = unit_grid(FIELD)
    stream = 0.9 * y + 0.16 * x + 0.16 * fbm(FIELD, 3, rng, octaves=2)
    swirls = [(0.44, 0.40, 0.15, 0.34), (0.70, 0.50, 0.10, -0.22), (0.16, 0.60, 0.09, -0.17)]
    stars = [(0.83, 0.17, 0.090, 0.16), (0.20, 0.19, 0.060, -0.07), (0.50, 0.10, 0.048, 0.05)]
    stars += [(0.91, 0.44, 0.050, 0.05), (0.63, 0.25, 0.034, 0.03)]
    light = np.zeros_like(x)
    for cx, cy, radius, strength in swirls + stars:
        bump = np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * radius**2))
        if (cx, cy, radius, strength) in stars:
            light = np.maximum(light, bump)
            calm = look_up(stream, np.array([cx, cy]))
            stream += 0.6 * bump * (calm - stream)  # less wind: the light stays round
        stream += strength * bump
    return stream, light


def night_sky(size: int, rng: Rng) -> Image.Image:
    """Paint a windy night: swirls of brush strokes, soft stars, dark hills and cypresses."""
    x, y = unit_grid(FIELD)
    stream, light = night_flow(rng)
    down, right = np.gradient(stream)
    angle = np.arctan2(-right, down) + 0.5 * (fbm(FIELD, 9, rng, 2) - 0.5)
    bands = 0.5 + 0.5 * np.sin(stream * 62 + 3.5 * fbm(FIELD, 5, rng))
    tone = 0.04 + 0.40 * bands + 0.34 * (fbm(FIELD, 3, rng) - 0.25) + 0.35 * light
    sky = ramp(tone, palette("0a1236 14226a 1f3f9c 2f68bd 5f9fd0 a9d2d6 eee9c8"))
    gold = ramp(light + 0.25 * (bands - 0.5), palette("3a78b8 9cc4a8 e8d47a f6c23c fbe08a fff4c4"))
    milky = np.exp(-(((y - 0.62 + 0.35 * x - 0.06 * np.sin(7 * x)) / 0.05) ** 2))
    colour = mix(
        sky, gold, smoothstep(0.2, 0.75, light + 0.22 * (bands - 0.5)) + 1.1 * milky * bands
    )

    for depth, base in enumerate((0.74, 0.84)):
        ridge = base - 0.07 * np.sin(4.2 * x + 2.4 * depth + 0.6) - 0.03 * np.sin(11 * x + depth)
        land = y > ridge
        furrows = 0.5 + 0.5 * np.sin((y - ridge) * (120 - 30 * depth) + 8 * fbm(FIELD, 4, rng))
        greens = palette("07131f 0d2a3a 14504c 2f7a55 86a24c d9b64a")
        ground = ramp(0.1 + 0.5 * furrows * fbm(FIELD, 6, rng) + 0.35 * (y - ridge < 0.1), greens)
        slope = np.arctan(-0.29 * np.cos(4.2 * x + 2.4 * depth + 0.6))
        colour = np.where(land[..., None], ground, colour)
        angle = np.where(land, slope + 0.5 * (fbm(FIELD, 6, rng) - 0.5), angle)
    for root, top, girth in ((0.085, 0.22, 0.075), (0.175, 0.47, 0.050), (0.945, 0.58, 0.042)):
        rise = (y - top) / (1.02 - top)
        sway = root + 0.02 * np.sin(9 * y) * (1 - rise)
        flame = (
            girth
            * np.clip(rise, 0, 1) ** 0.6
            * (1 + 0.22 * np.sin(34 * y + 90 * root + 0.4 * np.sin(90 * y)))
        )
        tree = (np.abs(x - sway) < flame) & (rise > 0)
        bark = ramp(fbm(FIELD, 14, rng, 3, 0.4), palette("04090f 0b1f22 123a2e 2c5a35 7d7f3a"))
        colour = np.where(tree[..., None], bark, colour)
        angle = np.where(tree, -np.pi / 2 + 12 * (x - sway) + 0.3 * np.sin(30 * y), angle)

    canvas = Image.new("RGB", (size * OVERSAMPLING,) * 2, "#14226a")
    for across, width, length in ((75, 0.018, 0.075), (115, 0.0105, 0.055), (140, 0.0062, 0.036)):
        starts = scatter(across, rng)
        lengths = length * rng.uniform(0.6, 1.2, len(starts))
        paths = trace(angle, starts, lengths)
        paths -= paths[:, 3:4] - starts[:, None]  # a stroke is centred on the spot it colours
        colours = look_up(colour, starts) + rng.normal(0, 0.035, (len(starts), 3))
        colours *= rng.lognormal(0, 0.17, (len(starts), 1))
        brush(canvas, paths, width * rng.uniform(0.7, 1.2, len(starts)), colours, rng)
    return to_image(emboss(to_array(canvas), 0.35), size)
