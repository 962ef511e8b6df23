"""The window that shows a painting."""

from __future__ import annotations

from pathlib import Path

from samples import CONTENT, QUICK, STYLE

from nst.cli import paint, window


def test_show_without_a_display_says_so_and_goes_on(run, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    code, _, err = run(CONTENT, STYLE, "-o", "out.png", *QUICK, "--show")
    assert code == 0
    assert "no display" in err
    assert Path("out.png").exists()


def test_show_draws_every_preview(run, monkeypatch):
    from matplotlib import pyplot

    drawn = []
    monkeypatch.setattr(paint, "open_window", lambda _, *shown: window.LiveWindow(figure, *shown))
    monkeypatch.setattr(pyplot, "show", lambda block: drawn.append("waited"))
    figure = pyplot.figure()
    monkeypatch.setattr(pyplot, "pause", lambda seconds: drawn.append(figure.get_suptitle()))
    flags = [*QUICK, "--style-loss", "gram", "--show", "--refresh-every", "2"]
    code, _, _ = run(CONTENT, STYLE, "-o", "out.png", *flags)
    pyplot.close(figure)
    assert code == 0
    assert drawn == [f"iteration {n} of 4" for n in (1, 2, 4)] + ["waited"]
