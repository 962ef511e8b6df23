"""Under a painting that has ended: a bar of what one does with it, its strength and its files."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from nst.queue.files import Files
from nst.queue.job import Snapshot
from nst.settings import CONTROLS
from page import compare, downloads, films, full_size, share, state
from page.words import megabytes


def show(job: Snapshot, files: Files, *, first: bool) -> bytes:
    """Everything under the painting, and the picture at the strength that is chosen there, a JPEG.

    `first` says whether to take it home is what one would do next.
    """
    bar = st.container(horizontal=True, gap="small", key="result_bar")
    with st.container(horizontal=True, vertical_alignment="bottom", key="as_file"):
        strength = _choose_strength(job)
        kind = downloads.choose_format()
        size = downloads.choose_size(job, kind)
    version = downloads.Version(job.id, strength, size)
    shown = files.shown(job.id, strength) or job.preview
    assert shown is not None
    with bar:
        downloads.offer(job, kind, version, files, first=first)
        share.offer(shown, downloads.file_name(job, downloads.JPEG.suffix), title_of(job))
        compare.offer(job.id)
        _offer_again()
    downloads.tell(job, kind, version, files, shown)
    with st.container(horizontal=True, gap="small", key="other_files"):
        full_size.offer(title_of(job), version, files)
        downloads.offer_others(job, version, files)
    return shown


def show_film(place: DeltaGenerator, job: Snapshot, files: Files, *, first: bool) -> None:
    """A film that has ended, to be played in its place, and under it what one does with it."""
    assert job.film is not None
    assert job.standing is not None
    mp4 = files.film(job.id)
    with place.container(key="film"):
        st.video(mp4, loop=True)
    with st.container(horizontal=True, gap="small", key="result_bar"):
        downloads.offer_film(job, files, first=first)
        _offer_again()
    told = films.in_words(job.film, job.standing.iteration)
    st.caption(f"{told}: {megabytes(len(mp4))}.")


def title_of(job: Snapshot) -> str:
    """What a painting is called."""
    return f"{job.content_name} in the style of {job.style_name}"


def _choose_strength(job: Snapshot) -> float:
    control = CONTROLS["strength"]
    return st.slider(
        control.label,
        control.minimum,
        control.maximum,
        job.recipe.settings.strength,
        control.step,
        key=state.strength(job.id).name,
        persist_state="session",  # while another painting is shown
        help=f"{control.help.partition(';')[0]}: at once, without painting anew. The download is "
        "as you see it.",
    )


def _offer_again() -> None:
    """A button that leads back to choosing: the same order would give the same painting."""
    st.button(
        "Again",
        key=state.AGAIN.name,
        icon=":material/replay:",
        help="Back to the photos and styles, with everything as you chose it. This painting stays "
        "among yours, further down.",
        on_click=_choose_again,
    )


def _choose_again() -> None:
    """Show no painting, but what is chosen for the next."""
    state.BROWSING.set(False)
    if "job" in st.query_params:
        del st.query_params["job"]
    st.rerun()  # the whole page, not only the fragment
