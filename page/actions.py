"""What a click leads to: a machine with three states, which outlives interrupted runs.

Streamlit may end a run of the page wherever the page uses Streamlit, and begin another that knows
nothing of the click before it: because an upload is through, a connection was lost, or the visitor
clicked twice. So each step is kept in the session until it is done, and can be done twice.

    IDLE    Nothing is asked for.
    ASKED   A click is kept: Paint, Continue, or an order that a click has made already.
            Goes to BEGUN when its order is queued, and to IDLE when it is refused or fails.
    BEGUN   A job is queued, and the page does not show it yet: neither the visit, which outlives
            a reload, nor the address knows of it. Goes to IDLE by `settle`.

A series (one photo in all styles) is a list of orders, of which the first is asked for whenever the
page is IDLE and the job before has ended. Another painting, Stop, or a refusal ends it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

import streamlit as st

from nst.errors import UserError
from nst.film.footage import Footage
from nst.pictures import reading, writing
from nst.queue.job import JobState, Snapshot
from nst.queue.messages import NOT_KEPT, BusyError
from nst.settings import Settings
from nst.studio.order import Input, Order
from page import downloads, mask_pictures, server, state, visit, visitor
from page.words import plain


class Click(Enum):
    """A button whose order is made by the run that comes to it."""

    PAINT = "paint"
    CONTINUE = "continue"


@dataclass
class Series:
    """Orders that are painted one after the other, and the jobs of those that were begun."""

    waiting: list[Order]
    job_ids: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """How many paintings it will be."""
        return len(self.waiting) + len(self.job_ids)


@dataclass
class Actions:
    """What is asked for and begun in a session; see the module for its states."""

    asked: list[Click | Order] = field(default_factory=list)
    begun: list[tuple[str, Order]] = field(default_factory=list)
    series: Series | None = None

    def ask(self, what: Click | Order) -> None:
        """Keep a click. Called by the click itself, so it does not look at the session's state."""
        self.asked.append(what)

    def ask_for_all(self, orders: Sequence[Order]) -> None:
        """Begin a series."""
        self.series = Series(list(orders))

    @property
    def asks(self) -> bool:
        """Whether the page has something to start that it did not know of when it began."""
        fresh = self.series is not None and self.series.waiting and not self.series.job_ids
        return bool(self.asked or fresh)

    def next_of_series(self, job: Snapshot | None) -> Order | None:
        """The series' next order, as soon as its last job has ended; `job` is the one shown.

        Whoever stops one, or goes on to something else, has seen enough.
        """
        series = self.series
        if series is None or not series.waiting or (job is not None and job.active):
            return None
        last = series.job_ids[-1:]
        if last and (job is None or job.id != last[0] or job.state is JobState.STOPPED):
            series.waiting.clear()
            return None
        return series.waiting[0]

    def forget(self) -> None:
        """Go to IDLE, as what was asked for is refused or cannot be; no series goes on."""
        self.asked.clear()
        if self.series is not None:
            self.series.waiting.clear()

    def follow(self, job_id: str, order: Order) -> None:
        """Let the series know of a job that was begun, if need be twice; another ends it."""
        series = self.series
        if series is None or job_id in series.job_ids:
            return
        if series.waiting and order is series.waiting[0]:
            series.job_ids.append(job_id)
            series.waiting.pop(0)
        else:
            self.series = None


def of_session() -> Actions:
    """The machine of this visitor's session."""
    found = state.ACTIONS.get()
    if found is None:
        found = Actions()
        state.ACTIONS.set(found)
    return found


def current_job() -> Snapshot | None:
    """The job that the page shows: the address names it, and it is the visitor's own."""
    settle()
    visit.touch(server.queue())
    job_id = st.query_params.get("job")
    job = server.queue().snapshot(job_id) if job_id and visit.owns(job_id) else None
    if (job is None or not job.active) and (begun := visit.under_way(server.queue())):
        # The connection was lost just after the start, and the new address with it.
        st.query_params["job"] = begun.id
        return begun
    return job


