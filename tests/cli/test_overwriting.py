"""Nothing that goes in is overwritten, however its path is spelt."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from batches import PAIRS, SMALL, picture
from engines import painted

from nst.cli import overwriting
from nst.errors import UserError
from nst.paint import transfer
from nst.pictures import writing
from nst.settings import Settings
from nst.studio import recipe
from nst.studio.recipe import Recipe, Source


@pytest.fixture
def pictures(run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a painting may be made of, and a file of weights."""
    for number, name in enumerate(["photo", "style", "mask", "start", "part"]):
        (tmp_path / f"{name}.png").write_bytes(picture(number))
    made = Recipe(Settings(), Source("a", "0" * 64), (Source("b", "0" * 64),)).to_json()
    shutil.copy("photo.png", "painted.png")
    writing.save(writing.Image.new("RGB", (64, 48)), "painted.png", {recipe.KEY: made})
    (tmp_path / "folder").mkdir()
    os.symlink("../photo.png", tmp_path / "folder" / "link.png")
    os.link("photo.png", tmp_path / "folder" / "hard.png")
    os.symlink(".", tmp_path / "here")
    monkeypatch.setattr(transfer, "steps", lambda *_, **__: pytest.fail("the work was started"))
    return tmp_path


SAME = ["photo.png", "./photo.png", "folder/../photo.png", "folder/link.png", "folder/hard.png"]
SAME += ["here/photo.png", "here/here/folder/link.png"]


@pytest.mark.parametrize("output", SAME)
def test_the_photo_is_not_overwritten(run, pictures, output):
    before = (pictures / "photo.png").read_bytes()
    code, out, err = run("photo.png", "style.png", "-o", output)
    assert (code, out) == (2, "")
    assert "-o would be saved as" in err
    assert "which is the photo" in err
    assert len(err.splitlines()) == 1
    assert run(str(pictures / "photo.png"), "style.png", "-o", output)[0] == 2
    assert (pictures / "photo.png").read_bytes() == before


@pytest.mark.parametrize(
    ("output", "what"),
    [
        ("style.png", "a style"),
        ("mask.png", "a mask"),
        ("part.png", "a mask"),
        ("start.png", "what it starts from"),
        ("painted.png", "the recipe"),
    ],
)
@pytest.mark.parametrize("flag", ["-o", "--plot", "--checkpoint"])
def test_no_other_input_is(run, pictures, output, what, flag):
    inputs = ["photo.png", "style.png", "--masks", "mask.png", "--init", "start.png"]
    inputs += ["--recipe", "painted.png", "--style-masks", "part.png"]
    outputs = ["-o", "out.png", "--plot", "out.svg", "--checkpoint", "out.nst"]
    outputs[outputs.index(flag) + 1] = output
    before = (pictures / output).read_bytes()
    code, _, err = run(*inputs, *outputs)
    assert code == 2
    assert f"{flag} would be saved as" in err
    assert f"which is {what}" in err
    assert (pictures / output).read_bytes() == before


def test_outputs_do_not_overwrite_each_other(run, pictures):
    code, _, err = run("photo.png", "style.png", "-o", "new.png", "--plot", "here/new.png")
    assert code == 2
    assert "--plot and -o would be saved as the same file" in err
    assert not Path("new.png").exists()


def test_an_output_that_is_no_input_is_replaced_as_ever(run, pictures):
    (pictures / "old.png").write_bytes(picture(9))
    overwriting.check([("the photo", "photo.png")], [("-o", "old.png"), ("--plot", "new.png")])
    with pytest.raises(UserError, match="which is the photo"):
        overwriting.check([("the photo", "s3://b/a.png")], [("-o", "s3://b/a.png")])


def test_a_batch_does_not_overwrite_its_pictures(run_fake, folders):
    (folders / "jobs.csv").write_text("content,style,output\nphotos/a.png,art/x.png,b.png\n")
    before = (folders / "photos" / "a.png").read_bytes()
    (folders / "jobs2.csv").write_text("content,style,output\nphotos/a.png,art/x.png,a.png\n")
    code, _, err = run_fake("batch", "--jobs", "jobs2.csv", "-o", "art/../photos", *SMALL)
    assert code == 2
    assert "The result 'a.png' would be saved as \"a.png\", which is a photo" in err
    assert painted(folders) == []
    assert (folders / "photos" / "a.png").read_bytes() == before
    # Another photo of the folder, which no job is painted from, is no input.
    assert run_fake("batch", "--jobs", "jobs.csv", "-o", "out", *SMALL)[0] == 0


def test_results_among_the_photos_are_no_photos_of_the_next_batch(run_fake, folders):
    again = [*PAIRS[:-4], "-o", "photos", *SMALL]
    assert run_fake(*again)[0] == 0
    code, _, err = run_fake(*again)
    assert code == 2
    assert "choose another name or folder" in err


def test_a_sheet_does_not_overwrite_its_pictures(run_fake, folders):
    code, _, err = run_fake("sheet", "photos/a.png", "--style", "art", "-o", "art/y.png", *SMALL)
    assert code == 2
    assert "which is a style" in err
    code, _, err = run_fake("sheet", "photos/a.png", "--style", "art", "-o", "photos/a.png")
    assert code == 2
    assert "which is the photo" in err
