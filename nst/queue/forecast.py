"""How long jobs will take, and who comes when: the line is played through as it will be taken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from nst.queue import footprint
from nst.queue.bounds import Bounds
from nst.queue.job import Job, JobState
from nst.queue.pace import Pace

FORESEEABLE = 0.05  # of its work, from which on a painting tells by itself what is left


class Plan(NamedTuple):
    """What a painting or a film will take."""

    seconds: float
    guessed: bool  # whether none was made here yet by which the seconds could be told
    memory: int  # bytes of the process
    too_long: bool  # for one job


class Wait(NamedTuple):
    """How long a job waits."""

    ahead: int  # jobs that are painted before it, wholly or in part
    seconds: float


class Place(NamedTuple):
    """A job in the line, the running one first."""

    id: str
    left: float  # seconds of work
    is_film: bool = False
    turn: float = 0.0  # seconds of its turn that are over, of a film that runs


def waits(line: Sequence[Place], turn: float) -> dict[str, Wait]:
    """How long each job of the line waits, where a film gives way to a painting after each turn."""
    waiting, seconds, found = list(line), 0.0, dict[str, Wait]()
    while waiting:
        job = waiting.pop(0)
        found.setdefault(job.id, Wait(len(found), seconds))
        painting = next((each for each in waiting if not each.is_film), None)
        rest = max(0.0, turn - job.turn)
        if not job.is_film or painting is None or job.left <= rest:
            seconds += job.left
            continue
        seconds += rest
        waiting.remove(painting)
        waiting[:0] = painting, job._replace(left=job.left - rest, turn=0.0)
    return found


def foreseeable(job: Job) -> bool:
    """Whether a job that was begun tells by itself what is left."""
    return job.standing is not None and job.standing.fraction >= FORESEEABLE


class Forecast:
    """What jobs will take, from how long those before them took.

    The work of a film is in seconds as they were estimated, that of a painting in another unit: so
    each kind has a pace of its own. Guarded by the lock of a manager.
    """

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self.paintings, self._films = Pace(), Pace(1.0)

    def plan(self, work: float, size: tuple[int, int], *, film: bool = False) -> Plan:
        """What so much work takes on a canvas of (width, height) px."""
        pace = self._films if film else self.paintings
        seconds = pace.seconds(work)
        too_long = seconds > self._bounds.deadline
        return Plan(seconds, pace.guesses, footprint.needed(*size), too_long)

    def left(self, job: Job, spent: float) -> float:
        """Seconds that a job will still take, of which it has spent some."""
        if job.standing is not None and foreseeable(job):
            return job.standing.seconds_left
        return max(0.0, self._pace_of(job).seconds(job.work) - spent)

    def learn(self, job: Job, seconds: float) -> None:
        """Note how long a job took that has ended."""
        if job.standing is not None and job.state is not JobState.FAILED:
            self._pace_of(job).add(job.work * job.standing.fraction, seconds)

    def _pace_of(self, job: Job) -> Pace:
        return self.paintings if job.reel is None else self._films
