"""What is seen of a painting: how far it is, photo, style and picture, strength, and losses."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from nst.pictures import charts
from nst.queue.history import Standing
from nst.queue.job import Snapshot, State
from nst.queue.manager import JobManager
from nst.settings import CONTROLS
from nst.studio.order import Input, enumerated
from page import compare, downloads
from page.gallery import FAVOURITES, RESOURCES, shown, shown_styles, sketch
from page.words import about, data_url, duration, plain, title_of

READY = "Press Paint and watch; you can stop at any time."
FIRST_FORECAST = 4  # the iteration from which on the time left is told: one alone says little
EXAMPLE = RESOURCES / "example.jpg"  # what the favourite photo and style give


class Below(NamedTuple):
    """Where there is room under the pictures."""

    chosen: DeltaGenerator  # under photo and style: it stays where it is when a painting ends
    painting: DeltaGenerator


def show_status(job: Snapshot | None) -> None:
    """How far the job is, or how it ended, in words; as tall where there is none yet.

    So the pictures under it stay where they are from the first look to the last.
    """
    if job is None:
        st.progress(0.0, READY)
        return
    standing = job.standing
    if job.state is State.QUEUED and job.ahead:
        others = "1 painting is" if job.ahead == 1 else f"{job.ahead} paintings are"
        wait = about(job.wait)
        st.progress(0.0, f"In the queue: {others} ahead of yours. It begins by itself in {wait}.")
    elif job.active and standing is None:
        st.progress(0.0, "Getting brushes and paint ready …")
    elif job.active and standing is not None:
        st.progress(standing.fraction, f"{time_left(standing)} · {place(standing)}")
    elif job.state is State.FAILED:
        st.error(plain(job.message), icon=":material/error:")
    elif standing is None:
        st.info(plain(job.message), icon=":material/info:")
    else:
        painted = f"{standing.iteration} iterations in {duration(standing.seconds)}"
        end = plain(job.message) or ":material/check_circle: Finished:"
        st.progress(standing.fraction, f"{end} {painted}.")


def time_left(standing: Standing) -> str:
    """What is still to wait, as far as it can be known."""
    if standing.fraction < 0.01 or standing.iteration < FIRST_FORECAST:
        return "Estimating the time"
    return f"About {duration(standing.seconds_left)} left"


def place(standing: Standing) -> str:
    """Which size is painted on, and the iteration."""
    at = f"iteration {standing.iteration}, at {standing.scale} px"
    if len(standing.scales) == 1:
        return at
    number = standing.scales.index(standing.scale) + 1
    return f"size {number} of {len(standing.scales)}: {at}"


def show_pictures(
    photo: Input | None,
    styles: Sequence[Input],
    job: Snapshot | None,
    manager: JobManager,
) -> Below:
    """Photo, style and painting side by side, all in the shape of the photo.

    Compared with its photo, the painting is given more room.
    """
    comparing = job is not None and not job.active and compare.chosen(job.id)
    subject = None
    if job is not None and not (st.session_state.get("browsing") and photo and styles):
        subject, texture = job.content_shown, job.style_shown
        names = job.content_name, job.style_name
    elif photo is not None and styles:
        subject, size = shown(photo.data, photo.file_name)
        texture = shown_styles(tuple((style.data, style.file_name) for style in styles), size)
        names = photo.title, enumerated([style.title for style in styles])
    # What is chosen anew is not what the painting was made of.
    sum_holds = subject is not None and (job is None or names == (job.content_name, job.style_name))
    with (
        st.container(key="comparing" if comparing else "pictures"),
        st.container(key="sum" if sum_holds else "apart"),
    ):
        left, right = st.columns([2, 3] if comparing else [2, 1])
    with left, st.container(key="pair"):
        pair = st.columns(2, wrap=False)
    if subject is None:
        left.info("Choose a photo and a style in the sidebar.", icon=":material/image_search:")
        return Below(left, right)
    captions = f"Photo: {plain(names[0])}", f"Style: {plain(names[1])}"
    # Streamlit (1.67) lets go of a file soon after another has taken its place: of a picture that
    # changes twice a second a slow browser would find nothing. So the page gets them whole.
    pair[0].image(data_url(subject), captions[0], width="stretch", alt=f"The photo: {names[0]}")
    pair[1].image(data_url(texture), captions[1], width="stretch", alt=f"The style: {names[1]}")
    with right:
        show_painting(subject, names, job, manager)
    return Below(left, right)


def show_painting(
    photo: bytes, names: tuple[str, str], job: Snapshot | None, manager: JobManager
) -> None:
    """The painting as far as it is, or a sketch of the photo where there is none yet."""
    place = st.container()  # at all times, as a picture in another place would be built anew
    if job is not None and job.preview is not None:
        picture = job.preview if job.active else finishing(job, manager)
        title = f"{job.content_name} in the style of {job.style_name}"
        if not job.active and compare.chosen(job.id):
            with place:
                compare.show(job, picture)
                st.caption(plain(title), text_alignment="center")
            return
        alt = "The painting so far" if job.active else "The painting"
        place.image(data_url(picture), plain(title), width="stretch", alt=f"{alt}: {title}")
    elif job is None and names == example_names() and EXAMPLE.exists():
        place.image(
            EXAMPLE.read_bytes(),
            "An example; press Paint to make your own",
            width="stretch",
            alt=f"An example: {names[0]} in the style of {names[1]}",
        )
    else:
        place.image(
            data_url(sketch(photo), "image/png"),
            "Your painting appears here",
            width="stretch",
            alt="A pencil sketch",
        )


def finishing(job: Snapshot, manager: JobManager) -> bytes:
    """Comparison, strength and downloads of an ended job; the picture at that strength."""
    compare.offer(job.id)
    control = CONTROLS["strength"]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        strength = st.slider(
            control.label,
            control.minimum,
            control.maximum,
            job.recipe.settings.strength,
            control.step,
            key=strength_key(job.id),
            persist_state="session",  # while another painting is shown
            help=f"{control.help.partition(';')[0]}: at once, without painting anew. The download "
            "is as you see it.",
        )
        downloads.offer(job, strength, manager)
    shown = manager.files.shown(job.id, strength) or job.preview
    assert shown is not None
    return shown


def strength_key(job_id: str) -> str:
    """The key of the slider beside a job's result."""
    return f"strength_{job_id}"


