"""The middle of the page: status, pictures and losses, looked at again while a job runs."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from nst.queue.job import Snapshot
from nst.studio.order import Order
from page import (
    actions,
    announcement,
    easel,
    link,
    losses,
    progress,
    results,
    series,
    server,
    state,
    variations,
    visit,
)

# Seconds between two looks at a running job. A preview is made after `run.REFRESH`, so that what
# is seen is little more than a second and a half old.
POLL = 0.8
# In the queue nothing is seen but the time that it still takes; there may be many who wait.
QUEUE_POLL = 2.0


class Places(NamedTuple):
    """Where the looks at a job draw; what stays the same meanwhile stands between and beside."""

    status: DeltaGenerator
    easel: easel.Easel
    losses: DeltaGenerator
    below: DeltaGenerator


def show(contents: link.Contents, order: Order | None, job: Snapshot | None) -> None:
    """Show the job, and look at it again as often as it changes."""
    places = _lay_out(contents, job)
    with places.status:
        if job is None or not job.active:
            _look(contents, order, places)
            return
        link.keep_strength(job)
        if job.ahead:
            _wait(places)
        else:
            _watch(places)
    _surround(contents, places)


def _lay_out(contents: link.Contents, job: Snapshot | None) -> Places:
    """All places, with what no look changes: what is shown, and the pictures beside it."""
    status = st.container()
    if job is not None and not visit.awaited() and not series.includes(job):
        progress.tell_whose(job, contents.photo, contents.styles)
    return Places(
        status,
        easel.set_up(contents.photo, contents.styles, job),
        st.container(),
        st.container(),
    )


@st.fragment(run_every=QUEUE_POLL)
def _wait(places: Places) -> None:
    """Draw every `QUEUE_POLL` seconds while other jobs are ahead."""
    job = actions.current_job()
    if job is None or not job.ahead:
        st.rerun()
    _draw_active(places, job)


@st.fragment(run_every=POLL)
def _watch(places: Places) -> None:
    """Draw every `POLL` seconds while the job runs, and at once when it is over."""
    job = actions.current_job()
    if job is not None and job.standing is not None and job.standing.seconds_left < POLL:
        server.queue().wait(job.id, POLL)
        job = actions.current_job()
    if job is None or not job.active:
        st.rerun()
    _draw_active(places, job)


def _draw_active(places: Places, job: Snapshot) -> None:
    """Draw what changes while a job waits or runs."""
    progress.show(job)
    announcement.make(job)
    easel.show_active(places.easel, job)
    if job.film is None:
        with places.losses:
            losses.offer(job)


# Not a part of `_watch`: with each look it would be made and sent again as it is.
@st.fragment
def _surround(contents: link.Contents, places: Places) -> None:
    """Draw what stands below a job while it waits or runs."""
    _draw_below(contents, places, actions.current_job())


# Not the same fragment as `_watch`: its last look, asked for before the run that ended it, would
# come after that run and replace the downloads' addresses under the visitor's finger.
@st.fragment
def _look(contents: link.Contents, order: Order | None, places: Places) -> None:
    """Draw once, as no job is under way."""
    job = actions.current_job()
    if actions.of_session().asks or (job is not None and job.active):  # the whole page's to start
        st.rerun()
    if visit.awaited():
        st.progress(0.0, "Looking for your painting …")
    else:
        progress.show(job, can_begin=order is not None)
        link.keep_strength(job)
    announcement.make(job)
    easel.show(places.easel, job, server.queue().files, order)
    if job is not None and job.preview and job.film is None:
        # As it was painted, where the session knows that, whatever is chosen now.
        painted = actions.painted_order(job, None) or actions.painted_order(job, order)
        if painted is not None:
            with places.easel.middle:
                variations.offer(job, painted, state.strength(job.id).get())
    if job is not None and job.film is None:
        with places.losses:
            losses.offer(job)
    _draw_below(contents, places, job)


def _draw_below(contents: link.Contents, places: Places, job: Snapshot | None) -> None:
    """Draw a series, ways to go on, and this visit's paintings."""
    with places.below:
        series.show(server.queue())
        with st.container(horizontal=True, gap="small", key="more"):
            series.offer(contents.photo, job is not None and job.active)
            link.offer(contents)
        results.show(server.queue(), job)
