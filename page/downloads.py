"""What a visitor can take home of a painting; each file is made when it is asked for."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Literal, NamedTuple

import streamlit as st

from nst.queue.files import Files
from nst.queue.job import Snapshot
from page.held import held

Prominence = Literal["primary", "secondary", "tertiary"]


class Kind(NamedTuple):
    """A file that can be made of a painting, from its job's id and a strength."""

    label: str
    suffix: str  # of the file's name
    mime: str
    help: str
    make: Callable[[Files, str, float], bytes]


PNG = Kind(
    "Download PNG",
    ".png",
    "image/png",
    "At the size of the photo, with its settings inside.",
    Files.png,
)
OTHERS = (
    Kind(
        "JPEG",
        ".jpg",
        "image/jpeg",
        "At the size of the photo. Smaller than the PNG, and without the settings.",
        Files.jpeg,
    ),
    Kind(
        "Side by side",
        "-side-by-side.png",
        "image/png",
        "Photo, style and painting in one captioned picture.",
        Files.side_by_side,
    ),
    Kind(
        "Time-lapse, WebP",
        ".webp",
        "image/webp",
        "How the painting came about, as a short film for browsers and most messengers.",
        lambda files, job_id, strength: files.timelapse(job_id, "WEBP", strength),
    ),
    Kind(
        "Time-lapse, GIF",
        ".gif",
        "image/gif",
        "The same for programs that know no WebP: larger, and with 256 colours a frame.",
        lambda files, job_id, strength: files.timelapse(job_id, "GIF", strength),
    ),
)


def offer(job: Snapshot, strength: float, files: Files, first: bool) -> None:
    """The PNG one click away, and a menu of the other files.

    `first` says whether to download is what one would do next.
    """
    _button(PNG, job, strength, files, "primary" if first else "secondary")
    with st.popover("More files", icon=":material/download:"):
        for kind in OTHERS:
            _button(kind, job, strength, files, "tertiary")


def _button(kind: Kind, job: Snapshot, strength: float, files: Files, look: Prominence) -> None:
    name = file_name(job, kind.suffix)
    make = functools.partial(kind.make, files, job.id, strength)
    st.download_button(
        kind.label,
        held(make, kind.mime, name),
        name,
        kind.mime,
        on_click="ignore",
        icon=":material/download:",
        help=kind.help,
        type=look,
    )


def file_name(job: Snapshot, suffix: str = PNG.suffix) -> str:
    """E.g. cat-night-sky.png."""
    words = re.sub(r"[\W_]+", "-", f"{job.content_name} {job.style_name}".lower())
    return f"{words[:80].strip('-')}{suffix}"
