"""The row of buttons: Paint, another pair of pictures, and what can be done with the job."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from nst.queue.job import Snapshot
from nst.studio.order import Order
from page import actions, easel, films, gallery, progress, server, state
from page.actions import Click
from page.words import plain


def show(order: Order | None, job: Snapshot | None, why_not: str) -> DeltaGenerator:
    """The buttons, and the place beside them for words about what Paint would begin.

    What is pressed is kept by `actions` until a run has come to it. `why_not` says beside Paint why
    it cannot be pressed, and is "" if it can.
    """
    ask = actions.of_session().ask
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="actions"):
        st.button(
            "Paint",
            key=state.PAINT.name,
            type="secondary" if easel.is_finished(job) else "primary",
            icon=":material/brush:",
            help="Ctrl+Enter, or Cmd+Enter, does it, too.",
            disabled=bool(why_not),
            on_click=ask,
            args=[Click.PAINT],
            shortcut="Ctrl+Enter",
        )
        st.button(
            "Surprise me",
            key=state.SURPRISE.name,
            icon=":material/casino:",
            help="Another style, chosen by chance, and another photo unless it is your own.",
            on_click=gallery.surprise,
        )
        if job is not None and job.active:
            _stop(job.id)
        elif job is not None and job.preview and job.film is None:
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
        if not why_not and not films.is_next(order, job):
            return st.container()
        beside = st.container(key="beside_paint", width="stretch")
        if why_not:
            beside.caption(plain(why_not))
        return beside


# A fragment of its own: it answers a click at once, while the page is drawn anew more slowly.
@st.fragment
def _stop(job_id: str) -> None:
    """The button that ends the painting, which may take another iteration."""
    job = server.queue().snapshot(job_id)
    stopping = job is None or not job.active or job.stopping
    st.button(
        progress.STOPPING if stopping else "Stop",
        key=state.STOP.name,
        icon=":material/stop_circle:",
        help="What is painted by then is kept.",
        disabled=stopping,
        on_click=server.queue().stop,
        args=[job_id],
    )
