"""Words that tell screen readers how far a painting is.

A component of this page's own: Streamlit shows how far a painting is, but has nothing that makes
screen readers tell it.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from nst.queue.job import JobState, Snapshot
from page import state

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

SCRIPT = Path(__file__).with_suffix(".js")


@functools.cache
def _component() -> ComponentRenderer:
    return st.components.v2.component("announcement", js=SCRIPT.read_text())


def make(job: Snapshot | None) -> None:
    """Let screen readers tell where the job stands, whenever that has changed."""
    _component()(key=state.ANNOUNCEMENT.name, data={"words": words(job)})


def words(job: Snapshot | None) -> str:
    """How far the job is, in words that change only a few times during a painting."""
    if job is None or job.state is JobState.FAILED:  # an error is told as such
        return ""
    if job.state is JobState.QUEUED and job.ahead:
        return f"Waiting in the queue behind {job.ahead}."
    if job.stopping:
        return "Stopping."
    if job.active:
        quarter = 25 * int(4 * job.standing.fraction) if job.standing else 0
        return f"{quarter} percent is painted." if quarter else "The painting has begun."
    return job.message or "The painting is finished."
