"""A painter that waits to be told, and goes on at the end of a test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from queueing import StepwisePainter
from slim import trunk as trunk


@pytest.fixture
def painter() -> Iterator[StepwisePainter]:
    painter = StepwisePainter()
    yield painter
    painter.allow(10_000)  # lets every worker come to its end
