"""A comparison: the photo lies on the painting, and the visitor moves the line between them.

A component of this page's own, in `compare.html`, `compare.css` and `compare.js`: it loads nothing
from elsewhere, and what comes from visitors reaches it as data, never as markup.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from nst.queue.job import Snapshot
from page import state
from page.words import data_url

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

HERE = Path(__file__).parent
LABEL = ":material/compare: Compare"


@functools.cache
def _component() -> ComponentRenderer:
    html, css, js = ((HERE / f"compare.{kind}").read_text() for kind in ("html", "css", "js"))
    return st.components.v2.component("compare", html=html, css=css, js=js)


def show(job: Snapshot, painting: bytes) -> None:
    """The photo of an ended job and its `painting`, a JPEG of the same size."""
    _component()(
        key=state.comparison(job.id).name,
        data={
            "photo": data_url(job.content_shown),
            "painting": data_url(painting),
            "photo_alt": f"The photo: {job.content_name}",
            "painting_alt": f"The painting: {job.content_name} in the style of {job.style_name}",
        },
    )


def chosen(job_id: str) -> bool:
    """Whether the visitor asked for the comparison."""
    return bool(state.comparing(job_id).get())


def offer(job_id: str) -> None:
    """A button that stays pressed while the comparison is shown."""
    st.segmented_control(
        "Compare with the photo",
        [LABEL],
        selection_mode="multi",  # of one: a click presses it, another lets go of it
        key=state.comparing(job_id).name,
        persist_state="session",  # while another painting is shown
        label_visibility="collapsed",
    )
