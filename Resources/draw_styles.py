"""Draw the original artworks that the demo offers as style pictures.

    python -m Resources.draw_styles [NAME ...]

Each is a function in a file of `Resources/drawing`. Every length and position is a fraction of
the picture's side, and no random draw depends on the size, so that a small picture shows the same
artwork as a large one.
"""

from __future__ import annotations

import argparse
import contextlib
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageFile

from Resources.drawing.arrays import Rng
from Resources.drawing.art_deco import art_deco
from Resources.drawing.autumn_impasto import autumn_impasto
from Resources.drawing.batik import batik
from Resources.drawing.chalk_pastel import chalk_pastel
from Resources.drawing.charcoal import charcoal
from Resources.drawing.comic_halftone import comic_halftone
from Resources.drawing.cubist_planes import cubist_planes
from Resources.drawing.drip_painting import drip_painting
from Resources.drawing.ink_hatching import ink_hatching
from Resources.drawing.night_sky import night_sky
from Resources.drawing.pointillism import pointillism
from Resources.drawing.stained_glass import stained_glass
from Resources.drawing.tile_mosaic import tile_mosaic
from Resources.drawing.watercolour import watercolour
from Resources.drawing.woodblock_wave import woodblock_wave

ARTWORKS: dict[str, Callable[[int, Rng], Image.Image]] = {
    artwork.__name__: artwork
    for artwork in (
        night_sky,
        woodblock_wave,
        stained_glass,
        pointillism,
        ink_hatching,
        watercolour,
        tile_mosaic,
        cubist_planes,
        art_deco,
        autumn_impasto,
        batik,
        chalk_pastel,
        charcoal,
        comic_halftone,
        drip_painting,
    )
}


def draw_artwork(name: str, size: int) -> Image.Image:
    """Draw one artwork; its name is its seed, so that it does not depend on the others."""
    return ARTWORKS[name](size, np.random.default_rng(zlib.crc32(name.encode())))


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw the artworks named on the command line, or all of them."""
    parser = argparse.ArgumentParser(description="Draw the artworks that the demo offers.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(ARTWORKS))
    parser.add_argument("--size", type=int, default=1024, help="side in pixels")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "styles")
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - set(ARTWORKS):
        parser.error(f"no artwork named {', '.join(sorted(unknown))}; known: {', '.join(ARTWORKS)}")
    options.out.mkdir(parents=True, exist_ok=True)
    for name in options.names or ARTWORKS:
        path = options.out / f"{name}.jpg"
        with _room_for(options.size):
            draw_artwork(name, options.size).save(path, quality=92, subsampling=0, progressive=True)
        print(path)


@contextlib.contextmanager
def _room_for(size: int) -> Iterator[None]:
    """Enlarge Pillow's buffer for a while: a progressive JPEG of this size has to fit into it.

    All formats share it, and PNGs are cut by it: afterwards it is as before.
    """
    before = ImageFile.MAXBLOCK
    ImageFile.MAXBLOCK = max(before, 3 * size**2)
    try:
        yield
    finally:
        ImageFile.MAXBLOCK = before


if __name__ == "__main__":
    main()
