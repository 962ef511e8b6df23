"""How large a result is: the photo's size, the canvas's where that is larger, or what is asked."""

from __future__ import annotations

from dataclasses import dataclass

from nst.errors import UserError
from nst.pictures import fitting
from nst.settings import Settings, number

LONGEST_SIDE = 16_384  # px; WebP takes no more
MOST_PIXELS = 100_000_000  # a picture takes 300 MB, and finishing it several times as much


@dataclass(frozen=True)
class OutputSize:
    """The longer side of a result, px, or how many times as large as the photo it is."""

    side: int = 0
    factor: float = 0.0

    @classmethod
    def of(cls, given: int | str) -> OutputSize:
        """From px of the longer side, or a factor such as "2x"; raises `UserError` for no size."""
        text = str(given)
        value = number(text.removesuffix("x"))
        if text.endswith("x") and isinstance(value, (int, float)) and 0 < value <= LONGEST_SIDE:
            return cls(factor=value)
        if isinstance(value, int) and not text.endswith("x") and 1 <= value <= LONGEST_SIDE:
            return cls(side=value)
        raise UserError(
            f"The output size was {given!r}; it is a whole number of px from 1 to {LONGEST_SIDE} "
            "for the longer side, or a factor such as 2x."
        )

    def for_photo(self, photo: tuple[int, int]) -> tuple[int, int]:
        """Width and height for a photo of such a size; raises `UserError` beyond the limits."""
        longer = max(photo)
        scale = self.factor or self.side / longer
        width, height = (max(1, round(length * scale)) for length in photo)
        if max(width, height) > LONGEST_SIDE or width * height > MOST_PIXELS:
            raise UserError(
                f"The output size would be {width} x {height} px; a result has at most "
                f"{LONGEST_SIDE} px a side and {MOST_PIXELS // 10**6} megapixels, so give less."
            )
        return width, height


def result_size(
    asked: OutputSize | None, photo: tuple[int, int], settings: Settings
) -> tuple[int, int]:
    """Width and height of the result of a photo of such a size, px.

    By default that of the larger one of photo and canvas. Raises `UserError` beyond the limits.
    """
    if asked is not None:
        return asked.for_photo(photo)
    # What was painted for hours on a large canvas is not made small again.
    canvas = max(fitting.fit_size(photo, settings.resolution, settings.square))
    return OutputSize(side=canvas).for_photo(photo) if canvas > max(photo) else photo
