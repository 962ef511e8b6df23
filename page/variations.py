"""Ways to paint a picture again that differ in one thing from how it was painted."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import NamedTuple

import streamlit as st

from nst.queue.job import Snapshot
from nst.settings import CONTROLS, Settings
from nst.studio.order import Order
from page import actions, controls, state

FACTOR = 3.0  # of a weight: the least that is seen at a glance
FINER = 1.25  # of the resolution, at least


class Variation(NamedTuple):
    """What a button paints: the settings with a change, None where there is nothing more of it."""

    label: str
    help: str
    change: Callable[[Settings], Settings | None]


def _heavier(settings: Settings, name: str) -> Settings | None:
    """A weight three times as large, or the largest there is; the least one after 0."""
    least, most = CONTROLS[name].minimum, CONTROLS[name].maximum
    assert least is not None
    assert most is not None
    now = getattr(settings, name)
    heavier = max(least, min(most, FACTOR * now))
    return None if now >= most else dataclasses.replace(settings, **{name: heavier})


def _finer(settings: Settings) -> Settings | None:
    """The next resolution at which finer strokes show, or the highest there is."""
    higher = [size for size in controls.offered("resolution") if size > settings.resolution]
    if not higher:
        return None
    enough = [size for size in higher if size >= FINER * settings.resolution]
    return dataclasses.replace(settings, resolution=int((enough or higher[-1:])[0]))


VARIATIONS = (
    Variation(
        "More style",
        "Bolder: the style counts three times as much.",
        lambda settings: _heavier(settings, "style_weight"),
    ),
    Variation(
        "More of the photo",
        "Truer: the photo counts three times as much.",
        lambda settings: _heavier(settings, "content_weight"),
    ),
    Variation("Finer strokes", "One step up in resolution; takes longer.", _finer),
)


def offer(job: Snapshot, painted: Order, strength: float | None) -> None:
    """A button for each variation of an ended job, which `painted` was ordered with.

    A click sets the controls and asks for an order. The new painting has the `strength` that the
    visitor chose for this one, if any.
    """
    settings = job.recipe.settings
    if strength is not None:
        settings = dataclasses.replace(settings, strength=strength)
    if settings.init == "picture" and painted.init is None:  # a page that was loaded anew lost it
        settings = dataclasses.replace(settings, init="content")
    st.caption("Paint it again with")
    with st.container(horizontal=True, gap="xsmall", key="again"):
        for variation in VARIATIONS:
            changed = variation.change(settings)
            st.button(
                variation.label,
                help=variation.help,
                disabled=changed is None,
                on_click=_ask_for,
                args=[painted, changed],
            )


def _ask_for(painted: Order, settings: Settings) -> None:
    """Set the controls and ask for the order."""
    init = settings.init
    if init == "picture":
        # A painting that was painted on is no upload: the control cannot show it.
        init = state.setting("init").get() or init
    controls.set_controls(dataclasses.replace(settings, init=init))
    init_picture = painted.init if settings.init == "picture" else None
    asked = dataclasses.replace(painted, settings=settings, init=init_picture)
    actions.of_session().ask(asked)
