"""What is ordered: pictures as files, and settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from PIL import Image

from nst.errors import UserError
from nst.pictures import reading
from nst.settings import Settings
from nst.studio.output_size import OutputSize, result_size
from nst.studio.recipe import Recipe, Source


@dataclass(frozen=True)
class Input:
    """A picture that goes in, as a file: its title for people, its bytes and its name."""

    title: str
    data: bytes
    file_name: str
    most_pixels: int = reading.MAX_PIXELS  # that may be held; as in `reading.open_picture`

    @cached_property
    def source(self) -> Source:
        """What a recipe says of the picture."""
        return Source.of(self.data, self.file_name)

    def open(self, ground: str | None = "white") -> Image.Image:
        """The picture, transparency laid on a `ground` as in `reading.open_picture`.

        Raises `ImageError`.
        """
        return reading.open_picture(
            self.data, self.file_name, most_pixels=self.most_pixels, ground=ground
        )


@dataclass(frozen=True)
class Pictures:
    """The pictures of an order, opened: RGB, of any size."""

    content: Image.Image  # RGBA, if it is transparent in part: so is its painting then
    styles: Sequence[Image.Image]  # RGBA, if only a part of it counts
    masks: Sequence[Image.Image] = ()  # none, or one a style
    init: Image.Image | None = None
    style_masks: Sequence[Image.Image] = ()  # none, or one a style, of any size: what counts of it

    def __post_init__(self) -> None:
        """Raises `UserError` for masks that leave nothing to paint, or nothing of a style."""
        for number, mask in enumerate(self.style_masks, 1):
            if _is_black(mask):
                raise UserError(
                    f"Style mask {number} is black everywhere, so that nothing of its style would "
                    "count; give one in which something is white."
                )
        if self.masks and all(_is_black(mask) for mask in self.masks):
            which = "The mask is" if len(self.masks) == 1 else "All masks are"
            raise UserError(
                f"{which} black everywhere, so that nothing would be painted; give one in which "
                "something is white."
            )


def _is_black(mask: Image.Image) -> bool:
    return mask.convert("L").getextrema() == (0, 0)


@dataclass(frozen=True)
class Order:
    """What is to be painted, from what, and how.

    `masks` are none or one a style, for where it is painted; so are `style_masks`, for what counts
    of it; `init` goes with the setting of the same name, "picture".
    `output_size` is how large the result is, by default as `output_size.result_size` says.
    """

    content: Input
    styles: tuple[Input, ...]
    settings: Settings
    masks: tuple[Input, ...] = ()
    init: Input | None = None
    style_masks: tuple[Input, ...] = ()
    output_size: OutputSize | None = None

    def open(self) -> Pictures:
        """The order's pictures; raises `ImageError` for one that cannot be read."""
        return Pictures(
            self.content.open(ground=None),
            [style.open(ground=None) for style in self.styles],
            [mask.open("black") for mask in self.masks],
            None if self.init is None else self.init.open(),
            [mask.open("black") for mask in self.style_masks],
        )

    def size_for(self, photo: tuple[int, int]) -> tuple[int, int]:
        """Width and height of the result of a photo of this size; `UserError` if too large."""
        return result_size(self.output_size, photo, self.settings)

    @property
    def style_name(self) -> str:
        """The styles as one says them: Night sky, Watercolour and Pointillism."""
        return enumerated([style.title for style in self.styles])

    @property
    def recipe(self) -> Recipe:
        """All it takes to paint this again, but for the weights and versions."""
        return Recipe(
            self.settings,
            self.content.source,
            tuple(style.source for style in self.styles),
            tuple(mask.source for mask in self.masks),
            None if self.init is None else self.init.source,
            style_masks=tuple(mask.source for mask in self.style_masks),
        )


def enumerated(items: Sequence[str]) -> str:
    """Items as one says them: a, b and c."""
    *others, last = items
    return f"{', '.join(others)} and {last}" if others else last
