"""How much the queue takes, keeps and waits for."""

from __future__ import annotations

from dataclasses import dataclass

from nst.film.footage import FilmBounds

KEPT_BYTES = 256 * 1024**2  # the most that pictures of ended jobs take
DEADLINE = 1800.0  # seconds


@dataclass(frozen=True)
class Bounds:
    """The limits of a `JobManager`."""

    capacity: int = 8  # paintings that may wait
    kept: int = 20  # ended jobs that can still be looked at
    kept_bytes: int = KEPT_BYTES  # of pictures in ended jobs, and as many in those that wait
    memory: int | None = None  # bytes that this process may use; None takes a canvas of any size
    # Seconds without a look after which a job gives way to others: one that waits leaves the queue,
    # one that runs is stopped as soon as another waits. A reload takes far less.
    patience: float = 120.0
    deadline: float = DEADLINE  # seconds that a job may run
    films: FilmBounds | None = None  # what films are taken; None for none
    # Seconds that a film is painted before a painting that waits is let go first. A painting takes
    # about a minute: so nobody waits long for films, and a film takes at most three times as long.
    turn: float = 30.0
    drafts: int = 64  # that are kept, of some 100 KB each; with 0 none are made
