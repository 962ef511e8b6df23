"""Figures of a run: the chart of its losses, and content, style and result side by side."""

from __future__ import annotations

import io
import itertools
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from PIL import Image

from nst.errors import UserError
from nst.pictures.writing import check_writable, write_atomically

# matplotlib takes half a second to import and is needed only when a chart is.
if TYPE_CHECKING:
    from matplotlib.figure import Figure

SUFFIXES = (".png", ".svg", ".pdf")
# At first the content loss is 0 but for rounding; a logarithmic axis has no place for it.
LEAST_SHOWN = 1e-6
PANELS = ("Content", "Style", "Result")


class LossRecord(Protocol):
    """What the chart shows of an iteration; a `transfer.Progress` is one."""

    @property
    def iteration(self) -> int: ...
    @property
    def scale(self) -> int: ...
    @property
    def total_loss(self) -> float: ...
    @property
    def content_loss(self) -> float: ...
    @property
    def style_loss(self) -> float: ...


def loss_chart(history: Sequence[LossRecord]) -> Figure:
    """Total, content and style loss over the iterations, changes of scale marked."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.add_subplot(
        yscale="log", xlabel="iteration", ylabel="loss", title="Losses while painting"
    )
    iterations = [record.iteration for record in history]
    for label in ("total", "content", "style"):
        values = [getattr(record, f"{label}_loss") for record in history]
        shown = [value if value > LEAST_SHOWN else math.nan for value in values]
        axes.plot(iterations, shown, label=label)
    for before, record in itertools.pairwise(history):
        if record.scale != before.scale:
            axes.axvline(record.iteration, color="grey", linewidth=0.8, linestyle=":")
            axes.annotate(
                f"{record.scale} px",
                (record.iteration, 1),
                xycoords=("data", "axes fraction"),
                xytext=(3, -10),
                textcoords="offset points",
                fontsize=8,
                color="grey",
            )
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    axes.legend()
    return figure


def check_chart(path: str | os.PathLike[str]) -> None:
    """Raises `UserError` if `save_chart` could not write to `path`."""
    if Path(path).suffix.lower() not in SUFFIXES:
        raise UserError(
            f"The chart {Path(path).name!r} does not say which kind of file to write; let its name "
            f"end in one of {', '.join(SUFFIXES)}."
        )
    check_writable(path)


def save_chart(history: Sequence[LossRecord], path: str | os.PathLike[str]) -> None:
    """Write the `loss_chart` as PNG, SVG or PDF, wholly or not at all.

    Raises `UserError` as `check_chart` does.
    """
    check_chart(path)
    buffer = io.BytesIO()
    loss_chart(history).savefig(buffer, format=Path(path).suffix[1:].lower(), dpi=150)
    write_atomically(buffer.getvalue(), path)


def draw_side_by_side(figure: Figure, pictures: Sequence[Image.Image], title: str = "") -> None:
    """Draw content, style and result beside each other, in place of what `figure` showed."""
    figure.clear()
    for number, (name, picture) in enumerate(zip(PANELS, pictures, strict=True), 1):
        axes = figure.add_subplot(1, 3, number, title=name)
        axes.imshow(picture)
        axes.set_axis_off()
    figure.suptitle(title)
