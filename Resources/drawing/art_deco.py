"""A poster of the twenties: towers before a rising sun, in gold, teal and black."""

from __future__ import annotations

import numpy as np
from PIL import Image

from Resources.drawing.arrays import Floats, Mask, Rng
from Resources.drawing.colour import mix, palette, ramp, to_image
from Resources.drawing.fields import OVERSAMPLING, fbm, smoothstep, unit_grid

GOLD = palette("8a5a1c d09a3a f6d684 fff2c4")
TOWERS = (  # middle, half width, top; drawn from the back to the front
    (0.16, 0.085, 0.46),
    (0.84, 0.085, 0.42),
    (0.30, 0.075, 0.34),
    (0.70, 0.075, 0.30),
    (0.50, 0.105, 0.12),
)


class Poster:
    """A sheet with flat colours that shade softly, and golden lines between them."""

    def __init__(self, n: int, rng: Rng) -> None:
        self.x, self.y = unit_grid(n)
        self.spray = fbm(n, 500, rng, 1)  # an airbrush leaves a fine grain where it fades
        self.gilt = ramp(0.3 + 0.7 * self.y + 0.4 * (fbm(n, 5, rng, 2) - 0.5), GOLD[1:3])
        self.sheet = np.zeros((n, n, 3))

    def spread(self, inside: Mask, colours: str, tone: Floats) -> None:
        """Airbrush a shape from one colour to the next, as the tone rises from 0 to 1."""
        grain = tone + 0.30 * (self.spray - 0.5)
        self.sheet[inside] = ramp(grain[inside], palette(colours))

    def gild(self, distance: Floats, width: float, inside: Mask | bool = True) -> None:
        """Draw a golden line where the distance is small."""
        share = smoothstep(width, width * 0.6, np.abs(distance)) * inside
        self.sheet = mix(self.sheet, self.gilt, share)


def sunburst(poster: Poster) -> None:
    """Fill the sky with rays in turn dark, teal and gold, and rings around the sun."""
    dx, dy = poster.x - 0.5, poster.y - 0.52
    radius, turn = np.hypot(dx, dy), np.arctan2(dx, -dy) / (2 * np.pi) * 40
    beam = np.floor(turn).astype(int) % 4
    shades = (
        "0f2230 1c5560 0f2230",
        "1f7a7c 7cc4b4 1f7a7c",
        "12202c 0e2a38",
        "b8782a f2ca70 d89a3c",
    )
    for kind, colours in enumerate(shades):
        fade = np.abs(turn % 1 - 0.5) * 1.2 + 0.55 * radius
        poster.spread(beam == kind, colours, fade)
    poster.gild((turn % 1 - 0.5 - 0.5 * np.sign(turn % 1 - 0.5)) * radius * 0.157, 0.0022)
    for outer, colours in ((0.33, "d8542a f08a3a f8c060"), (0.26, "f6d684 fff4d0 f0b858")):
        poster.spread(radius < outer, colours, 1.9 * radius + 0.2 * (beam % 2))
        poster.gild(radius - outer, 0.005)
        poster.gild(radius - outer - 0.016, 0.002)


def tower(poster: Poster, middle: float, girth: float, top: float) -> None:
    """Build a tower of setbacks, with bands of windows and golden edges."""
    x, y = poster.x, poster.y
    for step, (share, drop) in enumerate(((0.14, 0.0), (0.45, 0.07), (0.75, 0.15), (1.0, 0.26))):
        half, crest = girth * share, top + drop
        inside = (np.abs(x - middle) < half) & (y > crest)
        lit = x < middle - 0.15 * half
        poster.spread(inside & ~lit, "1f3a48 0c1822", (y - crest) * 2.2)
        poster.spread(inside & lit, "f4e6c4 d8b478 5a6a68", (y - crest) * 2.2)
        shaft = np.abs((x - middle) / girth * 7 % 1 - 0.5) / 7 * girth
        poster.spread(inside & (shaft < 0.0036) & (y > crest + 0.02), "0a141c 1c5560", y)
        sill = np.abs((y - crest) * 36 % 1 - 0.5) / 36
        poster.gild(sill, 0.0016, inside & ~lit & (step > 0))
        poster.gild(np.abs(x - middle) - half, 0.0030, y > crest)
        poster.gild(y - crest, 0.0034, np.abs(x - middle) < half)
        chevron = y - crest - 0.022 - 0.5 * np.abs((x - middle) % 0.024 - 0.012)
        poster.gild(chevron, 0.0022, inside & (step > 0))


def fans(poster: Poster) -> None:
    """Lay a foreground of overlapping fans, each of rings and ribs."""
    x, y = poster.x, poster.y
    inks = ("0f2a36 1f7a7c 0f2a36", "0c1822 1f3a48 0c1822", "c8802c f6d684 c8802c")
    for row in range(5):
        level = 0.80 + 0.065 * row
        shift = 0.5 * (row % 2)
        cell = np.floor(x / 0.125 + shift)
        dx, dy = x - (cell + 0.5 - shift) * 0.125, y - level
        radius = np.hypot(dx, dy)
        inside = (radius < 0.0625) & (dy < 0.03) | (dy > 0) & (np.abs(dx) <= 0.0625)
        for kind, colours in enumerate(inks):
            chosen = (cell.astype(int) + row) % 3 == kind
            poster.spread(inside & chosen, colours, radius / 0.0625)
        for ring in (0.0625, 0.050, 0.034, 0.018):
            poster.gild(radius - ring + 0.002, 0.0021, inside & (dy < 0.03))
        ribs = np.abs((np.arctan2(dx, -dy) / np.pi * 7) % 1 - 0.5) * radius * 0.4
        poster.gild(ribs, 0.0012, inside & (radius > 0.034) & (radius < 0.05))


def art_deco(size: int, rng: Rng) -> Image.Image:
    """Print towers before a sunburst over a floor of fans."""
    poster = Poster(size * OVERSAMPLING, rng)
    sunburst(poster)
    for middle, girth, top in TOWERS:
        tower(poster, middle, girth, top)
    fans(poster)
    grain = 0.94 + 0.12 * poster.spray
    return to_image(poster.sheet * grain[..., None], size)
