"""Counts what became of many paintings, and tells how far they are."""

from __future__ import annotations

import time
from collections import Counter

from nst.cli.report import Report, duration

STATUSES = ("painted", "skipped", "failed")


class Tally:
    """How many of `total` paintings are done; told by a bar, or by a line each."""

    def __init__(self, report: Report, total: int) -> None:
        self._report, self._total = report, total
        self._counts = Counter[str]()
        self._began = time.monotonic()

    @property
    def failed(self) -> int:
        """How many paintings failed so far."""
        return self._counts["failed"]

    @property
    def counts(self) -> dict[str, int]:
        """How many were painted, skipped and failed."""
        return {status: self._counts[status] for status in STATUSES}

    @property
    def seconds(self) -> float:
        """Since the first was begun."""
        return time.monotonic() - self._began

    def progress(self, fraction: float) -> None:
        """How much is done of what is under way, in paintings; may come from another thread."""
        self._advance(fraction, self._standing(fraction), line=False)

    def add(self, name: str, status: str, error: str = "") -> None:
        """Another painting is done, whatever became of it."""
        if error:
            self._report.warn(f"{name}: {error}")
        self._counts[status] += 1
        standing = self._standing(0.0)
        text = standing if self._report.terminal else f"{standing}  {status}: {name}"
        self._advance(0.0, text, line=True)

    def _advance(self, fraction: float, text: str, *, line: bool) -> None:
        done = self._counts.total() + fraction
        self._report.advance(done / max(1, self._total), text, line=line)

    def _standing(self, fraction: float) -> str:
        """Such as "3/8, 1 failed, 2 min left"; what was skipped tells nothing of the time left."""
        done = self._counts.total()
        text = f"{done}/{self._total}"
        if self.failed:
            text += f", {self.failed} failed"
        painted, left = self._counts["painted"] + fraction, self._total - done - fraction
        if painted > 0 and left > 0:
            text += f", {duration(self.seconds / painted * left)} left"
        return text
