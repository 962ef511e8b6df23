"""How much memory a painting takes, and how large a canvas what there is has room for.

The model is measured: the peak of the anonymous memory (what the system cannot drop and read again
from a file) of a process that has imported Streamlit, pandas and torch and paints one picture in
one style on two threads, with `malloc.give_back_early` in force as it is where memory is short. It
took 0.65 GB at 256 x 256 px, 0.66 GB at 384 x 384, 0.68 GB at 512 x 512, 0.78 GB at 640 x 640,
0.92 GB at 768 x 768, 1.08 GB at 896 x 896 and 1.28 GB at 1024 x 1024; without it, 0.70 GB at
384 x 384, 0.75 GB at 512 x 512, 1.02 GB at 768 x 768 and 1.43 GB at 1024 x 1024. The libraries'
files add 0.31 GB, of which a third is taken to be needed all the time.

`paint.memory` has a model of its own, part by part, to choose tiles by. It comes out a quarter
higher, as it counts all memory of a process that keeps what it freed; this one counts what a small
server must have, and has to answer before torch is imported.
"""

from __future__ import annotations

from nst.errors import TooLargeError
from nst.settings import CONTROLS

LEAST_BYTES = 780_000_000  # bytes of any painting: its coarse canvases keep transformed weights
BASE = 565_000_000  # bytes, and
A_PIXEL = 780  # bytes more for each of the canvas
LEAST = 256  # px, offered wherever the page can start at all


def needed(width: int, height: int) -> int:
    """Bytes of a process that paints on such a canvas, px."""
    return max(LEAST_BYTES, BASE + A_PIXEL * width * height)


def highest_resolution(memory: int) -> int:
    """The longest side, px, of a canvas for which so many bytes suffice whatever its shape."""
    control = CONTROLS["resolution"]
    offered = range(LEAST, int(control.maximum or LEAST) + 1, int(control.step or 1))
    fitting = [side for side in offered if needed(side, side) <= memory]
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
