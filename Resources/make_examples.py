"""Paint every sample photo in every sample style, for the page to show before anything is painted.

    python -m Resources.make_examples [--photos NAME ...] [--styles NAME ...] [--resolution 384]

With the default settings, a JPEG of `SIDE` px for each pair. One that was painted of the present
photo and artwork, on a canvas as large, stays as it is, so that the program can be stopped and
started again.
"""

from __future__ import annotations

import argparse
import hashlib
import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

import nst
from nst.pictures import writing

HERE = Path(__file__).parent
OUT = HERE / "examples"
SIDE = 512  # px, the longer one
QUALITY = 75


def path_of(photo: str, style: str) -> Path:
    """The file of the example of a pair."""
    return OUT / f"{photo}-in-{style}.jpg"


def mark_of(photo: str, style: str) -> str:
    """What the example of a pair says of the files that it was painted of."""
    files = (HERE / "content" / f"{photo}.jpg", HERE / "styles" / f"{style}.jpg")
    return " in ".join(hashlib.sha256(file.read_bytes()).hexdigest()[:16] for file in files)


def painted_at(photo: str, style: str) -> int:
    """The canvas' longer side, px, of a pair's example; 0 if it is not of the present files."""
    path = path_of(photo, style)
    if not path.is_file():
        return 0
    with Image.open(path) as picture:
        mark, _, resolution = picture.info.get("comment", b"").decode().partition(" at ")
    return int(resolution) if mark == mark_of(photo, style) else 0


def paint(photo: str, style: str, resolution: int = SIDE) -> None:
    """Paint and write the example of a pair; `resolution` is the canvas' longer side, px."""
    mark = mark_of(photo, style)  # first: a file that changes meanwhile is not what was painted
    content, artwork = HERE / "content" / f"{photo}.jpg", HERE / "styles" / f"{style}.jpg"
    painting = nst.paint(content, artwork, resolution=resolution, output_size=SIDE).picture
    buffer = io.BytesIO()
    painting.save(buffer, "JPEG", quality=QUALITY, optimize=True, comment=f"{mark} at {resolution}")
    writing.write_atomically(buffer.getvalue(), path_of(photo, style))


def main(arguments: Sequence[str] | None = None) -> None:
    """Paint what is missing or out of date, of the pairs named or of all."""
    photos, styles = (
        sorted(path.stem for path in (HERE / kind).glob("*.jpg")) for kind in ("content", "styles")
    )
    parser = argparse.ArgumentParser(description="Paint the examples that the page shows.")
    parser.add_argument("--photos", nargs="+", choices=photos, default=photos, metavar="NAME")
    parser.add_argument("--styles", nargs="+", choices=styles, default=styles, metavar="NAME")
    parser.add_argument(
        "--resolution", type=int, default=SIDE, help="of the canvas, px; less where time is short"
    )
    chosen = parser.parse_args(arguments)
    OUT.mkdir(exist_ok=True)
    for photo in chosen.photos:
        for style in chosen.styles:
            if painted_at(photo, style) < chosen.resolution:
                paint(photo, style, chosen.resolution)
                print(path_of(photo, style).name, flush=True)


if __name__ == "__main__":
    main()
