"""How large a canvas the memory has room for."""

from __future__ import annotations

import pytest

from nst.errors import UserError
from nst.queue import footprint
from nst.settings import CONTROLS

# Peaks of whole processes, in bytes, as they were measured, with the libraries' files.
MEASURED = {256: 0.75e9, 384: 0.76e9, 512: 0.78e9, 640: 0.88e9, 768: 1.02e9, 1024: 1.38e9}


@pytest.mark.parametrize("side", MEASURED)
def test_the_model_is_never_below_what_was_measured_and_not_far_above(side: int) -> None:
    assert MEASURED[side] <= footprint.needed(side, side) <= 1.05 * MEASURED[side]


def test_more_memory_has_room_for_a_larger_canvas() -> None:
    sizes = [200_000_000, 850_000_000, 950_000_000, 1_150_000_000, 16_000_000_000]
    found = [footprint.highest_resolution(size) for size in sizes]
    assert found == sorted(set(found))
    assert found[0] == footprint.LEAST
    assert found[-1] == CONTROLS["resolution"].maximum
    for size, side in zip(sizes[1:-1], found[1:-1], strict=True):
        assert side % 64 == 0
        assert footprint.needed(side, side) <= size < footprint.needed(side + 64, side + 64)


def test_what_is_offered_is_accepted_and_more_is_refused_in_words() -> None:
    memory = 1_000_000_000
    side = footprint.highest_resolution(memory)
    footprint.check((side, side), memory)
    footprint.check((side + 64, 256), memory)  # longer, but with fewer pixels
    footprint.check((footprint.LEAST, footprint.LEAST), 1)
    with pytest.raises(UserError, match=f"has 1.0 GB for it; choose a resolution .* {side} px"):
        footprint.check((1024, 1024), memory)
