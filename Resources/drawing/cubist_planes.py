"""A still life seen from several sides at once."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from Resources.drawing.arrays import Floats, Mask, Rng
from Resources.drawing.colour import mix, palette, ramp, to_array, to_image
from Resources.drawing.fields import (
    OVERSAMPLING,
    direction,
    emboss,
    fbm,
    look_up,
    smoothstep,
    unit_grid,
)
from Resources.drawing.strokes import normals, polygon


def ellipse(x: Floats, y: Floats, cx: float, cy: float, rx: float, ry: float) -> Floats:
    """Give a value below 1 inside an ellipse."""
    return np.hypot((x - cx) / rx, (y - cy) / ry)


def still_life(x: Floats, y: Floats, grain: Floats) -> Floats:
    """Give the colours of a table with a guitar, a bottle, a newspaper and oranges."""

    def put(shape: Mask, colour: Floats) -> None:
        scene[shape] = colour[shape] if colour.ndim == 3 else colour

    wood = ramp(0.5 + 0.5 * np.sin(170 * x + 10 * grain + 8 * y), palette("6a4420 865a2a a8783c"))
    scene = ramp(0.2 + 0.6 * y + 0.5 * (grain - 0.5), palette("39424f 5f6b76 8f9296 b0a488"))
    put((x > 0.62) & (y < 0.62), ramp(y + 0.5 * grain, palette("1f3350 35557a 6f8aa0")))
    put((x + 0.4 * y < 0.32) & (y < 0.7), ramp(y * 1.4, palette("c0a878 8f7a50 5a4a38")))
    put((y > 0.66 - 0.1 * x), wood)
    cloth = ramp(0.5 + 0.5 * np.sin(60 * (x + y)), palette("e8e0cc c8c0b0 8a94a4"))
    put((y > 0.74 + 0.25 * np.abs(x - 0.55)), cloth)
    print_lines = (np.sin(260 * (y - 0.2 * x)) > 0.1) & (np.sin(70 * x + 40 * y) > -0.6)
    sheet = (np.abs(x - 0.26 - 0.1 * y) < 0.15) & (np.abs(y - 0.70) < 0.13)
    put(sheet, np.where(print_lines[..., None], palette("4a453e")[0], palette("ece2c8")[0]))

    a, b = (x - 0.46) * 0.86 + (y - 0.52) * 0.5, -(x - 0.46) * 0.5 + (y - 0.52) * 0.86
    body = np.minimum(ellipse(a, b, 0.0, 0.17, 0.185, 0.17), ellipse(a, b, 0.0, -0.05, 0.135, 0.13))
    honey = ramp(
        0.5 - 1.7 * a + 0.2 * np.sin(190 * a + 9 * grain), palette("6a3a14 b06a22 dfa448 f4d890")
    )
    put(body < 1.06, palette("2a1a12")[0])
    put(body < 1.0, honey)
    put(ellipse(a, b, 0.0, 0.03, 0.056, 0.056) < 1, palette("1a1414")[0])
    put((np.abs(a) < 0.024) & (b < 0.0) & (b > -0.44), palette("30221c")[0])
    put((np.abs(a) < 0.05) & (b < -0.40) & (b > -0.52), palette("7a4a22")[0])
    put((np.abs(a) < 0.065) & (np.abs(b - 0.22) < 0.014), palette("2a1a12")[0])
    strings = (np.abs(np.sin(a * 260)) < 0.28) & (np.abs(a) < 0.022) & (b < 0.22) & (b > -0.44)
    put(strings, palette("f0e6c8")[0])

    neck = np.abs(x - 0.77) < 0.035 + 0.06 * smoothstep(0.34, 0.44, y)
    glass = ramp(0.5 + 5 * (x - 0.77), palette("0f2a2a 1f5048 4f8a70 cfe0c0"))
    put(neck & (y > 0.17) & (y < 0.78), glass)
    put((np.abs(x - 0.77) < 0.09) & (y > 0.52) & (y < 0.65), palette("e6d8b0")[0])
    goblet = np.abs(x - 0.20) < 0.07 * np.sqrt(np.clip(1 - ((y - 0.30) / 0.14) ** 2, 0, 1)) + 0.008
    put(goblet & (y > 0.24) & (y < 0.50), ramp(9 * (x - 0.14), palette("e8eef0 9fb4c4 4a6480")))
    for cx, cy in ((0.62, 0.80), (0.74, 0.85), (0.50, 0.87)):
        fruit = ellipse(x, y, cx, cy, 0.066, 0.062)
        lit = np.hypot(x - cx + 0.025, y - cy + 0.025) / 0.1
        put(fruit < 1, ramp(lit, palette("ffd27a f0852a d8441f 7a1f1a")))
    return scene


def facets(count: int, rng: Rng) -> list[Floats]:
    """Split the square by straight cuts in a few leading directions, always the largest piece."""
    pieces = [np.array([(0.0, 0.0), (1, 0), (1, 1), (0, 1)])]
    leading = np.array([0.0, 0.45, 1.05, 1.57, 2.1, 2.7])
    while len(pieces) < count:
        sizes = [
            np.prod(np.ptp(p, axis=0)) / (0.35 + np.sum((p.mean(0) - 0.5) ** 2)) for p in pieces
        ]
        piece = pieces.pop(int(np.argmax(sizes)))
        longest = np.argsort(np.ptp(piece @ direction(leading).T, axis=0))[-3:]  # no slivers
        normal = direction(leading[rng.choice(longest)] + rng.normal(0, 0.12))
        side = (piece - piece.mean(axis=0) - rng.normal(0, 0.012, 2)) @ normal
        halves: tuple[list[Floats], list[Floats]] = ([], [])
        for here, there, d, e in zip(
            piece, np.roll(piece, -1, 0), side, np.roll(side, -1), strict=True
        ):
            halves[int(d > 0)].append(here)
            if d * e < 0:
                cut = here + (there - here) * d / (d - e)
                halves[0].append(cut)
                halves[1].append(cut)
        pieces += [np.array(half) for half in halves]
    return pieces


def cubist_planes(size: int, rng: Rng) -> Image.Image:
    """Break a still life with guitar into planes that each see it from elsewhere."""
    n = size * OVERSAMPLING
    x, y = unit_grid(n)
    pieces = facets(110, rng)
    plan = Image.new("I", (n, n))
    for number, piece in enumerate(pieces):
        ImageDraw.Draw(plan).polygon([tuple(p) for p in (piece * n).tolist()], fill=number)
    facet = np.asarray(plan)
    centres = np.array([piece.mean(axis=0) for piece in pieces])
    turn, zoom = rng.normal(0, 0.16, len(pieces)), rng.uniform(0.8, 1.05, len(pieces))
    shift = rng.normal(0, 0.024, (len(pieces), 2))
    dx, dy = x - centres[facet, 0], y - centres[facet, 1]
    cos, sin = (np.cos(turn) * zoom)[facet], (np.sin(turn) * zoom)[facet]
    seen_x = (centres + shift)[facet, 0] + cos * dx - sin * dy
    seen_y = (centres + shift)[facet, 1] + sin * dx + cos * dy
    scene = still_life(seen_x, seen_y, fbm(n, 6, rng))

    lean = rng.choice([0.35, 1.1, 2.0, 2.75, 3.5, 4.2], len(pieces))
    cos, sin = np.cos(lean)[facet], np.sin(lean)[facet]
    across, along = cos * dx + sin * dy, cos * dy - sin * dx
    hairs = look_up(
        fbm(n, 150, rng, 3, 12), np.stack([along % 1, (across + 7.3 * lean[facet]) % 1], -1)
    )
    dabs = look_up(fbm(n, 60, rng, 2, 2.2), np.stack([along % 1, across % 1], -1))
    slope = np.clip(across * 9, -1, 1) + 0.35 * (dabs - 0.5)
    value = 1 + 0.5 * slope + rng.normal(0, 0.12, len(pieces))[facet] + 0.42 * (hairs - 0.5)
    scene = mix(scene * value[..., None], palette("ece2c6")[0], 0.6 * smoothstep(0.25, 1.1, slope))
    scene = mix(
        scene, palette("1b2434")[0], 0.55 * smoothstep(0.25, 1.1, -slope) * (0.6 + 0.8 * dabs)
    )

    canvas = to_image(emboss(scene, 0.35), n)
    draw = ImageDraw.Draw(canvas)
    for piece in pieces:
        for start, end in zip(piece, np.roll(piece, -1, axis=0), strict=True):
            t = np.linspace(0, rng.uniform(0.5, 1), 12)[:, None]
            line = start + (end - start) * t + rng.normal(0, 0.0005, (12, 2))
            flank = normals(line) * (
                0.002 * rng.uniform(0.2, 1.3) * np.sin(np.pi * (0.1 + 0.8 * t))
            )
            polygon(
                draw, np.concatenate([line + flank, (line - flank)[::-1]]), palette("1c1815")[0]
            )
    return to_image(to_array(canvas), size)
