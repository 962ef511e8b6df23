"""The page: choose a photo, a style and settings, press Paint and watch the painting come about.

Run it with `streamlit run streamlit_app.py`. The painting itself is done by the worker of a
`JobManager`; the script only starts jobs and shows how far they are. Its parts are in `page/`.
"""

from __future__ import annotations

# ruff: noqa: E402
import atexit
import dataclasses
import logging
from pathlib import Path
from typing import Any

import streamlit as st

from nst.machine import malloc

# Before the others, which take a second: meanwhile every visitor who comes adds threads, and with
# more than a few it is too late.
malloc.share_arenas()

from nst.errors import UserError
from nst.pictures import reading, writing
from nst.queue import manager as queue
from nst.queue.bounds import Bounds
from nst.queue.job import Snapshot
from nst.queue.messages import BusyError
from nst.studio.order import Input, Order
from page import (
    announcement,
    capacity,
    controls,
    downloads,
    explained,
    gallery,
    masks,
    recipes,
    results,
    series,
    share,
    studio,
    variations,
    visit,
    visitor,
)
from page.words import plain

# In the session's state: buttons that were just pressed, and paintings that were just queued.
PRESSED, BEGUN = "pressed", "begun"
PAINT, CONTINUE = "paint", "continue"
# Seconds between two looks at a running job. A preview is made after `run.REFRESH`, so that what
# is seen is at most a second old.
POLL = 0.5
# In the queue nothing is seen but the time that it still takes; there may be many who wait.
QUEUE_POLL = 2.0
LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
WARM_UP = 4.0  # seconds after the first paint: whoever has just come looks around first


@st.cache_resource
def job_manager() -> queue.JobManager:
    """The one queue of this server, which tells on its console of every painting."""
    logging.basicConfig(format=LOG_FORMAT)  # Streamlit sets up its own loggers only
    logging.getLogger("nst").setLevel(logging.INFO)
    budget = capacity.budget()
    manager = queue.JobManager(bounds=Bounds(kept_bytes=budget.kept, memory=budget.painting))
    manager.warm_up(WARM_UP)
    atexit.register(manager.close)
    return manager


def current_job() -> Snapshot | None:
    """The job the page's address points to, if it is the visitor's own."""
    settle()
    visit.touch(job_manager())
    job_id = st.query_params.get("job")
    job = job_manager().snapshot(job_id) if job_id and visit.owns(job_id) else None
    if (job is None or not job.active) and (begun := visit.under_way(job_manager())):
        # The connection was lost just after the start, and the new address with it.
        st.query_params["job"] = begun.id
        return begun
    return job


def start(order: Order) -> None:
    """Queue a painting and begin a run that shows it, and whose address leads to it."""
    begun: list[tuple[str, Order]] = st.session_state.setdefault(BEGUN, [])
    who = visitor.identity()
    try:
        job_id = job_manager().submit(order, who)
    except BusyError as error:
        series.end()
        forget_asked()
        st.warning(str(error), icon=":material/hourglass_top:")
        st.button("Show it", on_click=show_job, args=[error.job_id])
        return
    except UserError as error:
        series.end()
        forget_asked()
        st.error(plain(str(error)), icon=":material/hourglass_disabled:")
        return
    except Exception:
        series.end()
        forget_asked()  # or every later run of the page would come to the same error
        raise
    # Nothing can come between: only where a run uses Streamlit, the next one may end it.
    begun.append((job_id, order))
    st.rerun()


def settle() -> None:
    """Do what follows from a painting that was queued.

    A run that is ended in the middle of it leaves it to the next, which begins it anew.
    """
    begun: list[tuple[str, Order]] = st.session_state.get(BEGUN, [])
    while begun:
        job_id, order = begun[0]
        series.begun(job_id, order)
        visit.add(job_id, job_manager())
        # The pictures of the last painting, to continue it; they stay with the visitor's session.
        st.session_state.painted = (job_id, order)
        st.session_state.browsing = False
        st.session_state.pop("next_strength", None)
        forget_asked()
        st.query_params["job"] = job_id
        del begun[0]


