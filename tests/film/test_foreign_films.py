"""Films by chance: read and written again, or refused in one sentence."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import clips
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nst.errors import UserError
from nst.film import footage
from nst.film.footage import FilmBounds
from nst.film.given import Upload
from nst.film.mp4 import Mp4
from nst.film.source import sampled
from nst.settings import Settings
from nst.studio.order import Order

KINDS = {"a.mp4": "aac", "b.mov": "aac", "c.mkv": "pcm_f32le", "d.mkv": "mp3"}
ENDS = 3000  # bytes at the beginning and the end of a film, in which it says what it is


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, bytes]]:
    folder = tmp_path_factory.mktemp("films")
    return [
        (name, clips.video(Path(folder / name), clips.shades(12), sound=sound).read_bytes())
        for name, sound in KINDS.items()
    ]


def place_in(size: int) -> st.SearchStrategy[int]:
    ends = st.integers(0, ENDS) | st.integers(size - ENDS, size - 1)
    return ends | st.integers(0, size - 1)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_damaged_film_is_painted_or_refused(
    films: list[tuple[str, bytes]], data: st.DataObject
) -> None:
    name, good = data.draw(st.sampled_from(films))
    damaged = bytearray(good)
    for place in data.draw(st.lists(place_in(len(good)), min_size=1, max_size=20)):
        damaged[place] = data.draw(st.integers(0, 255))
    end = len(damaged) if data.draw(st.booleans()) else data.draw(st.integers(0, len(damaged)))
    with contextlib.suppress(UserError):
        read_and_written(Upload(name, bytes(damaged[:end])))


def read_and_written(upload: Upload) -> None:
    found = footage.read("Your film", upload, FilmBounds(side=64))
    order = footage.film_order(Order(found, (), Settings(resolution=64)), found)
    with contextlib.closing(Mp4(io.BytesIO(), order)) as film:
        for frame in sampled(order.source(), order.clip, 128):
            film.add(frame.resize((64, 48)))
