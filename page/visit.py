"""This visit's paintings: which jobs are the visitor's own, and how a reload finds them again.

A job's id is the key to its pictures, so it must not travel with a link. The address names the job
that is shown, but a session shows only jobs that are its own: those that it ordered, and those that
the browser's tab kept for it. The tab's `sessionStorage` outlives a reload and a lost connection,
ends with the tab, is seen by no other tab or site, and is never sent along with a request: there is
no cookie, and neither the address nor a copied link opens a picture for anybody else. A browser
that allows no storage loses only the reload.

The session holds ids alone; the pictures are in the `JobManager`.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from nst.queue.job import Snapshot
from nst.queue.manager import JobManager

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

MOST = 12  # paintings of a visit that are kept
LONGEST = 64  # characters of an id that a browser brings; true ones have 22
IDS, KNOWN, GONE = "visit_ids", "visit_known", "visit_gone"  # in the session's state
COMPONENT = "visit"


def ids() -> list[str]:
    """The visit's jobs, oldest first."""
    found: list[str] = st.session_state.get(IDS, [])
    return list(found)


def owns(job_id: str) -> bool:
    """Whether the job is one of this visit's."""
    return job_id in ids()


def add(job_id: str, manager: JobManager) -> None:
    """Take in a new job; beyond `MOST`, the oldest are let go of."""
    found = [*(other for other in ids() if other != job_id), job_id]
    for old in found[:-MOST]:
        manager.forget(old)
    st.session_state[IDS] = found[-MOST:]
    st.session_state[KNOWN] = True  # what the tab keeps follows from now on


def forget(job_id: str, manager: JobManager) -> None:
    """Let go of a job of this visit and of its pictures, here and on the server."""
    if owns(job_id):
        manager.forget(job_id)
        st.session_state[IDS] = [other for other in ids() if other != job_id]


def found(manager: JobManager) -> list[Snapshot]:
    """The visit's jobs as they are now, oldest first, without those that the server let go of."""
    here = [job for job in map(manager.snapshot, ids()) if job is not None]
    missing = len(ids()) - len(here)
    if missing:
        st.session_state[GONE] = st.session_state.get(GONE, 0) + missing
        st.session_state[IDS] = [job.id for job in here]
    return here


def gone() -> int:
    """How many paintings of this visit the server had to let go of."""
    return int(st.session_state.get(GONE, 0))


def touch(manager: JobManager) -> None:
    """Tell that somebody is looking: what waits or runs is painted on."""
    for job_id in ids():
        manager.touch(job_id)


def under_way(manager: JobManager) -> Snapshot | None:
    """The visit's job that waits or runs, None if there is none."""
    jobs = map(manager.snapshot, reversed(ids()))
    return next((job for job in jobs if job is not None and job.active), None)


def awaited() -> bool:
    """Whether the tab has still to say if the job in the address is its own."""
    return "job" in st.query_params and not st.session_state.get(KNOWN)


@functools.cache
def _component() -> ComponentRenderer:
    js = Path(__file__).with_suffix(".js").read_text()
    return st.components.v2.component(COMPONENT, js=js)


def remember() -> None:
    """Let the tab keep the ids, or bring those it kept where the session has just begun."""
    _component()(
        key=COMPONENT,
        data={
            "known": bool(st.session_state.get(KNOWN)),
            "asked": "job" in st.query_params,
            "ids": ids(),
        },
        on_kept_change=lambda: restore(st.session_state[COMPONENT].get("kept")),
    )


def restore(kept: Any) -> None:
    """Take in what the tab kept. It is foreign: an id that is no job's is dropped by `found`."""
    brought = kept if isinstance(kept, list) else []
    brought = [each for each in brought if isinstance(each, str) and len(each) <= LONGEST]
    st.session_state[IDS] = list(dict.fromkeys([*brought[-MOST:], *ids()]))[-MOST:]
    st.session_state[KNOWN] = True
