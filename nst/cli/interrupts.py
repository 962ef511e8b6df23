"""Ctrl-C and SIGTERM: they end what goes on, or wait until what was painted is safe."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TypeVar

from nst.errors import Terminated

T = TypeVar("T")


class Interrupts:
    """Turns the first request to end into a KeyboardInterrupt, and holds back all others.

    A program that was interrupted has a picture to save: a second Ctrl-C would lose it. SIGTERM is
    raised as `Terminated`. A signal that is ignored, as after nohup, stays ignored.
    """

    def __init__(self) -> None:
        self._held = False
        self._late: KeyboardInterrupt | None = None

    @contextlib.contextmanager
    def handled(self) -> Iterator[None]:
        """Answer the signals of this process for so long, where this is its main thread."""
        before = {}
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                if signal.getsignal(number) is not signal.SIG_IGN:
                    before[number] = signal.signal(number, self._handle)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def hold(self) -> None:
        """From now on a signal waits: what is painted is being saved."""
        self._held = True

    def release(self) -> None:
        """From now on a signal is raised; raises one that came meanwhile."""
        self._held = False
        late, self._late = self._late, None
        if late is not None:
            self._held = True
            raise late

    @contextlib.contextmanager
    def holding(self) -> Iterator[None]:
        """Hold signals back for so long; raises one that came meanwhile at the end."""
        before, self._held = self._held, True
        try:
            yield
        finally:
            self._held = before
        if not before:
            self.release()

    def finish(self, work: Callable[[], T]) -> tuple[T, KeyboardInterrupt | None]:
        """Do `work` to its end; with its result, the interrupt that came meanwhile, or None."""
        self._held = True
        try:
            result = work()
        except KeyboardInterrupt as interrupt:  # raised before signals were held back
            self._late = interrupt
            result = work()
        late, self._late = self._late, None
        return result, late

    def _handle(self, number: int, frame: FrameType | None) -> None:
        interrupt = Terminated() if number == signal.SIGTERM else KeyboardInterrupt()
        if self._held:
            self._late = interrupt
            return
        self._held = True
        raise interrupt
