"""Draw the eight original artworks that the demo offers as style pictures.

Every length and position is a fraction of the picture's side, and no random draw depends on the
size, so that a small picture shows the same artwork as a large one.
"""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFile, ImageFilter

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]
Mask: TypeAlias = npt.NDArray[np.bool_]
Rng: TypeAlias = np.random.Generator

FIELD = 512  # side of the grids that steer strokes; fixed, so that strokes are the same at any size
OVERSAMPLING = 2


# Colour


def palette(hexes: str) -> Floats:
    """Turn "1b2a5c f0e0c0" into rows of RGB in 0..1."""
    return np.array([list(bytes.fromhex(code)) for code in hexes.split()]) / 255.0


def ramp(tone: Floats, colours: Floats) -> Floats:
    """Colour a tone of 0..1 by interpolating along a palette."""
    stops = np.linspace(0, 1, len(colours))
    return np.stack([np.interp(tone, stops, channel) for channel in colours.T], axis=-1)


def mix(first: Floats, second: Floats, share: Floats | Mask) -> Floats:
    """Blend two colours or pictures, `share` (a plane) of the second."""
    weight = np.clip(share.astype(np.float64), 0, 1)[..., None]
    return np.asarray(first + (second - first) * weight)


def luminance(picture: Floats) -> Floats:
    """Give the brightness of a picture, or of a list of colours."""
    return np.asarray(picture @ np.array([0.299, 0.587, 0.114]))


def rgb(colour: Iterable[float]) -> tuple[int, ...]:
    """Turn a colour of 0..1 into what Pillow draws with."""
    return tuple(round(255 * min(max(channel, 0.0), 1.0)) for channel in colour)


def to_image(picture: Floats, size: int) -> Image.Image:
    """Turn an array of 0..1 into a picture of the wanted size."""
    pixels = (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)
    return Image.fromarray(pixels).resize((size, size), Image.Resampling.LANCZOS)


def to_array(image: Image.Image) -> Floats:
    """Turn a picture into an array of 0..1."""
    return np.asarray(image, dtype=np.float64) / 255.0


# Fields


def unit_grid(n: int) -> tuple[Floats, Floats]:
    """Give x (to the right) and y (downwards) of every pixel centre, in 0..1."""
    y, x = (np.mgrid[0:n, 0:n] + 0.5) / n
    return x, y


def fbm(n: int, cells: float, rng: Rng, octaves: int = 4, stretch: float = 1.0) -> Floats:
    """Sum octaves of value noise to 0..1, `cells` blobs high, each `stretch` times as wide."""
    total = np.zeros((n, n))
    for octave in range(octaves):
        rows, columns = (int(c * 2**octave) + 3 for c in (cells, cells / stretch))
        lattice = Image.fromarray(rng.random((rows, columns), dtype=np.float32))
        total += np.asarray(lattice.resize((n, n), Image.Resampling.BICUBIC)) * 0.5**octave
    return np.asarray(np.clip(0.5 + (total - total.mean()) / (4 * total.std()), 0, 1))


def blur(plane: Floats, radius: float) -> Floats:
    """Soften a plane of 0..1 by a Gaussian whose radius is a fraction of its side."""
    pixels = Image.fromarray((np.clip(plane, 0, 1) * 255).astype(np.uint8))
    return to_array(pixels.filter(ImageFilter.GaussianBlur(radius * len(plane))))


