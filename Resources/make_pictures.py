"""Paint Showcase.png and the rows of small pictures in docs/controls.md.

    python -m Resources.make_pictures [ROW ...]

Without names everything is painted. Each picture of a row is painted by a command line, and
docs/controls.md, which shows rows and command lines, is written from them.
"""

from __future__ import annotations

import argparse
import shlex
import tempfile
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

from nst.cli.main import main as nst
from nst.pictures import reading, writing
from Resources import make_examples, write_controls
from Resources.rows import ALL_ROWS, BLEND_SHEET, PROGRAM, Row

HERE = Path(__file__).parent
# One row each: the photo, then its painting in each of the styles.
SHOWCASE = {
    "astronaut": ("batik", "woodblock_wave", "stained_glass", "autumn_impasto"),
    "cat": ("night_sky", "comic_halftone", "charcoal", "tile_mosaic"),
    "mountains": ("chalk_pastel", "art_deco", "autumn_impasto", "batik"),
}
WIDTH, GAP = 1232, 8  # px
TILE, FONT_SIZE = 240, 14  # px
QUALITY = 85  # of the JPEGs of the rows, which one page shows all at once


def main(arguments: Sequence[str] | None = None) -> None:
    """Paint and write what is named, or all of it."""
    names = ["showcase", *(row.name for row in ALL_ROWS)]
    parser = argparse.ArgumentParser(description="Paint the pictures of README and docs.")
    parser.add_argument("names", metavar="ROW", nargs="*", help=f"of {', '.join(names)}")
    chosen = parser.parse_args(arguments).names or names
    unknown = sorted(set(chosen) - set(names))
    if unknown:
        parser.error(f"there is no row {unknown[0]!r}; choose from {', '.join(names)}")
    if "showcase" in chosen:
        make_showcase()
    (HERE / "controls").mkdir(exist_ok=True)
    for row in ALL_ROWS:
        if row.name in chosen:
            picture = small(run(row)[0]) if row is BLEND_SHEET else labelled(row, run(row))
            path = HERE / "controls" / f"{row.name}.jpg"
            writing.write_atomically(writing.encode(picture, "JPEG", QUALITY), path)
    write_controls.main()


def run(row: Row) -> list[Image.Image]:
    """What the command lines of the row paint."""
    paintings = []
    with tempfile.TemporaryDirectory() as folder:
        for command in row.commands:
            *given, output = shlex.split(command.removeprefix(PROGRAM))
            path = str(Path(folder) / output)
            if nst([*given, path, "--quiet"]):
                raise SystemExit(f"this failed: {command}")
            with Image.open(path) as painting:
                paintings.append(painting.convert("RGB"))
    return paintings


def labelled(row: Row, paintings: Sequence[Image.Image]) -> Image.Image:
    """The photo with its artworks, then the paintings, each with its flags below it."""
    photo = sample("content", row.content)
    for number, style in enumerate(reversed(row.styles.split())):
        photo = with_inset(photo, sample("styles", style), number)
    tiles = [photo, *paintings]
    texts = ["photo and artwork" + "s" * (" " in row.styles)]
    texts += [variant.text for variant in row.variants]
    font = ImageFont.load_default(FONT_SIZE)
    lines = [wrapped(text, font) for text in texts]
    height = round(TILE * photo.height / photo.width)
    line = FONT_SIZE + 4
    paper = Image.new(
        "RGB",
        (len(tiles) * (TILE + GAP) - GAP, height + GAP + line * max(map(len, lines))),
        "white",
    )
    pen = ImageDraw.Draw(paper)
    for number, (tile, text) in enumerate(zip(tiles, lines, strict=True)):
        x = number * (TILE + GAP)
        paper.paste(tile.resize((TILE, height), Image.Resampling.LANCZOS), (x, 0))
        for place, words in enumerate(text):
            pen.text((x, height + GAP // 2 + place * line), words, fill="black", font=font)
    return paper


def wrapped(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> list[str]:
    """The text in lines that are no wider than a tile."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= TILE:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def small(sheet: Image.Image) -> Image.Image:
    """A sheet as wide as a row."""
    width = 4 * (TILE + GAP) - GAP
    height = round(width * sheet.height / sheet.width)
    return sheet.resize((width, height), Image.Resampling.LANCZOS)


def make_showcase() -> None:
    """Put photos and their examples together in Showcase.png."""
    rows = []
    for photo, styles in SHOWCASE.items():
        row = [sample("content", photo)]
        for style in styles:
            if not make_examples.painted_at(photo, style):
                make_examples.paint(photo, style)
            painting = reading.open_picture(make_examples.path_of(photo, style))
            # The artwork in a corner, as a painter pins it to the easel.
            row.append(with_inset(painting, sample("styles", style)))
        rows.append(row)
    sheet(rows).save(HERE / "Showcase.png", optimize=True)


def with_inset(painting: Image.Image, artwork: Image.Image, number: int = 0) -> Image.Image:
    """The painting with an artwork small in the lower right corner, the next one left of it."""
    side = painting.height // 4
    inset = ImageOps.expand(ImageOps.fit(artwork, (side, side)), side // 30, "white")
    picture = painting.copy()
    x = painting.width - (number + 1) * inset.width
    picture.paste(inset, (x, painting.height - inset.height))
    return picture


def sample(folder: str, name: str) -> Image.Image:
    """A sample picture by its name."""
    return reading.open_picture(HERE / folder / f"{name}.jpg")


def sheet(rows: list[list[Image.Image]]) -> Image.Image:
    """Rows of pictures, every row as wide as the sheet."""
    strips = [strip(row) for row in rows]
    height = sum(row.height + GAP for row in strips) - GAP
    paper = Image.new("RGB", (WIDTH, height), "white")
    y = 0
    for row in strips:
        paper.paste(row, (0, y))
        y += row.height + GAP
    return paper


def strip(row: list[Image.Image]) -> Image.Image:
    """Pictures beside each other, all of the height that fills the width."""
    space = WIDTH - GAP * (len(row) - 1)
    height = round(space / sum(picture.width / picture.height for picture in row))
    paper = Image.new("RGB", (WIDTH, height), "white")
    x = 0.0
    for picture in row:
        width = height * picture.width / picture.height
        size = (round(width), height)
        paper.paste(picture.resize(size, Image.Resampling.LANCZOS), (round(x), 0))
        x += width + GAP
    return paper


if __name__ == "__main__":
    main()