def example_names() -> tuple[str, str]:
    """Photo and style of the ready-made example."""
    return title_of(FAVOURITES["content"]), title_of(FAVOURITES["styles"])


def show_losses(job: Snapshot) -> None:
    """The three losses now, and their course so far."""
    standing = job.standing
    if standing is None:
        return
    values = {
        "Total loss": standing.total_loss,
        "Content loss": standing.content_loss,
        "Style loss": standing.style_loss,
    }
    helps = (
        "What the painting minimises: the losses below, each times its weight, and the smoothness.",
        "How far each place is from what it shall show: the photo's shapes at first, then the "
        "strokes that were chosen for it.",
        "How far the painting's textures and colours are from those of the style.",
    )
    numbers = st.columns(3, wrap=False)
    for column, (name, value), text in zip(numbers, values.items(), helps, strict=True):
        shown_value = (
            value if value > charts.LEAST_SHOWN else 0.0
        )  # it begins at 0 but for rounding
        column.metric(name, f"{shown_value:.3g}", help=text)
    st.vega_lite_chart(
        loss_table(job.history), LOSS_CHART, alt="Total, content and style loss over iterations"
    )


def loss_table(history: Sequence[Standing]) -> dict[str, list[Any]]:
    """One row a loss and iteration, and one a change of scale, which has a size and no loss.

    What is 0 but for rounding would stretch the axis.
    """
    rows: list[tuple[int, str | None, float | None, str | None]] = [
        (at.iteration, name, value, None)
        for at in history
        for name, value in (
            ("Total", at.total_loss),
            ("Content", at.content_loss),
            ("Style", at.style_loss),
        )
        if value > charts.LEAST_SHOWN
    ]
    rows += [
        (at.iteration, None, None, f"{at.scale} px")
        for before, at in itertools.pairwise(history)
        if at.scale != before.scale
    ]
    columns = zip(*rows, strict=True) if rows else ([], [], [], [])
    return dict(zip(("iteration", "loss", "value", "scale"), map(list, columns), strict=True))


ITERATION = {"field": "iteration", "type": "quantitative", "title": "Iteration"}
CHANGE_OF_SCALE = [{"filter": "isValid(datum.scale)"}]
LOSS_CHART = {
    "height": 260,
    "layer": [
        {
            "transform": [{"filter": "isValid(datum.loss)"}],
            "mark": {"type": "line", "strokeWidth": 2},
            "encoding": {
                "x": ITERATION,
                "y": {
                    "field": "value",
                    "type": "quantitative",
                    "scale": {"type": "log"},
                    "title": "Loss",
                    "axis": {"tickCount": 4, "format": "~g"},
                },
                "color": {
                    "field": "loss",
                    "type": "nominal",
                    "sort": ["Total", "Content", "Style"],
                    "title": None,
                    "legend": {"orient": "top"},
                },
            },
        },
        {
            "transform": CHANGE_OF_SCALE,
            # Screen readers are told the sizes by the texts.
            "mark": {"type": "rule", "strokeDash": [2, 3], "color": "grey", "aria": False},
            "encoding": {"x": ITERATION},
        },
        {
            "transform": CHANGE_OF_SCALE,
            "mark": {
                "type": "text",
                "align": "left",
                "baseline": "top",
                "dx": 4,
                "dy": 4,
                "color": "grey",
            },
            "encoding": {"x": ITERATION, "y": {"value": 0}, "text": {"field": "scale"}},
        },
    ],
}
