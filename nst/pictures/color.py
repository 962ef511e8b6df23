"""Colours of the style and of the painting: matched, kept or mixed with those of the photo.

A picture is a `PIL.Image.Image` of at least 1 x 1 px in mode RGB, 8 bits, sRGB. The functions
return new pictures and leave their arguments as they are. What is done to each pixel is a function
of its own, `recoloured` and `mixed`, for results that are not rounded to 8 bits. Luminance is that
of Rec. 601, a weighted mean of the stored values 0..255, as in the YIQ space of Gatys et al.,
"Controlling Perceptual Factors in Neural Style Transfer" (2017), section 5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageStat

Matrix: TypeAlias = npt.NDArray[np.float64]
Pixels: TypeAlias = npt.NDArray[np.uint8]
Values: TypeAlias = npt.NDArray[np.floating[Any]]

# Rec. 601 as Pillow rounds it for mode L. In 65536ths the luminance of a pixel is exact in float32,
# and that of a grey one is its value.
LUMINANCE = np.array([19595, 38470, 7471], dtype=np.float32) / 65536

# A standard deviation, of 255. What varies less is mostly rounding and JPEG noise, which would turn
# into coloured speckle if it were spread as far as the photo's colours.
LEAST_DEVIATION = 4.0

STRIP_PIXELS = 2**16  # what a step works on then stays in the processor's cache


def match_color(
    style: Image.Image, photo: Image.Image, counted: Image.Image | None = None
) -> Image.Image:
    """The style with the photo's mean and covariance of R, G and B, clipped to 0..255.

    Gatys et al. (2017), section 5, with symmetric square roots: the "image analogies" form of their
    "Preserving Color in Neural Artistic Style Transfer" (2016). Directions of RGB in which the
    style varies by less than `LEAST_DEVIATION` get less than the photo's variance. A style of one
    colour becomes the photo's mean colour, and a grey photo makes any style grey. `counted`, mode L
    of the style's size, says how much each of its pixels counts.
    """
    style_mean, style_covariance = _statistics(style, counted)
    mean, covariance = _statistics(photo)
    matrix = _power(covariance, 0.5) @ _power(style_covariance, -0.5, LEAST_DEVIATION**2)
    offset = mean - matrix @ style_mean
    rows = np.column_stack([matrix, offset]).ravel().tolist()
    matched = style.convert("RGB", tuple(rows))
    # Channels that should be equal may be rounded to neighbouring values.
    photo_is_grey = np.ptp(covariance) == 0 and np.ptp(mean) == 0
    return grey(matched) if photo_is_grey else matched


def _statistics(picture: Image.Image, counted: Image.Image | None = None) -> tuple[Matrix, Matrix]:
    """The mean, (3,), and the covariance, (3, 3), of R, G and B in 0..255, by `counted`."""
    total, products, count = np.zeros(3), np.zeros((3, 3)), 0.0
    for box in strips(picture.size):
        # Sums of whole numbers are exact in float64, so that equal channels have equal statistics.
        values = np.asarray(picture.crop(box)).reshape(-1, 3).astype(np.float64)
        weights = np.ones(len(values))
        if counted is not None:
            weights = np.asarray(counted.crop(box), np.float64).ravel() / 255
        total += weights @ values
        products += (values.T * weights if counted is not None else values.T) @ values
        count += float(weights.sum())
    mean = total / count
    return mean, products / count - np.outer(mean, mean)


def _power(covariance: Matrix, exponent: float, least: float = 0) -> Matrix:
    """A symmetric power of a covariance whose eigenvalues are raised to `least`."""
    eigenvalues, eigenvectors = np.linalg.eigh(covariance)
    powers = np.diag(np.maximum(eigenvalues, least) ** exponent)
    power: Matrix = eigenvectors @ powers @ eigenvectors.T
    return power


def match_luminance(
    style: Image.Image, photo: Image.Image, counted: Image.Image | None = None
) -> Image.Image:
    """The style in grey, with the photo's mean and standard deviation of luminance, clipped.

    Gatys et al. (2017), section 5. A style that hardly varies, by less than `LEAST_DEVIATION`,
    gets less than the photo's contrast; one of a single luminance becomes the photo's mean.
    `counted` is as in `match_color`; here a pixel counts or does not.
    """
    own, wanted = style.convert("L"), ImageStat.Stat(photo.convert("L"))
    chosen = None if counted is None else counted.point([0] * 128 + [255] * 128)
    statistics = ImageStat.Stat(own, chosen)
    gain = wanted.stddev[0] / max(statistics.stddev[0], LEAST_DEVIATION)
    table = (np.arange(256) - statistics.mean[0]) * gain + wanted.mean[0]
    return own.point(np.rint(table).clip(0, 255).astype(int).tolist()).convert("RGB")


def grey(picture: Image.Image) -> Image.Image:
    """The picture with R = G = B = its luminance."""
    return picture.convert("L").convert("RGB")


def with_colors_of(painting: Image.Image, photo: Image.Image) -> Image.Image:
    """The painting's luminance with the colours of the photo, at the painting's size.

    Gatys et al. (2017), section 5. Where a colour does not exist at the painting's luminance, it
    is drawn towards grey: clipping would change the luminance and the hue.
    """

    def recolour(painting: Pixels, photo: Pixels) -> Pixels:
        found = recoloured(planes(painting), planes(photo))
        return np.rint(found).astype(np.uint8).T.reshape(painting.shape)

    return _combined(recolour, painting, photo)


def recoloured(painting: Values, photo: Values) -> Values:
    """`with_colors_of` for values in 0..255 of shape (3, pixels), not rounded."""
    chroma = photo - LUMINANCE @ photo  # of luminance 0
    luminance = LUMINANCE @ painting
    # Chroma has luminance 0, hence a channel >= 0 and one <= 0 unless all three are 0.
    room_above = (255 - luminance) / np.maximum(chroma.max(0), 1e-3)
    room_below = luminance / np.maximum(-chroma.min(0), 1e-3)
    chroma *= np.minimum(np.minimum(room_above, room_below), 1)
    chroma += luminance
    return chroma


def planes(pixels: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Pixels of shape (height, width, 3) as (3, height * width), quick to add up over R, G, B."""
    return pixels.reshape(-1, 3).T.astype(np.float32, order="C")


