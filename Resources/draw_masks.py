"""Draw the masks of the sample portrait: its subject, and its background.

python Resources/draw_masks.py [--out FOLDER]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter, ImageOps

HERE = Path(__file__).parent
SIZE = 512  # px, of the photo and so of its masks
OVERSAMPLING = 8  # for an outline placed to an eighth of a pixel
SOFTNESS = 0.6  # px, standard deviation: an edge as soft as the photo's own
# The outline of the astronaut, her suit and her helmet, in pixels of the photo, placed by hand.
# Clockwise from the lower left corner; the photo's lower edge closes it.
SLEEVE = (
    *((43.5, 512), (34, 500), (27, 480), (24, 460), (23.5, 440), (22, 420), (20, 400)),
    *((20, 391), (23.5, 380), (24.5, 362), (25.5, 345), (27, 339), (30, 333), (33.5, 320)),
    *((38, 305), (40, 300), (40.5, 291), (45, 280), (50, 270), (56.5, 259), (62, 249)),
    *((69, 240), (76, 234.5), (86, 229), (94, 223.5), (100, 218.5), (106, 211), (111, 206)),
)
COLLAR_LEFT = (
    *((113.5, 203), (115, 197), (113, 190), (113, 186.5), (117.5, 185.5), (121, 183)),
    *((123.5, 177.5), (126.7, 171.5), (131.7, 165), (141, 156.5), (150.5, 151.5)),
    *((162, 149), (175, 148.5), (185, 149.5)),
)
FACE_LEFT = (
    *((183.8, 142.5), (182, 132.8), (180, 132.5), (175.3, 129.3), (171.8, 122.8), (169.7, 118.3)),
)
HAIR = (
    *((164.5, 115), (158.5, 107), (155.5, 99), (154.5, 85), (153.3, 72.5), (154.5, 62.5)),
    *((160, 54), (170, 45), (180, 39), (188.5, 35), (191, 31), (195.5, 26.5), (202, 22.7)),
    *((211, 21.5), (220, 19.5), (226, 17), (232, 16), (242.5, 17), (255, 20.7), (265, 25)),
    *((277.5, 31), (286, 40), (292.5, 50), (297.5, 62.5), (300.5, 77.5), (301.5, 87.5)),
    *((300, 99), (297, 107.5), (290, 117.5), (279, 129)),
)
FACE_RIGHT = (
    *((275, 135), (271, 136.7), (267, 136.7), (266, 141), (263.7, 150), (260, 157.5)),
    *((257, 164), (255, 173.7)),
)
COLLAR_RIGHT = (
    *((262.5, 177), (275, 187), (287.5, 200), (297.5, 215), (302.5, 226), (304.5, 233.7)),
)
SHOULDER = (
    *((315, 239), (325, 246), (332, 252.5), (338, 259), (341.5, 264), (346, 274.5), (349, 283)),
    *((352.3, 285), (354.7, 296), (357.3, 307.5), (359, 320), (363, 332), (360.5, 333.7)),
    *((361.5, 341), (365.5, 347.5)),
)
HELMET = (
    *((373.5, 346.8), (386, 344.7), (398.5, 344), (416, 345), (435.6, 350.7), (453, 359.5)),
    *((467.7, 371), (480, 385.8), (488.7, 403), (493.8, 422.7), (496, 440), (496.6, 450)),
    *((503, 456.5), (503.5, 459.5), (505.2, 465), (507.5, 475), (511, 486), (512, 487), (512, 512)),
)
OUTLINE = (
    *(*SLEEVE, *COLLAR_LEFT, *FACE_LEFT, *HAIR),
    *(*FACE_RIGHT, *COLLAR_RIGHT, *SHOULDER, *HELMET),
)


def subject() -> Image.Image:
    """White where the astronaut is and black elsewhere, with a soft edge."""
    large = Image.new("L", (SIZE * OVERSAMPLING,) * 2)
    ImageDraw.Draw(large).polygon(
        [(x * OVERSAMPLING, y * OVERSAMPLING) for x, y in OUTLINE], fill=255
    )
    # Blurred first: the photo's own edge is a step that its lens and its pixels made soft.
    soft = large.filter(ImageFilter.GaussianBlur(SOFTNESS * OVERSAMPLING))
    return soft.reduce(OVERSAMPLING)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write both masks as grey PNGs."""
    parser = argparse.ArgumentParser(description="Draw the masks of the sample portrait.")
    parser.add_argument("--out", type=Path, default=HERE / "masks", help="where to write them")
    folder = parser.parse_args(arguments).out
    folder.mkdir(parents=True, exist_ok=True)
    mask = subject()
    mask.save(folder / "astronaut.png", optimize=True)
    # The two add up to white everywhere, so that two styles can share the photo.
    ImageOps.invert(mask).save(folder / "astronaut_background.png", optimize=True)


if __name__ == "__main__":
    main()
