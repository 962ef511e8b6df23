"""One painting: what it is painted from, what is saved of it, and what it would take."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from PIL import Image
from samples import CONTENT, OTHER, QUICK, STYLE, size

from nst.cli.flags import BAD_INPUT
from nst.cli.main import main
from nst.paint import estimate, memory, transfer
from nst.studio import recipe


def test_it_paints_at_the_contents_own_size(run, tmp_path):
    code, out, err = run(CONTENT, STYLE, "-o", "out.png", *QUICK)
    assert code == 0
    assert out == ""
    assert size("out.png") == size(CONTENT)
    assert re.search(r"4/4 at 64 px  content \d+\.\d+  style \d+\.\d+  0 s left", err)
    assert "Finished" in err
    assert [path.name for path in tmp_path.iterdir()] == ["out.png"]


def test_several_styles_masks_and_a_start(run):
    for name, box in (("left.png", (0, 0, 32, 64)), ("right.png", (32, 0, 64, 64))):
        mask = Image.new("L", (64, 64))
        mask.paste(255, box)
        mask.save(name)
    common = [CONTENT, STYLE, OTHER, "-o", "out.png", *QUICK]
    assert run(*common, "--style-weights", "2", "1", "--init", OTHER)[0] == 0
    found = recipe.read(Path("out.png").read_bytes())
    assert found.settings.style_weights == (2, 1)
    assert found.settings.init == "picture"
    assert found.init.name == "tile_mosaic.jpg"
    assert run(*common, "--masks", "left.png", "right.png")[0] == 0
    found = recipe.read(Path("out.png").read_bytes())
    assert [mask.name for mask in found.masks] == ["left.png", "right.png"]


def test_what_counts_of_a_style(run):
    """A red half that does not count gives the painting of the other half, which is blue."""
    for name, sides in (("red.png", ("red", "blue")), ("green.png", ("lime", "blue"))):
        picture = Image.new("RGB", (96, 64), sides[1])
        picture.paste(sides[0], (0, 0, 48, 64))
        picture.save(name)
    part = Image.new("L", (48, 32))
    part.paste(255, (24, 0, 48, 32))
    part.save("part.png")
    painted = []
    for style in ("red.png", "green.png"):
        command = [CONTENT, style, "-o", "out.png", *QUICK, "--style-masks", "part.png"]
        assert run(*command)[0] == 0
        painted.append(Image.open("out.png").tobytes())
        assert [m.name for m in recipe.read(Path("out.png").read_bytes()).style_masks] == [
            "part.png"
        ]
    assert painted[0] == painted[1]


@pytest.mark.parametrize(
    ("masks", "sentence"),
    [
        (["black.png"], "Style mask 1 is black everywhere"),
        (["white.png", "white.png"], "There were 2 style masks for 1 style pictures"),
        (["note.txt"], "note.txt"),
        (["none.png"], "none.png"),
    ],
)
def test_style_masks_that_cannot_be_are_refused(run, masks, sentence, tmp_path):
    for shade in ("black", "white"):
        Image.new("L", (64, 64), shade).save(f"{shade}.png")
    Path("note.txt").write_text("no picture")
    code, _, err = run(CONTENT, STYLE, "-o", "out.png", "--style-masks", *masks, *QUICK)
    assert code == BAD_INPUT
    assert sentence in err
    assert not Path("out.png").exists()


def test_quiet(run):
    assert run(CONTENT, STYLE, "-o", "out.png", *QUICK, "--quiet") == (0, "", "")


def test_plot(run):
    assert run(CONTENT, STYLE, "-o", "out.png", *QUICK, "--plot", "losses.svg")[0] == 0
    assert "<svg" in Path("losses.svg").read_text()


def test_bad_weights_and_device(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    for flag, value, sentence in (
        ("--weights", "none.pth", "cannot be read"),
        ("--device", "abacus", "not available here"),
    ):
        assert main([CONTENT, STYLE, "-o", "out.png", "--quiet", flag, value]) == 2
        assert sentence in capsys.readouterr().err


def test_a_painting_that_falls_apart_is_saved_and_told(run, monkeypatch):
    real = transfer.steps

    def steps(*arguments, **others):
        for progress in real(*arguments, **others):
            yield progress
            if progress.iteration == 2:
                raise transfer.DivergedError(3, progress.snapshot())

    monkeypatch.setattr(transfer, "steps", steps)
    code, _, err = run(CONTENT, STYLE, "-o", "out.png", *QUICK)
    assert code == 1
    assert "fell apart at iteration 3" in err
    assert size("out.png") == size(CONTENT)


def test_it_says_when_it_paints_in_pieces(run):
    _, _, err = run(
        CONTENT, STYLE, "--resolution", "96", "--iterations", "1", "--tile", "64", "-o", "out.png"
    )
    assert "painted in pieces of 64 px" in err


def test_a_plan_paints_nothing(run, tmp_path, monkeypatch):
    monkeypatch.setattr(estimate, "MEASURED", 64)
    code, out, _ = run(CONTENT, STYLE, "-o", "out.png", "--plan")
    assert code == 0
    assert re.search(r"Canvas: 384 x 256 px; \d+ iterations", out)
    assert re.search(r"Memory: \d\.\d GB", out)
    assert re.search(r"Time: about \d+ (s|min)", out)
    _, out, _ = run(CONTENT, STYLE, "-o", "out.png", "--plan", "--json")
    assert json.loads(out)["event"] == "plan"
    assert not list(tmp_path.iterdir())


def test_a_texture_can_be_planned(run, monkeypatch):
    monkeypatch.setattr(estimate, "MEASURED", 64)
    code, out, _ = run(CONTENT, STYLE, "-o", "out.png", "--plan", "--content-weight", "0")
    assert code == 0
    assert "Canvas: 384 x 256 px" in out


def test_what_there_is_no_memory_for_is_refused(run, monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "free_memory", lambda device: 4 * 10**8)
    code, _, err = run(CONTENT, STYLE, "-o", "out.png", "--preset", "poster")
    assert code == BAD_INPUT
    assert re.search(r"4096 x \d+ px needs .* choose a resolution of at most \d+ px", err)
    assert not list(tmp_path.iterdir())


def test_a_transparent_photo_gives_a_transparent_painting(run):
    photo = Image.new("RGBA", (64, 48), (200, 90, 20, 0))
    photo.paste((200, 90, 20, 255), (0, 0, 32, 48))
    photo.save("photo.png")
    code, _, err = run("photo.png", STYLE, "-o", "out.png", *QUICK)
    assert code == 0
    assert "transparent" not in err
    with Image.open("out.png") as painted:
        assert painted.mode == "RGBA"
        assert [painted.getpixel((x, 20))[3] for x in (5, 60)] == [255, 0]
    code, _, err = run("photo.png", STYLE, "-o", "out.jpg", *QUICK)
    assert code == 0
    assert err.count("transparent in part, which this kind of file cannot hold") == 1
    with Image.open("out.jpg") as painted:
        assert min(painted.getpixel((60, 20))) > 245


def test_a_black_mask_is_refused_before_the_work(run):
    Image.new("L", (64, 64)).save("black.png")
    code, _, err = run(CONTENT, STYLE, "-o", "out.png", "--masks", "black.png", *QUICK)
    assert code == BAD_INPUT
    assert "The mask is black everywhere" in err
    assert "Loading" not in err
    assert not Path("out.png").exists()
