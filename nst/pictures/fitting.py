"""The size of a canvas for a picture, and pictures resized to it."""

from __future__ import annotations

from PIL import Image

from nst.layers import suitable_side
from nst.pictures.transparency import is_transparent, opaque


def fit_size(size: tuple[int, int], longer_side: int, square: bool = False) -> tuple[int, int]:
    """The (width, height) to paint at for a picture of `size`.

    The longer side is `longer_side`, the other keeps the aspect; both are rounded to multiples of
    16 (VGG19's four poolings then lose no row or column) and are at least 32 px. `square` makes
    both sides the longer one.
    """
    longer = suitable_side(longer_side)
    if square:
        return longer, longer
    width, height = size
    shorter = suitable_side(longer * min(size) / max(size))
    return (longer, shorter) if width >= height else (shorter, longer)


def fit(picture: Image.Image, longer_side: int, square: bool = False) -> Image.Image:
    """The picture resized to its `fit_size`; of mode RGBA with its colours also where it is hidden.

    Pillow makes those black.
    """
    size = fit_size(picture.size, longer_side, square)
    if not is_transparent(picture):
        return picture.resize(size, Image.Resampling.LANCZOS)
    fitted = opaque(picture).resize(size, Image.Resampling.LANCZOS)
    fitted.putalpha(picture.getchannel("A").resize(size, Image.Resampling.BOX))
    return fitted


def resize(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The picture at `size` (width, height); the picture itself if it has that size."""
    if picture.size == size:
        return picture
    return picture.resize(size, Image.Resampling.LANCZOS)
