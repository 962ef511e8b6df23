"""Paint Showcase.png, example.jpg and the README's small pictures from the sample pictures.

    python -m Resources.make_pictures

Everything is painted with the default settings but what a picture is there to show.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

from nst import images, transfer, vgg
from nst.settings import Settings

HERE = Path(__file__).parent
# One row each: the photo, then its painting in each of the styles.
SHOWCASE = {
    "astronaut": ("stained_glass", "woodblock_wave", "tile_mosaic", "cubist_planes"),
    "cat": ("night_sky", "ink_hatching", "woodblock_wave", "stained_glass"),
    "rocket": ("night_sky", "pointillism", "watercolour", "cubist_planes"),
}
EXAMPLE = ("cat", "night_sky")
CONTROLS: dict[str, list[dict[str, Any]]] = {
    "content_weight": [{"content_weight": value} for value in (2, 10, 50)],
    "style_weight": [{"style_weight": value} for value in (1000, 10_000, 100_000)],
    "resolution": [{"resolution": value} for value in (128, 256, 384)],
    "tv_weight": [{"tv_weight": value} for value in (0, 30, 300)],
    "coarse_to_fine": [{"coarse_to_fine": value} for value in (False, True)],
    "effort": [{"effort": value} for value in (0.35, 1, 2)],
}
CONTROLS_SHOWN_ON = ("rocket", "night_sky")
WIDTH, GAP = 1232, 8  # px


def main() -> None:
    """Paint and write all of them."""
    trunk = vgg.load()
    rows = []
    for photo, styles in SHOWCASE.items():
        row = [sample("content", photo)]
        for style in styles:
            painting = paint(photo, style, Settings(), trunk)
            # The artwork in a corner, as a painter pins it to the easel.
            row.append(with_inset(painting, sample("styles", style)))
            if (photo, style) == EXAMPLE:
                images.save(painting, HERE / "example.jpg")
        rows.append(row)
    sheet(rows).save(HERE / "Showcase.png", optimize=True)
    (HERE / "controls").mkdir(exist_ok=True)
    for name, variants in CONTROLS.items():
        row = [paint(*CONTROLS_SHOWN_ON, Settings(**changes), trunk) for changes in variants]
        images.save(sheet([row]), HERE / "controls" / f"{name}.jpg")


def with_inset(painting: Image.Image, artwork: Image.Image) -> Image.Image:
    """The painting with its artwork small in the lower right corner."""
    side = painting.height // 4
    inset = ImageOps.expand(ImageOps.fit(artwork, (side, side)), side // 30, "white")
    picture = painting.copy()
    picture.paste(inset, (painting.width - inset.width, painting.height - inset.height))
    return picture


def sample(folder: str, name: str) -> Image.Image:
    """A sample picture by its name."""
    return images.open_picture(HERE / folder / f"{name}.jpg")


@functools.cache
def paint(photo: str, style: str, settings: Settings, trunk: vgg.VGG19) -> Image.Image:
    """The photo in the style, at the photo's own size."""
    content = sample("content", photo)
    canvas, texture = (
        images.to_tensor(images.fit(picture, settings.resolution))
        for picture in (content, sample("styles", style))
    )
    result = transfer.stylize(canvas, [texture], settings, trunk)
    return images.enlarge(images.to_picture(result), content.size)


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
