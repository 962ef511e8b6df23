"""What films are read from, in time and upright."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import clips
import pytest
from PIL import Image

from nst.errors import ImageError
from nst.film.opening import open_source
from nst.film.source import Clip, DamagedError, clip_of, sampled
from nst.machine import limits


def shown(path: Path, rate: int = clips.RATE, start: float = 0.0, first: int = 0) -> list[int]:
    """The numbers of the frames that are shown, one every 1 / `rate` s."""
    source = open_source(str(path), Fraction(rate))
    clip = clip_of(source, start, None, Fraction(rate))
    return [clips.shade(frame) for frame in sampled(source, clip, 64, first)]


def test_a_film_is_read_whole_and_in_part(tmp_path):
    path = clips.video(tmp_path / "film.mp4", clips.shades(12))
    source = open_source(str(path))
    assert (source.size, source.rate, source.seconds) == (clips.SIZE, clips.RATE, 1.0)
    assert shown(path) == [*range(12)]
    assert shown(path, rate=6) == [0, 2, 4, 6, 8, 10]
    assert shown(path, start=0.5) == [6, 7, 8, 9, 10, 11]
    # A worker begins in the middle and finds the same frames.
    assert shown(path, first=7) == [7, 8, 9, 10, 11]


def test_frames_of_uneven_length_keep_their_time(tmp_path):
    path = clips.video(tmp_path / "film.mp4", clips.shades(4), times=[0, 0.25, 1 / 3, 0.75])
    assert shown(path)[:10] == [0, 0, 0, 1, 2, 2, 2, 2, 2, 3]
    # What is shown for longer is the same object, so that it is painted once.
    source = open_source(str(path))
    first, second, *_ = sampled(source, Clip(0, 0.5, Fraction(12)), 64)
    assert first is second


def test_a_film_that_lies_on_its_side_is_set_upright(tmp_path):
    path = clips.video(tmp_path / "phone.mp4", clips.shades(3), turned=90)
    source = open_source(str(path))
    assert source.size == (48, 64)
    frame = next(sampled(source, Clip(0, 0.1, Fraction(12)), 64))
    # Turned by 90 degrees to the left, what was at the right is at the top.
    assert frame.size == (48, 64)
    assert frame.getpixel((24, 4))[0] > 200
    assert frame.getpixel((24, 50))[0] < 60


def test_a_large_film_is_made_smaller_while_it_is_read(tmp_path, monkeypatch):
    path = clips.video(tmp_path / "film.mp4", [Image.new("RGB", (512, 256), "red")])
    frame = next(sampled(open_source(str(path)), Clip(0, 0.1, Fraction(12)), 64))
    assert frame.size == (64, 32)
    monkeypatch.setattr(limits, "memory_available", lambda: 10**6)
    with pytest.raises(ImageError, match=r"512 x 256 px, for which reading takes 0.0 GB of memory"):
        open_source(str(path))


@pytest.mark.parametrize("suffix", ["gif", "webp"])
def test_an_animation_keeps_the_time_of_each_frame(tmp_path, suffix):
    first, *others = clips.shades(3)
    path = tmp_path / f"film.{suffix}"
    first.save(path, save_all=True, append_images=others, duration=[100, 300, 100], lossless=True)
    source = open_source(str(path))
    assert (source.rate, source.seconds) == (10, pytest.approx(0.5))
    assert shown(path, rate=10) == [0, 1, 1, 1, 2]
    assert shown(path, rate=10, start=0.2) == [1, 1, 2]


def test_a_folder_is_shown_in_the_order_of_its_numbers(tmp_path):
    for number, frame in enumerate(clips.shades(12), 1):
        frame.save(tmp_path / f"frame{number}.png")
    (tmp_path / "notes.txt").write_text("no picture")
    assert open_source(str(tmp_path)).rate == 24
    assert shown(tmp_path, rate=12) == [*range(12)]


def test_what_is_no_film_is_told_in_a_sentence(tmp_path):
    (tmp_path / "text.mp4").write_text("nothing")
    (tmp_path / "empty").mkdir()
    for name, words in {
        "text.mp4": "is no film that can be read",
        "none.mp4": "does not exist",
        "empty": "has no frames",
        clips.song(tmp_path / "song.mp4").name: "nothing to be seen",
    }.items():
        with pytest.raises(ImageError, match=words):
            open_source(str(tmp_path / name))
    source = open_source(str(clips.video(tmp_path / "film.mp4", clips.shades(3))))
    with pytest.raises(ImageError, match="Nothing is to be seen from 3 s"):
        clip_of(source, 3.0, None, None)


def test_a_film_that_is_cut_off_is_read_as_far_as_it_goes(tmp_path):
    frames = [Image.effect_noise((256, 192), 90).convert("RGB") for _ in range(36)]
    path = clips.video(tmp_path / "film.mkv", frames)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    source = open_source(str(path))
    clip = clip_of(source, 0.0, 3.0, None)
    read: list[Image.Image] = []
    with pytest.raises(DamagedError, match="damaged or cut off at 1"):
        read.extend(sampled(source, clip, 64))
    assert 10 < len(read) < 30


def test_a_folder_with_a_damaged_picture_ends_there(tmp_path):
    for number, frame in enumerate(clips.shades(4)):
        frame.save(tmp_path / f"{number}.png")
    (tmp_path / "2.png").write_bytes(b"damaged")
    source = open_source(str(tmp_path))
    read: list[Image.Image] = []
    with pytest.raises(DamagedError, match=r'"2.png" is not a picture'):
        read.extend(sampled(source, clip_of(source, 0, None, None), 64))
    assert len(read) == 1
