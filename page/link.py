"""A link that opens the same page: sample pictures and settings, never anybody's own pictures."""

from __future__ import annotations

from typing import Any, NamedTuple
from urllib.parse import urlencode

import streamlit as st

from nst.queue.job import Snapshot
from nst.settings import CONTROLS, Settings
from nst.studio.order import Input, enumerated
from page import blend, controls, samples, state
from page.address import OWN

STRENGTH = "strength"  # in the address


class Contents(NamedTuple):
    """What is chosen on the page; a link contains the samples and settings among it."""

    settings: Settings
    photo: Input | None
    styles: tuple[Input, ...]
    masks: tuple[Input | None, ...]
    style_masks: tuple[Input | None, ...]


def address(settings: Settings) -> str:
    """The address of the page as it is, without the job that it shows.

    Made from what is chosen, in the words that the controls put into the address themselves.
    """
    # The gallery keeps these three up to date, and names no picture of the visitor's but as `OWN`.
    default = Settings()
    query: list[tuple[str, Any]] = [
        (name, st.query_params[name])
        for name in ("photo", "style", blend.WEIGHTS)
        if st.query_params.get(name, OWN) != OWN
    ]
    query += [
        (name, controls.in_address(name, getattr(settings, name)))
        for name in controls.WIDGETS
        if getattr(settings, name) != getattr(default, name)
        # Nobody else has the picture that is started from.
        and not (name == "init" and settings.init == "picture")
    ]
    if settings.style_layer_weights:
        query.append((state.WEIGH_LAYERS.name, "true"))
        weights = zip(settings.style_layers, settings.style_layer_weights, strict=True)
        query += [
            (state.layer_weight(layer).name, f"{weight:.10g}")
            for layer, weight in weights
            if weight != 1
        ]
    if STRENGTH in st.query_params:
        query.append((STRENGTH, st.query_params[STRENGTH]))
    return f"{st.context.url or ''}?{urlencode(query, doseq=True)}"


def offer(contents: Contents) -> None:
    """The link with its button to copy it, and what it leaves out."""
    with st.popover("Link to these settings", icon=":material/link:"):
        st.write("Whoever opens this link finds the same page: sample pictures and settings.")
        st.code(address(contents.settings), language=None, wrap_lines=True)
        if left_out := private(contents):
            st.caption(
                f"Not part of it, as only you have it: {enumerated(left_out)}. A sample picture or "
                "the default takes its place."
            )
        st.caption("Your paintings are never part of it: Share, under a painting, sends one.")


def private(contents: Contents) -> list[str]:
    """What is chosen and cannot be in a link, in words."""
    found = []
    if contents.photo is not None and not _is_sample("content", contents.photo):
        found.append("your photo")
    if any(not _is_sample("styles", style) for style in contents.styles):
        found.append("your artwork")
    if contents.masks:
        found.append("where to paint")
    if contents.style_masks:
        found.append("which part of an artwork counts")
    if contents.settings.init == "picture":
        found.append("the picture to start from")
    return found


def _is_sample(folder: str, picture: Input) -> bool:
    return picture.source.sha256 in samples.hashes(folder)


def keep_strength(job: Snapshot | None) -> None:
    """Let the address name the strength of the painting that is shown, or of the next one.

    Unless it is all of it.
    """
    if job is None:
        strength = state.NEXT_STRENGTH.get()
    else:
        chosen = state.strength(job.id).get()
        strength = job.recipe.settings.strength if chosen is None else chosen
    told = "" if strength == CONTROLS[STRENGTH].maximum else f"{strength:.10g}"
    if told and st.query_params.get(STRENGTH) != told:
        st.query_params[STRENGTH] = told
    elif not told and STRENGTH in st.query_params:
        del st.query_params[STRENGTH]


def take_strength(job: Snapshot | None) -> None:
    """Apply the strength in the address of a newly opened page to its job, or to the next."""
    if state.STRENGTH_TAKEN.get():
        return
    state.STRENGTH_TAKEN.set(True)
    if STRENGTH not in st.query_params:
        return
    control = CONTROLS[STRENGTH]
    assert control.minimum is not None
    assert control.maximum is not None
    try:
        asked = float(st.query_params[STRENGTH])
    except ValueError:
        return  # as with any other control, what is not allowed is ignored
    if not control.minimum <= asked <= control.maximum:
        return
    if job is None:
        state.NEXT_STRENGTH.set(asked)
    else:
        state.strength(job.id).set(asked)
