"""Pictures that a program has in memory, Pillow's or numpy's, as this program needs them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PIL import Image, ImageOps

from nst.errors import ImageError
from nst.pictures import checks, reading

if TYPE_CHECKING:
    import numpy.typing as npt


def from_pillow(image: Image.Image, shown: str, ground: str | None = "white") -> Image.Image:
    """The picture in 8 bits, sRGB, upright, with the `ground` of `reading.open_picture`.

    `shown` is what messages call it. Raises `ImageError` for a size that cannot be painted.
    """
    checks.check_sides(image.size, shown)
    if image.width * image.height > reading.MAX_PIXELS:
        raise checks.too_many_pixels(image.size, shown, reading.MAX_PIXELS, "a picture")
    with reading.pillow_errors(shown):
        picture = reading.with_ground(ImageOps.exif_transpose(image), ground, shown)
    picture.info = {}
    return picture


def from_array(values: npt.NDArray[Any], shown: str, ground: str | None = "white") -> Image.Image:
    """The picture that a numpy array holds, in 8 bits and sRGB, with a `ground` as `from_pillow`.

    The array is (H, W), grey, or (H, W, 3) or (H, W, 4), RGB without or with transparency; uint8
    from 0 to 255, bool, or floating point from 0 to 1. Raises `ImageError` for any other array.
    """
    import numpy as np

    if values.ndim not in (2, 3) or (values.ndim == 3 and values.shape[2] not in (3, 4)):
        raise ImageError(
            f"{shown} is an array of the shape {values.shape}; give one of (height, width), "
            "(height, width, 3) or (height, width, 4)."
        )
    checks.check_sides((values.shape[1], values.shape[0]), shown)
    if values.dtype == bool:
        values = values.astype(np.uint8) * np.uint8(255)
    elif np.issubdtype(values.dtype, np.floating):
        if not (values.min() >= 0 and values.max() <= 1):  # nor NaN
            raise ImageError(
                f"{shown} is an array of numbers from {values.min():.3g} to {values.max():.3g}; "
                "give floating point numbers from 0 to 1, or uint8 from 0 to 255."
            )
        values = (values * 255).round().astype(np.uint8)
    elif values.dtype != np.uint8:
        raise ImageError(
            f"{shown} is an array of {values.dtype}; give uint8 from 0 to 255, bool, or floating "
            "point numbers from 0 to 1."
        )
    return from_pillow(Image.fromarray(np.ascontiguousarray(values)), shown, ground)
