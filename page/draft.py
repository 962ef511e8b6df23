"""A draft of the painting: what the chosen pictures may become, before Paint is pressed."""

from __future__ import annotations

import dataclasses

import streamlit as st

from nst.queue.drafts import Draft
from nst.studio.order import Order
from page import samples, server, visitor

POLL = 0.3  # seconds between two looks for a draft that is under way
THERE, UNDER_WAY = "Draft; press Paint for the real one", "A draft is on its way …"


def wish(order: Order | None) -> Draft:
    """The draft of what is ordered, or what there is of it."""
    if order is None:
        return Draft()
    # The photo as the page has it already: one of a phone takes a quarter of a second to read.
    photo = order.content
    jpeg, _ = samples.shown(photo.data, photo.file_name)
    photo = dataclasses.replace(photo, data=jpeg, file_name="photo.jpg")
    return server.queue().drafts.wish(dataclasses.replace(order, content=photo), visitor.identity())


@st.fragment(run_every=POLL)
def follow(draft: Draft) -> None:
    """Draw the page anew as soon as the draft is there, or will not come. Shows nothing itself."""
    if not server.queue().drafts.awaits(draft.awaited):
        st.rerun()
