"""A batch in this process: one job is painted, while the next is read and the last is written."""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from nst.batch.attempt import Attempt, Each, StoppedError, carry_out, unexpected
from nst.batch.job import Job
from nst.batch.manifest import Record
from nst.errors import UserError
from nst.studio.engine import Engine
from nst.studio.studio import Studio

OVERLAP = 2  # jobs under way at once: one is painted, one read or written

log = logging.getLogger(__name__)


def paint_all(
    jobs: Iterable[Job], folder: str, engine: Engine, each: Each | None = None
) -> Generator[Record, None, None]:
    """Paint the jobs in this process: a record each, as soon as it ended.

    One job is painted at a time, while the next is read and the one before is written. `each` is
    called from another thread with the fractions done of the jobs under way, added up. A job that
    fails does not end the batch, whatever the error: its record tells it in words.
    """
    studio, stopped = Studio(engine), threading.Event()
    under_way: dict[Job, float] = {}

    def run(job: Job) -> Record:
        def tell(fraction: float) -> None:
            if stopped.is_set():
                raise StoppedError
            under_way[job] = fraction
            if each:
                each(sum(list(under_way.values())))

        attempt = Attempt(job, folder)
        try:
            return carry_out(attempt, studio, tell)
        except UserError as error:
            return attempt.fail(str(error))
        except StoppedError:
            return attempt.fail("Stopped.")  # nobody reads it any more
        except Exception as error:
            log.exception("Painting %s failed", attempt.target)
            return attempt.fail(unexpected(error))

    waiting, running = iter(jobs), dict[Future[Record], Job]()
    with ThreadPoolExecutor(OVERLAP) as pool:
        try:
            while True:
                for job in itertools.islice(waiting, OVERLAP - len(running)):
                    running[pool.submit(run, job)] = job
                if not running:
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    under_way.pop(running.pop(future), None)
                    yield future.result()
        finally:
            stopped.set()
