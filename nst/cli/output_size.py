"""How large the result is: --output-size."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from nst.cli.flags import Group
from nst.errors import UserError
from nst.settings import number

LONGEST_SIDE = 16_384  # px; WebP takes no more
MOST_PIXELS = 100_000_000  # a picture takes 300 MB, and finishing it several times as much


@dataclass(frozen=True)
class OutputSize:
    """The longer side of a result, px, or how many times as large as the photo it is."""

    side: int = 0
    factor: float = 0.0

    def of(self, photo: tuple[int, int]) -> tuple[int, int]:
        """Width and height for a photo of such a size; raises `UserError` beyond the limits."""
        longer = max(photo)
        scale = self.factor or self.side / longer
        width, height = (max(1, round(length * scale)) for length in photo)
        if max(width, height) > LONGEST_SIDE or width * height > MOST_PIXELS:
            raise UserError(
                f"--output-size would give {width} x {height} px; a result has at most "
                f"{LONGEST_SIDE} px a side and {MOST_PIXELS // 10**6} megapixels, so give less."
            )
        return width, height


def parse(text: str) -> OutputSize:
    """The `type=` of the flag: px of the longer side, or a factor such as 2x."""
    value = number(text.removesuffix("x"))
    if text.endswith("x") and isinstance(value, (int, float)) and 0 < value <= LONGEST_SIDE:
        return OutputSize(factor=value)
    if isinstance(value, int) and not text.endswith("x") and 1 <= value <= LONGEST_SIDE:
        return OutputSize(side=value)
    raise argparse.ArgumentTypeError(
        f"{text!r} was given, which is neither a whole number of px from 1 to {LONGEST_SIDE} nor a "
        "factor such as 2x"
    )


def add_output_size(group: Group) -> None:
    """The flag."""
    group.add_argument(
        "--output-size",
        metavar="PX|Nx",
        type=parse,
        help="longer side of the result in px, or how many times the photo's size it has, such as "
        f"2x; at most {LONGEST_SIDE} px a side and {MOST_PIXELS // 10**6} megapixels; default: the "
        "photo's size, or the canvas's where that is larger",
    )


def result_size(
    asked: OutputSize | None, photo: tuple[int, int], canvas: tuple[int, int]
) -> tuple[int, int]:
    """Width and height of the result; by default the larger one of photo and canvas."""
    if asked is None:
        # What was painted for hours on a large canvas is not made small again.
        return OutputSize(side=max(canvas)).of(photo) if max(canvas) > max(photo) else photo
    return asked.of(photo)
