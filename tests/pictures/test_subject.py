"""The subject of a photo, found by a rectangle or a scribble."""

from __future__ import annotations

import subprocess
import sys
from functools import cache

import numpy as np
import pytest
from PIL import Image, ImageDraw

from nst.errors import UserError
from nst.pictures.subject import MIDDLE, Box, subject

SIZE = (360, 240)
DISC = (110, 50, 250, 190)  # px: left, top, right, bottom
AROUND = Box(100 / 360, 40 / 240, 260 / 360, 200 / 240)


@cache
def photo() -> Image.Image:
    """A bright disc on dark noise."""
    noise = np.random.default_rng(1).integers(0, 90, (SIZE[1], SIZE[0], 3), dtype=np.uint8)
    picture = Image.fromarray(noise)
    bright = np.random.default_rng(2).integers(170, 250, noise.shape, dtype=np.uint8)
    picture.paste(Image.fromarray(bright), mask=disc())
    return picture


@cache
def disc() -> Image.Image:
    mask = Image.new("L", SIZE)
    ImageDraw.Draw(mask).ellipse(DISC, fill=255)
    return mask


def scribble() -> Image.Image:
    """A line through the disc's middle, half as large as the photo."""
    drawn = Image.new("L", (180, 120))
    ImageDraw.Draw(drawn).line((65, 60, 110, 60), fill=255, width=8)
    return drawn


def overlap(one: Image.Image, other: Image.Image) -> float:
    """Intersection over union of what is white."""
    first, second = (np.asarray(each.convert("L")) > 127 for each in (one, other))
    return float((first & second).sum() / (first | second).sum())


@pytest.mark.parametrize(
    "hint",
    [AROUND, MIDDLE, Box(AROUND.right, AROUND.bottom, AROUND.left, AROUND.top), scribble()],
    ids=["around it", "anywhere in the middle", "from its lower right", "scribble"],
)
def test_a_bright_disc_is_found(hint: Box | Image.Image) -> None:
    mask = subject(photo(), hint)
    assert (mask.mode, mask.size) == ("L", SIZE)
    assert overlap(mask, disc()) > 0.95
    assert len(np.unique(np.asarray(mask))) > 10  # its edge is soft


def test_the_same_hint_gives_the_same_mask() -> None:
    assert subject(photo(), MIDDLE).tobytes() == subject(photo(), MIDDLE).tobytes()


def test_a_large_photo_is_looked_at_small_and_its_mask_is_large() -> None:
    large = photo().resize((2160, 1440))
    mask = subject(large, AROUND)
    assert mask.size == large.size
    assert overlap(mask, disc().resize(large.size)) > 0.95


def test_a_subject_may_reach_the_lower_edge() -> None:
    cut = (0, 0, SIZE[0], 120)  # through the disc's middle
    mask = subject(photo().crop(cut), Box(0.25, 0.1, 0.75, 1.0))
    assert overlap(mask, disc().crop(cut)) > 0.95


@pytest.mark.parametrize(
    ("picture", "hint"),
    [
        (Image.new("RGB", SIZE, "teal"), MIDDLE),
        (photo(), Image.new("L", SIZE)),
        (photo(), Box(0.4, 0.4, 0.4, 0.6)),
        (photo(), Box(0.4, 0.4, 0.5, 0.5)),
        (Image.new("RGB", (1, 1)), MIDDLE),
    ],
    ids=["one colour", "no scribble", "no rectangle", "all of it disc", "one pixel"],
)
def test_where_nothing_stands_out_a_sentence_says_so(
    picture: Image.Image, hint: Box | Image.Image
) -> None:
    with pytest.raises(UserError, match="No subject was found there; draw a rectangle"):
        subject(picture, hint)


def test_opencv_waits_until_somebody_looks_for_a_subject() -> None:
    script = "import sys, nst.pictures.subject; print('cv2' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
