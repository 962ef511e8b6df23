"""Where each style is painted: ready-made regions, uploads, and a brush on the photo.

A mask is white where its style is painted and black where it is not.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import streamlit as st
from PIL import Image, ImageChops, ImageOps

from nst import errors
from nst.errors import UserError
from nst.pictures import previews, reading, writing
from nst.studio.order import Input
from page import capacity, state
from page.samples import RESOURCES, checked
from page.words import plain

MASKS = RESOURCES / "masks"  # of sample photos, by the photo's name: white is the subject
LONGER_SIDE = 1024  # px, of a mask that is made here: no canvas of the page is larger
DRAWING_SIDE = 320  # px, so that the drawing fits a phone
MOST_BYTES = 4 * 1024**2  # of a drawing as the browser sends it; a full one has a tenth of that

# Half transparent, so that the photo shows through; on white, red less blue then tells what the
# uppermost stroke was, however many lie below it.
BRUSH, ERASER = "rgba(240, 120, 20, 0.6)", "rgba(30, 60, 220, 0.6)"
PAINTED = 40  # of red less blue: between -26, an eraser over many brushes, and 56, the reverse
TOOLS = {"Brush": "freedraw", "Eraser": "freedraw", "Rectangle": "rect"}


class Where(StrEnum):
    """The ways to say where a style is painted."""

    EVERYWHERE = "everything"
    SUBJECT = "only the subject"
    BACKGROUND = "only the background"
    DRAWN = "what I draw"
    UPLOADED = "a mask of mine"
    REST = "the rest"


NEEDS_SUBJECT = (Where.SUBJECT, Where.BACKGROUND)


@dataclass(frozen=True)
class _Slot:
    """A style's mask: its place among the styles, and what the page knows of it."""

    number: int
    where: Where
    mask: Input | None  # None while there is none yet, or where it follows from the others


def choose_masks(photo: Input, styles: Sequence[Input]) -> tuple[Input | None, ...]:
    """One mask a style, None for one that is still missing; () where all paint everything."""
    ways = [Where.EVERYWHERE, *(NEEDS_SUBJECT if ready_made(photo) else ())]
    ways += [Where.DRAWN, Where.UPLOADED]
    if len(styles) == 1:
        slots = [_choose(photo, 0, ways)]
    else:
        slots = []
        for number, tab in enumerate(st.tabs([plain(style.title) for style in styles])):
            with tab:
                slots.append(_choose(photo, number, [*ways, Where.REST]))
    if all(slot.where is Where.EVERYWHERE for slot in slots):
        return ()
    with_place = [slot.mask for slot in slots if slot.where is not Where.REST]
    found = [mask for mask in with_place if mask is not None]
    if not with_place:
        st.caption("At least one style needs a place of its own.")
        return (None,) * len(slots)
    if len(found) < len(with_place):
        return tuple(slot.mask for slot in slots)
    if len(found) == len(slots) and all(is_black(mask.data) for mask in found):
        st.caption("The mask is black, so nothing would be painted; make a part of it white.")
        return (None,) * len(slots)
    st.caption("What no style claims stays the photo.")
    data = rest_of([mask.data for mask in found]) if len(found) < len(slots) else b""
    return tuple(slot.mask or Input("The rest", data, "rest.png") for slot in slots)


def _choose(photo: Input, number: int, ways: Sequence[Where]) -> _Slot:
    """Ask where the style of this number is painted."""
    key = state.where(number)
    if key.get() not in ways:  # another photo, or fewer styles
        key.set(Where.EVERYWHERE)
    where = Where(
        st.segmented_control(
            "Paint",
            ways,
            format_func=lambda way: way.value[0].upper() + way.value[1:],
            key=key.name,
            required=True,
            persist_state="session",
        )
        or Where.EVERYWHERE
    )
    mask = _mask(photo, number, where)
    if mask is not None and where in (Where.DRAWN, Where.UPLOADED):
        mask = _refined(mask, number)
    return _Slot(number, where, mask)


