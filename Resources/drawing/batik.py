"""Flowers and vines on cloth: wax drawn by hand, then dyed again and again."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from Resources.drawing.arrays import Floats, Rng
from Resources.drawing.colour import mix, palette, ramp, to_array, to_image
from Resources.drawing.fields import OVERSAMPLING, blur, direction, fbm, smoothstep, unit_grid
from Resources.drawing.strokes import normals, polygon, spline

WAX = palette("f6ead0")[0]  # where wax was, the cloth keeps its own colour
INDIGO = palette("101d45")[0]


class Flower(NamedTuple):
    """Where a flower is, how large, how many petals it has, and its dyes from rim to heart."""

    x: float
    y: float
    radius: float
    petals: int
    dyes: str


FLOWERS = (
    Flower(0.30, 0.30, 0.205, 8, "b8401f e8862a f6c860"),
    Flower(0.76, 0.66, 0.215, 9, "8a1f2a d84a2a f2a04a"),
    Flower(0.74, 0.20, 0.135, 7, "1f6a6a 4fa08a c8d8a0"),
    Flower(0.22, 0.76, 0.150, 7, "1f5a8a 5a9ac0 e0dcc0"),
    Flower(0.50, 0.52, 0.085, 6, "d89a2a f2cf6a fff0c0"),
    Flower(0.95, 0.42, 0.105, 6, "c86a1f f0a848 fae0a0"),
    Flower(0.50, 0.93, 0.105, 8, "b8401f e8862a f6c860"),
    Flower(0.04, 0.50, 0.095, 7, "8a1f2a d84a2a f2a04a"),
    Flower(0.52, 0.06, 0.090, 6, "1f5a8a 5a9ac0 e0dcc0"),
    Flower(0.04, 0.06, 0.095, 7, "1f6a6a 4fa08a c8d8a0"),
    Flower(0.97, 0.95, 0.100, 6, "d89a2a f2cf6a fff0c0"),
)


def dots(draw: ImageDraw.ImageDraw, path: Floats, radius: float, colour: Floats = WAX) -> None:
    """Set drops of wax along a path."""
    circle = radius * direction(np.linspace(0, 2 * np.pi, 12))
    for middle in path:
        polygon(draw, middle + circle, colour)


def leaf(draw: ImageDraw.ImageDraw, root: Floats, heading: float, reach: float, dyes: str) -> None:
    """Draw a leaf with veins of wax, and drops along its edge."""
    t = np.linspace(0, 1, 26)
    spine = root + np.cumsum(direction(heading + 0.9 * t), axis=0) * reach / 26
    flank = normals(spine) * (0.24 * reach * np.sin(np.pi * t**0.8) ** 0.8)[:, None]
    for share, shade in zip((1.0, 0.62), palette(dyes), strict=True):
        blade = np.concatenate([spine + share * flank, (spine - share * flank)[::-1]])
        polygon(draw, blade, shade, WAX, 0.0032)
    dots(draw, spine[3:-2:3], 0.0024)
    for side in (1, -1):
        dots(draw, (spine + side * 1.28 * flank)[2:-1:2], 0.0022)


def vine(draw: ImageDraw.ImageDraw, knots: list[tuple[float, float]], rng: Rng) -> None:
    """Draw a winding stem with leaves and curling tendrils on both its sides."""
    stem = spline(knots, 160)
    flank = normals(stem) * 0.0045
    polygon(draw, np.concatenate([stem + flank, (stem - flank)[::-1]]), WAX)
    heading = np.arctan2(*np.gradient(stem, axis=0).T[::-1])
    greens = ("1f5a4a 6a9a5a", "2a6a7a 8ab8a0", "8a6a1f d8b04a")
    for number, at in enumerate(range(6, 156, 9)):
        side = 1 if number % 2 else -1
        reach = rng.uniform(0.07, 0.11)
        leaf(draw, stem[at], heading[at] + side * 0.9, reach, greens[number % 3])
        turn = np.linspace(0, 5.5, 22)
        curl = 0.030 * (1 - turn / 7)[:, None] * direction(heading[at] - side * (turn + 0.3))
        dots(draw, stem[at] + np.cumsum(curl, axis=0) * 0.30, 0.0023)


def bloom(draw: ImageDraw.ImageDraw, flower: Flower) -> None:
    """Draw a flower: rows of petals, each dyed in rings with lines and drops of wax between."""
    centre, dyes = np.array([flower.x, flower.y]), palette(flower.dyes)
    turn = np.linspace(0, 2 * np.pi, 241)
    halo = centre + 1.06 * flower.radius * direction(turn)
    polygon(draw, halo, INDIGO)
    for row, width in enumerate((1.0, 0.68, 0.42)):
        for petal in range(flower.petals):
            middle = 2 * np.pi * (petal + 0.5 * row) / flower.petals
            spread = np.linspace(-1, 1, 31)
            reach = width * flower.radius * (1 - 0.32 * np.abs(spread) ** 2.6)
            angle = middle + spread * np.pi / flower.petals
            edge = direction(angle) * reach[:, None]
            for ring, share in enumerate((1.0, 0.86, 0.66)):
                shade = dyes[(row + ring) % 3]
                polygon(draw, centre + share * np.array([*edge, (0, 0)]), shade, WAX, 0.0028)
            rays = middle + np.linspace(-0.5, 0.5, 5) * np.pi / flower.petals
            for ray in rays:
                marks = np.linspace(0.50, 0.92, 7)[:, None] * width * flower.radius
                dots(draw, centre + direction(ray) * marks, 0.0021)
    polygon(draw, centre + 0.2 * flower.radius * direction(turn), dyes[0], WAX, 0.004)
    for away in (0.05, 0.10, 0.15):
        around = direction(np.linspace(0, 2 * np.pi, round(130 * away)))
        dots(draw, centre + away * flower.radius * around, 0.0026)
    dots(draw, centre + 1.10 * flower.radius * direction(turn[::6]), 0.0027)


def crackle(n: int, rng: Rng) -> Floats:
    """Give the fine veins of dye that ran into the wax where it broke: 1 in their middle."""
    veins = np.zeros((n, n))
    for cells in (5, 9, 15):
        height = fbm(n, cells, rng, 4)
        down, right = np.gradient(height)
        away = np.abs(height - 0.5) / (np.hypot(down, right) + 1e-5)  # px from the line
        veins = np.maximum(veins, smoothstep(2.6, 0.6, away * 2048 / n))
    return veins * smoothstep(0.25, 0.6, fbm(n, 6, rng, 2))


def batik(size: int, rng: Rng) -> Image.Image:
    """Dye flowers and vines on indigo cloth, with dots of wax and its crackle all over."""
    n = size * OVERSAMPLING
    x, y = unit_grid(n)
    mottled = fbm(n, 5, rng, 5)
    canvas = to_image(ramp(mottled, palette("0c1638 142a5f 1f3f80")), n)
    draw = ImageDraw.Draw(canvas)
    filling = np.stack(np.meshgrid(np.arange(0, 1, 0.0125), np.arange(0, 1, 0.0125)), -1)
    filling[1::2, :, 0] += 0.00625
    dots(
        draw,
        filling.reshape(-1, 2) + rng.normal(0, 0.0008, (6400, 2)),
        0.0017,
        palette("8fb0cc")[0],
    )
    vine(
        draw,
        [(-0.05, 0.62), (0.2, 0.53), (0.4, 0.66), (0.62, 0.42), (0.85, 0.40), (1.05, 0.2)],
        rng,
    )
    vine(
        draw, [(0.35, 1.05), (0.44, 0.78), (0.55, 0.72), (0.6, 0.98), (0.8, 0.92), (1.05, 0.8)], rng
    )
    vine(
        draw, [(-0.05, 0.18), (0.1, 0.14), (0.3, 0.05), (0.5, 0.2), (0.62, 0.3), (0.6, -0.05)], rng
    )
    for flower in sorted(FLOWERS, key=lambda one: one.radius):
        bloom(draw, flower)
    cloth = to_array(canvas)
    cloth *= (
        0.80 + 0.40 * mottled + 0.10 * np.sin(n * np.pi * 0.18 * x) * np.sin(n * np.pi * 0.18 * y)
    )[..., None]
    bleed = np.stack([blur(cloth[..., channel], 0.0012) for channel in range(3)], axis=-1)
    return to_image(mix(0.4 * cloth + 0.6 * bleed, INDIGO, 0.62 * crackle(n, rng)), size)
