"""The losses of a painting: their values now and their course, for the curious."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import streamlit as st

from nst.pictures import charts
from nst.queue.history import Standing
from nst.queue.job import Snapshot
from page import state

LEAST_DRAWN = 3  # points, from which on a curve says something


def offer(job: Snapshot) -> None:
    """An expander with the losses, drawn only while it is open."""
    place = st.expander(
        "For the curious: losses",
        icon=":material/monitoring:",
        key=state.LOSSES.name,
        on_change="rerun",
    )
    if place.open:
        with place, st.container(key="losses"):
            show(job)


def show(job: Snapshot) -> None:
    """The three losses now, and their course so far."""
    standing = job.standing
    if standing is None:
        st.caption("They come with the first strokes.")
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
    st.caption(_place(standing))
    if len(job.history) >= LEAST_DRAWN:
        st.vega_lite_chart(
            loss_table(job.history), LOSS_CHART, alt="Total, content and style loss over iterations"
        )


def _place(standing: Standing) -> str:
    """Which size is painted on, and the iteration."""
    at = f"Iteration {standing.iteration}, at {standing.scale} px"
    if len(standing.scales) == 1:
        return at
    number = standing.scales.index(standing.scale) + 1
    return f"{at}, which is size {number} of {len(standing.scales)}"


def loss_table(history: Sequence[Standing]) -> dict[str, list[Any]]:
    """A row for each loss of each iteration, and a row without a loss for each change of scale.

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