def _mask(photo: Input, number: int, where: Where) -> Input | None:
    """The mask of this kind; None while there is none yet."""
    own = ready_made(photo)
    if where is Where.EVERYWHERE:
        return Input("Everything", everything(), "everything.png")
    if where is Where.SUBJECT and own:
        return Input("The subject", own[0], "subject.png")
    if where is Where.BACKGROUND and own:
        return Input("The background", own[1], "background.png")
    if where is Where.DRAWN:
        return _drawn(photo, number)
    return _uploaded(number) if where is Where.UPLOADED else None


def ready_made(photo: Input) -> tuple[bytes, bytes] | None:
    """The masks of a sample photo's subject and background, if there are any."""
    return subjects().get(photo.source.sha256)


@functools.cache
def subjects() -> dict[str, tuple[bytes, bytes]]:
    """SHA-256 of a sample photo -> the masks of its subject and of its background."""
    found = {}
    for photo in sorted((RESOURCES / "content").glob("*.jpg")):
        mask = MASKS / f"{photo.stem}.png"
        if mask.exists():
            other = MASKS / f"{photo.stem}_background.png"
            subject = mask.read_bytes()
            background = other.read_bytes() if other.exists() else inverted(subject)
            found[hashlib.sha256(photo.read_bytes()).hexdigest()] = subject, background
    return found


@functools.cache
def everything() -> bytes:
    """A mask that is all white."""
    return writing.encode(Image.new("RGB", (64, 64), "white"))


@st.cache_data(max_entries=32, show_spinner=False)
def inverted(data: bytes) -> bytes:
    """A mask with black and white exchanged."""
    return writing.encode(ImageOps.invert(_grey(data)))


@st.cache_data(max_entries=16, show_spinner=False)
def rest_of(masks: Sequence[bytes]) -> bytes:
    """A mask of what the other masks leave unpainted; grey of theirs gives the opposite grey."""
    first, *others = map(_grey, masks)
    for other in others:
        first = ImageChops.lighter(first, other.resize(first.size))
    return writing.encode(ImageOps.invert(first))


@st.cache_data(max_entries=32, show_spinner=False)
def is_black(data: bytes) -> bool:
    """Whether a mask leaves its style no place."""
    return _grey(data).getextrema() == (0, 0)


def _grey(data: bytes) -> Image.Image:
    """The mask in grey, its longer side at most `LONGER_SIDE` px."""
    picture = capacity.open_picture(data, "The mask", "black").convert("L")
    picture.thumbnail((LONGER_SIDE, LONGER_SIDE), Image.Resampling.BOX)
    return picture


def _uploaded(number: int) -> Input | None:
    """A mask from a file."""
    upload = st.file_uploader(
        "Mask: white is painted, black is not",
        type=capacity.PICTURES,
        max_upload_size=capacity.budget().upload,
        key=state.own_mask(number).name,
        help="A picture of any size; it is stretched over the photo. Grey is painted partly.",
    )
    return None if upload is None else checked(capacity.uploaded("Mask", upload))


