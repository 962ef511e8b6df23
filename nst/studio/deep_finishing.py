"""`finishing.finish` in 16 bits a channel, for print and retouching."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from nst.pictures import color, enlarging, fitting, tensors, transparency
from nst.pictures.deep import WHITE, Pixels
from nst.settings import Settings
from nst.studio import finishing

if TYPE_CHECKING:
    from torch import Tensor


def finish(
    painting: Tensor,
    photo: Image.Image,
    settings: Settings,
    masks: Sequence[Image.Image] = (),
) -> Pixels:
    """`finishing.finish` of a painting of shape (1, 3, height, width) in 0..1, in 16 bits.

    The pixels have a fourth channel, alpha, if the photo is transparent in part. Raises
    `ValueError` for another shape or values that are not finite.
    """
    pixels = _finished(painting, transparency.opaque(photo), settings, masks)
    if not transparency.is_transparent(photo):
        return pixels
    alpha = np.asarray(photo.getchannel("A"), np.uint16) * np.uint16(WHITE // 255)
    return np.dstack([pixels, alpha])


def _finished(
    painting: Tensor,
    photo: Image.Image,
    settings: Settings,
    masks: Sequence[Image.Image],
) -> Pixels:
    """`finish`, with nothing hidden."""
    pixels = _enlarged(painting, photo.size)
    small = tensors.to_picture(painting)
    sharper = finishing.sharpened(settings, photo.size, small.size)
    if not sharper and not finishing.mixes_photo(settings, masks):
        return pixels
    detail = enlarging.Detail(small, photo) if sharper else None
    unclaimed = finishing.unclaimed(masks, photo.size) if masks else None
    for box in color.strips(photo.size):
        strip = pixels[box[1] : box[3]]
        original = color.planes(np.asarray(photo.crop(box)))
        values: color.Values = color.planes(strip) * np.float32(255 / WHITE)
        if detail is not None:
            values = (values + detail.strip(box).ravel()).clip(0, 255)
        if settings.preserve_color == "luminance":
            values = color.recoloured(values, original)
        if unclaimed is not None:
            share = np.asarray(unclaimed.crop(box), np.float32).ravel() / 255
            values += share * (original - values)
        if settings.strength < 1:
            values = 255 * color.mixed(values / 255, original / 255, settings.strength)
        rounded = np.rint(values * (WHITE / 255)).clip(0, WHITE)
        strip[:] = rounded.astype(np.uint16).T.reshape(strip.shape)
    return pixels


def _enlarged(painting: Tensor, size: tuple[int, int]) -> Pixels:
    """A painting as in `finish` at `size` (width, height), a channel at a time."""
    pixels = np.empty((size[1], size[0], 3), np.uint16)
    for channel, plane in enumerate(tensors.planes(painting)):
        values = np.rint(plane.numpy() * WHITE).clip(0, WHITE).astype(np.uint16)
        pixels[..., channel] = np.asarray(fitting.resize(Image.fromarray(values), size))
    return pixels
