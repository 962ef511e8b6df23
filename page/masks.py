"""Where each style is painted: everywhere, on the subject or around it, or on a marked part.

A mask is white where its style is painted and black where it is not.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from nst.studio.order import Input
from page import marking, mask_pictures, state
from page.marks import Kind, Mark, found_subject
from page.samples import RESOURCES
from page.words import plain

MASKS = RESOURCES / "masks"  # of sample photos, by the photo's name: white is the subject
SHOWN_SIDE = 320  # px, longer side of a photo with its mask; a phone has two pixels a point
DROPPED = "The photo is another one, so what was marked on the one before is gone."


class Where(StrEnum):
    """The ways to say where a style is painted."""

    EVERYWHERE = "everything"
    SUBJECT = "only the subject"
    BACKGROUND = "only the background"
    MARKED = "what I mark"
    REST = "the rest"


WAYS = (Where.EVERYWHERE, Where.SUBJECT, Where.BACKGROUND, Where.MARKED)


@dataclass(frozen=True)
class Places:
    """Where the styles are painted."""

    masks: tuple[Input | None, ...] = ()  # one a style, or none where all paint everything
    problem: str = ""  # a sentence: why one cannot paint so


@dataclass(frozen=True)
class _Place:
    """A style's place as it is chosen."""

    where: Where
    picture: DeltaGenerator  # the room for the photo with its mask
    mask: Input | None = None  # None while there is none, or where it follows from the others
    problem: str = ""


def choose_masks(photo: Input, styles: Sequence[Input]) -> Places:
    """A row a style, in which its place is chosen and seen."""
    follow(photo, styles)
    if state.MASKS_DROPPED.get():  # the toast before is gone by the time that one looks here
        st.caption(DROPPED)
    places = [_choose(photo, number, styles) for number in range(len(styles))]
    found = _agreed(places)
    for place, mask in zip(places, found.masks or [None] * len(places), strict=True):
        if mask is not None and place.where is not Where.EVERYWHERE:
            with place.picture:
                _show(photo, mask)
    if found.problem:
        st.caption(plain(found.problem))
    elif found.masks:
        st.caption("What no style claims stays the photo.")
    return found


def _agreed(places: Sequence[_Place]) -> Places:
    """The places of all styles together."""
    if all(place.where is Where.EVERYWHERE for place in places):
        return Places()
    masks = tuple(place.mask for place in places)
    found = [mask for mask in masks if mask is not None]
    problem = next((place.problem for place in places if place.problem), "")
    if all(place.where is Where.REST for place in places):
        problem = "At least one style needs a place of its own before another can have the rest."
    elif not problem and len(found) == len(places) and all(_is_black(mask) for mask in found):
        problem = "The mask is black, so nothing would be painted; mark a part of the photo."
    if problem:
        return Places(masks if None in masks else (None,) * len(masks), problem)
    if len(found) < len(places):
        rest = Input("The rest", mask_pictures.rest_of([each.data for each in found]), "rest.png")
        return Places(tuple(mask or rest for mask in masks))
    return Places(masks)


def _is_black(mask: Input) -> bool:
    return mask_pictures.is_black(mask.data)


def follow(photo: Input, styles: Sequence[Input]) -> None:
    """Let the places go with their styles, and drop them with their photo.

    A new style takes the place of the one that left, if one did.
    """
    now = photo.source.sha256, tuple(style.source.sha256 for style in styles)
    before = state.MASKED.get()
    state.MASKED.set(now)
    if before is None or before == now:
        return
    if before[0] != now[0]:
        state.MASKS_DROPPED.set(_drop(len(before[1])))
        if state.MASKS_DROPPED.get():
            st.toast(DROPPED, icon=":material/ink_selection:", duration="long")
        return
    kept = {sha256: _taken_away(number) for number, sha256 in enumerate(before[1])}
    free = [kept[sha256] for sha256 in before[1] if sha256 not in now[1]]
    for number, sha256 in enumerate(now[1]):
        found = kept.get(sha256) or (free.pop(0) if free else None)
        where, marked = found or (Where.EVERYWHERE, None)
        state.where(number).set(where)
        if marked is not None:
            state.marked(str(number)).set(marked)


