"""Words for a lost connection, told by the page itself: the server cannot tell them then.

A component of this page's own: Streamlit shows "Connecting" in a corner, and later a dialog over
the page with advice for whoever runs the server.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from nst.queue.job import Snapshot
from page import state

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

HERE = Path(__file__).parent
GOES_ON = "Connection lost; your painting goes on."
AT_REST = "Connection lost; trying again …"


@functools.cache
def _component() -> ComponentRenderer:
    html, css, js = ((HERE / f"connection.{kind}").read_text() for kind in ("html", "css", "js"))
    return st.components.v2.component("connection", html=html, css=css, js=js)


def watch(job: Snapshot | None) -> None:
    """Let the browser know what to say as soon as the connection is lost."""
    active = job is not None and job.active
    _component()(key=state.CONNECTION.name, data={"words": GOES_ON if active else AT_REST})
