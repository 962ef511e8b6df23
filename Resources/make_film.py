"""The small film of the documents: a camera over a sample photo, and over the painting of it.

python -m Resources.make_film
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from benchmarks import clips
from nst import samples
from nst.film.painter import FramePainter
from nst.pictures import reading, timelapse
from nst.settings import Settings
from nst.studio.engine import VGGEngine
from nst.studio.order import Pictures

FILM = Path(__file__).parent / "film.webp"
PHOTO, STYLE = "mountains", "night_sky"
SIZE, FRAMES, RATE = (256, 176), 24, 12
GAP = 8  # px between photo and painting


def main() -> None:
    """Paint it, and put photo and painting side by side, forth and back."""
    photo, art = (
        reading.open_picture(samples.folder(kind) / f"{name}.jpg")
        for kind, name in (("content", PHOTO), ("styles", STYLE))
    )
    frames = [Image.fromarray(frame.picture) for frame in clips.camera(photo, SIZE, FRAMES)]
    painter = FramePainter(
        VGGEngine().open(), Pictures(photo, [art]), Settings(resolution=max(SIZE))
    )
    pairs = [_side_by_side(frame, painter.paint(frame)) for frame in frames]
    pairs += pairs[-2:0:-1]
    FILM.write_bytes(timelapse.animated(pairs, [1 / RATE] * len(pairs), "WEBP"))


def _side_by_side(frame: Image.Image, painting: Image.Image) -> Image.Image:
    pair = Image.new("RGB", (2 * SIZE[0] + GAP, SIZE[1]), "white")
    pair.paste(frame, (0, 0))
    pair.paste(painting, (SIZE[0] + GAP, 0))
    return pair


if __name__ == "__main__":
    main()
