"""What is kept of a run's numbers."""

from __future__ import annotations

from itertools import pairwise

import pytest

from nst.queue.history import History, Standing


def standing(iteration: int) -> Standing:
    return Standing(
        iteration=iteration,
        total=1000,
        scale=64,
        scales=(64,),
        total_loss=1.0,
        content_loss=1.0,
        style_loss=1.0,
        seconds=1.0,
        seconds_left=1.0,
        fraction=0.5,
    )


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 1000])
def test_history_is_bounded_even_and_up_to_date(count: int) -> None:
    history = History(limit=10)
    for iteration in range(1, count + 1):
        history.add(standing(iteration))
    iterations = [point.iteration for point in history.points()]
    assert len(iterations) <= 10
    assert iterations[:1] == ([1] if count else [])
    assert iterations[-1:] == ([count] if count else [])
    gaps = {after - before for before, after in pairwise(iterations[:-1])}
    assert len(gaps) <= 1
