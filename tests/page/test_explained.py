""" "How it works": its pictures, and that nobody waits for them who did not ask."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image
from slim import HALF, slim
from streamlit.testing.v1 import AppTest

from nst.paint import schedule
from nst.pictures import fitting, reading, tensors
from nst.settings import Settings
from page import explained
from Resources import draw_how_it_works

PLATES = [plate for part in explained.PARTS for plate in part.plates]


def test_every_picture_is_there_small_and_shown():
    files = {path.stem: path for path in explained.FOLDER.iterdir()}
    assert set(files) == {plate.name for plate in PLATES}
    assert len(PLATES) == len(files)
    assert sum(path.stat().st_size for path in files.values()) < 500e3
    for part in explained.PARTS:
        sizes = {reading.open_picture(_path(plate.name)).size for plate in part.plates}
        assert len(sizes) == 1  # so that they line up


def test_every_picture_is_described_in_words_of_its_own():
    assert len({plate.alt for plate in PLATES}) == len({plate.caption for plate in PLATES})
    for plate in PLATES:
        assert len(plate.alt.split()) >= 8
        assert plate.alt != plate.caption


def test_the_captions_name_the_sizes_that_are_painted():
    photo = draw_how_it_works.sample("content", draw_how_it_works.PHOTO)
    width, height = fitting.fit_size(photo.size, Settings().resolution)
    stages = schedule.plan(Settings(), height, width)
    scales = list(dict.fromkeys(stage.scale for stage in stages))
    captions = [plate.caption for plate in PLATES if plate.name.startswith("scale")]
    assert [int(re.match(r"(\d+) px", caption)[1]) for caption in captions] == scales


def test_the_script_draws_these_pictures(monkeypatch):
    monkeypatch.setattr(
        draw_how_it_works, "Settings", lambda: Settings(resolution=96, iterations=4)
    )
    drawn = {}
    with slim(HALF) as trunk:  # with fewer channels, deep layers no longer tell textures apart
        for draw in draw_how_it_works.ROWS.values():
            drawn |= draw(trunk, 64, 2)
    small = {f"scale_{number}" for number in (1, 2, 3, 4)}
    assert set(drawn) - small == {plate.name for plate in PLATES} - small
    assert drawn.keys() & small
    assert len({picture.size for picture in drawn.values()}) == 1
    assert len({picture.tobytes() for picture in drawn.values()}) == len(drawn)


def test_deep_layers_keep_less_of_the_photo():
    """What the words say of the pictures, checked on the pictures."""
    shown = {plate.name: reading.open_picture(_path(plate.name)) for plate in PLATES}
    names = [f"layer_{layer}" for layer in draw_how_it_works.LAYERS]
    errors = [_difference(shown["photo"], shown[name]) for name in names]
    assert errors[0] < 5  # of 255
    assert errors[-1] > 4 * errors[0]
    assert errors[2:] == sorted(errors[2:])


def _path(name: str) -> Path:
    return explained.FOLDER / f"{name}.jpg"


def _difference(one: Image.Image, other: Image.Image) -> float:
    return float((tensors.to_tensor(one) - tensors.to_tensor(other)).abs().mean()) * 255


def test_an_unknown_row_is_refused(capsys):
    with pytest.raises(SystemExit):
        draw_how_it_works.main(["clouds"])
    assert "textures" in capsys.readouterr().err


def _page():
    from page import explained

    explained.offer()


def test_nothing_is_read_before_it_is_opened(monkeypatch, tmp_path):
    monkeypatch.setattr(explained, "FOLDER", tmp_path)  # where there is nothing
    app = AppTest.from_function(_page).run()
    assert not app.exception
    assert not app.header
    app.session_state["how_it_works"] = True
    app.run()
    assert app.exception
