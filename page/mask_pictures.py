"""Masks as files and as the page shows them: white is marked, black is not."""

from __future__ import annotations

import functools
import io
from collections.abc import Sequence

import streamlit as st
from PIL import Image, ImageChops, ImageOps

from nst.pictures import previews, writing
from page import capacity, samples
from page.words import data_url

LONGER_SIDE = 1024  # px, of a mask that is made here: no canvas of the page is larger
# How a marked picture is shown; marking.js does the same while one draws.
DIM, DIMMED = (20, 22, 26), 0.65  # what is not marked
TINT, TINTED = (240, 120, 20), 0.3  # what is


@functools.cache
def everything() -> bytes:
    """A mask that is all white."""
    return writing.encode(Image.new("RGB", (64, 64), "white"))


@st.cache_data(max_entries=32, show_spinner=False)
def inverted(data: bytes) -> bytes:
    """A mask with black and white exchanged."""
    return writing.encode(ImageOps.invert(grey(data)))


@st.cache_data(max_entries=16, show_spinner=False)
def rest_of(masks: Sequence[bytes]) -> bytes:
    """A mask of what the other masks leave unpainted; grey of theirs gives the opposite grey."""
    first, *others = map(grey, masks)
    for other in others:
        first = ImageChops.lighter(first, other.resize(first.size))
    return writing.encode(ImageOps.invert(first))


@st.cache_data(max_entries=32, show_spinner=False)
def is_black(data: bytes) -> bool:
    """Whether a mask marks nothing."""
    return grey(data).getextrema() == (0, 0)


def grey(data: bytes) -> Image.Image:
    """The mask in grey, its longer side at most `LONGER_SIDE` px."""
    picture = capacity.open_picture(data, "The mask", "black").convert("L")
    picture.thumbnail((LONGER_SIDE, LONGER_SIDE), Image.Resampling.BOX)
    return picture


def canvas(data: bytes, name: str) -> Image.Image:
    """The picture as it is marked, its longer side `LONGER_SIDE` px.

    It is made from what the page shows anyway: a large photo takes a second to be read.
    """
    picture = previews.decoded(samples.shown(data, name)[0])
    picture.thumbnail((LONGER_SIDE, LONGER_SIDE))
    return picture


@st.cache_data(max_entries=32, show_spinner=False)
def shown_over(data: bytes, name: str, mask: bytes, side: int) -> bytes:
    """The picture as a JPEG, `side` px long, with what is marked tinted and the rest dimmed."""
    picture = canvas(data, name)
    picture.thumbnail((side, side))
    tinted = Image.blend(picture, Image.new("RGB", picture.size, TINT), TINTED)
    dimmed = Image.blend(picture, Image.new("RGB", picture.size, DIM), DIMMED)
    return previews.encoded(Image.composite(tinted, dimmed, grey(mask).resize(picture.size)))


@st.cache_data(max_entries=8, show_spinner=False)
def drawn_upon(data: bytes, name: str) -> str:
    """The picture as a browser draws upon it: the address of a JPEG."""
    return data_url(previews.encoded(canvas(data, name)))


@st.cache_data(max_entries=32, show_spinner=False)
def as_veil(mask: bytes) -> str:
    """The mask as a browser lays it on others: the address of a PNG, opaque where it is white."""
    alpha = grey(mask)
    buffer = io.BytesIO()
    Image.merge("LA", (Image.new("L", alpha.size, 255), alpha)).save(buffer, "PNG")
    return data_url(buffer.getvalue(), "image/png")
