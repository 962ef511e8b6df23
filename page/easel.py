"""Photo and style beside the painting, and what one can do with a finished painting."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from nst.film.footage import Footage
from nst.pictures import previews
from nst.queue.files import Files
from nst.queue.job import Snapshot
from nst.studio.order import Input, Order, enumerated
from page import compare, draft, result, state
from page.samples import beside, example, finished, hashes, shown, shown_styles, sketch
from page.words import data_url, plain


class Pair(NamedTuple):
    """Photo and style as they are seen: those of the job, or those chosen for the next."""

    photo: bytes  # JPEG, in the size that a painting of it is shown at
    style: bytes  # JPEG
    names: tuple[str, str]
    example: Path | None = None  # its ready-made painting
    kind: str = "Photo"


class Easel(NamedTuple):
    """Where a painting is shown, and what stands beside it; None while that is to be chosen."""

    middle: DeltaGenerator
    pair: Pair | None
    photo: DeltaGenerator | None = None  # the photo, which each frame of a film takes the place of


def set_up(photo: Input | None, styles: Sequence[Input], job: Snapshot | None) -> Easel:
    """Photo and style at the side, and room for the painting in the middle."""
    chosen = _chosen(photo, styles, job)
    # What is chosen anew is not what the painting was made of.
    sum_holds = chosen is not None and (
        job is None or chosen.names == (job.content_name, job.style_name)
    )
    with st.container(key="pictures"), st.container(key="sum" if sum_holds else "apart"):
        side, middle = st.columns([1, 4])
    pair = side.container(key="pair", gap="small")
    if chosen is None:
        pair.info("Choose a photo and a style.", icon=":material/image_search:")
        return Easel(middle, None)
    _make_room(chosen.photo)
    # Streamlit (1.67) lets go of a file soon after another has taken its place: of a picture that
    # changes each second a slow browser would find nothing. So the page gets them whole. Nor are
    # they put into a place made empty first: on a busy machine it would be seen empty.
    original = _show_beside(pair, chosen.kind, chosen.photo, chosen.names[0])
    _show_beside(pair, "Style", chosen.style, chosen.names[1])
    return Easel(middle, chosen, original)


def _make_room(photo: bytes) -> None:
    """Tell page.css how large a painting of the photo is shown, however small its picture is."""
    width, height = previews.decoded(photo).size
    room = f"--wide: {width}px; --shape: {width / height:.4f};"
    st.html(f"<style>.st-key-painting {{ {room} }}</style>")


def is_finished(job: Snapshot | None) -> bool:
    """Whether a painting is there to be taken home, and nothing else is chosen meanwhile."""
    ended = job is not None and job.preview is not None and not job.active
    return ended and not state.BROWSING.get()


def _chosen(photo: Input | None, styles: Sequence[Input], job: Snapshot | None) -> Pair | None:
    """What is shown beside the painting; None while something is still to be chosen."""
    if job is not None and not (state.BROWSING.get() and photo and styles):
        names, kind = (job.content_name, job.style_name), "Film" if job.film else "Photo"
        return Pair(job.content_shown, job.style_shown, names, kind=kind)
    if photo is None or not styles:
        return None
    jpeg, size = shown(photo.data, photo.file_name)
    texture = shown_styles(tuple((style.data, style.file_name) for style in styles), size)
    names = photo.title, enumerated([style.title for style in styles])
    kind = "Film" if isinstance(photo, Footage) else "Photo"
    return Pair(jpeg, texture, names, _example(photo, styles), kind)


def _example(photo: Input, styles: Sequence[Input]) -> Path | None:
    """The ready-made painting of a sample photo in one sample style."""
    if len(styles) > 1:
        return None
    stem = hashes("content").get(photo.source.sha256)
    style_stem = hashes("styles").get(styles[0].source.sha256)
    return example(stem, style_stem) if stem and style_stem else None


def show_active(easel: Easel, job: Snapshot) -> None:
    """The painting of a job that waits or runs, as far as it is."""
    if easel.pair is None:
        return
    if job.film is not None and easel.photo is not None and not state.BROWSING.get():
        _show_beside(easel.photo, "Film", job.content_shown, job.content_name)
    with easel.middle:
        place = _place()
    if job.preview is None:
        _show_sketch(place, easel.pair, "Your painting appears here")
    else:
        _show_painting(place, job, job.preview, "The painting so far")


def show(easel: Easel, job: Snapshot | None, files: Files, order: Order | None) -> None:
    """The painting of a job that has ended, or what it may become where there is none yet.

    `order` is what Paint would begin, if anything.
    """
    if easel.pair is None:
        return
    with easel.middle:
        place = _place()
        if job is not None and job.film is not None and job.preview is not None:
            result.show_film(place, job, files, first=is_finished(job))
            return
        if job is not None and job.preview is not None:
            picture = result.show(job, files, first=is_finished(job))
            if compare.chosen(job.id):
                with place:
                    compare.show(job, picture)
                    st.caption(plain(result.title_of(job)), text_alignment="center")
            else:
                _show_painting(place, job, picture, "The painting")
            return
    if job is not None:
        _show_sketch(place, easel.pair, "Your painting appears here")
    elif easel.pair.example is not None:
        _show_example(place, easel.pair, easel.pair.example)
    else:
        _show_promise(place, easel.pair, order)


def _show_beside(place: DeltaGenerator, kind: str, picture: bytes, name: str) -> DeltaGenerator:
    """A picture that the painting is made of; one shown in it takes its place."""
    return place.image(
        beside(picture),
        f"{kind}: {plain(name)}",
        width="stretch",
        alt=f"The {kind.lower()}: {name}",
    )


def _place() -> DeltaGenerator:
    """Where the painting stands, always: in another place a picture would be built anew."""
    return st.container(key="painting")


def _show_painting(place: DeltaGenerator, job: Snapshot, picture: bytes, alt: str) -> None:
    title = result.title_of(job)
    place.image(data_url(picture), plain(title), width="stretch", alt=f"{alt}: {title}")


def _show_example(place: DeltaGenerator, pair: Pair, example: Path) -> None:
    place.image(
        data_url(finished(example), "image/webp"),
        "An example; press Paint to make your own",
        width="stretch",
        alt=f"An example: {pair.names[0]} in the style of {pair.names[1]}",
    )


def _show_promise(place: DeltaGenerator, pair: Pair, order: Order | None) -> None:
    """A draft of what is ordered, or a sketch of the photo until there is one, or if there is none.

    Both in the same size and with a line under them, so that nothing moves when the draft comes.
    """
    found = draft.wish(order)
    if found.picture is not None:
        place.image(
            data_url(found.picture),
            draft.THERE,
            width="stretch",
            alt=f"A draft: {pair.names[0]} in the style of {pair.names[1]}",
        )
        return
    _show_sketch(place, pair, draft.UNDER_WAY if found.awaited else "Your painting appears here")
    if found.awaited:
        draft.follow(found)


def _show_sketch(place: DeltaGenerator, pair: Pair, words: str) -> None:
    place.image(
        data_url(sketch(pair.photo), "image/webp"), words, width="stretch", alt="A pencil sketch"
    )
