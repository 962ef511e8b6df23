"""What is kept of things that come without end."""

from __future__ import annotations

from itertools import pairwise

import pytest

from nst.studio.thinned import Thinned


@pytest.mark.parametrize("count", [0, 1, 59, 60, 61, 5000])
def test_what_is_thinned_is_bounded_and_even_and_known_before(count: int) -> None:
    thinned: Thinned[int] = Thinned(60)
    for number in range(count):
        due = thinned.due
        thinned.add(number if due else None)
        assert not due or number in thinned.kept() or len(thinned.kept()) == 30
    kept = thinned.kept()
    assert len(kept) < 60
    assert len(kept) >= min(count, 30)
    assert len({after - before for before, after in pairwise(kept)}) <= 1
