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
from page import state

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

MOST_PAINTINGS = 12  # of a visit, that are kept
LONGEST_ID = 64  # characters of an id that a browser brings; true ones have 22


def ids() -> list[str]:
    """The visit's jobs, oldest first."""
    return list(state.VISIT_IDS.get())


def owns(job_id: str) -> bool:
    """Whether the job is one of this visit's."""
    return job_id in ids()


def add(job_id: str, manager: JobManager) -> None:
    """Take in a new job; beyond `MOST_PAINTINGS`, the oldest are let go of."""
    found = [*(other for other in ids() if other != job_id), job_id]
    for old in found[:-MOST_PAINTINGS]:
        manager.forget(old)
    state.VISIT_IDS.set(found[-MOST_PAINTINGS:])
    state.VISIT_KNOWN.set(True)  # what the tab keeps follows from now on


def forget(job_id: str, manager: JobManager) -> None:
    """Let go of a job of this visit and of its pictures, here and on the server."""
    if owns(job_id):
        manager.forget(job_id)
        state.VISIT_IDS.set([other for other in ids() if other != job_id])


def found(manager: JobManager) -> list[Snapshot]:
    """The visit's jobs as they are now, oldest first, without those that the server let go of."""
    here = [job for job in map(manager.snapshot, ids()) if job is not None]
    missing = len(ids()) - len(here)
    if missing:
        state.VISIT_GONE.set(state.VISIT_GONE.get() + missing)
        state.VISIT_IDS.set([job.id for job in here])
    return here


def gone() -> int:
    """How many paintings of this visit the server had to let go of."""
    return state.VISIT_GONE.get()


def touch(manager: JobManager) -> None:
    """Tell the queue that somebody is looking, so that it does not give the jobs up."""
    for job_id in ids():
        manager.touch(job_id)


def under_way(manager: JobManager) -> Snapshot | None:
    """The visit's job that waits or runs, None if there is none."""
    jobs = map(manager.snapshot, reversed(ids()))
    return next((job for job in jobs if job is not None and job.active), None)


def awaited() -> bool:
    """Whether the tab has not yet said which jobs it kept, and the address names one."""
    return "job" in st.query_params and not state.VISIT_KNOWN.get()


@functools.cache
def _component() -> ComponentRenderer:
    js = Path(__file__).with_suffix(".js").read_text()
    return st.components.v2.component("visit", js=js)


def remember() -> None:
    """Let the tab keep the ids, or bring those it kept where the session has just begun."""
    _component()(
        key=state.VISIT.name,
        data={
            "known": state.VISIT_KNOWN.get(),
            "asked": "job" in st.query_params,
            # No list: Streamlit would import pandas to see whether it is a table.
            "ids": tuple(ids()),
        },
        on_kept_change=lambda: restore(state.VISIT.get().get("kept")),
    )


def restore(kept: Any) -> None:
    """Take in what the tab kept. It is foreign: an id that is no job's is dropped by `found`."""
    brought = kept if isinstance(kept, list) else []
    brought = [each for each in brought if isinstance(each, str) and len(each) <= LONGEST_ID]
    state.VISIT_IDS.set(list(dict.fromkeys([*brought[-MOST_PAINTINGS:], *ids()]))[-MOST_PAINTINGS:])
    state.VISIT_KNOWN.set(True)
