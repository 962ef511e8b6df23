"""Which painting the window follows."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from page import actions, viewport
from page.actions import Actions, Series


def job(name: str, *, active: bool = True) -> Any:
    return SimpleNamespace(id=name, active=active)


def test_the_window_follows_what_a_visitor_began(monkeypatch: pytest.MonkeyPatch) -> None:
    known = Actions()
    monkeypatch.setattr(actions, "of_session", lambda: known)
    assert viewport.begun(None) == ""
    assert viewport.begun(job("one", active=False)) == ""
    assert viewport.begun(job("one")) == "one"
    # What goes on by itself pulls nobody away from what they look at.
    known.series = Series([], ["one", "two"])
    assert viewport.begun(job("one")) == viewport.begun(job("two")) == "one"
    assert viewport.begun(job("three")) == "three"
