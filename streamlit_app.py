"""The page: choose a photo, a style and settings, press Paint and watch the painting come about.

Run it with `streamlit run streamlit_app.py`. The painting itself is done by the worker of a
`JobManager`; the script only starts jobs and shows how far they are. Its parts are in `page/`.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import streamlit as st

from nst import images, jobs
from nst.jobs import Input, Order
from nst.settings import UserError
from page import controls, downloads, gallery, masks, recipes, studio, variations
from page.words import plain

POLL = 1.0  # seconds between two looks at a running job
WARM_UP = 4.0  # seconds after the first paint: whoever has just come looks around first


@st.cache_resource
def job_manager() -> jobs.JobManager:
    """The one queue of this server."""
    manager = jobs.JobManager()
    manager.warm_up(WARM_UP)
    return manager


def current_job() -> jobs.Snapshot | None:
    """The job the page's address points to."""
    job_id = st.query_params.get("job")
    if not job_id:
        return None
    job_manager().touch(job_id)
    return job_manager().snapshot(job_id)


def start(order: Order) -> None:
    """Queue a painting and let the address of the page point to it, so that a reload finds it."""
    try:
        job_id = job_manager().submit(order)
    except UserError as error:
        st.error(plain(str(error)), icon=":material/hourglass_disabled:")
        return
    # The pictures of the last painting, to continue it; they stay with the visitor's session.
    st.session_state.painted = (job_id, order)
    st.session_state.browsing = False
    st.session_state.pop("next_strength", None)
    st.query_params["job"] = job_id
    st.rerun()


def painted_order(job: jobs.Snapshot, order: Order | None) -> Order | None:
    """What a job was painted from: this session's own, or the same pictures chosen again."""
    if order and (order.content.source, [style.source for style in order.styles]) == (
        job.recipe.content,
        list(job.recipe.styles),
    ):
        return order
    job_id, painted = st.session_state.get("painted", ("", None))
    return painted if job_id == job.id else None


def continued(job: jobs.Snapshot, painted: Order, settings: Any) -> Order:
    """The order to paint on, with other settings, from a job's result as it is shown."""
    strength = st.session_state.get(studio.strength_key(job.id))
    data = job_manager().png(job.id, strength)
    if len(data) > images.MAX_BYTES:  # more than could be given back: the canvas' size will do
        picture = job_manager().result(job.id, strength)
        assert picture is not None
        picture.thumbnail((masks.LONGER_SIDE, masks.LONGER_SIDE))
        data = images.encode(picture)
    weights = settings.style_weights
    if len(weights) not in (0, len(painted.styles)):
        weights = painted.settings.style_weights
    return dataclasses.replace(
        painted,
        settings=dataclasses.replace(settings, init="picture", style_weights=weights, strength=1.0),
        init=Input("The painting so far", data, downloads.file_name(job)),
    )


def show_actions(order: Order | None, settings: Any, job: jobs.Snapshot | None) -> None:
    """The buttons: Paint, and what can be done with the job: stop, continue or vary it."""
    if (varied := variations.pending()) is not None:
        start(varied)
    active = job is not None and job.active
    with st.container(horizontal=True, vertical_alignment="center"):
        paint = st.button(
            "Paint",
            type="primary",
            icon=":material/brush:",
            disabled=active or order is None,
            help="One painting at a time: stop this one to begin another." if active else None,
        )
        go_on = False
        painted = same = None
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
            # As it was painted, where the session knows that, whatever is chosen now.
            same = painted_order(job, None) or painted
            go_on = st.button(
                "Continue from this",
                icon=":material/resume:",
                disabled=painted is None,
                help="Paint on from this picture, with the settings as they are now."
                if painted
                else "Choose its photo and style again to paint on from this picture.",
            )
        # In the same row, so that the pictures stay where they were while it was painted.
        if job is not None and same is not None:
            variations.offer(job, same, st.session_state.get(studio.strength_key(job.id)))
    if paint and order is not None:
        start(order)
    if go_on and job is not None and painted is not None:
        with st.spinner("Taking the picture up again …"):
            start(continued(job, painted, settings))


@st.fragment(run_every=POLL)
def watch(photo: Input | None, styles: tuple[Input, ...]) -> None:
    """What `look` shows, again and again while the job runs."""
    job = current_job()
    if job is None or not job.active:
        st.rerun()
    show(photo, styles, job)


# Not the same fragment as `watch`: its last look, asked for before the run that ended it, would
# come after that run and replace the downloads' addresses under the visitor's finger.
@st.fragment
def look(photo: Input | None, styles: tuple[Input, ...]) -> None:
    """Status, pictures and losses of a job that rests, or the pictures chosen for the next."""
    show(photo, styles, current_job())


def show(photo: Input | None, styles: tuple[Input, ...], job: jobs.Snapshot | None) -> None:
    """Status, pictures and losses."""
    if job is not None:
        studio.show_status(job)
    studio.show_pictures(photo, styles, job, job_manager())
    if job is not None:
        studio.show_losses(job)


# A file of its own: Streamlit's icons are fetched from Google when they stand in a browser's tab.
ICON = Path(__file__).parent / "page" / "icon.svg"
st.set_page_config("Neural style transfer", ICON, layout="wide", initial_sidebar_state=360)
st.html(Path(__file__).parent / "page" / "page.css")

with st.sidebar:
    photo = gallery.choose_photo()
    styles = recipes.in_order(gallery.choose_styles())
    chosen = controls.choose_settings(gallery.weigh(styles))
    recipes.offer()
    about_recipe = st.container()

st.title("Neural style transfer")
st.write("Choose a photo and an artwork, press Paint, and watch the photo being painted anew.")

job = current_job()
if job is None and "job" in st.query_params:
    st.info(
        "The painting this address pointed to is no longer kept; press Paint to make a new one."
    )
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
if job is not None and job.active:
    watch(photo, styles)
else:
    look(photo, styles)
