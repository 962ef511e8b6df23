"""Several paintings as one file: a ZIP archive of PNGs with their recipes, made when asked for."""

from __future__ import annotations

import functools
import io
import zipfile
from collections.abc import Sequence
from typing import NamedTuple

import streamlit as st

from nst.errors import UserError
from nst.queue.job import Snapshot
from nst.queue.manager import JobManager
from page import downloads
from page.held import held

# Bytes that an archive may take, as it is in memory until it has been sent. Most paintings are at
# most 5 MB; those of large photos are shared out among several archives.
LARGEST_ARCHIVE = 96 * 1024**2
PER_PIXEL = 3  # bytes: a PNG never takes notably more
MIME = "application/zip"
MISSING_FILES = "no longer kept.txt"


class Entry(NamedTuple):
    """A painting in an archive: its file's name, its job, its strength, and its kind."""

    name: str
    job_id: str
    strength: float
    is_film: bool = False


def entries(jobs: Sequence[Snapshot], strengths: Sequence[float]) -> list[Entry]:
    """An entry for each job, with a unique name that is safe in any file system."""
    return [
        Entry(f"{number:02d}-{downloads.file_name(job)}", job.id, strength, job.film is not None)
        for number, (job, strength) in enumerate(zip(jobs, strengths, strict=True), 1)
    ]


def parts(sizes: Sequence[tuple[int, int]]) -> list[slice]:
    """Divide pictures of these sizes, px, into groups that each fit into one archive."""
    found, start, total = [], 0, 0
    for index, (width, height) in enumerate(sizes):
        bytes_here = width * height * PER_PIXEL
        if index > start and total + bytes_here > LARGEST_ARCHIVE:
            found.append(slice(start, index))
            start, total = index, 0
        total += bytes_here
    return [*found, slice(start, len(sizes))] if sizes else []


def pack(manager: JobManager, packed: Sequence[Entry]) -> bytes:
    """Make the archive, one painting after the other; PNGs are not compressed again.

    What the server had to let go of meanwhile is named in a file of its own. Raises `UserError` if
    that is all.
    """
    file, missing = io.BytesIO(), []
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for entry in packed:
            try:
                if entry.is_film:
                    data = manager.files.film(entry.job_id)
                else:
                    data = manager.files.png(entry.job_id, entry.strength)
            except UserError as error:
                missing.append(f"{entry.name}: {error}\n")
                if len(missing) == len(packed):
                    raise
            else:
                archive.writestr(entry.name, data)
        if missing:
            archive.writestr(MISSING_FILES, "".join(missing))
    return file.getvalue()


def offer(jobs: Sequence[Snapshot], strengths: Sequence[float], manager: JobManager) -> None:
    """A button for all paintings, or one for each part where they are too large for one file."""
    all_entries = entries(jobs, strengths)
    found = parts([downloads.size_of(job) for job in jobs])
    for number, part in enumerate(found, 1):
        several = f" ({number} of {len(found)})" if len(found) > 1 else ""
        name = f"paintings{f'-{number}' if several else ''}.zip"
        st.download_button(
            f"Download all as ZIP{several}",
            held(functools.partial(pack, manager, all_entries[part]), MIME, name),
            name,
            MIME,
            on_click="ignore",
            icon=":material/folder_zip:",
            help="Every painting as a PNG in its usual size, with its settings inside.",
        )
