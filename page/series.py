"""One photo in all sample styles: small paintings, one after the other, and a sheet of them."""

from __future__ import annotations

import io

import streamlit as st
from PIL import Image

from nst.film.footage import Footage
from nst.pictures import sheet, writing
from nst.queue.job import Snapshot
from nst.queue.manager import JobManager
from nst.settings import Settings
from nst.studio.order import Input, Order
from page import actions, samples, state

PRESET = "quick"


def offer(photo: Input | None, active: bool) -> None:
    """The button that begins a series, while nothing is painted."""
    count = len(samples.thumbnails("styles"))
    what = "The first frame of your film" if isinstance(photo, Footage) else "Your photo"
    st.button(
        "Try them all",
        key=state.TRY_ALL.name,
        icon=":material/grid_view:",
        help=f"{what} in each of the {count} sample styles, small and quick.",
        disabled=active or photo is None,
        on_click=_ask_for_all,
        args=[photo],
    )


def _ask_for_all(photo: Input) -> None:
    if isinstance(photo, Footage):
        photo = photo.still
    settings = Settings.preset(PRESET, resolution=sheet.SIDE)
    styles = [samples.sample("styles", stem) for stem in samples.thumbnails("styles")]
    actions.of_session().ask_for_all([Order(photo, (style,), settings) for style in styles])


def includes(job: Snapshot) -> bool:
    """Whether the job is one of a series, whose styles nobody chose one by one."""
    found = actions.of_session().series
    return found is not None and job.id in found.job_ids


def show(manager: JobManager) -> None:
    """How far a series is, and its sheet once it has come to its end."""
    series = actions.of_session().series
    if series is None or not series.job_ids:
        return
    found = [snapshot for each in series.job_ids if (snapshot := manager.snapshot(each))]
    with st.container(key="series"):
        if series.waiting or any(each.active for each in found):
            st.caption(f"Trying them all: style {len(series.job_ids)} of {series.total}")
            return
        painted = [each for each in found if each.preview]
        if len(painted) < 2:
            return
        photo = ("Photo", painted[0].content_shown)
        tiles = [photo, *((each.style_name, each.preview or b"") for each in painted)]
        png = _sheet(tuple(tiles))
        st.subheader("The photo in all styles")
        names = ", ".join(each.style_name for each in painted)
        st.image(png, caption=f"The photo, and its paintings in the styles {names}")
        st.download_button(
            "Download the sheet",
            png,
            "all_styles.png",
            "image/png",
            icon=":material/download:",
            on_click="ignore",
        )


@st.cache_data(max_entries=8, show_spinner=False)
def _sheet(tiles: tuple[tuple[str, bytes], ...]) -> bytes:
    """The pictures, JPEG files with their captions, as one PNG file."""
    opened = [(caption, Image.open(io.BytesIO(jpeg)).convert("RGB")) for caption, jpeg in tiles]
    return writing.encode(sheet.draw(sheet.in_rows(opened), sheet.SIDE))
