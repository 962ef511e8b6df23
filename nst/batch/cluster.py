"""A batch on several workers, by Dask: of this machine, or of a cluster that is there already.

Only a batch that is to be spread imports this, and Dask with it (requirements-cluster.txt). Jobs
travel with the bytes of their pictures and come back as bytes, so that a worker shares nothing with
this process but the scheduler; or as paths, where workers reach the files themselves.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import importlib.util
import logging
import os
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Any

from nst.batch import own_workers, storage
from nst.batch.attempt import Attempt, Painted, carry_out, is_painted, paint, unexpected
from nst.batch.job import Job
from nst.batch.manifest import Record
from nst.errors import UserError
from nst.studio.engine import Engine
from nst.studio.order import Order
from nst.studio.studio import Studio

if TYPE_CHECKING:
    from distributed import Client, Future

MOST_ATTEMPTS = 3  # workers that may die of a job
PATIENCE = 300.0  # seconds to wait for a scheduler or worker to come back
CONNECT = 10.0  # seconds for one attempt to reach a scheduler
FETCH = 120.0  # seconds a finished painting may take to come here
POLL = 0.05  # seconds between two looks at what is done
LOOK_AROUND = 1.0  # seconds between two counts of the workers

DIED = (
    "Every worker that painted it died, {attempts} of them, which mostly is for want of memory; "
    "lower the resolution or give the workers more memory."
)

Connect = Callable[[], "Client"]

log = logging.getLogger(__name__)


def check_installed(flag: str) -> None:
    """Raises `UserError`, which names the flag, if Dask is not there."""
    try:
        import distributed  # noqa: F401
    except ImportError as error:
        raise UserError(
            f"{flag} needs Dask; install it with pip install -r requirements-cluster.txt."
        ) from error


def paint_all(
    jobs: Iterable[Job],
    folder: str,
    engine: Engine,
    workers: int | None = None,
    scheduler: str | None = None,
    shared: bool = False,
) -> Generator[Record, None, None]:
    """Paint the jobs on a cluster: a record each, in the order in which they end.

    `scheduler` is the address of a Dask scheduler; without it, `workers` processes are started
    here, by default one a graphics card. With `shared` the workers read and write the files of the
    jobs themselves; otherwise this process does. A job is tried again when its worker dies, up to
    `MOST_ATTEMPTS` times. Raises `UserError` if no scheduler or no worker can be reached.
    """
    with reach(workers, scheduler) as connect:
        crew = _Crew(connect, folder, engine, shared)
        with contextlib.closing(crew):
            yield from crew.paint(jobs)


@contextlib.contextmanager
def reach(workers: int | None = None, scheduler: str | None = None) -> Iterator[Connect]:
    """A function that connects to the cluster that `paint_all` describes.

    A cluster of our own ends with the context.
    """
    import dask
    import distributed  # noqa: F401  # brings its part of the configuration

    with contextlib.ExitStack() as stack:
        # Pictures are large, and known to be.
        large = {"distributed.admin.large-graph-warning-threshold": "1 GiB"}
        stack.enter_context(dask.config.set(large))
        if scheduler is None:
            own = stack.enter_context(own_workers.start(workers))
            scheduler = own.scheduler_address
        yield functools.partial(_connect, scheduler)


def worthwhile() -> bool:
    """Whether there are several graphics cards, and Dask to paint on each of them."""
    return importlib.util.find_spec("distributed") is not None and own_workers.graphics_cards() > 1


def _connect(address: str) -> Client:
    """A client of the scheduler; raises `UserError` if it does not answer."""
    from distributed import Client

    try:
        return Client(address, timeout=CONNECT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise UserError(
            f"The Dask scheduler at {address} does not answer; check the address and that it runs."
        ) from error


class _Crew:
    """The workers of one cluster, and the jobs that they paint."""

    def __init__(self, connect: Connect, folder: str, engine: Engine, shared: bool) -> None:
        self._connect, self._client = connect, connect()
        self._folder, self._engine, self._shared = folder, engine, shared
        self._studio = Studio(engine)  # paints nothing, but knows the recipes
        self._running: dict[Future, Attempt] = {}
        self._slots, self._gpu = 0, False
        self._looked = -LOOK_AROUND  # so that the first look is at once
        self._seen = time.monotonic()  # when there was a worker last

    def paint(self, jobs: Iterable[Job]) -> Iterator[Record]:
        """A record for each job, as soon as it ended."""
        # With the number of the attempt; those that are tried again come first.
        waiting = deque((job, 1) for job in jobs)
        while waiting or self._running:
            self._look_around()
            # Fetched before anything else is sent: a result is lost with the worker that holds it.
            done = [future for future in self._running if future.done()]
            for future in done:
                attempt = self._running.pop(future)
                ended = self._end(future, attempt)
                if isinstance(ended, Record):
                    yield ended
                else:
                    waiting.appendleft((attempt.job, ended))
            # No more than there are workers: a job that waits at one that dies would count as one
            # that may have killed it.
            while waiting and len(self._running) < self._slots:
                job, number = waiting.popleft()
                started = self._start(job, number)
                if isinstance(started, Record):
                    yield started
                elif not started:
                    waiting.appendleft((job, number))
                    break
            if not done:
                time.sleep(POLL)

    def close(self) -> None:
        """Cancel the jobs that are not painted yet, and disconnect."""
        if self._client.status == "running":
            self._client.cancel(list(self._running), force=True)
        self._client.close()

    def _look_around(self) -> None:
        """Count the workers, and connect again if the scheduler was lost."""
        now = time.monotonic()
        if now - self._looked < LOOK_AROUND:
            return
        self._looked = now
        if self._client.status == "closed":
            self._reconnect()
        connected = self._client.status == "running"
        workers = self._client.scheduler_info()["workers"].values() if connected else ()
        cards = [worker for worker in workers if worker["resources"].get(own_workers.GPU)]
        self._slots, self._gpu = len(cards or workers), bool(cards)
        if self._slots:
            self._seen = now
        elif now - self._seen > PATIENCE:
            raise UserError(
                f"There has been no worker to paint for {PATIENCE / 60:.0f} minutes; start some, "
                "and then the batch again: it goes on where it stopped."
            )

    def _reconnect(self) -> None:
        """Wait for a scheduler that was lost; raises `UserError` when it stays away."""
        began = time.monotonic()
        while True:
            try:
                self._client = self._connect()
                return
            except UserError:
                if time.monotonic() - began > PATIENCE:
                    raise
            time.sleep(1)

    def _start(self, job: Job, number: int) -> Record | bool:
        """Send the job to a worker: whether it was sent, or its record if that is not needed."""
        from distributed.client import ClosedClientError

        attempt = Attempt(job, self._folder, number)
        task: tuple[Any, ...]
        if self._shared:
            task = (_paint_there, _everywhere(job), _absolute(self._folder), self._engine)
        else:
            try:
                order = job.read()
                if is_painted(attempt.target, order, self._studio.recipe(order)):
                    return attempt.skip()
            except UserError as error:
                return attempt.fail(str(error))
            task = (_paint_carried, order, self._engine)
        resources = {own_workers.GPU: 1} if self._gpu else None
        try:
            future = self._client.submit(*task, pure=False, resources=resources)
        except (OSError, ClosedClientError):  # the connection was lost a moment ago
            self._slots, self._looked = 0, -LOOK_AROUND
            return False
        self._running[future] = attempt
        return True

    def _end(self, future: Future, attempt: Attempt) -> Record | int:
        """The record of a job that ended, or the number of its next attempt."""
        from distributed import KilledWorker

        try:
            result: Painted | Record = future.result(timeout=FETCH)
        except Exception as error:
            if future.status != "error" and isinstance(error, (OSError, CancelledError)):
                # The connection was lost, and what was under way with it; no fault of the job's.
                return attempt.number
            tried, killed = attempt.number, isinstance(error, KilledWorker)
            if isinstance(error, KilledWorker):
                tried += error.allowed_failures  # a cluster that is not ours tries by itself
            if tried < MOST_ATTEMPTS:
                log.info("Trying %s again after %r", attempt.target, error)
                return tried + 1
            attempt.number = tried
            return attempt.fail(DIED.format(attempts=tried) if killed else unexpected(error))
        if isinstance(result, Record):
            return attempt.adopt(result)
        try:
            return attempt.finish(result) if result.data else attempt.fail(result.error)
        except UserError as error:  # it cannot be written
            return attempt.fail(str(error))


def _everywhere(job: Job) -> Job:
    """The job with absolute paths, for processes with another current folder."""
    return dataclasses.replace(
        job,
        content=_absolute(job.content),
        styles=tuple(_absolute(path) for path in job.styles),
        masks=tuple(_absolute(path) for path in job.masks),
        style_masks=tuple(_absolute(path) for path in job.style_masks),
        init=job.init and _absolute(job.init),
    )


def _absolute(path: str) -> str:
    here = storage.local(path)
    return path if here is None else os.path.abspath(here)


def _paint_carried(order: Order, engine: Engine) -> Painted:
    """On a worker: paint what was sent, and send it back."""
    try:
        return paint(_studio(engine), order)
    except UserError as error:  # as words, since not every error survives the journey
        return Painted(b"", str(error))


def _paint_there(job: Job, folder: str, engine: Engine) -> Record:
    """On a worker: read, paint and write a job."""
    attempt = Attempt(job, folder)
    try:
        return carry_out(attempt, _studio(engine))
    except UserError as error:
        return attempt.fail(str(error))


@functools.lru_cache(maxsize=1)
def _studio(engine: Engine) -> Studio:
    """The studio of this worker, which keeps its network from job to job."""
    from distributed import get_worker

    return Studio(engine, get_worker().state.nthreads)
