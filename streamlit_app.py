"""The page: choose a photo, a style and settings, press Paint and watch the painting come about.

Run it with `streamlit run streamlit_app.py`. The painting itself is done by the worker of a
`JobManager`; the script only starts jobs and shows how far they are. Its parts are in `page/`.
"""

from __future__ import annotations

# ruff: noqa: E402
from pathlib import Path

import streamlit as st

from nst.machine import malloc

# Before the others, which take a second: meanwhile every visitor who comes adds threads, and with
# more than a few it is too late.
malloc.share_arenas()

from nst.film.footage import Footage
from page import (
    actions,
    back,
    bar,
    blend,
    capacity,
    connection,
    controls,
    explained,
    films,
    gallery,
    hindrance,
    link,
    masks,
    recipes,
    samples,
    server,
    stage,
    style_masks,
    viewport,
    visit,
)

PARTS = Path(__file__).parent / "page"
# A file of its own: Streamlit's icons are fetched from Google when they stand in a browser's tab.
st.set_page_config(
    "Neural style transfer", PARTS / "icon.svg", layout="wide", initial_sidebar_state=320
)
for sheet in ("page", "studio", "marking", "result", "status", "access"):
    st.html(PARTS / f"{sheet}.css")

actions.remember()
st.title("Turn a photo into a painting", anchor=False)
st.write("Choose a photo and an artwork: the photo is painted anew in the style of the artwork.")

job = actions.current_job()
with st.container():  # which keeps its place when it has nothing to say
    if job is None and "job" in st.query_params and not visit.awaited():
        st.info(
            "The painting this address pointed to is no longer kept, or was made in another tab; "
            "press Paint to make a new one."
        )
# A sheet and no other container: in that everything would be built anew, and the focus be lost.
st.html(PARTS / ("at_rest.css" if job is None and not visit.awaited() else "at_work.css"))
with st.container(key="studio"):
    choosing = st.container(key="choosing")
    bench = st.container(key="bench")

back.follow()
with choosing:
    with st.container(key="choose_photo"):
        photo = gallery.choose_photo()
    with st.container(key="choose_styles"):
        styles = recipes.in_order(gallery.choose_styles())
        weights = blend.weigh(styles)
with st.sidebar:
    chosen = controls.choose_settings(weights)
    with chosen.advanced:
        recipes.offer()
    about_recipe = st.container()

if photo:
    with chosen.plan:
        if isinstance(photo, Footage):
            films.tell_side(photo)
        else:
            size = samples.shown(photo.data, photo.file_name)[1]
            capacity.tell_plan(server.queue().plan(chosen.settings, size))

if not visit.awaited():
    link.take_strength(job)

with bench:
    with st.container(key="step_paint"):
        st.header("3 Paint", anchor=False)
    buttons = st.container()
    regions, counted = masks.Places(), style_masks.Counted()
    if photo and styles:
        with st.expander("Where to paint", key="where_to_paint", icon=":material/ink_selection:"):
            regions = masks.choose_masks(photo, styles)
            counted = style_masks.choose_style_masks(styles)
with about_recipe:
    recipes.tell(chosen.settings, (photo, *styles, *regions.masks, *counted.masks, chosen.init))

contents = link.Contents(chosen.settings, photo, styles, regions.masks, counted.masks)
hindered = hindrance.to_order(contents, chosen, regions.problem or counted.problem)
order = (
    chosen.order(photo, styles, regions.masks, counted.masks) if photo and not hindered else None
)
with buttons:
    beside_paint = bar.show(order, job, hindrance.to_paint(job, hindered))
    with st.container(key="refusal"):
        actions.proceed(order, chosen.settings, job)
viewport.follow(job)
back.guide()

with bench:
    connection.watch(job)
    stage.show(contents, order, job)
if films.is_next(order, job):
    with beside_paint:  # last, as it may have to be measured first
        films.tell_plan(order, server.queue())
explained.offer()
