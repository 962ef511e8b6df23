"""Fish in a mosaic of tesserae."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from Resources.drawing.arrays import Floats, Rng
from Resources.drawing.colour import palette, ramp, to_array, to_image
from Resources.drawing.fields import FIELD, OVERSAMPLING, emboss, fbm, look_up, scatter, unit_grid
from Resources.drawing.strokes import normals, polygon, spaced_lines, spline

FISH = {
    "tail": "-38,0 -48,-8 -60,-22 -68,-24 -63,-10 -60,0 -63,10 -68,24 -60,22 -48,8 -38,0",
    "dorsal": "27,-12 20,-22 6,-30 -12,-30 -26,-22 -20,-16 -14,-8 10,-10 27,-12",
    "belly": "14,10 8,24 -4,31 -8,24 -6,10 14,10",
    "body": "51,2 43,-8 28,-15 8,-18 -14,-14 -32,-6 -44,-4 -44,4 -30,8 -8,16 14,18 32,14 44,9 51,2",
    "fin": "16,3 6,0 -8,6 -12,13 2,13 12,9 16,3",
}


def distance(outline: Floats) -> Floats:
    """Give the signed distance to a closed outline, negative inside."""
    x, y = unit_grid(FIELD)
    nearest = np.full((FIELD, FIELD), np.inf)
    for px, py in outline:
        np.minimum(nearest, (x - px) ** 2 + (y - py) ** 2, out=nearest)
    plane = Image.new("1", (FIELD, FIELD))
    ImageDraw.Draw(plane).polygon([tuple(p) for p in (outline * FIELD).tolist()], fill=1)
    return np.asarray(np.where(np.asarray(plane), -1, 1) * np.sqrt(nearest))


def set_fish(
    colour: Floats, height: Floats, at: tuple[float, float, float], scale: float, skin: Floats
) -> None:
    """Set a leaping fish at (x, y, turn) into the design; a negative turn's cosine flips it."""
    x, y = unit_grid(FIELD)
    cos, sin, flip = np.cos(at[2]), np.sin(at[2]), np.sign(np.cos(at[2]))
    dx, dy = (x - at[0]) / scale, (y - at[1]) / scale
    u, v = dx * cos + dy * sin, flip * (dy * cos - dx * sin)
    v -= 0.30 * u**2
    for part, knots in FISH.items():
        pairs = (knot.split(",") for knot in knots.split())
        local = spline([(float(u), float(v)) for u, v in pairs], 220) / 100
        local[:, 1] += 0.30 * local[:, 0] ** 2  # the spine arches
        turned = local * (1, flip) @ np.array([[cos, sin], [-sin, cos]])
        far = distance(np.array(at[:2]) + scale * turned)
        body = part == "body"
        rays = 0.5 + 0.5 * np.sin((70 if body else 55) * np.hypot(u + 0.1, v) + 40 * v * (not body))
        tone = 0.42 + 2.1 * v + 0.22 * (rays - 0.5) if body else 0.35 + 0.5 * rays
        paint = ramp(tone, skin if body else skin[[1, 2, 3]])
        if body:
            band = np.abs(v + 0.015 - 0.04 * np.sin(9 * u)) < 0.028
            paint = np.where((band & (u < 0.27))[..., None], palette("e8b432")[0], paint)
            cheek = np.abs(u - 0.31 + 1.2 * v**2) < 0.016
            paint = np.where(cheek[..., None], palette("2a1420")[0], paint)
        paint = np.where((far > -0.013)[..., None], palette("1c1426")[0], paint)
        here = far < 0
        colour[here], height[here] = paint[here], far[here]
        halo = (far >= 0) & (far < 0.030) & (height > far)
        height[halo] = far[halo]
        if part != "fin":
            rim = halo & (far < 0.0145)
            colour[rim] = palette("f3e9cc")[0]
    eye = np.hypot(u - 0.385, v + 0.035) * scale
    for radius, shade in ((0.021, "fbe9b0"), (0.010, "1c1426")):
        colour[eye < radius] = palette(shade)[0]


