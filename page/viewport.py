"""Where a visitor is when a painting begins and ends: at the painting, and at its next button.

A component of this page's own: Streamlit can neither close its sidebar in narrow windows alone nor
scroll to a place nor move the keyboard's focus.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from nst.queue.job import Snapshot
from page import actions, state

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

SCRIPT = Path(__file__).with_suffix(".js")


@functools.cache
def _component() -> ComponentRenderer:
    return st.components.v2.component("viewport", js=SCRIPT.read_text())


def follow(job: Snapshot | None) -> None:
    """Show the painting as soon as it has been asked for, wherever the window was scrolled to.

    Where a key asked for it, the focus goes to Stop, and to Download when it has ended; and to the
    choices as soon as no painting is shown any more.
    """
    data = {"begun": begun(job), "shown": job is not None}
    _component()(key=state.VIEWPORT.name, data=data)


def begun(job: Snapshot | None) -> str:
    """The job that the visitor began; "" while none is under way.

    The later ones of a series begin by themselves, and move nothing.
    """
    if job is None or not job.active:
        return ""
    series = actions.of_session().series
    return series.job_ids[0] if series is not None and job.id in series.job_ids else job.id
