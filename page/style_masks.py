"""Which part of an artwork counts: a mask for each artwork, white where it counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from nst.studio.order import Input
from page import marking, mask_pictures, state
from page.masks import SHOWN_SIDE
from page.words import plain


@dataclass(frozen=True)
class Counted:
    """What counts of the styles."""

    masks: tuple[Input | None, ...] = ()  # one a style, or none where all of every style counts
    problem: str = ""  # a sentence: why one cannot paint so


def choose_style_masks(styles: Sequence[Input]) -> Counted:
    """A switch a style, and for one that counts in part what is seen of that."""
    names = [style.title for style in styles] if len(styles) > 1 else ["the artwork"]
    everything = Input("Everything", mask_pictures.everything(), "everything.png")
    chosen = [
        _choose(style, name) if _asks(style, name) else everything
        for style, name in zip(styles, names, strict=True)
    ]
    if all(mask is everything for mask in chosen):
        return Counted()
    problem = ""
    for name, mask in zip(names, chosen, strict=True):
        if mask is None:
            problem = f"Mark which part of {name} counts, or let all of it count."
        elif mask_pictures.is_black(mask.data):
            problem = f"The mask of {name} is black, so nothing of it would count; mark a part."
    if problem:
        st.caption(plain(problem))
        return Counted((None,) * len(chosen), problem)
    return Counted(tuple(chosen))


def _asks(style: Input, name: str) -> bool:
    """Whether the visitor lets only a part of this style count."""
    sha256 = style.source.sha256
    return st.toggle(
        f"Only a part of {plain(name)} counts",
        key=state.in_part(sha256).name,
        help="The rest of it does not enter the style.",
        on_change=_begin,
        args=[sha256],
    )


def _begin(sha256: str) -> None:
    """Open the dialog where nothing is marked yet."""
    if state.in_part(sha256).get() and state.marked(slot_of(sha256)).get() is None:
        marking.begin(slot_of(sha256), sha256)


def slot_of(sha256: str) -> str:
    """The slot of what counts of the style of this SHA-256: it stays with its picture."""
    return f"style_{sha256[:16]}"


def _choose(style: Input, name: str) -> Input | None:
    """The mask of a style, with a look at what counts; None while there is none."""
    slot = slot_of(style.source.sha256)
    mask = marking.mask_of(slot, style)
    with st.container(horizontal=True, vertical_alignment="center", key=f"place_{slot}"):
        if mask is not None:
            st.image(
                mask_pictures.shown_over(style.data, style.file_name, mask.data, SHOWN_SIDE),
                width=SHOWN_SIDE // 2,
                alt=f"{style.title}, dimmed where it does not count",
            )
        marking.offer(slot, style, mask)
    marking.show(slot, style, f"Mark which part of {plain(name)} counts")
    return mask
