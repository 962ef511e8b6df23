"""Choosing a photo and styles: samples, uploads and the camera; the one used last counts."""

from __future__ import annotations

import dataclasses
import functools
import random
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from nst.studio.order import Input
from page import address, capacity, samples, state
from page.samples import checked, favourite
from page.state import Key
from page.words import title_of

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

MOST_STYLES = 4  # that can be told apart, side by side and in the painting
TOO_MANY = f"At most {MOST_STYLES} styles can be blended; take one away to add another."
BLENDS = 0.25  # of the surprises are of two styles

# What a visitor's pictures are called.
OWN_PHOTO, OWN_STYLE = "Your own photo", "Your own style"


def choose_photo() -> Input | None:
    """A gallery, an upload and the camera. None while no photo can be had."""
    stem = _choose_sample("content", "Photo", state.PHOTO)
    upload = st.file_uploader(
        OWN_PHOTO,
        type=capacity.PICTURES,
        max_upload_size=capacity.budget().upload,
        key=state.OWN_PHOTO.name,
        on_change=_take_photo_upload,
    )
    if st.button(
        "Take a photo",
        icon=":material/photo_camera:",
        width="stretch",
        help="With the camera of this device. The browser asks first whether it may be used.",
    ):
        _take_photo()
    address.keep(state.PHOTO.name, [stem] if stem else [], favourite("content"))
    own = state.SHOT.get()  # newer than the upload, if there is one
    if own is None and upload is not None:
        own = checked(capacity.uploaded(OWN_PHOTO, upload))
    return own if stem is None else samples.sample("content", stem)


@st.dialog("Take a photo", icon=":material/photo_camera:")
def _take_photo() -> None:
    """The camera, which is not asked for before this is open; a photo closes it."""
    photo = st.camera_input("Camera", key=state.CAMERA.name, on_change=_take_shot)
    if photo is not None and checked(capacity.uploaded(OWN_PHOTO, photo)):
        st.rerun()


def _take_shot() -> None:
    """A photo from the camera takes the place that an upload would."""
    photo = state.CAMERA.get()
    if photo is None or samples.problem(photo.getvalue(), photo.name):
        return
    state.SHOT.set(capacity.uploaded(OWN_PHOTO, photo))
    state.PHOTO.set(None)
    state.BROWSING.set(True)


def surprise() -> None:
    """Choose a photo and a style by chance, or two, all others than those that are chosen now."""
    chosen = state.STYLES.get() if state.BLEND.get() else [state.STYLE.get()]
    styles = [stem for stem in samples.thumbnails("styles") if stem not in chosen]
    photos = [stem for stem in samples.thumbnails("content") if stem != state.PHOTO.get()]
    # A style of one's own would be blended in.
    blend = random.random() < BLENDS and not state.OWN_STYLE.get()
    if len(styles) < 1 + blend or not photos:
        return
    state.BROWSING.set(True)
    state.PHOTO.set(random.choice(photos))
    state.BLEND.set(blend)
    if blend:
        state.STYLES.set(random.sample(styles, 2))
    else:
        state.STYLE.set(random.choice(styles))


def choose_styles() -> tuple[Input, ...]:
    """One style, or up to `MOST_STYLES` where the visitor asks for several; () while none is."""
    # Shown below the gallery, known before: it decides how many pictures a click may leave chosen.
    state.BLEND.begin(len(address.asked(state.STYLE.name)) > 1)
    if state.BLEND.get():
        stems = _choose_samples()
    else:
        stem = _choose_sample("styles", "Style", state.STYLE)
        stems = [stem] if stem else []
    st.toggle(
        "Blend several styles",
        key=state.BLEND.name,
        help=f"Up to {MOST_STYLES} styles in one painting, each with a weight. Or give each its "
        "own part of the photo, under Where to paint.",
        on_change=_switch_blending,
    )
    uploads = st.file_uploader(
        OWN_STYLE,
        type=capacity.PICTURES,
        max_upload_size=capacity.budget().upload,
        key=state.OWN_STYLE.name,
        accept_multiple_files=True,
        on_change=_take_style_uploads,
    )
    address.keep(state.STYLE.name, stems, favourite("styles"))
    own = [capacity.uploaded(_own_title(upload.name), upload) for upload in uploads]
    own = [each for each in own if checked(each)]
    if not state.BLEND.get():
        own = [] if stems else own[-1:]  # the one that came last
        own = [dataclasses.replace(each, title=OWN_STYLE) for each in own]
    found = [samples.sample("styles", stem) for stem in stems] + own
    # A picture that came twice is one style.
    chosen = list({each.source.sha256: each for each in reversed(found)}.values())[::-1]
    if len(chosen) > MOST_STYLES or state.TOO_MANY.get():
        st.warning(TOO_MANY, icon=":material/layers:")
    state.TOO_MANY.drop()
    return tuple(chosen[:MOST_STYLES])


