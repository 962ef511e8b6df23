"""The browser's Back: it undoes the choice of a photo or a style, or leaves the page.

A component of this page's own: Streamlit makes an entry in the browser's history whenever the
server changes the address, and cannot be told to change it without.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from page import address, intake, samples, state
from page.samples import favourite

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer


@functools.cache
def _component() -> ComponentRenderer:
    return st.components.v2.component("back", js=Path(__file__).with_suffix(".js").read_text())


def guide() -> None:
    """Let a choice of a photo or a style, and nothing else, make an entry in the history."""
    _component()(key=state.BACK.name, data=[state.PHOTO.name, state.STYLE.name])


def follow() -> None:
    """Choose what the address says if Back or Forward led to it; call it before the galleries."""
    if not _came_back():
        return
    photo = address.asked(state.PHOTO.name)[0]
    if photo in samples.thumbnails("content"):
        intake.choose_photo(photo)
    elif photo == address.OWN and intake.kept_photo():
        intake.choose_photo(intake.OWN)
    else:
        intake.choose_photo(favourite("content"))
    known = samples.thumbnails("styles")
    styles = [stem for stem in address.asked(state.STYLE.name) if stem in known]
    if styles or all(stem in known for stem in intake.chosen_styles()):
        state.BLEND.set(len(styles) > 1)
        intake.choose_styles(styles)


def _came_back() -> bool:
    """Whether this run is because of the browser's Back or Forward."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation
