"""From a painting at the size of the canvas to the result: the photo's size, colours, strength."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from PIL import Image, ImageChops

from nst.pictures import fitting, transparency
from nst.settings import Settings


def finish(
    painting: Image.Image,
    photo: Image.Image,
    settings: Settings,
    masks: Sequence[Image.Image] = (),
) -> Image.Image:
    """The painting at the photo's size, in the photo's colours if they are kept, at its strength.

    It is transparent where the photo is. `masks` are those of `preparation.Prepared`: what none of
    them claims is the photo itself, not the photo at the size of the canvas.
    """
    picture = _finished(painting, transparency.opaque(photo), settings, masks)
    return transparency.hidden_as_in(picture, photo)


def _finished(
    painting: Image.Image,
    photo: Image.Image,
    settings: Settings,
    masks: Sequence[Image.Image],
) -> Image.Image:
    """`finish`, with nothing hidden."""
    # Here, as the page's first paint must not wait for numpy.
    from nst.pictures import color, enlarging

    if sharpened(settings, photo.size, painting.size):
        picture = enlarging.enlarge(painting, photo)
    else:
        picture = fitting.resize(painting, photo.size)
    if settings.preserve_color == "luminance":
        picture = color.with_colors_of(picture, photo)
    if masks:
        picture = Image.composite(photo, picture, unclaimed(masks, photo.size))
    # The strength mixes in linear light, as one layer of paint lets another shine through.
    return picture if settings.strength == 1 else color.blend(picture, photo, settings.strength)


def mixes_photo(settings: Settings, masks: Sequence[Image.Image] = ()) -> bool:
    """Whether `finish` shows some of the photo itself."""
    return bool(masks) or settings.strength < 1 or settings.preserve_color == "luminance"


def sharpened(settings: Settings, photo: tuple[int, int], painting: tuple[int, int]) -> bool:
    """Whether the photo's fine light and dark is added to a painting when it is enlarged.

    Sizes are (width, height), px. Strokes that were chosen stay as they are: on top of them the
    photo's hairlines look like a photograph that shows through. A texture has none of the photo.
    """
    from nst.pictures import enlarging

    if settings.style_loss != "gram" or settings.is_texture:
        return False
    return enlarging.has_more(photo, painting)


def unclaimed(masks: Sequence[Image.Image], size: tuple[int, int]) -> Image.Image:
    """White where the photo stays as it is, black where the painting has mixed both already.

    The ramp between lies where a quarter at most is painted, so that an edge hardly gets narrower.
    """
    claimed = functools.reduce(ImageChops.add, (mask.convert("L") for mask in masks))
    left = claimed.resize(size, Image.Resampling.BICUBIC)
    return left.point([max(0, 255 - 4 * value) for value in range(256)])
