"""Painting again by a recipe, and going on from a checkpoint."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat, PngImagePlugin
from samples import CONTENT, OTHER, QUICK, ROOT, STYLE, size

from nst import errors
from nst.cli import following
from nst.cli.flags import BAD_INPUT
from nst.paint import checkpoint
from nst.pictures import reading
from nst.studio import recipe


def test_a_recipe_paints_the_same_picture_again(run):
    assert run(CONTENT, STYLE, "-o", "one.png", *QUICK, "--seed", "7", "--init", "noise")[0] == 0
    found = recipe.read(Path("one.png").read_bytes())
    assert (found.settings.seed, found.settings.init, found.settings.resolution) == (7, "noise", 64)
    assert found.content.name == "coffee.jpg"
    assert found.weights == "original"
    assert set(found.versions) >= {"nst", "torch", "python"}
    code, _, err = run(CONTENT, STYLE, "-o", "two.png", "--recipe", "one.png")
    assert code == 0
    assert "Not as in the recipe" not in err
    with Image.open("one.png") as one, Image.open("two.png") as two:
        assert one.tobytes() == two.tobytes()


def test_a_recipe_with_other_pictures_or_flags_says_so(run):
    assert run(CONTENT, STYLE, "-o", "one.png", *QUICK)[0] == 0
    _, _, err = run(CONTENT, OTHER, "-o", "two.png", "--recipe", "one.png", "--seed", "3")
    assert "Not as in the recipe: styles, settings." in err
    assert recipe.read(Path("two.png").read_bytes()).settings.seed == 3


def test_the_recipe_of_a_painting_too_large_to_be_painted_from(run):
    assert run(CONTENT, STYLE, "-o", "one.png", *QUICK, "--seed", "7")[0] == 0
    made = recipe.read(Path("one.png").read_bytes())
    kept = PngImagePlugin.PngInfo()
    kept.add_itxt(recipe.KEY, made.to_json())
    large = Image.new("RGB", (4300, 4300))
    large.save("large.png", compress_level=0, pnginfo=kept)
    assert Path("large.png").stat().st_size > reading.MAX_BYTES
    code, _, err = run(CONTENT, STYLE, "-o", "two.png", "--recipe", "large.png")
    assert code == 0, err
    assert recipe.read(Path("two.png").read_bytes()).settings.seed == 7


def test_a_checkpoint_is_gone_on_with_to_the_same_picture(run, monkeypatch):
    monkeypatch.setattr(following, "CHECKPOINT_SECONDS", 0)
    first = (CONTENT, STYLE, *QUICK, "--tile", "64", "--checkpoint", "run.nst")
    assert run(*first, "-o", "one.png")[0] == 0
    code, _, err = run(CONTENT, STYLE, "--resume", "run.nst", "-o", "two.png")  # from the third
    assert code == 0
    assert "4/4 at 64 px" in err
    assert "3/4 at 64 px" not in err
    assert Path("one.png").read_bytes() == Path("two.png").read_bytes()
    for arguments, sentence in (
        ((STYLE, CONTENT), "made with other content, styles;"),
        ((CONTENT, STYLE, "--seed", "7"), "made with other settings;"),
        ((CONTENT, STYLE, "--preset", "fine"), "leave out --preset"),
    ):
        code, _, err = run(*arguments, "--resume", "run.nst", "-o", "three.png")
        assert code == BAD_INPUT
        assert sentence in err
        assert not Path("three.png").exists()


@pytest.mark.long
def test_a_painting_that_was_killed_is_gone_on_with(tmp_path, monkeypatch):
    """As after a power cut: the process has no chance to do anything about it."""
    monkeypatch.chdir(tmp_path)
    arguments = [CONTENT, STYLE, "--preset", "classic", "--resolution", "64", "--iterations", "30"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    often = "from nst.cli import following, main; following.CHECKPOINT_SECONDS = 0"
    killed = subprocess.Popen(
        [
            *[sys.executable, "-c", f"import sys; {often}; main.main(sys.argv[1:])"],
            *[*arguments, "--quiet", "--checkpoint", "run.nst", "-o", "never.png"],
        ],
        env=environment,
    )
    while not Path("run.nst").exists():
        assert killed.poll() is None
        time.sleep(0.01)
    killed.kill()
    assert killed.wait() == -signal.SIGKILL
    assert not Path("never.png").exists()

    def paint(*arguments):
        command = [sys.executable, "-m", "nst", *arguments]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True)

    paint(*arguments, "--quiet", "-o", "at_once.png")
    told = paint(CONTENT, STYLE, "--resume", "run.nst", "-o", "after_all.png").stderr
    assert "1/30 at 64 px" not in told
    at_once, after_all = (reading.open_picture(name) for name in ("at_once.png", "after_all.png"))
    difference = ImageChops.difference(at_once, after_all)
    # Another process may add up in another order; the strokes are the same.
    assert max(ImageStat.Stat(difference).mean) < 1


def test_a_checkpoint_that_cannot_be_written_does_not_end_the_painting(run, monkeypatch):
    def full(path, *_):
        raise errors.ImageError('"run.nst" cannot be written (No space left on device).')

    monkeypatch.setattr(following, "CHECKPOINT_SECONDS", 0)
    monkeypatch.setattr(checkpoint, "save", full)
    code, _, err = run(CONTENT, STYLE, *QUICK, "--checkpoint", "run.nst", "-o", "out.png")
    assert code == 0
    assert err.count("No space left on device") == 1
    assert size("out.png") == size(CONTENT)
