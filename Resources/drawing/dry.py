"""Chalk and charcoal: dry sticks that leave their colour on the paper's tooth."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from Resources.drawing.arrays import Floats, Rng
from Resources.drawing.colour import mix, to_array
from Resources.drawing.fields import fbm, smoothstep
from Resources.drawing.strokes import normals


class Paper:
    """A rough sheet, and what was rubbed onto it so far."""

    def __init__(self, n: int, ground: Floats, rng: Rng) -> None:
        self.n, self.rng = n, rng
        grain = 0.6 * fbm(n, 700, rng, 2) + 0.4 * fbm(n, 300, rng, 2)
        self.tooth = grain - grain.mean() + 0.5
        self.sheet = ground * (0.92 + 0.16 * self.tooth)[..., None]

    def rub(self, paths: Floats, widths: Floats, colours: Floats, pressure: float) -> None:
        """Draw strokes, each of one colour; with less pressure more of the paper shows through."""
        colour, mask = (Image.new(mode, (self.n, self.n)) for mode in ("RGB", "L"))
        pens = ImageDraw.Draw(colour), ImageDraw.Draw(mask)
        fills = (np.clip(colours, 0, 1) * 255).astype(int).tolist()
        loads = self.rng.integers(150, 256, len(paths)).tolist()
        flank = normals(paths)
        for hair in (-0.36, 0.0, 0.36):  # a stick is not round: it rubs in streaks
            lines = (paths + hair * widths[:, None, None] * flank) * self.n
            thick = np.maximum(1, widths * self.n * self.rng.uniform(0.3, 0.55, len(paths)))
            for line, fill, load, width in zip(
                lines.reshape(len(paths), -1).tolist(), fills, loads, thick.tolist(), strict=True
            ):
                pens[0].line(line, fill=tuple(fill), width=round(width))
                pens[1].line(line, fill=load, width=round(width))
        cover = to_array(mask) * smoothstep(
            0.62 - 0.55 * pressure, 0.82 - 0.4 * pressure, self.tooth
        )
        self.sheet = mix(self.sheet, to_array(colour), cover)