def _own_title(file_name: str) -> str:
    """What an uploaded style is called beside others: its file's name."""
    return title_of(Path(file_name.replace("\\", "/")).stem[:40]) or OWN_STYLE


def _choose_sample(folder: str, label: str, key: Key[str | None]) -> str | None:
    """A gallery of which one picture is chosen, or none where an upload is used instead."""
    thumbnails, first = samples.thumbnails(folder), favourite(folder)
    asked = address.asked(key.name)[0]

    def browse() -> None:
        state.BROWSING.set(True)
        if key.get() is None and not _has_own(folder):
            key.set(first)

    with st.container(key=f"gallery_{folder}"):
        return st.pills(
            label,
            list(thumbnails),
            default=asked if asked in thumbnails else first,
            format_func=functools.partial(_thumbnail, thumbnails),
            key=key.name,
            on_change=browse,
            width="stretch",
        )


def _has_own(folder: str) -> bool:
    """Whether the visitor gave a picture that can be used in place of a sample."""
    if folder == "content":
        return state.OWN_PHOTO.get() is not None or state.SHOT.known
    return bool(state.OWN_STYLE.get())


def _choose_samples() -> list[str]:
    """A gallery of which up to `MOST_STYLES` styles are chosen, in the order of the clicks."""
    thumbnails = samples.thumbnails("styles")
    asked = [stem for stem in address.asked(state.STYLE.name) if stem in thumbnails]
    before = state.STYLES_BEFORE.get()

    def browse() -> None:
        state.BROWSING.set(True)
        if len(state.STYLES.get()) > MOST_STYLES:
            state.STYLES.set(before)
            state.TOO_MANY.set(True)

    with st.container(key="gallery_styles"):
        stems = st.pills(
            "Style",
            list(thumbnails),
            selection_mode="multi",
            default=asked[:MOST_STYLES],
            format_func=functools.partial(_thumbnail, thumbnails),
            key=state.STYLES.name,
            on_change=browse,
            width="stretch",
        )
    state.STYLES_BEFORE.set(list(stems))
    return list(stems)


def _thumbnail(thumbnails: dict[str, str], stem: str) -> str:
    """A sample picture's label."""
    return f"![]({thumbnails[stem]}) {title_of(stem)}"


def _take_photo_upload() -> None:
    """An upload takes the place of a sample and of what the camera took."""
    upload = state.OWN_PHOTO.get()
    if _take_uploads([] if upload is None else [upload], "content", state.PHOTO):
        state.SHOT.drop()


def _take_style_uploads() -> None:
    """An upload takes the place of a sample; where several styles are blended it is one more."""
    state.BROWSING.set(True)
    if state.STYLE.known:
        _take_uploads(state.OWN_STYLE.get() or [], "styles", state.STYLE)


def _take_uploads(uploads: Sequence[UploadedFile], folder: str, key: Key[str | None]) -> bool:
    """Let the last upload take the sample's place, if it can be read; whether it did.

    One that cannot be read takes no place: what was chosen before still is. Where no upload is
    left, the favourite comes back.
    """
    state.BROWSING.set(True)
    readable = [samples.problem(upload.getvalue(), upload.name) is None for upload in uploads]
    if readable and readable[-1]:
        key.set(None)
        return True
    shot = folder == "content" and state.SHOT.known
    if not any(readable) and key.get() is None and not shot:
        key.set(favourite(folder))
    return False


def _switch_blending() -> None:
    """Go on from one style to several with that one, and from several to one with the first."""
    state.BROWSING.set(True)
    style = state.STYLE.get()
    if state.BLEND.get():
        state.STYLES.set([style] if style else [])
        return
    stems = state.STYLES.get()
    state.STYLE.set(stems[0] if stems else None)
    if not stems and not state.OWN_STYLE.get():
        state.STYLE.set(favourite("styles"))
