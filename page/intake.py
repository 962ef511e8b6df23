"""A visitor's own pictures on their way in: dropped, pasted, chosen or taken, or refused.

Each becomes a tile beside the samples and is chosen at once. What is refused is said where it was
given, and nothing is painted in its place until the visitor has chosen something else.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from nst.errors import UserError
from nst.film import footage
from nst.pictures import checks
from nst.pictures.naming import shown_name
from nst.studio.order import Input
from page import capacity, films, paste, samples, state
from page.state import Key, Refused
from page.words import plain, title_of

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

MOST_STYLES = 4  # that can be told apart, side by side and in the painting
# What a visitor's pictures are called.
OWN_PHOTO, OWN_STYLE = "Your photo", "Your artwork"
LONGEST_TITLE = 40  # characters of a file's name on a tile
# Stands for the visitor's photo among the samples; what stands for an artwork begins like it. No
# sample is called so.
OWN = "/own"


def own_photo() -> Input | None:
    """The drop zone with all ways in; the visitor's photo, or None while none can be used."""
    with st.container(key="drop_zone", gap=None):
        st.file_uploader(
            "Drop your photo here, paste it, choose or take one",
            type=(*capacity.PICTURES, *films.types()),
            max_upload_size=capacity.budget().upload,
            key=state.OWN_PHOTO.name,
            on_change=_take_upload,
        )
        with st.container(horizontal=True, gap="small", key="ways_in"):
            paste.offer(_take_refusal)
            if st.button(
                "Take a photo",
                icon=":material/photo_camera:",
                key=state.TAKE_PHOTO.name,
                help="With the camera of this device. The browser asks first whether it may be "
                "used.",
            ):
                _take_photo()
    films.tell_allowed()
    _tell(state.REFUSED_PHOTO)
    return kept_photo()


def kept_photo() -> Input | None:
    """The visitor's photo, without the drop zone; None if none can be used."""
    upload = state.OWN_PHOTO.get()
    shot = state.SHOT.get()  # newer than the upload, if there is one
    if shot is not None or upload is None:
        return shot
    if films.is_film(upload):
        found = films.read(upload)
        return None if isinstance(found, str) else found
    return _readable(OWN_PHOTO, upload)


def own_styles() -> list[Input]:
    """A drop zone for artworks; the visitor's own that can be used, the newest first."""
    uploads = st.file_uploader(
        "Or drop artworks of your own",
        type=capacity.PICTURES,
        max_upload_size=capacity.budget().upload,
        key=state.OWN_STYLE.name,
        accept_multiple_files=True,
        on_change=_take_style_uploads,
    )
    _tell(state.REFUSED_STYLE)
    found = [_readable(_title(upload.name), upload) for upload in reversed(uploads)]
    return [style for style in found if style is not None]


def value_of(style: Input) -> str:
    """What stands for an artwork of the visitor's among the samples."""
    return f"/{style.source.sha256[:16]}"


def refusal() -> str:
    """Which file was refused, in a short sentence; "" once something else is chosen."""
    for refused, kind in ((state.REFUSED_PHOTO, "photo"), (state.REFUSED_STYLE, "artwork")):
        if found := refused.get():
            return f"{shown_name(found.name)} cannot be used: choose another {kind}."
    return ""


def choose_photo(value: str | None) -> None:
    """Let this be the photo, a sample or `OWN`; what was refused before is forgotten."""
    state.BROWSING.set(True)
    state.PHOTO.set(value)
    state.REFUSED_PHOTO.drop()


def chosen_styles() -> list[str]:
    """The styles that are chosen: samples, and what stands for the visitor's own."""
    if state.BLEND.get():
        return list(state.STYLES.get())
    style = state.STYLE.get()
    return [] if style is None else [style]


def choose_styles(values: Sequence[str]) -> None:
    """Let these be the styles, or the last of them where one is chosen at a time."""
    state.BROWSING.set(True)
    state.REFUSED_STYLE.drop()
    if state.BLEND.get():
        state.TOO_MANY.set(len(values) > MOST_STYLES)
        state.STYLES.set(list(values[:MOST_STYLES]))
    else:
        state.STYLE.set(values[-1] if values else samples.favourite("styles"))


def _tell(refused: Key[Refused | None]) -> None:
    """Say beside the drop zone why the latest file was refused."""
    if found := refused.get():
        st.error(plain(found.sentence), icon=":material/broken_image:")


