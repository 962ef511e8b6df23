"""Many paintings on one sheet, in rows of captioned tiles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from nst.pictures.transparency import laid_on

SIDE = 256  # px, longer side of a picture, where there are not very many
LEAST_SIDE = 48
MOST_PIXELS = 40_000_000  # of a sheet, roughly; viewers open no larger ones
MISSING = (225, 225, 225)

Captioned = tuple[str, Image.Image | None]  # its caption, and no picture where there is none


def side_for(count: int) -> int:
    """The longer side of the pictures, in px, on a sheet of `count`."""
    fits = math.isqrt(MOST_PIXELS // max(1, count))
    return max(LEAST_SIDE, min(SIDE, fits))


def reduce(picture: Image.Image, side: int) -> Image.Image:
    """The picture with a longer side of `side` px."""
    scale = side / max(picture.size)
    width, height = (max(1, round(length * scale)) for length in picture.size)
    return picture.resize((width, height), Image.Resampling.LANCZOS)


def in_rows(tiles: Sequence[Captioned], columns: int | None = None) -> list[list[Captioned]]:
    """The tiles in rows of `columns`, by default about as many as there are rows."""
    columns = columns or max(1, math.ceil(math.sqrt(len(tiles))))
    return [list(tiles[start : start + columns]) for start in range(0, len(tiles), columns)]


def draw(rows: Sequence[Sequence[Captioned]], side: int) -> Image.Image:
    """The sheet, every picture with a longer side of `side` px; grey where there is none."""
    reduced = [
        [(caption, picture and reduce(picture, side)) for caption, picture in row] for row in rows
    ]
    sizes = [picture.size for row in reduced for _, picture in row if picture]
    # Just as large as they need to be, so that nothing gapes where all have the same shape.
    box = tuple(max(lengths) for lengths in zip(*sizes, strict=True)) or (side, side)

    def tile(picture: Image.Image | None) -> Image.Image:
        ground = Image.new("RGB", box, "white" if picture else MISSING)
        if picture:
            # At the bottom, where its caption is.
            ground.paste(picture, ((box[0] - picture.width) // 2, box[1] - picture.height))
        return ground

    return contact_sheet(
        [[(caption, tile(picture)) for caption, picture in row] for row in reduced]
    )


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
            sheet.paste(laid_on(picture, "white"), (left, top))
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
