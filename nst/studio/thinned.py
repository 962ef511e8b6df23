"""Things that are thinned out while more of them come, so that they stay few."""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")


class Thinned(Generic[T]):
    """At most `limit` things, spread evenly over all that came."""

    def __init__(self, limit: int) -> None:
        self._limit, self._stride, self._count = limit, 1, 0
        self._kept: list[T] = []

    @property
    def due(self) -> bool:
        """Whether the next thing is kept; one that is not need not be made."""
        return self._count % self._stride == 0

    def add(self, thing: T | None) -> None:
        """Take in the next thing, which may be None where it is not due."""
        if self.due and thing is not None:
            self._kept.append(thing)
        self._count += 1
        if len(self._kept) >= self._limit:
            self._kept, self._stride = self._kept[::2], self._stride * 2

    def kept(self) -> tuple[T, ...]:
        """What is kept, oldest first."""
        return tuple(self._kept)
