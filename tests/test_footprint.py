"""How large a canvas the memory has room for."""

from __future__ import annotations

import pytest

from nst import footprint
from nst.settings import CONTROLS, UserError

# Peaks of whole processes, in bytes, as they were measured.
MEASURED = {384: 1.03e9, 512: 0.99e9, 768: 1.28e9, 1024: 1.56e9}


@pytest.mark.parametrize("side", MEASURED)
def test_the_model_is_never_below_what_was_measured_and_not_far_above(side: int) -> None:
    assert MEASURED[side] <= footprint.needed(side, side) <= 1.08 * MEASURED[side]


def test_more_memory_has_room_for_a_larger_canvas() -> None:
    found = [footprint.highest_resolution(round(size * 1e9)) for size in (0.2, 1.1, 1.3, 1.5, 8)]
    assert found == sorted(found)
    assert found[0] == footprint.LEAST
    assert found[-1] == CONTROLS["resolution"].maximum
    assert all(side % 64 == 0 for side in found)
    for size, side in ((1.1e9, found[1]), (1.3e9, found[2]), (1.5e9, found[3])):
        assert footprint.needed(side, side) <= size < footprint.needed(side + 64, side + 64)


def test_what_is_offered_is_accepted_and_more_is_refused_in_words() -> None:
    memory = 1_300_000_000
    side = footprint.highest_resolution(memory)
    footprint.check((side, side), memory)
    footprint.check((side + 64, 256), memory)  # longer, but with fewer pixels
    footprint.check((footprint.LEAST, footprint.LEAST), 1)
    with pytest.raises(UserError, match=f"has 1.3 GB for it; choose a resolution .* {side} px"):
        footprint.check((1024, 1024), memory)
