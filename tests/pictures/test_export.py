"""The loss chart and the side-by-side figure."""

from __future__ import annotations

import dataclasses
import io

import pytest
from matplotlib.figure import Figure
from PIL import Image

from nst.errors import UserError
from nst.pictures import export


@dataclasses.dataclass
class Record:
    iteration: int
    scale: int
    total_loss: float
    content_loss: float
    style_loss: float


HISTORY = [Record(n + 1, 64 if n < 5 else 128, 100 / (n + 1), n * 0.1, 0.01) for n in range(10)]


def test_the_chart_shows_three_losses_and_the_change_of_scale():
    (axes,) = export.loss_chart(HISTORY).axes
    assert axes.get_yscale() == "log"
    lines = {line.get_label(): line for line in axes.lines}
    assert list(lines["total"].get_ydata()) == [record.total_loss for record in HISTORY]
    assert {"total", "content", "style"} <= set(lines)
    assert [text.get_text() for text in axes.texts] == ["128 px"]


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf", ".PNG"])
def test_charts_are_written(tmp_path, suffix):
    path = tmp_path / f"losses{suffix}"
    export.save_chart(HISTORY, path)
    start = path.read_bytes()[:64]
    assert any(mark in start for mark in (b"PNG", b"<?xml", b"%PDF"))
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_nothing_but_rounding_does_not_stretch_the_axis():
    (axes,) = export.loss_chart([Record(1, 64, 1.0, 1e-11, 0.01), *HISTORY[1:]]).axes
    assert axes.get_ylim()[0] > 1e-4


def test_a_chart_of_one_iteration(tmp_path):
    export.save_chart(HISTORY[:1], tmp_path / "one.png")
    with Image.open(tmp_path / "one.png") as picture:
        assert picture.width > 600


def test_what_cannot_be_written_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(UserError, match=r"\.png, \.svg, \.pdf"):
        export.check_chart(tmp_path / "losses.xls")
    with pytest.raises(UserError, match="no folder"):
        export.save_chart(HISTORY, tmp_path / "missing" / "losses.png")


def test_side_by_side_shows_the_three_pictures():
    figure = Figure()
    pictures = [Image.new("RGB", (40, 30), colour) for colour in ("red", "green", "blue")]
    for _ in range(2):  # drawn again, it replaces what was there
        export.draw_side_by_side(figure, pictures, "iteration 5 of 9")
    assert [axes.get_title() for axes in figure.axes] == list(export.PANELS)
    buffer = io.BytesIO()
    figure.savefig(buffer)
    with Image.open(buffer) as picture:
        colours = {colour for _, colour in picture.convert("RGB").getcolors(10**6)}
    assert {(255, 0, 0), (0, 128, 0), (0, 0, 255)} <= colours


def frames(*shades: int) -> list[Image.Image]:
    return [Image.new("RGB", (40, 30), (shade, 255 - shade, 90)) for shade in shades]


def played(data: bytes) -> list[tuple[int, float]]:
    """(red, seconds) of every frame of an animation."""
    found = []
    with Image.open(io.BytesIO(data)) as film:
        for number in range(getattr(film, "n_frames", 1)):
            film.seek(number)
            picture = film.convert("RGB")
            found.append((picture.getpixel((20, 15))[0], film.info.get("duration", 0) / 1000))
    return found


@pytest.mark.parametrize("format", export.TIMELAPSE_FORMATS)
def test_a_timelapse_plays_its_frames_and_holds_the_last(format):
    data = export.timelapse(iter(frames(0, 100, 200)), format)
    with Image.open(io.BytesIO(data)) as film:
        assert (film.format, film.size, film.info["loop"]) == (format, (40, 30), 0)
    shades, seconds = zip(*played(data), strict=True)
    assert shades == pytest.approx((0, 100, 200), abs=6)
    assert seconds == (export.FRAME_SECONDS, export.FRAME_SECONDS, export.LAST_FRAME_SECONDS)


@pytest.mark.parametrize("format", export.TIMELAPSE_FORMATS)
def test_a_timelapse_may_have_one_frame(format):
    ((shade, _),) = played(export.timelapse(frames(100), format))
    assert shade == pytest.approx(100, abs=6)


def test_a_timelapse_is_a_gif_or_webp():
    with pytest.raises(ValueError, match="GIF, WEBP"):
        export.timelapse(frames(0, 100), "MP4")


def test_a_contact_sheet_cuts_captions_that_are_too_long():
    pictures = [Image.new("RGB", (200, 100), colour) for colour in ("red", "blue")]
    long = export.contact_sheet([[("W" * 300, pictures[0]), ("", pictures[1])]])
    short = export.contact_sheet([[("W", pictures[0]), ("", pictures[1])]])
    assert long.size == short.size
    left, top, right, bottom = long.width // 2 + 2, 110, long.width, long.height
    assert long.crop((left, top, right, bottom)).getextrema() == ((255, 255),) * 3
    assert long.crop((0, top, left, bottom)).getextrema() != ((255, 255),) * 3


def test_a_gif_keeps_the_colours_of_first_and_last():
    red, blue = (Image.new("RGB", (40, 30), colour) for colour in ("red", "blue"))
    with Image.open(io.BytesIO(export.timelapse([red, red, blue], "GIF"))) as film:
        found = []
        for number in range(film.n_frames):
            film.seek(number)
            found.append(film.convert("RGB").getpixel((5, 5)))
    assert (found[0], found[-1]) == ((255, 0, 0), (0, 0, 255))


def test_captions_may_have_letters_of_other_alphabets():
    def caption(text):
        sheet = export.contact_sheet([[(text, Image.new("RGB", (400, 100)))]])
        return sheet.crop((0, 110, *sheet.size)).tobytes()

    missing = caption("\ufffe")  # no character: what a font shows for those it lacks
    assert len({missing, caption("é"), caption("Я"), caption("Ω"), caption("")}) == 5
