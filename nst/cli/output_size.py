"""The flag for how large the result is: --output-size."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from nst.cli.flags import Group
from nst.errors import UserError

if TYPE_CHECKING:
    from nst.studio.output_size import OutputSize


def parse(text: str) -> OutputSize:
    """The `type=` of the flag: px of the longer side, or a factor such as 2x."""
    from nst.studio.output_size import LONGEST_SIDE, OutputSize  # late, as it imports Pillow

    try:
        return OutputSize.of(text)
    except UserError as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} was given, which is neither a whole number of px from 1 to {LONGEST_SIDE} "
            "nor a factor such as 2x"
        ) from error


def add_output_size(group: Group) -> None:
    """The flag."""
    group.add_argument(
        "--output-size",
        metavar="PX|Nx",
        type=parse,
        help="longer side of the result in px, or how many times the photo's size it has, such as "
        "2x; at most 16384 px a side and 100 megapixels; default: the photo's size, or the "
        "canvas's where that is larger",
    )
