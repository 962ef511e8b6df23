"""How long a painting will take."""

from __future__ import annotations

import pytest

from nst.paint import schedule
from nst.queue import pace
from nst.queue.pace import Pace, work
from nst.settings import Settings


def test_twice_the_side_or_the_effort_is_more_work() -> None:
    base = work(Settings(), (384, 256))
    assert work(Settings(), (256, 384)) == base
    assert 2 * base < work(Settings(resolution=768), (768, 512)) < 6 * base
    gram = work(Settings(style_loss="gram"), (384, 256))
    twice = work(Settings(style_loss="gram", effort=2.0), (384, 256))
    assert twice == pytest.approx(2 * gram, rel=0.05)
    # Small canvases are neither spared nor overdone where strokes are drawn.
    assert 1.5 * base < work(Settings(effort=2.0), (384, 256)) < 2 * base


def test_equal_steps_on_one_canvas_are_counted_exactly() -> None:
    settings = Settings(iterations=100, coarse_to_fine=False, early_stop=False, style_loss="gram")
    assert work(settings, (128, 64)) == (128 * 64 + schedule.OVERHEAD) * 100


def test_a_server_that_has_painted_nothing_yet_guesses() -> None:
    assert Pace().guesses
    assert Pace().seconds(2e6) == 2 * pace.FIRST_GUESS
    assert 5 < Pace().seconds(work(Settings(), (384, 256))) < 60


def test_a_measurement_counts_until_a_painting_has_ended() -> None:
    seen = Pace()
    seen.measured(1000.0, 5.0)
    assert seen.seconds(200.0) == pytest.approx(1)
    assert seen.guesses  # a look says little of a painting
    seen.add(100.0, 10.0)
    assert not seen.guesses
    assert seen.seconds(50.0) == pytest.approx(5)


def test_later_it_goes_by_what_it_has_seen() -> None:
    seen = Pace()
    seen.add(100.0, 10.0)
    assert seen.seconds(50.0) == pytest.approx(5)
    seen.add(900.0, 30.0)
    assert seen.seconds(1000.0) == pytest.approx(40)  # the large one counts more
    seen.add(0.0, 3.0)  # stopped before anything was done: the time is lost all the same
    assert seen.seconds(1000.0) == pytest.approx(43)
    for _ in range(pace.REMEMBERED):
        seen.add(1.0, 2.0)
    assert seen.seconds(1.0) == pytest.approx(2)  # what is long past does not count
