"""What a visitor can take home of a painting; each file is made when it is asked for."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Literal, NamedTuple

import streamlit as st

from nst.errors import UserError
from nst.pictures import file_size, fitting, naming, previews
from nst.queue.files import Files
from nst.queue.job import Snapshot
from nst.studio.output_size import OutputSize, result_size
from page import capacity, state
from page.held import held
from page.words import megabytes

Prominence = Literal["primary", "secondary", "tertiary"]


class Version(NamedTuple):
    """A painting as it is taken home: its job's id, its strength and its size, px."""

    job_id: str
    strength: float
    size: tuple[int, int]


class Kind(NamedTuple):
    """A file that can be made of a painting."""

    label: str
    suffix: str  # of the file's name
    mime: str
    help: str
    make: Callable[[Files, Version], bytes]
    sized: bool = False  # whether the file has the size that is chosen


PNG = Kind(
    "PNG",
    ".png",
    "image/png",
    "In the size that is chosen, with its settings inside.",
    lambda files, version: files.png(*version),
    sized=True,
)
JPEG = Kind(
    "JPEG",
    ".jpg",
    "image/jpeg",
    "In the size that is chosen. Smaller than the PNG, and without the settings.",
    lambda files, version: files.jpeg(*version),
    sized=True,
)
FILM = Kind(
    "film",
    ".mp4",
    "video/mp4",
    "How the painting came about, as a short MP4 that phones and messengers take.",
    lambda files, version: files.timelapse(version.job_id, "MP4", version.strength),
)
FORMATS = {"PNG": PNG, "JPEG": JPEG, "Film": FILM}
OTHERS = (
    Kind(
        "Side by side",
        "-side-by-side.png",
        "image/png",
        "Photo, style and painting in one captioned picture.",
        lambda files, version: files.side_by_side(version.job_id, version.strength),
    ),
    Kind(
        "Film as WebP",
        ".webp",
        "image/webp",
        "How the painting came about, as a picture that moves by itself, over and over, for web "
        "pages.",
        lambda files, version: files.timelapse(version.job_id, "WEBP", version.strength),
    ),
    Kind(
        "Film as GIF",
        ".gif",
        "image/gif",
        "The same for programs that know no WebP: larger, and with 256 colours a frame.",
        lambda files, version: files.timelapse(version.job_id, "GIF", version.strength),
    ),
)
PHOTO, TWICE, CANVAS = "Photo's size", "2x", "Canvas"
SUFFIXES = {PHOTO: "-photo-size", TWICE: "-2x", CANVAS: "-canvas"}  # of files' names


def size_of(job: Snapshot) -> tuple[int, int]:
    """The size of a painting's file unless another is chosen, px."""
    return result_size(None, job.size, job.recipe.settings)


def sizes(job: Snapshot) -> dict[str, tuple[int, int]]:
    """The sizes that are offered, px, by their names: all different, and within what fits."""
    settings = job.recipe.settings
    canvas = max(fitting.fit_size(job.size, settings.resolution, settings.square))
    found = {PHOTO: job.size}
    for name, asked in ((TWICE, OutputSize(factor=2)), (CANVAS, OutputSize(side=canvas))):
        try:
            size = asked.for_photo(job.size)
        except UserError:  # larger than any result may be
            continue
        if size not in found.values() and size[0] * size[1] <= capacity.budget().pixels:
            found[name] = size
    return found


def choose_format() -> Kind:
    """Let the visitor choose the format of the file; it stays for the paintings to come."""
    chosen = st.segmented_control(
        "Format",
        list(FORMATS),
        default="PNG",
        required=True,
        key=state.FILE_FORMAT.name,
        persist_state="session",  # while nothing is finished
        help="PNG is exact and has the settings inside, JPEG is smaller, and the film shows how "
        "the painting came about.",
    )
    return FORMATS[chosen or "PNG"]


def choose_size(job: Snapshot, kind: Kind) -> tuple[int, int]:
    """Let the visitor choose the size of the files, where this kind has it; the size, px."""
    offered = sizes(job)
    default = next(name for name, size in offered.items() if size == size_of(job))
    chosen = st.segmented_control(
        "Size of the file",
        list(offered),
        default=default,
        required=True,
        key=state.file_size(job.id).name,
        persist_state="session",  # while another painting is shown
        disabled=not kind.sized,
        help="That of the photo, twice that for a large print, or that of the canvas it was "
        "painted on.",
    )
    return offered.get(chosen or default, job.size)


def offer(job: Snapshot, kind: Kind, version: Version, files: Files, *, first: bool) -> None:
    """The file of the chosen kind, one click away; `first` if to take it is what comes next."""
    look: Prominence = "primary" if first else "secondary"
    _button(f"Download {kind.label}", kind, job, version, files, look)


def offer_film(job: Snapshot, files: Files, *, first: bool) -> None:
    """A film that was painted, one click away; `first` if to take it is what comes next."""
    name = file_name(job)
    st.download_button(
        "Download MP4",
        held(functools.partial(files.film, job.id), FILM.mime, name),
        name,
        FILM.mime,
        on_click="ignore",
        icon=":material/download:",
        type="primary" if first else "secondary",
    )


def offer_others(job: Snapshot, version: Version, files: Files) -> None:
    """A menu of the other files."""
    with st.popover("More files", icon=":material/download:"):
        for kind in OTHERS:
            _button(kind.label, kind, job, version, files, "tertiary")


def tell(job: Snapshot, kind: Kind, version: Version, files: Files, shown: bytes) -> None:
    """Say how large the file is; `shown` is the picture as the page shows it, a JPEG."""
    if kind.sized:
        width, height = version.size
        png, jpeg = _bytes(job.id, version.strength, version.size, shown)
        st.caption(
            f"{width:,} x {height:,} px: as a PNG about {megabytes(png)}, as a JPEG about "
            f"{megabytes(jpeg)}."
        )
        return
    made = files.film_bytes(job.id, "MP4", version.strength)
    size = megabytes(made) if made else "made when you download it, in some seconds"
    st.caption(f"At most {previews.FRAME_SIDE} px wide and high, without sound: {size}.")


@st.cache_data(max_entries=256, show_spinner=False)
def _bytes(job_id: str, strength: float, size: tuple[int, int], _shown: bytes) -> tuple[int, int]:
    """About how many bytes PNG and JPEG have; the first three name the picture for the cache."""
    picture = previews.decoded(_shown)
    return (
        file_size.estimate(picture, size, "PNG"),
        file_size.estimate(picture, size, "JPEG"),
    )


def _button(
    label: str, kind: Kind, job: Snapshot, version: Version, files: Files, look: Prominence
) -> None:
    name = file_name(job, kind.suffix, version.size if kind.sized else None)
    st.download_button(
        label,
        held(functools.partial(kind.make, files, version), kind.mime, name),
        name,
        kind.mime,
        on_click="ignore",
        icon=":material/download:",
        help=kind.help,
        type=look,
    )


def file_name(job: Snapshot, suffix: str = "", size: tuple[int, int] | None = None) -> str:
    """After the files that were painted from, safe anywhere: holiday-in-night-sky.png.

    Without a suffix, that of a picture or a film, as it was painted. In another size than the
    usual one it is holiday-in-night-sky-2x.png, for example.
    """
    suffix = suffix or (PNG.suffix if job.film is None else FILM.suffix)
    if size is not None and size != size_of(job):
        suffix = next(SUFFIXES[name] for name, each in sizes(job).items() if each == size) + suffix
    made = job.recipe
    return naming.result_stem(made.content.name, [each.name for each in made.styles]) + suffix
