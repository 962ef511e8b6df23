"""Painted frames in a folder: known again, shared out, and one film in the end."""

from __future__ import annotations

from pathlib import Path

import clips
import pytest

from nst.errors import UserError
from nst.film.frames import Frames, folder_of
from nst.film.order import OVERLAP, Segment, digest, segments

OUTPUT = "film.mp4"


@pytest.mark.parametrize(("count", "workers"), [(1, 1), (10, 4), (48, 2), (100, 3), (1000, 7)])
def test_segments_cover_a_film_and_overlap(count, workers):
    parts = segments(count, workers)
    assert len(parts) <= workers
    alone = [number for part in parts for number in range(part.first, part.end)]
    assert alone == [*range(count)]
    assert {number for part in parts for number in part.numbers} == {*range(count)}
    assert [part.overlap for part in parts] == [OVERLAP] * (len(parts) - 1) + [0]


def begun(folder: Path, recipe: str = "one", count: int = 48, workers: int = 2) -> Frames:
    return Frames.begin(str(folder / OUTPUT), recipe, segments(count, workers))[0]


def test_frames_of_the_same_recipe_stay_and_others_go(tmp_path):
    frames = begun(tmp_path)
    (shade,) = clips.shades(1)
    frames.save(shade, 0, 0)
    again, replaced = Frames.begin(str(tmp_path / OUTPUT), "one", segments(48, 1))
    # They are shared out as they were, whatever the number of workers is now.
    assert (again.count(), replaced, len(again.segments)) == (1, False, 2)
    other, replaced = Frames.begin(str(tmp_path / OUTPUT), "other", segments(48, 1))
    assert (other.count(), replaced) == (0, True)


def test_a_folder_of_somebody_else_is_left_alone(tmp_path):
    folder = Path(folder_of(str(tmp_path / OUTPUT)))
    folder.mkdir()
    (folder / "holiday.jpg").write_bytes(b"mine")
    with pytest.raises(UserError, match=r'has "holiday.jpg" in it, which is not of this program'):
        begun(tmp_path)
    assert (folder / "holiday.jpg").exists()


@pytest.mark.parametrize("text", ["", "{}", '{"recipe": "one", "segments": [[0]]}', "[" * 10**5])
def test_a_damaged_recipe_begins_anew(tmp_path, text):
    frames = begun(tmp_path)
    frames.save(clips.shades(1)[0], 0, 0)
    Path(frames.folder, "recipe.json").write_text(text)
    again, replaced = Frames.begin(str(tmp_path / OUTPUT), "one", segments(48, 2))
    assert (again.count(), replaced) == (0, True)


def test_what_is_finished_ends_where_a_frame_is_missing(tmp_path):
    frames = begun(tmp_path)
    first, second = frames.segments
    assert (first, second) == (Segment(0, 24, OVERLAP), Segment(24, 48))
    shades = clips.shades(2)
    assert frames.finished() == 0
    for number in range(24, 30):
        frames.save(shades[1], 1, number)
    assert frames.finished() == 0
    for number in range(26):
        frames.save(shades[0], 0, number)
    assert frames.finished() == 26
    frames.save(shades[0], 0, 27)  # after a hole
    assert (frames.finished(), frames.count()) == (26, 32)


def test_one_segment_goes_over_into_the_next(tmp_path):
    frames = begun(tmp_path)
    dark, light = clips.shades(10)[0], clips.shades(10)[9]
    for number in frames.segments[0].numbers:
        frames.save(dark, 0, number)
    for number in frames.segments[1].numbers:
        frames.save(light, 1, number)
    assert frames.finished() == 48
    greys = [frame.getpixel((4, 4))[0] for frame in frames.blended()]
    assert len(greys) == 48
    assert greys[:24] == [0] * 24
    assert greys[24 + OVERLAP :] == [90] * (24 - OVERLAP)
    assert greys[24 : 24 + OVERLAP] == [10 * number for number in range(1, OVERLAP + 1)]


def test_a_folder_is_known_again_by_its_pictures_alone(tmp_path):
    for number, shade in enumerate(clips.shades(2)):
        shade.save(tmp_path / f"{number}.png")
    before = digest(str(tmp_path))
    (tmp_path / "painted.frames").mkdir()
    (tmp_path / "notes.txt").write_text("of no matter")
    assert digest(str(tmp_path)) == before
    clips.shades(3)[2].save(tmp_path / "1.png")
    assert digest(str(tmp_path)) != before
