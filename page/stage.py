"""The middle of the page: status, pictures and losses, looked at again while a job runs."""

from __future__ import annotations

import streamlit as st

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
# is seen is at most a second old.
POLL = 0.5
# In the queue nothing is seen but the time that it still takes; there may be many who wait.
QUEUE_POLL = 2.0


def show(contents: link.Contents, order: Order | None, job: Snapshot | None) -> None:
    """Show the job, and look at it again as often as it changes."""
    if job is not None and job.ahead:
        _wait(contents, order)
    elif job is not None and job.active:
        _watch(contents, order)
    else:
        _look(contents, order)


@st.fragment(run_every=QUEUE_POLL)
def _wait(contents: link.Contents, order: Order | None) -> None:
    """Draw every `QUEUE_POLL` seconds while other jobs are ahead."""
    job = actions.current_job()
    if job is None or not job.ahead:
        st.rerun()
    _draw(contents, order, job)


@st.fragment(run_every=POLL)
def _watch(contents: link.Contents, order: Order | None) -> None:
    """Draw every `POLL` seconds while the job runs."""
    job = actions.current_job()
    if job is None or not job.active:
        st.rerun()
    _draw(contents, order, job)


# Not the same fragment as `_watch`: its last look, asked for before the run that ended it, would
# come after that run and replace the downloads' addresses under the visitor's finger.
@st.fragment
def _look(contents: link.Contents, order: Order | None) -> None:
    """Draw once, as no job is under way."""
    if actions.of_session().asks:  # for what the whole page starts
        st.rerun()
    _draw(contents, order, actions.current_job())


def _draw(contents: link.Contents, order: Order | None, job: Snapshot | None) -> None:
    """Draw status, pictures, losses, ways to paint it again, and this visit's paintings."""
    if visit.awaited():
        st.progress(0.0, "Looking for your painting …")
    else:
        progress.show(job, can_begin=order is not None)
        if job is not None and not series.includes(job):
            progress.tell_whose(job, contents.photo, contents.styles)
        link.keep_strength(job)
    under_painting = easel.show(contents.photo, contents.styles, job, server.queue().files, order)
    if job is not None and not job.active and job.preview:
        # As it was painted, where the session knows that, whatever is chosen now.
        painted = actions.painted_order(job, None) or actions.painted_order(job, order)
        if painted is not None:
            with under_painting:
                variations.offer(job, painted, state.strength(job.id).get())
    if job is not None:
        losses.offer(job)
    series.show(server.queue())
    with st.container(horizontal=True, gap="small", key="more"):
        series.offer(contents.photo, job is not None and job.active)
        link.offer(contents)
    results.show(server.queue(), job)
    announcement.make(job)