def smoothstep(low: float, high: float, plane: Floats) -> Floats:
    """Rise from 0 at `low` to 1 at `high` without a corner."""
    t = np.clip((plane - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def look_up(field: Floats, points: Floats) -> Floats:
    """Read a field at (..., 2) points in picture units, nearest pixel."""
    column, row = np.moveaxis(np.clip((points * len(field)).astype(int), 0, len(field) - 1), -1, 0)
    return np.asarray(field[row, column])


def direction(angle: Floats | float) -> Floats:
    """Give the unit vector of an angle, along a new last axis."""
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1)


def scatter(across: int, rng: Rng) -> Floats:
    """Shuffle `across` squared points, one in each cell of a grid, so that none leaves a hole."""
    cells = np.stack(np.meshgrid(np.arange(across), np.arange(across)), axis=-1).reshape(-1, 2)
    points = (cells + rng.random(cells.shape)) / across
    return rng.permutation(points)


def emboss(picture: Floats, strength: float) -> Floats:
    """Light a picture from the upper left as if its bright paint stood higher than its dark."""
    down, right = np.gradient(blur(luminance(picture), 0.0012))
    relief = np.asarray(np.clip((down + right) * len(picture) / 128, -1, 1))
    return np.asarray(np.clip(picture * (1 + strength * relief)[..., None], 0, 1))


# Strokes


def trace(angle: Floats, starts: Floats, lengths: Floats, steps: int = 6) -> Floats:
    """Follow an angle field from (k, 2) starts; gives (k, steps + 1, 2) points."""
    points = [starts]
    for _ in range(steps):
        heading = direction(look_up(angle, points[-1]))
        points.append(points[-1] + heading * lengths[:, None] / steps)
    return np.stack(points, axis=1)


def normals(paths: Floats) -> Floats:
    """Give the unit normal at every point of (..., steps, 2) paths."""
    along = np.gradient(paths, axis=-2)
    along /= np.linalg.norm(along, axis=-1, keepdims=True) + 1e-9
    return np.stack([-along[..., 1], along[..., 0]], axis=-1)


def brush(
    canvas: Image.Image, paths: Floats, widths: Floats, colours: Floats, rng: Rng, bristles: int = 5
) -> None:
    """Lay strokes of parallel bristles, each bristle a shade of its stroke's colour."""
    across = np.linspace(-0.5, 0.5, bristles)[:, None, None]
    flank = normals(paths)
    along = np.stack([flank[..., 1], -flank[..., 0]], axis=-1)
    slip = rng.normal(0, 0.45, (len(paths), bristles, 1, 1))  # ragged ends, as bristles leave them
    offsets = (across * flank[:, None] + slip * along[:, None]) * widths[:, None, None, None]
    lines = ((paths[:, None] + offsets) * canvas.width).reshape(len(paths), bristles, -1).tolist()
    shades = colours[:, None] * (1 + rng.normal(0, 0.13, (len(paths), bristles, 1)))
    fills = (np.clip(shades, 0, 1) * 255).astype(int).tolist()
    thick = np.maximum(1, widths * canvas.width / bristles * 1.5).astype(int).tolist()
    draw = ImageDraw.Draw(canvas)
    for line, fill, width in zip(lines, fills, thick, strict=True):
        for bristle, colour in zip(line, fill, strict=True):
            draw.line(bristle, fill=tuple(colour), width=width)


def spaced_lines(
    angle: Floats, gap: Floats, starts: Floats, reach: float, shortest: float
) -> list[Floats]:
    """Trace lines along `angle` that stay `gap` apart; where the gap is 0 none grows."""
    n = len(angle)
    taken = Image.fromarray((gap <= 0).astype(np.uint8))
    draw = ImageDraw.Draw(taken)  # first: drawing on an array's picture copies it
    pixels = taken.load()
    assert pixels is not None
    step = 1.5
    dx, dy = step * np.cos(angle), step * np.sin(angle)
    lines = []
    for start in (starts * n).tolist():
        halves = []
        for sign in (-1, 1):
            (x, y), half = start, list[tuple[float, float]]()
            while 0 <= x < n and 0 <= y < n and len(half) * step < reach * n / 2:
                column, row = int(x), int(y)
                if pixels[column, row]:
                    break
                half.append((x, y))
                x, y = x + sign * dx[row, column], y + sign * dy[row, column]
            halves.append(half)
        line = halves[0][:0:-1] + halves[1]
        if len(line) * step < max(shortest * n, 3):
            continue
        spread = gap[int(start[1]), int(start[0])] * n * 2
        draw.line(line, fill=1, width=max(1, round(spread)), joint="curve")
        lines.append(np.array(line) / n)
    return lines


def spline(knots: list[tuple[float, float]], count: int = 120) -> Floats:
    """Draw a smooth (Catmull-Rom) curve of `count` points through the knots."""
    p = np.array([knots[0], *knots, knots[-1]])
    t = np.linspace(0, len(knots) - 1 - 1e-9, count)
    i, u = t.astype(int), (t % 1)[:, None]
    a, b, c, d = p[i], p[i + 1], p[i + 2], p[i + 3]
    cubic = (3 * (b - c) + d - a) * u**3 + (2 * a - 5 * b + 4 * c - d) * u**2 + (c - a) * u
    return np.asarray(0.5 * cubic + b)


def polygon(
    draw: ImageDraw.ImageDraw,
    outline: Floats,
    fill: Iterable[float],
    ink: Iterable[float] | None = None,
    width: float = 0.0015,
) -> None:
    """Fill an outline given in picture units, and ink its edge if there is an ink."""
    side = draw.im.size[0]
    points = [tuple(point) for point in (outline * side).tolist()]
    draw.polygon(points, fill=rgb(fill))
    if ink is not None:
        closed = [*points, points[0]]
        draw.line(closed, fill=rgb(ink), width=max(1, round(width * side)), joint="curve")


# Night sky


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


# Woodblock wave

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


# Stained glass


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


# Pointillism


def river_scene(rng: Rng) -> Floats:
    """Lay in the colours of a riverbank under a low sun, without any dots."""
    x, y = unit_grid(FIELD)
    horizon, sun = 0.43, np.array([0.66, 0.27])
    sky = palette("4f86c8 7fa8d8 b9b4dc f2bfae fbd98a fdeaa0")
    glow = np.exp(-(((x - sun[0]) / 0.30) ** 2 + ((y - sun[1]) / 0.22) ** 2))
    clouds = smoothstep(0.5, 0.8, fbm(FIELD, 5, rng, 4, 3))

    def heaven(height: Floats, cloud: Floats) -> Floats:
        air = ramp(0.95 * height / horizon * 0.8 + 0.35 * glow, sky)
        air = mix(air, palette("fff0d8")[0], 0.6 * cloud)
        return mix(
            air,
            palette("fffbd0")[0],
            smoothstep(0.062, 0.05, np.hypot(x - sun[0], height - sun[1])),
        )

    scene = heaven(y, clouds)
    ripple = 0.03 * np.sin(2 * np.pi * (y**0.7 * 60 + 1.5 * fbm(FIELD, 6, rng, 3, 5)))
    mirror = np.clip(2 * horizon - y + ripple, 0, 1)
    water = mix(heaven(mirror, 0 * x), palette("2f5f9f")[0], 0.35 + 8 * ripple)
    glitter = np.exp(-(((x - sun[0]) / (0.03 + 0.22 * (y - horizon))) ** 2)) * (ripple > -0.005)
    water = mix(water, palette("fff2a8")[0], 0.85 * glitter)
    scene = np.where((y > horizon)[..., None], water, scene)

    hills = horizon - 0.075 - 0.04 * np.sin(5 * x + 1) - 0.02 * np.sin(13 * x)
    land = (y > hills) & (y < horizon)
    scene = np.where(land[..., None], ramp((y - hills) * 9, palette("8f86c8 7f9fc0 9fc08a")), scene)
    row = np.abs(np.sin(24 * x + 2 * np.sin(7 * x)))
    grove = horizon - 0.015 - (0.05 + 0.05 * np.sin(3 * x + 2)) * row**0.6
    trees = (y > grove) & (y < horizon + 0.004)
    leaf = ramp(
        (y - grove) * 12 + 0.3 * (fbm(FIELD, 20, rng) - 0.5), palette("c8c05a 4f8f5a 2a4f7a")
    )
    scene = np.where(trees[..., None], leaf, scene)
    shadow = (y > horizon) & (y < 2 * horizon - grove + 0.015)
    scene = mix(scene, palette("2f4f7f")[0], 0.65 * shadow.astype(float))

    sail = (y > 0.40) & (y < 0.52) & (x > 0.405) & (x - 0.405 < 0.42 * (y - 0.395))
    scene = mix(scene, palette("fff6e4")[0], sail)
    hull = (np.abs(x - 0.43) < 0.045 - 1.2 * (y - 0.525)) & (y > 0.525) & (y < 0.545)
    scene = mix(scene, palette("a8324a")[0], hull)

    bank = 0.62 + 0.17 * x + 0.02 * np.sin(9 * x) - 0.06 * np.exp(-(((x - 0.97) / 0.2) ** 2))
    depth = y - bank
    grass = palette("f0dc6a b8c84a 6fae4a 3f8a4f 2f6a5f 2a4a7a")
    sward = ramp(0.25 + 0.9 * depth + 0.7 * (fbm(FIELD, 7, rng, 4, 2) - 0.45), grass)
    bloom = fbm(FIELD, 40, rng, 2)
    sward = mix(sward, palette("e8486a")[0], (bloom > 0.86) & (depth > 0.05))
    sward = mix(sward, palette("fbe9f0")[0], (bloom < 0.13) & (depth > 0.04))
    shade = np.exp(-(((depth - 0.13 - 0.10 * (x - 0.1)) / 0.06) ** 2)) * (x < 0.62)
    sward = mix(sward, palette("2f3f8f")[0], 0.7 * shade)
    scene = np.where((depth > 0)[..., None], sward, scene)

    trunk = np.abs(x - 0.17 - 0.05 * np.sin(5 * y)) < 0.022 + 0.05 * np.clip(y - 0.62, 0, 1)
    scene = mix(scene, ramp((x - 0.12) * 9, palette("3a2a5a 7a4a4a d88a4a")), trunk & (y < 0.76))
    crown = 1.15 - np.hypot((x - 0.15) / 0.33, (y - 0.20) / 0.30) + 0.9 * (fbm(FIELD, 8, rng) - 0.5)
    leaves = ramp(
        fbm(FIELD, 11, rng) + 0.5 * (x - 0.2), palette("1f2f6a 1f5a5a 3f8f4a 9fbf3f f4dc5a")
    )
    return mix(scene, leaves, smoothstep(0.22, 0.30, crown))


def pointillism(size: int, rng: Rng) -> Image.Image:
    """Cover a sunlit riverbank with dots of divided colour, from coarse to fine."""
    scene = river_scene(rng) ** 1.3
    n = size * OVERSAMPLING
    canvas = to_image(mix(scene, palette("c8a890")[0], np.full((FIELD,) * 2, 0.3)), n)
    draw = ImageDraw.Draw(canvas)
    # one dot leans to the warm, the cool, the rosy or the green; the eye adds them up again
    leanings = np.array(
        [[0.2, 0.1, -0.2], [-0.2, -0.05, 0.24], [0.16, -0.14, 0.1], [-0.14, 0.13, 0]]
    )
    for across, radius, share in ((80, 0.0092, 0.45), (100, 0.0070, 0.6), (84, 0.0056, 0.85)):
        spots = scatter(across, rng)
        colours = look_up(scene, spots) + share * leanings[rng.integers(0, 4, len(spots))]
        colours += (rng.random((len(spots), 1)) - 0.5) * 0.12
        grey = luminance(colours)[:, None]
        colours = grey + (colours - grey) * 1.2
        sizes = radius * rng.uniform(0.75, 1.2, (len(spots), 2))
        corners = np.concatenate([spots - sizes, spots + sizes], axis=1) * n
        for corner, colour in zip(corners.tolist(), colours.tolist(), strict=True):
            draw.ellipse(corner, fill=rgb(colour))
    return to_image(to_array(canvas), size)


# Ink hatching


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
            plate.puffs(at, radius * rng.uniform(0.5, 0.9, 6), 0.55, 0.6, 0.7)
    root = np.clip(y - 0.78, 0, 1)
    trunk = np.abs(x - 0.20 - 0.03 * np.sin(6 * y)) < 0.022 + 2.2 * root**2
    trunk &= (y > 0.40) & (y < 0.90 + 0.02 * np.sin(120 * x))
    plate.put(trunk, 0.85 + 7 * (x - 0.20), np.pi / 2 + 14 * (x - 0.2) * (1 + 4 * root))
    at = np.array([0.20, 0.34]) + np.clip(rng.normal(0, 1, (60, 2)), -1.6, 1.6) * (0.10, 0.08)
    plate.puffs(at, rng.uniform(0.025, 0.06, 60), 0.55, 0.62, 0.8)
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


def curls(plate: Plate, rng: Rng) -> list[Floats]:
    """Scribble leaves: small open loops, more of them where a crown is dark."""
    spots = scatter(125, rng)
    shade = look_up(plate.dark * plate.leafy, spots)
    wanted = shade > rng.uniform(0.1, 0.8, len(spots))
    sweep = np.linspace(0, 4.2, 9) + rng.uniform(0, 2 * np.pi, (len(spots), 1))
    radii = rng.uniform(0.0030, 0.0055, len(spots))
    return list((spots[:, None] + direction(sweep) * radii[:, None, None])[wanted])


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
    for turn, threshold in ((0, 0.10), (0.85, 0.38), (-0.7, 0.56), (1.55, 0.72)):
        shade = plate.dark - 0.12 * plate.leafy  # leaves are scribbled more than hatched
        density = np.clip((shade - threshold) / (1 - threshold), 0, 1)
        gap = np.where(density > 0, 0.0118 - 0.0068 * density**0.7, 0)
        lines = spaced_lines(plate.angle + turn, gap, scatter(105, rng), 0.13, 0.014)
        pen(canvas, lines, 0.0027, inks, rng)
    pen(canvas, curls(plate, rng), 0.0022, inks, rng)
    pen(canvas, tufts(rng), 0.0022, inks, rng)

    edge = np.zeros((FIELD, FIELD))
    edge[1:] += plate.form[1:] != plate.form[:-1]
    edge[:, 1:] += plate.form[:, 1:] != plate.form[:, :-1]
    outline = to_array(to_image(np.repeat(edge[..., None], 3, axis=2), n))[..., 0]
    line = smoothstep(0.28, 0.42, blur(outline, 0.0014) * (0.5 + 0.8 * fbm(n, 14, rng, 3)))
    return to_image(mix(to_array(canvas), palette("201b1e")[0], 0.9 * line), size)


# Watercolour


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


# Tile mosaic

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


# Cubist planes


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


ARTWORKS: dict[str, Callable[[int, Rng], Image.Image]] = {
    artwork.__name__: artwork
    for artwork in (
        night_sky,
        woodblock_wave,
        stained_glass,
        pointillism,
        ink_hatching,
        watercolour,
        tile_mosaic,
        cubist_planes,
    )
}


def draw_artwork(name: str, size: int) -> Image.Image:
    """Draw one artwork; its name is its seed, so that it does not depend on the others."""
    return ARTWORKS[name](size, np.random.default_rng(zlib.crc32(name.encode())))


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw the artworks named on the command line, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(ARTWORKS))
    parser.add_argument("--size", type=int, default=1024, help="side in pixels")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "styles")
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - set(ARTWORKS):
        parser.error(f"no artwork named {', '.join(sorted(unknown))}; known: {', '.join(ARTWORKS)}")
    options.out.mkdir(parents=True, exist_ok=True)
    # a progressive JPEG has to fit into Pillow's buffer, which is small for small pictures
    ImageFile.MAXBLOCK = max(ImageFile.MAXBLOCK, 3 * options.size**2)
    for name in options.names or ARTWORKS:
        path = options.out / f"{name}.jpg"
        draw_artwork(name, options.size).save(path, quality=92, subsampling=0, progressive=True)
        print(path)


if __name__ == "__main__":
    main()
