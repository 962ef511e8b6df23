"""How large the result is: the photo, the canvas where that is larger, or what is asked for."""

from __future__ import annotations

import argparse

import numpy as np
import pytest
from batches import picture
from engines import progress
from PIL import Image
from samples import size

from nst.cli.output_size import OutputSize, parse, result_size
from nst.errors import UserError
from nst.paint import transfer


@pytest.mark.parametrize(
    ("asked", "canvas", "wanted"),
    [
        (None, (384, 256), (900, 600)),  # the photo is larger
        (None, (4096, 2736), (4096, 2731)),  # the canvas is, whose sides are multiples of 16
        ("300", (384, 256), (300, 200)),
        ("1800", (384, 256), (1800, 1200)),
        ("2x", (384, 256), (1800, 1200)),
        ("0.5x", (384, 256), (450, 300)),
    ],
)
def test_sizes(asked: str | None, canvas: tuple[int, int], wanted: tuple[int, int]) -> None:
    assert result_size(asked and parse(asked), (900, 600), canvas) == wanted
    turned = result_size(asked and parse(asked), (600, 900), canvas[::-1])
    assert turned == wanted[::-1]


@pytest.mark.parametrize(
    "text", ["0", "-3", "x", "0x", "-1x", "nanx", "infx", "1.5", "99999", "2X"]
)
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="such as 2x"):
        parse(text)


def test_too_large_a_result_is_refused() -> None:
    for asked in (OutputSize(factor=20), OutputSize(side=16_384)):
        with pytest.raises(UserError, match="at most 16384 px a side and 100 megapixels"):
            asked.of((900, 600))


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
