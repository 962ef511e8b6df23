"""The page's queue: jobs that wait, the one that is painted, and those that ended.

One worker thread paints one job after the other. It knows nothing of who looks on: a page asks for
snapshots and may come and go. Whoever knows a job's id sees its pictures, so that ids cannot be
guessed, and the log, which others read, numbers the jobs instead and names no picture. torch is
imported by the worker's first job, so that importing this module is instant.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable

from nst.errors import UserError
from nst.film import footage
from nst.pictures import fitting
from nst.queue import log, messages
from nst.queue.bounds import Bounds
from nst.queue.drafts import Drafts
from nst.queue.files import Files
from nst.queue.film_run import FilmRun
from nst.queue.forecast import Forecast, Place, Plan, Wait, foreseeable, waits
from nst.queue.job import Job, JobState, Snapshot
from nst.queue.messages import BusyError, QueueFullError
from nst.queue.pace import work
from nst.queue.painter import Painter, ServerPainter
from nst.queue.run import JobRun
from nst.queue.taking import cost_of, footage_of, job_of
from nst.settings import Settings
from nst.studio.order import Order

CLOSING = 8.0  # seconds; a container's engine kills after ten

logger = logging.getLogger(__name__)


class JobManager:
    """Paints one job after the other in a thread of its own.

    All methods may be called from any thread and return at once, but for `submit` and those of
    `files`, which work on pictures. A job that nobody has looked at for `bounds.patience` seconds
    gives way: it leaves the queue, or is stopped if it runs and another waits that somebody looks
    at. One that runs for longer than `bounds.deadline` seconds is stopped, too.

    Of ended jobs, those that were looked at last are kept: `bounds.kept` of them and any that was
    looked at within `bounds.patience`, as far as they take no more than `bounds.kept_bytes`.
    """

    def __init__(
        self,
        painter: Painter | None = None,
        bounds: Bounds = Bounds(),  # noqa: B008 - it is frozen
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._painter, self._bounds, self._clock = painter or ServerPainter(), bounds, clock
        self._lock = threading.Lock()  # guards all below and the fields of every job
        self._jobs: dict[str, Job] = {}
        self._queue: deque[Job] = deque()
        self._forecast = Forecast(bounds)
        self._count = 0  # of jobs that were ever taken
        self._running: Job | None = None
        self._turn_began = 0.0  # when it began to run, or went on
        self._worker: threading.Thread | None = None
        self._timer: threading.Timer | None = None  # of the warm-up
        self.files = Files(self._ended)
        self.drafts = Drafts(self._painter, self._bounds, self._idle)

    def submit(self, order: Order, visitor: str = "") -> str:
        """Queue a painting and return its id, which cannot be guessed.

        `visitor` is something that nobody else can know of whoever orders it: each has one painting
        under way at a time. Orders of "", nobody in particular, are not counted.
        Raises `BusyError`, `QueueFullError`, `TooLargeError`, `ImageError` and `SettingsError`.
        """
        order.settings.check_inputs(
            len(order.styles), len(order.masks), order.init is not None, len(order.style_masks)
        )
        with self._lock:
            self._check_room(visitor)
        with self.files.full_size:
            job = job_of(order, visitor, self._clock(), self._painter, self._bounds)
        with self._lock:
            self._check_room(visitor, job.size_bytes)
            self._count += 1
            job.number = self._count
            self._jobs[job.id] = job
            self._queue.append(job)
            if self._worker is None:
                self._worker = threading.Thread(target=self._work, name="painter", daemon=True)
                self._worker.start()
        return job.id

    def snapshot(self, job_id: str) -> Snapshot | None:
        """The job as it is now, or None if it is unknown or was dropped."""
        with self._lock:
            job = self._jobs.get(job_id)
            if job is None:
                return None
            ahead, seconds = self._waits()[job.id] if job.active else Wait(0, 0.0)
            return job.snapshot(ahead, seconds, self._guesses(ahead))

    def wait(self, job_id: str, seconds: float) -> None:
        """Wait until the job is over, or unknown, at most so many seconds."""
        with self._lock:
            job = self._jobs.get(job_id)
        if job is not None:
            job.over.wait(seconds)

    def touch(self, job_id: str) -> None:
        """Tell that somebody is looking at the job."""
        with self._lock:
            if job := self._jobs.get(job_id):
                job.watched = self._clock()

    def stop(self, job_id: str) -> None:
        """End the job after its present step, keeping the picture; an ended job stays as it is."""
        with self._lock:
            job = self._jobs.get(job_id)
            if job is None:
                return
            job.cancel.set()
            if job.state is JobState.QUEUED:
                self._leave_queue(job, messages.LEFT_QUEUE)

    def forget(self, job_id: str) -> None:
        """Let go of the job and all its pictures; one that waits or runs is ended first."""
        self.stop(job_id)
        with self._lock:
            self._jobs.pop(job_id, None)

    def plan(self, settings: Settings, photo: tuple[int, int]) -> Plan:
        """What it takes to paint a photo of (width, height) px, or of that shape."""
        size = fitting.fit_size(photo, settings.resolution, settings.square)
        with self._lock:
            return self._forecast.plan(work(settings, size), size)

    def plan_film(self, order: Order) -> Plan:
        """What it takes to paint the film of an order; raises `UserError` if that cannot be.

        Where nothing was measured yet, it is measured now, which takes some seconds.
        """
        given = footage_of(order, self._bounds)
        work = cost_of(order, given, self._painter).of(given.clip.count)
        size = footage.facts(given, order.settings).size
        with self._lock:
            return self._forecast.plan(work, size, film=True)

    def warm_up(self, delay: float) -> None:
        """Get the painter ready after `delay` seconds in the background, for the first job."""
        self._timer = threading.Timer(delay, self._get_ready)
        self._timer.daemon = True
        self._timer.start()

    def close(self) -> None:
        """End all jobs and wait for the threads, as far as they end within `CLOSING` seconds.

        For the end of the process: Python takes down a thread that is left then, and the C++ that
        the thread is in takes this for an error and aborts.
        """
        with self._lock:
            for job in list(self._queue):
                self._leave_queue(job, messages.LEFT_QUEUE)
            if self._running is not None:
                self._running.cancel.set()
            threads = self._worker, self._timer, self.drafts.close()
        if self._timer is not None:
            self._timer.cancel()
        deadline = time.monotonic() + CLOSING
        for thread in threads:
            if thread is not None:
                thread.join(max(0.0, deadline - time.monotonic()))

    def _get_ready(self) -> None:
        """Load the painter, and measure how fast this machine is while nobody paints."""
        # A job that needs the weights fails with the same error in words; nobody is asking yet.
        try:
            self._painter.load()
        except UserError as error:
            logger.warning("VGG19 could not be loaded ahead of the first painting: %s", error)
            return
        with self._lock:
            busy = self._running is not None
        if not busy:
            work, seconds = self._painter.measure()
            with self._lock:
                self._forecast.paintings.measured(work, seconds)

    def _idle(self) -> bool:
        """Whether no job waits or runs."""
        with self._lock:
            return self._running is None and not self._queue

    def _ended(self, job_id: str) -> Job | None:
        """The job of this id if it has ended with a picture; nothing of it changes any more."""
        with self._lock:
            job = self._jobs.get(job_id)
            return job if job is not None and job.result is not None else None

    def _turn_over(self) -> bool:
        """Whether the running film is to let a painting go first."""
        with self._lock:
            over = self._clock() - self._turn_began >= self._bounds.turn
            return over and any(map(self._is_painting, self._queue))

    def _gives_way(self, running: Job) -> bool:
        """Whether nobody looks at the running job, and somebody at another that waits."""
        with self._lock:
            return self._unwatched(running) and not all(map(self._unwatched, self._queue))

    # What follows, up to the worker, is called while the lock is held.

    def _check_room(self, visitor: str, size_bytes: int = 0) -> None:
        """Raises `BusyError` or `QueueFullError` if the visitor may queue no job of this size."""
        for job in [job for job in self._queue if self._unwatched(job)]:
            self._leave_unwatched(job)
        own = [job for job in self._jobs.values() if job.active and job.visitor == visitor != ""]
        if own:
            raise BusyError(own[0].id)
        held = sum(job.size_bytes for job in self._queue) + size_bytes
        full = len(self._queue) >= self._bounds.capacity
        if full or (self._queue and held > self._bounds.kept_bytes):
            logger.info("An order was refused; %d waiting", len(self._queue))
            until = [self._left(self._running)] if self._running else [0.0]
            until = [each.seconds for each in self._waits().values() if each.ahead == 1] or until
            raise QueueFullError(len(self._queue), until[0])

    def _waits(self) -> dict[str, Wait]:
        """How long those that wait, and the running one, will wait."""
        running = [] if self._running is None else [self._running]
        turn = self._clock() - self._turn_began
        line = [
            Place(job.id, self._left(job), job.reel is not None, turn if job in running else 0.0)
            for job in (*running, *self._queue)
        ]
        return waits(line, self._bounds.turn)

    def _guesses(self, ahead: int) -> bool:
        """Whether a wait is a guess: nothing was painted here, nor does all ahead tell."""
        told = ahead == 1 and self._running is not None and foreseeable(self._running)
        return self._forecast.paintings.guesses and not told

    def _left(self, job: Job) -> float:
        """Seconds that a job will still take."""
        spent = self._clock() - job.began if job is self._running else 0.0
        return self._forecast.left(job, spent)

    def _unwatched(self, job: Job) -> bool:
        return self._clock() - job.watched > self._bounds.patience

    def _leave_unwatched(self, job: Job) -> None:
        minutes = self._bounds.patience / 60
        self._leave_queue(job, messages.LEFT_UNWATCHED.format(minutes=minutes))

    def _leave_queue(self, job: Job, message: str) -> None:
        self._queue.remove(job)
        self._end(job, JobState.STOPPED, job.leaving if job.goes_on else message)

    def _end(self, job: Job, state: JobState, message: str) -> None:
        """Set the final state; learn from the job, log it, and make room."""
        seconds = self._clock() - job.began
        job.end(state, message)
        self._drop_old()
        self._forecast.learn(job, seconds)
        log.ended(job, seconds, len(self._queue))

    def _drop_old(self) -> None:
        """Let go of the ended jobs that nobody has looked at for longest."""
        ended = sorted(
            (job for job in self._jobs.values() if not job.active), key=lambda job: job.watched
        )
        size, bounds = sum(job.size_bytes for job in ended), self._bounds
        for count, job in zip(range(len(ended), 1, -1), ended, strict=False):
            if size <= bounds.kept_bytes and (count <= bounds.kept or not self._unwatched(job)):
                return
            size -= job.size_bytes
            del self._jobs[job.id]

    def _begin_turn(self, job: Job) -> None:
        """Let a job run: for the first time, or a film that goes on."""
        now = self._clock()
        job.state, self._running, self._turn_began = JobState.RUNNING, job, now
        if job.goes_on:
            assert job.reel is not None
            job.began = now - job.reel.seconds  # as if others had had no turn
            return
        job.began = now
        log.begins(job, now - job.ordered, len(self._queue))

    def _rest(self, film: Job) -> None:
        """Let a film wait until the next painting has had its turn."""
        film.state, self._running = JobState.QUEUED, None
        first = next(filter(self._is_painting, self._queue), None)
        self._queue.appendleft(film)
        if first is not None:
            self._queue.remove(first)
            self._queue.appendleft(first)

    def _is_painting(self, job: Job) -> bool:
        """Whether a job that waits is a painting that somebody waits for, and no film."""
        return job.reel is None and not self._unwatched(job)

    # The worker.

    def _work(self) -> None:
        """Paint until nothing waits."""
        try:
            while job := self._next_job():
                self._paint(job)
        finally:
            # Also if it ends by an error: the next order starts another.
            with self._lock:
                if self._worker is threading.current_thread():
                    self._worker = None

    def _next_job(self) -> Job | None:
        """The first job of the queue that somebody waits for; None ends the worker."""
        with self._lock:
            while self._queue:
                job = self._queue[0]
                if self._unwatched(job):
                    self._leave_unwatched(job)
                    continue
                self._queue.popleft()
                self._begin_turn(job)
                return job
            # Under the same lock as the look at the queue: `submit` then starts another worker.
            self._worker = None
            return None

    def _paint(self, job: Job) -> None:
        """Paint the job; whatever happens, it ends in a final state."""
        parts = job, self._lock, self._bounds, self._clock, lambda: self._gives_way(job)
        run = JobRun(*parts) if job.reel is None else FilmRun(*parts, self._turn_over)
        outcome = run.paint(self._painter)
        with self._lock:
            if outcome is None and not job.cancel.is_set():
                self._rest(job)
                return
            state, message = outcome or (JobState.STOPPED, job.leaving)
            self._running = None
            try:
                self._end(job, state, message)
            except Exception:
                logger.exception("Painting %d ended, but not all was done after it", job.number)
