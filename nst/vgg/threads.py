"""How many threads share an operation: all, or fewer while other programs want the cores.

Threads that share an operation wait for the last of them, hundreds of times an iteration. If one
has to share its core with another program, all wait: beside one busy process on two cores, two
threads take longer than one does.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from contextvars import ContextVar

import torch
from torch import Tensor

# Of an iteration's time, what this thread computes when the cores are its own is 0.9 and more, and
# beside a busy process, waiting for the other threads, 0.65 and less.
CROWDED = 0.75
# Iterations in a row until it counts: a browser that draws, or one look at a page, is soon over.
IN_A_ROW = 2
# Seconds until one more thread is tried: at first, and after it was too many again and again.
PATIENCE, MOST_PATIENCE = 0.5, 4.0
# Seconds in which this thread has computed; on Windows, which counts these in steps of 16 ms, all:
# there painting always has all threads.
_computed = time.perf_counter if sys.platform == "win32" else time.thread_time

_most: ContextVar[int | None] = ContextVar("_most", default=None)  # while there are fewer


class Threads:
    """Tries how many threads are good; without `adapting` always all that torch has."""

    def __init__(self, *, adapting: bool = True) -> None:
        self._adapting = adapting
        self._fewer = 0
        self._crowded = 0  # iterations in a row
        self._patience = self._left = PATIENCE
        self._tried = False  # whether one more thread is on trial

    @contextlib.contextmanager
    def iteration(self) -> Iterator[None]:
        """As many threads as are good now, which is learned from how long it takes."""
        began, computed = time.perf_counter(), _computed()
        with _threads(torch.get_num_threads() - self._fewer):
            yield
        if self._adapting:
            self._learn(time.perf_counter() - began, _computed() - computed)

    def _learn(self, seconds: float, computed: float) -> None:
        """Go by how many seconds of an iteration this thread computed."""
        self._crowded = self._crowded + 1 if computed < CROWDED * seconds else 0
        if not self._crowded:
            self._tried = False
        if self._crowded == IN_A_ROW and self._fewer < torch.get_num_threads() - 1:
            self._patience = min(2 * self._patience, MOST_PATIENCE) if self._tried else PATIENCE
            self._fewer += 1
            self._left, self._crowded, self._tried = self._patience, 0, False
        elif self._fewer and not self._crowded:
            self._left -= seconds
            if self._left <= 0:
                self._fewer -= 1
                self._tried, self._left = True, self._patience


def one_thread() -> contextlib.AbstractContextManager[None]:
    """For work of many small parts, for which threads only wait for one another."""
    return _threads(1)


@contextlib.contextmanager
def all_threads() -> Iterator[None]:
    """For operations whose last bits depend on how many threads share them.

    These are sums of all values of a tensor, some products of matrices in bfloat16, and in float32
    convolutions of one position. So a painting is the same to the bit however crowded it was.
    """
    most = _most.get()
    if most is None:
        yield
        return
    fewer = torch.get_num_threads()
    torch.set_num_threads(most)
    token = _most.set(None)
    try:
        yield
    finally:
        _most.reset(token)
        torch.set_num_threads(fewer)


def total(x: Tensor) -> float:
    """The sum of all values, by `all_threads`."""
    with all_threads():
        return float(x.sum())


@contextlib.contextmanager
def _threads(count: int) -> Iterator[None]:
    """So many threads, but for what is done by `all_threads`."""
    most = torch.get_num_threads()
    if count == most:
        yield
        return
    torch.set_num_threads(count)
    token = _most.set(_most.get() or most)
    try:
        yield
    finally:
        _most.reset(token)
        torch.set_num_threads(most)
