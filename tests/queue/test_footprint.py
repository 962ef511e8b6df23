"""How large a canvas the memory has room for."""

from __future__ import annotations

import pytest

from nst.errors import UserError
from nst.machine import limits
from nst.queue import footprint
from nst.settings import CONTROLS

# Peaks of the page's process as they were measured, in bytes, by the memory that it may use, by
# whether PyTorch is built for CUDA, and by the canvas' side.
MEASURED = {
    (1_000_000_000, True, 256): 0.785e9,
    (1_000_000_000, True, 512): 0.76e9,
    (1_000_000_000, True, 640): 0.87e9,
    (1_000_000_000, False, 256): 0.64e9,
    (1_000_000_000, False, 512): 0.62e9,
    (1_000_000_000, False, 640): 0.73e9,
    (700_000_000, True, 192): 0.61e9,
    (700_000_000, True, 256): 0.65e9,
    (700_000_000, False, 192): 0.44e9,
    (700_000_000, False, 256): 0.5e9,
}


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyTorch built for CUDA, on a machine with enough memory."""
    monkeypatch.setattr(footprint, "built_for_cuda", lambda: True)
    monkeypatch.setattr(limits, "memory_limit", lambda: 4 * 10**9)


@pytest.mark.parametrize(("memory", "built", "side"), MEASURED)
def test_the_model_is_never_below_what_was_measured_and_not_far_above(
    monkeypatch: pytest.MonkeyPatch, memory: int, built: bool, side: int
) -> None:
    monkeypatch.setattr(footprint, "built_for_cuda", lambda: built)
    monkeypatch.setattr(limits, "memory_limit", lambda: memory)
    measured = MEASURED[memory, built, side]
    assert measured <= footprint.needed(side, side) <= 1.12 * measured


def test_whether_pytorch_is_built_for_cuda_is_found_without_importing_it() -> None:
    footprint.built_for_cuda.cache_clear()
    found = footprint.built_for_cuda()
    import torch

    assert found is torch.backends.cuda.is_built()


@pytest.mark.usefixtures("cuda")
def test_more_memory_has_room_for_a_larger_canvas() -> None:
    sizes = [200_000_000, 850_000_000, 950_000_000, 1_150_000_000, 16_000_000_000]
    found = [footprint.highest_resolution(size) for size in sizes]
    assert found == sorted(set(found))
    assert found[0] == footprint.LEAST
    assert found[-1] == CONTROLS["resolution"].maximum
    for size, side in zip(sizes[1:-1], found[1:-1], strict=True):
        assert side % 64 == 0
        assert footprint.needed(side, side) <= size < footprint.needed(side + 64, side + 64)


@pytest.mark.usefixtures("cuda")
def test_what_is_offered_is_accepted_and_more_is_refused_in_words() -> None:
    memory = 1_000_000_000
    side = footprint.highest_resolution(memory)
    footprint.check((side, side), memory)
    footprint.check((side + 64, 256), memory)  # longer, but with fewer pixels
    footprint.check((footprint.LEAST, footprint.LEAST), 1)
    with pytest.raises(UserError, match=f"has 1.0 GB for it; choose a resolution .* {side} px"):
        footprint.check((1024, 1024), memory)
