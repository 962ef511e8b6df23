"""A studio for tests that paints each order once, and numbers that tell pictures apart."""

from __future__ import annotations

import dataclasses
import itertools
from dataclasses import dataclass
from pathlib import Path

import definitions
import numpy as np
from PIL import Image, ImageFilter

from nst.paint import losses, transfer
from nst.paint.targets import TargetCache
from nst.pictures import color, fitting, reading, tensors
from nst.settings import Settings
from nst.studio.finishing import finish
from nst.studio.order import Pictures
from nst.studio.preparation import prepare
from nst.vgg import network

RESOURCES = Path(__file__).parents[1] / "Resources"


BASE = Settings(resolution=96, iterations=14)


GRAM = {"style_loss": "gram"}  # for what Gram matrices and content layers are made to do


DRAWN = {"iterations": 30}  # so many that strokes are drawn, and not only begun


STYLE_LAYERS = BASE.style_layers


@dataclass(frozen=True)
class Painting:
    """A finished picture and the last `Progress` of its run."""

    picture: Image.Image
    last: transfer.Progress


class Studio:
    """Paints, and remembers its paintings: several tests look at the same ones."""

    def __init__(self, trunk: network.VGG19, photo: Image.Image, styles: dict[str, Image.Image]):
        self.trunk, self.photo, self.styles = trunk, photo, styles
        self._known: dict[object, Painting] = {}
        self._targets = TargetCache()

    def paint(self, styles: str = "sky", **changes: object) -> Painting:
        """The photo in the styles of these names, with these settings on top of `BASE`."""
        chosen = dataclasses.replace(BASE, **changes)
        key = (styles, chosen)
        if key not in self._known:
            pictures = [self.styles[name] for name in styles.split()]
            self._known[key] = self.run(self.photo, pictures, chosen)
        return self._known[key]

    def run(self, photo, styles, chosen, masks=(), init=None) -> Painting:
        prepared = prepare(Pictures(photo, styles, masks, init), chosen)
        run = transfer.steps(
            prepared.canvas(),
            chosen,
            self.trunk,
            options=transfer.Options(known=self._targets),
        )
        *_, last = run
        painting = tensors.to_picture(last.image)
        return Painting(finish(painting, photo, chosen, prepared.masks), last)

    def features(self, picture, layers):
        return self.trunk.features(self.trunk.normalize(tensors.to_tensor(picture)), layers)

    def style_error(self, picture, style: str, layers=STYLE_LAYERS) -> float:
        """How far the Gram matrices are from those of the style, always seen at one size."""
        seen = self.features(picture, layers)
        wanted = self.features(fitting.fit(self.styles[style], BASE.resolution), layers)
        return float(
            losses.style_loss(
                [definitions.gram_matrix(seen[layer]) for layer in layers],
                [losses.GramTarget.of(definitions.gram_matrix(wanted[layer])) for layer in layers],
            )
        )

    def content_error(self, picture) -> float:
        layer = BASE.content_layer
        seen, wanted = (self.features(p, [layer])[layer] for p in (picture, self.photo))
        return float(losses.content_loss(seen, wanted))


def studio_of(trunk: network.VGG19, photo: Image.Image, artwork: Image.Image) -> Studio:
    """A studio with a small photo and two styles."""
    glass = reading.open_picture(RESOURCES / "styles" / "stained_glass.jpg")
    return Studio(trunk, fitting.fit(photo, 96), {"sky": artwork, "glass": glass})


def values(picture: Image.Image) -> np.ndarray:
    """(height, width, 3) in 0..1."""
    return np.asarray(picture, dtype=float) / 255


def distance(one: Image.Image, other: Image.Image) -> float:
    return float(abs(values(one) - values(other)).mean())


def luminance(picture: Image.Image) -> np.ndarray:
    return values(picture) @ color.LUMINANCE


def chroma(picture: Image.Image) -> np.ndarray:
    return values(picture) - luminance(picture)[..., None]


def frequency(pattern: np.ndarray) -> float:
    """The centroid of the power spectrum, in cycles a pixel: high for fine strokes."""
    height, width = pattern.shape
    # Windowed, as the jump from one rim to the other is no stroke.
    window = np.hanning(height)[:, None] * np.hanning(width)
    power = abs(np.fft.rfft2((pattern - pattern.mean()) * window)) ** 2
    radius = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width))
    return float((power * radius).sum() / power.sum())


def falls(*numbers: float, by: float = 1.0) -> bool:
    """Whether each number is less than `by` times the one before it."""
    return all(after < by * before for before, after in itertools.pairwise(numbers))


def halves() -> tuple[Image.Image, Image.Image]:
    """Masks of the left and of the right half, with a soft edge, larger than the canvas."""
    left = Image.new("L", (192, 128))
    left.paste(255, (0, 0, 96, 128))
    left = left.filter(ImageFilter.GaussianBlur(2))
    return left, left.point(lambda value: 255 - value)
