"""What the memory of this server allows: how much is kept, and how large a canvas is offered."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, NamedTuple

import streamlit as st
from PIL import Image

from nst.machine import limits
from nst.pictures import checks, reading
from nst.pictures.naming import shown_name
from nst.queue import footprint
from nst.queue.bounds import DEADLINE, KEPT_BYTES
from nst.queue.forecast import Plan
from nst.settings import CONTROLS, PRESETS, Settings
from nst.studio.order import Input
from page import state
from page.words import rough_duration

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

MOST_DIGITS = 9  # of a number in an address; Python refuses to read one of thousands
HIGHEST_RESOLUTION = 1024  # px; more takes longer than a visitor waits: for the command line
# Not every browser knows that HEIC is a picture.
PICTURES = ("image", ".heic", ".heif")
LEAST_UPLOAD = 20  # MB; photos of phones have 3 to 15
OFFERED = tuple(name for name in PRESETS if Settings.preset(name).resolution <= HIGHEST_RESOLUTION)


class Budget(NamedTuple):
    """Bytes of memory, and what follows from them."""

    total: int
    kept: int  # for ended paintings, and as much for waiting ones
    painting: int  # for the process without these and without a picture that is being read
    pixels: int  # of a picture, at most; what is larger is reduced while it is read, or refused
    highest_resolution: int  # px, the longest side of a canvas that is offered

    @property
    def upload(self) -> int:
        """The largest file that is taken, MB: the server holds it several times over."""
        return max(LEAST_UPLOAD, min(checks.MAX_BYTES // 1024**2, self.total // 50_000_000))


@st.cache_resource(show_spinner=False)
def budget() -> Budget:
    """What this server's memory allows."""
    total = limits.memory_limit()
    kept = min(KEPT_BYTES, total // 32)
    pixels = min(reading.MAX_PIXELS, total // 56)  # a seventh of the memory, at 8 bytes
    painting = total - 2 * kept - reading.peak_bytes(pixels)
    # Here, once: to know what a canvas needs, the system's limits are read for each size.
    highest = min(HIGHEST_RESOLUTION, footprint.highest_resolution(painting))
    return Budget(total, kept, painting, pixels, highest)


def uploaded(title: str, upload: UploadedFile) -> Input:
    """A picture that a visitor gave, to be read within this server's memory."""
    return Input(title, upload.getvalue(), upload.name, budget().pixels)


def open_picture(data: bytes, name: str, ground: str = "white") -> Image.Image:
    """A picture that a visitor gave, read within this server's memory; raises `ImageError`."""
    checks.check_bytes(len(data), shown_name(name), budget().upload * 1024**2)
    return reading.open_picture(data, name, most_pixels=budget().pixels, ground=ground)


def within(settings: Settings) -> Settings:
    """The settings, with their resolution lowered to the highest that this server offers."""
    highest = budget().highest_resolution
    if settings.resolution <= highest:
        return settings
    return dataclasses.replace(settings, resolution=highest)


def lower_resolution() -> None:
    """Lower the chosen resolution to the highest that is offered; call it before the control."""
    highest = budget().highest_resolution
    resolution = state.setting("resolution")
    chosen = resolution.get() or _of_address()
    if chosen > highest:
        resolution.set(highest)
        state.RESOLUTION_ASKED.set(chosen)


def _of_address() -> int:
    """The resolution that a page which has just been opened begins with."""
    named = st.query_params.get("resolution", "").replace(",", "")
    maximum = CONTROLS["resolution"].maximum or 0
    if not named.isdecimal() or len(named) > MOST_DIGITS:
        return 0
    return int(named) if int(named) <= maximum else 0


def tell(chosen: int) -> None:
    """Tell the visitor why no higher resolution is offered, if there could be one."""
    highest = budget().highest_resolution
    if highest >= HIGHEST_RESOLUTION and not state.RESOLUTION_ASKED.known:
        return
    asked = state.RESOLUTION_ASKED.get()
    if chosen < highest:
        state.RESOLUTION_ASKED.drop()
        asked = None
    wish = f"{asked:,} px was asked for. " if asked else ""
    if highest >= HIGHEST_RESOLUTION:
        st.caption(f"{wish}The page paints up to {highest:,} px; the command line paints larger.")
        return
    st.caption(
        f"{wish}This server has {footprint.gigabytes(budget().total)} of memory, which is enough "
        f"for up to {highest:,} px."
    )


def tell_plan(plan: Plan) -> None:
    """Say what a painting will take."""
    needs = footprint.gigabytes(plan.memory)
    seconds = f"{rough_duration(plan.seconds)} here{', at a guess' if plan.guessed else ''}"
    text = f"Takes about {seconds}, and {needs} of memory."
    if plan.too_long:
        text += f" {too_long()}"
    st.caption(text)


def too_long() -> str:
    """What becomes of a painting that takes longer than one may."""
    return f"It is stopped after {rough_duration(DEADLINE)}, and kept as it is then."
