"""Folders of pictures to be painted."""

from __future__ import annotations

from pathlib import Path

import pytest
from batches import fill


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """Where there are `photos` and `art`."""
    fill(tmp_path)
    return tmp_path
