"""The one way to paint an order, with an engine that only inverts."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from batches import picture
from engines import FakeEngine, painted
from PIL import Image

from nst.errors import ImageError
from nst.settings import Settings
from nst.studio.order import Input, Order
from nst.studio.studio import Studio


def order(**changes: object) -> Order:
    photo, style = (Input(f"{n}.png", picture(n, (96, 64)), f"{n}.png") for n in range(2))
    return Order(photo, (style,), Settings(resolution=96, **changes))


def test_an_order_is_read_prepared_painted_and_finished(tmp_path: Path) -> None:
    studio, ordered = Studio(FakeEngine(str(tmp_path))), order()
    painting = studio.begin(ordered)
    assert painted(tmp_path) == []  # nothing is painted before it is asked for
    progress = list(painting.steps(studio.painter.paint))
    assert [each.fraction for each in progress] == [0.5, 1.0]
    finished = painting.finish(progress[-1].snapshot())
    photo = np.asarray(Image.open(io.BytesIO(ordered.content.data)).convert("RGB"), int)
    assert np.abs(np.asarray(finished, int) - (255 - photo)).max() <= 1
    deep = painting.finish_deep(progress[-1].snapshot())
    assert deep.dtype == np.uint16
    assert np.abs(deep / 257 - np.asarray(finished)).max() <= 1


def test_what_was_prepared_is_let_go_when_painting_begins(tmp_path: Path) -> None:
    studio = Studio(FakeEngine(str(tmp_path)))
    painting = studio.begin(order())
    painting.steps(studio.painter.paint)
    assert painting._prepared is None
    with pytest.raises(ValueError, match="painted once"):
        painting.steps(studio.painter.paint)


def test_the_engine_is_opened_once_and_late(tmp_path: Path) -> None:
    opened = []

    class Engine(FakeEngine):
        def open(self, threads=None):
            opened.append(threads)
            return super().open(threads)

    studio = Studio(Engine(str(tmp_path)), threads=3)
    studio.begin(order())
    assert opened == []
    assert studio.painter is studio.painter
    assert opened == [3]


def test_the_recipe_of_an_order_names_weights_and_versions(tmp_path: Path) -> None:
    ordered = order(seed=5)
    made = Studio(FakeEngine(str(tmp_path))).recipe(ordered)
    assert made.settings == ordered.settings
    assert made.content == ordered.content.source
    assert made.weights == "fake"
    assert {"nst", "torch"} <= set(made.versions)


def test_what_is_no_picture_is_told_before_painting(tmp_path: Path) -> None:
    ordered = order()
    broken = Order(Input("x.png", b"broken", "x.png"), ordered.styles, ordered.settings)
    with pytest.raises(ImageError, match=r"x\.png"):
        Studio(FakeEngine(str(tmp_path))).begin(broken)
