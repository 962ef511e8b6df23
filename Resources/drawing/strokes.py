"""Lines that follow a field, and what draws them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from PIL import Image, ImageDraw

from Resources.drawing.arrays import Floats, Rng
from Resources.drawing.colour import rgb
from Resources.drawing.fields import direction, look_up


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
