"""A Japanese print of a breaking wave."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw

from Resources.drawing.arrays import Floats, Rng
from Resources.drawing.colour import mix, palette, ramp, to_array, to_image
from Resources.drawing.fields import OVERSAMPLING, direction, fbm, smoothstep, unit_grid
from Resources.drawing.strokes import normals, polygon, spline

INK = palette("141a33")[0]
FOAM = palette("f6efdc")[0]


def claw(
    draw: ImageDraw.ImageDraw, root: Floats, heading: float, reach: float, curl: float, depth: int
) -> None:
    """Draw one finger of foam that tapers, curls and branches into smaller ones."""
    t = np.linspace(0, 1, 10)
    path = root + np.cumsum(direction(heading + curl * t), axis=0) * reach / 10
    flank = normals(path) * (reach * 0.17 * (1 - t) ** 0.6 + reach * 0.01)[:, None]
    if depth:
        for at, turn in ((2, -0.8), (4, 0.75), (6, -0.55), (7, 0.5)):
            branch = heading + curl * t[at] + turn
            claw(draw, path[at], branch, reach * 0.5, curl * 1.2, depth - 1)
    polygon(draw, np.concatenate([path + flank, (path - flank)[::-1]]), FOAM, INK, 0.0014)
    if depth:  # hide the seam where the branches leave
        polygon(draw, np.concatenate([(path + flank * 0.7)[:7], (path - flank * 0.7)[6::-1]]), FOAM)


def breaker(
    draw: ImageDraw.ImageDraw, at: tuple[float, float], scale: tuple[float, float], rng: Rng
) -> None:
    """Draw a breaking wave: a body of striped blues between back and face, and a crest of foam."""
    back = [(-0.75, 1.25), (-0.42, 0.86), (-0.16, 0.50), (0.06, 0.22), (0.28, 0.07), (0.50, 0.06)]
    back += [(0.66, 0.16), (0.73, 0.33)]
    face = [(0.72, 1.30), (0.44, 1.02), (0.27, 0.82), (0.21, 0.61), (0.27, 0.45), (0.40, 0.35)]
    face += [(0.57, 0.32), (0.73, 0.33)]
    outer, inner = (np.array(at) + np.array(scale) * spline(knots) for knots in (back, face))
    blues = palette("16234f 24407f dfe3d2 1b2f66 5f8fb4 2a4d8f e9e6d3 1d3470 86aebf 24407f")
    edges = np.linspace(0, 1, 23) + 0.016 * np.sin(np.arange(23) * 2.3)
    edges[0], edges[-1] = 0, 1
    wobble = 0.014 * np.sin(np.linspace(0, 9, 120))[:, None]
    for k, (low, high) in enumerate(pairwise(edges)):
        one, two = (outer + (inner - outer) * (e + wobble * np.sin(np.pi * e)) for e in (low, high))
        polygon(draw, np.concatenate([one, two[::-1]]), blues[k % len(blues)], INK, 0.0016)

    span = abs(scale[1])
    flip = np.sign(scale[0])
    crest = outer[46:]
    inward = (inner - outer)[46:]
    for shade, deep in ((palette("b9cdd0")[0], 0.50), (FOAM, 0.32)):
        ripple = 0.75 + 0.35 * np.abs(np.sin(np.linspace(0, 34, len(crest))))
        scallops = (deep * ripple * np.linspace(0, 1, len(crest)) ** 0.45)[:, None]
        polygon(draw, np.concatenate([crest, (crest + inward * scallops)[::-1]]), shade, INK)
    headings = np.arctan2(*np.gradient(crest, axis=0).T[::-1])
    for k in rng.permutation(np.arange(0, len(crest), 2)):
        growth = 0.3 + 0.85 * k / len(crest)
        lean = rng.uniform(-1.0, 0.0) * flip
        reach = span * 0.135 * growth * rng.uniform(0.7, 1.35)
        curl = flip * rng.uniform(1.2, 2.0)
        claw(draw, crest[k] + inward[k] * 0.08, headings[k] + lean, reach, curl, 2)
    for k in range(66, 119, 4):  # the fringe under the lip hangs down, longer towards the tip
        heading = np.pi / 2 - flip * rng.uniform(0.2, 0.9)
        reach = span * rng.uniform(0.05, 0.08) * (0.4 + (k - 60) / 50)
        claw(draw, inner[k], heading, reach, flip * rng.uniform(1.0, 1.9), 2)


def swell(draw: ImageDraw.ImageDraw, level: float, height: float, phase: float, rng: Rng) -> None:
    """Draw one row of rolling sea across the picture, in stripes that echo its crest."""
    x = np.linspace(-0.02, 1.02, 260)
    roll = np.abs(np.sin(np.pi * (x / (height * 6) + phase))) ** 0.75
    crest = level - height * (0.75 * roll + 0.35 * np.sin(9 * x + 20 * phase))
    shades = palette("e9e6d3 86aebf 3a66a0 dfe3d2 24407f 1b2f66 5f8fb4 1d3470 b9cdd0 24407f 16234f")
    for k, shade in enumerate(np.concatenate([shades, shades[1:]])):
        drop = height * 0.20 * k * (1.1 - 0.35 * roll)
        top = np.stack([x, crest + drop + 0.0015 * np.sin(70 * x + k)], axis=-1)
        floor = np.array([(1.02, 1.1), (-0.02, 1.1)])
        polygon(draw, np.concatenate([top, floor]), shade, INK, 0.0015)
    peaks = np.flatnonzero((roll[1:-1] > roll[:-2]) & (roll[1:-1] >= roll[2:])) + 1
    for peak in peaks:
        for shift in range(-14, 15, 4):
            k = int(np.clip(peak + shift, 0, len(x) - 1))
            root = np.array([x[k], crest[k] + height * 0.06])
            reach = height * rng.uniform(0.35, 0.55) * (1 - abs(shift) / 26)
            claw(draw, root, rng.uniform(-1.3, -0.5), reach, rng.uniform(1.4, 2.0), 1)


def print_sky(n: int, rng: Rng) -> Floats:
    """Print a cream sky with a graded (bokashi) top, streaks of cloud and a red sun."""
    x, y = unit_grid(n)
    fade = y + 0.05 * (fbm(n, 3, rng, 3, 4) - 0.5)
    sky = ramp(fade / 0.62, palette("2e5583 86a5ac d8cfae f0dfb6 f2cf9c ec9f6c e07a50"))
    sun = smoothstep(0.118, 0.115, np.hypot(x - 0.80, y - 0.30))
    sky = mix(sky, ramp((y - 0.18) / 0.24, palette("b8262a d8452f ee8a52")), sun)
    drift = np.sin(2 * np.pi * (y * 24 + 0.9 * fbm(n, 2, rng, 3, 5)))
    clouds = smoothstep(0.25, 0.6, fbm(n, 5, rng, 4, 5)) * smoothstep(0.55, 0.8, drift)
    return mix(sky, palette("f8edd0")[0], 0.75 * clouds)


def woodblock_wave(size: int, rng: Rng) -> Image.Image:
    """Print a claw-foamed wave from layered blue blocks and a black key block on fibrous paper."""
    n = size * OVERSAMPLING
    canvas = to_image(print_sky(n, rng), n)
    draw = ImageDraw.Draw(canvas)
    for level, height, phase in ((0.56, 0.045, 0.2), (0.63, 0.06, 0.75)):
        swell(draw, level, height, phase, rng)
    breaker(draw, (0.99, 0.36), (-0.42, 0.42), rng)
    swell(draw, 0.76, 0.085, 0.62, rng)
    breaker(draw, (0.06, 0.03), (0.78, 0.78), rng)
    for x, y in np.stack([rng.normal(0.66, 0.13, 130), rng.normal(0.25, 0.12, 130)], axis=-1):
        r = rng.uniform(0.002, 0.0065)
        circle = np.array([x, y]) + r * direction(np.linspace(0, 2 * np.pi, 14))
        polygon(draw, circle, FOAM, INK, 0.0012)
    swell(draw, 0.93, 0.10, 0.35, rng)
    breaker(draw, (0.78, 0.70), (0.36, 0.36), rng)
    swell(draw, 1.06, 0.11, 0.9, rng)

    printed = to_array(canvas)
    grain = fbm(n, 260, rng, 2, 26)
    fibres = fbm(n, 330, rng, 2)
    worn = smoothstep(0.56, 0.95, 0.6 * grain + 0.4 * fbm(n, 40, rng, 3))
    printed = mix(printed, palette("f0e4c6")[0], 0.42 * worn)
    return to_image(printed * (0.88 + 0.12 * grain + 0.10 * (fibres - 0.4))[..., None], size)
