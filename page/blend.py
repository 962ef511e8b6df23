"""How much each of several styles counts."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from nst.studio.order import Input
from page import address, samples, state
from page.words import plain

WEIGHTS = "weights"  # of the sample styles, in the address
HIGHEST_WEIGHT = 10.0  # of a style on its slider; only the weights' proportions count


def weigh(styles: Sequence[Input]) -> tuple[float, ...]:
    """A weight for each of several styles, from a slider each; () while all are equal."""
    if len(styles) < 2:
        address.keep(WEIGHTS, [], None)
        return ()
    st.caption("How much each style counts")
    asked = weights_in_address()
    stems = {
        style.source.sha256: samples.hashes("styles").get(style.source.sha256) for style in styles
    }
    for sha256, stem in stems.items():
        if stem in asked:
            state.style_weight(sha256).begin(asked[stem])
    weights = tuple(
        st.slider(
            plain(style.title),
            0.0,
            HIGHEST_WEIGHT,
            1.0,
            0.1,
            "%.1f",
            key=state.style_weight(style.source.sha256).name,
            persist_state="session",
        )
        for style in styles
    )
    weighed = zip(stems.values(), weights, strict=True)
    told = [f"{stem}:{weight:.10g}" for stem, weight in weighed if stem and weight != 1]
    address.keep(WEIGHTS, told, None)
    if not any(weights):
        st.caption("All weights are 0, so every style counts alike.")
        return ()
    return () if len(set(weights)) == 1 else weights


def weights_in_address() -> dict[str, float]:
    """Sample style -> its weight in the page's address; others than allowed are left out."""
    found = {}
    for part in address.asked(WEIGHTS):
        stem, _, weight = part.partition(":")
        if stem in samples.thumbnails("styles") and weight.replace(".", "", 1).isdecimal():
            found[stem] = min(float(weight), HIGHEST_WEIGHT)
    return found