def blend(painting: Image.Image, photo: Image.Image, strength: float) -> Image.Image:
    """The photo (`strength` 0) mixed with the painting (`strength` 1), at the painting's size.

    Mixed as light, in linear sRGB (IEC 61966-2-1); a mixture of the stored values would be too
    dark where the two differ. Raises `ValueError` for a strength outside of 0..1.
    """
    if not 0 <= strength <= 1:
        raise ValueError(f"expected a strength in 0..1, got {strength}")
    values = np.arange(256) / 255
    # All 256 x 256 pairs of a photo's and a painting's value.
    table = np.rint(mixed(values, values[:, None], strength) * 255).astype(np.uint8).ravel()

    def mix(painting: Pixels, photo: Pixels) -> Pixels:
        return table.take(photo * np.intp(256) + painting)

    return _combined(mix, painting, photo)


def mixed(painting: Values, photo: Values, strength: float) -> Values:
    """`blend` for values in 0..1, not rounded."""
    return _from_light((1 - strength) * _to_light(photo) + strength * _to_light(painting))


def _to_light(values: Values) -> Values:
    """sRGB in 0..1 to light in 0..1."""
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def _from_light(light: Values) -> Values:
    """The inverse of `_to_light`."""
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def _combined(
    function: Callable[[Pixels, Pixels], Pixels], painting: Image.Image, photo: Image.Image
) -> Image.Image:
    """`function` of the pixels of both, at the painting's size, a strip of rows at a time."""
    if photo.size != painting.size:
        photo = photo.resize(painting.size, Image.Resampling.LANCZOS)
    result = Image.new("RGB", painting.size)
    for box in strips(painting.size):
        strip = function(np.asarray(painting.crop(box)), np.asarray(photo.crop(box)))
        result.paste(Image.fromarray(strip), box)
    return result


def strips(size: tuple[int, int]) -> Iterator[tuple[int, int, int, int]]:
    """(left, top, right, bottom) of strips of about `STRIP_PIXELS` that cover a picture."""
    width, height = size
    rows = max(1, STRIP_PIXELS // width)
    for top in range(0, height, rows):
        yield 0, top, width, min(height, top + rows)
