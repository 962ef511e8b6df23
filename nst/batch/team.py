"""The workers of a Dask cluster as a `spread.Team`, which shares the work on one picture."""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Any

from nst.batch import cluster, own_workers, painting_thread
from nst.errors import UserError
from nst.paint.spread import TeamLostError

if TYPE_CHECKING:
    from distributed import Future

    from nst.studio.engine import VGGEngine
    from nst.vgg.network import VGG19

LOOK_AROUND = 1.0  # seconds between two looks at whether everybody is still there


@contextlib.contextmanager
def gather(
    engine: VGGEngine, workers: int | None = None, scheduler: str | None = None
) -> Iterator[DaskTeam]:
    """The workers of the cluster that `cluster.paint_all` describes.

    Raises `UserError` if no scheduler or no worker can be reached.
    """
    with (
        cluster.reach(workers, scheduler) as connect,
        contextlib.closing(DaskTeam(connect, engine)) as team,
    ):
        team.regroup()
        yield team


class DaskTeam:
    """A `spread.Team` of workers, each of which loads the engine's trunk."""

    def __init__(self, connect: cluster.Connect, engine: VGGEngine) -> None:
        self._connect, self._engine = connect, engine
        self._client = connect()
        self._members: list[str] = []  # their addresses

    def __len__(self) -> int:
        return len(self._members)

    def close(self) -> None:
        """Disconnect from the scheduler."""
        self._client.close()

    def regroup(self) -> bool:
        """See `spread.Team`."""
        before, began = self._members, time.monotonic()
        while True:
            self._members = self._present()
            if self._members:
                return self._members != before
            if time.monotonic() - began > cluster.PATIENCE:
                raise UserError(
                    f"There has been no worker for {cluster.PATIENCE / 60:.0f} minutes; start "
                    "some, and paint again."
                )
            time.sleep(LOOK_AROUND)

    def give(self, parts: Iterable[Any]) -> list[Any]:
        """See `spread.Team`."""
        with _telling():
            return [
                self._client.scatter([part], workers=[member], hash=False)[0]
                for part, member in zip(parts, self._members, strict=True)
            ]

    def keep(self, work: Callable[..., Any], *arguments: Sequence[Any]) -> list[Any]:
        """See `spread.Team`."""
        futures = self._submit(work, arguments)
        for future in futures:
            self._await(future)
        return futures

    def fetch(self, work: Callable[..., Any], *arguments: Sequence[Any]) -> Iterator[Any]:
        """See `spread.Team`."""
        for future in self._submit(work, arguments):
            self._await(future)
            with _telling():
                result = future.result(timeout=cluster.FETCH)
            yield result

    def _submit(self, work: Callable[..., Any], arguments: Sequence[Sequence[Any]]) -> list[Future]:
        with _telling():
            return [
                self._client.submit(_work, self._engine, work, *own, workers=[member], pure=False)
                for member, *own in zip(self._members, *arguments, strict=True)
            ]

    def _await(self, future: Future) -> None:
        """Wait until the future is done; raises what went wrong with it."""
        from distributed import wait

        with _telling():
            while True:
                try:
                    with self._client.as_current():
                        wait([future], timeout=LOOK_AROUND)
                except TimeoutError:
                    # What only those who are gone could do would be waited for in vain.
                    if not set(self._members) <= set(self._present()):
                        raise TeamLostError from None
                    continue
                if future.status == "error":
                    future.result()
                if future.status != "finished":
                    raise TeamLostError
                return

    def _present(self) -> list[str]:
        """The addresses of the workers that are connected now."""
        if self._client.status not in ("running", "connecting"):
            try:
                self._client = self._connect()
            except UserError:
                return []  # not yet
        if self._client.status != "running":
            return []
        workers = self._client.scheduler_info(n_workers=-1)["workers"]
        cards = [
            address for address in workers if workers[address]["resources"].get(own_workers.GPU)
        ]
        return sorted(cards or workers)


@contextlib.contextmanager
def _telling() -> Iterator[None]:
    """Raise `TeamLostError` for errors of a worker or a connection."""
    from distributed import KilledWorker
    from distributed.client import ClosedClientError

    try:
        yield
    except (OSError, CancelledError, KilledWorker, ClosedClientError) as error:
        raise TeamLostError from error


def _work(engine: VGGEngine, work: Callable[..., Any], *arguments: Any) -> Any:
    """Runs on a worker: do `work` with the network of this worker."""
    from distributed import get_worker

    threads = get_worker().state.nthreads
    return painting_thread.paint(lambda: work(_trunk(engine, threads), *arguments))


@functools.lru_cache(maxsize=1)
def _trunk(engine: VGGEngine, threads: int) -> VGG19:
    """The network of this worker, which is kept from call to call."""
    import torch

    from nst.machine import malloc

    torch.set_num_threads(threads)
    trunk = engine.load()
    malloc.Thrift().begin()  # for as long as the worker lives
    return trunk
