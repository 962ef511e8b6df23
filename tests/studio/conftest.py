"""A studio that paints each order once."""

from __future__ import annotations

import pytest
from controls import studio_of


@pytest.fixture(scope="module")
def studio(trunk, photo, artwork):
    return studio_of(trunk, photo, artwork)