def mosaic_design(rng: Rng) -> tuple[Floats, Floats]:
    """Give the colours of fish beneath a golden sun, and the heights whose contours rows follow."""
    x, y = unit_grid(FIELD)
    wave = 0.30 + 0.022 * np.sin(15 * x) + 0.015 * np.sin(7 * x + 1)
    sun = np.hypot(x - 0.22, y - 0.13) - 0.10
    turn = np.arctan2(y - 0.13, x - 0.22)
    breeze = y + 0.035 * np.sin(8 * x + 1) + 0.02 * np.sin(17 * x)
    bands = 0.5 + 0.5 * np.sin(breeze * 62)
    sky = ramp(
        1.1 * sun + 0.30 * (bands - 0.5) + 0.12,
        palette("f9dc8c f2a860 e2786a a888b8 6f9ac8 d8e0e0"),
    )
    gold = ramp(fbm(FIELD, 36, rng, 2), palette("a0600e d4941c f2c63c fff2ac"))
    shine = (sun < 0) | ((sun < 0.10) & (np.cos(14 * turn) > 0.25 + 5 * np.clip(sun, 0, 1)))
    colour = np.where(shine[..., None], gold, sky)
    height = np.where(sun < 0.11, sun, breeze)
    current = y - wave + 0.03 * np.sin(9 * x + 6 * y)
    stripes = 0.5 + 0.5 * np.sin(current * 75 + 3 * fbm(FIELD, 4, rng, 2))
    water = palette("0b1c48 123a78 1868a0 2a98a8 7ac8b8 eaf0da")
    sea = ramp(0.66 - 0.62 * (y - 0.3) + 0.55 * (stripes - 0.45), water)
    sea = np.where(((stripes > 0.93) & (fbm(FIELD, 9, rng, 2) > 0.6))[..., None], gold, sea)
    colour = np.where((y > wave)[..., None], sea, colour)
    height = np.where(y > wave, current, height)
    teal, coral = palette("10304a 1c6c74 58b09a f4e8c0"), palette("5a1024 c0341f f28c34 fbe4ac")
    violet = palette("2c1a58 6a3a98 d070a0 f8dcc8")
    set_fish(colour, height, (0.60, 0.46, -0.36), 0.62, teal)
    set_fish(colour, height, (0.33, 0.82, np.pi + 0.20), 0.50, coral)
    set_fish(colour, height, (0.80, 0.79, -0.30), 0.37, violet)
    return colour, height


def lay_row(draw: ImageDraw.ImageDraw, line: Floats, row: float, colour: Floats, rng: Rng) -> None:
    """Bed one row of tesserae in grout along a line."""
    marks = np.cumsum(np.r_[0, np.hypot(*np.diff(line, axis=0).T)])
    cuts = np.linspace(0, marks[-1], max(1, round(marks[-1] / (1.08 * row))) + 1)
    cuts[1:-1] += rng.normal(0, 0.10 * row, len(cuts) - 2)
    ends = np.stack([np.interp(cuts, marks, axis) for axis in line.T], axis=-1)
    sides = normals(ends) * row * 0.45
    for a, b, s, t in zip(ends[:-1], ends[1:], sides[:-1], sides[1:], strict=True):
        gap = (b - a) * 0.05
        stone = np.array([a + gap + s, b - gap + t, b - gap - t, a + gap - s])
        stone += rng.normal(0, 0.05 * row, (4, 2))
        middle = stone.mean(axis=0)
        shade = look_up(colour, middle) * rng.lognormal(0, 0.16) + rng.normal(0, 0.025, 3)
        polygon(draw, middle + (stone - middle) * 1.2, palette("2c2622")[0])
        polygon(draw, stone, shade * 0.72)
        polygon(draw, middle + (stone - middle) * 0.8 - 0.04 * row, shade * rng.uniform(1.0, 1.15))


def tile_mosaic(size: int, rng: Rng) -> Image.Image:
    """Set a mosaic of fish and a sun in rows of tesserae that follow the contours."""
    colour, height = mosaic_design(rng)
    down, right = np.gradient(height)
    angle = np.arctan2(right, -down)
    starts = scatter(150, rng)
    starts = starts[np.argsort(np.abs(look_up(height, starts)).round(2), kind="stable")]
    canvas = Image.new("RGB", (size * OVERSAMPLING,) * 2, "#2c2622")
    draw = ImageDraw.Draw(canvas)
    for spot in scatter(90, rng):  # shards first: they fill what gaps the rows leave
        shard = spot + np.array([[-0.004, 0], [0.004, 0]]) @ np.array(rng.normal(0, 1, (2, 2)))
        lay_row(draw, shard, 0.009, colour, rng)
    row = 0.0136
    for line in spaced_lines(angle, np.full((FIELD,) * 2, row * 0.93), starts, 0.6, 0.006):
        lay_row(draw, line, row, colour, rng)
    return to_image(emboss(to_array(canvas), 0.2), size)
