"""From opened pictures to what the engine paints from: size, stroke size and colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PIL import Image

from nst.errors import UserError
from nst.pictures import fitting, reading, tensors, transparency
from nst.settings import Settings
from nst.studio.order import Pictures

if TYPE_CHECKING:
    from nst.paint.transfer import Canvas

# px, the longer side of a style. Enlarged beyond it for large strokes, its middle is taken: a
# style of 4096 px would cost more than the painting.
LARGEST_STYLE = 1536


@dataclass(frozen=True)
class Prepared:
    """Pictures at the size, and in the colours, that they are painted from."""

    content: Image.Image
    styles: tuple[Image.Image, ...]
    masks: tuple[Image.Image, ...]  # grey, of the content's size
    init: Image.Image | None  # of the content's size
    # For each style how much each place counts, mode L of its size; None where all of it does.
    style_masks: tuple[Image.Image | None, ...] = ()

    def canvas(self) -> Canvas:
        """The pictures as tensors, for `transfer.steps`."""
        from nst.paint.transfer import Canvas  # late, as torch takes seconds to import

        return Canvas(
            tensors.to_tensor(self.content),
            [tensors.to_tensor(style) for style in self.styles],
            None if self.init is None else tensors.to_tensor(self.init),
            [tensors.to_tensor(mask)[:, :1] for mask in self.masks],
            [
                None if mask is None else tensors.to_tensor(mask.convert("RGB"))[:, :1]
                for mask in self.style_masks
            ],
        )


def prepare(pictures: Pictures, settings: Settings) -> Prepared:
    """The pictures at the size of the canvas, in the colours that they are painted in.

    Masks may have any size and colours; their brightness counts. Where the photo is transparent,
    what is visible around is painted on, as `Painting.finish` hides it; transparent parts of an
    artwork do not count, and neither does what its style mask has black.
    """
    # Here, as the page's first paint must not wait for numpy.
    from nst.pictures import color

    content = fitted(pictures.content, settings)
    sized = [_fit_style(style, settings) for style in _counted(pictures)]
    counted = [
        style.getchannel("A") if transparency.is_transparent(style) else None for style in sized
    ]
    styles = [transparency.opaque(style) for style in sized]
    init = pictures.init
    if settings.preserve_color == "match":
        styles = [
            color.match_color(style, content, mask)
            for style, mask in zip(styles, counted, strict=True)
        ]
    elif settings.preserve_color == "luminance":
        styles = [
            color.match_luminance(style, content, mask)
            for style, mask in zip(styles, counted, strict=True)
        ]
        init = None if init is None else color.grey(init)
    size = content.size
    return Prepared(
        _coloured(content, settings),
        tuple(styles),
        sized_masks(pictures.masks, size),
        None if init is None else init.resize(size, Image.Resampling.LANCZOS),
        tuple(counted) if any(counted) else (),
    )


def next_frame(prepared: Prepared, frame: Image.Image, settings: Settings) -> Prepared:
    """What the next frame of a film is painted from: artworks and masks stay as they are."""
    return replace(prepared, content=_coloured(fitted(frame, settings), settings), init=None)


def fitted(photo: Image.Image, settings: Settings) -> Image.Image:
    """The photo at the size of the canvas, in RGB."""
    return fitting.fit(transparency.opaque(photo), settings.resolution, settings.square)


def sized_masks(masks: Sequence[Image.Image], size: tuple[int, int]) -> tuple[Image.Image, ...]:
    """Masks in grey at the size of the canvas, (width, height)."""
    return tuple(
        mask.convert("L").resize(size, Image.Resampling.BOX).convert("RGB") for mask in masks
    )


def _coloured(content: Image.Image, settings: Settings) -> Image.Image:
    """The photo in the colours that it is painted in."""
    from nst.pictures import color

    return color.grey(content) if settings.preserve_color == "luminance" else content


def _counted(pictures: Pictures) -> Sequence[Image.Image]:
    """The artworks, transparent where they do not count; raises `UserError` if nothing does."""
    if not pictures.style_masks:
        return pictures.styles
    found = []
    for number, (style, mask) in enumerate(
        zip(pictures.styles, pictures.style_masks, strict=True), 1
    ):
        shown = transparency.shown_through(style, mask)
        if shown is None:
            raise UserError(
                f"Style mask {number} leaves nothing to be seen of its style; make white what "
                "shall count of it."
            )
        found.append(shown)
    return found


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
