"""The one thread in which a process paints.

OpenMP gives every thread that uses torch helper threads of its own, and keeps them all. Where there
are more of them than cores, it lets them sleep between any two steps, and a painting takes a third
longer. So all painting of a process is done in one thread.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def paint(work: Callable[P, T], *arguments: P.args, **more: P.kwargs) -> T:
    """Run `work` in that thread when it is free, and return or raise what `work` does."""
    return _thread().submit(work, *arguments, **more).result()


@functools.cache
def _thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, "painting")
