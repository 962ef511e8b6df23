"""Take the sample photos out of scikit-image, where they are public domain or CC0.

    python Resources/fetch_photos.py

Sources and licences: Resources/CREDITS.md.
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image
from skimage import data

PHOTOS = ("astronaut", "cat", "coffee", "rocket", "camera")
OUT = Path(__file__).parent / "content"


def main() -> None:
    """Write every photo as a JPEG at its own size."""
    OUT.mkdir(exist_ok=True)
    for name in PHOTOS:
        pixels = getattr(data, name)()
        picture = Image.fromarray(pixels).convert("RGB")
        picture.save(OUT / f"{name}.jpg", quality=95, subsampling="4:4:4")


if __name__ == "__main__":
    main()
