"""What is told while it paints."""

from __future__ import annotations

import json

from samples import CONTENT, QUICK, STYLE, size


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
