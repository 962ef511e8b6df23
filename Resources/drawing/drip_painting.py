"""Enamel dripped and flung onto raw canvas."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from Resources.drawing.arrays import Floats, Rng
from Resources.drawing.colour import palette, rgb, to_array, to_image
from Resources.drawing.fields import OVERSAMPLING, direction, emboss, fbm, scatter
from Resources.drawing.strokes import normals, polygon, spline


def throw(start: Floats, reach: float, rng: Rng) -> Floats:
    """Give the path of one swing of the arm: a looping curve that wanders across the canvas."""
    knots = [start]
    heading = rng.uniform(0, 2 * np.pi)
    for _ in range(8):
        heading += rng.normal(0, 0.95)
        knots.append(knots[-1] + direction(heading) * reach * rng.uniform(0.5, 1.4))
    return spline([(float(x), float(y)) for x, y in knots], 170)


def pour(draw: ImageDraw.ImageDraw, path: Floats, width: float, colour: Floats, rng: Rng) -> None:
    """Pour a line of paint, thick where the arm was slow, and let drops fall beside it."""
    speed = np.linalg.norm(np.gradient(path, axis=0), axis=-1)
    flow = np.clip(speed.mean() / (speed + 1e-6), 0.3, 2.2)
    pulse = 1 + 0.45 * np.sin(np.linspace(0, rng.uniform(8, 30), len(path)) + rng.uniform(0, 6))
    ends = np.sin(np.linspace(0.08, np.pi - 0.08, len(path))) ** 0.35
    girth = (0.5 * width * flow * pulse * ends)[:, None]
    flank = normals(path) * girth
    polygon(draw, np.concatenate([path + flank, (path - flank)[::-1]]), colour)
    side = draw.im.size[0]
    for at in rng.integers(0, len(path), 16):
        middle = path[at] + rng.normal(0, 2.2 * width, 2)
        radius = width * rng.uniform(0.15, 0.75) * rng.uniform(0.5, 1.2, 2)
        box = np.concatenate([middle - radius, middle + radius]) * side
        draw.ellipse(tuple(box.tolist()), fill=rgb(colour))


def drip_painting(size: int, rng: Rng) -> Image.Image:
    """Cover a raw canvas with skeins of black, cream, ochre, blue and red enamel."""
    n = size * OVERSAMPLING
    weave = fbm(n, 420, rng, 1) * 0.5 + fbm(n, 8, rng, 3) * 0.5
    canvas = to_image(palette("c9ae84")[0] * (0.85 + 0.3 * weave)[..., None], n)
    draw = ImageDraw.Draw(canvas)
    enamels = palette("16161c f4efe2 d9962a 1f5f8f b8321f 16161c f4efe2 e8c24a 5f97a8 16161c")
    for layer, (across, width, reach) in enumerate(
        ((9, 0.011, 0.14), (12, 0.0062, 0.11), (15, 0.0036, 0.085))
    ):
        for k, start in enumerate(1.1 * scatter(across, rng) - 0.05):
            colour = enamels[(k * 7 + layer) % len(enamels)] + rng.normal(0, 0.02, 3)
            pour(draw, throw(start, reach, rng), width * rng.uniform(0.5, 1.5), colour, rng)
    return to_image(emboss(to_array(canvas), 0.4), size)
