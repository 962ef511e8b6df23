"""The painter of the page's worker."""

from __future__ import annotations

import gc

import pytest
import torch

from nst.machine import limits, malloc
from nst.queue.painter import ServerPainter
from nst.vgg import network


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is asked of the C library."""
    found: list[str] = []
    monkeypatch.setattr(network, "load", object)
    monkeypatch.setattr(malloc, "give_back_early", lambda: found.append("give back"))
    return found


@pytest.mark.parametrize(("memory", "wanted"), [(1.0e9, ["give back"]), (8e9, [])])
def test_where_memory_is_short_it_is_given_back_early(
    monkeypatch: pytest.MonkeyPatch, calls: list[str], memory: float, wanted: list[str]
) -> None:
    monkeypatch.setattr(limits, "memory_limit", lambda: int(memory))
    ServerPainter().load()
    assert calls == wanted


@pytest.mark.usefixtures("calls")
@pytest.mark.parametrize(("cores", "threads"), [(0.3, 1), (1.0, 1), (1.5, 2), (64.0, 2)])
def test_threads_are_no_more_than_the_share_of_the_cores(
    monkeypatch: pytest.MonkeyPatch, cores: float, threads: int
) -> None:
    monkeypatch.setattr(limits, "cores", lambda: cores)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        painter = ServerPainter()
        trunk = painter.load()
        assert torch.get_num_threads() == threads
        assert painter.load() is trunk  # loaded once
    finally:
        torch.set_num_threads(before)


@pytest.mark.usefixtures("calls")
def test_pythons_search_for_garbage_passes_over_what_was_loaded() -> None:
    gc.unfreeze()
    assert len(gc.get_objects()) > 100_000
    ServerPainter().load()
    assert len(gc.get_objects()) < 10_000
