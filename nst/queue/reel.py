"""What a job holds of the film that it paints, and the MP4 that grows meanwhile."""

from __future__ import annotations

import io
from collections.abc import Generator
from dataclasses import dataclass, field

from nst.film import footage
from nst.film.cost import FrameCost
from nst.film.footage import Facts, Footage
from nst.film.live import Shot
from nst.film.mp4 import Mp4
from nst.film.order import FilmOrder
from nst.queue.history import Standing
from nst.studio.order import Order


@dataclass
class Reel:
    """A film under way, in memory alone: neither what was given nor what comes touches a disk."""

    facts: Facts  # of the whole film
    cost: FrameCost  # seconds, as they were estimated
    order: FilmOrder | None  # with what was given; until the end
    shots: Generator[Shot, None, None] | None = None  # under way, also while others have a turn
    frames: int = 0  # that are finished
    seconds: float = 0.0  # that its turns took
    mp4: bytes = b""  # at the end, of the frames that are finished
    _file: io.BytesIO = field(default_factory=io.BytesIO)
    _film: Mp4 | None = None

    @classmethod
    def of(cls, order: Order, given: Footage, cost: FrameCost) -> Reel:
        """A film of what was given."""
        return cls(footage.facts(given, order.settings), cost, footage.film_order(order, given))

    @property
    def work(self) -> float:
        """Seconds that all of it takes, as they were estimated."""
        return self.cost.of(self.facts.frames)

    @property
    def size_bytes(self) -> int:
        """How many bytes it takes in memory."""
        given = 0 if self.order is None else footage.size_bytes(self.order)
        return given + len(self.mp4)

    def add(self, shot: Shot) -> None:
        """Take in a frame if one is finished; raises `ImageError` for one that cannot be stored."""
        if shot.painting is None:
            return
        assert self.order is not None
        if self._film is None:
            self._film = Mp4(self._file, self.order)
        self._film.add(shot.painting)
        self.frames = self._film.count

    def standing(self, shot: Shot) -> Standing:
        """How far it is, in the numbers of a painting: frames instead of iterations, no losses."""
        total = self.facts.frames
        fraction = min(1.0, self.cost.of(shot.done) / self.work)
        left = self.seconds * (1 - fraction) / fraction if fraction else 0.0
        side = max(self.facts.size)
        return Standing(
            self.frames, total, side, (side,), 0.0, 0.0, 0.0, self.seconds, left, fraction
        )

    def end(self) -> None:
        """Let go of all but the MP4 of the finished frames."""
        self.order = None
        shots, self.shots = self.shots, None
        film, self._film = self._film, None
        if shots is not None:
            shots.close()
        if film is not None:
            film.close()
            self.mp4, self._file = self._file.getvalue(), io.BytesIO()
