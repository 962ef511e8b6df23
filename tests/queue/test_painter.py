"""The painter of the page's worker."""

from __future__ import annotations

import gc
from threading import Event, Thread

import pytest

from nst.machine import limits, malloc
from nst.queue.painter import ServerPainter
from nst.settings import Settings
from nst.studio.engine import VGGPainter
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


def test_the_network_is_loaded_once(calls: list[str]) -> None:
    painter = ServerPainter()
    assert painter.load() is painter.load()


@pytest.mark.usefixtures("calls")
def test_pythons_search_for_garbage_passes_over_what_was_loaded() -> None:
    gc.unfreeze()
    assert len(gc.get_objects()) > 100_000
    ServerPainter().load()
    assert len(gc.get_objects()) < 10_000


@pytest.mark.usefixtures("calls")
def test_one_thing_is_painted_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(VGGPainter, "paint", lambda *_: iter("ab"))
    painter, seen = ServerPainter(), Event()
    first, second = (painter.paint(None, Settings()) for _ in range(2))  # type: ignore[arg-type]

    def paint_second() -> None:
        next(second)
        seen.set()

    next(first)
    thread = Thread(target=paint_second, daemon=True)
    thread.start()
    assert not seen.wait(0.2)
    first.close()
    assert seen.wait(10)
