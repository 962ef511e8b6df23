"""What a visitor draws on a picture to mark a part of it, and the mask that it amounts to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import streamlit as st
from PIL import Image, ImageDraw, ImageOps

from nst.errors import UserError
from nst.pictures import writing
from nst.pictures.subject import MIDDLE, Box, subject
from page import mask_pictures

# That are taken of a drawing: the worst that one may send is to take a few seconds.
MOST_MARKS, MOST_SUBJECTS, MOST_POINTS = 1000, 20, 30_000
LARGEST = 0.3  # brush, of the picture's longer side
FARTHEST = 2.0  # a stroke may leave the picture, but not for more than its width or height
UNREADABLE = "The drawing could not be read; clear it and draw again."
TOO_MUCH = "More is drawn than can be kept; clear it and draw again, in fewer strokes."


class Kind(StrEnum):
    """What a mark does to the mask."""

    BRUSH = "brush"
    ERASER = "eraser"
    RECTANGLE = "rectangle"
    BOX = "box"  # around a subject, which it adds
    SCRIBBLE = "scribble"  # over a subject
    FIND = "find"  # the subject, without being shown it
    INVERT = "invert"
    CLEAR = "clear"


SUBJECTS = (Kind.BOX, Kind.SCRIBBLE, Kind.FIND)


@dataclass(frozen=True)
class Mark:
    """A stroke, a rectangle, a subject, or a change of the whole mask."""

    kind: Kind
    points: tuple[tuple[float, float], ...] = ()  # 0..1 in the picture, from left and from top
    size: float = 0.0  # of the brush, 0..1 of the picture's longer side
    number: int = 0  # by which the browser knows it

    def as_data(self) -> dict[str, Any]:
        """The mark as the browser keeps it."""
        return asdict(self)


def taken(raw: object) -> tuple[Mark, ...]:
    """The marks that a browser sends, which is not trusted; raises `UserError`."""
    if not isinstance(raw, list):
        raise UserError(UNREADABLE)
    if len(raw) > MOST_MARKS:
        raise UserError(TOO_MUCH)
    marks = tuple(map(_mark, raw))
    subjects = sum(mark.kind in SUBJECTS for mark in marks)
    if subjects > MOST_SUBJECTS or sum(len(mark.points) for mark in marks) > MOST_POINTS:
        raise UserError(TOO_MUCH)
    return marks


def _mark(raw: object) -> Mark:
    if not isinstance(raw, dict):
        raise UserError(UNREADABLE)
    kind, points, number = raw.get("kind"), raw.get("points"), raw.get("number")
    if kind not in tuple(Kind) or not isinstance(points, list) or not isinstance(number, int):
        raise UserError(UNREADABLE)
    size = min(LARGEST, max(0.0, _near(raw.get("size"))))
    return Mark(Kind(kind), tuple(map(_point, points)), size, number)


def _point(raw: object) -> tuple[float, float]:
    if not isinstance(raw, list) or len(raw) != 2:
        raise UserError(UNREADABLE)
    return _near(raw[0]), _near(raw[1])


def _near(raw: object) -> float:
    """A number that is not far from the picture."""
    if not isinstance(raw, int | float) or not math.isfinite(raw):
        raise UserError(UNREADABLE)
    return min(FARTHEST, max(-FARTHEST, float(raw)))


@st.cache_data(max_entries=32, show_spinner=False)
def mask_of(data: bytes, name: str, marks: Sequence[Mark], base: bytes | None) -> bytes:
    """The mask (PNG) of the picture after all marks; `base` is what it begins with, or nothing.

    A subject that is not found adds nothing. Raises `ImageError`.
    """
    size = mask_pictures.canvas(data, name).size
    mask = Image.new("L", size) if base is None else mask_pictures.grey(base).resize(size)
    for mark in marks:
        if mark.kind in SUBJECTS:
            found = found_subject(data, name, mark)
            if found is not None:
                mask.paste(255, mask=mask_pictures.grey(found))
        elif mark.kind is Kind.INVERT:
            mask = ImageOps.invert(mask)
        elif mark.kind is Kind.CLEAR:
            mask = Image.new("L", size)
        else:
            _draw(mask, mark)
    return writing.encode(mask.convert("RGB"))


def _draw(mask: Image.Image, mark: Mark) -> None:
    """Draw a stroke or a rectangle."""
    if not mark.points:
        return
    pen = ImageDraw.Draw(mask)
    points = [(x * mask.width, y * mask.height) for x, y in mark.points]
    if mark.kind is Kind.RECTANGLE:
        (left, right), (top, bottom) = map(sorted, zip(points[0], points[-1], strict=True))
        pen.rectangle((left, top, right, bottom), fill=255)
        return
    value = 0 if mark.kind is Kind.ERASER else 255
    radius = max(0.5, mark.size * max(mask.size) / 2)
    pen.line(points, fill=value, width=round(2 * radius))
    for x, y in points:  # round ends and corners
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=value)


@st.cache_data(max_entries=64, show_spinner=False)
def found_subject(data: bytes, name: str, mark: Mark) -> bytes | None:
    """The mask (PNG) of what a mark of `SUBJECTS` finds in the picture; None if it finds nothing.

    Raises `ImageError`.
    """
    photo = mask_pictures.canvas(data, name)
    hint: Box | Image.Image = MIDDLE
    if mark.kind is Kind.BOX and mark.points:
        hint = Box(*mark.points[0], *mark.points[-1])
    elif mark.kind is Kind.SCRIBBLE:
        hint = Image.new("L", photo.size)
        _draw(hint, mark)
    try:
        found = subject(photo, hint)
    except UserError:
        return None  # kept, so that it is not looked for again
    return writing.encode(found.convert("RGB"))
