"""Studios that paint each order once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from controls import Studio, studio_of
from slim import HALF, slim


@pytest.fixture(scope="module", params=["half", pytest.param("whole", marks=pytest.mark.long)])
def studio(request, vgg19, photo, artwork) -> Iterator[Studio]:
    """With half of VGG19's channels, in a third of the time; among the long tests with all."""
    if request.param == "whole":
        yield studio_of(vgg19, photo, artwork)
    else:
        with slim(HALF) as network:
            yield studio_of(network, photo, artwork)
