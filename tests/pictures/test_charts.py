"""The loss chart and the side-by-side figure."""

from __future__ import annotations

import dataclasses
import io

import pytest
from matplotlib.figure import Figure
from PIL import Image

from nst.errors import UserError
from nst.pictures import charts


@dataclasses.dataclass
class Record:
    iteration: int
    scale: int
    total_loss: float
    content_loss: float
    style_loss: float


HISTORY = [Record(n + 1, 64 if n < 5 else 128, 100 / (n + 1), n * 0.1, 0.01) for n in range(10)]


def test_the_chart_shows_three_losses_and_the_change_of_scale():
    (axes,) = charts.loss_chart(HISTORY).axes
    assert axes.get_yscale() == "log"
    lines = {line.get_label(): line for line in axes.lines}
    assert list(lines["total"].get_ydata()) == [record.total_loss for record in HISTORY]
    assert {"total", "content", "style"} <= set(lines)
    assert [text.get_text() for text in axes.texts] == ["128 px"]


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf", ".PNG"])
def test_charts_are_written(tmp_path, suffix):
    path = tmp_path / f"losses{suffix}"
    charts.save_chart(HISTORY, path)
    start = path.read_bytes()[:64]
    assert any(mark in start for mark in (b"PNG", b"<?xml", b"%PDF"))
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_nothing_but_rounding_does_not_stretch_the_axis():
    (axes,) = charts.loss_chart([Record(1, 64, 1.0, 1e-11, 0.01), *HISTORY[1:]]).axes
    assert axes.get_ylim()[0] > 1e-4


def test_a_chart_of_one_iteration(tmp_path):
    charts.save_chart(HISTORY[:1], tmp_path / "one.png")
    with Image.open(tmp_path / "one.png") as picture:
        assert picture.width > 600


def test_what_cannot_be_written_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(UserError, match=r"\.png, \.svg, \.pdf"):
        charts.check_chart(tmp_path / "losses.xls")
    with pytest.raises(UserError, match="no folder"):
        charts.save_chart(HISTORY, tmp_path / "missing" / "losses.png")


def test_side_by_side_shows_the_three_pictures():
    figure = Figure()
    pictures = [Image.new("RGB", (40, 30), colour) for colour in ("red", "green", "blue")]
    for _ in range(2):  # drawn again, it replaces what was there
        charts.draw_side_by_side(figure, pictures, "iteration 5 of 9")
    assert [axes.get_title() for axes in figure.axes] == list(charts.PANELS)
    buffer = io.BytesIO()
    figure.savefig(buffer)
    with Image.open(buffer) as picture:
        colours = {colour for _, colour in picture.convert("RGB").getcolors(10**6)}
    assert {(255, 0, 0), (0, 128, 0), (0, 0, 255)} <= colours
