"""The animation of how a painting was made."""

from __future__ import annotations

import io

import av
import pytest
from PIL import Image

from nst.errors import ImageError
from nst.pictures import h264, timelapse


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


@pytest.mark.parametrize("format", ["WEBP", "GIF"])
def test_a_timelapse_plays_its_frames_and_holds_the_last(format):
    data = timelapse.encode(iter(frames(0, 100, 200)), format)
    with Image.open(io.BytesIO(data)) as film:
        assert (film.format, film.size, film.info["loop"]) == (format, (40, 30), 0)
    shades, seconds = zip(*played(data), strict=True)
    assert shades == pytest.approx((0, 100, 200), abs=6)
    assert seconds == (0.5, 0.5, 2.0)


@pytest.mark.parametrize("count", [1, 2, 3, 10, 16, 30, 61, 66, 200])
def test_a_film_takes_three_to_eight_seconds_and_holds_the_last_picture(count):
    seconds = timelapse.durations(count)
    assert len(seconds) == count
    assert 3 - 1e-9 <= sum(seconds) <= 8 + 1e-9
    assert seconds[-1] >= 1.5
    assert max(seconds[:-1], default=0.0) <= 0.5
    if 16 <= count <= 66:
        assert seconds[:-1] == pytest.approx([0.1] * (count - 1))


@pytest.mark.parametrize("format", ["WEBP", "GIF"])
def test_a_timelapse_may_have_one_frame(format):
    ((shade, _),) = played(timelapse.encode(frames(100), format))
    assert shade == pytest.approx(100, abs=6)


def shown(data: bytes) -> tuple[list[Image.Image], float]:
    """Every picture of an MP4, and how many seconds it takes."""
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.video[0]
        seconds = float(stream.duration * stream.time_base)
        return [frame.to_image() for frame in container.decode(stream)], seconds


@pytest.mark.parametrize("size", [(48, 32), (47, 33), (33, 33)])
def test_an_mp4_is_what_phones_take(size):
    data = timelapse.encode([Image.new("RGB", size, "black")] * 2, "MP4")
    with av.open(io.BytesIO(data)) as container:
        (stream,) = container.streams
        codec = stream.codec_context
        assert (codec.name, codec.pix_fmt) == ("h264", "yuv420p")
        assert (stream.width % 2, stream.height % 2) == (0, 0)
        assert (
            max(abs(a - b) for a, b in zip((stream.width, stream.height), size, strict=True)) <= 1
        )
        assert stream.average_rate == 30
        assert (codec.colorspace, codec.color_range) == (1, 1)
    assert 0 < data.find(b"moov") < data.find(b"mdat")  # it plays while it loads


def test_an_mp4_has_the_pictures_their_colours_and_their_time():
    colours = [(200, 30, 0), (20, 160, 90), (30, 30, 220), (250, 250, 250)]
    data = timelapse.encode([Image.new("RGB", (48, 32), colour) for colour in colours], "MP4")
    pictures, seconds = shown(data)
    assert seconds == pytest.approx(3.0, abs=0.02)
    for colour, at in zip(colours, (0, 15, 30, 89), strict=True):
        found = pictures[at].getpixel((24, 16))
        assert max(abs(a - b) for a, b in zip(found, colour, strict=True)) <= 4


def test_a_timelapse_has_one_of_three_formats(tmp_path):
    with pytest.raises(ValueError, match="MP4, WEBP, GIF"):
        timelapse.encode(frames(0, 100), "AVI")
    for name in ("film.avi", "film", "mp4"):
        with pytest.raises(ImageError, match=r"let its name end in one of \.mp4, \.webp, \.gif"):
            timelapse.check_film(str(tmp_path / name))
    with pytest.raises(ImageError, match="no folder"):
        timelapse.check_film(str(tmp_path / "nowhere" / "film.mp4"))
    timelapse.check_film(str(tmp_path / "film.MP4"))
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_encoded_is_told_in_one_sentence(monkeypatch):
    monkeypatch.setattr(h264, "QUALITY", "no number")
    with pytest.raises(ImageError, match=r"cannot be stored as MP4 \(.+\); choose .webp or .gif"):
        timelapse.encode(frames(0, 100), "MP4")
    monkeypatch.setattr(av, "codecs_available", set())
    with pytest.raises(ImageError, match=r"cannot encode H\.264"):
        timelapse.check_film("film.mp4")


def test_a_gif_keeps_the_colours_of_first_and_last():
    red, blue = (Image.new("RGB", (40, 30), colour) for colour in ("red", "blue"))
    with Image.open(io.BytesIO(timelapse.encode([red, red, blue], "GIF"))) as film:
        found = []
        for number in range(film.n_frames):
            film.seek(number)
            found.append(film.convert("RGB").getpixel((5, 5)))
    assert (found[0], found[-1]) == ((255, 0, 0), (0, 0, 255))
