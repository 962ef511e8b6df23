"""The row of buttons: Paint, another pair of pictures, and what can be done with the job."""

from __future__ import annotations

import streamlit as st

from nst.queue.job import Snapshot
from nst.studio.order import Order
from page import actions, easel, gallery, server, state
from page.actions import Click


def show(order: Order | None, job: Snapshot | None) -> None:
    """The buttons; what is pressed is kept by `actions` until a run has come to it."""
    ask = actions.of_session().ask
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="actions"):
        st.button(
            "Paint",
            key=state.PAINT.name,
            type="secondary" if easel.is_finished(job) else "primary",
            icon=":material/brush:",
            disabled=(job is not None and job.active) or order is None,
            on_click=ask,
            args=[Click.PAINT],
        )
        st.button(
            "Surprise me",
            key=state.SURPRISE.name,
            icon=":material/casino:",
            help="Another photo and another style, chosen by chance.",
            on_click=gallery.surprise,
        )
        if job is not None and job.active:
            st.button(
                "Stop",
                key=state.STOP.name,
                icon=":material/stop_circle:",
                help="The picture is kept as it is then.",
                on_click=server.queue().stop,
                args=[job.id],
            )
        elif job is not None and job.preview:
            known = actions.painted_order(job, order) is not None
            st.button(
                "Continue from this",
                icon=":material/resume:",
                disabled=not known,
                help="Paint on from this picture, with the settings as they are now."
                if known
                else "Choose its photo and style again to paint on from this picture.",
                on_click=ask,
                args=[Click.CONTINUE],
            )