def settle() -> None:
    """From BEGUN to IDLE: let visit, address and session know of what was queued.

    A run that is ended in the middle of it leaves it to the next, which begins it anew.
    """
    actions = of_session()
    while actions.begun:
        job_id, order = actions.begun[0]
        actions.follow(job_id, order)
        visit.add(job_id, server.queue())
        if isinstance(order.content, Footage):  # is not continued, and large
            state.PAINTED.drop()
        else:
            # The pictures of the last painting, to continue it; they stay with the session.
            state.PAINTED.set((job_id, order))
        state.BROWSING.set(False)
        state.NEXT_STRENGTH.drop()
        actions.asked.clear()
        st.query_params["job"] = job_id
        del actions.begun[0]


def remember() -> None:
    """Let the tab keep the visit's ids, and that of a new painting before the address names it.

    Whoever reloads in between is shown the painting, as it is under way; the other way round, the
    address would name a painting of which the tab knows nothing.
    """
    for job_id, _ in of_session().begun:
        visit.add(job_id, server.queue())
    visit.remember()


def proceed(order: Order | None, settings: Settings, job: Snapshot | None) -> None:
    """From ASKED to BEGUN: start what was asked for, if anything.

    `order` and `settings` are what is chosen now, `job` is what is shown.
    """
    actions = of_session()
    try:
        wanted = _wanted(actions, order, settings, job)
        if wanted is None:
            actions.asked.clear()
        else:
            _start(actions, wanted)
    except BusyError as error:
        actions.forget()
        st.warning(str(error), icon=":material/hourglass_top:")
        st.button("Show it", on_click=_show_job, args=[error.job_id])
    except UserError as error:
        actions.forget()
        st.error(plain(str(error)), icon=":material/hourglass_disabled:")
    except Exception:
        actions.forget()  # or every later run of the page would come to the same error
        raise


def _wanted(
    actions: Actions, order: Order | None, settings: Settings, job: Snapshot | None
) -> Order | None:
    """The order that is asked for; of several the one that was made by its click."""
    for asked in actions.asked:
        if isinstance(asked, Order):
            return asked
    if following := actions.next_of_series(job):
        return following
    if Click.CONTINUE in actions.asked and job is not None:
        painted = painted_order(job, order)
        if painted is not None and job.preview and not job.active:
            with st.spinner("Taking the picture up again …"):
                return _continued(job, painted, settings)
    return order if Click.PAINT in actions.asked else None


def _start(actions: Actions, order: Order) -> None:
    """Queue a painting and begin a run that shows it, and whose address leads to it."""
    who = visitor.identity()
    job_id = server.queue().submit(order, who)
    # Nothing can come between: only where a run uses Streamlit, the next one may end it.
    actions.begun.append((job_id, order))
    st.rerun()


def _show_job(job_id: str) -> None:
    """Let the page's address point to a job that the visitor ordered, maybe in another tab."""
    visit.add(job_id, server.queue())
    st.query_params["job"] = job_id


def painted_order(job: Snapshot, order: Order | None) -> Order | None:
    """What a job was painted from: this session's own, or the same pictures chosen again."""
    if order and (order.content.source, [style.source for style in order.styles]) == (
        job.recipe.content,
        list(job.recipe.styles),
    ):
        return order
    job_id, painted = state.PAINTED.get() or ("", None)
    return painted if job_id == job.id else None


def _continued(job: Snapshot, painted: Order, settings: Settings) -> Order:
    """The order to paint on, with other settings, from a job's result as it is shown.

    Raises `UserError` if the result is no longer kept.
    """
    strength, files = state.strength(job.id).get(), server.queue().files
    data = files.png(job.id, strength)
    if len(data) > reading.MAX_BYTES:  # more than could be given back: the canvas' size will do
        picture = files.result(job.id, strength)
        if picture is None:
            raise UserError(NOT_KEPT)
        picture.thumbnail((mask_pictures.LONGER_SIDE, mask_pictures.LONGER_SIDE))
        data = writing.encode(picture)
    weights = settings.style_weights
    if len(weights) not in (0, len(painted.styles)):
        weights = painted.settings.style_weights
    return dataclasses.replace(
        painted,
        settings=dataclasses.replace(settings, init="picture", style_weights=weights, strength=1.0),
        init=Input("The painting so far", data, downloads.file_name(job)),
    )
