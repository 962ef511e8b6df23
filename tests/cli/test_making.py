"""Numbered frames and the film of how a painting came about."""

from __future__ import annotations

import json
import os
from pathlib import Path

import av
import numpy as np
import pytest
from batches import picture
from engines import progress
from PIL import Image
from samples import size

from nst.cli import making
from nst.cli.flags import BAD_INPUT
from nst.errors import INTERRUPTED, ImageError
from nst.paint import transfer
from nst.pictures import writing
from nst.studio.film import FRAMES

TOTAL = 25


@pytest.fixture
def painting(run, tmp_path, monkeypatch):
    """A painting of 96 x 64 px that gets lighter from iteration to iteration; its arguments."""
    (tmp_path / "photo.png").write_bytes(picture(0, (96, 64)))

    def steps(canvas, *_, **__):
        for number in range(1, TOTAL + 1):
            yield progress(canvas.content * 0 + number / TOTAL, number, TOTAL)

    monkeypatch.setattr(transfer, "steps", steps)
    return ["photo.png", "photo.png", "-o", "out.png", "--resolution", "96"]


def shades(film: str) -> list[int]:
    """How light each picture of a film is."""
    with av.open(film) as container:
        return [round(frame.to_ndarray(format="rgb24").mean()) for frame in container.decode()]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("depth", ["8", "16"])
def test_frames_are_saved_beside_the_result_as_it_would_be(run, painting, tmp_path, depth):
    (tmp_path / "sub").mkdir()
    painting[3] = "sub/out.png"
    flags = ["--save-every", "10", "--depth", depth, "--output-size", "48", "--json"]
    code, out, err = run(*painting, *flags)
    assert code == 0, err
    assert names(tmp_path / "sub") == ["out-00010.png", "out-00020.png", "out.png"]
    for number in (10, 20):
        assert size(f"sub/out-000{number}.png") == (48, 32)
        with Image.open(f"sub/out-000{number}.png") as frame:
            assert abs(np.asarray(frame.convert("RGB")).mean() - 255 * number / TOTAL) < 1
            assert "nst-recipe" not in frame.info
    files = ["sub/out.png", "sub/out-00010.png", "sub/out-00020.png"]
    assert json.loads(out.splitlines()[-1])["files"] == files


def test_a_film_shows_the_painting_coming_about_and_ends_with_it(run, painting, tmp_path):
    code, out, err = run(*painting, "--timelapse", "film.mp4", "--plot", "chart.svg", "--json")
    assert code == 0, err
    found = shades("film.mp4")
    assert 90 <= len(found) <= 240
    assert found == sorted(found)
    assert found[0] < 20
    assert found[-45:] == [pytest.approx(255, abs=3)] * 45  # held for a second and a half
    assert set(json.loads(out.splitlines()[-1])["files"]) == {"out.png", "film.mp4", "chart.svg"}
    for name, format in (("film.webp", "WEBP"), ("film.GIF", "GIF")):
        assert run(*painting, "--timelapse", name)[0] == 0
        with Image.open(name) as film:
            assert film.format == format
            assert film.n_frames == TOTAL  # Pillow joins the last two, which are the same


def test_an_interrupted_painting_has_the_film_so_far(run, painting, monkeypatch):
    whole = transfer.steps

    def steps(*arguments, **others):
        for each in whole(*arguments, **others):
            if each.iteration == 15:
                raise KeyboardInterrupt
            yield each

    monkeypatch.setattr(transfer, "steps", steps)
    code, out, _ = run(*painting, "--timelapse", "film.mp4", "--save-every", "7", "--json")
    assert code == INTERRUPTED
    assert shades("film.mp4")[-1] == pytest.approx(255 * 14 / TOTAL, abs=3)
    files = ["out.png", "out-00007.png", "out-00014.png", "film.mp4"]
    assert json.loads(out.splitlines()[-1])["files"] == files


def test_a_long_painting_keeps_few_pictures_for_the_film(run, painting, monkeypatch):
    kept = []

    def steps(canvas, *_, **__):
        for number in range(1, 1001):
            yield progress(canvas.content * 0 + number / 1000, number, 1000)

    def encode(frames, format):
        kept.extend(frames)
        return b"film"

    monkeypatch.setattr(transfer, "steps", steps)
    monkeypatch.setattr("nst.pictures.timelapse.encode", encode)
    assert run(*painting, "--timelapse", "film.mp4")[0] == 0
    assert FRAMES / 2 <= len(kept) <= FRAMES + 1
    assert Path("film.mp4").read_bytes() == b"film"


