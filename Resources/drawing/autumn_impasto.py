"""An avenue in autumn after the rain, in thick oil laid with a palette knife."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from Resources.drawing.arrays import Floats, Rng
from Resources.drawing.colour import mix, palette, ramp, to_array, to_image
from Resources.drawing.fields import (
    FIELD,
    OVERSAMPLING,
    direction,
    emboss,
    fbm,
    look_up,
    scatter,
    smoothstep,
    unit_grid,
)
from Resources.drawing.strokes import polygon

HORIZON = 0.56
TRUNKS = ((0.07, 0.030), (0.21, 0.020), (0.31, 0.013), (0.38, 0.008), (0.435, 0.005))


def avenue(rng: Rng) -> tuple[Floats, Floats]:
    """Give the colours of trees over a wet road, and which way the knife goes there."""
    x, y = unit_grid(FIELD)
    glow = np.exp(-(np.hypot((x - 0.5) / 0.30, (y - HORIZON + 0.08) / 0.36) ** 2))
    clumps = fbm(FIELD, 7, rng, 3)
    fire = palette("1a1440 3a1a5a 7a1a3a c22a1f ee5a1a ff8f1f ffc02f ffe87a")
    crowns = ramp(0.08 + 0.62 * clumps + 0.62 * glow - 0.10 * np.abs(x - 0.5), fire)
    cool = ramp(fbm(FIELD, 9, rng, 2), palette("142a6a 1f6a8f 3aa0a0 8fd0b0"))
    crowns = mix(crowns, cool, smoothstep(0.60, 0.78, fbm(FIELD, 6, rng, 2)) * (1 - glow))
    crowns = mix(crowns, palette("fff4c0")[0], smoothstep(0.72, 0.98, glow))
    angle = 2 * np.pi * fbm(FIELD, 5, rng, 2)
    for side in (-1, 1):
        for at, girth in TRUNKS:
            lean = 0.012 * np.sin(11 * y + 40 * at)
            offset = 0.5 + side * (0.5 - at) + lean - x
            trunk = (np.abs(offset) < girth) & (y > 0.10 + 0.8 * at) & (y < HORIZON + 2 * girth)
            bark = ramp(0.5 + side * offset / girth / 2, palette("120c2a 2a1a4a 6a3a6a e08a4a"))
            crowns = np.where(trunk[..., None], bark, crowns)
            angle = np.where(trunk, np.pi / 2, angle)
    row = np.clip(((2 * HORIZON - y) * FIELD).astype(int), 0, FIELD - 1)
    mirror = np.take_along_axis(crowns, np.repeat(row[..., None], 3, axis=2), axis=0)
    road = mix(mirror, palette("24307a")[0], 0.22 + 0.3 * fbm(FIELD, 6, rng, 2, 4))
    puddle = smoothstep(0.52, 0.62, fbm(FIELD, 9, rng, 3, 5))
    road = mix(road, palette("9ab8e8")[0], 0.55 * puddle * (1 - glow))
    verge = np.abs(x - 0.5) > 0.10 + 0.62 * (y - HORIZON)
    leaves = ramp(
        fbm(FIELD, 16, rng, 3) + 0.25 * glow, palette("2a1030 8a2020 d8521a ffa020 ffd860")
    )
    ground = np.where(verge[..., None], leaves, road)
    below = y > HORIZON
    colour = np.where(below[..., None], ground, crowns)
    flat = np.where(verge, 0.3 * np.sin(9 * x), np.pi / 2)
    return colour, np.where(below, flat, angle)


def walkers(colour: Floats, angle: Floats) -> None:
    """Put two walkers under a red umbrella on the road, and their reflection."""
    x, y = unit_grid(FIELD)
    for sign in (1.0, -1.0):
        up = sign * (0.70 - y)  # above the feet, and below them on the wet road
        for at, shade in ((0.535, "1a1838"), (0.565, "5a1f3a")):
            body = (
                (np.abs(x - at) < 0.017 - 0.07 * np.clip(up - 0.07, 0, 1)) & (up > 0) & (up < 0.14)
            )
            colour[body], angle[body] = palette(shade)[0], np.pi / 2
        dome = (np.hypot((x - 0.55) / 0.062, (up - 0.125) / 0.055) < 1) & (up > 0.125)
        colour[dome] = ramp((x - 0.49) * 9, palette("ff5a3a d81f2a 7a0f2a"))[dome]
        angle[dome] = 0.3


def dab(
    draw: ImageDraw.ImageDraw,
    middle: Floats,
    turn: float,
    size: tuple[float, float],
    colour: Floats,
) -> None:
    """Press paint flat with the knife: a slab with a bright ridge on one side and a dark one."""
    along, across = direction(turn) * size[0] / 2, direction(turn + np.pi / 2) * size[1] / 2
    slab = middle + np.array(
        [along + across, along * 0.9 - across, -along - across, across - along]
    )
    polygon(draw, slab, colour)
    polygon(
        draw,
        np.array([slab[0], slab[3], slab[3] - across * 0.35, slab[0] - across * 0.35]),
        colour * 1.22 + 0.04,
    )
    polygon(
        draw,
        np.array([slab[1], slab[2], slab[2] + across * 0.3, slab[1] + across * 0.3]),
        colour * 0.76,
    )


def autumn_impasto(size: int, rng: Rng) -> Image.Image:
    """Lay an autumn avenue in slabs of thick paint, from broad to small."""
    colour, angle = avenue(rng)
    walkers(colour, angle)
    canvas = Image.new("RGB", (size * OVERSAMPLING,) * 2, "#2a1440")
    draw = ImageDraw.Draw(canvas)
    for across, length, width in ((52, 0.044, 0.022), (74, 0.030, 0.0135), (84, 0.019, 0.0085)):
        spots = scatter(across, rng)
        turns = look_up(angle, spots) + rng.normal(0, 0.28, len(spots))
        shades = look_up(colour, spots) * rng.lognormal(0, 0.17, (len(spots), 1))
        shades += rng.normal(0, 0.035, (len(spots), 3))
        sizes = np.array([length, width]) * rng.uniform(0.6, 1.3, (len(spots), 2))
        for spot, turn, side, shade in zip(spots, turns, sizes, shades, strict=True):
            dab(draw, spot, turn, (side[0], side[1]), shade)
    return to_image(emboss(to_array(canvas), 0.5), size)