def _drop(count: int) -> bool:
    """Forget so many places if they say something of the photo, and return whether they did."""
    ways = {state.where(number).get() for number in range(count)}
    marked = [state.marked(str(number)).known for number in range(count)]
    if not any(marked) and not ways & {Where.SUBJECT, Where.BACKGROUND}:
        return False  # e.g. a mask that a recipe still asks for
    for number in range(count):
        _taken_away(number)
    return True


def _taken_away(number: int) -> tuple[Where, marking.Marked | None]:
    """The place of the style of this number, which has none then."""
    where, marked = state.where(number), state.marked(str(number))
    found = where.get() or Where.EVERYWHERE, marked.get()
    where.set(Where.EVERYWHERE)
    marked.drop()
    return found


def _choose(photo: Input, number: int, styles: Sequence[Input]) -> _Place:
    """Ask where the style of this number is painted."""
    slot, title = str(number), styles[number].title
    ways = [*WAYS, *([Where.REST] if len(styles) > 1 else [])]
    key = state.where(number)
    if key.get() not in ways:  # e.g. fewer styles
        key.set(Where.EVERYWHERE)
    with st.container(horizontal=True, vertical_alignment="center", key=f"place_{number}"):
        picture = st.container(width="content")
        with st.container():
            st.segmented_control(
                f"{plain(title)}: paint" if len(styles) > 1 else "Paint",
                ways,
                format_func=lambda way: way.value[0].upper() + way.value[1:],
                key=key.name,
                required=True,
                persist_state="session",
                on_change=_begin,
                args=[number, photo.source.sha256],
            )
            place = _placed(photo, number, picture, title)
            if place.where is Where.MARKED:
                marking.offer(slot, photo, place.mask)
    marking.show(slot, photo, f"Mark where {plain(title)} is painted")
    return place


def _begin(number: int, photo: str) -> None:
    """Open the dialog where one wants to mark a place and has marked none yet."""
    state.MASKS_DROPPED.drop()
    slot = str(number)
    if state.where(number).get() is Where.MARKED and state.marked(slot).get() is None:
        marking.begin(slot, photo)


def _placed(photo: Input, number: int, picture: DeltaGenerator, title: str) -> _Place:
    """The place that is chosen for the style of this number."""
    where = state.where(number).get()
    if where is Where.EVERYWHERE:
        everything = Input("Everything", mask_pictures.everything(), "everything.png")
        return _Place(where, picture, everything)
    if where is Where.MARKED:
        mask = marking.mask_of(str(number), photo)
        problem = "" if mask else f"Mark where {title} is painted, or let it paint everything."
        return _Place(where, picture, mask, problem)
    if where is Where.REST:
        return _Place(where, picture)
    with st.spinner("Looking for the subject …"):
        own = ready_made(photo)
    if own is None:
        problem = f"No subject was found in this photo; mark where {title} is painted."
        return _Place(where, picture, None, problem)
    if where is Where.SUBJECT:
        return _Place(where, picture, Input("The subject", own[0], "subject.png"))
    return _Place(where, picture, Input("The background", own[1], "background.png"))


def _show(photo: Input, mask: Input) -> None:
    """The photo with its mask."""
    st.image(
        mask_pictures.shown_over(photo.data, photo.file_name, mask.data, SHOWN_SIDE),
        width=SHOWN_SIDE // 2,
        alt=f"{photo.title}, dimmed where it is not painted",
    )


def ready_made(photo: Input) -> tuple[bytes, bytes] | None:
    """The masks of a photo's subject and of its background; None if no subject is found."""
    if drawn := subjects().get(photo.source.sha256):
        return drawn
    found = found_subject(photo.data, photo.file_name, Mark(Kind.FIND))
    return None if found is None else (found, mask_pictures.inverted(found))


@functools.cache
def subjects() -> dict[str, tuple[bytes, bytes]]:
    """SHA-256 of a sample photo -> masks, drawn by hand, of its subject and its background."""
    found = {}
    for photo in sorted((RESOURCES / "content").glob("*.jpg")):
        mask = MASKS / f"{photo.stem}.png"
        if mask.exists():
            other = MASKS / f"{photo.stem}_background.png"
            subject = mask.read_bytes()
            background = other.read_bytes() if other.exists() else mask_pictures.inverted(subject)
            found[hashlib.sha256(photo.read_bytes()).hexdigest()] = subject, background
    return found