@pytest.mark.parametrize("number", ["0", "-1", "1.5", "many", ""])
def test_a_number_that_is_none_is_refused(run, painting, tmp_path, number):
    code, _, err = run(*painting, "--save-every", number)
    assert code == BAD_INPUT
    assert "no whole number from 1 on" in err
    assert len(err.splitlines()) == 1
    assert names(tmp_path) == ["photo.png"]


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--timelapse", "film.avi"], "let its name end in one of .mp4, .webp, .gif"),
        (["--timelapse", "nowhere/film.mp4"], "there is no folder"),
        (["--timelapse", "out.png/film.mp4"], "there is no folder"),
        (["--timelapse", "film.mp4", "--blend-sheet", "2"], "--save-every and --timelapse are for"),
        (["--save-every", "5", "--blend-sheet", "2"], "--save-every and --timelapse are for one"),
        (["--timelapse", "film.gif", "--plot", "./film.gif"], "would be saved as the same file"),
    ],
)
def test_mistakes_are_told_before_the_work(run, painting, tmp_path, monkeypatch, flags, words):
    monkeypatch.setattr(transfer, "steps", lambda *_, **__: pytest.fail("the work was started"))
    code, _, err = run(*painting, *flags, "--quiet")
    assert code == BAD_INPUT
    assert words in err
    assert len(err.splitlines()) == 1
    assert names(tmp_path) == ["photo.png"]


def test_frames_take_the_place_of_frames_but_of_nothing_that_goes_in(run, painting, tmp_path):
    (tmp_path / "out-00010.png").write_bytes(b"a frame from before")
    (tmp_path / "out-00099.png").write_bytes(b"another one")
    assert run(*painting, "--save-every", "10")[0] == 0
    assert size("out-00010.png") == (96, 64)
    assert Path("out-00099.png").read_bytes() == b"another one"
    os.remove("out-00010.png")
    os.link("photo.png", "out-00010.png")
    before = Path("photo.png").read_bytes()
    for flags in ([], ["--plot", "out-00020.png"]):
        code, _, err = run(*painting, "--save-every", "10", *flags)
        assert code == BAD_INPUT
        assert "--save-every could save a frame as" in err
        Path("out-00010.png").unlink(missing_ok=True)
    os.rename("photo.png", "out-00007.png")
    code, _, err = run("out-00007.png", "out-00007.png", *painting[2:], "--save-every", "10")
    assert code == BAD_INPUT
    assert "which is the photo" in err
    assert Path("out-00007.png").read_bytes() == before


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ImageError("The disk is full."), "The disk is full."),
        (MemoryError(), "There is not enough memory for a frame."),
    ],
)
def test_a_frame_that_cannot_be_saved_is_told_once_and_the_painting_goes_on(
    run, painting, monkeypatch, error, told
):
    save = writing.save

    def fail(picture, path, *more):
        if "-000" in str(path):
            raise error
        save(picture, path, *more)

    monkeypatch.setattr(writing, "save", fail)
    code, out, err = run(*painting, "--save-every", "5", "--json")
    assert code == 0
    assert err.count(told) == err.count("The painting goes on without the frame.") == 1
    assert json.loads(out.splitlines()[-1])["files"] == ["out.png"]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ImageError("It cannot be stored."), "It cannot be stored."),
        (MemoryError(), "There is not enough memory for the film."),
    ],
)
def test_a_film_that_cannot_be_saved_costs_no_painting(run, painting, monkeypatch, error, told):
    def fail(self, image, format):
        raise error

    monkeypatch.setattr("nst.studio.film.Film.encode", fail)
    code, _, err = run(*painting, "--timelapse", "film.mp4")
    assert code == BAD_INPUT
    assert f"{told} The painting itself is saved." in err
    assert size("out.png") == (96, 64)


def test_what_a_frame_may_be_called():
    assert making.frame_path("a/out.tar.png", 7) == "a/out.tar-00007.png"
    assert making.frame_path("out.png", 123456) == "out-123456.png"
    for path, found in (
        ("out-00007.png", True),
        ("./out-123456.png", True),
        ("out-0007.png", False),
        ("out-00007.jpg", False),
        ("other-00007.png", False),
        ("elsewhere/out-00007.png", False),
    ):
        assert making.is_frame(path, "out.png") == found
