"""Painting on: variations, and all styles one after the other."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from page_app import CONTENTS, button, captions, labels, paint, press, reload, run_until
from streamlit.testing.v1 import AppTest

from nst.paint.transfer import Progress
from nst.queue.manager import JobManager
from nst.queue.messages import QueueFullError
from nst.queue.painter import ServerPainter
from nst.settings import Settings
from nst.studio.order import Order
from nst.studio.preparation import Prepared
from page import (
    capacity,
    samples,
    state,
    variations,
)
from page.words import title_of

pytestmark = pytest.mark.usefixtures("own_server")


@pytest.mark.parametrize(
    ("label", "changes"),
    [
        ("More style", {"style_weight": 30_000.0}),
        ("More of the photo", {"content_weight": 30.0}),
        ("Finer strokes", {"resolution": 512}),
    ],
)
def test_a_variation_sets_the_control_and_paints_at_once(
    app: AppTest, orders: list[Order], label: str, changes: dict[str, Any]
) -> None:
    app.number_input("seed").set_value(7).run()
    press(app, "Paint")
    first = app.query_params["job"]
    app.slider(f"strength_{first}").set_value(0.6).run()
    # What is chosen meanwhile is not what the painting was painted with.
    app.select_slider("iterations").set_value(500).run()
    app.pills("photo").set_value(CONTENTS[0]).run()
    press(app, label)
    assert app.query_params["job"] != first
    expected = dataclasses.replace(orders[0].settings, **changes)
    assert orders[1].settings == dataclasses.replace(expected, strength=0.6)
    assert (orders[1].content, orders[1].styles) == (orders[0].content, orders[0].styles)
    assert {name: app.session_state[name] for name in changes} == changes
    assert app.session_state["iterations"] == Settings().iterations
    assert len(orders) == 2


def test_a_texture_is_ordered_and_more_of_the_photo_ends_it(
    app: AppTest, orders: list[Order]
) -> None:
    app.select_slider("content_weight").set_value(0.0).run()
    press(app, "Paint")
    press(app, "More of the photo")
    assert [order.settings.content_weight for order in orders] == [0, 0.1]
    assert not app.exception


def test_a_painting_that_was_painted_on_is_varied_from_the_same_start(
    app: AppTest, orders: list[Order]
) -> None:
    press(app, "Paint")
    press(app, "Continue")
    press(app, "More style")
    assert orders[2].init == orders[1].init
    assert orders[2].settings.init == "picture"
    assert app.session_state["init"] == "content"  # which pictures of one's own alone can change
    assert not button(app, "Paint").disabled


def test_after_a_reload_a_variation_needs_the_same_pictures(
    app: AppTest, orders: list[Order]
) -> None:
    press(app, "Paint")
    press(app, "Continue")
    reloaded = reload(app)
    reloaded.pills("photo").set_value(CONTENTS[0]).run()
    assert "Finer strokes" not in labels(reloaded)
    reloaded.pills("photo").set_value(orders[0].content.file_name.removesuffix(".jpg")).run()
    press(reloaded, "Finer")
    assert (orders[2].settings.init, orders[2].init) == ("content", None)


def test_what_has_no_more_is_not_offered(app: AppTest, orders: list[Order]) -> None:
    app.select_slider("resolution").set_value(capacity.HIGHEST_RESOLUTION)
    app.select_slider("style_weight").set_value(1_000_000.0)
    app.run()
    press(app, "Paint")
    assert [button(app, name).disabled for name in ("More style", "More of", "Finer")] == [
        True,
        False,
        True,
    ]


def test_every_variation_stays_within_the_limits() -> None:
    for variation in variations.VARIATIONS:
        settings: Settings | None = Settings(resolution=64)
        steps = 0
        while settings is not None:
            before, settings, steps = settings, variation.change(settings), steps + 1
            assert settings != before
        assert 3 < steps < 15


def test_a_full_queue_keeps_the_painting_that_was_to_be_varied(
    app: AppTest, orders: list[Order], monkeypatch: pytest.MonkeyPatch
) -> None:
    press(app, "Paint")

    def submit(*_: Any) -> str:
        raise QueueFullError(8, 60.0)

    monkeypatch.setattr(JobManager, "submit", submit)
    button(app, "Finer").click().run()
    assert "8 paintings are waiting" in app.error[0].value
    assert "Download PNG" in labels(app)
    app.run()
    assert not app.error  # asked once, not at every look


def test_all_styles_are_tried_one_after_the_other(app: AppTest, orders: list[Order]) -> None:
    styles = [title_of(stem) for stem in samples.thumbnails("styles")]
    button(app, "Try them all").click().run()
    assert not app.exception
    # The sheet may be seen by the last look at a painting that had not ended at its beginning.
    run_until(app, lambda: "Download the sheet" in labels(app) and "Stop" not in labels(app))
    assert [order.style_name for order in orders] == styles
    assert {order.settings.resolution for order in orders} == {256}
    assert len({order.content.source for order in orders}) == 1
    assert any(caption.endswith(styles[-1]) for caption in captions(app))
    button(app, "Paint").click().run()  # another painting, and the sheet is not in its way
    assert app.session_state[state.ACTIONS.name].series is None


def test_stop_ends_the_trying(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    held = threading.Event()

    def wait(self: ServerPainter, prepared: Prepared, settings: Settings) -> Iterator[Progress]:
        held.wait(30)
        yield dataclasses.replace(next(iter(paint(prepared, settings))), fraction=0.5)
        yield from paint(prepared, settings)

    monkeypatch.setattr(ServerPainter, "paint", wait)
    button(app, "Try them all").click().run()
    assert button(app, "Try them all").disabled
    button(app, "Stop").click().run()
    held.set()
    run_until(app, lambda: not button(app, "Try them all").disabled)
    assert len(app.session_state[state.ACTIONS.name].series.job_ids) == 1
    assert not app.session_state[state.ACTIONS.name].series.waiting
