"""One photo in all sample styles: small paintings, one after the other, and a sheet of them."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import streamlit as st
from PIL import Image

from nst.pictures import sheet, writing
from nst.queue.job import Snapshot, State
from nst.queue.manager import JobManager
from nst.settings import Settings
from nst.studio.order import Input, Order
from page import gallery

SERIES = "series"  # the session's
PRESET = "quick"


@dataclass
class Series:
    """What is still to be painted, and the jobs of what is or was."""

    waiting: list[Order]
    job_ids: list[str] = field(default_factory=list)
    next: Order | None = None  # is about to be queued

    @property
    def total(self) -> int:
        """How many paintings it will be."""
        return len(self.waiting) + len(self.job_ids)


def offer(photo: Input | None, active: bool) -> None:
    """The button that begins a series, while nothing is painted."""
    count = len(gallery.gallery("styles"))
    st.button(
        "Try them all",
        key="try_all",
        icon=":material/grid_view:",
        help=f"Your photo in each of the {count} sample styles, small and quick.",
        disabled=active or photo is None,
        on_click=_place,
        args=[photo],
    )


def _place(photo: Input) -> None:
    settings = Settings.preset(PRESET, resolution=sheet.SIDE)
    styles = [gallery.sample("styles", stem) for stem in gallery.gallery("styles")]
    st.session_state[SERIES] = Series([Order(photo, (style,), settings) for style in styles])


def placed() -> bool:
    """Whether a series was asked for just now."""
    series: Series | None = st.session_state.get(SERIES)
    return series is not None and bool(series.waiting) and not series.job_ids


def pending(job: Snapshot | None) -> Order | None:
    """The next order, as soon as the last job has ended.

    Whoever stops one, or goes on to something else, has seen enough.
    """
    series: Series | None = st.session_state.get(SERIES)
    if series is None or not series.waiting or (job is not None and job.active):
        return None
    last = series.job_ids[-1:]
    if last and (job is None or job.id != last[0] or job.state is State.STOPPED):
        end()
        return None
    series.next = series.waiting[0]
    return series.next


def begun(job_id: str, order: Order) -> None:
    """To be told of every painting that was queued, if need be twice; another ends the series."""
    series: Series | None = st.session_state.get(SERIES)
    if series is None or job_id in series.job_ids:
        return
    if order is series.next:
        series.job_ids.append(job_id)
        series.waiting.pop(0)
        series.next = None
    else:
        st.session_state.pop(SERIES)


def end() -> None:
    """Paint no more of it; what is painted stays."""
    series: Series | None = st.session_state.get(SERIES)
    if series is not None:
        series.waiting.clear()


def show(manager: JobManager) -> None:
    """How far a series is, and its sheet once it has come to its end."""
    series: Series | None = st.session_state.get(SERIES)
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
