"""How far a painting is, or how it ended, in words."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from nst.queue.history import Standing
from nst.queue.job import JobState, Snapshot
from nst.studio.order import Input
from page.words import about, plain, rough_duration

READY = "Press Paint and watch; you can stop at any time."
NOT_READY = "Something is still missing; it stands beside Paint."
STOPPING = "Stopping …"
FIRST_FORECAST = 4  # the iteration from which on the time left is told: one alone says little


def show(job: Snapshot | None, can_begin: bool = True) -> None:
    """Show how far the job is, or how it ended, with a bar of the same height for no job.

    So the pictures under it stay where they are from the first look to the last.
    """
    if job is None:
        st.progress(0.0, READY if can_begin else NOT_READY)
        return
    standing = job.standing
    if job.state is JobState.QUEUED and job.ahead and standing is not None:
        wait, frame = about(job.wait), standing.iteration + 1
        st.progress(
            standing.fraction,
            f"A painting that waited has its turn. Yours goes on with frame {frame} of "
            f"{standing.total} in {wait}.",
        )
    elif job.state is JobState.QUEUED and job.ahead:
        others = "1 painting is" if job.ahead == 1 else f"{job.ahead} paintings are"
        wait = f"{about(job.wait)}{', at a guess' if job.guessed else ''}"
        st.progress(0.0, f"In the queue: {others} ahead of yours. It begins by itself in {wait}.")
    elif job.stopping:
        st.progress(standing.fraction if standing else 0.0, STOPPING)
    elif job.active and standing is None:
        st.progress(0.0, "Getting brushes and paint ready …")
    elif job.active and standing is not None:
        frames = f"{frame_of(standing)}. " if job.film is not None else ""
        st.progress(standing.fraction, frames + time_left(standing, film=job.film is not None))
    elif job.state is JobState.FAILED:
        st.error(plain(job.message), icon=":material/error:")
    elif standing is None:
        st.info(plain(job.message), icon=":material/info:")
    else:
        took = f"took {rough_duration(standing.seconds)}."
        end = f"{plain(job.message)} It" if job.message else ":material/check_circle: Finished: it"
        st.progress(standing.fraction, f"{end} {took}")


def tell_whose(job: Snapshot, photo: Input | None, styles: Sequence[Input]) -> None:
    """Say which painting is shown while others than its pictures are chosen for the next."""
    if photo is None or not styles or not (job.active or job.preview):
        return
    sources = photo.source, *(style.source for style in styles)
    if sources != (job.recipe.content, *job.recipe.styles):
        shown = plain(f"{job.content_name} in the style of {job.style_name}")
        st.caption(f"This is {shown}; what is chosen now comes with the next Paint.")


def frame_of(standing: Standing) -> str:
    """Which frame of a film is painted."""
    return f"Frame {min(standing.iteration + 1, standing.total)} of {standing.total}"


def time_left(standing: Standing, *, film: bool = False) -> str:
    """The time that is left, as far as it can be estimated, and the part that is done."""
    if standing.fraction < 0.01 or (standing.iteration < FIRST_FORECAST and not film):
        return "Estimating the time …"
    return f"About {rough_duration(standing.seconds_left)} left, {100 * standing.fraction:.0f} %"
