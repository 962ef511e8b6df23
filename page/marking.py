"""A dialog in which a visitor marks a part of a picture, and what was marked.

What is marked belongs to a slot, e.g. a style that wants a place on the photo, and to one picture.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import streamlit as st

from nst.errors import UserError
from nst.studio.order import Input
from page import capacity, marks, mask_canvas, mask_pictures, state
from page.marks import Mark
from page.samples import checked, problem


@dataclass(frozen=True)
class Marked:
    """A part of a picture."""

    picture: str  # SHA-256
    mask: Input
    marks: tuple[Mark, ...] = ()
    base: Input | None = None  # a mask from a file, that they are laid on


@dataclass(frozen=True)
class Sheet:
    """What is being marked; it outlives a dialog that was closed without Done or Cancel."""

    slot: str
    picture: str  # SHA-256
    number: int  # no two have the same, so that the canvas of each is a new one
    begun: tuple[Mark, ...] = ()  # when the dialog was opened
    marks: tuple[Mark, ...] = ()
    base: Input | None = None
    is_open: bool = True
    problem: str = ""  # with what the browser sent last; a sentence


def mask_of(slot: str, picture: Input) -> Input | None:
    """The mask of what was marked of the picture; None if nothing was."""
    found = state.marked(slot).get()
    return found.mask if found is not None and found.picture == picture.source.sha256 else None


def begin(slot: str, picture: str) -> None:
    """Open the dialog for the picture of this SHA-256 in the next run."""
    number = state.SHEETS.get() + 1
    state.SHEETS.set(number)
    sheet, found = state.SHEET.get(), state.marked(slot).get()
    if sheet is not None and (sheet.slot, sheet.picture) == (slot, picture):
        begun, base = sheet.marks, sheet.base
    elif found is not None and found.picture == picture:
        begun, base = found.marks, found.base
    else:
        begun, base = (), None
    state.SHEET.set(Sheet(slot, picture, number, begun, begun, base))


def offer(slot: str, picture: Input, mask: Input | None) -> None:
    """The buttons to mark a part, and to take its mask home."""
    with st.container(horizontal=True, gap="small"):
        st.button(
            "Change it" if mask else "Mark it",
            key=state.mark(slot).name,
            icon=":material/ink_selection:",
            on_click=begin,
            args=[slot, picture.source.sha256],
        )
        if mask is not None:
            st.download_button(
                "Save mask",
                mask.data,
                "mask.png",
                on_click="ignore",
                type="tertiary",
                icon=":material/download:",
                key=state.save_mask(slot).name,
                help="To paint with the same mask again, here or on the command line.",
            )


def show(slot: str, picture: Input, title: str) -> None:
    """The dialog, if it is open for this slot and picture."""
    sheet = state.SHEET.get()
    if sheet is None or not sheet.is_open or sheet.slot != slot:
        return
    if sheet.picture != picture.source.sha256:
        state.SHEET.drop()
        return
    dialog = st.dialog(title, width="large", icon=":material/ink_selection:", on_dismiss=_close)
    dialog(_fill)(picture)


def _close() -> None:
    """Keep the sheet, in case that it was closed by mistake."""
    sheet = _current()
    if sheet is not None:
        state.SHEET.set(dataclasses.replace(sheet, is_open=False))


def _fill(picture: Input) -> None:
    """What is in the dialog."""
    sheet = _current()
    if sheet is None:  # it was just ended
        st.rerun()
    with st.container(key="marking"):
        if sheet.problem:
            st.error(sheet.problem, icon=":material/broken_image:")
        state.SHEET.set(sheet)
        found = {
            mark.number: marks.found_subject(picture.data, picture.file_name, mark)
            for mark in sheet.marks
            if mark.kind in marks.SUBJECTS
        }
        mask_canvas.show(sheet.number, picture, sheet.begun, sheet.base, found)
        with st.expander("Take a mask from a file", icon=":material/upload:"):
            _ask_for_file(sheet)
        with st.container(horizontal=True, key="marking_ends"):
            st.button("Done", type="primary", on_click=_keep, args=[picture])
            st.button("Cancel", on_click=state.SHEET.drop)


def _ask_for_file(sheet: Sheet) -> None:
    """Take a mask that is drawn upon further, or used as it is."""
    st.file_uploader(
        "Mask: white is marked, black is not",
        type=capacity.PICTURES,
        max_upload_size=capacity.budget().upload,
        key=state.own_mask(sheet.number).name,
        on_change=_take_file,
        help="A picture of any size; it is stretched over this one. Grey is marked partly.",
    )
    upload = state.own_mask(sheet.number).get()
    if upload is not None:
        checked(capacity.uploaded("Your mask", upload))  # says what is wrong with it


def _take_file() -> None:
    """Lay the marks on the mask that was just brought, or on none if it was taken away."""
    sheet = _current()
    if sheet is None:
        return
    upload = state.own_mask(sheet.number).get()
    base = None if upload is None else capacity.uploaded("Your mask", upload)
    if base is not None and problem(base.data, base.file_name):
        base = None
    state.SHEET.set(dataclasses.replace(sheet, base=base))


def _current() -> Sheet | None:
    """The sheet with what the browser has drawn."""
    sheet = state.SHEET.get()
    raw = None if sheet is None else mask_canvas.drawn(sheet.number)
    if sheet is None or raw is None:
        return sheet
    try:
        return dataclasses.replace(sheet, marks=marks.taken(raw), problem="")
    except UserError as error:
        return dataclasses.replace(sheet, problem=str(error))


def _keep(picture: Input) -> None:
    """Take over what is marked; nothing marked is no mask."""
    sheet = _current()
    if sheet is None:
        return
    mask = sheet.base
    if sheet.marks:
        base = None if sheet.base is None else sheet.base.data
        data = marks.mask_of(picture.data, picture.file_name, sheet.marks, base)
        mask = None if mask_pictures.is_black(data) else Input("What you marked", data, "mask.png")
    if mask is None:
        state.marked(sheet.slot).drop()
    else:
        found = Marked(sheet.picture, mask, sheet.marks, sheet.base)
        state.marked(sheet.slot).set(found)
    state.SHEET.drop()
