"""From an order to a job, of a photo or of a film, within what the host allows."""

from __future__ import annotations

from nst.errors import UserError
from nst.film import footage
from nst.film.cost import FrameCost
from nst.film.footage import Footage
from nst.queue import footprint
from nst.queue.bounds import Bounds
from nst.queue.job import Job
from nst.queue.messages import NO_FILMS
from nst.queue.painter import Painter
from nst.studio.order import Order


def footage_of(order: Order, bounds: Bounds) -> Footage:
    """The film of an order; raises `UserError` where there is none, or the host takes none."""
    if bounds.films is None or not isinstance(order.content, Footage):
        raise UserError(NO_FILMS)
    return order.content


def cost_of(order: Order, given: Footage, painter: Painter) -> FrameCost:
    """Seconds that the frames of an order take; raises `UserError` if it cannot be painted."""
    return painter.cost_of_film(footage.film_order(order, given), given.shape)


def job_of(order: Order, visitor: str, now: float, painter: Painter, bounds: Bounds) -> Job:
    """A job for the order; raises `UserError` for what cannot be taken or needs more memory."""
    if isinstance(order.content, Footage):
        given = footage_of(order, bounds)
        job = Job.of_film(order, given, cost_of(order, given, painter), visitor, now)
        size = job.size
    else:
        job = Job.of(order, visitor, now)
        assert job.prepared is not None
        size = job.prepared.content.size
    if bounds.memory is not None:
        footprint.check(size, bounds.memory)
    return job
