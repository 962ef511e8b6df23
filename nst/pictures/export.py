"""What is made of a run besides the picture: a loss chart, side-by-side figures, a time-lapse."""

from __future__ import annotations

import io
import itertools
import math
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from PIL import Image, ImageDraw, ImageFont

from nst.errors import UserError
from nst.pictures.writing import check_writable, write_atomically

# matplotlib takes half a second to import and is needed only when a chart is.
if TYPE_CHECKING:
    from matplotlib.figure import Figure

CHART_SUFFIXES = (".png", ".svg", ".pdf")
# A run starts with a content loss of 0 but for rounding; it has no place on a logarithmic axis.
LEAST_SHOWN = 1e-6
PANELS = ("Content", "Style", "Result")

# No MP4: Pillow writes none, and a video encoder would be a program of the system. Every browser
# shows these two; WebP is half as large and has all colours, GIF is taken everywhere.
TIMELAPSE_FORMATS = ("GIF", "WEBP")
FRAME_SECONDS = 0.1
LAST_FRAME_SECONDS = 1.5  # the painting is there to be looked at before it begins anew


class LossRecord(Protocol):
    """What a chart needs of an iteration; a `transfer.Progress` has it."""

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
    if Path(path).suffix.lower() not in CHART_SUFFIXES:
        raise UserError(
            f"The chart {Path(path).name!r} does not say which kind of file to write; let its name "
            f"end in one of {', '.join(CHART_SUFFIXES)}."
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


def contact_sheet(rows: Sequence[Sequence[tuple[str, Image.Image]]]) -> Image.Image:
    """Captioned pictures of one size in rows, on white."""
    width, height = rows[0][0][1].size
    gap, line = max(4, width // 48), max(12, width // 20)
    columns = max(len(row) for row in rows)
    sheet = Image.new(
        "RGB",
        (gap + columns * (width + gap), gap + len(rows) * (height + line + 2 * gap)),
        "white",
    )
    pen = ImageDraw.Draw(sheet)
    font = _font(line, "".join(caption for row in rows for caption, _ in row))
    for number, row in enumerate(rows):
        top = gap + number * (height + line + 2 * gap)
        for column, (caption, picture) in enumerate(row):
            left = gap + column * (width + gap)
            sheet.paste(picture, (left, top))
            line_of_text = _cut(caption, font, width)
            pen.text((left, top + height + gap // 2), line_of_text, fill="black", font=font)
    return sheet


def _font(size: int, text: str) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """A font that has the letters of the text, which may come from the names of files."""
    if text.isascii():
        return ImageFont.load_default(size=size)  # has no others
    import matplotlib  # whose font has those of most alphabets

    return ImageFont.truetype(
        str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"), size
    )


def _cut(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    """The text, ended by an ellipsis where it would be wider than `width` px."""
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(f"{text}…") > width:
        text = text[:-1]
    return f"{text.rstrip()}…"


def timelapse(frames: Iterable[Image.Image], format: str) -> bytes:
    """An animation that repeats for ever, the last frame longest: the bytes of a GIF or WebP.

    `frames` are one or more, of one size. Raises `ValueError` for another format.
    """
    if format not in TIMELAPSE_FORMATS:
        raise ValueError(f"expected one of {', '.join(TIMELAPSE_FORMATS)}, got {format!r}")
    pictures = list(frames)
    if format == "GIF":
        pictures = _with_one_palette(pictures)
    first, *others = pictures
    milliseconds = [round(1000 * FRAME_SECONDS)] * len(others)
    buffer = io.BytesIO()
    first.save(
        buffer,
        format,
        save_all=True,
        append_images=others,
        duration=[*milliseconds, round(1000 * LAST_FRAME_SECONDS)],
        loop=0,
    )
    return buffer.getvalue()


def _with_one_palette(pictures: Sequence[Image.Image]) -> list[Image.Image]:
    """The pictures in 256 colours, the same for all: a palette each flickers and takes 15 times as
    long."""
    width, height = (max(1, side // 4) for side in pictures[0].size)  # that many are enough
    sheet = Image.new("RGB", (width, height * len(pictures)))
    for number, picture in enumerate(pictures):
        sample = picture.resize((width, height), Image.Resampling.NEAREST)
        sheet.paste(sample, (0, number * height))
    palette = sheet.quantize(256)
    return [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures]