def remember() -> None:
    """Let the tab keep the visit's ids, and that of a new painting before the address names it.

    Whoever reloads in between is shown the painting, as it is under way; the other way round, the
    address would name a painting of which the tab knows nothing.
    """
    for job_id, _ in st.session_state.get(BEGUN, []):
        visit.add(job_id, job_manager())
    visit.remember()


def forget_asked() -> None:
    """What was asked for was queued, or cannot be."""
    pressed: list[str] = st.session_state.get(PRESSED, [])
    pressed.clear()
    variations.forget()


def show_job(job_id: str) -> None:
    """Let the page's address point to a job that the visitor ordered, maybe in another tab."""
    visit.add(job_id, job_manager())
    st.query_params["job"] = job_id


def painted_order(job: Snapshot, order: Order | None) -> Order | None:
    """What a job was painted from: this session's own, or the same pictures chosen again."""
    if order and (order.content.source, [style.source for style in order.styles]) == (
        job.recipe.content,
        list(job.recipe.styles),
    ):
        return order
    job_id, painted = st.session_state.get("painted", ("", None))
    return painted if job_id == job.id else None


def continued(job: Snapshot, painted: Order, settings: Any) -> Order:
    """The order to paint on, with other settings, from a job's result as it is shown."""
    strength = st.session_state.get(studio.strength_key(job.id))
    data = job_manager().files.png(job.id, strength)
    if len(data) > reading.MAX_BYTES:  # more than could be given back: the canvas' size will do
        picture = job_manager().files.result(job.id, strength)
        assert picture is not None
        picture.thumbnail((masks.LONGER_SIDE, masks.LONGER_SIDE))
        data = writing.encode(picture)
    weights = settings.style_weights
    if len(weights) not in (0, len(painted.styles)):
        weights = painted.settings.style_weights
    return dataclasses.replace(
        painted,
        settings=dataclasses.replace(settings, init="picture", style_weights=weights, strength=1.0),
        init=Input("The painting so far", data, downloads.file_name(job)),
    )


def show_actions(order: Order | None, settings: Any, job: Snapshot | None) -> None:
    """The buttons: Paint, other pictures, and what can be done with the job: stop or continue.

    What was pressed is kept until a run has come to what it does: something that comes just after
    the click, such as an upload that is through, ends the run that the click began and begins
    another, which knows nothing of the click. For the same reason the click itself only lengthens a
    list, without a look at the session's state.
    """
    pressed: list[str] = st.session_state.setdefault(PRESSED, [])
    for placed in (variations.pending(), series.pending(job)):
        if placed is not None:
            start(placed)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="actions"):
        st.button(
            "Paint",
            type="primary",
            icon=":material/brush:",
            disabled=(job is not None and job.active) or order is None,
            on_click=pressed.append,
            args=[PAINT],
        )
        st.button(
            "Surprise me",
            key="surprise",
            icon=":material/casino:",
            help="Another photo and another style, chosen by chance.",
            on_click=gallery.surprise,
        )
        painted = None
        if job is not None and job.active:
            st.button(
                "Stop",
                icon=":material/stop_circle:",
                help="The picture is kept as it is then.",
                on_click=job_manager().stop,
                args=[job.id],
            )
        elif job is not None and job.preview:
            painted = painted_order(job, order)
            st.button(
                "Continue from this",
                icon=":material/resume:",
                disabled=painted is None,
                help="Paint on from this picture, with the settings as they are now."
                if painted
                else "Choose its photo and style again to paint on from this picture.",
                on_click=pressed.append,
                args=[CONTINUE],
            )
    placed = order if PAINT in pressed else None
    if CONTINUE in pressed and job is not None and painted is not None:
        try:
            with st.spinner("Taking the picture up again …"):
                placed = continued(job, painted, settings)
        except UserError as error:
            st.error(plain(str(error)), icon=":material/error:")
        except Exception:
            forget_asked()
            raise
    if placed is not None:
        start(placed)
    elif pressed:
        forget_asked()


