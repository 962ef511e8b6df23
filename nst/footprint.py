"""How much memory a painting takes, and how large a canvas what there is has room for.

The model is measured: the peak of a process that has imported Streamlit and torch and paints one
picture in one style on two threads. It took 0.95 GB at 256 x 256 px, 1.03 GB at 384 x 384, 0.99 GB
at 512 x 512, 1.28 GB at 768 x 768 and 1.56 GB at 1024 x 1024.
"""

from __future__ import annotations

from nst.settings import CONTROLS, UserError

SMALL = 1.03e9  # bytes, up to about half a thousand pixels a side
BASE = 0.82e9  # bytes, and
A_PIXEL = 790  # bytes more for each of the canvas, beyond that
LEAST = 256  # px, offered wherever the page can start at all
STEP = 64  # px


class TooLargeError(UserError):
    """A canvas needs more memory than there is."""


def needed(width: int, height: int) -> int:
    """Bytes of a process that paints on such a canvas, px."""
    return round(max(SMALL, BASE + A_PIXEL * width * height))


def highest_resolution(memory: int) -> int:
    """The longest side, px, of a canvas for which so many bytes suffice whatever its shape."""
    highest = int(CONTROLS["resolution"].maximum or LEAST)
    fitting = [side for side in range(LEAST, highest + 1, STEP) if needed(side, side) <= memory]
    return max(fitting, default=LEAST)


def check(size: tuple[int, int], memory: int) -> None:
    """Raises `TooLargeError` if a canvas of (width, height) px needs more than so many bytes."""
    if max(size) > LEAST and needed(*size) > memory:
        raise TooLargeError(
            f"A canvas of {size[0]} x {size[1]} px needs {gigabytes(needed(*size))} of memory, but "
            f"this computer has {gigabytes(memory)} for it; choose a resolution of at most "
            f"{highest_resolution(memory)} px."
        )


def gigabytes(size: int) -> str:
    """Bytes as one says them: 1.3 GB."""
    return f"{size / 1e9:.1f} GB"
