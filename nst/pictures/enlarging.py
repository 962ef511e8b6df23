"""Enlarging a painting to the size of its photo, with the photo's own sharpness.

A canvas is smaller than most photos, so that an enlarged painting is soft. The photo knows what is
missing: its light and dark at the sizes that the canvas was too small for. Where the painting
follows the photo, that is added; where it does not, nothing is, or the photo would show through.

How far it follows is the slope of a local regression, as in He, Sun and Tang, "Guided Image
Filtering" (2013); but the strokes are kept as they are instead of being replaced by the fit.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

from nst.pictures import color, fitting

# How much of the photo's detail is added. More looks like the photo drawn over the painting; with
# half of it, style and content error are both lower than without (benchmarks/NOTES.md).
DETAIL_SHARE = 0.5
RADIUS = 4  # px of the canvas, about half a stroke: the neighbourhood of a regression
# Variance, of 255 squared: what varies less is noise, which nothing follows.
LEAST_VARIANCE = 50.0
SLOPES_SIDE = 1024  # px, the longer side at which the slopes are computed: they vary slowly


def enlarge(painting: Image.Image, photo: Image.Image) -> Image.Image:
    """The painting at the size of its photo, sharpened if that is larger; mode RGB."""
    picture = fitting.resize(painting, photo.size)
    if not has_more(photo.size, painting.size):
        return picture
    detail = Detail(painting, photo)
    for box in color.strips(picture.size):
        values = np.asarray(picture.crop(box)) + detail.strip(box)[..., None]
        picture.paste(Image.fromarray(np.rint(values).clip(0, 255).astype(np.uint8)), box)
    return picture


def has_more(photo: tuple[int, int], painting: tuple[int, int]) -> bool:
    """Whether a photo of (width, height) px has detail that a painting has no pixels for."""
    return photo[0] * photo[1] > painting[0] * painting[1]


class Detail:
    """What an enlarged painting lacks beside its photo."""

    def __init__(self, painting: Image.Image, photo: Image.Image) -> None:
        self._light = photo.convert("L")
        small = self._light.resize(painting.size, Image.Resampling.LANCZOS)
        self._soft = small.resize(photo.size, Image.Resampling.LANCZOS)
        share = Image.fromarray(np.rint(_slopes(painting, small) * 255).astype(np.uint8))
        self._share = share.resize(photo.size, Image.Resampling.BILINEAR)

    def strip(self, box: tuple[int, int, int, int]) -> npt.NDArray[np.float32]:
        """To be added to each of R, G and B in (left, top, right, bottom), in units of 0..255.

        Shape (height, width).
        """
        light, soft, share = (
            np.asarray(part.crop(box), np.float32)
            for part in (self._light, self._soft, self._share)
        )
        return np.float32(DETAIL_SHARE / 255) * share * (light - soft)


def _slopes(painting: Image.Image, photo: Image.Image) -> npt.NDArray[np.float64]:
    """How far the painting's light and dark follows the photo's around each pixel, 0..1.

    1 stands for `DETAIL_SHARE`: a painting with so much of the photo's contrast, or more.
    """
    scale = min(1.0, SLOPES_SIDE / max(painting.size))
    size = max(1, round(painting.width * scale)), max(1, round(painting.height * scale))
    painted, seen = (
        np.asarray(picture.convert("L").resize(size, Image.Resampling.BOX), np.float64)
        for picture in (painting, photo)
    )
    mean_painted, mean_seen = _mean(painted), _mean(seen)
    covariance = _mean(painted * seen) - mean_painted * mean_seen
    variance = _mean(seen * seen) - mean_seen**2
    slopes = covariance / (np.maximum(variance, 0) + LEAST_VARIANCE)
    return np.clip(slopes / DETAIL_SHARE, 0, 1)


def _mean(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The mean over `RADIUS` in all directions; the picture is continued by its rim."""
    width = 2 * RADIUS + 1
    for _ in range(2):  # down the columns, then, turned, along the rows
        sums = np.cumsum(np.pad(values, ((RADIUS + 1, RADIUS), (0, 0)), mode="edge"), 0)
        values = ((sums[width:] - sums[:-width]) / width).T
    return values
