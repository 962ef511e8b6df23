"""Exit codes, bad input, help."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from samples import CONTENT, ROOT, STYLE

from nst.paint import transfer


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["missing.jpg", STYLE, "-o", "out.png"], "missing.jpg"),
        ([CONTENT, __file__, "-o", "out.png"], "test_main.py"),
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


def test_errors_are_json_too(run):
    code, out, err = run("missing.jpg", STYLE, "-o", "out.png", "--json")
    assert code == 2
    assert json.loads(out)["event"] == "error"
    assert json.loads(out)["message"] in err


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


def test_help_and_mistakes_of_the_commands():
    script = (
        "import sys, runpy; sys.argv = ['nst', *sys.argv[1:]]\n"
        "try: runpy.run_module('nst', run_name='__main__')\n"
        "finally: assert not {'torch', 'numpy', 'PIL', 'distributed'} & set(sys.modules)"
    )
    for arguments, code, expected in (
        (["batch", "--help"], 0, "--scheduler"),
        (["sheet", "--help"], 0, "--style-weight"),
        (["batch"], 2, "see python -m nst batch --help"),
    ):
        done = subprocess.run(
            [sys.executable, "-c", script, *arguments], cwd=ROOT, capture_output=True, text=True
        )
        assert done.returncode == code, done.stderr
        assert expected in done.stdout + done.stderr
