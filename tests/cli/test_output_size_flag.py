"""How large the result is: the photo, the canvas where that is larger, or what is asked for."""

from __future__ import annotations

import re

import numpy as np
import pytest
from batches import picture
from engines import progress
from PIL import Image
from samples import size

from nst.cli.main import parsers
from nst.paint import transfer
from nst.studio import output_size


def test_the_limits_that_the_help_names_are_those_that_hold() -> None:
    told = parsers()[1]["paint"].format_help().replace("\n", " ")
    limits = (
        f"at most {output_size.LONGEST_SIDE} px a side and {output_size.MOST_PIXELS // 10**6} mega"
    )
    assert limits in re.sub(" +", " ", told)


@pytest.fixture
def photo(run, tmp_path, monkeypatch):
    """A photo of 48 x 32 px, of which a painting is the photo itself."""
    (tmp_path / "photo.png").write_bytes(picture(0, (48, 32)))
    monkeypatch.setattr(
        transfer, "steps", lambda canvas, *_, **__: iter([progress(canvas.content, 1, 1)])
    )
    return "photo.png"


@pytest.mark.parametrize("depth", ["8", "16"])
def test_a_canvas_larger_than_the_photo_is_saved_as_it_was_painted(run, photo, depth):
    common = [photo, photo, "--resolution", "96", "--depth", depth, "--json"]
    code, out, err = run(*common, "-o", "out.png")
    assert code == 0, err
    assert size("out.png") == (96, 64)
    assert '"width": 96, "height": 64' in out
    with Image.open(photo) as given, Image.open("out.png") as made:
        enlarged = given.convert("RGB").resize((96, 64), Image.Resampling.LANCZOS)
        assert np.abs(np.asarray(made, int) - np.asarray(enlarged, int)).max() <= 1
    for flag, wanted in (("48", (48, 32)), ("3x", (144, 96))):
        assert run(*common, "-o", "out.png", "--output-size", flag)[0] == 0
        assert size("out.png") == wanted


def test_mistakes_are_told_before_the_work(run, photo, tmp_path):
    for flag, told in (("huge", "such as 2x"), ("16000x", "at most 16384 px a side")):
        code, _, err = run(photo, photo, "-o", "out.png", "--output-size", flag, "--quiet")
        assert code == 2
        assert told in err
        assert len(err.splitlines()) == 1
    code, _, err = run(photo, photo, "-o", "o.png", "--output-size", "2x", "--blend-sheet", "2")
    assert code == 2
    assert "--output-size is for one painting" in err
    assert [path.name for path in tmp_path.iterdir()] == ["photo.png"]