def _refined(mask: Input, number: int) -> Input | None:
    """Show the tools of a mask, and return it, inverted if the visitor asks for that."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.toggle("Invert", key=state.invert(number).name, persist_state="session"):
            mask = Input(mask.title, inverted(mask.data), mask.file_name)
        st.download_button(
            "Save mask",
            mask.data,
            "mask.png",
            on_click="ignore",
            type="tertiary",
            icon=":material/download:",
            key=state.save_mask(number).name,
            help="To paint with the same mask again, here or on the command line.",
        )
    return mask


def _drawn(photo: Input, number: int) -> Input | None:
    """A mask that the visitor draws on the photo."""
    tools, place = st.columns(2)
    with tools:
        tool = st.segmented_control(
            "Tool", list(TOOLS), default="Brush", required=True, key=state.tool(number).name
        )
        size = 0
        if tool != "Rectangle":
            size = st.slider("Size of the brush", 4, 120, 40, 4, key=state.brush(number).name)
        icon = ":material/delete:"
        st.button("Clear", key=state.clear(number).name, icon=icon, on_click=clear, args=[number])
        st.caption("Orange is painted, blue is erased.")
    with place:
        png = drawing(photo, number, tool or "Brush", size)
    if png is None:
        st.caption("Draw on the photo where this style shall be painted.")
        return None
    try:
        return Input("Your drawing", mask_of(png), "drawing.png")
    except UserError as error:
        st.error(plain(str(error)), icon=":material/broken_image:")
        return None


@dataclass
class Sheet:
    """What is kept of a drawing: its canvas forgets it when it is not shown."""

    photo: str  # SHA-256
    generation: int = 0  # counts the clean sheets, so that each is a canvas of its own
    strokes: dict[str, Any] | None = None
    png: bytes | None = None
    restored: dict[str, Any] | None = None  # what the canvas began with


def drawing(photo: Input, number: int, tool: str, size: int) -> bytes | None:
    """The strokes on the photo as a PNG of the browser's making; None while there are none."""
    # Late: only those who draw need it.
    from streamlit_drawable_canvas import st_canvas

    sheet = _sheet(photo, number)
    key = state.drawing(number, sheet.photo, sheet.generation)
    if not key.known:  # it was not shown just now
        sheet.restored = sheet.strokes
    background, (width, height) = backdrop(photo.data, photo.file_name)
    color = ERASER if tool == "Eraser" else BRUSH
    result = st_canvas(
        fill_color=color,
        stroke_color=color,
        stroke_width=size,
        background_image=background,
        width=width,
        height=height,
        drawing_mode=TOOLS[tool],
        initial_drawing=sheet.restored,
        return_image_data=True,
        key=key.name,
    )
    try:
        png = result.image_bytes
    except ValueError as error:  # from a browser that sends something else
        raise UserError("The drawing could not be read; clear it and draw again.") from error
    if png is not None:
        sheet.strokes, sheet.png = result.json_data, png
    return sheet.png if sheet.strokes and sheet.strokes.get("objects") else None


def _sheet(photo: Input, number: int) -> Sheet:
    """The visitor's sheet for this photo and style; a clean one if the photo is another."""
    key, sha256 = state.sheet(number), photo.source.sha256
    sheet = key.get()
    if sheet is None or sheet.photo != sha256:
        sheet = Sheet(sha256)
        key.set(sheet)
    return sheet


def clear(number: int) -> None:
    """Begin a clean sheet."""
    sheet = state.sheet(number).get()
    if sheet is None:
        return
    sheet.generation += 1
    sheet.strokes = sheet.png = sheet.restored = None


@st.cache_data(max_entries=16, show_spinner=False)
def backdrop(data: bytes, file_name: str) -> tuple[bytes, tuple[int, int]]:
    """The photo as it is drawn upon, and its size."""
    picture = capacity.open_picture(data, file_name)
    picture.thumbnail((DRAWING_SIDE, DRAWING_SIDE))
    return previews.encoded(picture), picture.size


@st.cache_data(max_entries=32, show_spinner=False)
def mask_of(png: bytes) -> bytes:
    """The mask that a drawing amounts to; untrusted, as it comes from a browser.

    Raises `ImageError`.
    """
    if len(png) > MOST_BYTES:
        raise errors.ImageError("The drawing is too large; clear it and draw again.")
    picture = reading.open_picture(png, "The drawing")  # laid on white
    picture.thumbnail((LONGER_SIDE, LONGER_SIDE))
    red, _, blue = picture.split()
    painted = ImageChops.subtract(red, blue).point(lambda value: 255 if value > PAINTED else 0)
    return writing.encode(painted.convert("RGB"))
