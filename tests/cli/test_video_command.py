"""Films on the command line: painted, planned, interrupted, gone on with."""

from __future__ import annotations

import json
import os
from pathlib import Path

import clips
import pytest
from PIL import Image
from samples import STYLE

from benchmarks import clips as moving
from nst.film import work as works
from nst.film.frames import Frames, folder_of
from nst.paint import estimate
from nst.pictures import writing

QUICK = ["--resolution", "64", "--iterations", "4"]


@pytest.fixture
def film(tmp_path: Path, photo: Image.Image) -> Path:
    """Four frames of a camera that moves, and one of something else."""
    frames = [Image.fromarray(each.picture) for each in moving.camera(photo, (64, 48), 4)]
    return clips.video(tmp_path / "in.mp4", [*frames, *clips.shades(1)], sound="aac")


def test_a_film_is_painted_with_its_sound(run, film):
    code, _, err = run("video", "in.mp4", STYLE, "-o", "out.mp4", *QUICK)
    assert code == 0, err
    assert "Finished, 5 frames: out.mp4" in err
    frames = clips.played(Path("out.mp4"))
    assert len(frames) == 5
    assert frames[0].size == (64, 48)
    assert clips.heard(Path("out.mp4"))[0] == "aac"
    assert sorted(os.listdir()) == ["in.mp4", "out.mp4"]


def test_an_interrupted_film_goes_on_and_ends_as_it_would_have(run, film, monkeypatch):
    code, _, err = run("video", "in.mp4", STYLE, "-o", "whole", *QUICK)
    assert code == 0, err
    save = Frames.save

    def interrupted(frames: Frames, painting: Image.Image, segment: int, number: int) -> None:
        save(frames, painting, segment, number)
        if number == 1:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Frames, "save", interrupted)
        code, _, err = run("video", "in.mp4", STYLE, "-o", "part", *QUICK)
    assert code == 130
    assert "Unfinished, 2 of 5 frames: part" in err
    assert len(os.listdir("part")) == 2
    code, _, err = run("video", "in.mp4", STYLE, "-o", "part", *QUICK)
    assert code == 0
    assert "Going on from 2 of 5 frames." in err
    assert not os.path.exists(folder_of("part"))
    for name in sorted(os.listdir("whole")):
        with Image.open(Path("whole", name)) as one, Image.open(Path("part", name)) as other:
            assert one.tobytes() == other.tobytes(), name


def test_another_recipe_begins_anew_and_says_so(run, film, monkeypatch):
    def stopped(*given: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(works, "paint_here", stopped)
        code, _, err = run("video", "in.mp4", STYLE, "-o", "out.webp", *QUICK)
    assert code == 130
    assert "Interrupted before the first frame" in err
    code, _, err = run("video", "in.mp4", STYLE, "-o", "out.webp", *QUICK, "--to", "0.1")
    assert code == 0
    assert "were of another recipe" in err
    with Image.open("out.webp") as found:
        assert found.n_frames == 2


def test_a_full_disk_keeps_the_frames_so_far(run, film, monkeypatch):
    save = writing.save

    def full(picture: Image.Image, path: str, *given: object) -> None:
        if "000002" in path:
            raise writing._not_written('"000002.png"', OSError(28, "No space left on device"))
        save(picture, path)

    monkeypatch.setattr(writing, "save", full)
    code, out, err = run("video", "in.mp4", STYLE, "-o", "out.gif", *QUICK, "--json")
    assert code == 2
    assert "No space left on device" in err
    assert json.loads(out.splitlines()[-1]) == {
        "event": "unfinished",
        "output": "out.gif",
        "frames": 2,
        "code": 2,
    }
    with Image.open("out.gif") as found:
        assert found.n_frames == 2


def test_several_workers_paint_one_film(run, tmp_path, photo, monkeypatch):
    """Two processes, each of which loads the network: the one slow test here."""
    frames = [Image.fromarray(each.picture) for each in moving.camera(photo, (64, 48), 12)]
    clips.video(tmp_path / "in.mp4", frames)
    monkeypatch.setattr("nst.film.order.SHORTEST", 6)
    code, _, err = run("video", "in.mp4", STYLE, "-o", "out.mp4", *QUICK, "--workers", "2")
    assert code == 0, err
    assert len(clips.played(Path("out.mp4"))) == 12


def test_a_plan_paints_nothing(run, film, monkeypatch):
    monkeypatch.setattr(estimate, "MEASURED", 64)
    code, out, _ = run("video", "in.mp4", STYLE, "-o", "out.mp4", "--plan", "--resolution", "128")
    assert code == 0
    assert "5 frames of 128 x 96 px, 12 a second" in out
    assert "s a frame" in out
    assert os.listdir() == ["in.mp4"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["none.mp4", STYLE, "-o", "out.mp4"], "does not exist"),
        (["in.mp4", "none.jpg", "-o", "out.mp4"], "none.jpg"),
        (["in.mp4", "in.mp4", "-o", "out.mp4"], "is not a picture"),
        (["in.mp4", STYLE, "-o", "in.mp4"], "nothing that goes in is overwritten"),
        (["in.mp4", STYLE, "-o", "out.avi"], "give the name of a folder"),
        (["in.mp4", STYLE, "-o", "no/out.mp4"], "there is no folder"),
        (["in.mp4", STYLE, "-o", "out.mp4", "--from", "1:00"], "Nothing is to be seen from 60 s"),
        (["in.mp4", STYLE, "-o", "out.mp4", "--to", "soon"], "'soon' was given, which is no time"),
        (["in.mp4", STYLE, "-o", "out.mp4", "--fps", "0"], "no number of frames a second"),
        (["in.mp4", STYLE, "-o", "out.mp4", "--strength", "2"], "from 0 to 1"),
    ],
)
def test_bad_input_is_told_in_one_sentence(run, film, given, words):
    code, _, err = run("video", *given)
    assert code == 2
    assert words in err
    assert err.count("\n") == 1
    assert os.listdir() == ["in.mp4"]
