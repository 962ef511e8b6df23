"""Take the sample photos out of packages that carry them under free licences.

    python -m Resources.fetch_photos [--debian FOLDER]

Four come from scikit-image, and four from Debian's packages lomiri-wallpapers-16.04 and
palapeli-data: installed, or unpacked into a folder with `dpkg-deb --extract`. Sources and licences:
Resources/CREDITS.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from skimage import data

SCIKIT_IMAGE = ("astronaut", "cat", "coffee", "rocket")
LONGEST = 2048  # px; larger photos are made smaller
QUALITY = 90  # of what is made smaller; a photo of the packages is compressed already
OUT = Path(__file__).parent / "content"


@dataclass(frozen=True)
class Wallpaper:
    """A photo in a Debian package, and the part of it that is taken."""

    path: str  # below the root
    box: tuple[int, int, int, int] | None = None  # left, top, right, lower, px


DEBIAN = {
    "bee": Wallpaper("usr/share/palapeli/collection/european-honey-bee.jpg"),
    "bridge": Wallpaper("usr/share/palapeli/collection/cincinnati-bridge.jpg"),
    "dogs": Wallpaper(
        "usr/share/backgrounds/friends_by_Aitzol_Berasategi.jpg", (430, 640, 1555, 2140)
    ),
    "mountains": Wallpaper("usr/share/backgrounds/picosdeeuropa_by_Aitzol_Berasategi.jpg"),
}


def from_scikit_image(name: str) -> Image.Image:
    """A photo of scikit-image at its own size."""
    return Image.fromarray(getattr(data, name)()).convert("RGB")


def from_debian(name: str, root: Path) -> Image.Image:
    """A photo of a Debian package, cut to what is wanted of it and of at most `LONGEST` px."""
    wallpaper = DEBIAN[name]
    with Image.open(root / wallpaper.path) as picture:
        part = picture.convert("RGB").crop(wallpaper.box or (0, 0, *picture.size))
    part.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
    return part


def main(arguments: Sequence[str] | None = None) -> None:
    """Write every photo as a JPEG."""
    parser = argparse.ArgumentParser(description="Take the sample photos out of packages.")
    parser.add_argument(
        "--debian", type=Path, default=Path("/"), help="where the Debian packages lie"
    )
    root = parser.parse_args(arguments).debian
    OUT.mkdir(exist_ok=True)
    for name in SCIKIT_IMAGE:
        photo = from_scikit_image(name)
        photo.save(OUT / f"{name}.jpg", quality=95, subsampling="4:4:4")
    for name in DEBIAN:
        from_debian(name, root).save(OUT / f"{name}.jpg", quality=QUALITY, subsampling="4:4:4")


if __name__ == "__main__":
    main()
