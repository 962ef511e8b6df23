"""How much memory a painting takes, and how large a canvas what there is has room for.

The model is measured (benchmarks/hosting.py): the peak of the anonymous memory (what the system
cannot drop and read again from a file) of the page's process while it paints one square picture in
one style, with `malloc.give_back_early` in force as it is where memory is short, in float32, the
precision that takes more. With PyTorch built for CUDA it took 0.74 GB up to 384 x 384 px, 0.71 GB
at 512 x 512 and 0.82 GB at 640 x 640; without the CUDA libraries, as built for the CPU, 0.59, 0.57
and 0.68 GB. Where memory is tight, no transformed weights are kept: 0.56 GB at 192 x 192 px and
0.60 GB at 256 x 256, without CUDA 0.39 and 0.45 GB. Of the libraries' files 0.05 GB are needed all
the time: with less than that, a painting becomes slow.

`paint.memory` has a model of its own, part by part, to choose tiles by. It comes out a quarter
higher, as it counts all memory of a process that keeps what it freed; this one counts what a small
server must have, and has to answer before torch is imported.
"""

from __future__ import annotations

import bisect
import functools
import importlib.util
from pathlib import Path

from nst.errors import TooLargeError
from nst.machine import limits
from nst.settings import CONTROLS

BASE = 415_000_000  # bytes, and
A_PIXEL = 780  # bytes more for each of the canvas
CUDA = 145_000_000  # bytes that PyTorch's CUDA libraries take, with a graphics card or without
LEAST_BYTES = 641_000_000  # bytes of any painting that keeps transformed weights
TRANSFORMED = 45_000_000  # bytes of those of one layer, where none are kept
LEAST = 256  # px, offered wherever the page can start at all


def needed(width: int, height: int) -> int:
    """Bytes of a process that paints on such a canvas, px."""
    libraries = CUDA if built_for_cuda() else 0
    painting = BASE + A_PIXEL * width * height
    if limits.memory_is_tight():
        return libraries + painting + TRANSFORMED
    return libraries + max(LEAST_BYTES, painting)


@functools.cache
def built_for_cuda() -> bool:
    """Whether PyTorch is built for CUDA, as it is found without importing it."""
    spec = importlib.util.find_spec("torch")
    folders = spec.submodule_search_locations if spec is not None else None
    return any(list(Path(each, "lib").glob("*torch_cuda*")) for each in folders or ())


def highest_resolution(memory: int) -> int:
    """The longest side, px, of a canvas for which so many bytes suffice whatever its shape."""
    control = CONTROLS["resolution"]
    offered = range(LEAST, int(control.maximum or LEAST) + 1, int(control.step or 1))
    fitting = bisect.bisect_right(offered, memory, key=lambda side: needed(side, side))
    return offered[max(0, fitting - 1)]


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
