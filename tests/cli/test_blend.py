"""The sheet of blends."""

from __future__ import annotations

from pathlib import Path

import pytest
from engines import progress
from PIL import Image
from samples import CONTENT, OTHER, QUICK, STYLE, size

from nst.paint import transfer


def test_a_blend_sheet(run):
    common = ["-o", "sheet.png", "--blend-sheet", "2", *QUICK]
    assert run(CONTENT, STYLE, OTHER, *common)[0] == 0
    two_rows = size("sheet.png")
    assert run(CONTENT, STYLE, *common)[0] == 0
    one_row = size("sheet.png")
    assert two_rows[0] == one_row[0] > 2 * 64
    assert two_rows[1] > 1.8 * one_row[1]


def test_the_sheet_heeds_the_flags_of_its_file_and_of_the_engine(run, monkeypatch):
    exif = Image.Exif()
    exif[0x010F] = "Acme"
    Image.effect_noise((96, 64), 90).convert("RGB").save("photo.jpg", exif=exif)
    asked = []

    def steps(canvas, *_, options, **__):
        asked.append(options.tile)
        yield progress(canvas.content, 1, 1)

    monkeypatch.setattr(transfer, "steps", steps)
    common = ["photo.jpg", STYLE, "--blend-sheet", "2", *QUICK]
    assert run(*common, "-o", "plain.jpg")[0] == 0
    with Image.open("plain.jpg") as plain:
        assert not plain.getexif()
        assert "dpi" not in plain.info
    more = ["--tile", "80", "--quality", "20", "--dpi", "300", "--keep-exif"]
    assert run(*common, *more, "-o", "sheet.jpg")[0] == 0
    assert asked == [None, None, 80, 80]
    assert Path("sheet.jpg").stat().st_size < Path("plain.jpg").stat().st_size / 2
    with Image.open("sheet.jpg") as made:
        assert made.info["dpi"] == (300, 300)
        assert made.getexif()[0x010F] == "Acme"


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--plan"], "--plan is for one painting"),
        (["--show"], "--plot and --show are for one painting"),
        (["--resume", "x.nst"], "x.nst"),
        (["--checkpoint", "x.nst"], "--checkpoint and --resume are for one painting"),
        (["--depth", "16"], "--depth 16 is for one painting"),
        (["--workers", "2"], "--workers and --scheduler are for one painting"),
    ],
)
def test_what_makes_no_sense_for_a_sheet_is_refused(run, tmp_path, flags, sentence):
    code, _, err = run(CONTENT, STYLE, "-o", "sheet.png", "--blend-sheet", "2", *flags)
    assert code == 2
    assert sentence in err
    assert len(err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_more_than_two_styles_are_no_way_from_one_to_the_other(run):
    code, _, err = run(CONTENT, STYLE, OTHER, STYLE, "-o", "sheet.png", "--blend-sheet", "2")
    assert code == 2
    assert "3 were given" in err


def test_a_transparent_photo_is_shown_on_the_white_of_the_sheet(run, monkeypatch):
    picture = Image.new("RGBA", (96, 64), (200, 0, 0, 255))
    picture.paste((0, 0, 0, 0), (0, 0, 48, 64))
    picture.save("photo.png")

    def steps(canvas, *_, **__):
        yield progress(canvas.content, 1, 1)

    monkeypatch.setattr(transfer, "steps", steps)
    code, _, err = run("photo.png", STYLE, "-o", "sheet.png", "--blend-sheet", "2", *QUICK)
    assert code == 0, err
    with Image.open("sheet.png") as sheet:
        assert sheet.mode == "RGB"
        assert sheet.getpixel((12, 25)) == (255, 255, 255)
        assert sheet.getpixel((60, 25))[0] > 150 > sheet.getpixel((60, 25))[1]
