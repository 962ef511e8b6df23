"""Frames as a film: formats, sound, whole or not at all."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import os
from fractions import Fraction
from pathlib import Path

import clips
import numpy as np
import pytest
from PIL import Image

from nst.errors import ImageError
from nst.film import writing
from nst.film.given import Upload
from nst.film.mp4 import Mp4
from nst.film.order import FilmOrder
from nst.film.source import Clip, sampled
from nst.machine import limits
from nst.settings import Settings


def order(path: Path, start: float = 0.0, end: float = 1.0, **settings: object) -> FilmOrder:
    clip = Clip(start, end, Fraction(clips.RATE))
    return FilmOrder(str(path), clip, Settings(resolution=64, **settings), ())


@pytest.mark.parametrize(("codec", "kept"), [("aac", "aac"), ("mp3", "mp3"), ("ac3", "ac3")])
def test_an_mp4_has_the_sound_of_its_part_of_the_film(tmp_path, codec, kept):
    film = clips.video(tmp_path / "in.mp4", clips.shades(24), sound=codec)
    out = tmp_path / "out.mp4"
    shades = clips.shades(12)
    assert writing.write(iter(shades), order(film, 0.5, 1.5), str(out)) == 12
    assert [clips.shade(frame) for frame in clips.played(out)] == [*range(12)]
    name, seconds = clips.heard(out)
    assert name == kept
    assert seconds == pytest.approx(1.0, abs=0.06)


def test_sound_that_an_mp4_cannot_hold_is_encoded_anew(tmp_path):
    film = clips.video(tmp_path / "in.mkv", clips.shades(12), sound="pcm_f32le")
    out = tmp_path / "out.mp4"
    writing.write(iter(clips.shades(12)), order(film), str(out))
    name, seconds = clips.heard(out)
    assert (name, seconds) == ("aac", pytest.approx(0.95, abs=0.1))


@pytest.mark.parametrize("suffix", [".webp", ".gif", ".mp4"])
def test_a_film_without_sound_in_each_format(tmp_path, suffix):
    film = clips.video(tmp_path / "in.mp4", clips.shades(6))
    out = tmp_path / f"out{suffix}"
    told: list[int] = []
    assert writing.write(iter(clips.shades(6)), order(film), str(out), told.append) == 6
    assert told == [1, 2, 3, 4, 5, 6]
    if suffix == ".mp4":
        assert len(clips.played(out)) == 6
        return
    with Image.open(out) as found:
        assert (found.n_frames, found.size) == (6, clips.SIZE)
        found.seek(1)
        found.load()
        assert found.info["duration"] == pytest.approx(1000 / clips.RATE, abs=4)


def test_a_folder_of_numbered_pictures(tmp_path):
    film = clips.video(tmp_path / "in.mp4", clips.shades(3))
    out = tmp_path / "out"
    writing.write(iter(clips.shades(3)), order(film), str(out))
    assert sorted(os.listdir(out)) == [f"frame-00000{number}.png" for number in (1, 2, 3)]


def test_a_full_disk_leaves_what_was_there(tmp_path):
    film = clips.video(tmp_path / "in.mp4", clips.shades(3))
    out = tmp_path / "out.mp4"
    out.write_bytes(b"before")

    def frames():
        yield from clips.shades(2)
        raise OSError(28, "No space left on device")

    with pytest.raises(ImageError, match="No space left on device"):
        writing.write(frames(), order(film), str(out))
    assert out.read_bytes() == b"before"
    assert sorted(os.listdir(tmp_path)) == ["in.mp4", "out.mp4"]


def test_what_cannot_be_written_is_told_before_the_work(tmp_path, monkeypatch):
    with pytest.raises(ImageError, match=r"end in one of .mp4, .webp, .gif, or give the name of a"):
        writing.check_output(str(tmp_path / "film.avi"), (64, 48), 10)
    monkeypatch.setattr(limits, "memory_available", lambda: 10**6)
    with pytest.raises(ImageError, match=r"A GIF of 1000 frames would take 0.0 GB"):
        writing.check_output(str(tmp_path / "film.gif"), (64, 48), 1000)
    writing.check_output(str(tmp_path / "film.mp4"), (64, 48), 1000)


def test_the_film_shows_through_at_half_the_strength(tmp_path):
    film = clips.video(tmp_path / "in.mp4", clips.shades(12))
    paintings = [Image.new("RGB", (64, 48), "black")] * 3
    plain = [*writing.finished(order(film), iter(paintings), 128)]
    assert [frame.getextrema() for frame in plain] == [((0, 0),) * 3] * 3
    mixed = [*writing.finished(order(film, 0.5, strength=0.5), iter(paintings), 128)]
    greys = [frame.getpixel((4, 4))[0] for frame in mixed]
    assert 30 < greys[0] < greys[1] < greys[2] < 70
    assert {frame.size for frame in mixed} == {(64, 48)}


def test_damaged_sound_comes_to_an_end(tmp_path, monkeypatch):
    """With these samples an encoder of AAC that is given them as they are never ends."""
    louder = {(42, 561): 14154.243694012854, (45, 780): 3600046971.3084283}

    def tone(places):
        found = np.sin(places)
        for (packet, place), value in louder.items():
            if round(20 * places[0]) == packet * clips.SAMPLES:
                found[place] = value
        return found

    with monkeypatch.context() as changed:
        changed.setattr(clips, "tone", tone)
        film = clips.video(tmp_path / "in.mkv", clips.shades(12), sound="pcm_f32le")
    out = tmp_path / "out.mp4"
    writing.write(iter(clips.shades(12)), order(film), str(out))
    assert len(clips.played(out)) == 12
    assert clips.heard(out)[0] == "aac"


def test_a_film_in_memory_is_as_one_on_the_disk(tmp_path):
    path = clips.video(tmp_path / "in.mp4", clips.shades(6), sound="aac")
    given = order(path)
    upload = dataclasses.replace(given, film=Upload("in.mp4", path.read_bytes()))
    for found in (given, upload):
        file = io.BytesIO()
        with contextlib.closing(Mp4(file, found)) as film:
            for picture in sampled(found.source(), found.clip, 64):
                film.add(picture)
        (tmp_path / "out.mp4").write_bytes(file.getvalue())
        assert [clips.shade(frame) for frame in clips.played(tmp_path / "out.mp4")][:6] == [
            *range(6)
        ]
        assert clips.heard(tmp_path / "out.mp4")[0] == "aac"
