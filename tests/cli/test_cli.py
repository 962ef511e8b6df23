"""The command line: flags, exit codes, what it prints and what it leaves behind."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from nst import errors
from nst.cli import cli, flags
from nst.paint import checkpoint, estimate, memory, transfer
from nst.pictures import reading, writing
from nst.settings import CONTROLS
from nst.studio import recipe
from nst.vgg import network

ROOT = Path(__file__).parents[2]
CONTENT = str(ROOT / "Resources" / "content" / "coffee.jpg")
STYLE = str(ROOT / "Resources" / "styles" / "night_sky.jpg")
SLOW = ["--preset", "classic", "--refresh-every", "1", "--resolution", "64"]
QUICK = ["--resolution", "64", "--iterations", "4"]


def size(path):
    with Image.open(path) as picture:
        picture.load()
        return picture.size


@pytest.fixture
def run(monkeypatch, trunk, tmp_path, capsys):
    """Run the command line in this process, with the trunk that is already loaded."""
    monkeypatch.setattr(network, "load", lambda weights, device: trunk)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        try:
            code = cli.main([*arguments])
        except SystemExit as end:
            code = end.code
        output = capsys.readouterr()
        return code, output.out, output.err

    return run


def test_it_paints_at_the_contents_own_size(run, tmp_path):
    code, out, err = run(CONTENT, STYLE, "-o", "out.png", *QUICK)
    assert code == 0
    assert out == ""
    assert size("out.png") == size(CONTENT)
    assert re.search(r"4/4 at 64 px  content \d+\.\d+  style \d+\.\d+  0 s left", err)
    assert "Finished" in err
    assert [path.name for path in tmp_path.iterdir()] == ["out.png"]


def test_every_setting_has_its_flag():
    parser = cli._parser()
    found = {flag for action in parser._actions for flag in action.option_strings}
    for name in CONTROLS:
        assert "--" + name.replace("_", "-") in found


def test_flags_go_on_top_of_the_preset():
    options = cli._parser().parse_args(
        [CONTENT, STYLE, "-o", "x.png", "--preset", "classic", "--seed", "7", "--early-stop"]
    )
    settings = flags.settings_of(options)
    assert (settings.resolution, settings.seed, settings.early_stop) == (128, 7, True)


OTHER = str(ROOT / "Resources" / "styles" / "tile_mosaic.jpg")


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
    large = Image.frombytes("RGB", (2700, 2700), random.Random(0).randbytes(3 * 2700**2))
    writing.save(large, "large.png", {recipe.KEY: made.to_json()})
    assert Path("large.png").stat().st_size > reading.MAX_BYTES
    code, _, err = run(CONTENT, STYLE, "-o", "two.png", "--recipe", "large.png")
    assert code == 0, err
    assert recipe.read(Path("two.png").read_bytes()).settings.seed == 7


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


def test_a_blend_sheet(run):
    common = ["-o", "sheet.png", "--blend-sheet", "2", *QUICK]
    assert run(CONTENT, STYLE, OTHER, *common)[0] == 0
    two_rows = size("sheet.png")
    assert run(CONTENT, STYLE, *common)[0] == 0
    one_row = size("sheet.png")
    assert two_rows[0] == one_row[0] > 2 * 64
    assert two_rows[1] > 1.8 * one_row[1]


def test_json_lines(run):
    # Composed only, it has no end of a stage before the last iteration.
    flags = [*QUICK, "--style-loss", "gram", "--json", "--refresh-every", "2"]
    code, out, err = run(CONTENT, STYLE, "-o", "out.jpg", *flags)
    assert code == 0
    assert err == ""
    records = [json.loads(line) for line in out.splitlines()]
    assert [record["event"] for record in records] == ["progress"] * 3 + ["finished"]
    assert [record["iteration"] for record in records] == [1, 2, 4, 4]
    assert records[-1]["output"] == "out.jpg"
    assert (records[-1]["width"], records[-1]["height"]) == size(CONTENT)


def test_quiet(run):
    assert run(CONTENT, STYLE, "-o", "out.png", *QUICK, "--quiet") == (0, "", "")


def test_plot(run):
    assert run(CONTENT, STYLE, "-o", "out.png", *QUICK, "--plot", "losses.svg")[0] == 0
    assert "<svg" in Path("losses.svg").read_text()


def test_show_without_a_display_says_so_and_goes_on(run, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    code, _, err = run(CONTENT, STYLE, "-o", "out.png", *QUICK, "--show")
    assert code == 0
    assert "no display" in err
    assert Path("out.png").exists()


def test_show_draws_every_preview(run, monkeypatch):
    from matplotlib import pyplot

    drawn = []
    monkeypatch.setattr(
        cli, "_open_window", lambda report, *pictures: cli._Window(figure, *pictures)
    )
    monkeypatch.setattr(pyplot, "show", lambda block: drawn.append("waited"))
    figure = pyplot.figure()
    monkeypatch.setattr(pyplot, "pause", lambda seconds: drawn.append(figure.get_suptitle()))
    flags = [*QUICK, "--style-loss", "gram", "--show", "--refresh-every", "2"]
    code, _, _ = run(CONTENT, STYLE, "-o", "out.png", *flags)
    pyplot.close(figure)
    assert code == 0
    assert drawn == [f"iteration {n} of 4" for n in (1, 2, 4)] + ["waited"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["missing.jpg", STYLE, "-o", "out.png"], "missing.jpg"),
        ([CONTENT, __file__, "-o", "out.png"], "test_cli.py"),
        ([CONTENT, STYLE, "-o", "out.xyz"], ".png, .jpg"),
        ([CONTENT, STYLE, "-o", "nowhere/out.png"], "no folder"),
        ([CONTENT, STYLE, "-o", "out.png", "--plot", "x.doc"], ".png, .svg"),
        ([CONTENT, STYLE, "-o", "out.png", "--resolution", "5000"], "from 64 to 4096 px"),
        ([CONTENT, STYLE, "-o", "out.png", "--tile", "many"], "from 64 on"),
        ([CONTENT, STYLE, "-o", "out.jpg", "--quality", "101"], "from 1 to 100"),
        ([CONTENT, STYLE, "-o", "out.jpg", "--dpi", "fine"], "from 0 to 10000"),
        ([CONTENT, STYLE, "-o", "out.png", "--depth", "12"], "8 or 16"),
        ([CONTENT, STYLE, "-o", "out.jpg", "--depth", "16"], ".png, .tif, .tiff"),
        (
            [CONTENT, STYLE, "-o", "out.png", "--depth", "16", "--blend-sheet", "2"],
            "not for a blend sheet",
        ),
        ([CONTENT, STYLE, "-o", "out.png", "--resume", "none.nst"], "cannot be read"),
        ([CONTENT, STYLE, "-o", "out.png", "--resume", "none.nst", "--preset", "fine"], "leave"),
        ([CONTENT, STYLE, "-o", "out.png", "--seed", "x"], "whole number"),
        ([CONTENT, STYLE, "-o", "out.png", "--init", "x"], "content, noise, style"),
        ([CONTENT, STYLE, "-o", "out.png", "--init", "picture"], "content, noise, style"),
        ([CONTENT, STYLE, "-o", "out.png", "--style-weights", "1", "2"], "2 style weights for 1"),
        ([CONTENT, STYLE, "-o", "out.png", "--masks", CONTENT, CONTENT], "2 masks for 1"),
        ([CONTENT, STYLE, "-o", "out.png", "--recipe", CONTENT], "not a PNG"),
        ([CONTENT, STYLE, "-o", "out.png", "--recipe", "none.png"], "does not exist"),
        ([CONTENT, STYLE, "-o", "out.png", "--blend-sheet", "1"], "from 2 to 12"),
        (
            [CONTENT, STYLE, "-o", "out.png", "--blend-sheet", "2", "--plot", "x.png"],
            "leave them out",
        ),
        ([CONTENT, STYLE, "-o", "out.png", "--style-layers", "conv9_9"], "any of conv1_1"),
        ([CONTENT, STYLE, "-o", "out.png", "--preserve-color", "x"], "off, luminance, match"),
        ([CONTENT, STYLE, "-o", "out.png", "--preset", "x"], "balanced, fine, poster, classic"),
        ([CONTENT, STYLE], "-o/--output"),
        ([CONTENT, STYLE, "-o", "out.png", "--brush"], "--brush"),
    ],
)
def test_bad_input_is_told_in_one_sentence(run, tmp_path, monkeypatch, arguments, sentence):
    monkeypatch.setattr(transfer, "steps", lambda *_, **__: pytest.fail("the work was started"))
    code, out, err = run(*arguments)
    assert code == 2
    assert out == ""
    assert sentence in err
    assert len(err.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_bad_weights_and_device(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    for flag, value, sentence in (
        ("--weights", "none.pth", "cannot be read"),
        ("--device", "abacus", "not available here"),
    ):
        assert cli.main([CONTENT, STYLE, "-o", "out.png", "--quiet", flag, value]) == 2
        assert sentence in capsys.readouterr().err


def test_errors_are_json_too(run):
    code, out, err = run("missing.jpg", STYLE, "-o", "out.png", "--json")
    assert code == 2
    assert json.loads(out)["event"] == "error"
    assert json.loads(out)["message"] in err


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


def test_a_checkpoint_is_gone_on_with_to_the_same_picture(run, monkeypatch):
    monkeypatch.setattr(cli, "CHECKPOINT_SECONDS", 0)
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
        assert code == cli.BAD_INPUT
        assert sentence in err
        assert not Path("three.png").exists()


@pytest.mark.long
def test_a_painting_that_was_killed_is_gone_on_with(run, tmp_path):
    """As after a power cut: the process has no chance to do anything about it."""
    arguments = [CONTENT, STYLE, "--preset", "classic", "--resolution", "64", "--iterations", "30"]
    killed = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; from nst.cli import cli; cli.CHECKPOINT_SECONDS = 0; "
            "cli.main(sys.argv[1:])",
            *[*arguments, "--quiet", "--checkpoint", "run.nst", "-o", "never.png"],
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    while not (tmp_path / "run.nst").exists():
        assert killed.poll() is None
        time.sleep(0.01)
    killed.kill()
    assert killed.wait() == -signal.SIGKILL
    assert not Path("never.png").exists()
    assert run(*arguments, "--quiet", "-o", "at_once.png")[0] == 0
    code, _, err = run(CONTENT, STYLE, "--resume", "run.nst", "-o", "after_all.png")
    assert code == 0
    assert "1/30 at 64 px" not in err
    at_once, after_all = (reading.open_picture(name) for name in ("at_once.png", "after_all.png"))
    difference = ImageChops.difference(at_once, after_all)
    # Another process may add up in another order; the strokes are the same.
    assert max(ImageStat.Stat(difference).mean) < 1


def test_a_checkpoint_that_cannot_be_written_does_not_end_the_painting(run, monkeypatch):
    def full(path, *_):
        raise errors.ImageError('"run.nst" cannot be written (No space left on device).')

    monkeypatch.setattr(cli, "CHECKPOINT_SECONDS", 0)
    monkeypatch.setattr(checkpoint, "save", full)
    code, _, err = run(CONTENT, STYLE, *QUICK, "--checkpoint", "run.nst", "-o", "out.png")
    assert code == 0
    assert err.count("No space left on device") == 1
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


def test_what_there_is_no_memory_for_is_refused(run, monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "free_memory", lambda device: 4 * 10**8)
    code, _, err = run(CONTENT, STYLE, "-o", "out.png", "--preset", "poster")
    assert code == cli.BAD_INPUT
    assert re.search(r"4096 x \d+ px needs .* choose a resolution of at most \d+ px", err)
    assert not list(tmp_path.iterdir())


def test_version_and_help():
    for flag, expected in (("--version", "nst 1."), ("--help", "--style-weight")):
        script = (
            "import sys, runpy; sys.argv = ['nst', sys.argv[1]]\n"
            "try: runpy.run_module('nst', run_name='__main__')\n"
            "finally: assert not {'torch', 'numpy', 'matplotlib'} & set(sys.modules)"
        )
        done = subprocess.run(
            [sys.executable, "-c", script, flag], cwd=ROOT, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        assert expected in done.stdout


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_saves_the_picture_so_far(tmp_path, number, code):
    out = tmp_path / "out.png"
    with subprocess.Popen(
        [sys.executable, "-m", "nst", CONTENT, STYLE, "-o", str(out), "--json", *SLOW],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        # A shell's background job ignores Ctrl-C, and whatever it starts would, too.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        for _ in range(3):
            assert json.loads(process.stdout.readline())["event"] == "progress"
        process.send_signal(number)
        rest = process.communicate(timeout=120)[0]
    assert process.returncode == code
    assert json.loads(rest.splitlines()[-1])["event"] == "interrupted"
    assert size(out) == size(CONTENT)
