"""What is measured of watching a painting, as a section of the results, and its waiting painter."""

from __future__ import annotations

import itertools

import pytest
from PIL import Image

from benchmarks import stand_in, watching
from benchmarks.watching import Times, Work
from nst.pictures import tensors
from nst.settings import Settings
from nst.studio.order import Pictures
from nst.studio.preparation import prepare


def test_section_has_shares_of_a_core_and_the_ratios_of_the_times() -> None:
    turns = [Times(12.0, 16.0, 10.0), Times(22.0, 20.0, 20.0), Times(13.0, 13.0, 10.0)]
    text = watching.section({"watched": Work(0.042, 0.108)}, turns)
    assert "| watched | 4.2% | 10.8% |" in text
    assert "| 13.00 s | 16.00 s | 1.00 | 10.00 s | 1.20 |" in text


def test_what_descends_from_a_process_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching.os, "getpid", lambda: 10)
    parents = {10: 1, 11: 10, 12: 11, 13: 1}
    assert [each for each in parents if watching._descends(each, parents)] == [11, 12]


def test_the_painter_that_waits_hands_out_pictures_of_the_canvas(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stand_in, "PACE", 0.0)
    settings = Settings(resolution=64, refresh_every=3)
    pictures = Pictures(Image.new("RGB", (96, 64), "red"), [Image.new("RGB", (64, 64))])
    prepared = prepare(pictures, settings)
    steps = [*itertools.islice(stand_in.WaitingPainter().paint(prepared, settings), 6)]
    assert [step.image is not None for step in steps] == [False, False, True] * 2
    shown = [tensors.to_picture(step.snapshot()) for step in steps]
    assert {picture.size for picture in shown} == {prepared.content.size}
    assert shown[0].tobytes() != shown[1].tobytes()
    assert steps[0].total_loss > steps[1].total_loss
