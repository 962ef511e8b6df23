"""What painting a film takes, before it is painted."""

from __future__ import annotations

from dataclasses import dataclass

from nst.film.cost import FrameCost
from nst.film.order import FilmOrder, Segment
from nst.film.source import Source
from nst.film.writing import size_of
from nst.paint import estimate, memory, schedule
from nst.pictures import fitting
from nst.vgg.network import VGG19

READING = 0.1  # seconds that reading, flow and saving take a frame


@dataclass(frozen=True)
class FilmPlan:
    """A film before it is painted."""

    frames: int
    width: int  # of the film, px
    height: int
    memory: int  # bytes at most, of all workers
    first_seconds: float  # that the first frame of each scene takes
    next_seconds: float  # that each other frame takes
    seconds: float  # that all of it takes if nothing but the first frame begins a scene


def frame_seconds(
    order: FilmOrder, shape: tuple[int, int], vgg: VGG19, rates: estimate.Rates
) -> tuple[FrameCost, int]:
    """Seconds that the frames of a film of this shape take, and bytes that the first does.

    Raises `TooLargeError` for a canvas that there is no memory for.
    """
    settings, styles = order.settings, len(order.styles)
    width, height = fitting.fit_size(shape, settings.resolution, settings.square)
    load = memory.Workload(height, width, settings, len(order.masks), vgg.precision.itemsize)
    free = memory.free_memory(vgg.device)
    estimate.check(load, free)
    first = estimate.estimate(load, styles, None, free, rates)
    stages = schedule.plan_next(settings, height, width)
    later = estimate.estimate(load, styles, None, free, rates, stages).seconds + READING
    return FrameCost(first.seconds, later), first.memory


def plan(
    order: FilmOrder, source: Source, vgg: VGG19, parts: list[Segment], workers: int
) -> FilmPlan:
    """What an order takes on this machine, of which measuring takes a second.

    Raises `TooLargeError` for a canvas that there is no memory for.
    """
    rates = estimate.measure(vgg, order.settings)
    seconds, needed = frame_seconds(order, source.size, vgg, rates)
    frames = sum(len(part.numbers) for part in parts)
    used = min(workers, len(parts))
    # Workers share the cores, so that together they are about as fast as one.
    return FilmPlan(
        order.clip.count,
        *size_of(source.size, order.settings),
        used * (memory.PROGRAM + needed),
        seconds.first,
        seconds.later,
        seconds.of(frames, len(parts)),
    )