def _readable(title: str, upload: UploadedFile) -> Input | None:
    """The picture in an upload, None if it cannot be used."""
    found = capacity.uploaded(title, upload)
    return None if samples.problem(found.data, found.file_name) else found


def _title(file_name: str) -> str:
    """What an artwork of the visitor's is called: its file's name."""
    return title_of(Path(file_name.replace("\\", "/")).stem[:LONGEST_TITLE]) or OWN_STYLE


@st.dialog("Take a photo", width="large", icon=":material/photo_camera:")
def _take_photo() -> None:
    """The camera, which is not asked for before this is open; a photo closes it."""
    photo = st.camera_input(
        "Camera", key=state.CAMERA.name, on_change=_take_shot, resolution="1080p"
    )
    if photo is None:
        return
    if sentence := samples.problem(photo.getvalue(), photo.name):
        st.error(plain(sentence), icon=":material/broken_image:")
    else:
        st.rerun()


def _take_shot() -> None:
    """A photo from the camera takes the place that an upload would."""
    photo = state.CAMERA.get()
    if photo is None or samples.problem(photo.getvalue(), photo.name):
        return
    state.SHOT.set(capacity.uploaded(OWN_PHOTO, photo))
    choose_photo(OWN)


def _take_upload() -> None:
    """An upload is chosen at once, and one that cannot be used leaves nothing chosen."""
    upload = state.OWN_PHOTO.get()
    if upload is None or not films.is_film(upload):
        state.FILM.drop()  # which holds all of a film
    if upload is None:
        if state.PHOTO.get() in (None, OWN):
            choose_photo(OWN if state.SHOT.known else samples.favourite("content"))
        return
    if sentence := _problem(upload):
        _refuse_photo(upload.name, sentence)
        return
    state.SHOT.drop()
    choose_photo(OWN)


def _problem(upload: UploadedFile) -> str | None:
    """Why a file cannot be the photo or the film, or None if it can."""
    if not films.is_film(upload):
        return samples.problem(upload.getvalue(), upload.name)
    found = films.read(upload)
    return found if isinstance(found, str) else None


def _take_style_uploads() -> None:
    """New artworks are chosen at once, and those that were taken away no longer are."""
    uploads, seen = state.OWN_STYLE.get() or [], state.UPLOADS_SEEN.get()
    state.UPLOADS_SEEN.set(frozenset(upload.file_id for upload in uploads))
    found = [(upload, _readable("", upload)) for upload in uploads]
    here = [value_of(style) for _, style in found if style is not None]
    before = [value for value in chosen_styles() if value[0] != OWN[0] or value in here]
    new = [value_of(style) for upload, style in found if style and upload.file_id not in seen]
    choose_styles(list(dict.fromkeys([*before, *new])))
    for upload, style in found:
        if style is None and upload.file_id not in seen:
            _refuse_style(upload.name, samples.problem(upload.getvalue(), upload.name) or "")


def _refuse_photo(name: str, sentence: str) -> None:
    """Choose no photo in the place of one that cannot be used."""
    choose_photo(None)
    state.REFUSED_PHOTO.set(Refused(name, sentence))


def _refuse_style(name: str, sentence: str) -> None:
    """Choose no style in the place of one that cannot be used; those of a blend stay."""
    state.BROWSING.set(True)
    if not state.BLEND.get():
        state.STYLE.set(None)
    state.REFUSED_STYLE.set(Refused(name, sentence))


def _take_refusal(uploader: str, name: str, size: int) -> None:
    """Take note of a file that the browser did not send, as it is too large or no picture."""
    shown, is_photo = shown_name(name), uploader == state.OWN_PHOTO.name
    is_film = is_photo and name.lower().endswith(films.types())
    sentence = f"{shown} is not a picture; choose a JPEG, PNG, WebP or HEIC file."
    if is_photo and films.types():
        sentence = (
            f"{shown} is neither a picture nor a film that is taken here; choose a JPEG, PNG, "
            "WebP or HEIC file, or a film as MP4, MOV or WebM."
        )
    advice = footage.TOO_MANY_BYTES if is_film else checks.SMALLER
    try:
        checks.check_bytes(size, shown, capacity.budget().upload * 1024**2, advice)
    except UserError as error:
        sentence = str(error)
    refuse = _refuse_photo if is_photo else _refuse_style
    refuse(name, sentence)
