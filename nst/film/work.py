"""Painting the segments of a film: here one after another, or each in a process of its own."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from multiprocessing import connection
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Event

from nst import errors
from nst.errors import UserError
from nst.film.frames import Frames
from nst.film.order import FilmOrder
from nst.film.source import DamagedError, sampled
from nst.machine import limits
from nst.studio.engine import VGGEngine, VGGPainter

LOOK_SECONDS = 1.0  # between two looks at how many frames there are
Stop = Callable[[], bool]  # whether to paint no further


@dataclass(frozen=True)
class Work:
    """All that painting a film needs; it can be sent to another process."""

    order: FilmOrder
    engine: VGGEngine
    frames: Frames

    @property
    def side(self) -> int:
        """px of the longer side that frames are read at: twice the canvas, which is sharper."""
        return 2 * self.order.settings.resolution


def paint_here(work: Work, painter: VGGPainter) -> Generator[float, None, None]:
    """Paint all segments; yields how many of `Frames.total` are done, a part of one included.

    Raises `DamagedError` where the film cannot be read, and what painting and saving raise.
    """
    behind = 0
    for segment in range(len(work.frames.segments)):
        for done in _paint_segment(work, painter, segment):
            yield behind + done
        behind += len(work.frames.segments[segment].numbers)


def paint_in_processes(work: Work, workers: int) -> Generator[float, None, None]:
    """`paint_here` by so many processes, which share the cores.

    They end once nobody iterates any more. What one of them raises is raised here when all have
    ended.
    """
    context = multiprocessing.get_context("spawn")
    stop, failures = context.Event(), context.SimpleQueue()
    threads = max(1, int(limits.cores()) // workers)
    count = len(work.frames.segments)
    processes = [
        context.Process(
            target=_in_process,
            args=(work, threads, range(first, count, workers), stop, failures),
            daemon=True,
        )
        for first in range(min(workers, count))
    ]
    for process in processes:
        process.start()
    try:
        while running := [each.sentinel for each in processes if each.is_alive()]:
            connection.wait(running, LOOK_SECONDS)
            yield work.frames.count()
    finally:
        stop.set()
        for process in processes:
            process.join()
    if not failures.empty():
        damaged, text = failures.get()
        raise DamagedError(text) if damaged else UserError(text)
    if any(process.exitcode for process in processes):
        raise UserError(
            "A worker died, perhaps because the memory ran out; give fewer --workers or a lower "
            "--resolution, and the same command goes on from the frames so far."
        )


def _paint_segment(
    work: Work, painter: VGGPainter, segment: int, stop: Stop = lambda: False
) -> Iterator[float]:
    """Paint what is missing of a segment; yields how many of its frames are done."""
    from nst.film.painter import FramePainter

    numbers, done = work.frames.segments[segment].numbers, work.frames.done(segment)
    if done == len(numbers):
        return
    order = work.order
    # Artworks that are recoloured like the first frame of a scene need that frame again.
    known = 0 if order.settings.preserve_color != "off" else max(0, done - 1)
    first = numbers.start + known
    read = sampled(order.source(), order.clip, work.side, first)
    frames: FramePainter | None = None
    for number, frame in zip(numbers[known:], read):  # noqa: B905  # a film may end early
        if frames is None:
            frames = FramePainter(painter, order.pictures(frame), order.settings)
        if number - numbers.start < done:
            frames.take_in(frame, work.frames.open(segment, number))
            continue
        for part, painting in frames.steps(frame):
            if painting is not None:
                work.frames.save(painting, segment, number)
            yield number - numbers.start + part
            if stop():
                return


def _in_process(
    work: Work, threads: int, segments: range, stop: Event, failures: SimpleQueue[tuple[bool, str]]
) -> None:
    """Paint segments in a worker's process, until told to stop or left alone.

    A terminal's Ctrl-C is for the process that has started it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = os.getppid()
    try:
        painter = work.engine.open(threads)
        for segment in segments:
            steps = _paint_segment(
                work, painter, segment, lambda: stop.is_set() or os.getppid() != parent
            )
            for _ in steps:
                pass
    except UserError as error:
        failures.put((isinstance(error, DamagedError), str(error)))
    except Exception as error:
        if not errors.is_out_of_memory(error):
            raise
        failures.put((False, str(errors.NoMemoryError())))
