"""Pictures from the clipboard, and files that the browser does not send.

A component of this page's own: Streamlit takes files from a drop or a dialog alone, and what is too
large or no picture never reaches the server. What is pasted is put into the uploader of the photo,
so that it is an upload like any other.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from page import capacity, films, state

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

HERE = Path(__file__).parent
LONGEST_NAME = 255  # characters of a file's name; file systems have no longer ones


@functools.cache
def _component() -> ComponentRenderer:
    html, js = ((HERE / f"paste.{kind}").read_text() for kind in ("html", "js"))
    # Not isolated: it looks like the buttons beside it; see studio.css.
    return st.components.v2.component("paste", html=html, js=js, isolate_styles=False)


def offer(on_refused: Callable[[str, str, int], None]) -> None:
    """The button to paste a photo.

    `on_refused` is told of a file that is not sent: its uploader's key, its name and its bytes.
    """
    _component()(
        key=state.PASTE.name,
        data={
            "photo": state.OWN_PHOTO.name,
            # No list: Streamlit would import pandas to see whether it is a table.
            "uploaders": (state.OWN_PHOTO.name, state.OWN_STYLE.name),
            "films": films.types(),
            "most_bytes": capacity.budget().upload * 1024**2,
        },
        width="content",
        on_refused_change=lambda: _told(state.PASTE.get().get("refused"), on_refused),
    )


def _told(refused: Any, on_refused: Callable[[str, str, int], None]) -> None:
    """Pass on what the browser said, which is foreign: anything else than it should is ignored."""
    match refused:
        case {"uploader": str(uploader), "name": str(name), "size": int(size)}:
            on_refused(uploader, name[:LONGEST_NAME], size)
