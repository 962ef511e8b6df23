"""Take the sample photos out of packages that carry them under free licences.

    python -m Resources.fetch_photos [--debian FOLDER]

Four come from scikit-image, and three from Debian's packages lomiri-wallpapers-16.04 and
palapeli-data: installed, or unpacked into a folder with `dpkg-deb --extract`. Sources and licences:
Resources/CREDITS.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from PIL import Image
from skimage import data

SCIKIT_IMAGE = ("astronaut", "cat", "coffee", "rocket")
LONGEST = 2048  # px; larger photos are made smaller
QUALITY = 90  # of what is made smaller; a photo of the packages is compressed already
OUT = Path(__file__).parent / "content"
# Name -> path of a photo below the root that Debian's packages are installed in.
DEBIAN = {
    "bee": "usr/share/palapeli/collection/european-honey-bee.jpg",
    "bridge": "usr/share/palapeli/collection/cincinnati-bridge.jpg",
    "mountains": "usr/share/backgrounds/picosdeeuropa_by_Aitzol_Berasategi.jpg",
}


def from_scikit_image(name: str) -> Image.Image:
    """A photo of scikit-image at its own size."""
    return Image.fromarray(getattr(data, name)()).convert("RGB")


def from_debian(name: str, root: Path) -> Image.Image:
    """A photo of a Debian package, of at most `LONGEST` px."""
    with Image.open(root / DEBIAN[name]) as picture:
        photo = picture.convert("RGB")
    photo.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
    return photo


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
