"""A studio that paints each order once."""

from __future__ import annotations

import pytest
from controls import RESOURCES, Studio

from nst.pictures import fitting, reading


@pytest.fixture(scope="module")
def studio(trunk, photo, artwork):
    glass = reading.open_picture(RESOURCES / "styles" / "stained_glass.jpg")
    return Studio(trunk, fitting.fit(photo, 96), {"sky": artwork, "glass": glass})
