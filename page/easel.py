"""Photo, style and painting as they are seen, and what one can do with a finished painting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from nst.queue.files import Files
from nst.queue.job import Snapshot
from nst.settings import CONTROLS
from nst.studio.order import Input, enumerated
from page import compare, downloads, state
from page.samples import FAVOURITES, RESOURCES, shown, shown_styles, sketch
from page.words import data_url, plain, title_of

EXAMPLE = RESOURCES / "example.jpg"  # what the favourite photo and style give


class Below(NamedTuple):
    """Where there is room under the pictures."""

    chosen: DeltaGenerator  # under photo and style: it stays where it is when a painting ends
    painting: DeltaGenerator


def show(photo: Input | None, styles: Sequence[Input], job: Snapshot | None, files: Files) -> Below:
    """Photo, style and painting side by side, all in the shape of the photo.

    Compared with its photo, the painting is given more room.
    """
    comparing = job is not None and not job.active and compare.chosen(job.id)
    subject = None
    if job is not None and not (state.BROWSING.get() and photo and styles):
        subject, texture = job.content_shown, job.style_shown
        names = job.content_name, job.style_name
    elif photo is not None and styles:
        subject, size = shown(photo.data, photo.file_name)
        texture = shown_styles(tuple((style.data, style.file_name) for style in styles), size)
        names = photo.title, enumerated([style.title for style in styles])
    # What is chosen anew is not what the painting was made of.
    sum_holds = subject is not None and (job is None or names == (job.content_name, job.style_name))
    with (
        st.container(key="comparing" if comparing else "pictures"),
        st.container(key="sum" if sum_holds else "apart"),
    ):
        left, right = st.columns([2, 3] if comparing else [2, 1])
    with left, st.container(key="pair"):
        pair = st.columns(2, wrap=False)
    if subject is None:
        left.info("Choose a photo and a style in the sidebar.", icon=":material/image_search:")
        return Below(left, right)
    captions = f"Photo: {plain(names[0])}", f"Style: {plain(names[1])}"
    # Streamlit (1.67) lets go of a file soon after another has taken its place: of a picture that
    # changes twice a second a slow browser would find nothing. So the page gets them whole.
    pair[0].image(data_url(subject), captions[0], width="stretch", alt=f"The photo: {names[0]}")
    pair[1].image(data_url(texture), captions[1], width="stretch", alt=f"The style: {names[1]}")
    with right:
        _show_painting(subject, names, job, files)
    return Below(left, right)


def _show_painting(
    photo: bytes, names: tuple[str, str], job: Snapshot | None, files: Files
) -> None:
    """The painting as far as it is, or a sketch of the photo where there is none yet."""
    place = st.container()  # at all times, as a picture in another place would be built anew
    if job is not None and job.preview is not None:
        picture = job.preview if job.active else _finishing(job, files)
        title = f"{job.content_name} in the style of {job.style_name}"
        if not job.active and compare.chosen(job.id):
            with place:
                compare.show(job, picture)
                st.caption(plain(title), text_alignment="center")
            return
        alt = "The painting so far" if job.active else "The painting"
        place.image(data_url(picture), plain(title), width="stretch", alt=f"{alt}: {title}")
    elif job is None and names == example_names() and EXAMPLE.exists():
        place.image(
            EXAMPLE.read_bytes(),
            "An example; press Paint to make your own",
            width="stretch",
            alt=f"An example: {names[0]} in the style of {names[1]}",
        )
    else:
        place.image(
            data_url(sketch(photo), "image/png"),
            "Your painting appears here",
            width="stretch",
            alt="A pencil sketch",
        )


def _finishing(job: Snapshot, files: Files) -> bytes:
    """Comparison, strength and downloads of an ended job; the picture at that strength."""
    compare.offer(job.id)
    control = CONTROLS["strength"]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        strength = st.slider(
            control.label,
            control.minimum,
            control.maximum,
            job.recipe.settings.strength,
            control.step,
            key=state.strength(job.id).name,
            persist_state="session",  # while another painting is shown
            help=f"{control.help.partition(';')[0]}: at once, without painting anew. The download "
            "is as you see it.",
        )
        downloads.offer(job, strength, files)
    shown = files.shown(job.id, strength) or job.preview
    assert shown is not None
    return shown


def example_names() -> tuple[str, str]:
    """Photo and style of the ready-made example."""
    return title_of(FAVOURITES["content"]), title_of(FAVOURITES["styles"])
