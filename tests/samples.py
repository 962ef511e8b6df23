"""Sample pictures that tests of several rooms paint, and flags that make it quick."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parent.parent
CONTENT = str(ROOT / "Resources" / "content" / "coffee.jpg")
STYLE = str(ROOT / "Resources" / "styles" / "night_sky.jpg")
OTHER = str(ROOT / "Resources" / "styles" / "tile_mosaic.jpg")
QUICK = ["--resolution", "64", "--iterations", "4"]


def size(path: str | Path) -> tuple[int, int]:
    """Width and height of a picture that can be decoded, px."""
    with Image.open(path) as picture:
        picture.load()
        return picture.size
