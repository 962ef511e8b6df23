"""A painting for the share sheet of the visitor's system, in which the apps of the device are.

A component of this page's own, in `share.html`, `share.js` and `result.css`: a browser opens the
sheet only at once after a click on something of the page itself. Where it has none, the picture is
copied to be pasted, or saved.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from page import state
from page.words import data_url

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

HERE = Path(__file__).parent


@functools.cache
def _component() -> ComponentRenderer:
    html, js = ((HERE / f"share.{kind}").read_text() for kind in ("html", "js"))
    # Not isolated, so that it looks and has the focus as the buttons beside it.
    return st.components.v2.component("share", html=html, js=js, isolate_styles=False)


def offer(picture: bytes, name: str, title: str) -> None:
    """A button that shares `picture`, a JPEG, as a file of this name."""
    _component()(
        key=state.SHARE.name,
        data={"picture": data_url(picture), "name": name, "title": title},
        width="content",
    )
