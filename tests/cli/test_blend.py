"""The sheet of blends."""

from __future__ import annotations

from samples import CONTENT, OTHER, QUICK, STYLE, size


def test_a_blend_sheet(run):
    common = ["-o", "sheet.png", "--blend-sheet", "2", *QUICK]
    assert run(CONTENT, STYLE, OTHER, *common)[0] == 0
    two_rows = size("sheet.png")
    assert run(CONTENT, STYLE, *common)[0] == 0
    one_row = size("sheet.png")
    assert two_rows[0] == one_row[0] > 2 * 64
    assert two_rows[1] > 1.8 * one_row[1]