@st.fragment(run_every=QUEUE_POLL)
def wait(chosen: share.Contents, order: Order | None) -> None:
    """What `look` shows, now and then while other jobs are ahead."""
    job = current_job()
    if job is None or not job.ahead:
        st.rerun()
    show(chosen, order, job)


@st.fragment(run_every=POLL)
def watch(chosen: share.Contents, order: Order | None) -> None:
    """What `look` shows, again and again while the job runs."""
    job = current_job()
    if job is None or not job.active:
        st.rerun()
    show(chosen, order, job)


# Not the same fragment as `watch`: its last look, asked for before the run that ended it, would
# come after that run and replace the downloads' addresses under the visitor's finger.
@st.fragment
def look(chosen: share.Contents, order: Order | None) -> None:
    """Status, pictures and losses of a job that rests, or the pictures chosen for the next."""
    if variations.placed() or series.placed():  # which the whole page starts
        st.rerun()
    show(chosen, order, current_job())


def show(chosen: share.Contents, order: Order | None, job: Snapshot | None) -> None:
    """Status, pictures and losses, what the painting could have been, and this visit's others."""
    if visit.awaited():
        st.progress(0.0, "Looking for your painting …")
    else:
        studio.show_status(job)
        share.keep_strength(job)
    below = studio.show_pictures(chosen.photo, chosen.styles, job, job_manager())
    if job is not None and not job.active and job.preview:
        # As it was painted, where the session knows that, whatever is chosen now.
        painted = painted_order(job, None) or painted_order(job, order)
        if painted is not None:
            with below.painting:
                variations.offer(job, painted, st.session_state.get(studio.strength_key(job.id)))
    if job is not None:
        with below.chosen, st.container(key="losses"):
            studio.show_losses(job)
    series.show(job_manager())
    with st.container(horizontal=True, gap="small", key="more"):
        series.offer(chosen.photo, job is not None and job.active)
        share.offer(chosen)
    results.show(job_manager(), job)
    announcement.make(job)


# A file of its own: Streamlit's icons are fetched from Google when they stand in a browser's tab.
ICON = Path(__file__).parent / "page" / "icon.svg"
st.set_page_config("Neural style transfer", ICON, layout="wide", initial_sidebar_state=360)
for sheet in ("page.css", "access.css"):
    st.html(Path(__file__).parent / "page" / sheet)

with st.sidebar:
    photo = gallery.choose_photo()
    styles = recipes.in_order(gallery.choose_styles())
    chosen = controls.choose_settings(gallery.weigh(styles))
    recipes.offer()
    about_recipe = st.container()

if photo:
    with chosen.plan:
        size = gallery.shown(photo.data, photo.file_name)[1]
        capacity.tell_plan(job_manager().plan(chosen.settings, size))

remember()
st.title("Turn a photo into a painting")
st.write("Choose a photo and an artwork: the photo is painted anew in the style of the artwork.")

job = current_job()
if job is None and "job" in st.query_params and not visit.awaited():
    st.info(
        "The painting this address pointed to is no longer kept, or was made in another tab; press "
        "Paint to make a new one."
    )
if not visit.awaited():
    share.take_strength(job)
actions = st.container()
regions: tuple[Input | None, ...] = ()
if photo and styles:
    with st.expander("Where to paint", icon=":material/ink_selection:"):
        regions = masks.choose_masks(photo, styles)
with about_recipe:
    recipes.tell(chosen.settings, (photo, *styles, *regions, chosen.init))
order = chosen.order(photo, styles, regions)
with actions:
    show_actions(order, chosen.settings, job)
link = share.Contents(chosen.settings, photo, styles, regions)
if job is not None and job.ahead:
    wait(link, order)
elif job is not None and job.active:
    watch(link, order)
else:
    look(link, order)
explained.offer()
