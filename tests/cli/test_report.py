"""What is told while it paints."""

from __future__ import annotations

import json
import re
import time

import pytest
from samples import CONTENT, QUICK, STYLE, size

from nst.cli.report import Report, duration
from nst.cli.tally import Tally


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


def test_on_a_terminal_there_is_one_bar_and_lines_stand_above_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report = Report()
    report.terminal = True
    report.advance(0.25, "one", line=False)
    report.advance(0.5, "two", line=True)
    report.say("a line")
    report.advance(1.0, "three", line=False)
    report.close()
    out, err = capsys.readouterr()
    assert out == ""
    assert " 25% |" in err
    assert re.search(r"50% \|.*\| two\r?\n?.*\na line\n", err, re.S)
    assert re.search(r"100% \|.*\| three", err)


def test_elsewhere_only_what_is_due_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report()
    report.terminal = False
    report.advance(0.25, "not yet", line=False)
    report.advance(0.5, "now", line=True)
    assert capsys.readouterr().err == "now\n"
    quiet = Report(quiet=True)
    quiet.advance(0.5, "now", line=True)
    quiet.say("a line")
    quiet.error("It failed.")
    assert capsys.readouterr() == ("", "nst: It failed.\n")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (99, "99 s"), (100, "2 min"), (5900, "98 min"), (11_100, "3 h 5 min")],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_a_tally_tells_how_many_are_done_and_how_long_the_rest_takes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    tally = Tally(Report(), 4)
    tally.add("a.png", "skipped")
    now[0] += 60
    tally.add("b.png", "painted")
    tally.add("c.png", "failed", "it is no picture")
    assert capsys.readouterr().err.splitlines() == [
        "1/4  skipped: a.png",
        "2/4, 2 min left  painted: b.png",
        "nst: c.png: it is no picture",
        "3/4, 1 failed, 60 s left  failed: c.png",
    ]
    assert tally.counts == {"painted": 1, "skipped": 1, "failed": 1}
