"""The animation of how a painting was made."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from nst.pictures import timelapse


def frames(*shades: int) -> list[Image.Image]:
    return [Image.new("RGB", (40, 30), (shade, 255 - shade, 90)) for shade in shades]


def played(data: bytes) -> list[tuple[int, float]]:
    """(red, seconds) of every frame of an animation."""
    found = []
    with Image.open(io.BytesIO(data)) as film:
        for number in range(getattr(film, "n_frames", 1)):
            film.seek(number)
            picture = film.convert("RGB")
            found.append((picture.getpixel((20, 15))[0], film.info.get("duration", 0) / 1000))
    return found


@pytest.mark.parametrize("format", timelapse.FORMATS)
def test_a_timelapse_plays_its_frames_and_holds_the_last(format):
    data = timelapse.encode(iter(frames(0, 100, 200)), format)
    with Image.open(io.BytesIO(data)) as film:
        assert (film.format, film.size, film.info["loop"]) == (format, (40, 30), 0)
    shades, seconds = zip(*played(data), strict=True)
    assert shades == pytest.approx((0, 100, 200), abs=6)
    assert seconds == (*[timelapse.FRAME_SECONDS] * 2, timelapse.LAST_FRAME_SECONDS)


@pytest.mark.parametrize("format", timelapse.FORMATS)
def test_a_timelapse_may_have_one_frame(format):
    ((shade, _),) = played(timelapse.encode(frames(100), format))
    assert shade == pytest.approx(100, abs=6)


def test_a_timelapse_is_a_gif_or_webp():
    with pytest.raises(ValueError, match="GIF, WEBP"):
        timelapse.encode(frames(0, 100), "MP4")


def test_a_gif_keeps_the_colours_of_first_and_last():
    red, blue = (Image.new("RGB", (40, 30), colour) for colour in ("red", "blue"))
    with Image.open(io.BytesIO(timelapse.encode([red, red, blue], "GIF"))) as film:
        found = []
        for number in range(film.n_frames):
            film.seek(number)
            found.append(film.convert("RGB").getpixel((5, 5)))
    assert (found[0], found[-1]) == ((255, 0, 0), (0, 0, 255))
