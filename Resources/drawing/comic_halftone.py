"""A page of a comic: an eye, a bang, a skyline and a wave, in four inks and dots."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from Resources.drawing.arrays import Floats, Mask, Rng
from Resources.drawing.colour import mix, palette, to_array, to_image
from Resources.drawing.fields import OVERSAMPLING, direction, fbm, look_up, smoothstep, unit_grid
from Resources.drawing.strokes import spline

BLACK, WHITE, CYAN, PINK, YELLOW, RED = palette("14121a fbf6e6 2f9fe0 f4a08a ffd91f e4262c")
BLUE = palette("1f4fa8")[0]
DOTS = 58  # across the page


class Page:
    """A sheet printed in flat colours and dots, and the drawing in black ink above them."""

    def __init__(self, n: int) -> None:
        self.n = n
        self.x, self.y = unit_grid(n)
        self.sheet = np.ones((n, n, 3)) * WHITE
        self.ink = Image.new("L", (n, n))
        self.pen = ImageDraw.Draw(self.ink)

    def screen(self, colour: Floats, tone: Floats, inside: Mask, turn: float = 0.26) -> None:
        """Print dots on a turned grid; the tone, 0..1, is how much of the paper they cover."""
        u = (self.x * np.cos(turn) + self.y * np.sin(turn)) * DOTS % 1 - 0.5
        v = (self.y * np.cos(turn) - self.x * np.sin(turn)) * DOTS % 1 - 0.5
        radius = 0.74 * np.sqrt(np.clip(tone, 0, 1))
        edge = 3.0 * DOTS / self.n
        dots = smoothstep(edge, -edge, np.hypot(u, v) - radius)
        self.sheet = mix(self.sheet, colour, dots * inside)

    def flat(self, colour: Floats, inside: Mask) -> None:
        """Print a plain colour."""
        self.sheet[inside] = colour

    def inside(self, outline: Floats) -> Mask:
        """Where a shape is."""
        plane = Image.new("1", (self.n, self.n))
        points = [tuple(point) for point in (outline * self.n).tolist()]
        ImageDraw.Draw(plane).polygon(points, fill=1)
        return np.asarray(plane)

    def line(self, path: Floats, width: float) -> None:
        """Ink a line that swells in its middle, as a brush draws it."""
        swell = 0.35 + 0.65 * np.sin(np.linspace(0, np.pi, len(path)))
        for point, radius in zip(path * self.n, swell * width * self.n / 2, strict=True):
            self.pen.ellipse((*(point - radius), *(point + radius)), fill=255)

    def fill(self, outline: Floats) -> None:
        """Ink a shape."""
        self.pen.polygon([tuple(point) for point in (outline * self.n).tolist()], fill=255)


def closed(outline: Floats) -> Floats:
    """The outline, walked closely and back to its start."""
    t = np.linspace(0, len(outline), 60 * len(outline), endpoint=False)
    ring = np.concatenate([outline, outline[:1]])
    return np.stack([np.interp(t, np.arange(len(ring)), axis) for axis in ring.T], axis=-1)


def bang(page: Page, frame: Mask) -> None:
    """Burst a jagged star out of rays and clouds of smoke."""
    dx, dy = page.x - 0.31, page.y - 0.29
    radius, turn = np.hypot(dx, dy), np.arctan2(dy, dx)
    page.flat(CYAN, frame)
    page.screen(BLUE, 1.9 * radius - 0.2, frame)
    page.flat(YELLOW, frame & (np.sin(17 * turn) > 0.55))
    page.screen(RED, 1.2 * radius - 0.1, frame & (np.sin(17 * turn) > 0.55))
    for k in range(11):
        angle = 2 * np.pi * k / 11
        puff = np.array([0.31, 0.29]) + 0.195 * direction(angle) * (1.0, 0.9)
        cloud = np.hypot(page.x - puff[0], page.y - puff[1])
        page.flat(WHITE, frame & (cloud < 0.068))
        page.screen(CYAN, 7 * (page.y - puff[1]) + 0.1, frame & (cloud < 0.068))
        arc = puff + 0.068 * direction(angle + np.linspace(-1.3, 1.3, 90))
        page.line(arc, 0.010)
    for size, colour in ((0.225, RED), (0.172, YELLOW), (0.105, WHITE)):
        spikes = np.arange(26) * np.pi / 13 + 0.1
        reach = size * np.where(np.arange(26) % 2, 0.60, 1.0 + 0.14 * np.sin(5 * spikes))
        star = np.array([0.31, 0.29]) + reach[:, None] * direction(spikes)
        page.flat(colour, frame & page.inside(star))
        if colour is YELLOW:
            page.screen(RED, 5.5 * (radius - 0.085), frame & page.inside(star))
        page.line(closed(star), 0.009)
    for ray in np.arange(34) * 2 * np.pi / 34 + 0.06:
        tip, foot = 0.285, 0.50
        wedge = np.array([(tip, 0), (foot, 0.007), (foot, -0.007)])
        turned = wedge @ np.array([[np.cos(ray), np.sin(ray)], [-np.sin(ray), np.cos(ray)]])
        page.fill(np.array([0.31, 0.29]) + turned)


def eye(page: Page, frame: Mask) -> None:
    """Look out of the page with one eye, lashes, a brow and a tear."""
    page.flat(WHITE, frame)
    page.screen(PINK, 0.42 + 0.22 * np.sin(7 * page.x + 4 * page.y), frame)
    hair = page.y < 0.105 + 0.16 * (page.x - 0.64) ** 2 + 0.02 * np.sin(19 * page.x)
    page.flat(YELLOW, frame & hair)
    page.screen(
        RED, np.full_like(page.x, 0.22), frame & hair & (np.sin(60 * page.x + 30 * page.y) > 0)
    )
    for k in range(9):
        page.line(
            spline([(0.63 + 0.05 * k, -0.02), (0.66 + 0.05 * k, 0.05), (0.65 + 0.05 * k, 0.13)]),
            0.010,
        )
    upper = spline(
        [(0.655, 0.335), (0.735, 0.255), (0.82, 0.235), (0.90, 0.27), (0.965, 0.345)], 160
    )
    lower = spline(
        [(0.655, 0.335), (0.74, 0.385), (0.82, 0.40), (0.90, 0.385), (0.965, 0.345)], 160
    )
    shape = page.inside(np.concatenate([upper, lower[::-1]]))
    page.flat(WHITE, shape)
    iris = np.hypot(page.x - 0.815, page.y - 0.315)
    page.flat(CYAN, shape & (iris < 0.078))
    page.screen(BLUE, 10 * (iris - 0.02) + 0.2, shape & (iris < 0.078))
    ring = np.array([0.815, 0.315]) + 0.078 * direction(np.linspace(0.05, 3.1, 120))
    page.line(ring, 0.012)
    pupil = np.array([0.815, 0.312]) + 0.036 * direction(np.linspace(0, 2 * np.pi, 60))
    page.fill(pupil)
    page.line(upper, 0.026)
    page.line(lower, 0.010)
    page.line(upper - (0.0, 0.045), 0.009)
    for k in range(14, 156, 12):
        out = upper[k] + np.linspace(0, 1, 50)[:, None] * (0.35 * (upper[k] - (0.81, 0.37)))
        page.line(out, 0.011)
    brow = spline([(0.64, 0.215), (0.72, 0.155), (0.83, 0.135), (0.95, 0.18)], 160)
    page.line(brow, 0.034)
    right = np.array([(0.70, 0.37), (0.728, 0.434), (0.73, 0.462), (0.716, 0.486)])
    drop = np.concatenate([right, right[::-1] * (-1, 1) + (1.40, 0)])
    page.flat(CYAN, page.inside(drop))
    page.line(closed(drop), 0.008)


def skyline(page: Page, frame: Mask, rng: Rng) -> None:
    """Build a city by night before a large moon."""
    page.flat(RED, frame)
    page.screen(YELLOW, 0.9 - 2.4 * (page.y - 0.56), frame)
    moon = np.hypot(page.x - 0.29, page.y - 0.745)
    page.flat(YELLOW, frame & (moon < 0.115))
    page.screen(WHITE, 0.75 - 5 * moon, frame & (moon < 0.115))
    left = 0.0
    while left < 0.52:
        wide, top = rng.uniform(0.05, 0.09), rng.uniform(0.66, 0.85)
        wall = frame & (page.x > left) & (page.x < left + wide) & (page.y > top)
        page.flat(BLUE, wall)
        page.screen(BLACK, 0.15 + 1.6 * (page.y - top), wall)
        lit = ((page.x - left) * 62 % 1 > 0.45) & ((page.y - top) * 48 % 1 > 0.5)
        choice = np.sin(np.floor((page.x - left) * 62) * 7 + np.floor((page.y - top) * 48) * 13)
        page.flat(YELLOW, wall & lit & (choice > -0.2))
        corners = np.array([(left, 1.0), (left, top), (left + wide, top), (left + wide, 1.0)])
        page.line(closed(corners)[:180], 0.012)
        left += wide


def wave(page: Page, frame: Mask) -> None:
    """Roll stripes of a wave under a dotted sky, with speed lines."""
    page.flat(YELLOW, frame)
    page.screen(RED, 0.85 - 3.0 * (page.y - 0.5), frame)
    for k, colour in enumerate((PINK, RED, WHITE, CYAN, BLUE, WHITE, CYAN, BLUE)):
        x = np.linspace(0.45, 1.02, 240)
        crest = 0.655 + 0.047 * k + 0.040 * np.sin(15 * x + 1.1 * k) + 0.06 * (x - 0.75)
        edge = np.stack([x, crest], -1)
        body = np.concatenate([edge, [(1.02, 1.1), (0.45, 1.1)]])
        under = frame & page.inside(body)
        page.flat(colour, under)
        depth = page.y - (0.655 + 0.047 * k + 0.040 * np.sin(15 * page.x + 1.1 * k))
        page.screen(BLACK if colour is BLUE else BLUE, 0.45 - 6 * depth, under & (k > 1))
        page.line(edge[look_up(frame.astype(np.float64), edge) > 0], 0.013)
    for k in range(9):
        y = 0.525 + 0.014 * k
        end = 0.70 + 0.22 * ((k * 37) % 10) / 10
        page.fill(np.array([(1.0, y - 0.0035), (1.0, y + 0.0035), (end, y)]))


def comic_halftone(size: int, rng: Rng) -> Image.Image:
    """Print four panels in flat inks and dots, with swelling black lines."""
    n = size * OVERSAMPLING
    page = Page(n)
    x, y = page.x, page.y
    split, level = 0.60 - 0.06 * y, 0.545 - 0.03 * x
    right = 0.53 - 0.04 * (y - 0.5)
    frames = [(x < split) & (y < level), (x > split) & (y < level)]
    frames += [(x < right) & (y > level), (x > right) & (y > level)]
    inks = np.zeros((n, n))
    panels: tuple[Callable[[Page, Mask], None], ...]
    panels = (bang, eye, partial(skyline, rng=rng), wave)
    for draw, frame in zip(panels, frames, strict=True):
        page.pen.rectangle((0, 0, n, n), fill=0)
        draw(page, frame)
        soft = page.ink.filter(ImageFilter.GaussianBlur(n / 2048))
        inks = np.where(frame, to_array(soft), inks)
    gutter = np.minimum(
        np.abs(y - level), np.where(y < level, np.abs(x - split), np.abs(x - right))
    )
    printed = mix(page.sheet, BLACK, np.maximum(inks, smoothstep(0.0065, 0.005, gutter)))
    worn = 0.93 + 0.10 * fbm(n, 300, rng, 2)
    return to_image(printed * worn[..., None], size)
