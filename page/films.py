"""Short films in the place of a photo, where the host takes any."""

from __future__ import annotations

import dataclasses
import logging
import os
from fractions import Fraction
from typing import TYPE_CHECKING

import streamlit as st

from nst.errors import UserError
from nst.film import footage, given
from nst.film.footage import Facts, FilmBounds, Footage
from nst.film.given import Upload
from nst.film.video import BYTES_A_PIXEL, HELD_FRAMES
from nst.queue import footprint
from page import capacity, state
from page.words import plain, rough_duration

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from nst.queue.job import Snapshot
    from nst.queue.manager import JobManager
    from nst.studio.order import Order

FILMS = "NST_FILMS"  # an environment variable: "off", "on", or the most seconds of a film
SUFFIXES = (".mp4", ".m4v", ".mov", ".webm", ".mkv")
OWN_FILM = "Your film"
MOST = FilmBounds(seconds=10.0, side=240, rate=Fraction(12))
LEAST_PIXELS = 1280 * 720  # of a frame; where there is no memory to read these, no film is taken

log = logging.getLogger(__name__)


@st.cache_resource(show_spinner=False)
def allowed() -> FilmBounds | None:
    """The films that are taken here; None where the host wants none, or has no memory for them."""
    seconds = _seconds(os.environ.get(FILMS, "off"))
    if not seconds:
        return None
    memory = capacity.budget().painting - footprint.needed(MOST.side, MOST.side)
    if memory < LEAST_PIXELS * HELD_FRAMES * BYTES_A_PIXEL:
        log.warning("No films are taken: a server that paints them needs 1 GiB of memory or more.")
        return None
    most_bytes = capacity.budget().upload * 1024**2
    return dataclasses.replace(MOST, seconds=seconds, most_bytes=most_bytes, memory=memory)


def _seconds(value: str) -> float:
    """How long a film may be, s; 0 where none is taken."""
    if value in ("on", "off", ""):
        return MOST.seconds if value == "on" else 0.0
    try:
        seconds = float(value)
    except ValueError:
        seconds = 0.0
    if 1 <= seconds <= MOST.seconds:
        return seconds
    log.error(
        "%s is %r, so that no films are taken; it may be off, on, or a number of seconds from 1 to "
        "%g.",
        *(FILMS, value, MOST.seconds),
    )
    return 0.0


def types() -> tuple[str, ...]:
    """The files that are taken in the place of a photo, beside pictures."""
    return SUFFIXES if allowed() else ()


def tell_allowed() -> None:
    """Say that a film is taken, too, and which."""
    if bounds := allowed():
        st.caption(
            f"Or a film of up to {bounds.seconds:g} s (MP4, MOV or WebM): it is painted at up to "
            f"{bounds.side} px, {float(bounds.rate):g} frames a second."
        )


def is_film(upload: UploadedFile) -> bool:
    """Whether a file is a film that may be taken here, as far as its beginning tells."""
    if allowed() is None:
        return False
    return bool(given.format_of(upload.getvalue())) or upload.name.lower().endswith(SUFFIXES)


def read(upload: UploadedFile) -> Footage | str:
    """The film in an upload, or in a sentence why it cannot be used; read once a session."""
    bounds, known = allowed(), state.FILM.get()
    assert bounds is not None
    if known is not None and known[0] == upload.file_id:
        return known[1]
    found: Footage | str
    try:
        found = footage.read(OWN_FILM, Upload(upload.name, upload.getvalue()), bounds)
    except UserError as error:
        found = str(error)
    state.FILM.set((upload.file_id, found))
    return found


def in_words(facts: Facts, frames: int) -> str:
    """So many frames of a film: 24 frames of 240 x 160 px, 12 a second, with sound."""
    width, height = facts.size
    count = "1 frame" if frames == 1 else f"{frames} frames"
    sound = ", with sound" if facts.sound else ""
    return f"{count} of {width} x {height} px, {facts.rate:.3g} a second{sound}"


def tell_side(given: Footage) -> None:
    """Say beside the resolution that films have another."""
    st.caption(f"A film is painted at {given.side} px at most.")


def is_next(order: Order | None, job: Snapshot | None) -> bool:
    """Whether Paint would begin a film, and one does not look at another job."""
    if order is None or not isinstance(order.content, Footage):
        return False
    return job is None or (state.BROWSING.get() and not job.active)


def tell_plan(order: Order | None, manager: JobManager) -> None:
    """Say what will be painted of a film, and how long that takes, before Paint is pressed."""
    if order is None or not isinstance(order.content, Footage):
        return
    try:
        plan = manager.plan_film(order)
    except UserError as error:
        st.caption(plain(str(error)))
        return
    facts = footage.facts(order.content, order.settings)
    time = f"about {rough_duration(plan.seconds)} here{', at a guess' if plan.guessed else ''}"
    told = in_words(facts, facts.frames)
    too_long = f" {capacity.too_long()}" if plan.too_long else ""
    st.caption(f"{told}: {time}, longer with cuts and while others wait.{too_long}")
