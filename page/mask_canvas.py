"""The picture that one draws upon to mark a part of it.

A component of this page's own, in `mask_canvas.html`, `.css` and `.js`. Two packages could have
been used, streamlit-drawable-canvas 0.13 and streamlit-drawable-konva 0.7. Their canvases are as
many pixels wide as Python says, which knows no window, so that a phone sees a part of the photo; no
key draws on them; and their scripts have 413 and 706 kB.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from nst.studio.order import Input
from page import mask_pictures, state
from page.marks import Mark

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

HERE = Path(__file__).parent
NOT_FOUND = "No subject was found there: draw closely around it, or scribble over all its parts."


@functools.cache
def _component() -> ComponentRenderer:
    html, css, js = ((HERE / f"mask_canvas.{kind}").read_text() for kind in ("html", "css", "js"))
    return st.components.v2.component("mask_canvas", html=html, css=css, js=js)


def drawn(sheet: int) -> object:
    """The marks as the browser sent them for the sheet of this number; None if it sent none."""
    return (state.mask_canvas(sheet).get() or {}).get("marks")


def show(
    sheet: int,
    picture: Input,
    begun: Sequence[Mark],
    base: Input | None,
    subjects: Mapping[int, bytes | None],
) -> None:
    """Show the picture with its marks.

    A sheet of a new number begins with the marks `begun`; what comes to them the browser knows.
    `base` is the mask that they are laid on. `subjects` are the masks of the subjects by the
    numbers of their marks, None for one that was not found.
    """
    _component()(
        key=state.mask_canvas(sheet).name,
        data={
            "sheet": sheet,
            "label": f"{picture.title}, to be drawn upon",
            "picture": mask_pictures.drawn_upon(picture.data, picture.file_name),
            "base": mask_pictures.as_veil(base.data) if base else None,
            "marks": [mark.as_data() for mark in begun],
            "subjects": {
                str(number): mask_pictures.as_veil(mask) if mask else ""
                for number, mask in subjects.items()
            },
            "not_found": NOT_FOUND,
        },
        on_marks_change=lambda: None,
    )
