"""Settings for paintings that take seconds, and the loop behind them."""

from __future__ import annotations

import pytest

from nst.paint.loop import Loop
from nst.paint.transfer import Canvas
from nst.settings import CONTROLS, Settings

STYLE_LAYERS = Settings().style_layers


SMALL = Settings(resolution=96, iterations=20)


BRIEF = Settings(resolution=96, iterations=6)  # where nothing has to look painted


KINDS = pytest.mark.parametrize("kind", CONTROLS["style_loss"].choices)


def painter_of(trunk, settings, content, styles, masks=()):
    return Loop(trunk, settings, Canvas(content, styles, None, masks))


PLAINLY = Settings(resolution=96, iterations=6, coarse_to_fine=False, style_loss="gram")
