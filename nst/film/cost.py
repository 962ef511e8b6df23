"""How long the frames of a film take: the first of each scene far more than the others."""

from __future__ import annotations

from typing import NamedTuple


class FrameCost(NamedTuple):
    """Seconds that a frame takes."""

    first: float  # each that begins a scene
    later: float  # each other

    def of(self, frames: float, scenes: int = 1) -> float:
        """Seconds that so many frames take, parts of frames included."""
        begun = min(frames, scenes)
        return begun * self.first + (frames - begun) * self.later
