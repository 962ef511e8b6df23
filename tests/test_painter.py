"""The painter of the page's worker."""

from __future__ import annotations

import pytest
import torch

from nst import machine, vgg
from nst.painter import VGGPainter


@pytest.mark.parametrize(("cores", "threads"), [(0.3, 1), (1.0, 1), (1.5, 2), (64.0, 2)])
def test_threads_are_no_more_than_the_share_of_the_cores(
    monkeypatch: pytest.MonkeyPatch, cores: float, threads: int
) -> None:
    monkeypatch.setattr(vgg, "load", object)
    monkeypatch.setattr(machine, "cores", lambda: cores)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        painter = VGGPainter()
        trunk = painter.load()
        assert torch.get_num_threads() == threads
        assert painter.load() is trunk  # loaded once
    finally:
        torch.set_num_threads(before)
