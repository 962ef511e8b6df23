"""Ctrl-C and SIGTERM, at any moment."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest
from samples import CONTENT, ROOT, STYLE, size

SLOW = ["--preset", "classic", "--refresh-every", "1", "--resolution", "64"]


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
