"""From pictures to the tensors that a run paints with, and from its result back to a picture.

What the command line, the page and a batch do alike: sizes, stroke size, colours and strength.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image, ImageChops

from nst.pictures import fitting, reading, tensors
from nst.settings import Settings

if TYPE_CHECKING:
    from torch import Tensor

# px, the longer side of a style. Enlarged beyond it for large strokes, its middle is taken: a
# style of 4096 px would cost more than the painting.
LARGEST_STYLE = 1536


@dataclass(frozen=True)
class Canvas:
    """What `transfer.steps` takes, as pictures at the size they are painted at."""

    content: Image.Image
    styles: tuple[Image.Image, ...]
    masks: tuple[Image.Image, ...]  # grey, of the content's size
    init: Image.Image | None

    def tensors(self) -> tuple[Tensor, list[Tensor], Tensor | None, list[Tensor]]:
        """Content, styles, init and masks, as `transfer.Canvas` takes them."""
        styles = [tensors.to_tensor(style) for style in self.styles]
        init = None if self.init is None else tensors.to_tensor(self.init)
        masks = [tensors.to_tensor(mask)[:, :1] for mask in self.masks]
        return tensors.to_tensor(self.content), styles, init, masks


def prepare(
    photo: Image.Image,
    styles: Sequence[Image.Image],
    settings: Settings,
    masks: Sequence[Image.Image] = (),
    init: Image.Image | None = None,
) -> Canvas:
    """The pictures at the size of the canvas, in the colours they are painted in.

    `masks` may have any size and colours; their brightness counts.
    """
    from nst.pictures import (
        color,  # here and below, as the page's first paint must not wait for numpy
    )

    content = fitting.fit(photo, settings.resolution, settings.square)
    fitted = [_fit_style(style, settings) for style in styles]
    if settings.preserve_color == "match":
        fitted = [color.match_color(style, content) for style in fitted]
    elif settings.preserve_color == "luminance":
        fitted = [color.match_luminance(style, content) for style in fitted]
        content = color.grey(content)
        init = None if init is None else color.grey(init)
    size = content.size
    return Canvas(
        content,
        tuple(fitted),
        tuple(
            mask.convert("L").resize(size, Image.Resampling.BOX).convert("RGB") for mask in masks
        ),
        None if init is None else init.resize(size, Image.Resampling.LANCZOS),
    )


def _fit_style(style: Image.Image, settings: Settings) -> Image.Image:
    """The style beside a canvas of the settings' resolution, its strokes scaled."""
    side = max(reading.MIN_SIDE, round(settings.resolution * settings.style_scale))
    most = max(LARGEST_STYLE, settings.resolution)
    if side > most:
        cut = (1 - most / side) / 2
        width, height = style.size
        style = style.crop(
            (
                round(width * cut),
                round(height * cut),
                max(round(width * cut) + 1, round(width * (1 - cut))),
                max(round(height * cut) + 1, round(height * (1 - cut))),
            )
        )
        side = most
    return fitting.fit(style, side)


def mixes_photo(settings: Settings, masks: Sequence[Image.Image] = ()) -> bool:
    """Whether `finish` shows some of the photo itself."""
    return bool(masks) or settings.strength < 1 or settings.preserve_color == "luminance"


def sharpened(settings: Settings, photo: tuple[int, int], painting: tuple[int, int]) -> bool:
    """Whether the photo's fine light and dark is added to a painting when it is enlarged.

    Sizes are (width, height), px. Strokes that were chosen stay as they are: on top of them the
    photo's hairlines look like a photograph that shows through.
    """
    from nst.pictures import enlarging

    return settings.style_loss == "gram" and enlarging.has_more(photo, painting)


def finish(
    painting: Image.Image,
    photo: Image.Image,
    settings: Settings,
    masks: Sequence[Image.Image] = (),
) -> Image.Image:
    """The painting at the photo's size, in its colours if they are kept, at its strength.

    `masks` are those of the `Canvas`: what none of them claims is the photo itself, not the photo
    at the size of the canvas.
    """
    from nst.pictures import color, enlarging

    if sharpened(settings, photo.size, painting.size):
        picture = enlarging.enlarge(painting, photo)
    else:
        picture = fitting.enlarge(painting, photo.size)
    if settings.preserve_color == "luminance":
        picture = color.with_colors_of(picture, photo)
    if masks:
        picture = Image.composite(photo, picture, unclaimed(masks, photo.size))
    # The strength mixes in linear light, as one layer of paint lets another shine through.
    return picture if settings.strength == 1 else color.blend(picture, photo, settings.strength)


def unclaimed(masks: Sequence[Image.Image], size: tuple[int, int]) -> Image.Image:
    """White where the photo stays as it is, black where the painting has mixed both already.

    The ramp between lies where a quarter at most is painted, so that an edge hardly gets narrower.
    """
    claimed = functools.reduce(ImageChops.add, (mask.convert("L") for mask in masks))
    left = claimed.resize(size, Image.Resampling.BICUBIC)
    return left.point([max(0, 255 - 4 * value) for value in range(256)])
